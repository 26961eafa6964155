"""The resolver: who is meant, and who is only called the same."""

from __future__ import annotations

import pytest

from nlp.assessor import Assessor
from nlp.findings import Reading


@pytest.mark.parametrize(
    ("reading", "staff"),
    [
        (Reading(text="Great fair at Quillmere Primary"), ()),
        (Reading(text="Mrs Vane-Ashby wrote to us about the school trip"), ("vane",)),
        (Reading(text="the head of Quillmere never answers"), ("vane",)),
        (Reading(text="Oshy took our class to the farm"), ("oshea",)),
        (Reading(text="mr o'shea gave us homework again"), ("oshea",)),
        (Reading(text="the Year 4 teacher at Quillmere is leaving"), ("oshea",)),
        (Reading(text="Paula Green and Liam O'Shea ran assembly"), ("oshea", "green")),
        (Reading(text="he was so kind", context="Quillmere Primary: meet Mr O'Shea"), ("oshea",)),
        (
            Reading(text="Green never listens, ask any parent", context="Quillmere Primary reviews"),
            ("green",),
        ),
    ],
)
def test_mentions(assessor: Assessor, reading: Reading, staff: tuple[str, ...]) -> None:
    verdict = assessor.assess(reading, "quill").mention
    assert verdict.mention
    assert verdict.staff == staff
    assert verdict.reasons


@pytest.mark.parametrize(
    "reading",
    [
        Reading(text="The Orchard Hotel does a fine roast"),
        Reading(text="Quillmere Primary in Leeds is closing"),
        Reading(text="Paula Green, a plumber from Truro, won the raffle"),
        Reading(text="Liam O'Shea scored the winning goal for the midfielder's old club"),
        Reading(text="green paint for the shed"),
        Reading(text="Quillmere Road is closed for repairs"),
        Reading(text=""),
    ],
)
def test_namesakes(assessor: Assessor, reading: Reading) -> None:
    verdict = assessor.assess(reading, "quill")
    assert not verdict.mention.mention
    assert not verdict.findings


@pytest.mark.parametrize(
    "text", ["Mr Green at Quillmere shouted", "Ashley Green plays for Quillmere Primary old boys"]
)
def test_another_title_or_first_name_is_another_person(assessor: Assessor, text: str) -> None:
    assert "green" not in assessor.assess(Reading(text=text), "quill").mention.staff


def test_unsure_is_possible_and_keeps_only_what_can_not_wait(assessor: Assessor) -> None:
    mild = assessor.assess(Reading(text="Paula Green is a muppet"), "quill")
    grave = assessor.assess(Reading(text="Paula Green, I will stab you tonight"), "quill")
    assert mild.mention.possible
    assert not mild.findings
    assert grave.mention.possible
    assert grave.severity.word == "critical"


def test_an_unknown_school_is_a_mistake_of_the_caller(assessor: Assessor) -> None:
    with pytest.raises(KeyError):
        assessor.assess(Reading(text="x"), "nowhere")
