"""Validators and server's wishes: what is believed, what is ignored, what is capped."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.caching import (
    HINT_CAP,
    RETRY_CAP,
    caching_hint,
    conditional_headers,
    limit_reset,
    new_validators,
    retry_after,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
URL = "https://news.example/feed?q=1"
TEXT = "Sun, 01 Mar 2026 {} GMT"


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        (" 120 ", 120),
        ("172800", 172_800),
        ("172801", 172_800),
        ("2592000", 172_800),
        (TEXT.format("12:05:00"), 300),
        ("Sun, 01 Mar 2026 13:05:00 +0100", 300),
        ("0", None),
        ("-5", None),
        ("1.5", None),
        ("99999999999", None),
        ("9" * 500, None),
        ("١٢٠", None),
        (TEXT.format("11:59:00"), None),
        ("Fri, 01 Jan 9999 00:00:00 GMT", None),
        ("Sun, 99 Mar 2026 12:00:00 GMT", None),
        ("soon", None),
        ("", None),
    ],
)
def test_retry_after(value: str, seconds: int | None) -> None:
    expected = None if seconds is None else NOW + timedelta(seconds=seconds)
    assert retry_after({"retry-after": value}, NOW) == expected


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ((NOW + timedelta(minutes=5)).isoformat(), 300),
        ((NOW + timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M:%S.000Z"), 300),
        (str(int((NOW + timedelta(minutes=5)).timestamp())), 300),
        ((NOW + timedelta(days=6)).isoformat(), 48 * 3600),
        ((NOW - timedelta(minutes=5)).isoformat(), None),
        ((NOW + timedelta(minutes=5)).replace(tzinfo=None).isoformat(), None),
        ("300", None),  # seconds since 1970, long gone: no time to come
        ("soon", None),
        ("", None),
    ],
)
def test_a_rate_limit_says_when_it_opens_again(value: str, seconds: int | None) -> None:
    expected = None if seconds is None else NOW + timedelta(seconds=seconds)
    assert limit_reset({"x-ratelimit-reset": value}, NOW) == expected
    assert limit_reset({"ratelimit-reset": value}, NOW) == expected


def test_a_date_counts_from_the_servers_own_clock() -> None:
    headers = {"retry-after": TEXT.format("07:10:00"), "date": TEXT.format("07:00:00")}
    assert retry_after(headers, NOW) == NOW + timedelta(minutes=10)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"cache-control": "max-age=600"}, 600),
        ({"cache-control": 'public, MAX-AGE="600"'}, 600),
        ({"cache-control": "max-age=31536000"}, 21_600),
        ({"cache-control": "max-age=999999999999"}, 21_600),
        ({"cache-control": "no-cache, max-age=600"}, None),
        ({"cache-control": "no-store", "expires": TEXT.format("12:30:00")}, None),
        ({"cache-control": "max-age=0", "expires": TEXT.format("12:30:00")}, None),
        ({"cache-control": "max-age=soon"}, None),
        ({"cache-control": "s-maxage=600"}, None),
        ({"cache-control": "public", "expires": TEXT.format("12:30:00")}, 1800),
        ({"expires": TEXT.format("07:30:00"), "date": TEXT.format("07:00:00")}, 1800),
        ({"expires": "Tue, 01 Jan 2036 00:00:00 GMT"}, 21_600),
        ({"expires": "0"}, None),
        ({"expires": "-1"}, None),
        ({}, None),
    ],
)
def test_caching_hints(headers: dict[str, str], seconds: int | None) -> None:
    expected = None if seconds is None else NOW + timedelta(seconds=seconds)
    assert caching_hint(headers, NOW) == expected


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=40))
def test_no_header_puts_a_source_to_sleep_or_breaks_us(one: str, two: str, date: str) -> None:
    headers = {"retry-after": one, "cache-control": two, "expires": one, "date": date}
    for wish, cap in ((retry_after(headers, NOW), RETRY_CAP), (caching_hint(headers, NOW), HINT_CAP)):
        assert wish is None or NOW < wish <= NOW + cap


def test_validators_come_back_as_they_were_sent() -> None:
    kept = new_validators(URL, {"etag": 'W/"a\xe9"', "last-modified": "whenever"}, NOW)
    assert json.loads(json.dumps(kept)) == kept
    assert conditional_headers(kept, URL, NOW + timedelta(minutes=5)) == {
        "if-none-match": 'W/"a\xe9"',
        "if-modified-since": "whenever",
    }


@pytest.mark.parametrize("etag", ["", "x" * 1025, "a\nb", " "])
def test_a_validator_that_cannot_be_sent_back_is_not_kept(etag: str) -> None:
    assert new_validators(URL, {"etag": etag}, NOW) == {}


def test_validators_belong_to_their_url() -> None:
    kept = new_validators(URL, {"etag": '"1"'}, NOW)
    assert conditional_headers(kept, URL + "&p=2", NOW) == {}
    assert conditional_headers(None, URL, NOW) == {}
    assert conditional_headers({}, URL, NOW) == {}


@pytest.mark.parametrize(
    ("age", "used"),
    [
        (timedelta(0), True),
        (timedelta(hours=5, minutes=59), True),
        (timedelta(hours=6), False),
        (timedelta(days=400), False),
        (timedelta(seconds=-1), False),
    ],
)
def test_a_304_is_not_trusted_for_ever(age: timedelta, used: bool) -> None:
    kept = new_validators(URL, {"etag": '"1"'}, NOW)
    assert bool(conditional_headers(kept, URL, NOW + age)) is used


@pytest.mark.parametrize("full_at", ["", "yesterday", "2026-03-01T11:00:00"])
def test_validators_without_a_readable_time_are_left_out(full_at: str) -> None:
    stored = {"url": URL, "etag": '"1"', "full_at": full_at}
    assert conditional_headers(stored, URL, NOW) == {}


def test_a_304_brings_newer_validators_but_not_a_newer_body() -> None:
    first = new_validators(URL, {"etag": '"1"', "last-modified": "a"}, NOW)
    second = new_validators(URL, {"etag": '"2"'}, NOW + timedelta(hours=5), first)
    assert second == first | {"etag": '"2"'}
