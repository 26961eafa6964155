"""No roll of pupils or parents comes in by any key (PBD-18), and nothing else is taken for one."""

from __future__ import annotations

from typing import Any

import pytest

from config.faults import ConfigError
from config.pack import CATEGORIES, ROLE_TITLES
from config.rolls import roll_columns
from config.schools import School, StaffMember
from config.settings import Settings

ROLLS = [
    "pupils", "Pupil", "pupil_names", "Pupil Name", "PupilSurname", "students", "student-id", "children", "parents",
    "Parent Email", "carers", "guardians", "UPN", "Former UPN", "upns", "Admission No", "adno", "DOB", "Date of Birth",
    "date-of-birth", "birthday", "Forename", "Legal Surname", "Preferred Forename", "Year Group", "NC Year",
    "Reg Group", "registration form", "Tutor Group", "class_list", "names_of_pupils", "SEN status", "EHCP", "FSM",
    "Pupil Premium", "EAL", "looked after", "sims", "mis_export", "pupil_hashes", "parent_phones", "child",
]  # fmt: skip
NO_ROLLS = [
    "name", "id", "staff", "aliases", "schools", "school", "places", "title", "role", "start", "end", "told_on",
    "text", "author_name", "pupil_identifying", "child_at_risk", "child_protection_person", "childrens_services",
    "url", "kind", "phase", "email", "phone", "year", "class", "surname", "date", "reports", "parental_leave_cover",
]  # fmt: skip


@pytest.mark.pbd("PBD-18")
@pytest.mark.parametrize("column", ROLLS)
def test_a_column_of_a_roll_is_known(column: str) -> None:
    assert roll_columns(["name", column, "text"]) == (column,)


@pytest.mark.parametrize("column", NO_ROLLS)
def test_any_other_column_is_none(column: str) -> None:
    assert roll_columns([column]) == ()


def test_our_own_words_are_none() -> None:
    ours = [
        *CATEGORIES,
        *ROLE_TITLES,
        *School.model_fields,
        *StaffMember.model_fields,
        *Settings.model_fields,
    ]
    assert roll_columns(ours) == ()


@pytest.mark.pbd("PBD-18")
@pytest.mark.parametrize(
    ("file", "old", "new", "where"),
    [
        ("schools.toml", "aliases", 'pupils = ["a"]\naliases', "pupils"),
        ("schools.toml", 'role = "Teacher"', 'role = "Teacher", year_group = "4"', "year_group"),
        ("people.toml", "[roles.brindle]", '[[parents]]\nname = "x"\n[roles.brindle]', "[[parents]]"),
        ("sources.toml", 'folder = "reports"', 'folder = "reports"\nmis_export = "x.csv"', "mis_export"),
        ("mentionwatch.toml", "[email]", '[pupils]\nfile = "x"\n[email]', "[pupils]"),
    ],
)
def test_a_roll_in_any_file_is_a_fault_with_its_line(
    folder: Any, file: str, old: str, new: str, where: str
) -> None:
    folder.swap(file, old, new)
    with pytest.raises(ConfigError) as caught:
        folder.load()
    line = folder.line(file, where)
    assert [f for f in caught.value.faults if f.line == line and "never taken in" in f.message]
