"""When a source is asked again: pure arithmetic (connectors-feeds.md section 4).

Success: the source's interval or the server's wish, whichever is later, with
±10 % jitter so that sources drift apart. Failure n: somewhere between the
interval and interval·2ⁿ, at most a day. Refusals that only a person can mend
start at six hours. Nothing is ever switched off, and nothing stored can lie
further away than two days, whatever the machine's clock did.
"""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from connectors.base import Reason

BACKOFF_CAP = timedelta(hours=24)
FURTHEST = timedelta(hours=48)  # also the most that a Retry-After is believed
SLOW_START = timedelta(hours=6)
SLOW_REASONS = frozenset({Reason.AUTH, Reason.FORBIDDEN, Reason.NOT_FOUND, Reason.GONE, Reason.ROBOTS})
JITTER = 0.1
DOUBLINGS = 16  # more make no difference below the cap, and 2ⁿ would overflow a timedelta


def next_check(
    now: datetime,
    every: timedelta,
    failures: int,
    not_before: datetime | None,
    reason: Reason | None,
    rng: random.Random,
) -> datetime:
    """Give the time of the next poll.

    `failures` counts the failed polls in a row, this one included; 0 means it
    succeeded, and `reason` is then ignored. `not_before` is the server's wish
    (of a response or of a FetchError). The result is never before `not_before`,
    unless that lies more than 48 h ahead, and never more than 48 h ahead itself.
    """
    if failures > 0:
        earliest, latest = backoff_window(every, failures, reason)
        wait = earliest + (latest - earliest) * rng.random()
    else:
        wait = _capped(_wished(now, every, not_before), FURTHEST) * rng.uniform(1 - JITTER, 1 + JITTER)
    return within_reach(max(now + wait, not_before or now), now)


def backoff_window(every: timedelta, failures: int, reason: Reason | None) -> tuple[timedelta, timedelta]:
    """Give the least and the most wait after `failures` (1 or more) failed polls in a row.

    Never sooner than a healthy source would be asked. The whole window is used
    ("full jitter"), so that sources that failed together do not return together.
    """
    base = max(every, SLOW_START) if reason in SLOW_REASONS else every
    base = _capped(base, BACKOFF_CAP)
    return base, _capped(base * 2 ** min(failures, DOUBLINGS), BACKOFF_CAP)


def within_reach(stored: datetime, now: datetime) -> datetime:
    """Bound a stored next poll to 48 h from now: a clock that jumped must not silence a source."""
    return min(stored, now + FURTHEST)


def _wished(now: datetime, every: timedelta, not_before: datetime | None) -> timedelta:
    return every if not_before is None else max(every, not_before - now)


def _capped(wait: timedelta, cap: timedelta) -> timedelta:
    return min(wait, cap)
