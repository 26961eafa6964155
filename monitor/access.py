"""Who may do what with which case: one table, asked by the command line and every later page. Pure.

The table is privacy-by-design.md section D (PBD-24). Around it stand three rules that no cell can lift:

* nobody sees, lists or counts a case about themselves (PBD-27, refusal 16): for them it does not exist;
* a case is there for the people of its own school only (PBD-45);
* of a restricted case only those read whom the row `READ_RESTRICTED` lets, whatever another row says (PBD-25).

Nothing here knows a table, a word of a post or a log-in. The affected member of staff has no row: they
are told by a person and never sign in. Encryption and this table protect against colleagues, stolen disks and
backups, not against who administers the machine (ruling 15).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from config.people import People, Person
from monitor.routing import first_allowed


class Action(StrEnum):
    """What a person can ask for. A new one needs a row in `TABLE`; a test fails without."""

    COUNT_CASES = "count_cases"
    LIST_CASES = "list_cases"
    READ_EXTRACT = "read_extract"
    READ_WORDS = "read_words"
    READ_RESTRICTED = "read_restricted"
    ACT = "act"
    HOLD = "hold"
    EXPORT = "export"
    READ_AUDIT = "read_audit"
    CHANGE_SETTINGS = "change_settings"
    APPROVE_SOURCE = "approve_source"
    RECORD_GATE = "record_gate"


class Group(StrEnum):
    """A column of the table: roles that may do the same."""

    IT = "IT administrator"
    COMMS = "communications reviewer"
    DESIGNATED = "designated person"
    HEAD = "headteacher"
    PROTECTION = "child protection role"
    HR = "human resources"
    DPO = "data protection officer"
    CHAIR = "chair or chief executive"
    NONE = "no access"


class Right(StrEnum):
    """A cell: what stands in the way of a yes."""

    NO = "no"
    YES = "yes"
    REASON = "with a reason"
    REQUEST = "with the number of a request"
    ALLEGATION = "allegations only, with a reason"
    ABOUT_HEAD = "about the head only, with a reason"
    ESCALATED = "own escalations"
    OWN = "own entries"


GROUPS: Mapping[str, Group] = {
    "it_administrator": Group.IT,
    "communications_officer": Group.COMMS,
    "trust_communications": Group.COMMS,
    "council_communications_team": Group.COMMS,
    "designated_person": Group.DESIGNATED,
    "deputy_designated_person": Group.DESIGNATED,
    "headteacher": Group.HEAD,
    "executive_head": Group.HEAD,
    "child_protection_person": Group.PROTECTION,
    "deputy_child_protection_person": Group.PROTECTION,
    "head_of_hr_and_od": Group.HR,
    "data_protection_officer": Group.DPO,
    "trust_data_protection_officer": Group.DPO,
    "chair_of_governors": Group.CHAIR,
    "chief_executive_officer": Group.CHAIR,
    "chair_of_trustees": Group.CHAIR,
    "board_of_governors_clerk": Group.NONE,
    "business_manager": Group.NONE,
    "school_business_manager": Group.NONE,
    "equality_lead": Group.NONE,
    "whistleblowing_officer": Group.NONE,
    "line_manager": Group.NONE,
}
"""Column of each role of `people.toml`; a role that does not stand here has no access."""

HEADS = ("headteacher", "executive_head", "chief_executive_officer")
"""Whose own cases go to the chair or the chief executive (PBD-27)."""

_CELLS = """
                 IT   COMMS  DESIGNATED  HEAD         PROTECTION  HR  DPO      CHAIR
count_cases      no   yes    yes         yes          yes         no  yes      yes
list_cases       no   yes    yes         yes          yes         no  request  escalated
read_extract     no   yes    yes         yes          yes         no  request  escalated
read_words       no   no     yes         yes          yes         no  request  escalated
read_restricted  no   no     no          allegation   reason      no  request  about_head
act              no   yes    yes         yes          yes         no  no       escalated
hold             no   no     reason      reason       reason      no  reason   no
export           no   no     reason      reason       reason      no  request  no
read_audit       no   no     own         own          own         no  yes      no
change_settings  yes  no     no          no           no          no  no       no
approve_source   no   no     yes         yes          no          no  no       no
record_gate      no   no     no          no           no          no  yes      no
"""


def _table(cells: str) -> dict[Action, dict[Group, Right]]:
    head, *rows = (line.split() for line in cells.strip().splitlines())
    groups = [Group[name] for name in head]
    return {
        Action(name): {Group.NONE: Right.NO}
        | {group: Right[cell.upper()] for group, cell in zip(groups, row, strict=True)}
        for name, *row in rows
    }


TABLE: Mapping[Action, Mapping[Group, Right]] = _table(_CELLS)
"""The matrix. Every pair of action and group has a cell."""

CASE_ACTIONS = frozenset(Action) - {
    Action.READ_AUDIT,
    Action.CHANGE_SETTINGS,
    Action.APPROVE_SOURCE,
    Action.RECORD_GATE,
}
"""Actions upon one case; the others are upon a school's installation."""


@dataclass(frozen=True, slots=True)
class Matter:
    """What the table needs to know of one case: no words, no names, no link."""

    id: int
    school: str
    category: str
    restricted: bool
    subjects: frozenset[str] = frozenset()
    """Staff ids that the case is about."""
    about_head: bool = False
    told: frozenset[str] = frozenset()
    """Ids of the people who were told of it: "own escalations"."""
    protectors: frozenset[str] = frozenset()
    """Who stands in for the child protection role, because each of its holders is a subject."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer; `why` is a sentence for the person who asked.

    `hidden` means that the case must not be named to them at all: not in a list, not in a count.
    """

    allowed: bool
    needs_reason: bool = False
    why: str = ""
    hidden: bool = False


def matter(
    *,
    case_id: int,
    school: str,
    category: str,
    restricted: bool,
    subjects: Iterable[str],
    people: People,
    routes: Mapping[str, Sequence[str]],
    told: Iterable[str] = (),
) -> Matter:
    """A case as the table sees it; who leads the school and who stands in comes from `people`."""
    about = frozenset(subjects)
    heads = {holder.staff for role in HEADS if (holder := people.holder(school, role)) and holder.staff}
    acting = first_allowed(people, routes, school, "child_protection_person", about)
    stands_in = acting is not None and GROUPS.get(acting.role) is not Group.PROTECTION
    return Matter(
        id=case_id,
        school=school,
        category=category,
        restricted=restricted,
        subjects=about,
        about_head=bool(heads & about),
        told=frozenset(told),
        protectors=frozenset({acting.person.id} if acting and stands_in else ()),
    )


def may(person: Person, roles: Collection[str], action: Action, case: Matter | None = None) -> Verdict:
    """Whether `person`, who holds `roles` at the case's school (`People.roles_of`), may do `action`.

    `case` is needed for the actions upon a case and left out for the others.
    Where several roles answer, the one that asks for least is taken.
    """
    groups = {GROUPS.get(role, Group.NONE) for role in roles}
    if action not in CASE_ACTIONS:
        return _best(TABLE[action][group] for group in groups)
    if case is None:
        raise ValueError(f"'{action}' is an action upon a case; say which")
    if person.staff in case.subjects or not roles:
        return Verdict(False, why=f"There is no case {case.id}.", hidden=True)
    if person.id in case.protectors:
        groups.add(Group.PROTECTION)
    given = _best(_narrowed(TABLE[action][group], person, case) for group in groups)
    if not case.restricted or action is Action.COUNT_CASES or not given.allowed:
        return given
    inside = _best(_narrowed(TABLE[Action.READ_RESTRICTED][group], person, case) for group in groups)
    if not inside.allowed:
        return Verdict(False, why="This case is handled by the safeguarding lead.")  # ruling 13
    if action is Action.LIST_CASES:
        return given  # that it is there may be seen without a reason; what it says may not
    return inside if inside.needs_reason else given


def may_of(people: People, person_id: str, action: Action, case: Matter) -> Verdict:
    """`may` for a person by id; who is not in `people` learns of no case."""
    person = people.persons.get(person_id)
    if person is None:
        return Verdict(False, why=f"There is no case {case.id}.", hidden=True)
    return may(person, people.roles_of(case.school, person_id), action, case)


def listed(people: People, person_id: str, cases: Iterable[Matter]) -> list[Matter]:
    """The cases that stand in this person's list; the others are absent, not "forbidden"."""
    return [case for case in cases if may_of(people, person_id, Action.LIST_CASES, case).allowed]


def counted(people: People, person_id: str, cases: Iterable[Matter]) -> int:
    """How many cases this person's totals hold: none about themselves, none of another school."""
    return sum(may_of(people, person_id, Action.COUNT_CASES, case).allowed for case in cases)


def _narrowed(right: Right, person: Person, case: Matter) -> Right:
    """A cell with a condition, answered for one case."""
    met = {
        Right.ALLEGATION: case.category == "allegation_against_staff",
        Right.ABOUT_HEAD: case.about_head,
        Right.ESCALATED: case.about_head or person.id in case.told,
    }
    if right not in met:
        return right
    if not met[right]:
        return Right.NO
    return Right.YES if right is Right.ESCALATED else Right.REASON


_ANSWERS: Mapping[Right, Verdict] = {
    Right.YES: Verdict(True),
    Right.OWN: Verdict(True, why="Your own entries only."),
    Right.REASON: Verdict(True, needs_reason=True, why="Say why you need it; the reason is kept."),
    Right.REQUEST: Verdict(True, needs_reason=True, why="Give the number of the request it is for."),
    Right.NO: Verdict(False, why="Your role does not allow this."),
}
"""From the most to the least: the first that a role has is the answer."""


def _best(rights: Iterable[Right]) -> Verdict:
    found = set(rights)
    return next((verdict for right, verdict in _ANSWERS.items() if right in found), _ANSWERS[Right.NO])
