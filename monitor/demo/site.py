"""The demo's web site: a small town's news, a school's comments and a guest book, as pages and as two feeds.

A real server on 127.0.0.1 with the validators that real sites send, so that the
service asks it as it would ask any other. Posts appear one after the other,
when the demo publishes them. The front page links to all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from html import escape
from types import TracebackType

from monitor.demo.script import Feed
from monitor.demo.stage import Published, Stage
from monitor.demo.web import HTML, PLAIN, ROBOTS, STYLE, Answer, Asked, LocalWeb

NAMES = {Feed.NEWS: "Pennyfold Post", Feed.COMMENTS: "Comments for Tetherby Green Primary School"}
GUESTBOOK = "/guestbook"
GUESTBOOK_TITLE = "Guest book of the old mill"


class Site:
    """The server and what it shows; use it in a `with` block."""

    def __init__(self, stage: Stage, elsewhere: Callable[[Published], str], port: int = 0) -> None:
        """Take the port (0: a free one); `elsewhere` gives the address of a post that is not on this site.

        Raises:
            OSError: the port is taken.
        """
        self._began = datetime.now(UTC).replace(microsecond=0)
        self._stage = stage
        self._elsewhere = elsewhere
        self._web = LocalWeb(self._answer, port, name="PennyfoldOnline", handed_out=stage.handed_out)

    @property
    def host(self) -> str:
        """`127.0.0.1:PORT`."""
        return self._web.host

    def link(self, shown: Published) -> str:
        """The address of a post, wherever it stands."""
        match shown.post.feed:
            case Feed.MASTODON:
                return self._elsewhere(shown)
            case Feed.PAGE:
                return f"http://{self.host}{GUESTBOOK}#{_entry_id(shown)}"
        return f"http://{self.host}/posts/{shown.post.id}"

    def __enter__(self) -> Site:
        self._web.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._web.__exit__(kind, error, trace)

    def _answer(self, asked: Asked) -> Answer | None:
        path, published = asked.path, self._stage.published
        if path == "/robots.txt":
            return Answer(ROBOTS, PLAIN, self._began)
        if path == "/":
            return self._html("Pennyfold online", self._front(published), published)
        if path == GUESTBOOK:
            entries = [p for p in published if p.post.feed is Feed.PAGE]
            return self._html(GUESTBOOK_TITLE, "".join(map(_entry, reversed(entries))), entries, handed=True)
        for feed in NAMES:
            if path == f"/{feed}/feed.xml":
                return self._feed(feed, [p for p in published if p.post.feed is feed])
        found = next((p for p in published if p.post.feed in NAMES and path == f"/posts/{p.post.id}"), None)
        return self._html(found.post.title or found.post.page, _article(found), [found]) if found else None

    def _feed(self, feed: Feed, shown: Sequence[Published]) -> Answer:
        items = "".join(self._item(p) for p in reversed(shown))
        body = (
            '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0" '
            'xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>'
            f"<title>{NAMES[feed]}</title><link>http://{self.host}/</link>"
            f"<description>Invented, for the demo</description><language>en-GB</language>{items}</channel></rss>\n"
        )
        ids = tuple(p.post.id for p in shown)
        return Answer(body.encode(), "application/rss+xml; charset=utf-8", self._changed(shown), ids)

    def _item(self, shown: Published) -> str:
        post, link = shown.post, self.link(shown)
        title = post.title or f"Comment on {post.page} by {post.author}"  # as WordPress writes it
        return (
            f"<item><title>{escape(title)}</title><link>{link}</link>"
            f'<guid isPermaLink="true">{link}</guid><pubDate>{format_datetime(shown.at)}</pubDate>'
            f"<dc:creator>{escape(post.author)}</dc:creator><description>{escape(post.text)}</description></item>"
        )

    def _front(self, published: Sequence[Published]) -> str:
        return "".join(
            f'<article><time>{shown.at.astimezone():%H:%M:%S}</time> <a href="{escape(self.link(shown))}">'
            f"{escape(_headline(shown))}</a></article>"
            for shown in reversed(published)
        )

    def _html(self, title: str, inner: str, shown: Sequence[Published], *, handed: bool = False) -> Answer:
        body = (
            f'<!doctype html><html lang="en-GB"><meta charset="utf-8"><title>{escape(title)}</title>'
            f"<style>{STYLE}</style><p><small>Invented from beginning to end, for the demo of mentionwatch.</small>"
            f'<h1>{escape(title)}</h1>{inner}<p><a href="/">All posts</a> &middot; '
            f'<a href="/news/feed.xml">news feed</a> &middot; <a href="/comments/feed.xml">comment feed</a> '
            f'&middot; <a href="{GUESTBOOK}">guest book</a>'
        )
        ids = tuple(p.post.id for p in shown) if handed else ()
        return Answer(body.encode(), HTML, self._changed(shown), ids)

    def _changed(self, shown: Sequence[Published]) -> datetime:
        return max((p.at for p in shown), default=self._began)


def _headline(shown: Published) -> str:
    post = shown.post
    if post.feed is Feed.PAGE:
        return f"{post.author}, in the guest book"
    if post.feed is Feed.MASTODON:
        return f"{post.author}, on the social network"
    return post.title or f"{post.author} on “{post.page}”"


def _article(shown: Published) -> str:
    return (
        f"<article><p>{escape(shown.post.text)}</p><small>{escape(shown.post.author)}, "
        f"<time>{shown.at.astimezone():%H:%M:%S}</time></small></article>"
    )


def _entry(shown: Published) -> str:
    return (
        f'<article class="entry" id="{_entry_id(shown)}"><p class="words">{escape(shown.post.text)}</p>'
        f'<small><span class="who">{escape(shown.post.author)}</span>, '
        f'<time datetime="{shown.at:%Y-%m-%dT%H:%M:%SZ}">{shown.at.astimezone():%H:%M:%S}</time></small></article>'
    )


def _entry_id(shown: Published) -> str:
    return f"comment-{shown.post.id}"  # as WordPress and others name a comment's place on its page
