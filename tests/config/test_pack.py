"""The shipped pack and contacts: complete, ordered, in careful words, of one nation only."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest

from config.contacts import all_shipped_ids, local_names, national_contacts
from config.document import parse
from config.faults import Fault
from config.pack import CATEGORIES, DISCLAIMER, RESTRICTED, ROLE_TITLES, Pack, fallback
from config.packfile import read_pack, shipped, shipped_ids
from config.shapes import JURISDICTIONS

TODAY = date(2026, 11, 20)


def pack_of(text: str) -> tuple[Pack | None, list[Fault], list[str]]:
    faults: list[Fault] = []
    warnings: list[str] = []
    doc = parse(text.encode(), "policy.toml", faults)
    assert doc is not None, faults
    return read_pack(doc, faults, warnings, today=TODAY), faults, warnings


def answered(nation: str = "england") -> str:
    text = shipped("larkhill-primary").decode()
    text = text.replace('approved_on = "?"', "approved_on = 2026-01-01")
    text = text.replace('review_due = "?"', "review_due = 2027-01-01")
    return text.replace('= "?"', '= "per school"').replace('"england"', f'"{nation}"', 1)


@pytest.fixture(params=JURISDICTIONS)
def pack(request: pytest.FixtureRequest) -> Pack:
    made, faults, warnings = pack_of(answered(request.param))
    assert faults == []
    assert warnings == []
    assert made is not None
    return made


def test_as_shipped_every_open_role_of_a_route_is_asked_for() -> None:
    pack, faults, warnings = pack_of(shipped("larkhill-primary").decode())
    assert pack is None
    asked = {re.findall(r"'(\w+)'", fault.message)[0] for fault in faults}
    assert {"headteacher", "designated_person", "child_protection_person"} <= asked
    assert "business_manager" not in asked, "no route needs it"
    assert len(faults) == len(asked), "each role is asked for once"
    assert [w.split(": ")[1][:11] for w in warnings] == ["approved_on", "review_due "]


def test_every_category_has_a_route_and_a_path_with_owners(pack: Pack) -> None:
    assert tuple(pack.paths) == CATEGORIES
    for category, path in pack.paths.items():
        assert pack.recipients(category), category
        assert path.category == category
        assert len(path.steps) >= 3
        assert path.restricted == (category in RESTRICTED)
        for step in path.steps:
            assert step.who in pack.roles
            assert step.clause.startswith("LARK-")
            assert step.by
            assert step.text.endswith((".", "?"))


def test_clauses_are_numbered_in_order_and_named_once(pack: Pack) -> None:
    clauses = [step.clause for path in pack.paths.values() for step in path.steps]
    numbers = [tuple(int(n) for n in clause.removeprefix("LARK-").split(".")) for clause in clauses]
    assert numbers == sorted(set(numbers))


def test_first_steps_come_first(pack: Pack) -> None:
    for path in pack.paths.values():
        marks = [step.first for step in path.steps]
        assert marks == sorted(marks, reverse=True), path.category


def test_no_banned_word_and_no_law_anywhere(pack: Pack) -> None:
    text = shipped("larkhill-primary").decode().lower()
    for word in ("crime", "libel", "offender", " act ", "section "):
        assert word not in text
    assert pack.paths


def test_criticism_is_left_alone_first_then_invited_in(pack: Pack) -> None:
    complaint = pack.paths["legitimate_complaint"]
    assert complaint.removal_option is False
    assert complaint.steps[0].text.startswith("Do nothing")
    assert complaint.steps[1].text.startswith("Invite them in")
    words = " ".join(step.text.lower() for step in complaint.steps)
    assert not re.search(r"\b(police|solicitor|platform|report)\b", words)


def test_low_confidence_is_look_discuss_dismiss() -> None:
    pack, _, _ = pack_of(answered())
    assert pack is not None
    firsts = [re.split(r"\W", step.text)[0] for step in pack.paths["possible_mention"].steps]
    assert firsts == ["Look", "Discuss", "Dismiss"]


@pytest.mark.parametrize(
    ("nation", "there", "absent"),
    [
        ("england", {"lado", "true_vision", "report_fraud"}, {"ea_cpss"}),
        ("wales", {"lado", "true_vision", "report_fraud"}, {"ea_cpss"}),
        ("scotland", {"local_authority"}, {"lado", "ea_cpss", "true_vision", "report_fraud"}),
        ("northern-ireland", {"ea_cpss", "true_vision"}, {"lado"}),
    ],
)
def test_bodies_of_another_nation_never_show(nation: str, there: set[str], absent: set[str]) -> None:
    pack, _, _ = pack_of(answered(nation))
    assert pack is not None
    used = {step.contact for path in pack.paths.values() for step in path.steps if step.contact}
    assert there <= used
    assert not absent & used
    shown = set(national_contacts([nation]))
    assert used <= shown | set(local_names())
    assert not (absent & shown)


def test_shipped_contacts_have_a_source_and_a_day_and_the_numbers_of_the_reference() -> None:
    contacts = national_contacts(JURISDICTIONS)
    assert set(contacts) == all_shipped_ids()
    assert all(c.source and c.verified_on for c in contacts.values())
    numbers = {c.id: c.phone for c in contacts.values() if c.phone}
    assert numbers == {
        "police_emergency": "999",
        "police": "101",
        "posh": "0344 381 4772",
        "report_fraud": "0300 123 2040",
        "ea_cpss": "028 9598 5590",
    }


def test_a_contact_is_stale_after_180_days_and_not_on_the_180th() -> None:
    contact = national_contacts(["england"])["police"]
    assert contact.verified_on is not None
    assert not contact.is_stale(contact.verified_on + timedelta(days=180))
    assert contact.is_stale(contact.verified_on + timedelta(days=181))
    assert contact.model_copy(update={"verified_on": None}).is_stale(TODAY)


def test_a_path_left_out_is_filled_without_foreign_clauses() -> None:
    text = re.sub(r"\[paths\.press\].*?\n\]\n", "", answered(), flags=re.DOTALL)
    pack, faults, warnings = pack_of(text)
    assert faults == []
    assert pack is not None
    assert len(warnings) == 1
    assert "no path for press" in warnings[0]
    assert len(pack.paths["press"].steps) == 5
    assert {step.clause for step in pack.paths["press"].steps} == {""}


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("review_due = 2027-01-01", "review_due = 2026-11-19", "review was due on 2026-11-19"),
        ("review_due = 2027-01-01", 'review_due = "?"', "review_due is not known"),
        ("approved_on = 2026-01-01", "", "approved_on is not known"),
        (
            "approved_on",
            'repealed_law_cited = ["Old Law of 1998"]\napproved_on',
            "no longer holds: Old Law of 1998",
        ),
    ],
)
def test_an_old_policy_warns_and_loads(old: str, new: str, words: str) -> None:
    pack, faults, warnings = pack_of(answered().replace(old, new, 1))
    assert faults == []
    assert pack is not None
    assert len(warnings) == 1
    assert words in warnings[0]


def test_a_review_due_today_is_not_overdue() -> None:
    _, _, warnings = pack_of(answered().replace("2027-01-01", "2026-11-20", 1))
    assert warnings == []


PRESS_OFFICE = """
[routes.press_office]
name = "council press office"
only_if_school_type = ["community", "voluntary_aided"]
"""


@pytest.mark.parametrize(("school_type", "fault_count"), [("community", 0), ("academy", 1)])
def test_a_press_office_belongs_to_some_types_of_school(school_type: str, fault_count: int) -> None:
    text = answered().replace('"community"', f'"{school_type}"', 1) + PRESS_OFFICE
    _, faults, _ = pack_of(text)
    assert len(faults) == fault_count


def test_longer_keeping_needs_an_assessment() -> None:
    text = answered().replace("max_months = 12", 'max_months = 24\ndpia_reference = "DPIA-7"')
    pack, faults, _ = pack_of(text)
    assert faults == []
    assert pack is not None
    assert pack.retention.max_months == 24


@pytest.mark.parametrize(
    ("route", "severity", "roles"),
    [
        (
            "child_at_risk",
            "critical",
            ("deputy_child_protection_person", "headteacher", "chair_of_governors"),
        ),
        ("threatening", "high", ("deputy_designated_person", "chair_of_governors")),
        ("press", "medium", ()),
        ("press", "low", ()),
    ],
)
def test_escalation_steps_up_and_tells_nobody_twice(
    route: str, severity: str, roles: tuple[str, ...]
) -> None:
    pack, _, _ = pack_of(answered())
    assert pack is not None
    assert pack.step_up(route, severity) == roles
    assert pack.escalation["critical"].step_up_after == timedelta(minutes=10)


def test_every_route_has_a_fallback_that_a_school_must_fill() -> None:
    assert fallback("press")[0] == "headteacher"
    assert fallback("subject_is_headteacher")[0] == "chair_of_governors"
    assert {fallback(category) for category in RESTRICTED} == {("child_protection_person",)}
    assert all(role in ROLE_TITLES for category in CATEGORIES for role in fallback(category))


def test_the_disclaimer_and_the_list_of_packs() -> None:
    assert DISCLAIMER == "Suggestion only, not legal advice. If anyone is in immediate danger call 999."
    assert "larkhill-primary" in shipped_ids()


@pytest.mark.parametrize("name", ["absent", "../contacts", "", "Larkhill Primary"])
def test_no_other_file_passes_as_a_pack(name: Any) -> None:
    with pytest.raises(FileNotFoundError):
        shipped(name)
