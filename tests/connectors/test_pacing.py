"""When a source is asked again: properties that hold for any numbers."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.base import Reason
from connectors.pacing import (
    BACKOFF_CAP,
    FURTHEST,
    SLOW_REASONS,
    SLOW_START,
    backoff_window,
    next_check,
    within_reach,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)

intervals = st.timedeltas(timedelta(seconds=1), timedelta(hours=12))
wishes = st.none() | st.timedeltas(timedelta(hours=-5), FURTHEST).map(lambda wait: NOW + wait)
reasons = st.sampled_from(Reason)
rngs = st.integers(0, 2**32).map(random.Random)


@given(intervals, st.integers(0, 10_000), wishes, st.none() | reasons, rngs)
def test_never_before_the_wish_and_never_out_of_reach(
    every: timedelta, failures: int, wish: datetime | None, reason: Reason | None, rng: random.Random
) -> None:
    again = next_check(NOW, every, failures, wish, reason, rng)
    assert wish is None or again >= wish
    assert NOW + every * 0.89 <= again <= NOW + FURTHEST


@given(intervals, rngs)
def test_success_keeps_within_ten_per_cent(every: timedelta, rng: random.Random) -> None:
    again = next_check(NOW, every, 0, None, None, rng)
    assert every * 0.899 <= again - NOW <= every * 1.101


@given(intervals, st.integers(1, 10_000), reasons, rngs)
def test_failure_stays_in_its_window(
    every: timedelta, failures: int, reason: Reason, rng: random.Random
) -> None:
    earliest, latest = backoff_window(every, failures, reason)
    assert every <= earliest <= latest <= BACKOFF_CAP
    assert earliest <= next_check(NOW, every, failures, None, reason, rng) - NOW <= latest


@given(intervals, st.integers(1, 100), reasons)
def test_the_window_grows_and_doubles_until_the_cap(every: timedelta, failures: int, reason: Reason) -> None:
    latest = backoff_window(every, failures, reason)[1]
    assert backoff_window(every, failures + 1, reason)[1] == min(latest * 2, BACKOFF_CAP)


@pytest.mark.parametrize("reason", sorted(Reason))
def test_only_refusals_start_slowly(reason: Reason) -> None:
    earliest, latest = backoff_window(timedelta(minutes=5), 1, reason)
    slow = reason in SLOW_REASONS
    assert earliest == (SLOW_START if slow else timedelta(minutes=5))
    assert latest == (SLOW_START * 2 if slow else timedelta(minutes=10))


def test_the_slow_reasons_are_the_ones_of_the_reference() -> None:
    assert {reason.name for reason in SLOW_REASONS} == {"AUTH", "FORBIDDEN", "NOT_FOUND", "GONE", "ROBOTS"}


def test_a_wish_longer_than_the_interval_wins_and_spreads_later() -> None:
    wish = NOW + 3 * HOUR
    times = [next_check(NOW, HOUR, 0, wish, None, random.Random(seed)) for seed in range(50)]
    assert min(times) == wish
    assert wish < max(times) <= NOW + 3.3 * HOUR


def test_failing_sources_do_not_come_back_together() -> None:
    times = {next_check(NOW, HOUR, 3, None, Reason.SERVER, random.Random(seed)) for seed in range(50)}
    assert len(times) == 50
    assert max(times) - min(times) > 5 * HOUR


def test_a_wish_beyond_two_days_is_cut() -> None:
    far = NOW + timedelta(days=30)
    assert next_check(NOW, HOUR, 1, far, Reason.RATE_LIMITED, random.Random(1)) == NOW + FURTHEST


@given(st.timedeltas(timedelta(days=-4000), timedelta(days=4000)))
def test_a_jump_of_the_clock_cannot_silence_a_source(jump: timedelta) -> None:
    stored = NOW + jump
    assert within_reach(stored, NOW) <= NOW + FURTHEST
    assert within_reach(stored, NOW) == stored or jump > FURTHEST
