"""Promises about access, end to end: a person decides, few may look, each look is kept (PBD-19, 24 to 27, 32, 45)."""

from __future__ import annotations

import ast
import inspect
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import typer
from builders import NOW, judged, later, people, rows, settings
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, update

from config.answers import write_from_answers
from config.load import load
from monitor import audit as audit_words
from monitor import cli, cli_people, keys, lookups, triage, viewing
from monitor.access import Action, Matter, listed, may_of
from monitor.accounts import Session
from monitor.audit import Audit, entries
from monitor.audit_records import AUDIT
from monitor.cases import CATEGORIES, RESTRICTED, Outcome, Status
from monitor.database import writing
from monitor.records import CASE, EVENT
from monitor.settling import settle
from monitor.store import Store
from monitor.triage import Seen, decide
from monitor.vault import ring_or_none
from monitor.works import options_of
from nlp.findings import Severity

ROOT = Path(__file__).parents[2]
MARKER = "zebra-crossing-marker"
SEVERITIES = st.sampled_from(list(Severity))


def sources() -> Iterator[tuple[str, str]]:
    for file in sorted((ROOT / "monitor").rglob("*.py")):
        if "migrations" not in file.parts and "demo" not in file.parts:
            yield file.name, file.read_text(encoding="utf-8")


# -- PBD-19: a person decides ------------------------------------------------------


@pytest.mark.pbd("PBD-19")
def test_the_machine_knows_two_states_only() -> None:
    assert {str(status) for status in Status} == {"queued", "alerted"}


@pytest.mark.pbd("PBD-19")
@given(
    category=st.sampled_from(CATEGORIES),
    severity=SEVERITIES,
    mention=st.booleans(),
    possible=st.booleans(),
    backlog=st.booleans(),
    staff=st.lists(st.sampled_from(["farrant", "lockyer"]), unique=True),
)
def test_whatever_is_found_is_queued_or_alerted_and_nothing_else(
    category: str, severity: Severity, mention: bool, possible: bool, backlog: bool, staff: list[str]
) -> None:
    place = settings(ROOT)
    seen = triage_seen(category, severity, mention, possible, backlog, tuple(staff))
    ruling = decide(seen, None, place)
    assert ruling.outcome in Outcome
    if ruling.opens is not None:
        assert ruling.opens["status"] in ("queued", "alerted")
    assert ruling.changes.get("status", "alerted") == "alerted"
    assert {owed.channel for owed in ruling.deliveries} <= {"email", "slack", "printer"}


def triage_seen(
    category: str, severity: Severity, mention: bool, possible: bool, backlog: bool, staff: tuple[str, ...]
) -> Seen:
    values = {
        "school": "marrowby",
        "mention": mention,
        "possible": possible,
        "severity": severity,
        "category": category,
        "also": (),
        "staff": staff,
        "backlog": backlog,
        "posted_at": NOW,
        "found_at": NOW,
        "told_too": (),
    }
    names = inspect.signature(Seen).parameters
    return Seen(**{name: value for name, value in values.items() if name in names})


@pytest.mark.pbd("PBD-19")
def test_only_the_store_writes_a_cases_state_and_only_what_triage_ruled() -> None:
    """No other module changes a row of `cases`; what a person decides will come with their id."""
    changing = re.compile(r"(?:update|insert)\(CASE\)")
    found = {name for name, words in sources() if changing.search(words)}
    assert found <= {"store.py"}


@pytest.mark.pbd("PBD-19")
def test_after_a_round_of_work_no_case_has_moved_by_itself(engine: Engine, tmp_path: Path) -> None:
    place = settings(tmp_path)
    for number, category in enumerate(("threatening", "child_at_risk", "abusive_harassing"), 1):
        judged(engine, external_id=str(number), category=category, severity=int(Severity.CRITICAL))
    store = Store(engine)
    triage.run(store, place, NOW)
    triage.run(store, place, later(days=40))
    assert {row.status for row in rows(engine, CASE)} <= {"queued", "alerted"}
    assert {row.actor for row in rows(engine, EVENT)} == {"mentionwatch"}
    assert {row.kind for row in rows(engine, EVENT)} <= {"opened", "joined", "severity-rose", "new-kind"}


# -- PBD-24: one place -------------------------------------------------------------


@pytest.mark.pbd("PBD-24")
def test_only_one_module_opens_sealed_words_for_people() -> None:
    """`vault` itself opens to seal again; for a reader the way leads through the table and the audit."""
    opening = {name for name, words in sources() if re.search(r"\bunseal\(", words)}
    assert opening == {"vault.py", "viewing.py"}
    reading = inspect.getsource(viewing.case_words)
    assert reading.index("_decide(") < reading.index("audit.add(") < reading.index("_shown(")


@pytest.mark.pbd("PBD-24")
def test_words_are_given_to_a_signed_in_person_only() -> None:
    assert inspect.signature(viewing.case_words).parameters["session"].annotation == "Session"
    made = [name for name, words in sources() if re.search(r"\bSession\(", words)]
    assert made == ["accounts.py"]


@pytest.mark.pbd("PBD-24")
def test_no_other_module_decides_by_role() -> None:
    """A right that is worded elsewhere is a second table."""
    for name, words in sources():
        if name in ("access.py", "routing.py"):
            continue
        tree = ast.parse(words)
        compared = [
            node
            for node in ast.walk(tree)
            if isinstance(node, ast.Compare) and "role" in ast.dump(node).lower()
        ]
        assert not [ast.unparse(node) for node in compared if "roles_of" in ast.unparse(node)], name


# -- PBD-25: the restricted partition ------------------------------------------------


@pytest.mark.pbd("PBD-25")
@pytest.mark.parametrize("category", RESTRICTED)
def test_the_administrator_who_opens_the_file_finds_no_word_of_a_restricted_case(
    engine: Engine, tmp_path: Path, category: str
) -> None:
    keys.make(tmp_path)
    place = settings(tmp_path)
    judged(engine, f"{MARKER} at the gate", category=category, severity=int(Severity.HIGH))
    triage.run(Store(engine), place, NOW)
    settle(engine)
    source = sqlite3.connect(tmp_path / "store.db")
    backup = sqlite3.connect(tmp_path / "backup.db")
    source.backup(backup)
    source.close()
    backup.close()
    for file in tmp_path.glob("*.db*"):
        assert MARKER.encode() not in file.read_bytes(), file.name
    seen = viewing.case_words(
        Audit(engine, tmp_path), place, ring_or_none(place), 1, Session("cp", NOW), "the gate was closed", NOW
    )
    assert seen[0].words is not None
    assert MARKER in seen[0].words.text


# -- PBD-26: every look is kept ------------------------------------------------------


@pytest.mark.pbd("PBD-26")
def test_a_look_is_in_the_audit_and_can_not_be_taken_out(engine: Engine, tmp_path: Path) -> None:
    keys.make(tmp_path)
    place, audit = settings(tmp_path), Audit(engine, tmp_path)
    judged(engine)
    triage.run(Store(engine), place, NOW)
    for _ in range(3):
        viewing.case_words(audit, place, ring_or_none(place), 1, Session("office", NOW), "", NOW)
    assert [entry["object"] for entry in entries(engine)] == ["case:1"] * 3
    assert audit.verify() is None
    with writing(engine) as connection:
        connection.execute(update(AUDIT).where(AUDIT.c.id == 2).values(actor="head"))
    broken = audit.verify()
    assert broken is not None
    assert broken.number == 2


@pytest.mark.pbd("PBD-26")
def test_every_action_upon_a_case_has_a_name_for_the_audit() -> None:
    assert all(re.fullmatch(r"[a-z_]{3,30}", str(action)) for action in Action)
    assert "add" in vars(audit_words.Audit)


# -- PBD-27 and refusal 16: nobody about themselves ----------------------------------


@pytest.mark.refusal(16)
@pytest.mark.pbd("PBD-27")
def test_the_subject_of_a_case_neither_hears_of_it_nor_finds_it(engine: Engine, tmp_path: Path) -> None:
    place = settings(tmp_path, people=people(head="farrant"))
    judged(engine, staff=["farrant"], severity=int(Severity.HIGH))
    triage.run(Store(engine), place, NOW)
    about = viewing.matters(engine, place)
    assert about[0].about_head
    assert "head" not in about[0].told
    assert about[0].told
    assert listed(place.people, "head", about) == []
    assert listed(place.people, "chair", about) == about
    with pytest.raises(viewing.NotShown, match=r"There is no case 1\."):
        viewing.case_words(Audit(engine, tmp_path), place, None, 1, Session("head", NOW), "", NOW)


# -- PBD-32: no search by name --------------------------------------------------------


def options() -> Iterator[tuple[str, str]]:
    """(command, option) of the whole command line."""

    def walk(name: str, command: object) -> Iterator[tuple[str, str]]:
        for parameter in getattr(command, "params", ()):
            yield from ((name, option) for option in parameter.opts)
        for child, inner in getattr(command, "commands", {}).items():
            yield from walk(child, inner)

    for made in (cli.app, cli_people.app):
        yield from walk("", typer.main.get_command(made))


@pytest.mark.refusal(5, 9)
@pytest.mark.pbd("PBD-32")
def test_there_is_no_command_that_finds_posts_by_a_name_or_a_handle() -> None:
    found = [option for option in options() if option != ("step", "name")]  # a step of the service
    assert ("audit", "--as") in found
    refused = re.compile(r"search|find|author|handle|name$|by$|who$|query|text$|account")
    assert not [(command, option) for command, option in found if refused.search(option)]
    assert not [command for command, _ in found if re.search(r"search|find|lookup|profile|watch", command)]


@pytest.mark.refusal(5)
@pytest.mark.pbd("PBD-32", "PBD-08")
def test_no_query_looks_into_words() -> None:
    """No LIKE, no full-text index, no comparison with an author: a search that is not there can not be misused."""
    looking = re.compile(
        r"\.(?:i?like|icontains|regexp_match|startswith|istartswith|op)\(\s*(?:query|words|name|handle)"
        r"|\bLIKE\b|\bfts5\b|tsvector|author_(?:name|handle)\s*(?:==|\.in_|\.like)"
    )
    assert not [(name, m[0]) for name, words in sources() for m in looking.finditer(words)]


@pytest.mark.pbd("PBD-32", "PBD-08")
def test_no_reader_takes_a_name() -> None:
    for module in (lookups, viewing):
        for name, function in inspect.getmembers(module, inspect.isfunction):
            asked = set(inspect.signature(function).parameters)
            assert not asked & {"name", "author", "handle", "author_name", "author_handle", "query"}, name


# -- PBD-45: one school's people, one school's cases -----------------------------------


@pytest.mark.pbd("PBD-45")
def test_in_a_trust_each_schools_people_find_their_own_cases_only(tmp_path: Path) -> None:
    folder = tmp_path / "trust"
    write_from_answers(ROOT / "examples" / "trust" / "answers.toml", folder, options_of)
    everybody = load(folder, options_of).people
    cases = [
        Matter(number, school, "threatening", restricted=False)
        for number, school in enumerate(sorted(everybody.roles), 1)
    ]
    assert len(cases) > 1
    for who in everybody.persons:
        theirs = {school for school in everybody.roles if everybody.roles_of(school, who)}
        for case in cases:
            verdict = may_of(everybody, who, Action.READ_EXTRACT, case)
            assert verdict.hidden == (case.school not in theirs)
        assert {case.school for case in listed(everybody, who, cases)} <= theirs


@pytest.mark.pbd("PBD-45")
def test_who_leads_the_trust_sees_counts_until_a_case_is_escalated(tmp_path: Path) -> None:
    folder = tmp_path / "trust"
    write_from_answers(ROOT / "examples" / "trust" / "answers.toml", folder, options_of)
    everybody = load(folder, options_of).people
    led = 0
    for school in everybody.roles:
        chief = everybody.holder(school, "chief_executive_officer")
        if chief is None or set(everybody.roles_of(school, chief.id)) != {"chief_executive_officer"}:
            continue
        led += 1
        case = Matter(1, school, "threatening", restricted=False)
        assert may_of(everybody, chief.id, Action.COUNT_CASES, case).allowed
        assert not may_of(everybody, chief.id, Action.READ_EXTRACT, case).allowed
        escalated = replace(case, told=frozenset({chief.id}))
        assert may_of(everybody, chief.id, Action.READ_EXTRACT, escalated).allowed
    assert led
