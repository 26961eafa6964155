"""The staff register: who is watched for on which day, what is asked, and how it empties itself."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from config.answers import write_from_answers
from config.faults import ConfigError
from config.load import load_schools
from config.people import People, Person
from config.purposes import NOT_TERMS, OF_KIND, PURPOSES, TERM_FIELDS, purposes
from config.register import Removed, remove_expired
from config.schools import REGISTER_ONLY, School, StaffMember

TODAY = date(2026, 11, 20)
TOLD = date(2026, 9, 2)
ONE = timedelta(days=1)


def member(**changes: Any) -> StaffMember:
    return StaffMember(**({"id": "trott", "name": "Wilfred Trott", "told_on": TOLD} | changes))


@pytest.mark.pbd("PBD-11")
@pytest.mark.refusal(6)
@pytest.mark.parametrize(
    ("changes", "watched"),
    [
        ({}, True),
        ({"told_on": None}, False),
        ({"told_on": TODAY}, True),
        ({"told_on": TODAY + ONE}, False),
        ({"objects": True}, False),
        ({"start": TODAY}, True),
        ({"start": TODAY + ONE}, False),
        ({"end": TODAY}, True),
        ({"end": TODAY - ONE}, True),
        ({"end": TODAY - 2 * ONE}, False),
        ({"start": TODAY - ONE, "end": TODAY + ONE}, True),
    ],
)
def test_who_is_watched_for_today(changes: dict[str, Any], watched: bool) -> None:
    school = School(key="oak", name="Oak School", staff=(member(**changes),))
    assert bool(school.watched_staff(TODAY)) is watched
    assert bool(school.profile(TODAY)["staff"]) is watched
    assert school.profile()["staff"], "a schools file on its own has no register: all are known"


@pytest.mark.pbd("PBD-11")
@pytest.mark.parametrize("key", ["email", "photo", "town", "account", "religion", "born", "phone", "handle"])
def test_an_extra_column_is_refused(folder: Any, key: str) -> None:
    folder.swap("schools.toml", 'role = "Teacher"', f'{key} = "x", role = "Teacher"')
    with pytest.raises(ConfigError, match=rf"unknown key 'staff\[2\].{key}'"):
        folder.load()


@pytest.mark.pbd("PBD-11")
@pytest.mark.pbd("PBD-33")
def test_an_objection_stops_matching_with_the_next_reading(folder: Any) -> None:
    assert [m.id for m in folder.load().watched_staff("brindle", TODAY)] == ["amble", "trott"]
    folder.swap("schools.toml", 'id = "trott"', 'id = "trott", objects = true')
    config = folder.load()
    assert [m.id for m in config.watched_staff("brindle", TODAY)] == ["amble"]
    assert "trott object and are not watched for; decide" in "\n".join(config.warnings)


@pytest.mark.pbd("PBD-11")
@pytest.mark.parametrize(
    ("new", "words"),
    [
        ("", "trott were not told yet and are not watched for; tell them, then write told_on = 2026-11-20"),
        (", told_on = 2026-09-02, end = 2026-11-18", "trott are past their last day and are not watched for"),
        (", told_on = 2026-09-02, start = 2026-12-01", "trott have not begun"),
    ],
)
def test_whoever_is_not_watched_for_is_said_by_id_and_not_by_name(folder: Any, new: str, words: str) -> None:
    folder.swap("schools.toml", '"Teacher", told_on = 2026-09-02', f'"Teacher"{new}')
    (said,) = [w for w in folder.load().warnings if "watched for" in w]
    assert words in said
    assert "Wilfred" not in said
    assert said.startswith(f"schools.toml:{folder.line('schools.toml', 'staff = [')}: ")
    assert [m.id for m in folder.load().watched_staff("brindle", TODAY)] == ["amble"]


def test_an_end_before_the_start_is_a_fault(folder: Any) -> None:
    folder.swap("schools.toml", 'id = "trott"', 'id = "trott", start = 2026-09-02, end = 2026-09-01')
    with pytest.raises(ConfigError, match="'trott' ends"):
        folder.load()


@pytest.mark.parametrize(
    ("watch", "staff", "school_terms"),
    [
        ("[watch]\n", 2, True),
        ("[watch]\nstaff_terms = false\n", 0, True),
        ("[watch]\nschool_terms = false\n", 2, False),
        ("[watch.schools.brindle]\nstaff_terms = false\n", 0, True),
        ("[watch]\nstaff_terms = false\n[watch.schools.brindle]\nstaff_terms = true\n", 2, True),
    ],
)
def test_school_terms_and_staff_terms_have_switches_of_their_own(
    folder: Any, watch: str, staff: int, school_terms: bool
) -> None:
    folder.files["mentionwatch.toml"] += watch
    config = folder.load()
    assert len(config.watched_staff("brindle", TODAY)) == staff
    assert config.school_terms("brindle") is school_terms
    assert config.watched_staff("nowhere", TODAY) == ()


def test_both_switches_off_is_said_and_an_unknown_school_refused(folder: Any) -> None:
    both = "school_terms = false\nstaff_terms = false\n"
    folder.files["mentionwatch.toml"] += f"[watch]\n{both}"
    assert "both off for 'brindle': nothing is heard" in "\n".join(folder.load().warnings)
    folder.files["mentionwatch.toml"] += f"[watch.schools.brindel]\n{both}"
    with pytest.raises(
        ConfigError, match=r"there is no school 'brindel' in schools\.toml; did you mean 'brindle'"
    ):
        folder.load()


@pytest.mark.pbd("PBD-11")
def test_the_language_stage_sees_no_dates_and_no_objections() -> None:
    (seen,) = School(key="oak", name="Oak School", staff=(member(),)).profile(TODAY)["staff"]
    assert set(seen) == {"id", "name", "title", "role", "aliases"}
    assert set(seen) | {*REGISTER_ONLY} == set(StaffMember.model_fields)


SCHOOLS = """\
# written by hand
[oak]
name = "Oak School"
staff = [
  { id = "stays", name = "Ada Stay", told_on = 2026-09-02 },
  { id = "left", name = "Bo Left", end = "2026-07-17" },  # moved away
  { id = "linked", name = "Cy Linked", end = 2026-07-17 },
  { id = "yesterday", name = "Di Late", end = 2026-11-19 },
]
"""


@pytest.mark.pbd("PBD-11")
@pytest.mark.pbd("PBD-28")
@pytest.mark.parametrize(("today", "gone"), [(TODAY, {"left"}), (TODAY + ONE, {"left", "yesterday"})])
def test_whoever_left_is_taken_out_of_the_register(tmp_path: Path, today: date, gone: set[str]) -> None:
    file = tmp_path / "schools.toml"
    file.write_text(SCHOOLS, encoding="utf-8")
    file.chmod(0o640)
    people = People(persons={"c": Person(id="c", name="Cy Linked", email="c@oak.example", staff="linked")})
    done = remove_expired(tmp_path, people, today)
    assert (set(done.removed), done.linked) == (gone, ("linked",))
    (oak,) = load_schools(file)
    assert {m.id for m in oak.staff} == {"stays", "linked", "left", "yesterday"} - gone
    text = file.read_text(encoding="utf-8")
    assert text.startswith("# written by hand\n")
    assert "Bo Left" not in text
    assert file.stat().st_mode & 0o777 == 0o640
    assert [p.name for p in tmp_path.iterdir()] == ["schools.toml"]
    assert remove_expired(tmp_path, people, today) == Removed((), ("linked",))


def test_a_register_that_can_not_be_read_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="delete their lines by hand"):
        remove_expired(tmp_path, People(), TODAY)


@pytest.mark.pbd("PBD-02")
def test_each_field_that_yields_terms_has_a_purpose_and_each_other_is_named() -> None:
    assert {*TERM_FIELDS, *NOT_TERMS} == set(School.model_fields)
    assert set(OF_KIND) == set(TERM_FIELDS.values())
    for kind in OF_KIND:
        assert all(purpose.state and purpose.independent and purpose.special for purpose in purposes(kind))
    assert {key for keys in OF_KIND.values() for key in keys} | {"D"} == set(PURPOSES)


SMALL = """\
[roles.brindle]
headteacher = "head"
child_protection_person = "cp"
deputy_child_protection_person = "deputy"
chair_of_governors = "chair"
"""
RECORDED = (
    '[gates.dpia]\ndate = 2026-10-01\nby = "the head"\n'
    '[gates.notice]\ndate = 2026-10-02\nplace = "the web site"\n'
    '[gates.test_message]\ndate = 2026-10-03\nby = "the head"\n'
)


@pytest.mark.pbd("PBD-03")
@pytest.mark.pbd("PBD-04")
def test_a_small_school_needs_four_roles_and_three_recordings_and_no_more(folder: Any) -> None:
    people = folder.files["people.toml"]
    folder.files["people.toml"] = people[: people.index("[roles.brindle]")] + SMALL
    folder.files["mentionwatch.toml"] += RECORDED
    folder.swap("sources.toml", "own = true\n", "")
    config = folder.load()
    assert all(config.may_poll(source) for source in config.sources)
    for route in config.pack.routes:
        assert config.told("brindle", route), route
    (said,) = [w for w in config.warnings if "nobody at 'brindle' holds" in w]
    assert "designated_person" in said


@pytest.mark.parametrize("name", ["primary", "secondary", "trust", "northern-ireland", "wales"])
def test_the_staff_of_every_example_are_watched_for(name: str, tmp_path: Path) -> None:
    answers = Path(__file__).parents[2] / "examples" / name / "answers.toml"
    write_from_answers(answers, tmp_path)
    for school in load_schools(tmp_path / "schools.toml"):
        assert school.staff
        assert school.watched_staff(TODAY) == school.staff


def test_the_staff_of_the_demo_are_watched_for(tmp_path: Path) -> None:
    answers = Path(__file__).parents[2] / "monitor" / "demo" / "answers.toml"
    write_from_answers(answers, tmp_path)
    (school,) = load_schools(tmp_path / "schools.toml")
    assert school.watched_staff(TODAY) == school.staff
