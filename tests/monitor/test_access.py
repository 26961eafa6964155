"""The table of who may do what, cell by cell, and the rules that no cell lifts."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from builders import ROLES, ROUTES, SCHOOL, people, person
from hypothesis import given
from hypothesis import strategies as st

from config.pack import ROLE_TITLES
from config.people import People
from monitor.access import (
    CASE_ACTIONS,
    GROUPS,
    TABLE,
    Action,
    Group,
    Matter,
    Right,
    counted,
    listed,
    matter,
    may,
    may_of,
)
from monitor.cases import CATEGORIES, RESTRICTED
from monitor.routing import recipients

ORDINARY = Matter(1, SCHOOL, "abusive_harassing", restricted=False)
ROLE_OF: Mapping[Group, str] = {
    Group.IT: "it_administrator",
    Group.COMMS: "communications_officer",
    Group.DESIGNATED: "designated_person",
    Group.HEAD: "headteacher",
    Group.PROTECTION: "child_protection_person",
    Group.HR: "head_of_hr_and_od",
    Group.DPO: "data_protection_officer",
    Group.CHAIR: "chair_of_governors",
    Group.NONE: "line_manager",
}
# As privacy-by-design.md section D has it, a second time: y yes, r with a reason, - no.
ORDINARY_CASE = """
                 IT COMMS DESIGNATED HEAD PROTECTION HR DPO CHAIR NONE
count_cases      -  y     y          y    y          -  y   y     -
list_cases       -  y     y          y    y          -  r   -     -
read_extract     -  y     y          y    y          -  r   -     -
read_words       -  -     y          y    y          -  r   -     -
read_restricted  -  -     -          -    r          -  r   -     -
act              -  y     y          y    y          -  -   -     -
hold             -  -     r          r    r          -  r   -     -
export           -  -     r          r    r          -  r   -     -
read_audit       -  -     y          y    y          -  y   -     -
change_settings  y  -     -          -    -          -  -   -     -
approve_source   -  -     y          y    -          -  -   -     -
record_gate      -  -     -          -    -          -  y   -     -
"""
HEADER, *LINES = (line.split() for line in ORDINARY_CASE.strip().splitlines())
CELLS = [
    (Action(action), Group[group], cell)
    for action, *cells in LINES
    for group, cell in zip(HEADER, cells, strict=True)
]


@pytest.mark.pbd("PBD-24")
@pytest.mark.parametrize(("action", "group", "cell"), CELLS, ids=lambda value: str(value))
def test_every_role_and_action(action: Action, group: Group, cell: str) -> None:
    case = ORDINARY if action in CASE_ACTIONS else None
    verdict = may(person("p"), [ROLE_OF[group]], action, case)
    assert (verdict.allowed, verdict.needs_reason) == (cell != "-", cell == "r")
    assert verdict.allowed or verdict.why


@pytest.mark.pbd("PBD-24")
def test_a_new_action_or_group_needs_its_cells() -> None:
    assert set(TABLE) == set(Action)
    assert {action for action, _, _ in CELLS} == set(Action)
    for row in TABLE.values():
        assert set(row) == set(Group)
    assert set(ROLE_OF) == set(Group)


@pytest.mark.pbd("PBD-24")
def test_every_role_of_a_pack_has_its_column() -> None:
    assert set(ROLE_TITLES) <= set(GROUPS)
    assert {Group.NONE, *GROUPS.values()} == set(Group)


@pytest.mark.pbd("PBD-24")
def test_an_unknown_role_opens_nothing() -> None:
    for action in Action:
        assert not may(person("p"), ["caretaker"], action, ORDINARY).allowed


def test_an_action_upon_a_case_needs_the_case() -> None:
    with pytest.raises(ValueError, match="say which"):
        may(person("p"), ["headteacher"], Action.READ_WORDS)


@pytest.mark.parametrize(
    ("group", "category", "allowed"),
    [
        (Group.COMMS, "child_at_risk", False),
        (Group.DESIGNATED, "allegation_against_staff", False),
        (Group.HEAD, "allegation_against_staff", True),
        (Group.HEAD, "child_at_risk", False),
        (Group.HEAD, "pupil_identifying", False),
        (Group.PROTECTION, "child_at_risk", True),
        (Group.PROTECTION, "pupil_identifying", True),
        (Group.HR, "allegation_against_staff", False),
        (Group.IT, "child_at_risk", False),
        (Group.DPO, "child_at_risk", True),
        (Group.CHAIR, "allegation_against_staff", False),
    ],
)
@pytest.mark.pbd("PBD-25")
def test_restricted_cases(group: Group, category: str, allowed: bool) -> None:
    case = Matter(2, SCHOOL, category, restricted=True)
    for action in (Action.READ_WORDS, Action.READ_EXTRACT, Action.READ_RESTRICTED):
        verdict = may(person("p"), [ROLE_OF[group]], action, case)
        assert (verdict.allowed, verdict.needs_reason) == (allowed, allowed), action


@pytest.mark.pbd("PBD-25")
def test_a_restricted_case_is_absent_from_the_lists_of_others() -> None:
    case = Matter(2, SCHOOL, "child_at_risk", restricted=True)
    everybody = people({role: f"p-{number}" for number, role in enumerate(GROUPS)})
    seen = {p for p in everybody.persons if listed(everybody, p, [case])}
    roles = {role for p in seen for role in everybody.roles_of(SCHOOL, p)}
    assert {GROUPS[role] for role in roles} == {Group.PROTECTION, Group.DPO}


@pytest.mark.pbd("PBD-25")
def test_others_are_told_that_it_is_handled() -> None:
    case = Matter(2, SCHOOL, "child_at_risk", restricted=True)
    verdict = may(person("p"), ["communications_officer"], Action.READ_EXTRACT, case)
    assert verdict.why == "This case is handled by the safeguarding lead."


@pytest.mark.pbd("PBD-27")
def test_a_case_about_the_head_goes_to_the_chair() -> None:
    about = people(head="farrant")
    made = matter(
        case_id=3,
        school=SCHOOL,
        category="allegation_against_staff",
        restricted=True,
        subjects=["farrant"],
        people=about,
        routes=ROUTES,
    )
    assert made.about_head
    assert may_of(about, "chair", Action.READ_RESTRICTED, made).needs_reason
    assert may_of(about, "head", Action.READ_RESTRICTED, made).hidden
    assert may_of(about, "head", Action.LIST_CASES, made).why == "There is no case 3."


@pytest.mark.pbd("PBD-27")
def test_the_chair_sees_own_escalations_and_else_counts() -> None:
    told = Matter(4, SCHOOL, "threatening", restricted=False, told=frozenset({"chair"}))
    assert may_of(people(), "chair", Action.READ_WORDS, told).allowed
    assert not may_of(people(), "chair", Action.READ_WORDS, ORDINARY).allowed
    assert listed(people(), "chair", [told, ORDINARY]) == [told]
    assert counted(people(), "chair", [told, ORDINARY]) == 2


@pytest.mark.pbd("PBD-27")
def test_who_stands_in_for_child_protection_reads_that_case_alone() -> None:
    """Where both who protect children are the subjects, somebody must still be able to act."""
    everybody = people(cp="lockyer", deputy="moxon", head="farrant")
    values = {
        "school": SCHOOL,
        "category": "child_at_risk",
        "restricted": True,
        "people": everybody,
        "routes": ROUTES,
    }
    both = matter(case_id=5, subjects=["lockyer", "moxon"], **values)
    one = matter(case_id=6, subjects=["lockyer"], **values)
    assert may_of(everybody, "head", Action.READ_WORDS, both).needs_reason
    assert not may_of(everybody, "head", Action.READ_WORDS, one).allowed
    assert may_of(everybody, "deputy", Action.READ_WORDS, one).allowed
    for case in (both, one):
        assert may_of(everybody, "cp", Action.READ_WORDS, case).hidden


@pytest.mark.pbd("PBD-45")
def test_another_schools_case_does_not_exist() -> None:
    elsewhere = Matter(7, "fernleigh", "abusive_harassing", restricted=False)
    for who in people().persons:
        for action in CASE_ACTIONS:
            verdict = may_of(people(), who, action, elsewhere)
            assert (verdict.allowed, verdict.hidden, verdict.why) == (False, True, "There is no case 7.")
    assert not listed(people(), "cp", [elsewhere])
    assert counted(people(), "head", [elsewhere]) == 0


@pytest.mark.pbd("PBD-47")
def test_who_is_not_in_people_toml_learns_of_no_case() -> None:
    assert may_of(people(), "stranger", Action.LIST_CASES, ORDINARY).hidden


STAFF = ("farrant", "lockyer", "moxon", "venn")
KEYS = ("a", "b", "c", "d", "e")
ROLE_SETS = st.dictionaries(st.sampled_from(sorted(GROUPS)), st.sampled_from(KEYS), max_size=10)


@st.composite
def schools_people(draw: st.DrawFn) -> People:
    linked = draw(st.dictionaries(st.sampled_from(KEYS), st.sampled_from(STAFF)))
    return People(
        persons={key: person(key, linked.get(key)) for key in KEYS},
        roles={SCHOOL: draw(ROLE_SETS), "fernleigh": draw(ROLE_SETS)},
    )


@st.composite
def cases_of(draw: st.DrawFn, everybody: People) -> Matter:
    category = draw(st.sampled_from(CATEGORIES))
    return matter(
        case_id=draw(st.integers(1, 99)),
        school=draw(st.sampled_from([SCHOOL, "fernleigh"])),
        category=category,
        restricted=category in RESTRICTED or draw(st.booleans()),
        subjects=draw(st.sets(st.sampled_from(STAFF))),
        people=everybody,
        routes=ROUTES,
        told=draw(st.sets(st.sampled_from(KEYS))),
    )


@pytest.mark.refusal(16)
@pytest.mark.pbd("PBD-27")
@given(st.data())
def test_nobody_ever_meets_a_case_about_themselves(data: st.DataObject) -> None:
    everybody = data.draw(schools_people())
    case = data.draw(cases_of(everybody))
    about = [p for p in everybody.persons.values() if p.staff in case.subjects]
    for someone in about:
        for action in CASE_ACTIONS:
            verdict = may_of(everybody, someone.id, action, case)
            assert not verdict.allowed
            assert verdict.hidden
        assert listed(everybody, someone.id, [case]) == []
        assert counted(everybody, someone.id, [case]) == 0
    told = recipients(
        everybody, ROUTES, school=case.school, categories=[case.category], subjects=case.subjects
    )
    assert not {r.person.id for r in told} & {p.id for p in about}


@pytest.mark.pbd("PBD-24")
@given(st.data())
def test_an_it_administrator_never_reads_content(data: st.DataObject) -> None:
    everybody = data.draw(schools_people())
    case = data.draw(cases_of(everybody))
    admin = person("z")
    for action in CASE_ACTIONS:
        assert not may(admin, ["it_administrator"], action, case).allowed


@pytest.mark.pbd("PBD-45")
@given(st.data())
def test_no_role_reaches_another_school(data: st.DataObject) -> None:
    everybody = data.draw(schools_people())
    case = data.draw(cases_of(everybody))
    for key in KEYS:
        if not everybody.roles_of(case.school, key):
            assert not any(may_of(everybody, key, action, case).allowed for action in CASE_ACTIONS)


@pytest.mark.pbd("PBD-25")
@given(st.data())
def test_what_is_restricted_is_read_with_a_reason_or_not_at_all(data: st.DataObject) -> None:
    everybody = data.draw(schools_people())
    case = data.draw(cases_of(everybody))
    if not case.restricted:
        return
    for key in KEYS:
        for action in (Action.READ_EXTRACT, Action.READ_WORDS, Action.READ_RESTRICTED, Action.EXPORT):
            verdict = may_of(everybody, key, action, case)
            assert verdict.needs_reason == verdict.allowed


@pytest.mark.pbd("PBD-47")
def test_there_is_no_row_for_pupils_parents_or_the_member_of_staff_concerned() -> None:
    """Nobody signs in without a role of the school; who a post is about is told by a person."""
    columns = " ".join([*GROUPS, *Group])
    assert not any(word in columns for word in ("pupil", "parent", "child_user", "author", "affected"))
    assert all(role is not None for role in ROLES.values())
    assert Right.NO in {TABLE[action][Group.NONE] for action in Action}
