"""One queue and one back-off for each host, shared by all its sources.

Without it the feeds of one host fail together and come back together for ever
(connectors-feeds.md section 4, "Per host"). Timers are monotonic, so a jump of
the machine's clock changes nothing. Waiting ends at once when the service stops.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from connectors.base import FetchError, Reason
from connectors.stopping import GLANCE, go_on

PATIENCE = 10.0  # seconds of back-off sat out in the queue; a longer one is told to the caller
PAUSE_CAP = 3600.0  # seconds; the longest back-off of a host that names no time itself
DOUBLINGS = 12
KEPT_HOSTS = 2000  # above this, hosts that are at rest are forgotten
HOST_WIDE = frozenset({Reason.UNREACHABLE, Reason.TIMEOUT, Reason.SERVER, Reason.RATE_LIMITED})


@dataclass(slots=True)
class _Host:
    queue: deque[object] = field(default_factory=deque)
    ready_at: float = 0.0  # monotonic: the gap since the last request ends
    closed_until: float = 0.0  # monotonic: the back-off ends
    failures: int = 0
    last: FetchError | None = None

    def at_rest(self, moment: float) -> bool:
        return not self.queue and not self.failures and moment >= max(self.ready_at, self.closed_until)


@dataclass(slots=True)
class Turn:
    """One request to a host; the holder notes here what came of it."""

    failure: FetchError | None = None


class Turns:
    """Hands out turns: first come, first served, one at a time for each host."""

    def __init__(
        self,
        stop: threading.Event,
        now: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stop = stop
        self._now = now
        self._monotonic = monotonic
        self._hosts: dict[str, _Host] = {}
        self._moved = threading.Condition()

    @contextmanager
    def taken(self, host: str, gap: float) -> Iterator[Turn]:
        """Wait for this host, hold it, then keep it closed for `gap` seconds (longer after a failure).

        Raises:
            FetchError: the host is in a back-off of more than ten seconds; the
                reason is that of the failure which began it. Stopped, on stop.
        """
        state = self._enter(host)
        turn = Turn()
        try:
            yield turn
        except FetchError as failure:
            turn.failure = failure
            raise
        finally:
            self._leave(state, turn.failure, gap)

    def pause_of(self, host: str) -> float:
        """Give the seconds of back-off left for a host, for the health page."""
        with self._moved:
            state = self._hosts.get(host)
            return max(0.0, state.closed_until - self._monotonic()) if state is not None else 0.0

    @property
    def known_count(self) -> int:
        """How many hosts are remembered."""
        return len(self._hosts)

    def _enter(self, host: str) -> _Host:
        ticket = object()
        with self._moved:
            self._forget()
            state = self._hosts.setdefault(host, _Host())
            state.queue.append(ticket)
            try:
                while (wait := self._wait_for(state, ticket, host)) > 0:
                    self._moved.wait(min(wait, GLANCE))
            except FetchError:
                state.queue.remove(ticket)
                self._moved.notify_all()
                raise
        return state

    def _wait_for(self, state: _Host, ticket: object, host: str) -> float:
        """Give the seconds to wait before looking again; 0 means it is our turn."""
        go_on(self._stop)
        moment = self._monotonic()
        closed_for = state.closed_until - moment
        if closed_for > PATIENCE and state.last is not None:
            again = self._now() + timedelta(seconds=closed_for)
            detail = f"{host} is left alone until it has recovered"
            raise FetchError(state.last.reason, detail, retry=True, not_before=again)
        if state.queue[0] is not ticket:
            return GLANCE
        return max(closed_for, state.ready_at - moment)

    def _leave(self, state: _Host, failure: FetchError | None, gap: float) -> None:
        with self._moved:
            moment = self._monotonic()
            state.queue.popleft()
            state.ready_at = moment + gap
            if failure is None or failure.reason not in HOST_WIDE:
                state.failures = 0
            else:
                state.failures += 1
                pause = min(gap * 2 ** min(state.failures, DOUBLINGS), PAUSE_CAP)
                state.closed_until = moment + pause
                state.last = failure
            if failure is not None and failure.not_before is not None:
                wished = (failure.not_before - self._now()).total_seconds()
                state.closed_until = max(state.closed_until, moment + wished)
                state.last = failure
            self._moved.notify_all()

    def _forget(self) -> None:
        if len(self._hosts) > KEPT_HOSTS:
            moment = self._monotonic()
            self._hosts = {name: each for name, each in self._hosts.items() if not each.at_rest(moment)}
