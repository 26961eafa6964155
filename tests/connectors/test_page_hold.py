"""What makes a page suspicious, and when it is taken all the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from connectors.page_hold import NO_MATCH, WAIT, Oddity, Verdict, decide, oddities

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
SECOND = int(NOW.timestamp())
MINUTE = timedelta(minutes=1)


def marks(
    title: str = "News", *, status: int = 200, matched: bool = True, size: int = 100, before: int = 0
) -> list[str]:
    found = oddities(status=status, title=title, matched=matched, size=size, size_before=before)
    return [oddity.mark.split(" ")[0] for oddity in found]


@pytest.mark.parametrize(
    "title",
    [
        "Error",
        "404 Not Found",
        "Log in",
        "Sign-in",
        "Site maintenance",
        "Just a moment...",
        "Access denied",
        "LOGIN",
    ],
)
def test_titles_of_error_and_login_pages(title: str) -> None:
    assert marks(title) == ["title"]


@pytest.mark.parametrize(
    "title", ["News", "Catalogue", "Blogging in school", "Terror of the seas", "Room 4041", ""]
)
def test_titles_that_only_look_alike(title: str) -> None:
    assert marks(title) == []


@pytest.mark.parametrize(
    ("size", "before", "odd"), [(29, 100, True), (30, 100, False), (0, 1, True), (0, 0, False)]
)
def test_shrinking(size: int, before: int, odd: bool) -> None:
    assert marks(size=size, before=before) == (["shrunk"] if odd else [])


def test_status_and_selectors() -> None:
    assert marks(status=203, matched=False) == ["status", "no"]


ODD = Oddity("shrunk", "words")
NOTHING = Oddity(NO_MATCH, "words")


@pytest.mark.parametrize(
    ("odd", "accepted", "held_for", "verdict"),
    [
        ((), (), None, Verdict(take=True)),
        ((), (), MINUTE, Verdict(take=True)),
        ((ODD,), (), None, Verdict(take=False, held_since=SECOND, ask_again_at=NOW + WAIT)),
        ((ODD,), ("shrunk",), None, Verdict(take=True)),
        ((ODD,), (), WAIT, Verdict(take=True)),
        ((NOTHING,), (), WAIT, Verdict(take=False, held_since=SECOND - 600)),
        ((NOTHING, ODD), ("shrunk",), WAIT, Verdict(take=False, held_since=SECOND - 600)),
        # Held in the future: the clock has jumped back.
        ((ODD,), (), -MINUTE, Verdict(take=False, held_since=SECOND, ask_again_at=NOW + WAIT)),
    ],
)
def test_verdicts(
    odd: tuple[Oddity, ...], accepted: tuple[str, ...], held_for: timedelta | None, verdict: Verdict
) -> None:
    since = 0 if held_for is None else int((NOW - held_for).timestamp())
    assert decide(odd, accepted=accepted, held_since=since, now=NOW) == verdict


def test_held_for_ten_minutes_from_the_first_time() -> None:
    found = decide((ODD,), accepted=(), held_since=SECOND - 60, now=NOW)
    assert found.ask_again_at == NOW + WAIT - MINUTE


def test_a_mark_holds_no_word_of_the_page() -> None:
    (oddity,) = oddities(status=200, title="Wolfram login", matched=True, size=1, size_before=0)
    assert "wolfram" not in oddity.mark.lower()
