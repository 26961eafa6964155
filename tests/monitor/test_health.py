"""Each kind of trouble is a sentence, and good health is silent."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from builders import NOW, SCHOOL, judged, later, people, settings
from sqlalchemy import Engine

from config.settings import Gates, Recording, Settings, Source
from connectors.report import ReportOptions
from monitor import keys, triage
from monitor.health import problems, report, sources_health
from monitor.store import SourceUpdate, Store

OPEN = Gates(
    dpia=Recording(date=NOW.date()),
    notice=Recording(date=NOW.date()),
    test_message=Recording(date=NOW.date()),
)


def source(folder: Path, name: str = "box", **changes: Any) -> Source:
    values: dict[str, Any] = {"name": name, "kind": "report", "school": SCHOOL, "own": True}
    return Source(**(values | {"options": ReportOptions(folder=folder)} | changes))


def fetched(at: Any = NOW, reason: str = "", name: str = "box") -> SourceUpdate:
    return SourceUpdate(name=name, at=at, next_check_at=at, reason=reason)


@pytest.fixture
def config(tmp_path: Path) -> Settings:
    keys.make(tmp_path)
    return settings(tmp_path, sources=(source(tmp_path),))


def said(engine: Engine, config: Settings, now: Any = NOW) -> list[str]:
    return problems(engine, sources_health(Store(engine), config, now), config, now)


def test_all_is_well(engine: Engine, config: Settings) -> None:
    store = Store(engine)
    store.keep_batch([], fetched())
    store.keep_run("assess", 0, NOW)
    assert said(engine, config, later(minutes=9)) == []
    found = report(engine, store, config, later(minutes=9))
    assert found["ok"] is True
    assert found["sources"][0] | {"last_good_at": None} == {
        "name": "box",
        "kind": "report",
        "school": SCHOOL,
        "state": "good",
        "last_good_at": None,
        "blind_hours": 0.0,
        "reason": "",
        "notices": [],
    }


def untold(store: Store, engine: Engine, config: Settings) -> None:
    judged(engine)
    triage.run(store, settings(config.folder, people=people({"headteacher": None})), NOW)


def dead(store: Store, engine: Engine, config: Settings) -> None:
    judged(engine)
    triage.run(store, config, NOW)
    lease = store.lease_delivery("me", NOW, later(minutes=1))
    assert lease is not None
    store.keep_outcome(lease, state="dead", now=NOW, reason="the server refuses this message or this reader")


def unsent(store: Store, engine: Engine, config: Settings) -> None:
    judged(engine)
    triage.run(store, config, NOW)


def undecided(store: Store, engine: Engine, config: Settings) -> None:
    judged(engine)


def set_aside(store: Store, engine: Engine, config: Settings) -> None:
    for _ in range(3):
        store.keep_setback("assess", 12, 1, "KeyError", NOW)


def step_failed(store: Store, engine: Engine, config: Settings) -> None:
    store.keep_run("triage", 0, later(minutes=10), "OperationalError")


def stopped(store: Store, engine: Engine, config: Settings) -> None:
    store.keep_run("poll", 0, NOW)


def failing(store: Store, engine: Engine, config: Settings) -> None:
    store.keep_failure(fetched(later(minutes=5), "the server refuses us"))


@pytest.mark.parametrize(
    ("trouble", "sentence"),
    [
        (untold, "case 1: nobody could be told; name its roles in people.toml"),
        (dead, "case 1: the email to the designated_person was given up: the server refuses this"),
        (unsent, "1 row(s) wait before step deliver, the oldest since 20 Nov 09:00 UTC"),
        (undecided, "1 row(s) wait before step triage"),
        (set_aside, "post 12: step assess failed 3 times and was set aside; look at the post yourself"),
        (step_failed, "step triage failed at 20 Nov 09:10 UTC: OperationalError; see the log"),
        (stopped, "step poll last ran at 20 Nov 09:00 UTC; start the service: mentionwatch run"),
        (failing, "source box: the server refuses us (blind for 0.2 hours)"),
    ],
)
def test_each_trouble_is_a_sentence(
    trouble: Callable[[Store, Engine, Settings], None], sentence: str, engine: Engine, config: Settings
) -> None:
    store = Store(engine)
    store.keep_batch([], fetched())
    trouble(store, engine, config)
    (found,) = said(engine, config, later(minutes=10, seconds=1))
    assert found.startswith(sentence)
    assert report(engine, store, config, later(minutes=11))["ok"] is False


def test_a_row_that_has_just_come_in_is_no_trouble(engine: Engine, config: Settings) -> None:
    Store(engine).keep_batch([], fetched())
    judged(engine)
    assert said(engine, config, later(minutes=9)) == []


def test_a_source_that_was_never_read(engine: Engine, config: Settings) -> None:
    Store(engine).keep_failure(fetched(reason="the server took too long"))
    assert said(engine, config) == ["source box: the server took too long (never read yet)"]


def test_a_source_that_went_silent(engine: Engine, config: Settings) -> None:
    Store(engine).keep_batch([], fetched())
    (found,) = said(engine, config, later(days=366))
    assert found == "source box: silent for longer than usual (blind for 8784.0 hours)"


@pytest.mark.parametrize(
    ("changes", "gates", "sentence"),
    [
        ({"enabled": False}, OPEN, "source box is not read: switched off in sources.toml"),
        (
            {"own": False},
            Gates(),
            "source box is not read: reaches strangers and waits for the recordings: dpia",
        ),
    ],
)
def test_a_source_that_is_not_read(
    engine: Engine, tmp_path: Path, changes: dict[str, Any], gates: Gates, sentence: str
) -> None:
    keys.make(tmp_path)
    config = settings(tmp_path, sources=(source(tmp_path, **changes),), gates=gates)
    (found,) = said(engine, config)
    assert found.startswith(sentence)


def test_no_source_at_all(engine: Engine, tmp_path: Path) -> None:
    keys.make(tmp_path)
    assert said(engine, settings(tmp_path)) == ["no source is configured: nothing is read"]


def test_a_new_source_is_given_time(engine: Engine, config: Settings) -> None:
    assert said(engine, config) == []
    assert sources_health(Store(engine), config, NOW)[0].state == "new"
