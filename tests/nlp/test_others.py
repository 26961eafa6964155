"""Other schools, other people, other places: what speaks against ours, and what does not."""

from __future__ import annotations

import pytest

from nlp.assessor import Assessor
from nlp.findings import Mention, Profile, Reading, Staff

SCHOOL = Profile(
    key="marrow",
    name="Marrow Hill Primary School",
    aliases=("Marrow Hill",),
    places=("Ostwick",),
    hashtags=("#marrowhill",),
    phase="primary",
    staff=(Staff("thrale", "Edith Thrale", "Mrs", "Headteacher"),),
)


@pytest.fixture(scope="module")
def resolver() -> Assessor:
    return Assessor([SCHOOL])


def _of(resolver: Assessor, text: str, **fields: str) -> Mention:
    return resolver.assess(Reading(text=text, **fields), "marrow").mention


@pytest.mark.parametrize(
    "text",
    [
        "Mr Cobbold at Fennick Lane Juniors is a useless liar. #ostwick",
        "Fennick Lane Primary School in Ostwick is a joke. The head there never answers",
        "Fennick Infants, Ostwick: their head is a thief",
        "St Wenna's Primary School in Ostwick has a rude head",
        "Ysgol Bryn Collen in Ostwick has a rude head",
        "Ostwick High School closed early, says the head",
    ],
)
def test_another_named_school_is_not_ours(resolver: Assessor, text: str) -> None:
    verdict = _of(resolver, text)
    assert not verdict.mention
    assert verdict.staff == ()
    assert "names another school" in verdict.reasons


@pytest.mark.parametrize(
    "text",
    [
        "The best School in Ostwick, every parent says so",
        "Forest School at the primary in Ostwick was fun",
        "Sunday School and Primary School children in Ostwick sang",
        "Marow Hill Primary in Ostwick is a fine school",
        "Marrow Hill beat Fennick Lane Juniors in the school cup",
    ],
)
def test_no_other_school_or_ours_beside_it(resolver: Assessor, text: str) -> None:
    verdict = _of(resolver, text)
    assert verdict.mention
    assert "names another school" not in verdict.reasons


def test_our_member_of_staff_at_another_school_is_only_possible(resolver: Assessor) -> None:
    assert _of(resolver, "Mrs Thrale at Fennick Lane Juniors is useless. #ostwick").possible
    assert _of(resolver, "Mrs Thrale of Marrow Hill spoke at Fennick Lane Juniors").staff == ("thrale",)


def test_a_title_and_a_name_that_nobody_here_bears(resolver: Assessor) -> None:
    assert _of(resolver, "Mr Cobbold teaches in Ostwick and is rude").possible
    assert _of(resolver, "Mr Cobbold teaches at Marrow Hill and is rude").mention


@pytest.mark.parametrize(
    ("text", "staff"),
    [
        ("We left Fennick Lane Primary for Marrow Hill and the head is rude", ("thrale",)),
        ("We left Marrow Hill for Fennick Lane Primary and the head is rude", ()),
        ("The head of Marrow Hill, once at Fennick Lane Primary, is rude", ("thrale",)),
        ("the headteacher is rude #ostwick", ()),
        ("the headteacher is rude", ("thrale",)),
    ],
)
def test_a_role_belongs_to_the_school_named_last(
    resolver: Assessor, text: str, staff: tuple[str, ...]
) -> None:
    assert _of(resolver, text).staff == staff


@pytest.mark.parametrize(
    "fields",
    [
        {"author_handle": "tide@social.ostwick.example"},
        {"author_name": "Ostwick Gazette"},
        {"url": "https://ostwick.example/@tide/1"},
    ],
)
def test_the_authors_place_is_weaker_than_one_in_the_text(resolver: Assessor, fields: dict[str, str]) -> None:
    assert not _of(resolver, "The new head of Marrow Hill in Dunlow is rude", **fields).mention
    assert _of(resolver, "The new head of Marrow Hill is rude", **fields).mention
    nothing = _of(resolver, "School traffic was slow this morning", **fields)
    assert not nothing.mention
    assert not nothing.possible


@pytest.mark.parametrize(
    "text",
    [
        "The head of Fennick Lane Primary is rude #marrowhill",
        "Marrow Hill in Dunlow has a rude head #marrowhill",
    ],
)
def test_our_tag_under_somewhere_else_is_possible_at_most(resolver: Assessor, text: str) -> None:
    verdict = _of(resolver, text)
    assert verdict.possible
    assert verdict.staff == ()


def test_our_tag_alone_still_counts(resolver: Assessor) -> None:
    verdict = _of(resolver, "the head is rude #marrowhill")
    assert verdict.mention
    assert verdict.staff == ("thrale",)
