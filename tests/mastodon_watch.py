"""A Mastodon source in a test: it polls a server and keeps its cursor as the service does."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from mastodon_server import MastodonServer

from connectors.base import Batch, FetchError
from connectors.http import PoliteClient
from connectors.mastodon import Mastodon, MastodonOptions

START = datetime(2026, 3, 4, 12, tzinfo=UTC)
TOKEN = "constance-amble"


@dataclass
class Watch:
    """A source on a server, its cursor kept as the service keeps it."""

    server: MastodonServer
    now: datetime = START
    cursor: dict[str, Any] | None = None
    options: dict[str, Any] = field(default_factory=lambda: {"tags": ["lark"]})

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """A new client: the old one's clock for a closed host is the machine's, not this test's."""
        self.http = PoliteClient(user_agent="t", allow_hosts=[self.server.host], gap=0, now=lambda: self.now)

    def poll(self, *, after: timedelta = timedelta(minutes=5), limit: int = 500) -> Batch:
        self.now += after
        options = MastodonOptions(**{"base_url": self.server.url, **self.options})
        batch = Mastodon().fetch(options, self.cursor, self.http, limit=limit, now=self.now)
        self.cursor = json.loads(json.dumps(batch.cursor))
        return batch

    def words(self, **asked: Any) -> list[str]:
        return [post.text for post in self.poll(**asked).posts]

    def failure(self) -> FetchError:
        with pytest.raises(FetchError) as caught:
            self.poll()
        assert TOKEN not in f"{caught.value} {caught.value.detail}"
        return caught.value

    def post(self, words: str, **fields: Any) -> dict[str, Any]:
        return self.server.post(f"<p>{words}</p>", tags=["lark"], **fields)
