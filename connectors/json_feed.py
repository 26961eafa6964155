"""JSON Feed (jsonfeed.org, versions 1 and 1.1) to plain entries.

The version must start with the jsonfeed.org prefix; an item without an id is
left out and counted, as the format asks, and the others stay; an id may be a
number (connectors-feeds.md section 5). Runs in the child process, because deep
nesting raises RecursionError.
"""

from __future__ import annotations

import json
import re
from typing import Any

from connectors.base import SHORT_LIMIT, TEXT_LIMIT
from connectors.feed_shape import WINDOW, Document, Entry
from connectors.links import web_link
from connectors.plain import from_html, from_text, one_line

_VERSION = re.compile(r"https?://(www\.)?jsonfeed\.org/version/")


def parse_json_feed(body: bytes, *, url: str = "") -> Document:
    """The feed; a Document without `format` when it is JSON of another sort or none at all."""
    try:
        feed = json.loads(body.decode("utf-8-sig", "replace"))
    except ValueError:
        return Document()
    if not isinstance(feed, dict) or not _VERSION.match(_text(feed.get("version"))):
        return Document()
    raw = feed.get("items")
    items = raw if isinstance(raw, list) else []
    entries = [_entry(item, url) for item in items[:WINDOW] if isinstance(item, dict) and _id(item)]
    return Document(
        format="json",
        title=_short(feed.get("title")),
        language=_short(feed.get("language")).lower()[:35],
        entries=entries,
        skipped=len(items) - len(entries),
    )


def _entry(item: dict[str, Any], url: str) -> Entry:
    body = max(
        from_html(_text(item.get("content_html"))), from_text(_text(item.get("content_text"))), key=len
    )
    body = body or from_text(_text(item.get("summary")))
    attached = [_short(a.get("title")) for a in _dicts(item.get("attachments"))]
    text = "\n\n".join(part for part in (body, *attached) if part)
    authors = _dicts(item.get("authors")) or _dicts([item.get("author")])
    return Entry(
        guid=_id(item),
        link=web_link(_text(item.get("url")) or _text(item.get("external_url")), base=url),
        title=_short(item.get("title")),
        text=text[:TEXT_LIMIT],
        author=", ".join(filter(None, (_short(a.get("name")) for a in authors)))[:SHORT_LIMIT],
        published=_text(item.get("date_published"))[:SHORT_LIMIT],
        updated=_text(item.get("date_modified"))[:SHORT_LIMIT],
        language=_short(item.get("language")).lower()[:35],
        cut=len(text) > TEXT_LIMIT,
    )


def _id(item: dict[str, Any]) -> str:
    raw = item.get("id")
    if isinstance(raw, (int, float)) and not isinstance(raw, bool):
        return str(raw)
    return from_text(_text(raw)).strip()


def _text(raw: object) -> str:
    return raw if isinstance(raw, str) else ""


def _short(raw: object) -> str:
    return one_line(from_text(_text(raw)))[:SHORT_LIMIT]


def _dicts(raw: object) -> list[dict[str, Any]]:
    return [a for a in raw if isinstance(a, dict)] if isinstance(raw, list) else []
