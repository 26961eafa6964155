"""The demo's web site: a small town's news and a school's comments, as pages and as two feeds.

A real server on 127.0.0.1 with the validators that real feeds send (ETag and
Last-Modified, RFC 9110 section 8.8), so that the service asks it as it would ask any
other. Posts appear one after the other, when the demo publishes them.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from hashlib import blake2b
from html import escape
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType

from monitor.demo.script import Feed, Scripted

NAMES = {Feed.NEWS: "Pennyfold Post", Feed.COMMENTS: "Comments for Tetherby Green Primary School"}
ROBOTS = b"User-agent: *\nAllow: /\n"
HTML = "text/html; charset=utf-8"
STYLE = (
    "body{font:17px/1.5 Georgia,serif;max-width:42em;margin:2em auto;padding:0 1em;color:#222}"
    "time,small{color:#666}article{border-top:1px solid #ddd;padding:.5em 0}a{color:#235}"
)


@dataclass(frozen=True, slots=True)
class Published:
    """A post and when it appeared."""

    post: Scripted
    at: datetime


@dataclass(frozen=True, slots=True)
class Page:
    """An answer: what stands at an address now."""

    body: bytes
    kind: str
    changed: datetime

    @property
    def etag(self) -> str:
        return f'"{blake2b(self.body, digest_size=8).hexdigest()}"'


class Site:
    """The server and what it shows; use it in a `with` block."""

    def __init__(self, port: int = 0) -> None:
        """Take the port (0: a free one). Raises OSError when it is taken."""
        self._began = datetime.now(UTC).replace(microsecond=0)
        self._published: tuple[Published, ...] = ()
        self._served: dict[str, datetime] = {}
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", port), self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True)

    @property
    def host(self) -> str:
        """`127.0.0.1:PORT`."""
        return f"127.0.0.1:{self._server.server_port}"

    @property
    def published(self) -> tuple[Published, ...]:
        return self._published

    @property
    def served(self) -> Mapping[str, datetime]:
        """When each post, by id, was first handed out in a feed."""
        with self._lock:
            return dict(self._served)

    def link(self, post_id: str) -> str:
        """The address of a post's own page."""
        return f"http://{self.host}/posts/{post_id}"

    def publish(self, post: Scripted) -> None:
        """Let a post appear now."""
        with self._lock:
            self._published = (*self._published, Published(post, datetime.now(UTC)))

    def page(self, path: str) -> Page | None:
        """What stands at a path; None: nothing."""
        if path == "/robots.txt":
            return Page(ROBOTS, "text/plain; charset=utf-8", self._began)
        if path == "/":
            return self._html("Pennyfold online", _front(self._published))
        for feed in Feed:
            if path == f"/{feed}/feed.xml":
                return self._feed(feed)
        found = next((p for p in self._published if path == f"/posts/{p.post.id}"), None)
        return self._html(found.post.title or found.post.page, _article(found)) if found else None

    def __enter__(self) -> Site:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def note_served(self, path: str) -> None:
        """A feed has been asked for: whoever asked knows the posts in it from now on."""
        now = datetime.now(UTC)
        with self._lock:
            for shown in self._published:
                if path == f"/{shown.post.feed}/feed.xml":
                    self._served.setdefault(shown.post.id, now)

    def _feed(self, feed: Feed) -> Page:
        shown = [p for p in self._published if p.post.feed is feed]
        items = "".join(self._item(p) for p in reversed(shown))
        body = (
            '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0" '
            'xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>'
            f"<title>{NAMES[feed]}</title><link>http://{self.host}/</link>"
            f"<description>Invented, for the demo</description><language>en-GB</language>{items}</channel></rss>\n"
        )
        changed = max((p.at for p in shown), default=self._began)
        return Page(body.encode(), "application/rss+xml; charset=utf-8", changed)

    def _item(self, shown: Published) -> str:
        post, link = shown.post, self.link(shown.post.id)
        title = post.title or f"Comment on {post.page} by {post.author}"  # as WordPress writes it
        return (
            f"<item><title>{escape(title)}</title><link>{link}</link>"
            f'<guid isPermaLink="true">{link}</guid><pubDate>{format_datetime(shown.at)}</pubDate>'
            f"<dc:creator>{escape(post.author)}</dc:creator><description>{escape(post.text)}</description></item>"
        )

    def _html(self, title: str, inner: str) -> Page:
        body = (
            f'<!doctype html><html lang="en-GB"><meta charset="utf-8"><title>{escape(title)}</title>'
            f"<style>{STYLE}</style><p><small>Invented from beginning to end, for the demo of mentionwatch.</small>"
            f'<h1>{escape(title)}</h1>{inner}<p><a href="/">All posts</a> &middot; '
            '<a href="/news/feed.xml">news feed</a> &middot; <a href="/comments/feed.xml">comment feed</a>'
        )
        return Page(body.encode(), HTML, max((p.at for p in self._published), default=self._began))


def _front(published: tuple[Published, ...]) -> str:
    return "".join(
        f'<article><time>{shown.at.astimezone():%H:%M:%S}</time> <a href="/posts/{shown.post.id}">'
        f"{escape(shown.post.title or f'{shown.post.author} on “{shown.post.page}”')}</a></article>"
        for shown in reversed(published)
    )


def _article(shown: Published) -> str:
    return (
        f"<article><p>{escape(shown.post.text)}</p><small>{escape(shown.post.author)}, "
        f"<time>{shown.at.astimezone():%H:%M:%S}</time></small></article>"
    )


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], site: Site) -> None:
        self.site = site
        super().__init__(address, _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    server_version = "PennyfoldOnline"
    sys_version = ""

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        page = self.server.site.page(path)
        if page is None:
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        if self._is_known(page):
            self._head(HTTPStatus.NOT_MODIFIED, page, None)
            return
        self.server.site.note_served(path)
        self._head(HTTPStatus.OK, page, len(page.body))
        if self.command == "GET":
            self.wfile.write(page.body)

    do_HEAD = do_GET

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: standard error belongs to the live view."""

    def _is_known(self, page: Page) -> bool:
        """RFC 9110 section 13.2.2: If-Modified-Since counts only without If-None-Match."""
        if wanted := self.headers.get("If-None-Match"):
            return page.etag in (tag.strip().removeprefix("W/") for tag in wanted.split(","))
        return self.headers.get("If-Modified-Since", "") == _http_date(page.changed)

    def _head(self, status: HTTPStatus, page: Page, length: int | None) -> None:
        self.send_response(status)
        self.send_header("ETag", page.etag)
        self.send_header("Last-Modified", _http_date(page.changed))
        self.send_header("Cache-Control", "no-cache")
        if length is not None:
            self.send_header("Content-Type", page.kind)
            self.send_header("Content-Length", str(length))
        self.end_headers()


def _http_date(at: datetime) -> str:
    return format_datetime(at.astimezone(UTC), usegmt=True)
