"""Files against each other: what warns, what is told to whom, and what is left in peace."""

from __future__ import annotations

from typing import Any

import pytest

from config.load import ConfigError


def warnings(folder: Any) -> str:
    return "\n".join(folder.load().warnings)


def test_roles_that_nobody_holds_are_one_warning_a_school(folder: Any) -> None:
    lines = [w for w in folder.load().warnings if "nobody at 'brindle' holds" in w]
    assert len(lines) == 1
    assert "business_manager, communications_officer, equality_lead;" in lines[0]
    assert lines[0].startswith(f"people.toml:{folder.line('people.toml', '[roles.brindle]')}: ")


def test_a_small_school_may_name_four_people_and_answer_none_to_the_rest(folder: Any) -> None:
    for role in (
        "designated_person",
        "deputy_designated_person",
        "data_protection_officer",
        "whistleblowing_officer",
    ):
        old = next(x for x in folder.files["people.toml"].splitlines() if x.startswith(f"{role} ="))
        folder.swap("people.toml", old, f'{role} = "none"')
    settings = folder.load()
    assert "the headteacher is told instead" in "\n".join(settings.warnings)
    assert [p.id for p in settings.told("brindle", "staff_mention")] == ["head"]
    assert [p.id for p in settings.told("brindle", "possible_whistleblowing")] == ["cp"]
    for route in settings.pack.routes:
        assert settings.told("brindle", route), route


def test_one_person_in_two_roles_of_a_route_is_told_once(folder: Any) -> None:
    settings = folder.load()
    assert [p.id for p in settings.told("brindle", "threatening")] == ["head"]
    assert settings.people.roles_of("brindle", "head") == ("headteacher", "designated_person")


def test_designated_and_child_protection_in_one_hand_warns(folder: Any) -> None:
    assert "both designated_person and child_protection_person" not in warnings(folder)
    folder.swap("people.toml", '\ndesignated_person = "head"', '\ndesignated_person = "cp"')
    assert "both designated_person and child_protection_person" in warnings(folder)


def test_a_person_who_bears_a_watched_name_should_be_linked(folder: Any) -> None:
    assert "has the name of a member of staff" not in warnings(folder)
    folder.swap("people.toml", 'staff = "amble"\n', "")
    assert "'head' has the name of a member of staff; add staff = \"amble\"" in warnings(folder)


def test_the_packs_own_person_fills_a_role_for_every_school(folder: Any) -> None:
    folder.swap("people.toml", 'data_protection_officer = "chair"\n', "")
    folder.swap("policy.toml", 'data_protection_officer = "per school"', 'data_protection_officer = "cp"')
    assert folder.load().people.holder("brindle", "data_protection_officer").id == "cp"


LOCAL = """
[[contact]]
id = "lado"
name = "Officer for allegations"
phone = "01632 960901"
verified_on = {day}
"""


@pytest.mark.parametrize(("day", "stale"), [("2026-05-24", False), ("2026-05-23", True)])
def test_a_local_number_is_asked_about_after_180_days(folder: Any, day: str, stale: bool) -> None:
    folder.files["people.toml"] += LOCAL.format(day=day)
    found = warnings(folder)
    assert ("check this number: 'lado'" in found) is stale
    assert "no [[contact]] 'lado'" not in found


def test_local_numbers_that_are_not_given_say_what_is_shown_instead(folder: Any) -> None:
    found = warnings(folder)
    assert "people.toml has no [[contact]] 'lado'" in found
    assert "ask your local authority" in found
    assert "ea_cpss" not in found, "another nation's body is nobody's concern here"


def test_a_checked_number_of_the_schools_own_replaces_the_shipped_one(folder: Any) -> None:
    assert "shipped contact 'posh'" in warnings(folder)
    folder.files["people.toml"] += LOCAL.format(day="2026-11-01").replace("lado", "posh")
    settings = folder.load()
    assert "posh" not in "\n".join(settings.warnings)
    assert settings.people.contacts["posh"].phone == "01632 960901"


def test_a_school_of_another_nation_needs_another_policy(folder: Any) -> None:
    folder.swap("schools.toml", "aliases", 'jurisdiction = "scotland"\naliases')
    with pytest.raises(ConfigError, match="the policy is for england, but 'brindle' is in scotland"):
        folder.load()


def test_a_second_school_needs_people_of_its_own(folder: Any) -> None:
    folder.files["schools.toml"] += '[other]\nname = "Otherford School"\n'
    with pytest.raises(ConfigError, match=r"\[roles.other\] is missing"):
        folder.load()


def test_a_trust_is_led_by_its_chief_executive_and_trustees(folder: Any) -> None:
    folder.swap("schools.toml", "aliases", 'phase = "trust"\naliases')
    folder.swap(
        "people.toml", 'headteacher = "head"', 'chief_executive_officer = "head"\nheadteacher = "none"'
    )
    folder.swap("people.toml", 'chair_of_governors = "chair"', 'chair_of_trustees = "chair"')
    settings = folder.load()
    assert [p.id for p in settings.told("brindle", "press")] == ["head"]
    assert [p.id for p in settings.told("brindle", "subject_is_headteacher")] == ["chair"]


def test_without_mail_or_sources_the_service_may_start_and_says_so(folder: Any) -> None:
    folder.files["mentionwatch.toml"] = folder.files["mentionwatch.toml"].split("[email]")[0]
    folder.files["sources.toml"] = ""
    found = warnings(folder)
    assert "there is no [email]" in found
    assert "no source is switched on" in found
