"""Every registered connector keeps the rules of the conformance suite, against real local sources.

A connector that is added to the table needs a scene here, else this file fails.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from servers import ScriptedServer

from connectors import KINDS, connector
from connectors.http import PoliteClient
from connectors.testing import CHECKS, Scene

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
SECRET = "constance-amble"
FEED = (Path(__file__).parents[1] / "connectors" / "data" / "wordpress_posts.rss").read_bytes()


@contextmanager
def feed(tmp_path: Path) -> Iterator[Scene]:
    with ScriptedServer() as server:
        server.reply("/feed", FEED, headers={"ETag": '"1"'})
        http = PoliteClient(user_agent="t", allow_hosts=[server.host], gap=0, now=lambda: NOW)

        def answer(body: bytes) -> None:
            server.forget("/feed")
            server.reply("/feed", body)

        yield Scene(
            connector=connector("feed"),
            settings={"url": server.url(f"/feed?q={SECRET}")},
            http=http,
            answer=answer,
            restore=lambda: answer(FEED),
            secret=SECRET,
            now=NOW,
        )
        http.close()


@contextmanager
def report(tmp_path: Path) -> Iterator[Scene]:
    for n in range(3):
        (tmp_path / f"{n}.txt").write_text(f"report {n}")
    odd = tmp_path / "odd.json"
    http = PoliteClient(user_agent="t")

    def answer(body: bytes) -> None:
        odd.write_bytes(body)

    yield Scene(
        connector=connector("report"),
        settings={"folder": str(tmp_path)},
        http=http,
        answer=answer,
        restore=lambda: odd.unlink(missing_ok=True),
        secret=SECRET,
        now=NOW,
    )
    http.close()


SCENES: dict[str, Callable[[Path], AbstractContextManager[Scene]]] = {"feed": feed, "report": report}


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_keeps_the_rules(kind: str, check: Callable[[Scene], None], tmp_path: Path) -> None:
    with SCENES[kind](tmp_path) as scene:
        check(scene)
