"""From an HTTP answer to a page: what may be read as one, and what is suspicious about it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec

from connectors import isolated
from connectors.base import FetchError, Reason
from connectors.page_hold import Oddity, oddities
from connectors.page_tree import Page, Selectors

if TYPE_CHECKING:
    from connectors.http import Response

_READABLE = re.compile(r"text/|.*html|.*xml|$", re.IGNORECASE)


def read_page(response: Response, selectors: Selectors) -> Page:
    """The page in an answer; without selectors when a tree cannot be made of it in time.

    Raises:
        FetchError: a challenge page, or something that is no text.
    """
    host = urlsplit(response.url).hostname or ""
    if "cf-mitigated" in response.headers:
        raise FetchError(Reason.FORBIDDEN, f"{host} shows a challenge page in place of the page", retry=True)
    content_type = response.headers.get("content-type", "")
    if not _READABLE.match(content_type.strip()):
        raise FetchError(Reason.NOT_A_SOURCE, f"{host} sent something that is no web page", retry=True)
    told = {"url": response.url, "selectors": msgspec.to_builtins(selectors)}
    try:
        return isolated.run(
            "connectors.page_tree:read", response.body, Page, content_type=content_type, **told
        )
    except isolated.Failed:
        pass  # nested too deep for a tree, by accident or to hide something: read it plainly
    try:
        return isolated.run("connectors.page_tree:read_flat", response.body, Page, content_type=content_type)
    except isolated.Failed as e:
        raise FetchError(Reason.UNREADABLE, f"{host}: {e}", retry=True) from e


def odd_things(response: Response, page: Page, size_before: int) -> tuple[Oddity, ...]:
    """What is suspicious about this answer; `size_before` is the text's length when it was last taken."""
    return oddities(
        status=response.status,
        title=page.title,
        matched=page.matched,
        size=page_size(page),
        size_before=size_before,
    )


def page_size(page: Page) -> int:
    """Characters of text on the page, or in its items."""
    return len(page.text) + sum(len(item.text) for item in page.items)
