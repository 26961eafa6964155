"""The audit's chain: what breaks it is found, what may go leaves it whole."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from builders import NOW, later, rows
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, select, update

from monitor.audit import (
    EXPIRED,
    RENEWED,
    Audit,
    Broken,
    Entry,
    append,
    entries,
    erase_reasons,
    expire,
    read_head,
    verify,
)
from monitor.audit_records import AUDIT, REASON
from monitor.database import writing

ROOT = Path(__file__).parents[2]
BOTH = ["sqlite", pytest.param("postgresql", marks=pytest.mark.needs("PostgreSQL server"))]
ON_BOTH = pytest.mark.parametrize("engine", BOTH, indirect=True)
REASON_GIVEN = "asked by the council's officer"


def entry(number: int = 1, **changes: Any) -> Entry:
    made = Entry(later(minutes=number), "cp", "read_words", f"case:{number}", reason=REASON_GIVEN)
    return replace(made, **changes)


@pytest.fixture
def audit(engine: Engine, tmp_path: Path) -> Audit:
    """Five entries."""
    made = Audit(engine, tmp_path)
    made.add(*(entry(number) for number in range(1, 6)))
    return made


@pytest.mark.pbd("PBD-26")
@ON_BOTH
def test_entries_are_kept_in_order_and_hold(audit: Audit) -> None:
    audit.add(entry(6, allowed=False, reason=""))
    kept = entries(audit.engine)
    assert [values["id"] for values in kept] == [6, 5, 4, 3, 2, 1]
    assert kept[0] | {"at": ""} == {
        "id": 6,
        "at": "",
        "actor": "cp",
        "action": "read_words",
        "object": "case:6",
        "allowed": False,
        "reason": "",
    }
    assert kept[1]["reason"] == REASON_GIVEN
    assert audit.verify() is None


def test_an_empty_audit_is_whole(engine: Engine, tmp_path: Path) -> None:
    assert Audit(engine, tmp_path).verify() is None
    assert entries(engine) == []


def test_own_entries_only(audit: Audit) -> None:
    audit.add(entry(6, actor="head"))
    assert {values["actor"] for values in entries(audit.engine, actor="head")} == {"head"}


def change(**values: Any) -> Callable[[Engine], None]:
    def changed(engine: Engine) -> None:
        with writing(engine) as connection:
            connection.execute(update(AUDIT).where(AUDIT.c.id == 3).values(**values))

    return changed


def drop(*numbers: int) -> Callable[[Engine], None]:
    def dropped(engine: Engine) -> None:
        with writing(engine) as connection:
            connection.execute(delete(AUDIT).where(AUDIT.c.id.in_(numbers)))

    return dropped


def swap(engine: Engine) -> None:
    """Two entries change places, their hashes with them."""
    with writing(engine) as connection:
        for old, new in ((2, 99), (3, 2), (99, 3)):
            connection.execute(update(AUDIT).where(AUDIT.c.id == old).values(id=new))


def reword(engine: Engine) -> None:
    with writing(engine) as connection:
        connection.execute(update(REASON).where(REASON.c.entry_id == 3).values(reason="none given"))


def lose_all(engine: Engine) -> None:
    with writing(engine) as connection:
        connection.execute(delete(AUDIT))


TAMPERED = [
    pytest.param(change(actor="head"), 3, id="actor"),
    pytest.param(change(action="list_cases"), 3, id="action"),
    pytest.param(change(object="case:9"), 3, id="object"),
    pytest.param(change(allowed=False), 3, id="allowed"),
    pytest.param(change(at=NOW), 3, id="time"),
    pytest.param(change(reason_hash=bytes(32)), 3, id="reason's hash"),
    pytest.param(change(hash=bytes(32)), 3, id="hash"),
    pytest.param(reword, 3, id="reason"),
    pytest.param(swap, 2, id="order"),
    pytest.param(drop(3), 3, id="deleted in the middle"),
    pytest.param(drop(1, 2), 1, id="deleted at the start"),
    pytest.param(drop(5), 5, id="cut at the end"),
    pytest.param(drop(4, 5), 4, id="cut at the end, two"),
    pytest.param(lose_all, 1, id="all gone"),
]


@pytest.mark.pbd("PBD-26")
@pytest.mark.parametrize(("tamper", "number"), TAMPERED)
def test_tampering_is_found(audit: Audit, tamper: Callable[[Engine], None], number: int) -> None:
    assert audit.verify() is None
    tamper(audit.engine)
    broken = audit.verify()
    assert isinstance(broken, Broken)
    assert broken.number == number
    assert broken.why


@pytest.mark.pbd("PBD-26")
def test_a_chain_that_was_cut_and_continued_is_found(audit: Audit) -> None:
    drop(4, 5)(audit.engine)
    audit.add(entry(4, object="case:40"), entry(5, object="case:50"))
    broken = audit.verify()
    assert broken is not None
    assert broken.number == 5


@pytest.mark.pbd("PBD-26")
@pytest.mark.parametrize("words", [None, "", "{}", "[1]", '{"number": "x", "hash": "00"}'])
def test_a_lost_or_spoilt_head_is_said(audit: Audit, tmp_path: Path, words: str | None) -> None:
    head = tmp_path / "audit.head"
    if words is None:
        head.unlink()
    else:
        head.write_text(words)
    broken = audit.verify()
    assert broken is not None
    assert "audit.head" in broken.why


def test_a_kill_between_chain_and_head_is_no_alarm(audit: Audit, tmp_path: Path) -> None:
    with writing(audit.engine) as connection:
        append(connection, [entry(6)])
    head = read_head(tmp_path / "audit.head")
    assert head is not None
    assert head.number == 5
    assert audit.verify() is None
    audit.advance()
    moved = read_head(tmp_path / "audit.head")
    assert moved is not None
    assert moved.number == 6


def test_an_entry_of_a_transaction_that_failed_is_not_there(audit: Audit) -> None:
    def broken() -> None:
        with writing(audit.engine) as connection:
            append(connection, [entry(6)])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        broken()
    assert len(rows(audit.engine, AUDIT)) == 5
    assert audit.verify() is None


@pytest.mark.pbd("PBD-42")
def test_after_a_backup_was_put_back_the_end_is_renewed_and_the_chain_tells(audit: Audit) -> None:
    drop(4, 5)(audit.engine)
    audit.renew_head("dpo", "the disk was replaced", NOW)
    assert audit.verify() is None
    newest = entries(audit.engine)[0]
    assert (newest["id"], newest["action"], newest["object"]) == (4, RENEWED, "head:5")


@pytest.mark.pbd("PBD-28")
@pytest.mark.parametrize(("minutes", "gone"), [(0, 0), (1, 0), (3, 2), (5, 4), (6, 5)])
def test_old_entries_go_and_the_chain_stays_whole(audit: Audit, minutes: int, gone: int) -> None:
    with writing(audit.engine) as connection:
        assert expire(connection, later(minutes=minutes), NOW) == gone
    audit.advance()
    assert audit.verify() is None
    assert len(rows(audit.engine, REASON)) == 5 - gone
    assert [row.action for row in rows(audit.engine, AUDIT)].count(EXPIRED) == bool(gone)


def test_expiring_again_and_again_holds(audit: Audit) -> None:
    for day in range(1, 9):
        audit.add(entry(day, at=later(days=day)))
        with writing(audit.engine) as connection:
            expire(connection, later(days=day - 2), later(days=day))
        audit.advance()
        assert audit.verify() is None


@pytest.mark.pbd("PBD-26")
def test_after_expiry_a_cut_at_the_start_is_found_all_the_same(audit: Audit) -> None:
    with writing(audit.engine) as connection:
        expire(connection, later(minutes=3), NOW)
    drop(3)(audit.engine)
    broken = audit.verify()
    assert broken is not None
    assert "before 4" in broken.why


def test_a_clock_that_was_ahead_leaves_no_gap(audit: Audit) -> None:
    audit.add(entry(6, at=later(days=900)), entry(7))
    with writing(audit.engine) as connection:
        assert expire(connection, later(days=1), later(days=1)) == 5
    assert audit.verify() is None


@pytest.mark.pbd("PBD-29", "PBD-26")
def test_reasons_can_be_erased_and_the_chain_stays_whole(audit: Audit) -> None:
    with writing(audit.engine) as connection:
        assert erase_reasons(connection, "case:3") == 1
    assert audit.verify() is None
    assert [values["reason"] for values in entries(audit.engine) if values["object"] == "case:3"] == [""]


def test_the_hash_of_a_reason_can_not_be_guessed_without_its_salt(audit: Audit) -> None:
    with audit.engine.connect() as connection:
        hashes = connection.scalars(select(AUDIT.c.reason_hash)).all()
    assert len(set(hashes)) == 5


def test_a_reason_is_one_short_line(audit: Audit) -> None:
    audit.add(entry(6, reason="first\nsecond\t" + "x" * 900))
    reason = entries(audit.engine)[0]["reason"]
    assert reason.startswith("first second x")
    assert len(reason) == 500
    assert audit.verify() is None


WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
TIMES = st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2099, 1, 1)).map(  # noqa: DTZ001
    lambda at: at.replace(tzinfo=NOW.tzinfo)
)


@given(st.lists(st.builds(Entry, TIMES, WORDS, WORDS, WORDS, st.booleans(), WORDS), min_size=1, max_size=5))
def test_whatever_is_kept_can_be_checked(shared: Engine, made: list[Entry]) -> None:
    with writing(shared) as connection:
        connection.execute(delete(AUDIT))
        connection.execute(delete(REASON))
        append(connection, made)
    with shared.connect() as connection:
        assert verify(connection) is None


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Any:
    from monitor.database import migrate, open_engine

    engine = open_engine(f"sqlite:///{tmp_path_factory.mktemp('audit') / 'store.db'}")
    migrate(engine)
    yield engine
    engine.dispose()


APPENDING = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from monitor.audit import Audit, Entry
from monitor.database import open_engine

folder = Path(sys.argv[1])
audit = Audit(open_engine(f"sqlite:///{folder / 'store.db'}"), folder)
for number in range(25):
    audit.add(Entry(datetime.now(UTC), sys.argv[2], "read_words", f"case:{number}", reason="why"))
"""


@pytest.mark.pbd("PBD-26")
def test_two_processes_append_to_one_chain(engine: Engine, tmp_path: Path) -> None:
    command = [sys.executable, "-c", APPENDING, str(tmp_path)]
    running = [subprocess.Popen([*command, who], cwd=ROOT) for who in ("cp", "head")]
    assert [process.wait(timeout=60) for process in running] == [0, 0]
    audit = Audit(engine, tmp_path)
    assert audit.verify() is None
    kept = entries(engine)
    assert [values["id"] for values in kept] == list(range(50, 0, -1))
    assert {values["actor"] for values in kept} == {"cp", "head"}
    head = read_head(tmp_path / "audit.head")
    assert head is not None
    assert head.number == 50


def test_ten_thousand_entries_are_checked_within_seconds(engine: Engine, tmp_path: Path) -> None:
    with writing(engine) as connection:
        append(
            connection, (Entry(NOW + timedelta(seconds=n), "cp", "list_cases", "-") for n in range(10_000))
        )
    audit = Audit(engine, tmp_path)
    audit.advance()
    started = time.perf_counter()
    assert audit.verify() is None
    assert time.perf_counter() - started < 10  # measured: 0.5 s on two busy cores


@pytest.mark.pbd("PBD-26")
def test_no_code_changes_an_entry() -> None:
    """Entries are added, and deleted by `expire` alone; reasons also when their case is erased."""
    found = []
    for file in (ROOT / "monitor").rglob("*.py"):
        words = file.read_text(encoding="utf-8")
        found += [(file.name, m[0]) for m in re.finditer(r"(?:update|delete)\((?:AUDIT|REASON)\)", words)]
    assert sorted(found) == [("audit.py", "delete(AUDIT)"), *[("audit.py", "delete(REASON)")] * 3]


@pytest.mark.pbd("PBD-26", "PBD-23")
def test_an_entry_has_no_place_for_names_or_words() -> None:
    assert set(AUDIT.columns.keys()) == {
        "id",
        "at",
        "actor",
        "action",
        "object",
        "allowed",
        "reason_hash",
        "hash",
    }
