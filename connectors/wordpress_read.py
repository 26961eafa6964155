"""WordPress's JSON to plain entries: comments and posts as `/wp-json/wp/v2/` lists them.

Runs in the child process of `connectors.isolated`. What is not of the expected
shape is left out and counted; nothing in a stranger's JSON makes this raise.
Facts: connectors-feeds.md section 8; WordPress 6.1.9 was read here.
"""

from __future__ import annotations

from typing import Any

import msgspec

from connectors.base import SHORT_LIMIT, TEXT_LIMIT
from connectors.links import canonical
from connectors.plain import from_html, from_text, one_line

WINDOW = 100  # entries of one page of a list; the server gives no more (101 is refused with 400)


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One comment or post. Texts are plain; dates are as the server wrote them, in UTC without a letter."""

    id: int
    text: str
    guid: str = ""
    """Posts only: the id that the site's feed gives them, often with their number as `?p=17`."""
    title: str = ""
    author: str = ""
    context: str = ""
    link: str = ""
    date: str = ""
    modified: str = ""
    cut: bool = False


class Listing(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One page of a list. `proper` is False when the body is no such list: HTML, an error, anything."""

    proper: bool = False
    entries: list[Entry] = []
    skipped: int = 0


def read(body: bytes) -> Listing:
    """The list in `body`."""
    try:
        raw = msgspec.json.decode(body.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Listing()
    if not isinstance(raw, list):
        return Listing()  # an object is an error: {"code": "rest_login_required", ...}
    entries = [_entry(one) for one in raw[:WINDOW] if isinstance(one, dict) and _number(one.get("id"))]
    return Listing(proper=True, entries=entries, skipped=len(raw) - len(entries))


def _entry(raw: dict[str, Any]) -> Entry:
    text = from_html(_rendered(raw.get("content")))
    text = text or from_html(_rendered(raw.get("excerpt")))  # a post of which only an excerpt is public
    return Entry(
        id=_number(raw.get("id")),
        guid=from_text(_rendered(raw.get("guid")))[:SHORT_LIMIT],
        title=_line(_rendered(raw.get("title"))),
        text=text[:TEXT_LIMIT],
        author=_line(_text(raw.get("author_name"))),
        context=_context(raw.get("_embedded")),
        link=canonical(_text(raw.get("link"))),
        date=_text(raw.get("date_gmt"))[:SHORT_LIMIT],
        modified=_text(raw.get("modified_gmt"))[:SHORT_LIMIT],
        cut=len(text) > TEXT_LIMIT,
    )


def _context(embedded: object) -> str:
    """The title of the page that a comment stands under, and the words that it answers."""
    if not isinstance(embedded, dict):
        return ""
    page = _line(_rendered(_first(embedded.get("up")).get("title")))
    answered = from_html(_rendered(_first(embedded.get("in-reply-to")).get("content")))[:SHORT_LIMIT]
    return "\n".join(part for part in (page, answered) if part)


def _first(raw: object) -> dict[str, Any]:
    return raw[0] if isinstance(raw, list) and raw and isinstance(raw[0], dict) else {}


def _rendered(raw: object) -> str:
    return _text(raw.get("rendered")) if isinstance(raw, dict) else _text(raw)


def _text(raw: object) -> str:
    return raw if isinstance(raw, str) else ""


def _line(markup: str) -> str:
    return one_line(from_html(markup))[:SHORT_LIMIT]


def _number(raw: object) -> int:
    """A positive number that a database can have made; else 0."""
    return raw if isinstance(raw, int) and not isinstance(raw, bool) and 0 < raw < 1 << 63 else 0
