"""Which lines of a page are new: noise is none, and no added line is ever lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.base import TEXT_LIMIT
from connectors.page_lines import LINES, added, group_id, grouped, keyed, line_key, remembered

TEXTS = st.lists(st.text(max_size=30), max_size=20).map("\n".join)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Posted 3 minutes ago by Ann", "Posted an hour ago by Ann"),
        ("12 replies so far", "13 replies so far"),
        ("Views: 1,204 in all", "Views: 9 in all"),
        ("It is Friday, 20th November 2026 here", "It is Saturday, 21st November 2026 here"),
        ("Updated 2026-11-20T10:00:00Z by Ann", "Updated 2026-11-21T11:30:00+01:00 by Ann"),
        ("Updated 20/11/2026 at 10:30 by Ann", "Updated 21/11/2026 at 9:05 by Ann"),
        ("Form a1b2c3d4e5f6a7b8c9d0e1f2 sent", "Form ffffeeee0000ddddcccc1111 sent"),
        ("See https://a.example/x?token=1", "See https://b.example/y"),
        ("LOUD words", "loud  words"),
    ],
)
def test_what_changes_by_itself_is_no_change(one: str, other: str) -> None:
    assert line_key(one) == line_key(other) != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ann is kind", "Ann is cruel"),
        ("See you at 3", "See you at 4"),
        ("In 3 days it ends", "In 4 days it ends"),
        ("May I say so", "I say so"),
        ("Anantidisestablishmentarianism", "Bnantidisestablishmentarianism"),
        ("Room 12", "Room 13"),
        ("🖕", "👍"),
    ],
)
def test_what_somebody_said_is_a_change(one: str, other: str) -> None:
    assert line_key(one) != line_key(other)


@pytest.mark.parametrize(
    "noise", ["", "  ", "3 minutes ago", "20 November 2026", "1,204 views", "· | —", "10:30"]
)
def test_a_line_of_noise_alone_says_nothing(noise: str) -> None:
    assert line_key(noise) == ""


@given(before=TEXTS, after=TEXTS)
def test_no_added_line_is_lost(before: str, after: str) -> None:
    known, lines = keyed(before), keyed(after)
    new = added(lines, known)
    for line in after.split("\n"):
        key = line_key(line)
        assert not key or key in known or key in new
    assert not new.keys() & known.keys()


@given(before=TEXTS, after=TEXTS, room=st.integers(0, 3))
def test_what_was_not_given_is_new_the_next_time(before: str, after: str, room: int) -> None:
    known = [*keyed(before)]
    lines = keyed(after)
    new = [*added(lines, known)]
    after_that = remembered(lines, known, new[:room])
    assert set(after_that) == {*known, *new[:room]}
    assert [*added(lines, after_that)] == new[room:]


@given(st.lists(st.text(alphabet="abc ", min_size=1, max_size=30_000), max_size=12))
def test_groups_fit_and_hold_everything(texts: list[str]) -> None:
    lines = keyed("\n".join(texts))
    groups = list(grouped(lines))
    assert {key: line for group in groups for key, line in group.items()} == lines
    assert all(len("\n".join(group.values())) <= TEXT_LIMIT for group in groups)


def test_memory_is_bounded_and_keeps_what_is_on_the_page() -> None:
    known = [f"old{n}" for n in range(LINES)]
    kept = remembered(["here", *known[:5]], known, ["here"])
    assert len(kept) == LINES
    assert kept[:3] == ["here", "old0", "old1"]


def test_an_id_is_blind_to_order() -> None:
    assert group_id(["a", "b"]) == group_id(["b", "a"]) != group_id(["a"])
