"""Every registered connector keeps the rules of the conformance suite, against real local sources.

A connector that is added to the table needs a scene here, else this file fails.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from mastodon_server import Answer, MastodonServer
from mediawiki_server import Wiki
from servers import Reply, ScriptedServer

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


@contextmanager
def page(tmp_path: Path) -> Iterator[Scene]:
    book = b"".join(b"<p class=entry id=e%d>Entry %d, <b>in words</b></p>" % (n, n) for n in range(3))
    with ScriptedServer() as server:
        server.reply("/guests", book, headers={"ETag": '"1"'})
        http = PoliteClient(user_agent="t", allow_hosts=[server.host], gap=0, now=lambda: NOW)

        def answer(body: bytes) -> None:
            server.forget("/guests")
            server.reply("/guests", body)

        yield Scene(
            connector=connector("page"),
            settings={"url": server.url(f"/guests?q={SECRET}"), "item": ".entry"},
            http=http,
            answer=answer,
            restore=lambda: answer(book),
            secret=SECRET,
            now=NOW,
        )
        http.close()


@contextmanager
def wordpress(tmp_path: Path) -> Iterator[Scene]:
    said = [{"id": n, "content": {"rendered": f"<p>Words {n}</p>"}} for n in (9, 7, 4)]
    lists = json.dumps(said).encode()
    path = f"/{SECRET}/wp-json/wp/v2/comments"
    with ScriptedServer() as server:
        server.reply(path, lists)
        http = PoliteClient(user_agent="t", allow_hosts=[server.host], gap=0, now=lambda: NOW)

        def answer(body: bytes) -> None:
            server.forget(path)
            server.reply(path, body)

        yield Scene(
            connector=connector("wordpress"),
            settings={"url": server.url(f"/{SECRET}/"), "posts": False},
            http=http,
            answer=answer,
            restore=lambda: answer(lists),
            secret=SECRET,
            now=NOW,
        )
        http.close()


@contextmanager
def dokuwiki(tmp_path: Path) -> Iterator[Scene]:
    entries = "".join(
        f"<entry><title>{SECRET}:p{n} - note</title><id>http://wiki.example/doku.php?id={SECRET}:p{n}&amp;rev={n}"
        f"</id><content>&lt;pre&gt;\n@@ -1 +1 @@\n- \n+ Line {n}.\n&lt;/pre&gt;</content></entry>"
        for n in (1772600000, 1772600060, 1772600120)
    )
    feed = f'<feed xmlns="http://www.w3.org/2005/Atom"><title>W</title>{entries}</feed>'.encode()
    with ScriptedServer() as server:
        server.reply("/feed.php", feed)
        http = PoliteClient(user_agent="t", allow_hosts=[server.host], gap=0, now=lambda: NOW)

        def answer(body: bytes) -> None:
            server.forget("/feed.php")
            server.reply("/feed.php", body)

        yield Scene(
            connector=connector("dokuwiki"),
            settings={"base_url": server.url("/"), "namespaces": [SECRET]},
            http=http,
            answer=answer,
            restore=lambda: answer(feed),
            secret=SECRET,
            now=NOW,
        )
        http.close()


@contextmanager
def mediawiki(tmp_path: Path) -> Iterator[Scene]:
    with ScriptedServer() as server:
        wiki = Wiki(server)
        titles = [SECRET.capitalize(), "Larkhill", "Pond"]
        for title in titles:
            wiki.edit(title, f"Words on {title}.")
        http = PoliteClient(user_agent="t", allow_hosts=[server.host], gap=0, now=lambda: NOW)

        def answer(body: bytes | None) -> None:
            wiki.broken = None if body is None else Reply(body)

        yield Scene(
            connector=connector("mediawiki"),
            settings={"base_url": wiki.url, "titles": titles},
            http=http,
            answer=answer,
            restore=lambda: answer(None),
            secret=SECRET.capitalize(),
            now=NOW,
        )
        http.close()


@contextmanager
def mastodon(tmp_path: Path) -> Iterator[Scene]:
    with MastodonServer(token=SECRET) as server:
        for n in range(4):
            server.post(f"<p>Words {n}</p>", tags=["larkhill"])
        server.mention("<p>@larkhill_school Words</p>")
        http = PoliteClient(user_agent="t", allow_hosts=[server.host], gap=0, now=lambda: NOW)

        def answer(body: bytes | None) -> None:
            server.gate = None if body is None else lambda _: Answer(raw=body)

        yield Scene(
            connector=connector("mastodon"),
            settings={
                "base_url": server.url,
                "tags": ["larkhill"],
                "accounts": ["larkhill_school"],
                "search": ["Words"],
                "mentions": True,
                "access_token": lambda: SECRET,
            },
            http=http,
            answer=answer,
            restore=lambda: answer(None),
            secret=SECRET,
            now=NOW,
        )
        http.close()


SCENES: dict[str, Callable[[Path], AbstractContextManager[Scene]]] = {
    "dokuwiki": dokuwiki,
    "mastodon": mastodon,
    "mediawiki": mediawiki,
    "page": page,
    "wordpress": wordpress,
    "feed": feed,
    "report": report,
}


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_keeps_the_rules(kind: str, check: Callable[[Scene], None], tmp_path: Path) -> None:
    with SCENES[kind](tmp_path) as scene:
        check(scene)
