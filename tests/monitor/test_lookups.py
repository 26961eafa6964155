"""Reading for people: shapes, order, and no words of a post."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path

from builders import NOW, candidate, judged, later, settings
from sqlalchemy import Engine

from monitor import lookups, triage
from monitor.store import Store


def told(engine: Engine, folder: Path) -> Store:
    judged(engine, "zyzzyva mild", "1", title="zyzzyva", severity=1)
    judged(engine, "zyzzyva grave", "2", severity=4, published_at=later(hours=-2))
    judged(engine, "zyzzyva middling", "3", severity=2, staff=["lockyer"])
    store = Store(engine)
    triage.run(store, settings(folder), NOW)
    return store


def test_cases_worst_first(engine: Engine, tmp_path: Path) -> None:
    told(engine, tmp_path)
    found = lookups.cases(engine)
    assert [case["severity"] for case in found] == ["critical", "medium", "low"]
    assert set(found[0]) == {
        *("id", "school", "category", "also", "severity", "status", "restricted", "post_count", "opened_at"),
        *("updated_at", "posted_at", "found_at", "messages", "subjects"),
    }
    assert found[0]["opened_at"] == "2026-11-20T09:00:00Z"
    assert found[0]["posted_at"] == "2026-11-20T07:00:00Z"
    assert found[1]["subjects"] == ["lockyer"]
    assert "zyzzyva" not in str(found)


def test_messages_are_counted_when_they_are_sent(engine: Engine, tmp_path: Path) -> None:
    store = told(engine, tmp_path)
    lease = store.lease_delivery("me", NOW, later(minutes=1))
    assert lease is not None
    assert lookups.cases(engine)[0]["messages"] == 0
    store.keep_outcome(lease, state="sent", now=NOW)
    assert lookups.cases(engine)[0]["messages"] == 1


def test_one_case(engine: Engine, tmp_path: Path) -> None:
    told(engine, tmp_path)
    found = lookups.case(engine, 2)
    assert found is not None
    assert [event["kind"] for event in found["events"]] == ["opened"]
    assert [(d["channel"], d["state"], d["attempts"]) for d in found["deliveries"]] == [("email", "due", 0)]
    assert [(p["platform"], p["version"]) for p in found["posts"]] == [("web", 1)]
    assert "zyzzyva" not in str(found)
    assert lookups.case(engine, 99) is None


def test_what_waits(engine: Engine, tmp_path: Path) -> None:
    store = Store(engine)
    judged(engine, "one", "1")
    store.keep_batch([candidate("two", "2"), candidate("three", "3")], None)
    store.keep_batch([candidate("", "3", deleted=True)], None)
    found = lookups.waiting(engine)
    assert (found["assess"].count, found["assess"].oldest) == (1, NOW)
    assert (found["triage"].count, found["triage"].oldest) == (1, NOW)
    assert (found["deliver"].count, found["deliver"].oldest) == (0, None)
    triage.run(store, settings(tmp_path), later(minutes=1))
    assert lookups.waiting(engine)["deliver"].oldest == later(minutes=1)
    assert lookups.outcomes(engine) == {"opened": 1}


def test_times() -> None:
    there = datetime(2026, 7, 1, 12, 0, tzinfo=timezone(timedelta(0)))
    assert lookups.iso(there) == "2026-07-01T12:00:00Z"
    assert lookups.iso(None) is None
