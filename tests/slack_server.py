"""A Slack-shaped server on loopback: the Web API methods that the channel calls, in good and bad moods.

Answers have the shape of docs.slack.dev: 200 with `ok` false and a word in `error` for most faults,
429 with Retry-After for too many, 5xx and HTML when the service itself is unwell.
"""

from __future__ import annotations

import json
from types import TracebackType
from urllib.parse import parse_qs

from servers import Peer, Reply, Request, ScriptedServer

TOKEN = "xoxb-1-invented-2-token"
CHANNEL = "C0INVENTED"
WORDS = {
    "refuses the login": "invalid_auth",
    "expired token": "token_expired",
    "misses a scope": "missing_scope",
    "refuses the reader": "not_in_channel",
    "unknown trouble": "internal_error",
}


class SlackServer:
    """One workspace with one channel; `posts` are the messages that it took."""

    def __init__(self, mood: str = "well", *, private: bool = True, shared: bool = False) -> None:
        self.mood = mood
        self.private = private
        self.shared = shared
        self.posts: list[dict[str, object]] = []
        self.asked: list[str] = []
        self._server = ScriptedServer()

    def __enter__(self) -> SlackServer:
        self._server.__enter__()
        for method in ("conversations.info", "chat.postMessage"):
            self._server.on(f"/api/{method}", self._answer)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.__exit__(kind, error, trace)

    @property
    def base_url(self) -> str:
        return self._server.url("/api")

    def _answer(self, request: Request, peer: Peer) -> None:
        method = request.path.rpartition("/")[2]
        self.asked.append(method)
        if method == "chat.postMessage" and self.mood == "drops after the words":
            self.posts.append(_arguments(request))
            return  # taken, and the line is cut before the answer
        peer.send(self._reply(method, request).encoded())

    def _reply(self, method: str, request: Request) -> Reply:
        match self.mood:
            case "busy":
                return Reply(b'{"ok": false, "error": "ratelimited"}', 429, {"Retry-After": "30", **JSON})
            case "server fault":
                return Reply(b"oh dear", 503)
            case "html":
                return Reply(b"<html><title>maintenance</title></html>", 200, {"Content-Type": "text/html"})
            case "half an answer":
                return Reply(b'{"ok": tr', 200, JSON)
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return _json({"ok": False, "error": "not_authed"})
        if self.mood in WORDS:
            return _json({"ok": False, "error": WORDS[self.mood]})
        if method == "conversations.info":
            about = {"id": CHANNEL, "is_private": self.private, "is_ext_shared": self.shared}
            return _json({"ok": True, "channel": about})
        self.posts.append(_arguments(request))
        return _json({"ok": True, "channel": CHANNEL, "ts": f"1763629200.{len(self.posts):06d}"})


JSON = {"Content-Type": "application/json; charset=utf-8"}


def _json(value: object) -> Reply:
    return Reply(json.dumps(value).encode(), 200, JSON)


def _arguments(request: Request) -> dict[str, object]:
    if request.headers.get("content-type", "").startswith("application/json"):
        return dict(json.loads(request.body))
    return {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
