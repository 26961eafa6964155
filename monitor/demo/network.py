"""The demo's social network: one server in the shape of Mastodon's, to be read by anybody and written by nobody.

It answers what a reader of hashtags asks for (instance, tag timeline with
`max_id`, `since_id`, `min_id`, `limit` and the `Link` header, by
docs.joinmastodon.org), and a page for each status. Ids are made of the
millisecond, as Mastodon makes them, so that a later status has a greater one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from html import escape
from http import HTTPStatus
from types import TracebackType
from typing import Any
from urllib.parse import unquote, urlencode

from monitor.demo.script import Feed
from monitor.demo.stage import Published, Stage
from monitor.demo.web import HTML, JSON, PLAIN, ROBOTS, STYLE, Answer, Asked, LocalWeb

DOMAIN = "social.millpond.example"
TIMELINE = "/api/v1/timelines/tag/"
PAGE, LONGEST_PAGE = 20, 40  # statuses when nobody says how many, and at most
HASHTAG = re.compile(r"#(\w+)")
MARKS = ("max_id", "since_id", "min_id")


class Network:
    """The server and what it shows; use it in a `with` block."""

    def __init__(self, stage: Stage, port: int = 0) -> None:
        """Take the port (0: a free one). Raises OSError when it is taken."""
        self._stage = stage
        self._web = LocalWeb(self._answer, port, name="Millpond", handed_out=stage.handed_out)

    @property
    def host(self) -> str:
        """`127.0.0.1:PORT`."""
        return self._web.host

    def link(self, shown: Published) -> str:
        """The address of a status's own page."""
        return f"http://{self.host}{_path(shown)}"

    def __enter__(self) -> Network:
        self._web.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._web.__exit__(kind, error, trace)

    def _answer(self, asked: Asked) -> Answer | None:
        statuses = [shown for shown in self._stage.published if shown.post.feed is Feed.MASTODON]
        if asked.path == "/robots.txt":
            return Answer(ROBOTS, PLAIN)
        if asked.path == "/api/v2/instance":
            return _json({"domain": DOMAIN, "title": "Millpond", "configuration": _CONFIGURATION})
        if asked.path.startswith(TIMELINE):
            return self._timeline(asked, unquote(asked.path.removeprefix(TIMELINE)).lower(), statuses)
        if asked.path.startswith("/api/"):
            return _json({"error": "Record not found"}, status=HTTPStatus.NOT_FOUND)
        found = next((shown for shown in statuses if _path(shown) == asked.path), None)
        return Answer(_html(found), HTML, found.at) if found else None

    def _timeline(self, asked: Asked, tag: str, statuses: Sequence[Published]) -> Answer:
        page = window([shown for shown in statuses if tag in hashtags(shown)], asked.words)
        links: dict[str, str] = {}
        if page:
            kept = [(name, value) for name, value in asked.words.items() if name not in MARKS]
            older, newer = (
                f"http://{self.host}{asked.path}?{urlencode([*kept, mark])}"
                for mark in (("max_id", number(page[-1])), ("min_id", number(page[0])))
            )
            links = {"Link": f'<{older}>; rel="next", <{newer}>; rel="prev"'}
        ids = tuple(shown.post.id for shown in page)
        return _json([self._status(shown) for shown in page], shows=ids, headers=links)

    def _status(self, shown: Published) -> dict[str, Any]:
        name, link = _account(shown), self.link(shown)
        base = f"http://{self.host}"
        return {
            "id": str(number(shown)),
            "uri": f"{base}/users/{name}/statuses/{number(shown)}",
            "url": link,
            "created_at": shown.at.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "edited_at": None,
            "visibility": "public",
            "spoiler_text": "",
            "language": "en",
            "content": _content(shown, base),
            "account": {
                "acct": name,
                "display_name": shown.post.author,
                "url": f"{base}/@{name}",
                "note": "",
                "noindex": False,
                "indexable": True,
            },
            "tags": [{"name": tag, "url": f"{base}/tags/{tag}"} for tag in hashtags(shown)],
            "in_reply_to_id": None,
            "media_attachments": [],
            "poll": None,
            "reblog": None,
        }


_CONFIGURATION = {"timelines_access": {"hashtag_feeds": {"local": "public", "remote": "public"}}}


def number(shown: Published) -> int:
    """A status's id: the millisecond of its appearance, with sixteen bits to spare."""
    return int(shown.at.timestamp() * 1000) << 16


def hashtags(shown: Published) -> tuple[str, ...]:
    """The tags in the words of a status, in lower case, each once."""
    return tuple(dict.fromkeys(tag.lower() for tag in HASHTAG.findall(shown.post.text)))


def window(statuses: Sequence[Published], words: Mapping[str, str]) -> list[Published]:
    """One page, newest first: with `min_id` the oldest above it, otherwise the newest that fit."""
    marks = {name: int(words[name]) for name in MARKS if words.get(name, "").isdigit()}
    above = max((marks[name] for name in ("since_id", "min_id") if name in marks), default=-1)
    fitting = [s for s in statuses if above < number(s) and number(s) < marks.get("max_id", 1 << 80)]
    asked = words.get("limit", "")
    limit = max(1, min(int(asked) if asked.isdigit() else PAGE, LONGEST_PAGE))
    return (fitting[:limit] if "min_id" in marks else fitting[-limit:])[::-1]


def _account(shown: Published) -> str:
    return re.sub(r"\W+", "_", shown.post.author.lower())


def _path(shown: Published) -> str:
    return f"/@{_account(shown)}/{number(shown)}"


def _content(shown: Published, base: str) -> str:
    def linked(found: re.Match[str]) -> str:
        href = f"{base}/tags/{found[1].lower()}"
        return f'<a href="{href}" class="mention hashtag" rel="tag">#<span>{found[1]}</span></a>'

    return f"<p>{HASHTAG.sub(linked, escape(shown.post.text, quote=False))}</p>"


def _html(shown: Published) -> bytes:
    author = escape(shown.post.author)
    return (
        f'<!doctype html><html lang="en-GB"><meta charset="utf-8"><title>{author}</title><style>{STYLE}</style>'
        "<p><small>Invented from beginning to end, for the demo of mentionwatch.</small>"
        f"<h1>{author}</h1><article><p>{escape(shown.post.text)}</p><small>@{_account(shown)}@{DOMAIN}, "
        f"<time>{shown.at.astimezone():%H:%M:%S}</time></small></article>"
    ).encode()


def _json(
    value: object,
    *,
    shows: tuple[str, ...] = (),
    headers: Mapping[str, str] | None = None,
    status: HTTPStatus = HTTPStatus.OK,
) -> Answer:
    body = json.dumps(value, ensure_ascii=False).encode()
    return Answer(body, JSON, shows=shows, headers=headers or {}, status=status)
