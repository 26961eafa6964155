"""Lines of a page: which of them are new against the last time, told by hashes alone.

The cursor is stored, and words that match nothing may never be stored; so it
holds a hash for each line and no text. Lines are compared as a set, so that
another order is no change (connectors-feeds.md section 11, 4). What the hash
leaves out (counters, "3 minutes ago", times and dates, tokens) changes without
anybody having said anything. It leaves out every date, not only today's, or
each line would be new once on its day.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping

from connectors.base import TEXT_LIMIT

LINES = 20_000  # hashes remembered, of the page and of what has gone from it; about 400 KB of cursor at most
LINE_LIMIT = 8_000  # characters of one line; a longer one counts as several

_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|"
    r"oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_WEEKDAY = r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?,?\s+)?"
_UNIT = r"(?:seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|weeks?|months?|years?)"
_NOISE = re.compile(
    r"(?<=https)://\S*|(?<=http)://\S*"
    rf"|\b{_WEEKDAY}\d{{1,2}}(?:st|nd|rd|th)?\s+(?:of\s+)?{_MONTH}\b\.?(?:,?\s+\d{{4}}\b)?"
    rf"|\b{_WEEKDAY}{_MONTH}\.?\s+\d{{1,2}}(?:st|nd|rd|th)?\b(?:,?\s+\d{{4}}\b)?"
    r"|\b\d{4}-\d\d-\d\d(?:t\d\d:\d\d(?::\d\d)?(?:\.\d+)?(?:z|[+-]\d\d:?\d\d)?)?\b|\b\d{1,2}[/.]\d{1,2}[/.]\d{2,4}\b"
    r"|\b\d{1,2}:\d\d(?::\d\d)?(?:\s?[ap]m)?\b"
    rf"|\b(?:\d+|an?|one|a few|less than a)\s+{_UNIT}\s+ago\b|\b(?:just now|yesterday)\b"
    r"|\b\d[\d,.]*\s*(?:views?|visits?|visitors?|hits?|replies|reply|comments?|likes?|shares?|reads?|votes?)\b"
    r"|\b(?:views?|visits?|visitors?|hits?|replies|comments?|likes?|shares?)\s*:?\s*\d[\d,.]*"
    # A token: 20 or more of these in a row, with a digit among them.
    r"|(?<![\w-])(?=[\w-]{0,80}\d)[a-z0-9_-]{20,}(?![\w-])",
    re.ASCII,
)
_EMPTY = re.compile(r"[\s.,:;|/·•–—*()\[\]-]*")


def line_key(line: str) -> str:
    """Sixteen hexadecimal digits for what the line says; "" when it says nothing but noise."""
    said = _NOISE.sub("", line.casefold())
    if _EMPTY.fullmatch(said):
        return ""
    return hashlib.sha256(" ".join(said.split()).encode("utf-8", "replace")).hexdigest()[:16]


def keyed(text: str) -> dict[str, str]:
    """The lines that say something by their keys, each once, in the page's order."""
    lines: dict[str, str] = {}
    for line in _pieces(text):
        key = line_key(line)
        if key:
            lines.setdefault(key, line)
    return lines


def added(lines: Mapping[str, str], known: Iterable[str]) -> dict[str, str]:
    """The lines that are not known, in the page's order."""
    before = frozenset(known)
    return {key: line for key, line in lines.items() if key not in before}


def grouped(lines: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """The lines in groups that each fit into one post: one group, but for very long pages."""
    group: dict[str, str] = {}
    length = 0
    for key, line in lines.items():
        if group and length + len(line) + 1 > TEXT_LIMIT:
            yield group
            group, length = {}, 0
        group[key] = line
        length += len(line) + 1
    if group:
        yield group


def group_id(keys: Iterable[str]) -> str:
    """The id of a post that is made of these lines; their order does not count."""
    return "lines:" + hashlib.sha256("".join(sorted(keys)).encode()).hexdigest()


def remembered(lines: Iterable[str], known: Iterable[str], given: Iterable[str]) -> list[str]:
    """What to know next time: those on the page that are known or given now, then those that have gone.

    A line that goes and comes back is no news: else each error page in between,
    and each banner that takes turns, would make the page new again.
    """
    before = dict.fromkeys(known)
    now = before.keys() | set(given)
    current = [key for key in lines if key in now]
    there = frozenset(current)
    return [*current, *(key for key in before if key not in there)][:LINES]


def _pieces(text: str) -> Iterator[str]:
    for line in text.split("\n"):
        for start in range(0, len(line), LINE_LIMIT):
            yield line[start : start + LINE_LIMIT]
