"""What a page's cursor remembers: hashes of lines and items, and never a word of the page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from connectors.feed_profiles import short_hash

VERSION = 1  # of the cursor and of the hashes in it; another one means: start anew


class Memory(msgspec.Struct, omit_defaults=True):
    """The cursor, read. `source` is a hash of the address: another address makes all this void.

    `settings` is a hash of the selectors: when they change, the page is read
    again even if the server calls it unchanged, but what was seen stays known.
    """

    v: int
    source: str
    settings: str
    validators: dict[str, str] = {}
    body_hash: str = ""
    lines: list[str] = []
    items: dict[str, Any] = {}
    """The cursor of `connectors.feed_changes`, for a page that is read by items."""
    size: int = 0
    """Characters of text when the page was last taken."""
    held_since: int = 0
    """Seconds since 1970; 0 when nothing is held."""
    accepted: list[str] = []
    """Marks of the oddities that the page had when it was last taken."""

    def forget_answer(self) -> None:
        """Make the next fetch ask for the whole page and read it."""
        self.validators, self.body_hash = {}, ""


def read(cursor: Mapping[str, Any] | None, *, url: str, settings: str) -> Memory:
    """The memory in a cursor; an empty one when there is none, or it is of another page or version."""
    fresh = Memory(v=VERSION, source=short_hash(url), settings=short_hash(settings))
    if cursor is None:
        return fresh
    try:
        memory = msgspec.convert(dict(cursor), type=Memory)
    except msgspec.ValidationError:
        return fresh
    if (memory.v, memory.source) != (fresh.v, fresh.source):
        return fresh
    if memory.settings != fresh.settings:
        memory.settings = fresh.settings
        memory.forget_answer()
    return memory


def written(memory: Memory) -> dict[str, Any]:
    """The memory as a cursor: plain JSON."""
    cursor: dict[str, Any] = msgspec.to_builtins(memory)
    return cursor
