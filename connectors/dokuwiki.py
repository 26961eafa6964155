"""`dokuwiki`: what is changed on the pages of a DokuWiki.

Settings of a source with `kind = "dokuwiki"`:

    base_url    the wiki's address, the folder in which its doku.php lies
    pages       ids of pages to watch, for example school:staff; left out with `namespaces`: all pages
    namespaces  namespaces to watch, for example school: every page below it
    revisions   true to read a page's list of old revisions as well; own_site does so too
    platform    what the wiki is called in alerts: wiki (default), parish ...
    language    the wiki's language, for example en; left out, it is not said
    own_site    true for the school's own wiki: robots.txt is then not asked

Each change is one post: the words that it added and, as its title, the
summary that its author gave. The wiki's feed shows only the newest change of a page,
of the last seven days, and is up to five minutes old: such batches are marked
"reduced coverage". With `revisions`, the changes in between are read from the
wiki's own pages, where robots.txt allows it, and those already taken back are
said to be. The cookie that the wiki sets is not kept. Not covered: files.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, ClassVar
from urllib.parse import urlencode, urlsplit

import msgspec
from pydantic import Field, StringConstraints, field_validator

from connectors import isolated
from connectors.base import Batch, FetchError, Kind, Notice, Options, Post, Reason
from connectors.dates import plausible
from connectors.dokuwiki_between import Between, between
from connectors.dokuwiki_parse import Change, Changes
from connectors.feed_profiles import short_hash
from connectors.links import web_link

if TYPE_CHECKING:
    from connectors.http import PoliteClient, Response

VERSION = 1
ITEMS = 100  # changes asked for; the wiki's own default is 20
_REMEMBERED = 1000  # pages; the feed reaches back seven days only
PageId = Annotated[
    str, StringConstraints(strip_whitespace=True, to_lower=True, pattern=r"^[^\s/?#&]{1,255}$")
]


class DokuWikiOptions(Options):
    """Settings of one wiki; see the module for what they mean."""

    base_url: str
    pages: tuple[PageId, ...] = ()
    namespaces: tuple[PageId, ...] = ()
    revisions: bool = False
    platform: str = Field(default="wiki", pattern=r"^[a-z][a-z0-9_]{0,31}$")
    language: str = Field(default="", pattern=r"^[A-Za-z0-9-]{0,35}$")
    own_site: bool = False

    @field_validator("base_url")
    @classmethod
    def _folder(cls, url: str) -> str:
        if not web_link(url) or "?" in url or "#" in url:
            raise ValueError("base_url must be the web address of the folder in which doku.php lies")
        return url.strip().removesuffix("doku.php").removesuffix("feed.php").rstrip("/") + "/"


class _Memory(msgspec.Struct, omit_defaults=True):
    """The cursor: hash of page -> newest revision given; `newest` is the wiki's time of the last whole poll."""

    v: int
    wiki: str
    validators: dict[str, str] = {}
    newest: int = 0
    count: int = 0
    seen: dict[str, int] = {}


@dataclass(slots=True)
class _Poll:
    """One fetch under way."""

    options: DokuWikiOptions
    memory: _Memory
    http: PoliteClient
    now: datetime

    def since(self, change: Change) -> int:
        """Up to when this page's changes are known; 0: nothing is known yet."""
        return self.memory.seen.get(short_hash(change.page), self.memory.newest)

    def learn(self, change: Change) -> None:
        key = short_hash(change.page)
        others = {k: rev for k, rev in self.memory.seen.items() if k != key}
        kept = list(others)[-_REMEMBERED + 1 :]
        self.memory.seen = {k: others[k] for k in kept} | {key: change.rev}


class DokuWiki:
    """The connector; it holds nothing between two fetches."""

    kind: ClassVar[str] = "dokuwiki"
    options: ClassVar[type[Options]] = DokuWikiOptions
    expected_every: ClassVar[timedelta] = timedelta(days=365)
    default_every: ClassVar[timedelta] = timedelta(minutes=15)
    access: ClassVar[str] = "public-unauthenticated"

    def fetch(
        self,
        options: DokuWikiOptions,
        cursor: Mapping[str, Any] | None,
        http: PoliteClient,
        *,
        limit: int,
        now: datetime,
    ) -> Batch:
        """The changes made since `cursor`; see `connectors.base.Connector`."""
        memory = _read(cursor, options.base_url)
        address = _feed_address(options)
        response = http.get(address, validators=memory.validators or None, check_robots=not options.own_site)
        if response.not_modified:
            memory.validators = dict(response.validators)
            return Batch(cursor=msgspec.to_builtins(memory), unchanged=True)
        feed = _feed(response, options.base_url, known=memory.count > 0)
        return _batch(_Poll(options, memory, http, now), feed, response, max(limit, 0))


def _feed_address(options: DokuWikiOptions) -> str:
    """Minor edits too, as whoever edits decides what is minor; one namespace alone is left to the wiki to filter."""
    asked = {"type": "atom1", "mode": "recent", "content": "diff", "linkto": "diff", "view": "pages"}
    asked |= {"minor": "1", "num": str(ITEMS)}
    if len(options.namespaces) == 1 and not options.pages:
        asked["ns"] = options.namespaces[0]
    return f"{options.base_url}feed.php?{urlencode(asked)}"


def _read(cursor: Mapping[str, Any] | None, base_url: str) -> _Memory:
    fresh = _Memory(v=VERSION, wiki=short_hash(base_url))
    try:
        memory = msgspec.convert(dict(cursor or {}), type=_Memory)
    except msgspec.ValidationError:
        return fresh
    return memory if (memory.v, memory.wiki) == (fresh.v, fresh.wiki) else fresh


def _feed(response: Response, base: str, *, known: bool) -> Changes:
    host = urlsplit(response.url).hostname or ""
    try:
        found = isolated.run(
            "connectors.dokuwiki_parse:parse",
            response.body,
            Changes,
            base=base,
            content_type=response.headers.get("content-type", ""),
        )
    except isolated.Failed as e:
        raise FetchError(Reason.UNREADABLE, f"{host}: {e}", retry=True) from e
    if not found.proper:
        raise FetchError(Reason.NOT_A_SOURCE, f"{host} sent something that is no feed", retry=known)
    return found


def _batch(poll: _Poll, feed: Changes, response: Response, limit: int) -> Batch:
    memory, options = poll.memory, poll.options
    watched = [change for change in feed.changes if _is_watched(change.page, options)]
    moved = sorted((c for c in watched if c.rev != memory.seen.get(short_hash(c.page))), key=lambda c: c.rev)
    before = memory.newest
    posts: list[Post] = []
    notices = _notices(feed, memory, options)
    for change in moved:
        steps = _steps(poll, change)
        notices += steps.notices
        for step in steps.changes[: limit - len(posts)]:
            posts.append(_post(step, options, poll.now, undone=step.rev in steps.undone))
            poll.learn(step)
        if len(posts) >= limit:
            break
    whole = all(memory.seen.get(short_hash(c.page)) == c.rev for c in moved)
    memory.count = len(feed.changes) or memory.count
    memory.newest = max([before, *(c.rev for c in feed.changes)]) if whole else before
    memory.validators = dict(response.validators) if whole and feed.changes and not feed.damaged else {}
    return Batch(
        posts=tuple(posts),
        cursor=msgspec.to_builtins(memory),
        unchanged=not posts,
        notices=tuple(dict.fromkeys(notices)),
    )


def _is_watched(page: str, options: DokuWikiOptions) -> bool:
    if not options.pages and not options.namespaces:
        return True
    below = (f"{namespace.strip(':')}:" for namespace in options.namespaces)
    return page in options.pages or page.startswith(tuple(below))


def _steps(poll: _Poll, change: Change) -> Between:
    """The change itself, after those that the feed does not show, if they may be read."""
    options, since = poll.options, poll.since(change)
    if since and (options.revisions or options.own_site):
        return between(change, since, options.base_url, poll.http, own_site=options.own_site)
    return Between(changes=[change])


def _notices(feed: Changes, memory: _Memory, options: DokuWikiOptions) -> list[Notice]:
    full = len(feed.changes) >= ITEMS and bool(memory.newest)
    said: Iterable[tuple[Notice, bool]] = (
        (Notice.DAMAGED, feed.damaged),
        (Notice.SKIPPED, feed.skipped > 0),
        (Notice.CUT, any(change.cut for change in feed.changes)),
        (Notice.EMPTY, not feed.changes and memory.count > 0),
        (Notice.GAP, full and all(change.rev > memory.newest for change in feed.changes)),
        (Notice.REDUCED, not (options.revisions or options.own_site)),
    )
    return [notice for notice, holds in said if holds]


def _post(change: Change, options: DokuWikiOptions, now: datetime, *, undone: bool) -> Post:
    made_at = datetime.fromtimestamp(min(change.rev, 10**11), UTC)
    base = urlsplit(options.base_url)
    asked = urlencode({"id": change.page, "rev": change.rev, "do": "diff"})
    return Post(
        platform=options.platform,
        external_id=f"{base.netloc}{base.path}{short_hash(change.page)}:{change.rev}",
        fetched_at=now,
        url=change.link or web_link(f"{options.base_url}doku.php?{asked}"),
        published_at=made_at if plausible(made_at, now=now) else None,
        author_name=change.author,
        author_handle=change.author,
        title=change.summary,
        text=change.words,
        context=f"{change.page} (already reverted)" if undone else change.page,
        kind=Kind.REVISION,
        language=options.language,
    )
