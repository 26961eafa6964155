"""`page`: one public or official web page: a news page, a guest book, the comments under an article.

Settings of a source with `kind = "page"`:

    url       the page's address
    item      CSS selector of one item, such as ".comment": each item is then a post;
              left out, the lines that were added since the last time are one post
    author    CSS selector, inside an item, of who wrote it
    date      CSS selector, inside an item, of when (30/01/2026 is read as day, month, year)
    text      CSS selector, inside an item, of the words; left out, all of the item
    include   CSS selector of the parts to read; left out, the whole page
    exclude   CSS selector of the parts to leave out, such as "nav, .sidebar"
    platform  what the site is: website (default), school_site, news, forum ...
    post_kind article, comment or post; left out: comment with `item`, else article
    own_site  true for the school's own site: robots.txt is then not asked

`mentionwatch try-page URL --set item=.comment` shows what would be taken.

The first fetch gives the page's whole text, later ones only what is new. Left
out are script, styles, hidden parts and cookie banners; counters, times, dates
and tokens are no change. An item keeps its id when it is edited if the page
gives it one (an element id or a permalink), and is then given again; else the
edited item is a new post. An answer that looks like an error, login or
half-drawn page is held, asked for again after ten minutes and only then taken;
when the selectors find nothing any more, the batch says "layout has changed".
Not covered: what a page draws by script (the batch says so), a second page of
a list, and what stands behind a login. Words removed from a page and put back
unchanged are no news.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field, field_validator

from connectors import page_memory
from connectors.base import Batch, Notice, Options
from connectors.links import web_link
from connectors.page_answer import odd_things, read_page
from connectors.page_hold import decide
from connectors.page_posts import take
from connectors.page_tree import Selectors, selector_fault

if TYPE_CHECKING:
    from connectors.http import PoliteClient

LIMIT = 500  # posts of one fetch (connectors-feeds.md section 5)


class PageOptions(Options):
    """Settings of one page; see the module for what they mean."""

    url: str
    item: str = ""
    author: str = ""
    date: str = ""
    text: str = ""
    include: str = ""
    exclude: str = ""
    platform: str = Field(default="website", pattern=r"^[a-z][a-z0-9_]{0,31}$")
    post_kind: Literal["article", "comment", "post"] | None = None
    own_site: bool = False

    @field_validator("url")
    @classmethod
    def _web_address(cls, url: str) -> str:
        if not web_link(url):
            raise ValueError("url must be a web address that starts with http:// or https://")
        return url.strip()

    @field_validator("item", "author", "date", "text", "include", "exclude")
    @classmethod
    def _selector(cls, selector: str) -> str:
        fault = selector_fault(selector) if selector.strip() else ""
        if fault:
            raise ValueError(fault)
        return selector.strip()

    @property
    def selectors(self) -> Selectors:
        """All selectors as one value."""
        return Selectors(**{name: getattr(self, name) for name in Selectors.__struct_fields__})


class WebPage:
    """The connector; it holds nothing between two fetches."""

    kind: ClassVar[str] = "page"
    options: ClassVar[type[Options]] = PageOptions
    expected_every: ClassVar[timedelta] = timedelta(days=90)
    default_every: ClassVar[timedelta] = timedelta(minutes=30)
    access: ClassVar[str] = "public-unauthenticated"

    def fetch(
        self,
        options: PageOptions,
        cursor: Mapping[str, Any] | None,
        http: PoliteClient,
        *,
        limit: int,
        now: datetime,
    ) -> Batch:
        """What is new on the page; see `connectors.base.Connector`."""
        memory = page_memory.read(cursor, url=options.url, settings=repr(options.selectors))
        response = http.get(
            options.url, validators=memory.validators or None, check_robots=not options.own_site
        )
        if response.not_modified or response.body_hash == memory.body_hash:
            memory.validators = dict(response.validators)
            kept = page_memory.written(memory)
            return Batch(cursor=kept, unchanged=True, not_before=response.not_before)
        page = read_page(response, options.selectors)
        odd = odd_things(response, page, memory.size)
        verdict = decide(odd, accepted=memory.accepted, held_since=memory.held_since, now=now)
        memory.held_since = verdict.held_since
        if verdict.take:
            memory.accepted = [oddity.mark for oddity in odd]
            return take(options, memory, response, page, limit=min(max(limit, 0), LIMIT), now=now)
        memory.forget_answer()
        notice = Notice.HELD if verdict.ask_again_at else Notice.LAYOUT
        return Batch(
            cursor=page_memory.written(memory),
            unchanged=True,
            not_before=verdict.ask_again_at or response.not_before,
            notices=(notice, Notice.DRAWN_BY_SCRIPT) if page.drawn_by_script else (notice,),
        )
