"""Every class of the retention table at limit - 1, limit and limit + 1 day; holds, prompts, tombstones."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from builders import NOW, candidate, judged, later, pack, rows, settings
from sqlalchemy import Engine, insert, update

from config.pack import Retention
from config.settings import Settings
from monitor import audit, holds, keys, lookups, retention, triage
from monitor.audit_records import REASON
from monitor.errors import CaseError
from monitor.records import (
    ASSESSMENT,
    CASE,
    CASE_KEY,
    CONTENT,
    DECISION,
    DELIVERY,
    EVENT,
    EVIDENCE,
    EXTRACT,
    HOLD,
    POST,
    SETBACK,
)
from monitor.store import Store

AROUND = (-1, 0, 1)
DAY = timedelta(days=1)
CALM: dict[str, Any] = {"severity": 0, "category": ""}


@pytest.fixture
def config(tmp_path: Path) -> Settings:
    keys.make(tmp_path)
    return settings(tmp_path)


def kept(engine: Engine, config: Settings, text: str = "words of a post", **of: Any) -> Store:
    judged(engine, text, **({"url": "https://talk.example/1"} | of))
    store = Store(engine)
    triage.run(store, config, NOW)
    return store


def event(engine: Engine, kind: str, at: datetime = NOW, actor: str = "cp") -> None:
    with engine.begin() as connection:
        connection.execute(insert(EVENT).values(case_id=1, at=at, kind=kind, actor=actor, data={}))


def size(engine: Engine, *tables: Any) -> int:
    return sum(len(rows(engine, table)) for table in tables)


def at_limit(store: Store, config: Settings, name: str, days: int, since: datetime = NOW) -> dict[str, int]:
    limit = retention.CLASSES[name].days
    return retention.run(store, config, since + timedelta(days=limit + days))


@pytest.mark.pbd("PBD-28")
def test_the_table_of_classes_says_what_the_requirement_says() -> None:
    assert {name: entry.days for name, entry in retention.CLASSES.items()} == {
        "unmatched": 0,
        "possible": 7,
        "mention": 30,
        "queued": 30,
        "words": 365,
        "skeleton": 365,
        "moved": 30,
        "delivery": 30,
        "tombstone": 730,
        "audit": 730,
        "exports": 30,
        "backups": 35,
    }


@pytest.mark.pbd("PBD-28")
@pytest.mark.parametrize("days", AROUND)
def test_a_possible_mention(engine: Engine, config: Settings, days: int) -> None:
    store = kept(engine, config, mention=False, possible=True, severity=1)
    at_limit(store, config, "possible", days)
    assert len(rows(engine, EXTRACT)) == (1 if days < 0 else 0)
    assert len(rows(engine, DECISION)) == 1, "what was decided stays for its month"


@pytest.mark.pbd("PBD-28")
@pytest.mark.parametrize("days", AROUND)
@pytest.mark.parametrize("of", [CALM, {"severity": 0, "category": "legitimate_complaint"}])
def test_an_unflagged_mention(engine: Engine, config: Settings, days: int, of: dict[str, Any]) -> None:
    store = kept(engine, config, **of)
    before = lookups.outcomes(engine)
    at_limit(store, config, "mention", days)
    (post,) = rows(engine, POST)
    assert size(engine, EXTRACT, ASSESSMENT, DECISION) == (3 if days < 0 else 0)
    assert (post.url, post.external_id) == (("https://talk.example/1", "1") if days < 0 else ("", ""))
    assert lookups.outcomes(engine) == before, "the daily counts stay"


@pytest.mark.pbd("PBD-28")
@pytest.mark.parametrize("days", AROUND)
@pytest.mark.parametrize("acted", [False, True])
def test_a_queue_item(engine: Engine, config: Settings, days: int, acted: bool) -> None:
    store = kept(engine, config, severity=1)
    if acted:
        event(engine, "looked-at")
    at_limit(store, config, "queued", days)
    gone = days >= 0 and not acted
    assert size(engine, CASE, EXTRACT) == (0 if gone else 2)
    assert (size(engine, EVENT, CASE_KEY, DECISION) == 0) is gone


@pytest.mark.pbd("PBD-28")
@pytest.mark.parametrize("days", AROUND)
@pytest.mark.parametrize("severity", [2, 3])
def test_words_and_link_of_a_case(engine: Engine, config: Settings, days: int, severity: int) -> None:
    store = kept(engine, config, severity=severity)
    held = size(engine, EXTRACT, EVIDENCE)
    at_limit(store, config, "words", days)
    assert size(engine, EXTRACT, EVIDENCE) == (held if days < 0 else 0)
    assert (rows(engine, POST)[0].url == "") is (days >= 0)
    assert (size(engine, CASE_KEY) == 0) is (days >= 0)
    assert size(engine, CASE) == 1, "its skeleton stays"
    assert ("words-deleted" in {row.kind for row in rows(engine, EVENT)}) is (days >= 0)


@pytest.mark.pbd("PBD-28")
@pytest.mark.parametrize("days", AROUND)
def test_the_skeleton_of_a_case(engine: Engine, config: Settings, days: int) -> None:
    store = kept(engine, config)
    at_limit(store, config, "words", 0)
    at_limit(store, config, "skeleton", days, since=NOW + timedelta(days=365))
    assert (size(engine, EVENT, DECISION, ASSESSMENT) == 0) is (days >= 0)
    assert (size(engine, CASE) == 0) is (days >= 0)


@pytest.mark.pbd("PBD-28")
@pytest.mark.parametrize("category", ["child_at_risk", "allegation_against_staff"])
def test_a_safeguarding_case_waits_until_it_is_moved(engine: Engine, config: Settings, category: str) -> None:
    store = kept(engine, config, category=category, severity=3)
    retention.run(store, config, NOW + 500 * DAY)
    assert size(engine, CASE, EVIDENCE) == 2
    moved = NOW + 501 * DAY
    event(engine, "moved", moved)
    for days in AROUND:
        at_limit(store, config, "moved", days, since=moved)
        assert size(engine, CASE, EVIDENCE) == (2 if days < 0 else 0)
    assert size(engine, EVENT, DELIVERY) == 0


@pytest.mark.pbd("PBD-12")
def test_a_case_that_a_person_calls_wrong_is_emptied_at_the_next_run(
    engine: Engine, config: Settings
) -> None:
    store = kept(engine, config, severity=3)
    event(engine, "wrong")
    retention.run(store, config, later(minutes=1))
    assert size(engine, EXTRACT, EVIDENCE, CASE_KEY) == 0
    assert size(engine, CASE) == 1
    assert retention.run(store, config, later(minutes=2)) == {}


@pytest.mark.pbd("PBD-28")
@pytest.mark.parametrize("days", AROUND)
def test_own_copies_of_messages(engine: Engine, config: Settings, days: int) -> None:
    store = kept(engine, config)
    lease = store.lease_delivery("me", NOW, later(minutes=1))
    assert lease is not None
    store.keep_outcome(lease, state="sent", now=NOW, ref="<a@b>")
    at_limit(store, config, "delivery", days)
    assert size(engine, DELIVERY) == (1 if days < 0 else 0)
    assert "delivered" in {row.kind for row in rows(engine, EVENT)}


@pytest.mark.parametrize("days", AROUND)
def test_a_message_that_is_still_owed_is_no_copy(engine: Engine, config: Settings, days: int) -> None:
    store = kept(engine, config)
    at_limit(store, config, "delivery", days)
    assert size(engine, DELIVERY) == 1


@pytest.mark.pbd("PBD-29")
@pytest.mark.parametrize(
    ("folder", "name"), [("exports", "exports"), ("drafts", "exports"), ("backups", "backups")]
)
@pytest.mark.parametrize("days", AROUND)
def test_files_of_exports_drafts_and_backups(
    engine: Engine, config: Settings, tmp_path: Path, folder: str, name: str, days: int
) -> None:
    file = tmp_path / folder / "one" / "file"
    file.parent.mkdir(parents=True)
    file.write_text("words")
    os.utime(file, (NOW.timestamp(), NOW.timestamp()))
    at_limit(Store(engine), config, name, days)
    assert file.exists() is (days < 0)


def test_an_old_entry_does_not_come_back_as_new(engine: Engine, config: Settings) -> None:
    store = kept(engine, config, **CALM)
    at_limit(store, config, "mention", 1)
    assert store.keep_batch([candidate("words of a post", "1")], None).known == 1
    assert store.keep_batch([candidate("other words", "1", url="https://talk.example/1")], None).changed == 1
    assert [(row.version, row.url) for row in store.to_assess(9)] == [(2, "https://talk.example/1")]


@pytest.mark.parametrize("days", AROUND)
def test_a_tombstone_goes_when_its_source_is_no_longer_read(
    engine: Engine, config: Settings, days: int
) -> None:
    store = kept(engine, config, **CALM)
    buried = NOW + 30 * DAY
    retention.run(store, config, buried)
    at_limit(store, config, "tombstone", days, since=buried)
    assert size(engine, POST) == (1 if days < 0 else 0)


@pytest.mark.pbd("PBD-28")
@pytest.mark.parametrize(
    ("own", "name", "days"),
    [
        (Retention(max_months=6), "words", 182),
        (Retention(non_actionable_days=10), "mention", 10),
        (Retention(non_actionable_days=10), "queued", 10),
        (Retention(non_actionable_days=3), "possible", 3),
        (Retention(max_months=24), "words", 365),
        (Retention(max_months=24, dpia_reference="DPIA 7"), "words", 730),
    ],
)
def test_a_policy_shortens_and_lengthens_only_with_a_reference(
    tmp_path: Path, own: Retention, name: str, days: int
) -> None:
    assert retention.limits(settings(tmp_path, pack=pack(retention=own)))[name].days == days


def held_for(store: Store, days: int | None, **changes: Any) -> None:
    values: dict[str, Any] = {"person": "head", "reason": "solicitor's letter", "now": NOW}
    ends = None if days is None else NOW + timedelta(days=days)
    holds.place(store, changes.pop("case_id", 1), ends_at=ends, **(values | changes))


@pytest.mark.pbd("PBD-30")
@pytest.mark.parametrize(
    ("days", "changes"),
    [
        (None, {}),
        (185, {}),
        (0, {}),
        (-1, {}),
        (10, {"reason": " "}),
        (10, {"person": ""}),
        (10, {"case_id": 9}),
    ],
)
def test_a_hold_without_an_end_or_too_long_is_refused(
    engine: Engine, config: Settings, days: int | None, changes: dict[str, Any]
) -> None:
    store = kept(engine, config)
    with pytest.raises(CaseError):
        held_for(store, days, **changes)
    assert rows(engine, HOLD) == []


@pytest.mark.pbd("PBD-30")
def test_a_hold_stops_deletion_until_it_ends_and_can_be_renewed(engine: Engine, config: Settings) -> None:
    store = kept(engine, config)
    nearly = NOW + 300 * DAY
    holds.place(store, 1, person="head", reason="letter", ends_at=nearly + 100 * DAY, now=nearly)
    retention.run(store, config, NOW + 380 * DAY)
    assert size(engine, EXTRACT) == 1
    again = NOW + 390 * DAY
    holds.place(store, 1, person="head", reason="letter", ends_at=again + 20 * DAY, now=again)
    retention.run(store, config, NOW + 405 * DAY)
    assert size(engine, EXTRACT) == 1
    retention.run(store, config, NOW + 410 * DAY)
    assert size(engine, EXTRACT) == 0
    assert [row.kind for row in rows(engine, EVENT)].count("held") == 2


@pytest.mark.pbd("PBD-30")
def test_month_nine_and_month_eleven_are_asked_once(engine: Engine, config: Settings) -> None:
    store = kept(engine, config, category="defamatory_possible")
    seen = []
    for days in (273, 274, 275, 334, 335, 336):
        retention.run(store, config, NOW + days * DAY)
        seen.append([row.kind for row in rows(engine, EVENT) if row.kind.startswith("retention")])
    nine, eleven = "retention-month-nine", "retention-decision-asked"
    assert seen == [[], [nine], [nine], [nine], [nine, eleven], [nine, eleven]]
    assert lookups.asked(engine, eleven) == [1]
    event(engine, "looked-at", NOW + 336 * DAY)
    assert lookups.asked(engine, eleven) == []


@pytest.mark.pbd("PBD-31")
def test_a_deletion_at_the_source_takes_open_words_and_leaves_hash_and_note(
    engine: Engine, config: Settings
) -> None:
    store = kept(engine, config)
    store.keep_batch([candidate("", "1", deleted=True)], None)
    (extract,) = rows(engine, EXTRACT)
    assert (extract.masked, extract.note, len(extract.sha256)) == ("", "gone at its source", 32)


@pytest.mark.pbd("PBD-31")
@pytest.mark.parametrize(("platform", "goes"), [("mastodon", True), ("X", True), ("web", False)])
@pytest.mark.parametrize("hours", [-1, 0, 1])
def test_a_platforms_clock_empties_evidence_even_of_a_held_case(
    engine: Engine, config: Settings, platform: str, goes: bool, hours: int
) -> None:
    judged(engine, "grave words", "1", severity=4)
    with engine.begin() as connection:
        connection.execute(update(POST).values(platform=platform))
        connection.execute(update(POST).values(key=_key(platform)))
    store = Store(engine)
    triage.run(store, config, NOW)
    held_for(store, 30)
    store.keep_batch([candidate("", "1", platform=platform, deleted=True)], None)
    retention.run(store, config, NOW + timedelta(hours=24 + hours))
    (row,) = rows(engine, EVIDENCE)
    gone = goes and hours >= 0
    assert (row.sealed == b"") is gone
    assert (row.note, len(row.sha256)) == ("gone at its source" if gone else "", 32)


def _key(platform: str) -> bytes:
    from builders import SCHOOL

    from monitor.candidates import post_key

    return post_key(SCHOOL, platform, "1")


def test_rows_that_no_step_came_to_go_too(engine: Engine, config: Settings) -> None:
    store = Store(engine)
    store.keep_batch([candidate("never assessed", "1")], None)
    judged(engine, "never decided", "2")
    for _ in range(3):
        store.keep_setback("triage", 1, 1, "KeyError", NOW)
    retention.run(store, config, NOW + 29 * DAY)
    assert size(engine, CONTENT) == 2
    retention.run(store, config, NOW + 30 * DAY)
    assert size(engine, CONTENT, ASSESSMENT, SETBACK) == 0


def test_a_run_can_be_done_again_and_more_than_one_round_is_done(
    engine: Engine, config: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH", 3)
    store = Store(engine)
    for number in range(10):
        judged(engine, f"text {number}", str(number), **(CALM if number % 2 else {"severity": 1}))
    triage.run(store, config, NOW)
    retention.run(store, config, NOW + 31 * DAY)
    assert size(engine, CASE, EXTRACT, ASSESSMENT) == 0
    assert size(engine, POST) == 10
    assert lookups.outcomes(engine) == {"mention": 5, "opened": 5}
    assert retention.run(store, config, NOW + 32 * DAY) == {}


@pytest.mark.pbd("PBD-28")
@pytest.mark.parametrize("days", AROUND)
def test_old_audit_entries_go_and_the_chain_holds(engine: Engine, config: Settings, days: int) -> None:
    with engine.begin() as connection:
        audit.append(connection, [audit.Entry(NOW, "head", "view", "case:1", True, "a reason")])
        audit.append(connection, [audit.Entry(NOW + 500 * DAY, "head", "view", "case:2", True, "another")])
    at_limit(Store(engine), config, "audit", days)
    assert len(rows(engine, REASON)) == (2 if days < 0 else 1)
    with engine.connect() as connection:
        assert audit.verify(connection) is None


@pytest.mark.pbd("PBD-29")
def test_reasons_given_for_a_case_go_with_it(engine: Engine, config: Settings) -> None:
    store = kept(engine, config, severity=1)
    with engine.begin() as connection:
        audit.append(connection, [audit.Entry(NOW, "head", "view", "case:1", True, "because of Mrs A")])
    at_limit(store, config, "queued", 0)
    assert rows(engine, REASON) == []
    with engine.connect() as connection:
        assert audit.verify(connection) is None
