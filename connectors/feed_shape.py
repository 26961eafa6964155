"""What reading a feed gives, whatever its format: plain values that cross from the parser's process.

Every text here is already plain (`connectors.plain`) and cut to its limit;
dates are still as the feed wrote them, because judging them needs the time.
"""

from __future__ import annotations

import msgspec

WINDOW = 2000  # newest entries of one document that are looked at; feeds offer 10 to 100


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One entry. `guid` is the feed's own id or ""; `link` is absolute http(s) or ""."""

    guid: str = ""
    link: str = ""
    title: str = ""
    text: str = ""
    author: str = ""
    published: str = ""
    updated: str = ""
    publisher: str = ""
    language: str = ""
    cut: bool = False


class Document(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One feed. `format` is "" when the bytes are no feed at all."""

    format: str = ""
    title: str = ""
    language: str = ""
    ttl_minutes: int = 0
    entries: list[Entry] = []
    skipped: int = 0
    damaged: bool = False
