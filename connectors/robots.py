"""robots.txt as RFC 9309 wants it: fetched, kept for a while, and obeyed.

2xx: obey. 4xx: everything is free. Anything else (5xx, time-out, bad redirect,
and 429, which asks us to stay away) means that nothing may be fetched, unless a
copy of less than 24 hours serves meanwhile (connectors-feeds.md section 4).
Parsing is Protego's: it was right in 23 of 24 cases there, and the last one is
the byte-order mark, which is taken off here.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from protego import Protego

from connectors.base import FetchError, Reason
from connectors.stopping import GLANCE, go_on

TOKEN = "mentionwatch"
SIZE_LIMIT = 512 * 1024  # bytes read; RFC 9309 section 2.5 asks for at least 500 KiB
KEEP_FOR = 24 * 3600.0  # seconds a copy may serve at most (RFC 9309 section 2.4)
REFRESH_AFTER = 12 * 3600.0  # seconds until a newer copy is sought, so that an old one can bridge a fault
ASK_AGAIN_AFTER = 600.0  # seconds that an old copy bridges before a newer one is sought again
DELAY_CAP = 60.0  # seconds of crawl-delay honoured
KEPT_ORIGINS = 500
EXPLAINED_UP_TO = 32 * 1024  # characters of a robots.txt whose lines are kept to name the one that forbids
LINES_TRIED = 20
DISALLOW = re.compile(r"\s*disallow\s*:\s*([\x21-\x7e]{1,200})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Rules:
    """What one origin's robots.txt says to us."""

    parsed: Protego | None = None
    text: str = ""

    def allow(self, url: str) -> bool:
        """Say whether this URL may be fetched."""
        return self.parsed is None or self.parsed.can_fetch(url, TOKEN)

    def forbidding_line(self, url: str) -> str:
        """Name the line that forbids this URL, for the health page; empty when it cannot be told.

        Protego does not tell, so the matching lines are taken out, longest first:
        the one without which the URL becomes free is a line that forbids us.
        """
        lines = self.text.splitlines()
        patterns = {found[1] for line in lines if (found := DISALLOW.match(line)) and _covers(found[1], url)}
        for pattern in sorted(patterns, key=len, reverse=True)[:LINES_TRIED]:
            lines = [line for line in lines if not ((found := DISALLOW.match(line)) and found[1] == pattern)]
            if Protego.parse("\n".join(lines)).can_fetch(url, TOKEN):
                return f"Disallow: {pattern}"
        return ""

    @property
    def delay(self) -> float:
        """The crawl-delay in seconds, at most 60; 0 when there is none."""
        wished = self.parsed.crawl_delay(TOKEN) if self.parsed is not None else None
        return min(wished, DELAY_CAP) if wished is not None and wished > 0 else 0.0


@dataclass(frozen=True, slots=True)
class _Copy:
    rules: Rules
    read_at: float  # monotonic
    next_at: float


def parse_robots(body: bytes) -> Rules:
    """Parse the first 512 KB of a robots.txt; a line that the limit cuts through is left out."""
    whole = body[:SIZE_LIMIT]
    if len(body) >= SIZE_LIMIT:
        whole = whole[: max(whole.rfind(b"\n"), whole.rfind(b"\r")) + 1]
    text = whole.decode("utf-8-sig", errors="replace")
    return Rules(Protego.parse(text), text if len(text) <= EXPLAINED_UP_TO else "")


def _covers(pattern: str, url: str) -> bool:
    return not Protego.parse(f"User-agent: *\nDisallow: {pattern}").can_fetch(url, TOKEN)


class RobotsBook:
    """The copies at hand, one for each origin, in memory only.

    `fetch(origin)` gets `scheme://host[:port]` and gives status and body of its
    robots.txt, redirects followed; it raises FetchError when there is no answer.
    """

    def __init__(
        self,
        fetch: Callable[[str], tuple[int, bytes]],
        stop: threading.Event,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fetch = fetch
        self._stop = stop
        self._monotonic = monotonic
        self._copies: dict[str, _Copy] = {}
        self._asking: set[str] = set()
        self._moved = threading.Condition()

    def rules(self, origin: str) -> Rules:
        """Give the rules of an origin, asking for them when they are not at hand.

        Raises:
            FetchError: robots.txt could not be read and no copy serves; so nothing
                may be fetched. The reason is that of the failure: a host that is down
                must not look like one that forbids us. The failure is not kept;
                the host's own back-off sees to it that it is not asked too often.
        """
        copy = self._at_hand(origin)
        if copy is None:
            try:
                copy = self._ask(origin)
            finally:
                self._finish(origin, copy)
        return copy.rules

    def _at_hand(self, origin: str) -> _Copy | None:
        """Give a copy that need not be renewed; None means that the caller must ask, and it alone."""
        with self._moved:
            while origin in self._asking:
                go_on(self._stop)
                self._moved.wait(GLANCE)
            copy = self._copies.get(origin)
            if copy is not None and self._monotonic() < copy.next_at:
                return copy
            self._asking.add(origin)
            return None

    def _finish(self, origin: str, copy: _Copy | None) -> None:
        with self._moved:
            if copy is not None:
                self._copies.pop(origin, None)
                self._copies[origin] = copy
                if len(self._copies) > KEPT_ORIGINS:
                    del self._copies[next(iter(self._copies))]
            self._asking.discard(origin)
            self._moved.notify_all()

    def _ask(self, origin: str) -> _Copy:
        try:
            status, body = self._fetch(origin)
        except FetchError as error:
            go_on(self._stop)  # an interrupted fetch says nothing about the host
            failure = error
        else:
            if 200 <= status < 300:
                return self._fresh(parse_robots(body))
            if 400 <= status < 500 and status != 429:
                return self._fresh(Rules())
            failure = FetchError(Reason.SERVER, f"it answered with status {status}", retry=True)
        return self._bridge(origin, failure)

    def _fresh(self, rules: Rules) -> _Copy:
        moment = self._monotonic()
        return _Copy(rules, moment, moment + REFRESH_AFTER)

    def _bridge(self, origin: str, failure: FetchError) -> _Copy:
        moment = self._monotonic()
        old = self._copies.get(origin)
        if old is not None and moment < old.read_at + KEEP_FOR:
            return _Copy(old.rules, old.read_at, min(moment + ASK_AGAIN_AFTER, old.read_at + KEEP_FOR))
        detail = f"robots.txt could not be read, so nothing is fetched ({failure.detail})"
        raise FetchError(failure.reason, detail, retry=failure.retry, not_before=failure.not_before)
