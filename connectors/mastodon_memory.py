"""What a Mastodon source's cursor remembers: how far each timeline was read, and what was given. No text, no name.

access   what the server lets strangers read of hashtags: {"local": "public", "remote": ...}
ids      hash of an official account's name -> its id on this server
marks    hash of a timeline -> newest paging id read; "" when it was empty
reread   hash of a timeline -> when its newest page was last read again (seconds since 1970)
seen     hash of a status's uri -> when it was last edited (seconds since 1970; 0: never)
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from connectors.feed_profiles import short_hash

VERSION = 1
_REMEMBERED = 4000  # statuses: a page of forty for each of the most timelines, and room for what is new


class Memory(msgspec.Struct, omit_defaults=True):
    """The cursor, read. `server` is a hash of `base_url`: another server makes all this void."""

    v: int
    server: str
    domain: str = ""
    looked_at: int = 0
    user_at: int = 0
    access: dict[str, str] = {}
    ids: dict[str, str] = {}
    marks: dict[str, str] = {}
    reread: dict[str, int] = {}
    seen: dict[str, int] = {}

    def is_new(self, uri: str, edited_at: datetime | None) -> bool:
        """Whether this status, or this edit of it, was not given before."""
        known = self.seen.get(short_hash(uri))
        return known is None or known < _seconds(edited_at)

    def gave(self, uri: str, edited_at: datetime | None) -> None:
        """Remember it, as the newest."""
        key = short_hash(uri)
        before = self.seen.pop(key, 0)
        self.seen[key] = max(before, _seconds(edited_at))


def read(cursor: Mapping[str, Any] | None, base_url: str) -> Memory:
    """The memory in a cursor; an empty one when there is none, or it is another server's."""
    fresh = Memory(v=VERSION, server=short_hash(base_url))
    try:
        memory = msgspec.convert(dict(cursor or {}), type=Memory)
    except msgspec.ValidationError:
        return fresh
    return memory if (memory.v, memory.server) == (fresh.v, fresh.server) else fresh


def written(memory: Memory) -> dict[str, Any]:
    """The memory as a cursor: plain JSON, the oldest statuses forgotten."""
    kept = dict(list(memory.seen.items())[-_REMEMBERED:])
    cursor: dict[str, Any] = msgspec.to_builtins(msgspec.structs.replace(memory, seen=kept))
    return cursor


def _seconds(at: datetime | None) -> int:
    return int(at.timestamp()) if at else 0
