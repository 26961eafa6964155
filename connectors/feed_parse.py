"""Bytes of a feed to plain entries: RSS 0.9x to 2.0, RDF and Atom by feedparser, JSON Feed by `json_feed`.

Runs in the child process of `connectors.isolated` and nowhere else: feedparser
may raise anything, and it calls `parse` with bytes only through BytesIO, since
`parse(b"/a/path")` opens that file (connectors-feeds.md section 5, measured).
Relative links are resolved here and not by feedparser, which would also turn a
guid `12345` into a link.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from html.entities import html5
from typing import Any

import feedparser

from connectors.base import SHORT_LIMIT, TEXT_LIMIT
from connectors.dates import parse_date
from connectors.feed_shape import WINDOW, Document, Entry
from connectors.json_feed import parse_json_feed
from connectors.links import web_link
from connectors.plain import from_html, from_text, one_line

_AUTHOR_LIMIT = 500  # bytes; feedparser searches it for an address in time that grows with the square
# An author of 64 KB costs 21 s (feedparser #562): cut it before the parser sees it.
_LONG_AUTHOR = re.compile(
    rb"(<(?:[\w-]+:)?(?:author|creator|name|email|managingeditor|webmaster|publisher|contributor|owner)"
    rb"(?:\s[^<>]*)?>\s{0,99}(?:<!\[CDATA\[)?[^<\]]{%d})[^<\]]+" % _AUTHOR_LIMIT,
    re.IGNORECASE,
)
# What makes feedparser raise (#599, #590): impossible character numbers, however often escaped, and DTDs.
_NUMBER = re.compile(rb"&(?:amp;)*#(x[0-9a-f]+|[0-9]+)", re.IGNORECASE)
_DOCTYPE = re.compile(rb"<!DOCTYPE[^\[>]*(?:\[.*?\])?\s*>", re.IGNORECASE | re.DOTALL)
_HARMLESS = (feedparser.CharacterEncodingOverride, feedparser.NonXMLContentType)
_ADDRESS_NAME = re.compile(r"\S+@\S+\s+\((.+)\)|(.+?)\s*<[^<>\s]+@[^<>\s]+>")
_STRAY = re.compile(r"&(\w{1,32});")
_FAR_FUTURE = datetime(2200, 1, 1, tzinfo=UTC)
_EXCERPT = 60  # characters that a summary shares with the text that it is an excerpt of


def parse(body: bytes, *, url: str = "", content_type: str = "") -> Document:
    """The feed in `body`, fetched from `url`; a Document without `format` when it is none."""
    if body.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{":
        return parse_json_feed(body, url=url)
    body = _LONG_AUTHOR.sub(rb"\1", body)
    repaired = False
    try:
        found = _feedparsed(body, content_type)
    except Exception:  # noqa: BLE001 - one hostile comment must not blind us for its whole feed (14, 21)
        body, repaired = _repaired(body), True
        found = _feedparsed(body, content_type)
    if not found.get("version"):
        return Document()
    bozo = found.get("bozo_exception")
    damaged = repaired or (bozo is not None and not isinstance(bozo, _HARMLESS))
    return _document(found, body=body if damaged else b"", url=url, damaged=damaged)


def _feedparsed(body: bytes, content_type: str) -> Any:
    headers = {"content-type": content_type} if content_type else {}
    # Its cleaning of HTML is no barrier and costs a third of the time; `plain` takes all markup off.
    return feedparser.parse(
        io.BytesIO(body), response_headers=headers, sanitize_html=False, resolve_relative_uris=False
    )


def _repaired(body: bytes) -> bytes:
    def checked(found: re.Match[bytes]) -> bytes:
        digits = found[1].lower().lstrip(b"x0")
        number = int(digits[:9] or b"0", 16 if found[1][:1] in b"xX" else 10)
        possible = number < 0xD800 or 0xDFFF < number < 0x110000
        return found[0] if possible and len(digits) < 9 else b"&#xFFFD"

    return _DOCTYPE.sub(b"", _NUMBER.sub(checked, body), count=1)


def _document(found: Any, *, body: bytes, url: str, damaged: bool) -> Document:
    feed = found.feed
    entries: list[Entry] = []
    skipped = 0
    for raw in newest(found.entries):
        try:
            entry = _entry(raw, body=body, url=url, atom=found.version.startswith("atom"))
        except (AttributeError, KeyError, TypeError, ValueError):  # one odd entry leaves the others alone
            skipped += 1
            continue
        if entry.guid or entry.link or entry.title or entry.text:
            entries.append(entry)
        else:
            skipped += 1
    ttl = str(feed.get("ttl", ""))
    return Document(
        format=found.version,
        title=_plain(feed.get("title_detail"), body)[:SHORT_LIMIT],
        language=_language(feed.get("language", "")),
        ttl_minutes=int(ttl[:6]) if ttl.isascii() and ttl.isdigit() else 0,
        entries=entries,
        skipped=skipped + max(0, len(found.entries) - WINDOW),
        damaged=damaged,
    )


def newest(entries: list[Any]) -> list[Any]:
    """The newest WINDOW entries, by date where every entry has one, else as the feed stands."""
    if len(entries) <= WINDOW:
        return entries
    dates = [parse_date(_first_date(raw), now=_FAR_FUTURE) for raw in entries]
    known = [d for d in dates if d is not None]
    if len(known) < len(entries):
        return entries[:WINDOW]
    order = sorted(range(len(entries)), key=lambda i: known[i], reverse=True)
    return [entries[i] for i in sorted(order[:WINDOW])]


def _first_date(raw: Any) -> str:
    return str(raw.get("published") or raw.get("updated") or raw.get("date_published") or "")


def _entry(raw: Any, *, body: bytes, url: str, atom: bool) -> Entry:
    guid = str(raw.get("id", "")).strip()
    text = joined(
        [_plain(raw.get("summary_detail"), body), *(_plain(c, body) for c in raw.get("content", []))],
        extras=[str(link.get("title", "")) for link in raw.get("links", []) if link.get("rel") == "enclosure"]
        + [str(media.get("title", "")) for media in raw.get("media_content", [])],
    )
    details = (raw.get("title_detail"), raw.get("summary_detail"), *raw.get("content", []))
    language = next((d["language"] for d in details if d and d.get("language")), "")
    return Entry(
        guid=guid,
        link=_link(raw, guid, url),
        title=one_line(_plain(raw.get("title_detail"), body))[:SHORT_LIMIT],
        text=text[:TEXT_LIMIT],
        author=_author(raw, atom)[:SHORT_LIMIT],
        published=str(raw.get("published") or dict.get(raw, "created") or "")[:SHORT_LIMIT],
        updated=str(dict.get(raw, "updated") or "")[:SHORT_LIMIT],  # .get would fall back to published
        publisher=one_line(from_text(str(raw.get("source", {}).get("title", ""))))[:SHORT_LIMIT],
        language=_language(language),
        cut=len(text) > TEXT_LIMIT,
    )


def joined(texts: Iterable[str], *, extras: Iterable[str] = ()) -> str:
    """The longest text, then those that are no excerpt of it: nothing a reader sees is left out."""
    ordered = sorted((t for t in texts if t), key=lambda t: -len(t))
    for text in (*ordered[1:], *map(from_text, extras)):
        if text and not any(" ".join(text.split())[:_EXCERPT] in " ".join(t.split()) for t in ordered[:1]):
            ordered[:1] = [f"{ordered[0]}\n\n{text}" if ordered else text]
    return ordered[0] if ordered else ""


def _plain(detail: Any, body: bytes) -> str:
    """Text by its declared type: HTML is taken apart, plain text is not unescaped a second time."""
    if not detail:
        return ""
    value = str(detail.get("value", ""))
    if body:
        value = _STRAY.sub(lambda m: _without_stray(m, body), value)
    return from_text(value) if detail.get("type") == "text/plain" else from_html(value)


def _without_stray(found: re.Match[str], body: bytes) -> str:
    """In damaged XML feedparser gives `Q&A` as `Q&A;`: drop a `;` that the source did not have."""
    known = f"{found[1]};" in html5 or found[0].encode() in body
    return found[0] if known else found[0][:-1]


def _link(raw: Any, guid: str, url: str) -> str:
    """The entry's own page; a guid counts only where it is a whole link by itself."""
    href = str(raw.get("link", "")).strip()
    if raw.get("guidislink") and href == guid and not re.match(r"https?://|/", guid, re.IGNORECASE):
        href = ""
    base = (raw.get("title_detail") or {}).get("base") or ""
    return web_link(href, base=web_link(base, base=url) or url) if href else ""


def _author(raw: Any, atom: bool) -> str:
    if atom:
        names = [str(a.get("name") or a.get("email") or "") for a in raw.get("authors", [])]
        return one_line(from_text(", ".join(n for n in names if n)))
    whole = str(raw.get("author", ""))
    named = _ADDRESS_NAME.fullmatch(whole[:SHORT_LIMIT])
    return one_line(from_text((named[1] or named[2]) if named else whole))


def _language(raw: Any) -> str:
    code = str(raw or "").strip().lower().replace("_", "-")
    return code if re.fullmatch(r"[a-z]{2,3}(-[a-z0-9]{1,8}){0,3}", code) else ""
