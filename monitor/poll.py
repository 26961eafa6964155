"""Step 1: due source -> candidates and the source's new state.

The name gate runs here, in memory, before the first transaction: a post that
mentions nobody never reaches a disk (rulings 9). The cursor is stored with the
candidates that it brought, so a kill in between fetches again and loses nothing.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event
from typing import Any

from sqlalchemy import Row

import connectors
from config.settings import Settings, Source
from connectors.base import Batch, FetchError, Kind, Post, Reason
from connectors.http import PoliteClient
from connectors.pacing import next_check, within_reach
from connectors.stopping import Stopped
from monitor.candidates import Candidate, Kept
from monitor.own import is_own
from monitor.store import SourceUpdate, Store
from monitor.works import Works
from nlp.findings import Reading

LIMIT = 500  # newest posts of one poll (connectors-feeds.md section 5)
ABREAST = 8  # sources fetched side by side; one host still gets one request at a time
BACKLOG_AGE = timedelta(days=7)  # of a first poll, older posts alert nobody (section 6)
NOTHING = Kept()
LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Polled:
    """What one poll of one source came to, for the log and the `step` command."""

    source: str
    posts: int = 0
    kept: Kept = NOTHING
    reason: str = ""


def idle_reason(source: Source, settings: Settings) -> str:
    """Why a source is not read at all; "" when it is (rulings 2 and 19)."""
    return settings.idle_reason(source)


def due(settings: Settings, states: dict[str, Row[Any]], now: datetime) -> list[Source]:
    """Sources to ask now, longest overdue first.

    A stored time further ahead than any that is ever stored was left by a clock that
    jumped: that source is asked now.
    """

    def at(source: Source) -> datetime:
        state = states.get(source.name)
        wished = state.next_check_at if state else now
        return wished if wished <= within_reach(wished, now) else now

    ready = [s for s in settings.sources if not idle_reason(s, settings) and at(s) <= now]
    return sorted(ready, key=at)


def reading(post: Post, own: bool) -> Reading:
    """The fields of a fetched post that the gate may look at."""
    return Reading(
        text=post.text,
        title=post.title,
        author_name=post.author_name,
        author_handle=post.author_handle,
        context=post.context,
        url=post.url,
        platform=post.platform,
        own=own,
    )


def candidates(
    works: Works,
    posts: Sequence[Post],
    *,
    schools: Sequence[str | None],
    own: bool,
    backlog_before: datetime | None,
) -> list[Candidate]:
    """Posts that pass the name gate, once for each school that they may be about; the school's own are left out.

    `schools[i]` names the one school that post i can be about, or None for any.
    `own`: they come from the school's own site or account. News of a deletion has no words that a
    gate could know; it goes on to every school, where it means something only if the post is known.
    """
    # What a person hands in was meant for the school, whether it names it or not.
    theirs = [own or post.kind is Kind.REPORT for post in posts]
    passed = works.gate.match([reading(p, to_us) for p, to_us in zip(posts, theirs, strict=True)], schools)
    everybody = tuple(school.key for school in works.settings.schools)
    known = {school.key: school for school in works.settings.schools}
    return [
        Candidate(key, post, to_us, backlog=_is_old(post, backlog_before))
        for post, keys, school, to_us in zip(posts, passed, schools, theirs, strict=True)
        for key in (((school,) if school else everybody) if post.deleted else keys)
        if not is_own(post, known[key], own_source=own)
    ]


def _is_old(post: Post, before: datetime | None) -> bool:
    return before is not None and post.published_at is not None and post.published_at < before


class Poller:
    """Asks sources, several side by side; a slow one holds up no other."""

    def __init__(self, store: Store, http: PoliteClient, stop: Event) -> None:
        self.store = store
        self.http = http
        self.stop = stop
        self._pool = ThreadPoolExecutor(ABREAST, thread_name_prefix="poll")
        self._busy: set[str] = set()

    def run(
        self, works: Works, clock: Callable[[], datetime], names: Iterable[str] | None = None
    ) -> list[Polled]:
        """Poll what is due, or the named sources whether due or not, and wait for the answers."""
        states = self.store.source_states()
        if names is None:
            sources = due(works.settings, states, clock())
        else:
            wanted = set(names)
            sources = [
                s for s in works.settings.sources if s.name in wanted and not idle_reason(s, works.settings)
            ]
        return list(self._pool.map(lambda s: self._poll(s, works, states.get(s.name), clock), sources))

    def start(self, works: Works, clock: Callable[[], datetime], then: Callable[[Polled], None]) -> int:
        """Begin polls of what is due and not being polled; each hands its result to `then`. Gives how many began."""
        states = self.store.source_states()
        sources = [s for s in due(works.settings, states, clock()) if s.name not in self._busy]
        for source in sources:
            self._busy.add(source.name)
            self._pool.submit(self._one, source, works, states.get(source.name), clock, then)
        return len(sources)

    @property
    def busy(self) -> frozenset[str]:
        """Names of the sources that are being polled right now."""
        return frozenset(self._busy)

    def close(self) -> None:
        """Begin no more polls; those under way end by the stop event or their deadline."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _one(
        self,
        source: Source,
        works: Works,
        state: Row[Any] | None,
        clock: Callable[[], datetime],
        then: Callable[[Polled], None],
    ) -> None:
        try:
            polled = self._poll(source, works, state, clock)
        except Exception as error:  # noqa: BLE001 - a database out of reach: said, and tried again at the next tick
            LOG.error("source %s: %s while its posts were kept", source.name, type(error).__name__)
            polled = Polled(source.name, reason="the posts could not be stored")
        finally:
            self._busy.discard(source.name)
        then(polled)

    def _poll(
        self, source: Source, works: Works, state: Row[Any] | None, clock: Callable[[], datetime]
    ) -> Polled:
        if self.stop.is_set():
            return Polled(source.name, reason="stopping")
        connector = connectors.connector(source.kind)
        every = source.every or connector.default_every
        failures = (state.failure_count if state else 0) + 1
        try:
            batch = connector.fetch(
                source.options, state.cursor if state else None, self.http, limit=LIMIT, now=clock()
            )
        except Stopped:
            return Polled(source.name, reason="stopping")  # no failure of the source
        except FetchError as error:
            return self._failed(source, every, failures, error, clock())
        except Exception as error:  # noqa: BLE001 - the step's one outer handler: a connector's bug harms its source only
            LOG.error("source %s: %s in connector %s", source.name, type(error).__name__, source.kind)
            bug = FetchError(Reason.UNREADABLE, "a fault of the program, please report it", retry=True)
            return self._failed(source, every, failures, bug, clock())
        return self._keep(
            source,
            works,
            batch,
            first=state is None or state.last_good_at is None,
            said=state.notices if state else (),
            every=every,
            now=clock(),
        )

    def _keep(
        self,
        source: Source,
        works: Works,
        batch: Batch,
        *,
        first: bool,
        said: Sequence[str],
        every: timedelta,
        now: datetime,
    ) -> Polled:
        found = candidates(
            works,
            batch.posts,
            schools=[source.school or None] * len(batch.posts),
            own=source.own,
            backlog_before=now - BACKLOG_AGE if first else None,
        )
        update = SourceUpdate(
            name=source.name,
            at=now,
            next_check_at=next_check(now, every, 0, batch.not_before, None, random.Random()),
            cursor=batch.cursor,
            notices=batch.notices,
        )
        kept = self.store.keep_batch(found, update)
        for notice in (notice for notice in batch.notices if notice not in said):  # once, not at every poll
            LOG.warning("source %s: %s", source.name, notice)
        return Polled(source.name, len(batch.posts), kept)

    def _failed(
        self, source: Source, every: timedelta, failures: int, error: FetchError, now: datetime
    ) -> Polled:
        again = next_check(now, every, failures, error.not_before, error.reason, random.Random())
        self.store.keep_failure(
            SourceUpdate(name=source.name, at=now, next_check_at=again, reason=str(error.reason))
        )
        LOG.warning(
            "source %s: %s (try %d; again at %s)", source.name, error.reason, failures, f"{again:%H:%M}"
        )
        return Polled(source.name, reason=str(error.reason))
