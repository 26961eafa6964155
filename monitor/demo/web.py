"""A small web server on 127.0.0.1, as the demo's site, its social network and its Slack need one.

An answer that says when it last changed gets the validators of RFC 9110 section
8.8 (ETag, Last-Modified) and is not sent again to those who have it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from hashlib import blake2b
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from urllib.parse import parse_qsl, urlsplit

HTML = "text/html; charset=utf-8"
PLAIN = "text/plain; charset=utf-8"
JSON = "application/json; charset=utf-8"
STYLE = (
    "body{font:17px/1.5 Georgia,serif;max-width:42em;margin:2em auto;padding:0 1em;color:#222}"
    "time,small{color:#666}article{border-top:1px solid #ddd;padding:.5em 0}a{color:#235}"
)
LONGEST_BODY = 1 << 20  # bytes of a request; nobody here sends more than a few thousand
ROBOTS = b"User-agent: *\nAllow: /\n"


@dataclass(frozen=True, slots=True)
class Asked:
    """One request; header names are in lower case, of a word that is given twice the last one counts."""

    method: str
    path: str
    words: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer. `changed` None: it has no validators; `shows`: ids of the posts that it hands out."""

    body: bytes
    kind: str
    changed: datetime | None = None
    shows: tuple[str, ...] = ()
    status: HTTPStatus = HTTPStatus.OK
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def validators(self) -> dict[str, str]:
        if self.changed is None:
            return {}
        tag = f'"{blake2b(self.body, digest_size=8).hexdigest()}"'
        return {"ETag": tag, "Last-Modified": _http_date(self.changed), "Cache-Control": "no-cache"}


class LocalWeb:
    """A server that takes its answers from a function; use it in a `with` block."""

    def __init__(
        self,
        answer: Callable[[Asked], Answer | None],
        port: int = 0,
        *,
        name: str,
        methods: tuple[str, ...] = ("GET", "HEAD"),
        handed_out: Callable[[tuple[str, ...]], None] = lambda ids: None,
    ) -> None:
        """Take the port (0: a free one); `handed_out` learns what was shown. Raises OSError when it is taken."""
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.answer, self._server.handed_out = answer, handed_out
        self._server.name, self._server.methods = name, methods
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True)

    @property
    def host(self) -> str:
        """`127.0.0.1:PORT`."""
        return f"127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> LocalWeb:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    answer: Callable[[Asked], Answer | None]
    handed_out: Callable[[tuple[str, ...]], None]
    name: str
    methods: tuple[str, ...]


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        if self.command not in self.server.methods:
            self.send_error(HTTPStatus.METHOD_NOT_ALLOWED)
            return
        answer = self.server.answer(self._asked())
        if answer is None:
            self.send_error(HTTPStatus.NOT_FOUND)
        elif self._is_known(answer):
            self._head(HTTPStatus.NOT_MODIFIED, answer.validators)
        else:
            self._send(answer)

    do_HEAD = do_POST = do_GET

    def version_string(self) -> str:
        return self.server.name

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: standard error belongs to the live view."""

    def _asked(self) -> Asked:
        parts = urlsplit(self.path)
        length = self.headers.get("Content-Length", "")
        body = self.rfile.read(min(int(length), LONGEST_BODY)) if length.isdigit() else b""
        headers = {name.lower(): value for name, value in self.headers.items()}
        return Asked(self.command, parts.path, dict(parse_qsl(parts.query)), headers, body)

    def _is_known(self, answer: Answer) -> bool:
        """RFC 9110 section 13.2.2: If-Modified-Since counts only without If-None-Match."""
        ours = answer.validators
        if not ours:
            return False
        if wanted := self.headers.get("If-None-Match"):
            return ours["ETag"] in (tag.strip().removeprefix("W/") for tag in wanted.split(","))
        return self.headers.get("If-Modified-Since", "") == ours["Last-Modified"]

    def _send(self, answer: Answer) -> None:
        sized = {"Content-Type": answer.kind, "Content-Length": str(len(answer.body))}
        if self.command != "HEAD":
            self.server.handed_out(answer.shows)
        self._head(answer.status, {**answer.validators, **answer.headers, **sized})
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    def _head(self, status: HTTPStatus, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()


def _http_date(at: datetime) -> str:
    return format_datetime(at.astimezone(UTC), usegmt=True)
