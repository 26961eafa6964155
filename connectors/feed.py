"""`feed`: RSS 0.9x to 2.0, RDF, Atom and JSON Feed, of any site that offers one.

Reads news sites, blogs, forums, school sites, comment feeds, and the searches
that Google Alerts, Google News and Bing News give out as feeds.

Settings of a source with `kind = "feed"`:

    url       the feed's address
    platform  what the site is: news (default), blog, forum, school_site, parish, search ...
    post_kind article, comment or post; left out, it is told from the feed
    profile   generic, google_alerts, google_news, bing_news, bbc or phpbb;
              left out, it is told from the address
    own_site  true for the school's own site: robots.txt is then not asked

An entry is given again when its words change, with the same id, because abuse
is edited in later; an entry that changes at every fetch is given 24 times and
then once a day. When every entry of a feed is new, some may have come and gone
between two polls: the batch says so (poll more often). Not covered: comments
that a site loads by script; the feed's own limits (WordPress offers the 10
newest entries); WordPress comments approved late or edited, which its feed does
not show. Google News gives headlines only, so its batches are marked "reduced
coverage". A search feed carries its words to the search service: leave staff
names out of them where the school's name will do.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Literal
from urllib.parse import urlsplit
from xml.parsers.expat import EXPAT_VERSION

from pydantic import Field, field_validator

from connectors import feed_changes, isolated
from connectors.base import Batch, FetchError, Kind, Notice, Options, Post, Reason
from connectors.feed_changes import Memory
from connectors.feed_profiles import Item, Profile, items, profile_of
from connectors.feed_shape import Document
from connectors.links import web_link

if TYPE_CHECKING:
    from connectors.http import PoliteClient, Response

LIMIT = 500  # posts of one fetch (connectors-feeds.md section 5)
SLEEP_LIMIT = timedelta(hours=6)  # caching hints and ttl may not put this service to sleep (14, 29)
SAFE_EXPAT = (2, 4, 0)  # first version said to stop entity bombs by itself (section 5)
_FORUMS = ("forum", "discourse", "phpbb", "xenforo")


class FeedOptions(Options):
    """Settings of one feed; see the module for what they mean."""

    url: str
    platform: str = Field(default="news", pattern=r"^[a-z][a-z0-9_]{0,31}$")
    post_kind: Literal["article", "comment", "post"] | None = None
    profile: Profile | None = None
    own_site: bool = False

    @field_validator("url")
    @classmethod
    def _web_address(cls, url: str) -> str:
        if not web_link(url):
            raise ValueError("url must be a web address that starts with http:// or https://")
        return url.strip()


class Feed:
    """The connector; it holds nothing between two fetches."""

    kind: ClassVar[str] = "feed"
    options: ClassVar[type[Options]] = FeedOptions
    expected_every: ClassVar[timedelta] = timedelta(days=30)
    default_every: ClassVar[timedelta] = timedelta(minutes=30)
    access: ClassVar[str] = "public-unauthenticated"

    def fetch(
        self,
        options: FeedOptions,
        cursor: Mapping[str, Any] | None,
        http: PoliteClient,
        *,
        limit: int,
        now: datetime,
    ) -> Batch:
        """What is new or changed in the feed; see `connectors.base.Connector`."""
        memory = feed_changes.read(cursor, options.url)
        # The client leaves validators out after six hours, and when the redirect leads elsewhere (14, 7).
        response = http.get(
            options.url, validators=memory.validators or None, check_robots=not options.own_site
        )
        if response.not_modified:
            memory.validators = dict(response.validators)  # a 304 can carry newer ones (section 4)
            return _unchanged(memory, response, now)
        _refuse_no_feed(response)
        if response.body_hash == memory.body_hash:
            # Kept back from a damaged body, they stay so: this is the same one.
            memory.validators = dict(response.validators) if memory.validators else {}
            return _unchanged(memory, response, now)
        return _batch(
            options, memory, response, _document(response, known=bool(memory.seen)), limit=limit, now=now
        )


def stale_parser(version: str = EXPAT_VERSION) -> bool:
    """Whether this machine's XML library is older than the limit on entity bombs."""
    return tuple(int(n) for n in version.removeprefix("expat_").split(".")) < SAFE_EXPAT


def _refuse_no_feed(response: Response) -> None:
    host = urlsplit(response.url).hostname or ""
    if "cf-mitigated" in response.headers:
        raise FetchError(Reason.FORBIDDEN, f"{host} shows a challenge page in place of the feed", retry=True)
    if not response.body.strip():
        raise FetchError(Reason.UNREADABLE, f"{host} sent an empty answer", retry=True)


def _document(response: Response, *, known: bool) -> Document:
    host = urlsplit(response.url).hostname or ""
    try:
        document = isolated.run(
            "connectors.feed_parse:parse",
            response.body,
            Document,
            url=response.url,
            content_type=response.headers.get("content-type", ""),
        )
    except isolated.Failed as e:
        raise FetchError(Reason.UNREADABLE, f"{host}: {e}", retry=True) from e
    if not document.format:
        # A feed that was one before shows a login or maintenance page for now; else the address is wrong.
        raise FetchError(Reason.NOT_A_SOURCE, f"{host} sent something that is no feed", retry=known)
    return document


def _unchanged(memory: Memory, response: Response, now: datetime) -> Batch:
    return Batch(
        cursor=feed_changes.written(memory), unchanged=True, not_before=_not_before(response, 0, now)
    )


def _batch(
    options: FeedOptions, memory: Memory, response: Response, document: Document, *, limit: int, now: datetime
) -> Batch:
    profile = options.profile or profile_of(options.url)
    found, doubled = items(document, profile, doubled=frozenset(memory.doubled), now=now)
    memory.doubled = feed_changes.remember_doubled(memory, doubled)
    choice = feed_changes.choose(memory, found, limit=min(limit, LIMIT), now=now)
    whole = choice.complete and bool(found)
    after = choice.memory
    after.body_hash = response.body_hash if whole else ""
    # A damaged body may have been cut short: a 304 would then hide the rest for good (14, 8).
    after.validators = dict(response.validators) if whole and not document.damaged else {}
    return Batch(
        posts=tuple(_post(item, options, document, now) for item in choice.given),
        cursor=feed_changes.written(after),
        not_before=_not_before(response, document.ttl_minutes, now),
        unchanged=not choice.given,
        notices=tuple(dict.fromkeys([*choice.notices, *_notices(document, profile, found, choice.given)])),
    )


def _notices(document: Document, profile: Profile, found: list[Item], given: list[Item]) -> list[Notice]:
    said = (
        (Notice.DAMAGED, document.damaged),
        (Notice.SKIPPED, document.skipped > 0),
        (Notice.CUT, any(item.entry.cut for item in given)),
        (Notice.REDUCED, profile is Profile.GOOGLE_NEWS or any(i.comment_on is not None for i in found)),
        (Notice.STALE_PARSER, stale_parser()),
    )
    return [notice for notice, holds in said if holds]


def _post(item: Item, options: FeedOptions, document: Document, now: datetime) -> Post:
    kind = Kind(options.post_kind) if options.post_kind else _kind(item, options.platform)
    context = item.comment_on or (document.title if kind is Kind.COMMENT else "")
    return Post(
        platform=options.platform,
        external_id=item.id,
        fetched_at=now,
        url=item.entry.link,
        published_at=item.published_at,
        edited_at=item.edited_at,
        author_name=item.entry.author,
        title=item.entry.title,
        text=item.entry.text,
        context=context,
        kind=kind,
        language=item.entry.language or document.language,
    )


def _kind(item: Item, platform: str) -> Kind:
    if item.comment_on is not None:
        return Kind.COMMENT
    return Kind.POST if platform in _FORUMS else Kind.ARTICLE


def _not_before(response: Response, ttl_minutes: int, now: datetime) -> datetime | None:
    wishes = [w for w in (response.not_before, now + timedelta(minutes=ttl_minutes)) if w and w > now]
    return min(max(wishes), now + SLEEP_LIMIT) if wishes else None
