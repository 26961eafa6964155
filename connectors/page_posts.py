"""From a page that is taken to posts: the lines or items that are new against what is remembered."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING

from connectors import feed_changes, page_lines, page_memory
from connectors.base import SHORT_LIMIT, Batch, Kind, Notice, Post
from connectors.dates import parse_date
from connectors.feed_profiles import Item, short_hash
from connectors.feed_shape import Entry
from connectors.page_answer import page_size
from connectors.page_lines import keyed
from connectors.page_memory import Memory
from connectors.page_tree import Page

if TYPE_CHECKING:
    from connectors.http import Response
    from connectors.page import PageOptions

_DAY_FIRST = re.compile(r"\b(\d{1,2})[/.](\d{1,2})[/.](\d{4})\b")


def take(
    options: PageOptions, memory: Memory, response: Response, page: Page, *, limit: int, now: datetime
) -> Batch:
    """The batch for a page that is taken: what is new against `memory`, which is brought up to date."""
    if options.item and not page.flat:
        posts, whole, notices = _new_items(options, memory, page, limit=limit, now=now)
    else:
        posts, whole = _new_lines(options, memory, page, limit=limit, now=now)
        notices = []
    memory.size = page_size(page)
    memory.validators, memory.body_hash = dict(response.validators), response.body_hash
    if not whole or page.flat:  # what is left must be read again, though the page stays as it is
        memory.forget_answer()
    return Batch(
        posts=tuple(posts),
        cursor=page_memory.written(memory),
        not_before=response.not_before,
        unchanged=not posts,
        notices=tuple(dict.fromkeys([*notices, *_notices(page)])),
    )


def _notices(page: Page) -> list[Notice]:
    said = (
        (Notice.DRAWN_BY_SCRIPT, page.drawn_by_script),
        (Notice.DAMAGED, page.flat),
        (Notice.SKIPPED, page.items_left_out > 0),
        (Notice.CUT, any(item.cut for item in page.items)),
    )
    return [notice for notice, holds in said if holds]


def _new_lines(
    options: PageOptions, memory: Memory, page: Page, *, limit: int, now: datetime
) -> tuple[list[Post], bool]:
    """The added lines, as one post unless they are too long for one; and whether that was all."""
    lines = page_lines.keyed(page.text)
    groups = list(page_lines.grouped(page_lines.added(lines, memory.lines)))
    given = groups[:limit]
    memory.lines = page_lines.remembered(lines, memory.lines, [key for group in given for key in group])
    posts = [
        Post(
            platform=options.platform,
            external_id=page_lines.group_id(group),
            fetched_at=now,
            url=options.url,
            title=page.title,
            text="\n".join(group.values()),
            kind=_kind(options),
        )
        for group in given
    ]
    return posts, len(given) == len(groups)


def _new_items(
    options: PageOptions, memory: Memory, page: Page, *, limit: int, now: datetime
) -> tuple[list[Post], bool, list[Notice]]:
    """New and changed items, newest first; whether that was all; and what must be said."""
    before = feed_changes.read(memory.items or None, options.url)
    choice = feed_changes.choose(before, _identified(page, now), limit=limit, now=now)
    memory.items = feed_changes.written(choice.memory)
    posts = [
        Post(
            platform=options.platform,
            external_id=item.id,
            fetched_at=now,
            url=item.entry.link or options.url,
            published_at=item.published_at,
            author_name=item.entry.author,
            text=item.entry.text,
            context=page.title,
            kind=_kind(options),
        )
        for item in choice.given
    ]
    return posts, choice.complete, choice.notices


def _identified(page: Page, now: datetime) -> list[Item]:
    """The page's items with their ids, each once: the page's own id, unless several items share it."""
    own = Counter(found.id for found in page.items)
    items: dict[str, Item] = {}
    for found in page.items:
        published = parse_date(_DAY_FIRST.sub(_iso, found.date), now=now)
        # By lines, not by text: "3 minutes ago" in it, or as its date, would make another id of each fetch.
        said = short_hash("\0".join((found.author, str(published), *keyed(found.text))))
        id_ = f"item:{said}" if not found.id else found.id if own[found.id] == 1 else f"{found.id} {said}"
        id_ = id_[-SHORT_LIMIT:]
        entry = Entry(guid=id_, link=found.link, text=found.text, author=found.author, cut=found.cut)
        items.setdefault(id_, Item(id=id_, entry=entry, published_at=published, edited_at=None))
    return list(items.values())


def _iso(found: re.Match[str]) -> str:
    return f"{found[3]}-{int(found[2]):02}-{int(found[1]):02}"


def _kind(options: PageOptions) -> Kind:
    if options.post_kind:
        return Kind(options.post_kind)
    return Kind.COMMENT if options.item else Kind.ARTICLE
