"""`mediawiki`: what is changed on chosen pages of Wikipedia or any other MediaWiki.

Settings of a source with `kind = "mediawiki"`:

    base_url  the wiki's address, for example https://en.wikipedia.org, or that of its api.php
    titles    the pages to watch, up to 25; the talk page of each is watched with it
    platform  what the wiki is called in alerts: wiki (default), wikipedia ...
    language  the wiki's language, for example en; left out, it is not said
    own_site  true for the school's own wiki: robots.txt is then not asked

Each revision is one post: the words that it added and, as its title, the edit
comment; the page's title is the context. All revisions between two polls are
given, those already reverted too, and the context says so, and what the wiki's
moderators have hidden. At the first poll only the newest revision of each page
is given: what stood there before is not screened. Pages are followed when they
are moved. Not covered: pages that are not named, files, and revisions hidden
after they were given (our copy stays as it was).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, ClassVar
from urllib.parse import urlsplit

from pydantic import Field, StringConstraints, field_validator

from connectors import mediawiki_memory
from connectors.base import SHORT_LIMIT, TEXT_LIMIT, Batch, Kind, Notice, Options, Post
from connectors.dates import parse_date
from connectors.links import web_link
from connectors.mediawiki_api import Api, find_api
from connectors.mediawiki_history import History, Moved, Overview, history, overview, talk_pages
from connectors.mediawiki_memory import Mark, Memory
from connectors.mediawiki_pages import Revision, reverted
from connectors.mediawiki_text import added, plain
from connectors.plain import from_text, one_line

if TYPE_CHECKING:
    from connectors.http import PoliteClient

Title = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[^|#<>\[\]{}\n]{1,255}$")]


class MediaWikiOptions(Options):
    """Settings of one wiki; see the module for what they mean."""

    base_url: str
    titles: tuple[Title, ...] = Field(min_length=1, max_length=25)
    platform: str = Field(default="wiki", pattern=r"^[a-z][a-z0-9_]{0,31}$")
    language: str = Field(default="", pattern=r"^[A-Za-z0-9-]{0,35}$")
    own_site: bool = False

    @field_validator("base_url")
    @classmethod
    def _web_address(cls, url: str) -> str:
        if not web_link(url):
            raise ValueError("base_url must be a web address that starts with http:// or https://")
        return url.strip()


class MediaWiki:
    """The connector; it holds nothing between two fetches."""

    kind: ClassVar[str] = "mediawiki"
    options: ClassVar[type[Options]] = MediaWikiOptions
    expected_every: ClassVar[timedelta] = timedelta(days=365)
    default_every: ClassVar[timedelta] = timedelta(minutes=15)
    access: ClassVar[str] = "public-unauthenticated"

    def fetch(
        self,
        options: MediaWikiOptions,
        cursor: Mapping[str, Any] | None,
        http: PoliteClient,
        *,
        limit: int,
        now: datetime,
    ) -> Batch:
        """The revisions made since `cursor`; see `connectors.base.Connector`."""
        memory = mediawiki_memory.read(cursor, options.base_url, options.titles)
        known = bool(memory.api)
        memory.api = memory.api or find_api(options.base_url, http, own_site=options.own_site)
        api = Api(memory.api, http, now, own_site=options.own_site, known=known)
        unnamed = [title for title in options.titles if title not in memory.talk]
        if unnamed:
            memory.talk |= talk_pages(api, unnamed)
        watched = list(dict.fromkeys([*options.titles, *memory.talk.values()]))
        look = overview(api, watched, memory)
        posts, notices = _read(api, look, memory, options, max(limit, 0))
        return Batch(
            posts=tuple(posts),
            cursor=mediawiki_memory.written(memory),
            unchanged=not posts,
            notices=tuple(dict.fromkeys([*api.notices, *notices])),
        )


def _read(
    api: Api, look: Overview, memory: Memory, options: MediaWikiOptions, limit: int
) -> tuple[list[Post], list[Notice]]:
    """The posts of all pages that moved, up to `limit`; `memory` learns what was given, and no more."""
    posts: list[Post] = []
    notices: list[Notice] = []
    for title in look.absent:
        memory.learn(title, 0, None)
    whole = True
    for moved in look.moved:
        if len(posts) >= limit:
            whole = False
            break
        found = history(api, moved)
        room = limit - len(posts)
        given = list(found.revisions)[:room]
        new = _posts(api, moved, found, options)[:room]
        if any(len(post.text) >= TEXT_LIMIT for post in new):
            notices.append(Notice.CUT)
        posts += new
        last = given[-1] if given else moved.newest
        memory.learn(moved.title, moved.page.pageid, Mark(last.revid, last.timestamp))
    if whole:
        memory.checked = look.at
    return posts, notices


def _posts(api: Api, moved: Moved, found: History, options: MediaWikiOptions) -> list[Post]:
    """Each revision with the words that it added to what stood there before."""
    undone = reverted([*([found.base] if found.base else []), *found.revisions])
    known = before = plain(found.base.content or "") if found.base else ""
    posts = []
    for revision in found.revisions:
        words = ""
        if revision.content is not None:
            after = plain(revision.content)
            words, before = added(before, after, known=known), after
        posts.append(_post(api, moved, revision, words, revision.revid in undone, options))
    return posts


def _post(
    api: Api, moved: Moved, revision: Revision, words: str, undone: bool, options: MediaWikiOptions
) -> Post:
    remarks = [
        *(f"{part} hidden by the wiki" for part in revision.hidden),
        *(["already reverted"] if undone else []),
    ]
    about = one_line(from_text(moved.page.title))
    author = one_line(from_text(revision.user))[:SHORT_LIMIT]
    parts = urlsplit(api.url)
    return Post(
        platform=options.platform,
        external_id=f"{parts.netloc}{parts.path.removesuffix('/api.php')}:{revision.revid}"[:SHORT_LIMIT],
        fetched_at=api.now,
        url=f"{api.url.removesuffix('api.php')}index.php?diff=prev&oldid={revision.revid}",
        published_at=parse_date(revision.timestamp, now=api.now),
        author_name=author,
        author_handle=author,
        title=one_line(plain(revision.comment))[:SHORT_LIMIT],
        text=words[:TEXT_LIMIT],
        context=f"{about} ({'; '.join(remarks)})" if remarks else about,
        kind=Kind.REVISION,
        language=options.language,
    )
