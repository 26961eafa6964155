"""What is new in a WordPress's lists of comments and posts: new, let through late, edited, deleted.

A comment that is approved late keeps its old id and date, and an edited one
changes neither (connectors-feeds.md section 8, measured). So each fetch looks
at the whole newest page, and once an hour at the newest 200 comments; what is
new is told by id and words, never by date.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from connectors import feed_changes
from connectors.base import Kind, Notice, Post
from connectors.dates import parse_date
from connectors.feed_changes import Memory as Seen
from connectors.feed_profiles import Item, short_hash
from connectors.feed_shape import Entry as FeedEntry
from connectors.wordpress_memory import Part
from connectors.wordpress_read import Entry
from connectors.wordpress_rest import COMMENTS, POSTS, Collection, Read, Rest

if TYPE_CHECKING:
    from connectors.wordpress import WordPressOptions

FIRST_PAGES = 5  # of a site that is new to us: 500 comments, the most that one fetch gives (section 5)
MOST_PAGES = 10  # between two fetches; more than 1,000 new comments is an attack, and is said as a gap
REREAD_PAGES = 2  # 200 comments
REREAD_EVERY = timedelta(hours=1)
_ASKED_SINGLY = 10  # missing comments of one re-read that are asked for by number; the rest in the next
_NUMBERS = 20_000  # ids back from the newest that are looked through for missing ones
_GONE = "gone"  # stands for the fingerprint of a comment that was taken from public view


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How one of the lists is read: its address, its order, and what its entries become."""

    collection: Collection
    prefix: str
    kind: Kind
    number: re.Pattern[str]
    """Finds an entry's number in the id that the site's feed gives it."""
    feeds: tuple[str, str]
    """Where the feed is, with pretty links and without."""
    place: Callable[[Entry, datetime], int]
    """An entry's place in the list's order."""


def _changed_at(entry: Entry, now: datetime) -> int:
    changed = parse_date(entry.modified, now=now) or parse_date(entry.date, now=now)
    return int(changed.timestamp()) if changed else 0


COMMENT_LIST = Shape(
    collection=COMMENTS,
    prefix="comment-",
    kind=Kind.COMMENT,
    number=re.compile(r"#comment-(\d{1,18})$"),
    feeds=("/comments/feed/", "/?feed=comments-rss2"),
    place=lambda entry, _now: entry.id,
)
POST_LIST = Shape(
    collection=POSTS,
    prefix="post-",
    kind=Kind.ARTICLE,
    number=re.compile(r"[?&]p=(\d{1,18})$"),
    feeds=("/feed/", "/?feed=rss2"),
    place=_changed_at,
)


@dataclass(frozen=True, slots=True)
class Taken:
    """Posts of one list, and what must be said about them."""

    posts: tuple[Post, ...]
    notices: tuple[Notice, ...] = ()


def take_list(
    shape: Shape, options: WordPressOptions, part: Part, rest: Rest, *, limit: int, now: datetime
) -> Taken:
    """What is new in one list; `part` is brought up to date.

    Raises:
        FetchError: the list could not be had; `part` is then as it was.
    """
    since = int(now.timestamp()) - part.reread_at
    due = not 0 <= since < REREAD_EVERY.total_seconds()  # below zero the clock has jumped
    read = rest.read_back(
        shape.collection,
        to=lambda entry: 0 < shape.place(entry, now) < part.high,
        least=REREAD_PAGES if due else 1,
        most=MOST_PAGES if part.high else FIRST_PAGES,
    )
    before = feed_changes.read(part.seen or None, options.url)
    missing = _missing(shape, part, before, read, rest) if due and shape is COMMENT_LIST else []
    items = {item.id: (item, entry) for item, entry in _items(shape, read.entries, now)}
    choice = feed_changes.choose(
        before, [item for item, _ in items.values()], limit=limit - len(missing[:limit]), now=now
    )
    posts = [_gone_post(options, id_, choice.memory, now) for id_ in missing[:limit]]
    posts += [_post(shape, options, item, items[item.id][1], now) for item in choice.given]
    whole = not choice.memory.pending and len(missing) <= limit
    gap = not read.reached and part.high > 0
    if all(short_hash(id_) in choice.memory.seen for id_ in items):
        part.high = max([part.high, *(shape.place(entry, now) for entry in read.entries)])
    if due and whole:
        part.reread_at = int(now.timestamp())
    part.seen = feed_changes.written(choice.memory)
    said = (
        (Notice.GAP, gap),
        (Notice.SKIPPED, read.skipped > 0),
        (Notice.EMPTY, Notice.EMPTY in choice.notices),
        (Notice.CUT, any(items[item.id][1].cut for item in choice.given)),
    )
    return Taken(tuple(posts), tuple(notice for notice, holds in said if holds))


def unseen(part: Part, posts: Iterable[Post], site: str, now: datetime) -> tuple[Post, ...]:
    """Those of a feed's posts that were not given from a list before; they are then known to both."""
    before = feed_changes.read(part.seen or None, site)
    kept = []
    for post in posts:
        entry = FeedEntry(guid=post.external_id, title=post.title, text=post.text)
        item = Item(id=post.external_id, entry=entry, published_at=None, edited_at=None)
        key, mark = short_hash(item.id), feed_changes.fingerprint(item)
        known = before.seen.get(key)
        if known is None or known.mark != mark:
            kept.append(post)
            before.seen[key] = feed_changes.Seen(
                mark, known.versions + 1 if known else 1, int(now.timestamp())
            )
    part.seen = feed_changes.written(before)
    return tuple(kept)


def listed_id(shape: Shape, guid: str) -> str:
    """The id of an entry that the feed calls `guid`: by its number where that stands in it."""
    number = shape.number.search(guid)
    return f"{shape.prefix}{number[1]}" if number else re.sub(r"^http://", "https://", guid)


def _items(shape: Shape, entries: Iterable[Entry], now: datetime) -> Iterable[tuple[Item, Entry]]:
    for entry in entries:
        id_ = listed_id(shape, entry.guid) or f"{shape.prefix}{entry.id}"
        published = parse_date(entry.date, now=now)
        changed = parse_date(entry.modified, now=now)
        said = FeedEntry(guid=id_, title=entry.title, text=entry.text)
        edited = changed if changed and published and changed > published else None
        yield Item(id=id_, entry=said, published_at=published or changed, edited_at=edited), entry


def _post(shape: Shape, options: WordPressOptions, item: Item, entry: Entry, now: datetime) -> Post:
    return Post(
        platform=options.platform,
        external_id=item.id,
        fetched_at=now,
        url=entry.link,
        published_at=item.published_at,
        edited_at=item.edited_at,
        author_name=entry.author,
        title=entry.title,
        text=entry.text,
        context=entry.context,
        kind=shape.kind,
    )


def _missing(shape: Shape, part: Part, before: Seen, read: Read, rest: Rest) -> list[str]:
    """Ids of known comments that should stand among those read, do not, and are not public on their own.

    Each is asked for singly: while a list is read page by page, a comment that
    is deleted moves another one past the edge.
    """
    there = {entry.id for entry in read.entries}
    lowest = 1 if read.ended else min(there, default=part.high)
    numbers = range(part.high, max(lowest, part.high - _NUMBERS) - 1, -1)
    suspects = [n for n in numbers if n not in there and _is_known(before, f"{shape.prefix}{n}")]
    return [f"{shape.prefix}{n}" for n in suspects[:_ASKED_SINGLY] if rest.is_gone(shape.collection, n)]


def _is_known(before: Seen, id_: str) -> bool:
    known = before.seen.get(short_hash(id_))
    return known is not None and known.mark != _GONE


def _gone_post(options: WordPressOptions, id_: str, seen: Seen, now: datetime) -> Post:
    """The news that a comment is gone; if it is let through again, that is an edit."""
    known = seen.seen[short_hash(id_)]
    seen.seen[short_hash(id_)] = feed_changes.Seen(_GONE, known.versions, int(now.timestamp()))
    return Post(platform=options.platform, external_id=id_, fetched_at=now, deleted=True, kind=Kind.COMMENT)
