"""What a feed's cursor remembers, and which entries are new or changed against it.

Decides only: cursor and items in, posts to give and the next cursor out. The
cursor is plain JSON and opaque to the caller. Only what is given is entered in
it, so a batch cut by `limit` leaves the rest for the next fetch, and a crash
before the caller's commit means the same batch again (connectors-feeds.md
sections 1, 4, 6).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from connectors.base import Notice
from connectors.feed_profiles import Item, short_hash

VERSION = 1  # of the cursor and of the fingerprint; another one means: start anew
FREE_VERSIONS = 24  # an entry that changes more often is looked at once a day (lemon24/reader's number)
DAILY = timedelta(days=1)
_REMEMBERED = 1000  # entries no longer in the feed; the caller's tombstones remember for longer
_DOUBLED = 500

_URL_QUERY = re.compile(r"(https?://[^\s?]+)\?\S*")
_COUNTERS = re.compile(
    r"\b\d[\d,.]*\s*(?:views?|replies|reply|comments?|likes?|shares?|reads?|votes?|"
    r"(?:seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|weeks?|months?|years?)\s+ago)\b"
    r"|\b(?:views?|replies|comments?|likes?|shares?)\s*:?\s*\d[\d,.]*|\b\d{1,2}:\d\d(?::\d\d)?\b",
    re.IGNORECASE,
)


class Seen(msgspec.Struct, array_like=True):
    """One entry as last given: fingerprint, how often it was given, when last (seconds since 1970)."""

    mark: str
    versions: int
    given_at: int


class Memory(msgspec.Struct, omit_defaults=True):
    """The cursor, read. `url` is a hash of the feed's address: another address makes all this void."""

    v: int
    url: str
    validators: dict[str, str] = {}
    body_hash: str = ""
    count: int = 0
    seen: dict[str, Seen] = {}
    pending: list[str] = []
    doubled: list[str] = []


class Choice(msgspec.Struct, kw_only=True):
    """Which items to give, and what is then remembered."""

    given: list[Item]
    memory: Memory
    notices: list[Notice]
    complete: bool
    """Whether nothing was left for a later fetch, so that an unchanged feed need not be read again."""


def read(cursor: Mapping[str, Any] | None, url: str) -> Memory:
    """The memory in a cursor; an empty one when there is none, or it is of another feed or version."""
    fresh = Memory(v=VERSION, url=short_hash(url))
    if cursor is None:
        return fresh
    try:
        memory = msgspec.convert(dict(cursor), type=Memory)
    except msgspec.ValidationError:
        return fresh
    return memory if (memory.v, memory.url) == (fresh.v, fresh.url) else fresh


def written(memory: Memory) -> dict[str, Any]:
    """The memory as a cursor: plain JSON."""
    cursor: dict[str, Any] = msgspec.to_builtins(memory)
    return cursor


def choose(memory: Memory, items: list[Item], *, limit: int, now: datetime) -> Choice:
    """The newest `limit` items that are new or changed, newest first."""
    second = int(now.timestamp())
    marks = {short_hash(item.id): fingerprint(item) for item in items}
    due = [item for item in items if _due(memory.seen.get(short_hash(item.id)), marks, item, now)]
    given = sorted(due, key=lambda item: item.published_at or now, reverse=True)[: max(limit, 0)]
    gone = sorted((m.given_at, key) for key, m in memory.seen.items() if key not in marks)
    seen = {key: memory.seen[key] for _, key in gone[-_REMEMBERED:]}
    seen |= {key: memory.seen[key] for key in marks if key in memory.seen}
    for item in given:
        key = short_hash(item.id)
        before = memory.seen.get(key)
        seen[key] = Seen(marks[key], before.versions + 1 if before else 1, second)
    left = sorted({short_hash(i.id) for i in due} - {short_hash(i.id) for i in given})
    current = all(key in seen and seen[key].mark == mark for key, mark in marks.items())
    after = msgspec.structs.replace(memory, seen=seen, pending=left, count=len(items) or memory.count)
    return Choice(given=given, memory=after, notices=_notices(memory, marks), complete=current)


def remember_doubled(memory: Memory, found: frozenset[str]) -> list[str]:
    """The ids known to be shared by several entries, bounded, oldest first."""
    return [*memory.doubled, *sorted(found - set(memory.doubled))][-_DOUBLED:]


def fingerprint(item: Item) -> str:
    """Of what is said, without counters, times of day and query strings in links (section 6)."""
    said = f"{item.entry.title}\n{item.entry.text}"
    said = _COUNTERS.sub("", _URL_QUERY.sub(r"\1", said))
    return hashlib.sha256(" ".join(said.casefold().split()).encode("utf-8", "replace")).hexdigest()[:16]


def _due(before: Seen | None, marks: Mapping[str, str], item: Item, now: datetime) -> bool:
    if before is None:
        return True
    if before.mark == marks[short_hash(item.id)]:
        return False
    last = datetime.fromtimestamp(before.given_at, UTC)
    return before.versions < FREE_VERSIONS or now - last >= DAILY


def _notices(memory: Memory, marks: Mapping[str, str]) -> list[Notice]:
    if not marks:
        return [Notice.EMPTY] if memory.count else []
    overrun = bool(memory.seen) and not any(key in memory.seen for key in marks)
    lost = any(key not in marks for key in memory.pending)
    return [Notice.GAP] if overrun or lost else []
