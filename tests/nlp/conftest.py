"""One invented school for all tests of the language stage, and a way to see findings as words."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from nlp.assessor import Assessor
from nlp.findings import Assessment, Flag, Profile, Reading, Staff

SCHOOL = Profile(
    key="quill",
    name="Quillmere Primary School",
    aliases=("Quillmere Primary", "Quillmere", "The Orchard"),
    places=("Tansley Vale", "Dorset"),
    postcode="DT99 8XX",
    domains=("quillmereprimary.example",),
    handles=("@QuillmerePri",),
    hashtags=("#quillmereprimary",),
    phase="primary",
    staff=(
        Staff("vane", "Harriet Vane-Ashby", "Mrs", "Headteacher", ("Mrs V",)),
        Staff("oshea", "Liam O'Shea", "Mr", "Year 4 teacher", ("Oshy",)),
        Staff("green", "Paula Green", "Miss", "Deputy Head and DSL", ()),
    ),
)
OTHER = Profile(
    key="fenby", name="Fenby High School", aliases=("Fenby High",), places=("Fenby",), phase="secondary"
)

Assess = Callable[..., Assessment]


@pytest.fixture(scope="session")
def profiles() -> tuple[Profile, ...]:
    return (SCHOOL, OTHER)


@pytest.fixture(scope="session")
def assessor(profiles: tuple[Profile, ...]) -> Assessor:
    return Assessor(profiles)


@pytest.fixture(scope="session")
def assess(assessor: Assessor) -> Assess:
    """Assesses a text that stands under the invented school's own page."""

    def run(text: str, **fields: object) -> Assessment:
        values = {"own": True, **fields}
        return assessor.assess(Reading(text=text, **values), "quill")  # type: ignore[arg-type]

    return run


@pytest.fixture(scope="session")
def words(assess: Assess) -> Callable[[Flag, str], list[str] | None]:
    """The words that carry a flag in a text; None when it is not raised."""

    def run(flag: Flag, text: str) -> list[str] | None:
        finding = assess(text).finding(flag)
        return None if finding is None else [text[piece.start : piece.end] for piece in finding.evidence]

    return run
