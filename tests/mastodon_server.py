"""A server in Mastodon's shape, on loopback: for tests, and for the demonstration.

    with MastodonServer() as server:
        server.post("<p>Well run fair at <a href='…'>#Larkhill</a></p>", tags=["larkhill"])
        client = Mastodon(api_base_url=server.url, access_token=server.token)   # any Mastodon client

It keeps statuses in memory and answers what a client of Mastodon 4.5 asks for:
instance, hashtag and account timelines, lookup, search, notifications, one
status, and posting, editing and deleting with a token. Paging is the real one:
`max_id` and `since_id` from the newest down, `min_id` from the mark up, `Link`
headers, at most 40. `gate` sees every request first and may answer it in the
server's place, which is how a test makes it fail. Checked against the client
library Mastodon.py 2.3.3.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

FIRST_ID = 109_000_000_000_000_000  # as long as real ones are
START = datetime(2026, 3, 4, 9, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Asked:
    """One request. `words` holds query and form together; header names are lower case."""

    method: str
    path: str
    words: Mapping[str, str]
    lists: Mapping[str, list[str]]
    headers: Mapping[str, str]


@dataclass(slots=True)
class Answer:
    """One answer: JSON of `body`, or `raw` bytes as they are."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None


@dataclass
class MastodonServer:
    """The server, from its `with` statement on. Statuses and accounts may be changed while it runs."""

    domain: str = "social.example"
    token: str = "invented-token"
    access: dict[str, str] = field(default_factory=lambda: {"local": "public", "remote": "public"})
    gate: Callable[[Asked], Answer | None] | None = None
    remaining: int = 300
    statuses: list[dict[str, Any]] = field(default_factory=list)
    accounts: dict[str, dict[str, Any]] = field(default_factory=dict)
    mentions: list[dict[str, Any]] = field(default_factory=list)
    requests: list[Asked] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._lock = threading.RLock()
        self._made = 0
        self.account("larkhill_school", display_name="Larkhill Primary School")
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing: tests have nobody to read it."""

            def _serve(self) -> None:
                length = int(self.headers.get("content-length") or 0)
                form = self.rfile.read(length) if length else b""
                headers = {name.lower(): value for name, value in self.headers.items()}
                answer = owner._answer(_asked(self.command, self.path, headers, form))
                body = answer.raw if answer.raw is not None else json.dumps(answer.body).encode()
                self.send_response(answer.status)
                for name, value in {
                    "Content-Type": "application/json; charset=utf-8",
                    **answer.headers,
                }.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Connection", "close")
                self.end_headers()
                self.wfile.write(body)
                self.close_connection = True

            do_GET = do_POST = do_PUT = do_DELETE = _serve

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(
            target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )

    @property
    def host(self) -> str:
        """`name:port`, as an entry of `allow_hosts`."""
        return f"127.0.0.1:{self._http.server_address[1]}"

    @property
    def url(self) -> str:
        return f"http://{self.host}"

    def __enter__(self) -> MastodonServer:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    # ---- what happens on the server ------------------------------------------------------------

    def account(self, acct: str, **about: Any) -> dict[str, Any]:
        """An account, made at its first use; `about` replaces its fields."""
        with self._lock:
            known = self.accounts.setdefault(acct, _account(acct, len(self.accounts) + 1, self.domain))
            known.update(about)
            return known

    def post(
        self, content: str, *, by: str = "passer_by", tags: tuple[str, ...] | list[str] = (), **fields: Any
    ) -> dict[str, Any]:
        """A new status, with any of its fields replaced; gives it as clients see it."""
        with self._lock:
            self._made += 1
            author = self.account(by, **fields.pop("account", {}))
            status = _status(FIRST_ID + self._made * 7, content, author, tags, self.domain, self._now())
            status.update(fields)
            self.statuses.append(status)
            self.statuses.sort(key=lambda one: int(one["id"]))  # a late one goes to its place below
            return status

    def mention(self, content: str, **fields: Any) -> dict[str, Any]:
        """A status that mentions the token's account, with the notification of it."""
        with self._lock:
            status = self.post(content, **fields)
            self.mentions.append(
                {
                    "id": str(1000 + len(self.mentions)),
                    "type": "mention",
                    "created_at": status["created_at"],
                    "account": status["account"],
                    "status": status,
                }
            )
            return status

    def edit(self, status: dict[str, Any], content: str) -> None:
        """New words for a status."""
        with self._lock:
            self._made += 1
            status.update(content=content, edited_at=_time(self._now()))

    def forget(self, status: dict[str, Any]) -> None:
        """Delete a status."""
        with self._lock:
            self.statuses = [one for one in self.statuses if one is not status]
            self.mentions = [one for one in self.mentions if one["status"] is not status]

    def asked(self, path: str) -> list[Asked]:
        """The requests for one path, oldest first."""
        return [request for request in self.requests if request.path == path]

    # ---- what it answers -----------------------------------------------------------------------

    def _answer(self, asked: Asked) -> Answer:
        with self._lock:
            self.requests.append(asked)
            answer = self.gate(asked) if self.gate else None
            answer = answer or self._refusal(asked) or self._routed(asked)
            limits = {
                "X-RateLimit-Limit": "300",
                "X-RateLimit-Remaining": str(self.remaining),
                "X-RateLimit-Reset": _time(datetime.now(UTC) + timedelta(minutes=5)),
            }
            answer.headers = {**limits, **answer.headers}
            return answer

    def _refusal(self, asked: Asked) -> Answer | None:
        given = asked.headers.get("authorization", "")
        return _error(401, "The access token is invalid") if given and not self._signed(asked) else None

    def _signed(self, asked: Asked) -> bool:
        return asked.headers.get("authorization") == f"Bearer {self.token}"

    def _routed(self, asked: Asked) -> Answer:
        parts = [unquote(part) for part in asked.path.strip("/").split("/")]
        match [asked.method, *parts]:
            case ["GET", "api", "v2", "instance"]:
                return Answer(self._instance())
            case ["GET", "api", "v1", "instance"]:
                return Answer({"uri": self.domain, "title": self.domain, "version": "4.5.0"})
            case ["GET", "api", "v1", "timelines", "tag", tag]:
                return self._tag(asked, tag)
            case ["GET", "api", "v1", "accounts", "lookup"]:
                found = self.accounts.get(asked.words.get("acct", "").removesuffix(f"@{self.domain}"))
                return Answer(found) if found else _error(404, "Record not found")
            case ["GET", "api", "v1", "accounts", number, "statuses"]:
                return self._paged(asked, [s for s in self._public() if s["account"]["id"] == number])
            case ["GET", "api", "v2", "search"]:
                return self._search(asked)
            case ["GET", "api", "v1", "notifications"]:
                return self._paged(asked, self.mentions) if self._signed(asked) else _no_user()
            case [_, "api", "v1", "statuses", *rest]:
                return self._status(asked, rest)
        return _error(404, "Record not found")

    def _instance(self) -> dict[str, Any]:
        access = {"live_feeds": self.access, "hashtag_feeds": self.access}
        return {
            "domain": self.domain,
            "title": self.domain,
            "version": "4.5.0",
            "api_versions": {"mastodon": 7},
            "configuration": {"urls": {"streaming": None}, "timelines_access": access},
            "rules": [],
        }

    def _public(self) -> list[dict[str, Any]]:
        return [status for status in self.statuses if status["visibility"] in ("public", "unlisted")]

    def _tag(self, asked: Asked, tag: str) -> Answer:
        if "public" not in self.access.values() and not self._signed(asked):
            return _no_user()
        named = {"name": tag.lower()}
        shown = [s for s in self.statuses if named["name"] in [t["name"].lower() for t in s["tags"]]]
        return self._paged(asked, [s for s in shown if s["visibility"] == "public"])

    def _search(self, asked: Asked) -> Answer:
        """The newest first; nothing, and no word, for those who are not signed in."""
        wanted = asked.words.get("q", "").lower()
        agreed = [s for s in self._public() if s["account"]["indexable"] and wanted in s["content"].lower()]
        found = _window(
            agreed, {**asked.words, "since_id": asked.words.get("min_id", "")}, ignore=("min_id",)
        )
        return Answer({"accounts": [], "hashtags": [], "statuses": found if self._signed(asked) else []})

    def _status(self, asked: Asked, rest: list[str]) -> Answer:
        if asked.method == "POST" and not rest:
            return self._published(asked)
        status = next((s for s in self.statuses if rest and s["id"] == rest[0]), None)
        if status is None or status["visibility"] not in ("public", "unlisted"):
            return _error(404, "Record not found")
        if asked.method != "GET" and not self._signed(asked):
            return _no_user()
        if asked.method == "PUT":
            self.edit(status, f"<p>{asked.words.get('status', '')}</p>")
        if asked.method == "DELETE":
            self.forget(status)
        return Answer(status)

    def _published(self, asked: Asked) -> Answer:
        if not self._signed(asked):
            return _no_user()
        words = asked.words.get("status", "")
        tags = [word.strip("#.,!?").lower() for word in words.split() if word.startswith("#")]
        return Answer(
            self.post(
                f"<p>{words}</p>",
                by="larkhill_school",
                tags=tags,
                visibility=asked.words.get("visibility") or "public",
                spoiler_text=asked.words.get("spoiler_text", ""),
            )
        )

    def _paged(self, asked: Asked, found: list[dict[str, Any]]) -> Answer:
        """One page, with the links to the pages beside it; an empty page has none."""
        page = _window(found, asked.words)
        if not page:
            return Answer([])
        kept = [
            (k, v)
            for k, values in asked.lists.items()
            for v in values
            if k not in ("max_id", "min_id", "since_id")
        ]
        older = f"{self.url}{asked.path}?{urlencode([*kept, ('max_id', page[-1]['id'])])}"
        newer = f"{self.url}{asked.path}?{urlencode([*kept, ('min_id', page[0]['id'])])}"
        return Answer(page, headers={"Link": f'<{older}>; rel="next", <{newer}>; rel="prev"'})

    def _now(self) -> datetime:
        return START + timedelta(minutes=self._made)


def _window(
    found: list[dict[str, Any]], words: Mapping[str, str], *, ignore: tuple[str, ...] = ()
) -> list[dict[str, Any]]:
    """Mastodon's paging, newest first: `min_id` takes the lowest above it, anything else the highest."""
    marks = {
        name: int(words[name]) for name in ("max_id", "since_id", "min_id") if words.get(name, "").isdigit()
    }
    above = max((marks[name] for name in ("since_id", "min_id") if name in marks), default=-1)
    below = marks.get("max_id", 1 << 80)
    fitting = sorted((one for one in found if above < int(one["id"]) < below), key=lambda one: int(one["id"]))
    limit = max(1, min(int(words.get("limit") or 20), 40))
    chosen = fitting[:limit] if "min_id" in marks and "min_id" not in ignore else fitting[-limit:]
    return chosen[::-1]


def _asked(method: str, target: str, headers: Mapping[str, str], form: bytes) -> Asked:
    path, _, query = target.partition("?")
    kind = headers.get("content-type", "")
    if kind.startswith("application/json") and form:
        pairs = [(key, str(value)) for key, value in json.loads(form).items()]
    else:
        pairs = parse_qsl(form.decode("utf-8", "replace"), keep_blank_values=True)
    pairs = [*parse_qsl(query, keep_blank_values=True), *pairs]
    lists: dict[str, list[str]] = {}
    for key, value in pairs:
        lists.setdefault(key, []).append(value)
    return Asked(method, urlsplit(path).path, dict(pairs), lists, headers)


def _account(acct: str, number: int, domain: str) -> dict[str, Any]:
    name, _, home = acct.partition("@")
    return {
        "id": str(number),
        "username": name,
        "acct": acct,
        "display_name": name.replace("_", " ").title(),
        "url": f"https://{home or domain}/@{name}",
        "note": "<p></p>",
        "bot": False,
        "locked": False,
        "discoverable": True,
        "indexable": True,
        "noindex": False,
        "created_at": _time(START),
        "fields": [],
        "emojis": [],
    }


def _status(
    number: int,
    content: str,
    author: dict[str, Any],
    tags: tuple[str, ...] | list[str],
    domain: str,
    at: datetime,
) -> dict[str, Any]:
    name, _, home = author["acct"].partition("@")
    uri = f"https://{home or domain}/users/{name}/statuses/{number}"
    return {
        "id": str(number),
        "uri": uri,
        "url": f"https://{home or domain}/@{name}/{number}",
        "created_at": _time(at),
        "edited_at": None,
        "visibility": "public",
        "sensitive": False,
        "spoiler_text": "",
        "language": "en",
        "content": content,
        "account": author,
        "media_attachments": [],
        "mentions": [],
        "tags": [{"name": tag, "url": f"https://{domain}/tags/{tag}"} for tag in tags],
        "emojis": [],
        "reblog": None,
        "poll": None,
        "card": None,
        "in_reply_to_id": None,
        "in_reply_to_account_id": None,
        "replies_count": 0,
        "reblogs_count": 0,
        "favourites_count": 0,
    }


def _time(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _error(status: int, words: str) -> Answer:
    return Answer({"error": words}, status)


def _no_user() -> Answer:
    return _error(422, "This method requires an authenticated user")
