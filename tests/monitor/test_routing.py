"""Who is told: by the pack, in line, never the person it is about."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from builders import ROLES, ROUTES, SCHOOL, people, person
from hypothesis import given
from hypothesis import strategies as st

from config.pack import CATEGORIES, ROLE_TITLES
from config.people import People
from monitor.routing import recipients, roles_for


def told(
    category: str,
    subjects: tuple[str, ...] = (),
    roles: Mapping[str, str | None] = ROLES,
    routes: Mapping[str, tuple[str, ...]] = ROUTES,
    **staff: str,
) -> list[tuple[str, str]]:
    found = recipients(
        people(roles, **staff), routes, school=SCHOOL, categories=(category,), subjects=subjects
    )
    return [(recipient.person.id, recipient.role) for recipient in found]


@pytest.mark.parametrize(
    ("category", "about_staff", "expected"),
    [
        ("threatening", False, ("designated_person", "headteacher")),
        ("impersonation", True, ("designated_person",)),  # no row of its own: as a mention of staff
        ("impersonation", False, ("headteacher",)),  # … or of the school
        ("possible_mention", False, ("child_protection_person",)),  # rulings 5, whatever the pack says
        ("not_judged", False, ("headteacher",)),
    ],
)
def test_roles(category: str, about_staff: bool, expected: tuple[str, ...]) -> None:
    assert roles_for(ROUTES, category, about_staff=about_staff) == expected


def test_a_pack_without_routes_still_tells_somebody() -> None:
    assert roles_for({}, "threatening", about_staff=True) == ("designated_person",)


@pytest.mark.parametrize(
    ("category", "subjects", "expected"),
    [
        ("threatening", (), [("office", "designated_person"), ("head", "headteacher")]),
        ("threatening", ("someone",), [("office", "designated_person"), ("head", "headteacher")]),
        # about the head: the pack's own row says who is told instead
        ("legitimate_complaint", ("farrant",), [("chair", "chair_of_governors")]),
        # and of a threat to the head somebody hears who is at the school
        (
            "threatening",
            ("farrant",),
            [
                ("office", "designated_person"),
                ("chair", "chair_of_governors"),
                ("cp", "child_protection_person"),
            ],
        ),
        # about the head and the chair: the next in line
        ("legitimate_complaint", ("farrant", "chairstaff"), [("deputy", "deputy_designated_person")]),
        ("child_at_risk", ("cpstaff",), [("deputy", "deputy_child_protection_person")]),
    ],
)
def test_never_the_one_it_is_about(
    category: str, subjects: tuple[str, ...], expected: list[tuple[str, str]]
) -> None:
    assert told(category, subjects, head="farrant", chair="chairstaff", cp="cpstaff") == expected


def test_a_head_who_is_also_the_designated_person_is_stood_in_for_as_head() -> None:
    roles = {**ROLES, "designated_person": "head"}
    assert told("abusive_harassing", ("farrant",), roles, head="farrant") == [("chair", "chair_of_governors")]


def test_a_trusts_chief_executive() -> None:
    roles = {"chief_executive_officer": "ceo", "chair_of_governors": "chair", "chair_of_trustees": "trustee"}
    routes = {"press": ("chief_executive_officer",), "subject_is_chief_executive": ("chair_of_governors",)}
    assert told("press", ("boss",), roles, routes, ceo="boss") == [("chair", "chair_of_governors")]


def test_one_person_of_two_roles_is_told_once() -> None:
    roles = {**ROLES, "designated_person": "head"}
    assert told("threatening", roles=roles) == [("head", "designated_person")]


def test_nobody_left() -> None:
    only = dict.fromkeys(ROLES, "head")
    assert told("threatening", ("farrant",), only, head="farrant") == []
    assert told("threatening", roles=dict.fromkeys(ROLES, None)) == []


IDS = ("p1", "p2", "p3", "p4")
STAFF = ("s1", "s2", "s3")
ROLE = st.sampled_from(sorted(ROLE_TITLES))
HELD = st.dictionaries(ROLE, st.one_of(st.none(), st.sampled_from(IDS)))
PEOPLE = st.builds(
    lambda staff, here, there: People(
        persons={key: person(key, staff.get(key)) for key in IDS},
        roles={"here": here, "there": there},
    ),
    st.dictionaries(st.sampled_from(IDS), st.sampled_from(STAFF)),
    HELD,
    HELD,
)
ROUTE = st.sampled_from(
    [*CATEGORIES, "staff_mention", "subject_is_headteacher", "subject_is_chief_executive"]
)


@given(
    PEOPLE,
    st.dictionaries(ROUTE, st.lists(ROLE, max_size=4)),
    st.sampled_from([*CATEGORIES, "not_judged"]),
    st.sets(st.sampled_from(STAFF)),
)
def test_whoever_is_told(
    everybody: People, routes: Mapping[str, list[str]], category: str, subjects: set[str]
) -> None:
    found = recipients(everybody, routes, school="here", categories=(category,), subjects=subjects)
    ids = [recipient.person.id for recipient in found]
    assert len(ids) == len(set(ids))
    for recipient in found:
        assert recipient.person.staff not in subjects
        assert everybody.roles["here"][recipient.role] == recipient.person.id
