"""Turns at a host: one at a time, a gap between, one back-off, and an end on stop."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from connectors.base import FetchError, Reason
from connectors.stopping import Stopped
from connectors.turns import PAUSE_CAP, Turns

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Clock:
    """Monotonic seconds that the test turns itself."""

    def __init__(self) -> None:
        self.moment = 500.0

    def __call__(self) -> float:
        return self.moment


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def turns(clock: Clock) -> Turns:
    return Turns(threading.Event(), lambda: NOW, clock)


def fail(turns: Turns, reason: Reason, *, gap: float = 2.0, not_before: datetime | None = None) -> None:
    with turns.taken("a.example", gap) as turn:
        turn.failure = FetchError(reason, "a.example", retry=True, not_before=not_before)


def closed_for(turns: Turns, host: str = "a.example") -> float:
    """Seconds for which the host is closed; 0 when a turn is given at once."""
    try:
        with turns.taken(host, 0):
            return 0.0
    except FetchError as error:
        return ((error.not_before or NOW) - NOW).total_seconds()


def test_one_at_a_time_with_a_gap() -> None:
    turns = Turns(threading.Event(), lambda: NOW)
    spans: list[tuple[float, float]] = []

    def visit(_number: int) -> None:
        with turns.taken("a.example", 0.05):
            start = time.monotonic()
            spans.append((start, time.monotonic()))

    with ThreadPoolExecutor(5) as pool:
        list(pool.map(visit, range(5)))
    spans.sort()
    for (_, end), (start, _) in pairwise(spans):
        assert start - end >= 0.049


def test_hosts_do_not_wait_for_each_other(turns: Turns) -> None:
    with turns.taken("a.example", 60), turns.taken("b.example", 60):
        pass


def test_first_come_first_served() -> None:
    turns = Turns(threading.Event(), lambda: NOW)
    order: list[int] = []
    queued = threading.Semaphore(0)

    def visit(number: int) -> None:
        queued.release()
        with turns.taken("a.example", 0.0):
            order.append(number)

    with turns.taken("a.example", 0.0):
        threads = []
        for number in range(4):
            thread = threading.Thread(target=visit, args=(number,))
            threads.append(thread)
            thread.start()
            assert queued.acquire(timeout=5)
            thread.join(0.05)  # it waits in the queue now
    for thread in threads:
        thread.join(5)
    assert order == [0, 1, 2, 3]


def test_a_stop_ends_the_wait() -> None:
    stop = threading.Event()
    turns = Turns(stop, lambda: NOW)
    with turns.taken("a.example", 600.0):
        pass
    started = time.monotonic()
    timer = threading.Timer(0.1, stop.set)
    timer.start()
    with pytest.raises(Stopped), turns.taken("a.example", 0):
        pass
    timer.join()
    assert time.monotonic() - started < 2


def test_failures_close_the_host_for_longer_and_longer(turns: Turns, clock: Clock) -> None:
    pauses = []
    for _ in range(14):
        fail(turns, Reason.SERVER)
        pauses.append(turns.pause_of("a.example"))
        clock.moment += PAUSE_CAP
    assert pauses[:6] == [4.0, 8.0, 16.0, 32.0, 64.0, 128.0]
    assert max(pauses) == PAUSE_CAP
    assert pauses == sorted(pauses)


def test_the_failure_tells_why_the_host_is_left_alone(turns: Turns) -> None:
    fail(turns, Reason.RATE_LIMITED, not_before=NOW + timedelta(hours=1))
    with pytest.raises(FetchError, match=r"a\.example is left alone") as caught, turns.taken("a.example", 0):
        pass
    assert caught.value.reason is Reason.RATE_LIMITED
    assert caught.value.retry is True
    assert caught.value.not_before == NOW + timedelta(hours=1)


def test_all_sources_of_a_host_share_it_and_others_do_not(turns: Turns) -> None:
    fail(turns, Reason.FORBIDDEN, not_before=NOW + timedelta(hours=1))
    assert closed_for(turns) == 3600
    assert closed_for(turns, "b.example") == 0


def test_success_ends_the_back_off(turns: Turns, clock: Clock) -> None:
    for _ in range(3):
        fail(turns, Reason.TIMEOUT)
        clock.moment += 60
    with turns.taken("a.example", 2.0):
        pass
    clock.moment += 2
    fail(turns, Reason.TIMEOUT)
    assert turns.pause_of("a.example") == 4


@pytest.mark.parametrize(
    "reason", [Reason.NOT_FOUND, Reason.GONE, Reason.AUTH, Reason.ROBOTS, Reason.TOO_LARGE]
)
def test_what_is_wrong_with_one_page_does_not_close_the_host(turns: Turns, reason: Reason) -> None:
    fail(turns, reason)
    assert turns.pause_of("a.example") == 0


def test_a_raised_failure_counts_too(turns: Turns) -> None:
    with pytest.raises(FetchError), turns.taken("a.example", 20):
        raise FetchError(Reason.UNREACHABLE, retry=True)
    assert turns.pause_of("a.example") == 40


def test_without_a_gap_there_is_no_pause(turns: Turns) -> None:
    fail(turns, Reason.SERVER, gap=0)
    assert closed_for(turns) == 0


def test_hosts_at_rest_are_forgotten(turns: Turns, clock: Clock) -> None:
    fail(turns, Reason.SERVER, gap=100)
    for number in range(2200):
        with turns.taken(f"h{number}.example", 0):
            pass
    assert turns.pause_of("a.example") == 200
    assert turns.known_count <= 2002
