"""`try-page`: what would be taken, what was ignored, and why it would be held."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from pydantic import ValidationError
from servers import ScriptedServer

from connectors.base import FetchError, Notice
from connectors.http import PoliteClient
from connectors.page_preview import preview

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        yield server


@pytest.fixture
def http(server: ScriptedServer) -> Iterator[PoliteClient]:
    http = PoliteClient(user_agent="t", allow_hosts=[server.host], gap=0, now=lambda: NOW)
    yield http
    http.close()


def test_shows_what_would_be_taken_and_what_not(server: ScriptedServer, http: PoliteClient) -> None:
    server.reply(
        "/p", "<title>Log in</title><p>Said.<p>3 minutes ago<p hidden>secret</p><script>f()</script>"
    )
    found = preview(server.url("/p"), {}, http, NOW)
    assert [post.text for post in found.taken] == ["Said."]
    assert {(i.reason, i.sample) for i in found.ignored} == {
        ("hidden", "secret"),
        ("script", "f()"),
        ("counter, time or date", "3 minutes ago"),
    }
    assert len(found.oddities) == 1
    assert "login" in found.oddities[0]
    assert (found.title, found.url, found.notices) == ("Log in", server.url("/p"), ())


def test_takes_settings_as_a_person_writes_them(server: ScriptedServer, http: PoliteClient) -> None:
    server.reply("/robots.txt", "User-agent: *\nDisallow: /")
    server.reply("/p", "<p class=c id=one>Said.</p>")
    found = preview(server.url("/p"), {"item": ".c", "own_site": "true"}, http, NOW)
    assert [post.external_id for post in found.taken] == ["#one"]


def test_says_when_the_selectors_find_nothing(server: ScriptedServer, http: PoliteClient) -> None:
    server.reply("/p", "<p>Said.</p>")
    found = preview(server.url("/p"), {"item": ".c"}, http, NOW)
    assert (found.taken, found.notices) == ((), (Notice.LAYOUT,))
    assert "match nothing" in found.oddities[0]


def test_failures_come_through(server: ScriptedServer, http: PoliteClient) -> None:
    with pytest.raises(FetchError):
        preview(server.url("/nothing"), {}, http, NOW)
    with pytest.raises(ValidationError):
        preview(server.url("/p"), {"itme": ".c"}, http, NOW)
