"""The small shapes: lengths of time, days, and what only looks like one."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from config.faults import did_you_mean
from config.shapes import parse_day, parse_duration, parse_unknown_day


@pytest.mark.parametrize(
    ("given", "length"),
    [
        ("90s", timedelta(seconds=90)),
        ("5m", timedelta(minutes=5)),
        ("2h", timedelta(hours=2)),
        (" 1 d ", timedelta(days=1)),
        ("2w", timedelta(weeks=2)),
        (timedelta(hours=3), timedelta(hours=3)),
    ],
)
def test_lengths_of_time(given: Any, length: timedelta) -> None:
    assert parse_duration(given) == length


@pytest.mark.parametrize(
    "given", ["0m", "-5m", "5", "m", "5 minutes", "1h30m", "", 5, True, None, "5M", "1.5h"]
)
def test_what_is_no_length_of_time(given: Any) -> None:
    with pytest.raises(ValueError, match="is not a length of time"):
        parse_duration(given)


@pytest.mark.parametrize("given", ["2026-09-01", date(2026, 9, 1), datetime(2026, 9, 1, 8, tzinfo=UTC)])
def test_days(given: Any) -> None:
    assert parse_day(given) == date(2026, 9, 1)
    assert parse_unknown_day(given) == date(2026, 9, 1)


@pytest.mark.parametrize("given", ["1.9.2026", "2026-13-01", "autumn", 2026, 0.5, True, []])
def test_what_is_no_day(given: Any) -> None:
    for parse in (parse_day, parse_unknown_day):
        with pytest.raises(ValueError, match="is not a date"):
            parse(given)


def test_a_question_mark_is_a_day_not_known() -> None:
    assert parse_unknown_day("?") is None
    with pytest.raises(ValueError, match="is not a date"):
        parse_day("?")


@pytest.mark.parametrize(("word", "offer"), [("evry", "; did you mean 'every'?"), ("zebra", ""), ("", "")])
def test_near_words_are_offered_and_far_ones_are_not(word: str, offer: str) -> None:
    assert did_you_mean(word, ["every", "kind"]) == offer
