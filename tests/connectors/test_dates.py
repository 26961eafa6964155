"""Times as feeds write them: what is read, what is refused, and nothing ever raises."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.dates import EARLIEST, FUTURE, parse_date

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("raw", "hour"),
    [
        ("Mon, 02 Jun 2025 14:00:00 BST", 13),
        ("Mon, 02 Jun 2025 14:00:00 GMT", 14),
        ("Mon, 2 Jun 2025 14:00 +0100", 13),
        ("Monday, 02-Jun-25 14:00:00 UT", 14),
        ("02 June 2025 14:00:00 EST", 19),
        ("2nd June 2025 14:00 AEDT", 3),
        ("2nd of June 2025 at 14:00", 14),
        ("June 2, 2025 14:00 GMT", 14),
        ("Mon Jun  2 14:00:00 2025", 14),
        ("Mon Jun 2 14:00:00 BST 2025", 13),
        ("Mon, 02 Jun 2025 14:00:00 +0000 (UTC)", 14),
        ("Mon, 02 Jun 2025 14:00:00 GMT+0100", 13),
        ("2025-06-02T14:00:00Z", 14),
        ("2025-06-02T14:00:00.123+01:00", 13),
        ("2025-06-02t14:00:00-0500", 19),
        ("2025-06-02 14:00", 14),
        ("2025-06-02T14:00:00", 14),
        ("20250602T140000Z", 14),
        ("2025-06-02", 0),
        ("20250602", 0),
        ("  Mon,\n 02 Jun 2025\t14:00:00 GMT ", 14),
        ("Mon, 02 Jun 2025 14:00:60 GMT", 14),
    ],
)
def test_reads(raw: str, hour: int) -> None:
    when = parse_date(raw, now=NOW)
    assert when is not None
    assert (when.date().isoformat(), when.hour, when.utcoffset()) == ("2025-06-02", hour, timedelta(0))


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "yesterday",
        "03/06/2025",  # June or March: nobody can know
        "1762160400",
        "0000-00-00",
        "0000-00-00T00:00:00Z",
        "1994-12-31T23:59:59Z",
        "2026-11-22T12:00:01Z",
        "2025-02-30T00:00:00Z",
        "2025-06-02T25:00:00Z",
        "Mon, 02 Jun 2025 14:00:00 QQQ",  # a zone that is not known is hours of error
        "2025-06-02T14:00:00+99:00",
        "2025-06-02T14:00:00Z" + " " * 40 + "x" * 200,
        "٢٠٢٥-٠٦-٠٢",
    ],
)
def test_refuses(raw: str) -> None:
    assert parse_date(raw, now=NOW) is None


def test_the_bounds_are_1995_and_two_days_ahead() -> None:
    assert parse_date("1995-01-01T00:00:00Z", now=NOW) == EARLIEST
    assert parse_date("2026-11-22T12:00:00Z", now=NOW) == NOW + FUTURE


@given(
    st.text(max_size=120)
    | st.from_regex(r"[A-Za-z]{3}, \d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d [A-Z+-]{1,3}\d{0,4}")
)
def test_never_raises(raw: str) -> None:
    when = parse_date(raw, now=NOW)
    assert when is None or EARLIEST <= when <= NOW + FUTURE


@given(st.integers(0, 31 * 365 * 86400), st.integers(-23 * 60, 23 * 60))
def test_reads_every_offset(seconds: int, minutes: int) -> None:
    local = datetime(1995, 1, 2) + timedelta(seconds=seconds)  # noqa: DTZ001 - the zone is put on below
    sign, ahead = "-" if minutes < 0 else "+", abs(minutes)
    raw = f"{local.isoformat()}{sign}{ahead // 60:02}:{ahead % 60:02}"
    assert parse_date(raw, now=NOW + timedelta(days=3)) == local.replace(tzinfo=UTC) - timedelta(
        minutes=minutes
    )
