"""`wordpress`: comments and posts of a WordPress site: school sites, local news, parish pages, blogs.

Settings of a source with `kind = "wordpress"`:

    url       the site's address, such as https://school.example/ (or /blog/ below it)
    comments  true (default) to read the comments of the whole site
    posts     true (default) to read the posts themselves
    platform  what the site is: wordpress (default), school_site, news, parish, blog ...
    own_site  true for the school's own site: robots.txt is then not asked

Reads WordPress's own lists (`/wp-json/`, or `/?rest_route=` where links are
plain). New comments are found by their number at every fetch, back to the
highest one known; once an hour the newest 200 are read again, which finds
comments that were let through late, edited or deleted: a feed shows none of
these. Posts are read by their last change. Where the site refuses its lists
(many security plugins do), its feeds are read instead, "reduced coverage" is
said, and the lists are tried again after six hours. A comment carries the title
of its page and the words that it answers. The first fetch reads back 500
comments and 250 posts. Not covered: comments held for moderation or boxes of
Jetpack, Disqus and Facebook, which stand in neither; edits to comments older
than the newest 200; posts that are deleted; who wrote a post (`/users` is never
asked).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field, field_validator

from connectors import wordpress_memory
from connectors.base import Batch, FetchError, Notice, Options, Post, Reason
from connectors.feed import Feed, FeedOptions
from connectors.links import web_link
from connectors.stopping import Stopped
from connectors.wordpress_lists import COMMENT_LIST, POST_LIST, Shape, Taken, listed_id, take_list, unseen
from connectors.wordpress_memory import Memory, Part
from connectors.wordpress_rest import REFUSALS, Rest, base_of

if TYPE_CHECKING:
    from connectors.http import PoliteClient

LIMIT = 500  # posts of one fetch (connectors-feeds.md section 5)
REFUSED_FOR = timedelta(hours=6)  # as for any refusal (section 4)
_ANSWERS = re.compile(
    r"\AIn reply to [^\n]{1,300}\.\n+"
)  # stands in the feed before the words, not in the list


class WordPressOptions(Options):
    """Settings of one site; see the module for what they mean."""

    url: str
    comments: bool = True
    posts: bool = True
    platform: str = Field(default="wordpress", pattern=r"^[a-z][a-z0-9_]{0,31}$")
    own_site: bool = False

    @field_validator("url")
    @classmethod
    def _web_address(cls, url: str) -> str:
        if not web_link(url):
            raise ValueError("url must be a web address that starts with http:// or https://")
        return url.strip()


class WordPress:
    """The connector; it holds nothing between two fetches."""

    kind: ClassVar[str] = "wordpress"
    options: ClassVar[type[Options]] = WordPressOptions
    expected_every: ClassVar[timedelta] = timedelta(days=90)
    default_every: ClassVar[timedelta] = timedelta(minutes=15)
    access: ClassVar[str] = "public-unauthenticated"

    def fetch(
        self,
        options: WordPressOptions,
        cursor: Mapping[str, Any] | None,
        http: PoliteClient,
        *,
        limit: int,
        now: datetime,
    ) -> Batch:
        """What is new on the site; see `connectors.base.Connector`. One list that fails leaves the other alone."""
        memory = wordpress_memory.read(cursor, options.url)
        rest = Rest(http, options.url, route=memory.route, check_robots=not options.own_site)
        asked = ((COMMENT_LIST, memory.comments, options.comments), (POST_LIST, memory.posts, options.posts))
        room = min(max(limit, 0), LIMIT)
        taken: list[Taken] = []
        failures: list[FetchError] = []
        for shape, part in ((shape, part) for shape, part, wanted in asked if wanted):
            try:
                taken.append(_part(shape, options, part, rest, http, limit=room, now=now))
                room -= len(taken[-1].posts)
            except Stopped:
                raise
            except FetchError as e:
                failures.append(e)
        if failures and not taken:
            raise failures[0]
        memory.route = rest.route
        return _batch(memory, taken, failures)


def _batch(memory: Memory, taken: list[Taken], failures: list[FetchError]) -> Batch:
    posts = tuple(post for one in taken for post in one.posts)
    notices = [notice for one in taken for notice in one.notices]
    if failures:
        notices.append(Notice.REDUCED)
    return Batch(
        posts=posts,
        cursor=wordpress_memory.written(memory),
        unchanged=not posts,
        not_before=max((e.not_before for e in failures if e.not_before), default=None),
        notices=tuple(dict.fromkeys(notices)),
    )


def _part(
    shape: Shape,
    options: WordPressOptions,
    part: Part,
    rest: Rest,
    http: PoliteClient,
    *,
    limit: int,
    now: datetime,
) -> Taken:
    """One list, or its feed where the list is refused."""
    refused_for = part.refused_until - now.timestamp()
    if not 0 < refused_for <= REFUSED_FOR.total_seconds():  # longer than that, the clock has jumped
        try:
            taken = take_list(shape, options, part, rest, limit=limit, now=now)
        except FetchError as e:
            if e.reason not in REFUSALS:
                raise
            # HTML in place of a list may be a maintenance page: that is asked again at the next fetch.
            lasting = e.reason is not Reason.NOT_A_SOURCE
            part.refused_until = int((now + REFUSED_FOR).timestamp()) if lasting else 0
            rest.route = None  # the next time, both addresses are tried
        else:
            part.refused_until = 0
            return taken
    return _from_feed(shape, options, part, http, limit=limit, now=now)


def _from_feed(
    shape: Shape, options: WordPressOptions, part: Part, http: PoliteClient, *, limit: int, now: datetime
) -> Taken:
    pretty, plain = (base_of(options.url) + path for path in shape.feeds)
    told: dict[str, Any] = {
        "platform": options.platform,
        "post_kind": shape.kind,
        "own_site": options.own_site,
    }

    def read(address: str) -> Batch:
        return Feed().fetch(FeedOptions(url=address, **told), part.feed or None, http, limit=limit, now=now)

    try:
        batch = read(plain if part.plain_feed else pretty)
    except FetchError as e:
        if part.plain_feed or e.reason not in (Reason.NOT_FOUND, Reason.NOT_A_SOURCE):
            raise
        batch = read(plain)
        part.plain_feed = True
    part.feed = dict(batch.cursor or part.feed)
    posts = unseen(part, (_as_listed(shape, post) for post in batch.posts), options.url, now)
    return Taken(posts, (*batch.notices, Notice.REDUCED))


def _as_listed(shape: Shape, post: Post) -> Post:
    """A feed's post with the id and the words that it has in the list."""
    id_ = listed_id(shape, post.external_id)
    return replace(post, external_id=id_, text=_ANSWERS.sub("", post.text))
