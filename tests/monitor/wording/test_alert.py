"""The alert's words: complete, content-free, readable in every mail program."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, timedelta
from pathlib import Path

import pytest
from builders import NOW, SCHOOL, STEPS, pack, settings
from hypothesis import given
from hypothesis import strategies as st

from config.packfile import shipped_ids
from config.settings import Settings
from monitor.cases import CATEGORIES
from monitor.wording.alert import IMMEDIATE, TITLES, Told, alert, spoken
from nlp.findings import Severity

TOLD = Told(
    id=41,
    school=SCHOOL,
    category="abusive_harassing",
    also=(),
    severity=Severity.MEDIUM,
    post_count=3,
    subjects=("lockyer",),
    posted_at=NOW - timedelta(hours=2, minutes=5),
    found_at=NOW,
    kind="opened",
    role="designated_person",
)


@pytest.fixture
def config(tmp_path: Path) -> Settings:
    return settings(tmp_path)


def words(config: Settings, **changes: object) -> str:
    return alert(replace(TOLD, **changes), config, "x@marrowby.example").text


def test_everything_that_a_reader_needs(config: Settings) -> None:
    mail = alert(TOLD, config, "office@marrowby.example")
    assert mail.to == "office@marrowby.example"
    assert mail.subject == "[mentionwatch] MEDIUM: abusive - Marrowby Community School - case 41"
    for part in (
        "Marrowby Community School",
        "Severity:        medium",
        "Posts so far:    3",
        "About:           one member of staff",
        "Posted:          Fri 20 Nov 2026, 06:55 GMT",
        "Found:           Fri 20 Nov 2026, 09:00 GMT, 2 hours and 5 minutes after it\n                 was posted",
        "http://127.0.0.1:8765/cases/41",
        "mentionwatch show 41",
        "What is said about us, version 3",
        "You are told as: Designated person for mentions of staff.",
        "Suggestion only, not legal advice.",
    ):
        assert part in mail.text


def test_the_path_is_numbered_and_whole(config: Settings) -> None:
    text = words(config)
    assert "1. FIRST: Is anyone in danger? Call 999." in text
    assert text.index("1. FIRST") < text.index("2. Keep a picture") < text.index("3. Tell the headteacher")
    assert "Headteacher (07700 900321), today" in text
    assert "policy MB-2.1" in text
    unbroken = " ".join(text.split())
    assert all(step.text in unbroken for step in STEPS)
    assert "number as of 20 Nov 2026" in unbroken


@pytest.mark.parametrize(
    "whole", ["01632 960 555", "https://www.a-very-long-name-for-a-help-line.example/what-to-do-next"]
)
def test_numbers_and_links_stay_on_one_line(config: Settings, whole: str) -> None:
    assert any(whole in line for line in words(config).splitlines())


def test_a_second_path_adds_only_its_own_steps(config: Settings) -> None:
    text = words(config, category="threatening", also=("abusive_harassing",))
    assert "Because it is also marked as abusive:" in text
    assert re.findall(r"^(\d+)\. ", text, re.MULTILINE) == ["1", "2", "3"]
    assert text.count("Is anyone in danger?") == 1


def test_a_category_without_a_path_says_so(config: Settings) -> None:
    assert "no steps for this yet" in words(config, category="not_judged")


@pytest.mark.parametrize(
    ("severity", "shown"), [(Severity.MEDIUM, 0), (Severity.HIGH, 1), (Severity.CRITICAL, 1)]
)
def test_danger_comes_first(config: Settings, severity: Severity, shown: int) -> None:
    text = words(config, severity=severity)
    assert text.count(IMMEDIATE) == shown
    assert text.startswith(IMMEDIATE) == bool(shown)


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"kind": "severity-rose"}, "More serious than before:"),
        ({"kind": "new-kind"}, "A new kind of harm in a known story:"),
        ({"subjects": ()}, "About:           nobody in particular"),
        ({"subjects": ("a", "b", "c")}, "About:           3 members of staff"),
        ({"posted_at": None}, "Posted:          the source does not say when"),
        ({"posted_at": NOW + timedelta(hours=1)}, "less than a minute after it was posted"),
        ({"also": ("threatening",)}, "Also marked as: threatening."),
        ({"category": "possible_mention"}, "may be about you"),
        ({"role": ""}, "Nobody could be told by name"),
        ({"school": "closed-down"}, "about closed-down"),
    ],
)
def test_what_differs(config: Settings, changes: dict[str, object], part: str) -> None:
    assert part in " ".join(words(config, **changes).split()) or part in words(config, **changes)


def test_summer_time_is_said(config: Settings) -> None:
    july = NOW.replace(month=7, day=1)
    assert "Wed 1 Jul 2026, 10:00 BST" in words(config, posted_at=july, found_at=july)


@given(
    st.builds(
        Told,
        id=st.integers(1, 10**9),
        school=st.sampled_from([SCHOOL, "other"]),
        category=st.sampled_from(CATEGORIES),
        also=st.lists(st.sampled_from(CATEGORIES), max_size=4, unique=True).map(tuple),
        severity=st.sampled_from(Severity),
        post_count=st.integers(1, 10**6),
        subjects=st.lists(st.sampled_from(["farrant", "lockyer", "other"]), max_size=3, unique=True).map(
            tuple
        ),
        posted_at=st.none()
        | st.datetimes(NOW.replace(tzinfo=None) - timedelta(days=999), timezones=st.just(UTC)),
        found_at=st.just(NOW),
        kind=st.sampled_from(["opened", "severity-rose", "new-kind"]),
        role=st.sampled_from(["", "headteacher", "no_such_role"]),
    )
)
def test_lines_are_short(told: Told) -> None:
    mail = alert(told, settings(Path("/nowhere")), "x@y.example")
    link = "https://www.a-very-long-name"
    assert all(len(line) <= 78 for line in mail.text.splitlines() if link not in line)
    assert "\n" not in mail.subject
    assert mail.text.isascii()


@pytest.mark.parametrize(
    ("length", "said"),
    [
        (timedelta(seconds=0), "less than a minute"),
        (timedelta(seconds=59), "less than a minute"),
        (timedelta(seconds=60), "1 minute"),
        (timedelta(minutes=2, seconds=59), "2 minutes"),
        (timedelta(minutes=59), "59 minutes"),
        (timedelta(hours=1), "1 hour"),
        (timedelta(hours=1, minutes=1), "1 hour and 1 minute"),
        (timedelta(hours=23, minutes=59), "23 hours and 59 minutes"),
        (timedelta(days=1), "1 day"),
        (timedelta(days=1, minutes=5), "1 day and 5 minutes"),
        (timedelta(days=2, hours=3, minutes=4), "2 days and 3 hours"),
        (timedelta(days=400), "400 days"),
    ],
)
def test_spoken(length: timedelta, said: str) -> None:
    assert spoken(length) == said


def test_every_category_has_a_title() -> None:
    assert set(TITLES) == set(CATEGORIES)


def test_a_pack_is_shipped() -> None:
    assert shipped_ids()
    assert pack().paths
