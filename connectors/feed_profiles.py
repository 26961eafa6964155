"""Known habits of well-known feeds: whose id can be believed, where the real link is, what is only noise.

Facts: connectors-feeds.md sections 6 (identity), 7 (Google Alerts, Google
News, Bing, BBC), 8 (WordPress comment titles) and 9 (phpBB's statistics line).
An entry's own id is used where the profile has nothing better; never its place
in the list (section 14, 19).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from datetime import datetime
from enum import StrEnum
from urllib.parse import urlsplit

import msgspec

from connectors.base import SHORT_LIMIT
from connectors.dates import parse_date
from connectors.feed_shape import Document, Entry
from connectors.links import canonical, same_page
from connectors.plain import from_html, from_text


class Profile(StrEnum):
    """Which habits a feed has; told from its address when the settings do not say."""

    GENERIC = "generic"
    GOOGLE_ALERTS = "google_alerts"
    GOOGLE_NEWS = "google_news"
    BING_NEWS = "bing_news"
    BBC = "bbc"
    PHPBB = "phpbb"


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """An entry with its identity: `id` is stable over edits, `entry` is freed of the feed's noise."""

    id: str
    entry: Entry
    published_at: datetime | None
    edited_at: datetime | None
    comment_on: str | None = None
    """The title of the page that a comment stands under; None for what is no comment."""


_HOSTS = (
    (re.compile(r"(www\.)?google\.[a-z.]{2,6}/alerts/feeds/.*"), Profile.GOOGLE_ALERTS),
    (re.compile(r"news\.google\.com/rss.*"), Profile.GOOGLE_NEWS),
    (re.compile(r"(www\.)?bing\.com/news/.*"), Profile.BING_NEWS),
    (re.compile(r"feeds\.bbci\.co\.uk/.*"), Profile.BBC),
    (re.compile(r".*/(app\.php/feed|feed\.php)(/.*)?"), Profile.PHPBB),
)
# "Statistics: Posted by Ann — Thu Mar 05, 2026 9:14 am — Replies 3 — Views 41", the last line.
_STATISTICS = re.compile(r"\s*\bStatistics: [^\n]*\s*\Z")
_REVISION = re.compile(r"#\d+$")
_BBC_HOST = re.compile(r"^(?:www\.)?bbc\.(?:com|co\.uk)")
_COMMENT_TITLE = re.compile(r"Comment on (?P<page>.+) by (?P<author>.+?)|By: (?P<only>.+)", re.DOTALL)
_COMMENTS_FEED = re.compile(r"Comments (?:on|for): ?(?P<page>.+)", re.DOTALL)


def profile_of(url: str) -> Profile:
    """The profile that belongs to a feed's address."""
    try:
        parts = urlsplit(url.lower())
    except ValueError:
        return Profile.GENERIC
    place = f"{parts.hostname or ''}{parts.path}"
    return next((profile for shape, profile in _HOSTS if shape.fullmatch(place)), Profile.GENERIC)


def items(
    document: Document, profile: Profile, *, doubled: frozenset[str], now: datetime
) -> tuple[list[Item], frozenset[str]]:
    """The document's entries with their identities, each id once, and the ids found to be shared.

    Where one id is given to entries with different links, id and link together
    are the identity (some feeds give every item one guid). `doubled` are the
    ids, as `short_hash`, for which that was seen before: they stay so.
    """
    found = [_item(entry, document, profile, now) for entry in document.entries]
    shared = doubled | _shared(found)
    found = [_told_apart(item) if short_hash(item.id) in shared else item for item in found]
    best: dict[str, Item] = {}
    for item in found:
        known = best.get(item.id)
        best[item.id] = item if known is None else max(known, item, key=_richness)
    return list(best.values()), shared


def _shared(found: Iterable[Item]) -> frozenset[str]:
    """Hashes of the ids that stand on entries with different links and different texts."""
    by_id: dict[str, list[Entry]] = {}
    for item in found:
        by_id.setdefault(item.id, []).append(item.entry)
    return frozenset(
        short_hash(id_)
        for id_, entries in by_id.items()
        if len({same_page(e.link) or e.title for e in entries}) > 1
        and len({(e.title, e.text) for e in entries}) > 1
    )


def short_hash(text: str) -> str:
    """Sixteen hexadecimal digits that stand for an id in a cursor."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


def _told_apart(item: Item) -> Item:
    apart = item.entry.link and same_page(item.entry.link)
    return msgspec.structs.replace(item, id=_bounded(f"{item.id} {apart or short_hash(item.entry.title)}"))


def _richness(item: Item) -> tuple[str, int, str, str]:
    """Which of two entries with one id is kept: by what it says, so that order flips change nothing."""
    edited = item.edited_at or item.published_at
    return (edited.isoformat() if edited else "", len(item.entry.text), item.entry.text, item.entry.title)


def _item(entry: Entry, document: Document, profile: Profile, now: datetime) -> Item:
    entry = msgspec.structs.replace(entry, link=canonical(entry.link))
    published = parse_date(entry.published, now=now)
    updated = parse_date(entry.updated, now=now)
    entry = _CLEAN.get(profile, _same)(entry)
    comment_on, entry = _comment(entry, document.title)
    return Item(
        id=_bounded(_IDENTITY.get(profile, _generic_id)(entry, published)),
        entry=entry,
        published_at=published or updated,
        edited_at=updated if published and updated and updated > published else None,
        comment_on=comment_on,
    )


def _comment(entry: Entry, feed_title: str) -> tuple[str | None, Entry]:
    """WordPress: "Comment on PAGE by NAME" in the site's feed, "By: NAME" in a page's own."""
    found = _COMMENT_TITLE.fullmatch(entry.title)
    page = _COMMENTS_FEED.fullmatch(feed_title)
    if found is None or (found["only"] and page is None):
        return None, entry
    context = found["page"] or (page["page"] if page else feed_title)
    author = entry.author or found["author"] or found["only"] or ""
    return context, msgspec.structs.replace(entry, title="", author=author)


def _bounded(id_: str) -> str:
    """Ids longer than the limit by the hash of the whole (section 5)."""
    return id_ if len(id_) <= SHORT_LIMIT else f"sha256:{hashlib.sha256(id_.encode()).hexdigest()}"


def _hashed(*parts: str) -> str:
    return "sha256:" + hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()


# ---- what is cleaned off -----------------------------------------------------------------------


def _same(entry: Entry) -> Entry:
    return entry


def _google_alerts(entry: Entry) -> Entry:
    """Its entities are escaped twice."""
    again = {name: from_html(getattr(entry, name)) for name in ("title", "text")}
    return msgspec.structs.replace(entry, **again)


def _google_news(entry: Entry) -> Entry:
    """The text is a list of links to other papers; the title ends in " - Publisher"."""
    title = entry.title.removesuffix(f" - {entry.publisher}") if entry.publisher else entry.title
    return msgspec.structs.replace(entry, title=title, text="", author=entry.author or entry.publisher)


def _phpbb(entry: Entry) -> Entry:
    """The last line counts readers, so it changes with every one of them."""
    return msgspec.structs.replace(entry, text=_STATISTICS.sub("", entry.text))


# ---- identity ------------------------------------------------------------------------------------


def _generic_id(entry: Entry, published: datetime | None) -> str:
    """Own id with `http:` and `https:` alike, else the page, else title and date, else title and text."""
    if entry.guid:
        return re.sub(r"^http://", "https://", from_text(entry.guid), flags=re.IGNORECASE) or _hashed(
            entry.guid
        )
    if entry.link:
        return same_page(entry.link)
    return _hashed(entry.title, published.isoformat()) if published else _hashed(entry.title, entry.text)


def _headline_id(entry: Entry, published: datetime | None) -> str:
    """Google News gives one article another id and link at every poll."""
    return _hashed(
        entry.publisher or entry.author, entry.title, published.date().isoformat() if published else ""
    )


def _link_id(entry: Entry, published: datetime | None) -> str:
    """Bing's own parameters change at every fetch; the target does not."""
    return same_page(entry.link) or _generic_id(entry, published)


def _bbc_id(entry: Entry, published: datetime | None) -> str:
    """The path of the article: the guid ends in #0, #1 for each revision, the host is .com or .co.uk."""
    page = same_page(_REVISION.sub("", entry.guid)) or same_page(entry.link)
    return _BBC_HOST.sub("bbc", page).partition("?")[0] or _generic_id(entry, published)


_CLEAN: dict[Profile, Callable[[Entry], Entry]] = {
    Profile.GOOGLE_ALERTS: _google_alerts,
    Profile.GOOGLE_NEWS: _google_news,
    Profile.PHPBB: _phpbb,
}
_IDENTITY: dict[Profile, Callable[[Entry, datetime | None], str]] = {
    Profile.GOOGLE_NEWS: _headline_id,
    Profile.BING_NEWS: _link_id,
    Profile.BBC: _bbc_id,
}
