"""What `mentionwatch try-page` shows: what would be taken of a page, and what was ignored and why.

Nothing is kept; one request is made (and one for robots.txt).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from connectors import page_memory
from connectors.base import Notice, Post
from connectors.page import LIMIT, PageOptions
from connectors.page_answer import odd_things, read_page
from connectors.page_lines import line_key
from connectors.page_posts import take
from connectors.page_tree import Ignored

if TYPE_CHECKING:
    from connectors.http import PoliteClient


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """One look at a page. `oddities` are the reasons, in words, for which it would first be held."""

    url: str
    """The final address, after redirects."""
    title: str
    taken: tuple[Post, ...]
    ignored: tuple[Ignored, ...]
    oddities: tuple[str, ...]
    notices: tuple[Notice, ...]


def preview(url: str, options: Mapping[str, Any], http: PoliteClient, now: datetime) -> Preview:
    """Look at a page once, as its first fetch would. `options` are settings as a person writes them, without `url`.

    Raises:
        pydantic.ValidationError: a setting is wrong.
        FetchError: the page cannot be had.
    """
    asked = PageOptions(**{**options, "url": url})
    response = http.get(asked.url, check_robots=not asked.own_site)
    page = read_page(response, asked.selectors)
    batch = take(asked, page_memory.read(None, url=url, settings=""), response, page, limit=LIMIT, now=now)
    noise = (line for line in page.text.split("\n") if line.strip() and not line_key(line))
    layout = () if page.matched else (Notice.LAYOUT,)
    return Preview(
        url=response.url,
        title=page.title,
        taken=batch.posts,
        ignored=(*page.ignored, *(Ignored("counter, time or date", line) for line in noise)),
        oddities=tuple(oddity.words for oddity in odd_things(response, page, 0)),
        notices=(*layout, *batch.notices),
    )
