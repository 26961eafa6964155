"""Children told by the shape of a name and what stands beside it, near misses beside each."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from nlp.findings import Flag, Severity

Words = Callable[[Flag, str], list[str] | None]


@pytest.mark.parametrize(
    ("text", "carries"),
    [
        ("Perran Trewidden in Year 5 won the race", "Perran Trewidden in Year 5"),
        ("my daughter Averil in Year 3 loved it", "Averil in Year 3"),
        ("Poor Zennor Halloway in Year 4 broke her arm", "Zennor Halloway in Year 4"),
        ("Perran Trewidden in 4V is so slow", "Perran Trewidden in 4V"),
        ("Year 5 pupil Perran Trewidden sang", "Perran Trewidden"),
        ("Perran Trewidden, 9, rang the bell", "Perran Trewidden, 9"),
        ("well done Averil in Year 3", "Averil in Year 3"),
    ],
)
def test_unlisted_names(words: Words, text: str, carries: str) -> None:
    found = words(Flag.PUPIL_IDENTIFYING, text)
    assert found is not None
    assert any(carries in piece for piece in found), found


@pytest.mark.parametrize(
    "text",
    [
        "Year 4 went to the museum",
        "Happy Monday in Year 3",
        "Sports Day for Year 5 on Friday",
        "Forest School in Year 2 was great",
        "The Great Fire of London in Year 2 was fun",
        "We are reading Zennor Halloway in Year 4",
        "Mrs Trewidden in Year 5 is kind",
        "Perran Trewidden in Year 5 is the best teacher",
        "Tansley Vale in Year 6",
        "Football Club in Year 5 is on",
        "Thank You Assembly for Year 6",
        "Averil likes the library",
        "The Daily Mile in Year 1 and Reception",
    ],
)
def test_not_a_child(words: Words, text: str) -> None:
    assert words(Flag.PUPIL_IDENTIFYING, text) is None


def test_illness_is_high(assess: Callable[..., object]) -> None:
    finding = assess("Perran Trewidden in Year 5 is in hospital").finding(Flag.PUPIL_IDENTIFYING)  # type: ignore[attr-defined]
    assert finding.severity is Severity.HIGH
