"""Asking a WordPress for its lists: the two addresses they can have, and reading back page by page.

`/wp-json/` needs pretty links; `/?rest_route=` works without them. The second
is tried only where the first is not there: a refusal is a refusal, and no way
round it is looked for (connectors-feeds.md section 1, 6). `/users` is never
asked, and nothing is asked beyond the last page.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit, urlunsplit

import msgspec

from connectors import isolated
from connectors.base import FetchError, Reason
from connectors.wordpress_read import Entry, Listing

if TYPE_CHECKING:
    from connectors.http import PoliteClient


class Route(StrEnum):
    """Where a site's lists are."""

    PRETTY = "/wp-json"
    PLAIN = "/?rest_route="


@dataclass(frozen=True, slots=True)
class Collection:
    """One kind of list, with what is asked of it."""

    path: str
    query: tuple[tuple[str, str], ...]
    page_size: int


COMMENTS = Collection(
    "/wp/v2/comments",
    (
        ("orderby", "id"),
        ("_embed", "up,in-reply-to"),
        ("_fields", "id,author_name,date_gmt,link,content,_links,_embedded"),
    ),
    100,
)
POSTS = Collection(
    "/wp/v2/posts",
    (("orderby", "modified"), ("_fields", "id,guid,date_gmt,modified_gmt,link,title,content,excerpt")),
    50,  # whole articles: 100 of them can be beyond the size that is read
)
REFUSALS = frozenset(
    {Reason.AUTH, Reason.FORBIDDEN, Reason.NOT_FOUND, Reason.GONE, Reason.ROBOTS, Reason.NOT_A_SOURCE}
)
"""What means "read the feed instead"; all else means "try again later"."""
_NOT_THERE = frozenset({Reason.NOT_FOUND, Reason.GONE, Reason.NOT_A_SOURCE})


class Read(msgspec.Struct, frozen=True, kw_only=True):
    """What was read back: entries newest first, each id once."""

    entries: list[Entry]
    pages: int
    ended: bool
    """The list's last page was read."""
    reached: bool
    """The last page was read, or the place asked for."""
    skipped: int


class Rest:
    """The lists of one site during one fetch; `route` is None until it is found."""

    def __init__(self, http: PoliteClient, site: str, *, route: Route | None, check_robots: bool) -> None:
        self._http = http
        self._site = base_of(site)
        self._check_robots = check_robots
        self.route = route

    def read_back(
        self, collection: Collection, *, to: Callable[[Entry], bool], least: int, most: int
    ) -> Read:
        """Pages from the newest on, until one holds an entry that `to` accepts; `least` to `most` pages.

        Raises:
            FetchError: the first page could not be had, or a later one for a
                passing reason. A later page that is refused ends the reading.
        """
        found: dict[int, Entry] = {}
        skipped = pages = 0
        ended = reached = False
        while pages < most and not ended and not (reached and pages >= least):
            try:
                listing, last = self._page(collection, pages + 1)
            except FetchError as e:
                if not pages or e.reason not in REFUSALS:
                    raise
                break
            pages += 1
            skipped += listing.skipped
            for entry in listing.entries:
                found.setdefault(entry.id, entry)
            ended = pages >= last
            reached = reached or ended or any(map(to, listing.entries))
        return Read(entries=[*found.values()], pages=pages, ended=ended, reached=reached, skipped=skipped)

    def is_gone(self, collection: Collection, number: int) -> bool:
        """Whether one entry is no longer public: 404 when deleted, 401 when it is held again."""
        try:
            self._http.get(
                self._address(
                    self.route or Route.PRETTY, f"{collection.path}/{number}", (("_fields", "id"),)
                ),
                check_robots=self._check_robots,
            )
        except FetchError as e:
            if e.reason in (Reason.NOT_FOUND, Reason.GONE, Reason.AUTH):
                return True
            if e.reason is Reason.FORBIDDEN:
                return False
            raise
        return False

    def _page(self, collection: Collection, number: int) -> tuple[Listing, int]:
        *others, last = [self.route] if self.route else [*Route]
        for route in others:
            try:
                return self._asked(route, collection, number)
            except FetchError as e:
                if e.reason not in _NOT_THERE:
                    raise
        return self._asked(last, collection, number)

    def _asked(self, route: Route, collection: Collection, number: int) -> tuple[Listing, int]:
        """One page of a list, and the number of the last page as far as the server says it."""
        size = collection.page_size
        query = (*collection.query, ("order", "desc"), ("per_page", str(size)), ("page", str(number)))
        address = self._address(route, collection.path, query)
        response = self._http.get(address, check_robots=self._check_robots)
        host = urlsplit(response.url).hostname or ""
        try:
            listing = isolated.run("connectors.wordpress_read:read", response.body, Listing)
        except isolated.Failed as e:
            raise FetchError(Reason.UNREADABLE, f"{host}: {e}", retry=True) from e
        if not listing.proper:
            raise FetchError(Reason.NOT_A_SOURCE, f"{host} sent no list of WordPress", retry=True)
        self.route = route
        said = response.headers.get("x-wp-totalpages", "")
        full = len(listing.entries) + listing.skipped >= size
        last = int(said) if said.isascii() and said.isdigit() and len(said) < 10 else number + full
        return listing, last

    def _address(self, route: Route, path: str, query: tuple[tuple[str, str], ...]) -> str:
        joint = "&" if route is Route.PLAIN else "?"
        return f"{self._site}{route}{path}{joint}{urlencode(query, safe=',')}"


def base_of(site: str) -> str:
    """A site's address without a closing slash, query and fragment."""
    parts = urlsplit(site)
    return urlunsplit((parts.scheme, parts.netloc, parts.path.rstrip("/"), "", ""))
