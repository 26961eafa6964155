"""The demo's Slack: one private channel in the shape of Slack's Web API, which keeps what it was told.

It answers the two methods that the service calls, conversations.info and
chat.postMessage, as docs.slack.dev describes them: 200 with `ok`, and a word in
`error` when something is wrong.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl

from monitor.demo.web import JSON, Answer, Asked, LocalWeb

CHANNEL = "C0TETHERBY"  # as it stands in answers.toml


@dataclass(frozen=True, slots=True)
class SlackMessage:
    """A message in the channel: the words of its notification, and all that its blocks say."""

    subject: str
    text: str
    at: datetime


class SlackRoom:
    """The channel and its server; use it in a `with` block."""

    def __init__(self, port: int = 0) -> None:
        """Take the port (0: a free one). Raises OSError when it is taken."""
        self.token = f"xoxb-invented-{secrets.token_hex(12)}"
        self._messages: tuple[SlackMessage, ...] = ()
        self._web = LocalWeb(self._answer, port, name="PennyfoldSlack", methods=("GET", "POST"))

    @property
    def host(self) -> str:
        """`127.0.0.1:PORT`."""
        return self._web.host

    @property
    def messages(self) -> tuple[SlackMessage, ...]:
        """All messages so far, oldest first."""
        return self._messages

    def __enter__(self) -> SlackRoom:
        self._web.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._web.__exit__(kind, error, trace)

    def _answer(self, asked: Asked) -> Answer | None:
        method = asked.path.removeprefix("/api/")
        if method not in ("conversations.info", "chat.postMessage"):
            return _json({"ok": False, "error": "unknown_method"})
        if asked.headers.get("authorization") != f"Bearer {self.token}":
            return _json({"ok": False, "error": "invalid_auth"})
        words = _words(asked)
        if words.get("channel") != CHANNEL:
            return _json({"ok": False, "error": "channel_not_found"})
        if method == "conversations.info":
            about = {"id": CHANNEL, "name": "online-mentions", "is_private": True, "is_ext_shared": False}
            return _json({"ok": True, "channel": about})
        return self._take(words)

    def _take(self, words: dict[str, Any]) -> Answer:
        now = datetime.now(UTC)
        said = "\n".join(str(block.get("text", {}).get("text", "")) for block in words.get("blocks", []))
        self._messages = (*self._messages, SlackMessage(str(words.get("text", "")), said, now))
        return _json({"ok": True, "channel": CHANNEL, "ts": f"{now.timestamp():.6f}"})


def _words(asked: Asked) -> dict[str, Any]:
    """The arguments: JSON, a form, or the address's own; Slack takes all three."""
    if asked.headers.get("content-type", "").startswith("application/json"):
        return dict(json.loads(asked.body))
    return {**asked.words, **dict(parse_qsl(asked.body.decode("utf-8", "replace")))}


def _json(value: object) -> Answer:
    return Answer(json.dumps(value).encode(), JSON)
