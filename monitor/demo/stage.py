"""Which posts of the script have appeared by now, when, and which of them somebody has asked for."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from monitor.demo.script import Scripted

APART = timedelta(milliseconds=1)  # between two posts: a Mastodon server makes its ids of the millisecond


@dataclass(frozen=True, slots=True)
class Published:
    """A post and when it appeared; no two appear in the same millisecond."""

    post: Scripted
    at: datetime


class Stage:
    """What the demo's servers show; they read it in threads of their own."""

    def __init__(self) -> None:
        self._published: tuple[Published, ...] = ()
        self._served: dict[str, datetime] = {}
        self._lock = threading.Lock()

    @property
    def published(self) -> tuple[Published, ...]:
        """All posts so far, oldest first."""
        return self._published

    @property
    def served(self) -> Mapping[str, datetime]:
        """When each post, by id, was first handed out by its source."""
        with self._lock:
            return dict(self._served)

    def publish(self, post: Scripted) -> Published:
        """Let a post appear now."""
        with self._lock:
            now = datetime.now(UTC)
            if self._published:
                now = max(now, self._published[-1].at + APART)
            shown = Published(post, now)
            self._published = (*self._published, shown)
        return shown

    def handed_out(self, ids: Iterable[str]) -> None:
        """Whoever asked a source knows these posts from now on."""
        now = datetime.now(UTC)
        with self._lock:
            for post_id in ids:
                self._served.setdefault(post_id, now)
