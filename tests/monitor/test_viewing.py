"""The words of a case: who gets how much of them, and the trace that each look leaves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from builders import NOW, ROLES, SCHOOL, judged, people, rows, settings
from sqlalchemy import Engine, delete, insert, update

from config.settings import Settings
from monitor import keys, triage
from monitor.access import Action, listed
from monitor.accounts import Session
from monitor.audit import Audit, entries
from monitor.audit_records import AUDIT
from monitor.database import writing
from monitor.records import CASE, EVENT, EVIDENCE
from monitor.store import Store
from monitor.vault import ring_or_none
from monitor.viewing import NotShown, PostWords, case_words, matters
from nlp.findings import Severity

TEXT = "Marrowby Community School is a disgrace and they will pay for it on Monday"
MANY: dict[str, str | None] = {
    **ROLES,
    "communications_officer": "comms",
    "data_protection_officer": "dpo",
    "it_administrator": "it",
    "head_of_hr_and_od": "hr",
}


class Place:
    """One school with a key, its people, and one case."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        keys.make(folder)
        self.settings: Settings = settings(folder, people=people(MANY, head="farrant", cp="lockyer"))
        self.audit = Audit(engine, folder)
        self.engine = engine

    def case(self, text: str = TEXT, **changes: Any) -> int:
        number = len(rows(self.engine, CASE)) + 1
        judged(self.engine, text, str(number), **changes)
        triage.run(Store(self.engine), self.settings, NOW)
        return int(rows(self.engine, CASE)[-1].id)

    def look(self, case: int, person: str, reason: str = "") -> PostWords:
        ring = ring_or_none(self.settings)
        return case_words(self.audit, self.settings, ring, case, Session(person, NOW), reason, NOW)[0]

    def refused(self, case: int, person: str, reason: str = "") -> str:
        with pytest.raises(NotShown) as refused:
            self.look(case, person, reason)
        return str(refused.value)

    def trace(self) -> tuple[Any, ...]:
        newest = entries(self.engine)[0]
        return tuple(newest[name] for name in ("actor", "action", "object", "allowed", "reason"))


@pytest.fixture
def place(engine: Engine, tmp_path: Path) -> Place:
    return Place(engine, tmp_path)


@pytest.mark.pbd("PBD-24", "PBD-12")
def test_an_ordinary_medium_case_has_an_extract_only(place: Place) -> None:
    seen = place.look(place.case(), "office")
    assert seen.extract
    assert (seen.words, seen.note) == (None, "")
    assert place.trace() == ("office", "read_words", "case:1", True, "")


@pytest.mark.pbd("PBD-24", "PBD-12")
def test_a_high_case_opens_its_sealed_words_to_those_who_decide(place: Place) -> None:
    case = place.case(category="threatening", severity=int(Severity.HIGH))
    for who in ("office", "head", "cp"):
        seen = place.look(case, who)
        assert seen.words is not None
        assert seen.words.text == TEXT


@pytest.mark.pbd("PBD-24")
def test_the_communications_reviewer_reads_the_extract_and_no_handle(place: Place) -> None:
    case = place.case(category="threatening", severity=int(Severity.HIGH))
    seen = place.look(case, "comms")
    assert (seen.words, seen.note) == (None, "Your role reads the extract only.")
    assert seen.extract
    assert place.trace() == ("comms", "read_extract", "case:1", True, "")


@pytest.mark.pbd("PBD-24", "PBD-26")
@pytest.mark.parametrize("who", ["it", "hr"])
def test_the_machines_administrator_and_hr_read_nothing(place: Place, who: str) -> None:
    assert place.refused(place.case(), who) == "Your role does not allow this."
    assert place.trace() == (who, "read_extract", "case:1", False, "")


@pytest.mark.pbd("PBD-25", "PBD-26")
def test_a_restricted_case_needs_a_reason(place: Place) -> None:
    case = place.case(category="child_at_risk", severity=int(Severity.MEDIUM))
    assert "Say why" in place.refused(case, "cp")
    assert place.trace() == ("cp", "read_restricted", "case:1", False, "")
    assert "Say why" in place.refused(case, "cp", "   ")
    seen = place.look(case, "cp", "called by the council's officer")
    assert seen.words is not None
    assert seen.words.text == TEXT
    assert seen.extract == ""
    assert place.trace() == ("cp", "read_restricted", "case:1", True, "called by the council's officer")


@pytest.mark.pbd("PBD-25")
@pytest.mark.parametrize("who", ["comms", "office", "head", "hr", "it", "chair"])
def test_nobody_else_reads_a_restricted_case(place: Place, who: str) -> None:
    case = place.case(category="child_at_risk", severity=int(Severity.MEDIUM))
    assert place.refused(case, who, "I would like to") in (
        "This case is handled by the safeguarding lead.",
        "Your role does not allow this.",
    )
    assert place.trace()[:4] == (who, "read_restricted", "case:1", False)


@pytest.mark.pbd("PBD-27", "PBD-26")
def test_for_its_subject_a_case_is_not_there(place: Place) -> None:
    case = place.case(staff=["farrant"])
    assert place.refused(case, "head", "about me") == "There is no case 1."
    assert place.refused(99, "head") == "There is no case 99."
    assert place.look(case, "chair").extract
    assert [m.id for m in listed(place.settings.people, "head", matters(place.engine, place.settings))] == []
    assert [m.id for m in listed(place.settings.people, "cp", matters(place.engine, place.settings))] == [1]


@pytest.mark.pbd("PBD-27")
def test_an_escalation_outlives_its_message(place: Place) -> None:
    """Own copies of messages go after 30 days; whoever was told goes on reading the case."""
    case = place.case()
    assert place.refused(case, "chair") == "Your role does not allow this."
    data = {"role": "chair_of_governors", "channel": "email"}
    with writing(place.engine) as connection:
        connection.execute(
            insert(EVENT).values(case_id=case, at=NOW, kind="delivered", actor="mentionwatch", data=data)
        )
    assert place.look(case, "chair").extract


@pytest.mark.pbd("PBD-45", "PBD-26")
def test_another_schools_case_is_not_there_and_the_asking_is_kept(place: Place) -> None:
    case = place.case()
    with writing(place.engine) as connection:
        connection.execute(update(CASE).values(school="fernleigh"))
    assert place.refused(case, "cp") == "There is no case 1."
    assert place.trace() == ("cp", "read_words", "case:1", False, "")


@pytest.mark.pbd("PBD-32")
def test_the_data_protection_officer_reads_upon_a_request(place: Place) -> None:
    case = place.case(category="threatening", severity=int(Severity.HIGH))
    assert place.refused(case, "dpo") == "Give the number of the request it is for."
    assert place.look(case, "dpo", "request 7").words is not None
    assert place.trace()[4] == "request 7"


@pytest.mark.pbd("PBD-17")
def test_what_a_child_wrote_is_for_child_protection_even_in_an_ordinary_case(place: Place) -> None:
    case = place.case("I'm in Y5 at Marrowby Community School and the dinners are awful")
    with writing(place.engine) as connection:  # as where the child's post joined a case of adults
        connection.execute(update(CASE).values(restricted=False))
    office = place.look(case, "office")
    assert (office.words, office.note) == (None, "This is handled by the safeguarding lead.")
    assert "Say why" in place.look(case, "cp").note
    seen = place.look(case, "cp", "to see whether the child is safe")
    assert seen.words is not None
    assert seen.words.author_handle == ""
    assert place.trace()[:4] == ("cp", "read_restricted", "case:1", True)


@pytest.mark.pbd("PBD-25")
def test_without_the_key_the_case_is_there_and_says_what_is_missing(place: Place) -> None:
    case = place.case(category="threatening", severity=int(Severity.HIGH))
    (place.settings.folder / "secrets" / keys.NAME).unlink()
    seen = place.look(case, "head")
    assert seen.words is None
    assert "mentionwatch key restore" in seen.note
    keys.make(place.settings.folder)
    assert "is not in the ring" in place.look(case, "head").note


def test_words_that_are_gone_are_said_to_be_gone(place: Place) -> None:
    case = place.case(category="child_at_risk", severity=int(Severity.MEDIUM))
    with writing(place.engine) as connection:
        connection.execute(update(EVIDENCE).values(sealed=b"", note="gone at its source"))
    assert place.look(case, "cp", "why").note == "Its words are not kept: gone at its source."
    with writing(place.engine) as connection:
        connection.execute(delete(EVIDENCE))
    assert place.look(case, "cp", "why").note == "Its words are not kept any more; the link is."


@pytest.mark.pbd("PBD-26")
def test_what_can_not_be_written_down_is_not_shown(place: Place) -> None:
    case = place.case()
    with writing(place.engine) as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'no room'); END"
        )
    with pytest.raises(Exception, match="no room"):
        place.look(case, "office")
    assert rows(place.engine, AUDIT) == []


@pytest.mark.pbd("PBD-26")
def test_the_audit_of_many_looks_holds_no_name_and_no_word(place: Place) -> None:
    case = place.case(category="threatening", severity=int(Severity.HIGH), staff=["lockyer"])
    for who in ("office", "head", "comms"):
        place.look(case, who)
    place.refused(case, "cp")
    assert place.audit.verify() is None
    kept = str([tuple(row) for row in rows(place.engine, AUDIT)])
    for word in ("disgrace", "Farrant", "Lockyer", "Marrowby"):
        assert word not in kept


def test_a_case_row_alone_shows_nothing(place: Place) -> None:
    """A case without posts: an empty answer, and a trace all the same."""
    values = dict(rows(place.engine, CASE)[0]._mapping) if place.case() else {}
    values |= {"id": 50, "school": SCHOOL}
    with writing(place.engine) as connection:
        connection.execute(insert(CASE).values(**values))
    found = case_words(place.audit, place.settings, None, 50, Session("office", NOW), "", NOW)
    assert found == ()
    assert place.trace()[:3] == ("office", str(Action.READ_WORDS), "case:50")
