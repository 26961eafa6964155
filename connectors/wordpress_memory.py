"""What a WordPress's cursor remembers: how far each list was read, and hashes of what was given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from connectors.feed_profiles import short_hash
from connectors.wordpress_rest import Route, base_of

VERSION = 1  # of the cursor; another one means: start anew


class Part(msgspec.Struct, omit_defaults=True):
    """One of the two lists. All times are in seconds since 1970."""

    high: int = 0
    """Comments: the highest id; posts: the newest change. Everything up to it was given, or is older than the first read."""
    reread_at: int = 0
    refused_until: int = 0
    seen: dict[str, Any] = {}
    """The cursor of `connectors.feed_changes`."""
    feed: dict[str, Any] = {}
    """The cursor of `connectors.feed`, while its lists are refused."""
    plain_feed: bool = False
    """The feed is at `/?feed=...`, since pretty links are off."""


class Memory(msgspec.Struct, omit_defaults=True):
    """The cursor, read. `site` is a hash of the address: another address makes all this void."""

    v: int
    site: str
    route: Route | None = None
    comments: Part = msgspec.field(default_factory=Part)
    posts: Part = msgspec.field(default_factory=Part)


def read(cursor: Mapping[str, Any] | None, site: str) -> Memory:
    """The memory in a cursor; an empty one when there is none, or it is of another site or version."""
    fresh = Memory(v=VERSION, site=short_hash(base_of(site)))
    if cursor is None:
        return fresh
    try:
        memory = msgspec.convert(dict(cursor), type=Memory)
    except msgspec.ValidationError:
        return fresh
    return memory if (memory.v, memory.site) == (fresh.v, fresh.site) else fresh


def written(memory: Memory) -> dict[str, Any]:
    """The memory as a cursor: plain JSON."""
    cursor: dict[str, Any] = msgspec.to_builtins(memory)
    return cursor
