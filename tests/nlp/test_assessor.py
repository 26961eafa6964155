"""The door of the stage: one assessment for any text, spans that fit, severity by the guide, linear time."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlp.assessor import COMPONENTS, Assessor, build
from nlp.findings import Assessment, Flag, Profile, Reading, Severity

Assess = Callable[..., Assessment]
ANY_TEXT = st.text(alphabet=st.characters(min_codepoint=0, max_codepoint=0x10FFFF, exclude_categories=()))
WORDS = st.lists(
    st.sampled_from(
        [
            "Mrs",
            "Vane-Ashby",
            "is",
            "a",
            "muppet",
            ".",
            "will",
            "batter",
            "Alfie",
            "in",
            "Year",
            "5",
            "tonight",
            "🤡",
            "no",
            "reply",
            "fake",
            "account",
            "'",
            '"',
            "m*ppet",
            "I",
            "i'll",
            "know",
            "where",
            "he",
            "lives",
            "u",
            "s",
            "e",
            "l",
            "e",
            "s",
            "s",
            "bullied",
            "\n",
            "my",
            "son",
        ]
    ),
    max_size=40,
).map(" ".join)


def _check(reading: Reading, found: Assessment) -> None:
    for finding in found.findings:
        assert finding.evidence
        assert 0 < finding.score <= 1
        assert finding.reason
        assert finding.rule
        for piece in finding.evidence:
            field = getattr(reading, piece.field)
            assert piece.field in ("text", "title", "author_name")
            assert 0 <= piece.start < piece.end <= len(field)
            assert field[piece.start : piece.end].strip() == field[piece.start : piece.end]


@settings(deadline=None)
@given(st.one_of(ANY_TEXT, WORDS), st.one_of(ANY_TEXT, WORDS), WORDS, ANY_TEXT)
def test_any_text_gives_one_assessment_with_spans_inside_its_fields(
    assessor: Assessor, text: str, title: str, author: str, context: str
) -> None:
    reading = Reading(text=text, title=title, author_name=author, context=context, own=True)
    _check(reading, assessor.assess(reading, "quill"))


@pytest.mark.parametrize(
    "text", ["", "\ufeff", "\ud800", "\x00\x1d\x1e|", "STAFF is a muppet SCHOOL", "🤡" * 50]
)
def test_odd_texts(assess: Assess, text: str) -> None:
    assert assess(text).version == "rules-1"


def test_nobody_can_type_a_marker(assess: Assess) -> None:
    assert assess("STAFF ur a muppet").mention.staff == ()


def test_the_display_name_is_part_of_the_post(assess: Assess) -> None:
    finding = assess("nice day", author_name="Mr O'Shea is a useless muppet").finding(Flag.ABUSIVE)
    assert finding is not None
    assert {piece.field for piece in finding.evidence} == {"author_name"}


def test_context_is_never_evidence(assess: Assess) -> None:
    assert assess("ok", context="Miss Green is an absolute muppet").findings == ()


@pytest.mark.parametrize(
    ("text", "severity"),
    [
        ("Lovely fair", Severity.NONE),
        ("Mr O'Shea is an absolute numpty", Severity.LOW),
        ("proud of our Osian at the fair", Severity.LOW),
        ("Alfie Marlow in Year 5 won the cup", Severity.MEDIUM),
        ("Mr O'Shea stole the trip money", Severity.HIGH),
        ("Alfie Marlow in Year 5 is in foster care", Severity.HIGH),
        ("I will stab Mr O'Shea tonight", Severity.CRITICAL),
        ("my daughter says she wants to die", Severity.CRITICAL),
        ("Miss Green had better watch her back. I will be there on Monday with a hammer", Severity.CRITICAL),
        ("Miss Green had better watch her back", Severity.HIGH),
        ("Miss Green was sacked from her old school for fraud", Severity.HIGH),
        ("I want to make a formal complaint", Severity.NONE),
    ],
)
def test_severity(assess: Assess, text: str, severity: Severity) -> None:
    assert assess(text).severity is severity


def test_nothing_is_lost_in_a_long_post(assess: Assess) -> None:
    filler = "The hall was warm and the songs were good. " * 2_000
    found = assess(filler + "Miss Green is an absolute muppet. " + filler)
    finding = found.finding(Flag.ABUSIVE)
    assert finding is not None
    assert finding.evidence[0].start > len(filler) - 1


@pytest.mark.parametrize(
    "piece",
    [
        "will get will be ",
        "Miss Green is so very absolute total ",
        "he she they knew told but and nothing ",
        "a ",
        "*",
        "@",
        "🤡 ",
        "Alfie ",
        "\"'",
        "shame if shame if ",
        "u s e ",
        "\u0301",
        "Fennick Lane Juniors the head ",
        "Mrs Tranter ",
        "#quillmereprimary in Leeds ",
        "Perran Trewidden in Year ",
        "yn mae wedi ",
    ],
)
def test_hostile_repetition_takes_time_in_proportion(assess: Assess, piece: str) -> None:
    def cost(size: int) -> float:
        text = (piece * (size // len(piece) + 1))[:size]
        begin = time.perf_counter()
        assess(text)
        return time.perf_counter() - begin

    cost(2_000)
    small = max(0.02, min(cost(20_000) for _ in range(2)))
    assert min(cost(80_000) for _ in range(2)) < small * 4 * 3


def test_vocabulary_does_not_grow(profiles: tuple[Profile, ...]) -> None:
    assessor = Assessor(profiles)
    vocab = assessor._flags.vocab
    before = len(vocab.strings)
    for number in range(300):
        assessor.assess(Reading(text=f"quillword{number} muppet{number} at Quillmere Primary"), "quill")
    assert len(vocab.strings) - before < 50
    assert len(assessor._resolver.vocab.strings) < before + 50


def test_pipelines_fit_together() -> None:
    assert build({name: {} for name in COMPONENTS}).pipe_names == list(COMPONENTS)
