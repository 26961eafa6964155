"""What a MediaWiki source's cursor remembers: which pages are watched, and up to which revision. No text.

talk    configured title -> title of its talk page, as the wiki calls it
titles  title (talk pages too) -> ids of the pages it has stood for; [] when there was none
pages   page id -> last revision given, and its time as the wiki wrote it
checked the wiki's own time of the last poll that left nothing over
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from connectors.feed_profiles import short_hash

VERSION = 1
_IDS_KEPT = 4  # pages that one title has stood for; moves and redirects make a few


class Mark(msgspec.Struct, array_like=True, frozen=True):
    """The last revision given of one page."""

    rev: int
    at: str


class Memory(msgspec.Struct, omit_defaults=True):
    """The cursor, read. `wiki` is a hash of `base_url`: another wiki makes all this void."""

    v: int
    wiki: str
    api: str = ""
    checked: str = ""
    talk: dict[str, str] = {}
    titles: dict[str, list[int]] = {}
    pages: dict[str, Mark] = {}

    def mark(self, pageid: int) -> Mark | None:
        return self.pages.get(str(pageid))

    def learn(self, title: str, pageid: int, mark: Mark | None) -> None:
        """A title stands for this page, given up to `mark`; without a mark only that the title is known."""
        ids = self.titles.get(title, [])
        if mark is None:
            self.titles[title] = ids
            return
        others = [i for i in ids if i != pageid]
        self.titles[title] = [*others[-_IDS_KEPT + 1 :], pageid]
        self.pages[str(pageid)] = mark


def read(cursor: Mapping[str, Any] | None, base_url: str, titles: Iterable[str]) -> Memory:
    """The memory in a cursor, without titles that are no longer configured; empty when it is another wiki's."""
    fresh = Memory(v=VERSION, wiki=short_hash(base_url))
    try:
        memory = msgspec.convert(dict(cursor or {}), type=Memory)
    except msgspec.ValidationError:
        return fresh
    if (memory.v, memory.wiki) != (fresh.v, fresh.wiki):
        return fresh
    talk = {title: memory.talk[title] for title in titles if title in memory.talk}
    wanted = {*talk, *talk.values()}
    kept = {title: list(ids) for title, ids in memory.titles.items() if title in wanted}
    ids = {str(i) for found in kept.values() for i in found}
    return msgspec.structs.replace(
        memory, talk=talk, titles=kept, pages={i: mark for i, mark in memory.pages.items() if i in ids}
    )


def written(memory: Memory) -> dict[str, Any]:
    """The memory as a cursor: plain JSON."""
    cursor: dict[str, Any] = msgspec.to_builtins(memory)
    return cursor
