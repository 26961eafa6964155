"""What a signed-in person does to a case: asked of the access table, told to the audit, done by an event."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from builders import NOW, assessed, candidate, rows, settings
from sqlalchemy import Engine

from config.settings import Settings
from monitor import triage
from monitor.accounts import Session
from monitor.acting import act
from monitor.audit import Audit, entries
from monitor.errors import CaseError
from monitor.records import EVENT, HOLD
from monitor.store import Store
from nlp.findings import Severity

LATER = NOW + timedelta(days=30)


@pytest.fixture
def house(engine: Engine, tmp_path: Path) -> Settings:
    """One ordinary case about the head (farrant), one restricted case about nobody of the staff."""
    store, made = Store(engine), settings(tmp_path)
    store.keep_batch([candidate("one", "1"), candidate("two", "2")], None)
    about_head: dict[str, Any] = {"category": "abusive_harassing", "staff": ["farrant"]}
    of_a_child: dict[str, Any] = {"category": "child_at_risk", "staff": []}
    for post_id, found in ((1, about_head), (2, of_a_child)):
        store.keep_assessments([assessed(post_id, mention=True, severity=int(Severity.MEDIUM), **found)])
    triage.run(store, made, NOW)
    return made


def do(
    engine: Engine, house: Settings, case: int, action: str, person: str, reason: str = "why", **more: Any
) -> None:
    act(Audit(engine, house.folder), house, case, action, Session(person, NOW), reason, NOW, **more)


def done(engine: Engine, case: int) -> list[tuple[str, str]]:
    return [(row.kind, row.actor) for row in rows(engine, EVENT) if row.case_id == case][1:]


@pytest.mark.pbd("PBD-19")
@pytest.mark.pbd("PBD-26")
def test_a_person_decides_and_the_audit_tells(engine: Engine, house: Settings) -> None:
    do(engine, house, 1, "wrong", "office")
    do(engine, house, 2, "moved", "cp")
    assert done(engine, 1) == [("wrong", "office")]
    assert done(engine, 2) == [("moved", "cp")]
    told = {(entry["actor"], entry["action"], entry["object"]) for entry in entries(engine)}
    assert {("office", "wrong", "case:1"), ("cp", "moved", "case:2")} <= told


@pytest.mark.pbd("PBD-27")
@pytest.mark.parametrize(
    ("case", "action", "person", "says"),
    [
        (1, "wrong", "head", "There is no case 1."),  # about the head
        (2, "moved", "office", "handled by the safeguarding lead"),  # restricted
        (9, "wrong", "cp", "There is no case 9."),
        (2, "publish", "cp", "known: wrong, moved, hold"),
        (2, "hold", "cp", "needs an end date"),
    ],
)
def test_what_may_not_be_changes_nothing(
    engine: Engine, house: Settings, case: int, action: str, person: str, says: str
) -> None:
    with pytest.raises(CaseError) as refused:
        do(engine, house, case, action, person)
    assert says in str(refused.value)
    assert done(engine, 1) == done(engine, 2) == []
    assert rows(engine, HOLD) == []


def test_a_reason_is_needed_and_its_lack_is_in_the_audit(engine: Engine, house: Settings) -> None:
    with pytest.raises(CaseError, match="a reason is needed"):
        do(engine, house, 2, "moved", "cp", reason=" ")
    (entry,) = [entry for entry in entries(engine) if entry["object"] == "case:2"]
    assert not entry["allowed"]
    assert done(engine, 2) == []


def test_a_hold_keeps_its_end(engine: Engine, house: Settings) -> None:
    do(engine, house, 2, "hold", "cp", ends_at=LATER)
    (hold,) = rows(engine, HOLD)
    assert (hold.case_id, hold.person, hold.ends_at) == (2, "cp", LATER)
    assert done(engine, 2) == [("held", "cp")]
