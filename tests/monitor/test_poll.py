"""The poll step over real sources: a drop folder and a web server on loopback."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from builders import NOW, SCHOOL, later, post, rows, settings
from servers import ScriptedServer
from sqlalchemy import Engine

from config.settings import Gates, Recording, Settings, Source
from connectors.base import Kind
from connectors.feed import Feed
from connectors.http import PoliteClient
from connectors.report import ReportOptions
from monitor.poll import BACKLOG_AGE, Poller, candidates, due, idle_reason
from monitor.records import CONTENT, POST
from monitor.store import SourceUpdate, Store
from monitor.works import Works, build

DONE = Recording(date=NOW.date())
OPEN = Gates(dpia=DONE, notice=DONE, test_message=DONE)
NAMED = "Marrowby Community School had a fair today."


def source(name: str, kind: str, options: Any, **changes: Any) -> Source:
    values: dict[str, Any] = {"name": name, "kind": kind, "school": SCHOOL, "own": True, "options": options}
    return Source(**(values | changes))


def feed(server: ScriptedServer, name: str = "feed", **changes: Any) -> Source:
    return source(name, "feed", Feed.options.model_validate({"url": server.url(f"/{name}")}), **changes)


def rss(*items: tuple[str, str, datetime]) -> bytes:
    entries = "".join(
        f"<item><guid isPermaLink='false'>{key}</guid><title>t</title><description>{text}</description>"
        f"<pubDate>{at:%a, %d %b %Y %H:%M:%S} GMT</pubDate></item>"
        for key, text, at in items
    )
    return f"<rss version='2.0'><channel><title>x</title>{entries}</channel></rss>".encode()


@pytest.fixture
def site() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        yield server


@pytest.fixture
def poller(engine: Engine, site: ScriptedServer) -> Iterator[Poller]:
    stop = threading.Event()
    http = PoliteClient(user_agent="test", allow_hosts=[site.host], gap=0, stop=stop)
    made = Poller(Store(engine), http, stop)
    yield made
    stop.set()
    made.close()
    http.close()


def works(folder: Path, *sources: Source, **changes: Any) -> Works:
    return build(settings(folder, sources=sources, gates=OPEN, **changes))


def clock() -> datetime:
    return NOW


def test_candidates_and_cursor_come_together(
    engine: Engine, poller: Poller, site: ScriptedServer, tmp_path: Path
) -> None:
    stranger = "Somebody sells three bicycles in another town."
    site.reply("/feed", rss(("1", NAMED, NOW), ("2", stranger, NOW)))
    ready = works(tmp_path, feed(site, own=False))
    (polled,) = poller.run(ready, clock)
    assert (polled.posts, polled.kept.new, polled.reason) == (2, 1, "")
    assert [NAMED in content.text for content in rows(engine, CONTENT)] == [True]
    state = poller.store.source_states()["feed"]
    assert state.cursor
    assert state.last_good_at == NOW
    assert state.next_check_at > NOW
    assert poller.run(ready, clock) == []  # not due
    (again,) = poller.run(ready, clock, ["feed"])
    assert again.kept.new == 0


def test_a_stranger_never_reaches_the_disk(
    engine: Engine, poller: Poller, site: ScriptedServer, tmp_path: Path
) -> None:
    site.reply("/feed", rss(("1", "Zebulonmarker sells bicycles.", NOW)))
    poller.run(works(tmp_path, feed(site, own=False)), clock)
    engine.dispose()
    assert not any(b"Zebulonmarker" in file.read_bytes() for file in tmp_path.iterdir() if file.is_file())


def test_a_failing_source_harms_no_other(poller: Poller, site: ScriptedServer, tmp_path: Path) -> None:
    site.reply("/good", rss(("1", NAMED, NOW)))
    ready = works(tmp_path, feed(site, "gone"), feed(site, "good", own=False))
    polled = {p.source: p for p in poller.run(ready, clock)}
    assert polled["good"].kept.new == 1
    assert polled["gone"].reason
    state = poller.store.source_states()["gone"]
    assert (state.failure_count, state.last_good_at) == (1, None)


@pytest.mark.parametrize(("age", "backlog"), [(timedelta(days=8), True), (timedelta(days=6), False)])
def test_only_a_first_poll_has_a_backlog(
    engine: Engine, poller: Poller, site: ScriptedServer, tmp_path: Path, age: timedelta, backlog: bool
) -> None:
    site.reply("/feed", rss(("1", NAMED, NOW - age)))
    site.reply("/feed", rss(("1", NAMED, NOW - age), ("2", NAMED + " 2", NOW - age)))
    ready = works(tmp_path, feed(site, own=False))
    for _ in range(2):
        poller.run(ready, clock, ["feed"])
    assert [found.backlog for found in rows(engine, POST)] == [backlog, False]
    assert timedelta(days=7) == BACKLOG_AGE


def test_nothing_begins_after_stop(poller: Poller, site: ScriptedServer, tmp_path: Path) -> None:
    poller.stop.set()
    (polled,) = poller.run(works(tmp_path, feed(site)), clock)
    assert polled.reason == "stopping"
    assert site.requests == []
    assert poller.store.source_states() == {}


def test_start_tells_when_done(poller: Poller, site: ScriptedServer, tmp_path: Path) -> None:
    site.reply("/feed", rss(("1", NAMED, NOW)))
    done, told = threading.Event(), []
    ready = works(tmp_path, feed(site, own=False))
    assert poller.start(ready, clock, lambda polled: (told.append(polled), done.set())[1]) == 1
    assert done.wait(20)
    assert told[0].kept.new == 1
    assert poller.busy == frozenset()


def box(folder: Path, name: str = "box", **changes: Any) -> Source:
    return source(name, "report", ReportOptions(folder=folder), **changes)


@pytest.mark.parametrize(
    ("changes", "gates", "reason"),
    [
        ({}, Gates(), ""),
        ({"enabled": False}, OPEN, "switched off in sources.toml"),
        ({"own": False}, OPEN, ""),
        ({"own": False}, Gates(dpia=DONE), "notice, test_message"),
    ],
)
def test_idle(tmp_path: Path, changes: dict[str, Any], gates: Gates, reason: str) -> None:
    found = idle_reason(box(tmp_path, **changes), settings(tmp_path, gates=gates))
    assert (reason in found) if reason else found == ""


def state_of(engine: Engine, name: str, next_check_at: datetime) -> None:
    Store(engine).keep_batch([], SourceUpdate(name=name, at=NOW, next_check_at=next_check_at))


def test_due_longest_overdue_first(engine: Engine, tmp_path: Path) -> None:
    for name, minutes in (("a", -1), ("b", -5), ("c", 1)):
        state_of(engine, name, later(minutes=minutes))
    config = settings(tmp_path, sources=[box(tmp_path, name) for name in ("new", "c", "a", "b")])
    states = Store(engine).source_states()
    assert [found.name for found in due(config, states, NOW)] == ["b", "a", "new"]


def test_a_clock_that_jumped_does_not_silence_a_source(engine: Engine, tmp_path: Path) -> None:
    state_of(engine, "box", later(days=4000))
    config, states = settings(tmp_path, sources=(box(tmp_path),)), Store(engine).source_states()
    assert [found.name for found in due(config, states, NOW)] == ["box"]


class TestCandidates:
    @pytest.fixture
    def ready(self, tmp_path: Path) -> Works:
        return works(tmp_path)

    def passed(self, ready: Works, found: Any, *, school: str | None = None, own: bool = False) -> list[str]:
        made = candidates(ready, [found], schools=[school], own=own, backlog_before=None)
        return [candidate.school for candidate in made]

    def test_named_or_not(self, ready: Works) -> None:
        assert self.passed(ready, post(NAMED)) == [SCHOOL]
        assert self.passed(ready, post("Somebody else's bicycle")) == []

    def test_news_of_a_deletion_needs_no_words(self, ready: Works) -> None:
        assert self.passed(ready, post("", deleted=True)) == [SCHOOL]
        assert self.passed(ready, post("", deleted=True), school=SCHOOL) == [SCHOOL]

    def test_the_schools_own_words_are_left_out(self, ready: Works) -> None:
        assert self.passed(ready, post(NAMED), school=SCHOOL, own=True) == []
        comment = post("what a pig he is", kind=Kind.COMMENT)
        assert self.passed(ready, comment, school=SCHOOL, own=True) == [SCHOOL]


def test_settings_without_sources_poll_nothing(poller: Poller, tmp_path: Path) -> None:
    assert poller.run(works(tmp_path), clock) == []
    assert isinstance(works(tmp_path).settings, Settings)
