"""The name gate: nothing about the school is lost, ordinary words and bare surnames do not pass."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.findings import Profile, Reading
from nlp.gate import Gate


@pytest.fixture(scope="module")
def gate(profiles: tuple[Profile, ...]) -> Gate:
    return Gate(profiles)


@pytest.mark.parametrize(
    "reading",
    [
        Reading(text="Lovely day at Quillmere Primary School"),
        Reading(text="QUILLMERE’s new teacher is here"),
        Reading(text="Liam O’Shea ran the stall"),
        Reading(text="Paula Green's assembly"),
        Reading(title="News from #QuillmerePrimary"),
        Reading(text="see", url="https://www.quillmereprimary.example/news"),
        Reading(text="hi", context="@QuillmerePri: snow day"),
        Reading(text="well said", author_handle="quillmerepri"),
        Reading(text="the primary in Tansley Vale is shut"),
        Reading(text="Mrs Vane-Ashby is a fine headteacher"),
        Reading(text="Раulа Grееn again"),
    ],
)
def test_passes(gate: Gate, reading: Reading) -> None:
    assert gate.match([reading]) == [("quill",)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "green was the colour of her dress",
        "the head of the table",
        "our school is best",
        "a fine orchard this year",
        "Mr Green sold me a car",
        "Dorset is lovely",
        "quill pens and mere words",
    ],
)
def test_stops(gate: Gate, text: str) -> None:
    assert gate.match([Reading(text=text)]) == [()]


@pytest.mark.parametrize(
    "text",
    ["Mr Green sold me a car", "green is a bad head", "the green woman at our school", "d r o s h e a"],
)
def test_weaker_clues_suffice_from_a_source_of_the_school(gate: Gate, text: str) -> None:
    assert gate.match([Reading(text=text)], ["quill"]) == [("quill",)]


@pytest.mark.parametrize(
    "text", ["green again", "the head never answers", "my daughter cried", "no school today", "Dorset", ""]
)
def test_words_that_name_nobody_stop_there_too(gate: Gate, text: str) -> None:
    """Rulings 9 and PBD-05: a source that is read for a school is not yet about it."""
    assert gate.match([Reading(text=text)], ["quill"]) == [()]


@pytest.mark.parametrize("piece", ["a", "a1", "@", "a.", "a ", "1", "\u0430", "a-b_"])
def test_a_long_post_takes_no_longer_than_its_length(gate: Gate, piece: str) -> None:
    """Sixty thousand characters took minutes when a pattern looked ahead from every place."""
    assert gate.match([Reading(text=piece * 200_000)], ["quill"]) == [()]


def test_an_own_comment_always_passes_and_other_schools_are_not_looked_for(gate: Gate) -> None:
    readings = [
        Reading(text="ok", own=True),
        Reading(text="ok"),
        Reading(text="Fenby High rocks"),
        Reading(text="x"),
    ]
    assert gate.match(readings, ["quill", "quill", "quill", "nobody"]) == [("quill",), (), (), ()]


def test_names_do_not_cross_fields_or_posts(gate: Gate) -> None:
    assert gate.match(
        [Reading(title="Paula", text="Green day"), Reading(text="Liam"), Reading(text="O'Shea")]
    ) == [
        (),
        (),
        (),
    ]


def test_two_schools_in_one_post(gate: Gate) -> None:
    (keys,) = gate.match([Reading(text="Quillmere Primary School beat Fenby High School")])
    assert set(keys) == {"quill", "fenby"}


@given(st.lists(st.text(), max_size=12), st.integers(0, 12))
def test_answers_stay_in_step_with_the_batch(gate: Gate, texts: list[str], at: int) -> None:
    at = min(at, len(texts))
    batch = [*texts[:at], "#quillmereprimary", *texts[at:]]
    answers = gate.match([Reading(text=text) for text in batch])
    assert len(answers) == len(batch)
    assert answers[at] == ("quill",)
