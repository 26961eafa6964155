"""Which category leads, who may read, and which posts share a story."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.cases import BY_FLAG, CATEGORIES, OVERRIDING, categories_of, is_restricted, story_keys
from nlp.findings import Flag, Severity

LOW, MEDIUM, HIGH, CRITICAL = Severity.LOW, Severity.MEDIUM, Severity.HIGH, Severity.CRITICAL
FINDINGS = st.dictionaries(st.sampled_from(Flag), st.sampled_from(Severity))
WORDS = st.text(max_size=40)


@pytest.mark.parametrize(
    ("findings", "staff", "expected"),
    [
        ({}, (), ()),
        ({Flag.ABUSIVE: LOW}, (), ("abusive_harassing",)),
        # the worse one leads
        ({Flag.ABUSIVE: MEDIUM, Flag.DEFAMATORY: HIGH}, ("a",), ("defamatory_possible", "abusive_harassing")),
        # equally bad: the more pressing one
        ({Flag.ABUSIVE: HIGH, Flag.THREATENING: HIGH}, (), ("threatening", "abusive_harassing")),
        # a child at risk leads whatever the others are
        ({Flag.SAFEGUARDING: LOW, Flag.THREATENING: CRITICAL}, (), ("child_at_risk", "threatening")),
        # a claim that staff hurt a child is an allegation, as bad as the worse half
        ({Flag.DEFAMATORY: MEDIUM, Flag.SAFEGUARDING: CRITICAL}, ("a",), ("allegation_against_staff",)),
        # … but not about nobody in particular
        (
            {Flag.DEFAMATORY: MEDIUM, Flag.SAFEGUARDING: HIGH},
            (),
            ("child_at_risk", "defamatory_possible"),
        ),
        # … and not without a child
        ({Flag.DEFAMATORY: HIGH}, ("a",), ("defamatory_possible",)),
        ({Flag.SAFEGUARDING: HIGH}, ("a",), ("child_at_risk",)),
        (
            {Flag.COMPLAINT: Severity.NONE, Flag.ABUSIVE: LOW},
            (),
            ("abusive_harassing", "legitimate_complaint"),
        ),
    ],
)
def test_categories(
    findings: Mapping[Flag, Severity], staff: tuple[str, ...], expected: tuple[str, ...]
) -> None:
    assert categories_of(findings, staff) == expected


@given(FINDINGS, st.lists(st.sampled_from(["a", "b"]), unique=True))
def test_categories_are_known_unique_and_lead_rightly(
    findings: Mapping[Flag, Severity], staff: list[str]
) -> None:
    found = categories_of(findings, staff)
    assert len(found) == len(set(found))
    assert set(found) <= set(CATEGORIES)
    assert bool(found) == bool(findings)
    if set(found) & set(OVERRIDING):
        assert found[0] in OVERRIDING


def test_every_flag_has_a_category() -> None:
    assert set(BY_FLAG) == set(Flag)
    assert set(BY_FLAG.values()) <= set(CATEGORIES)


@pytest.mark.parametrize(
    ("category", "severity", "expected"),
    [
        ("child_at_risk", LOW, True),
        ("allegation_against_staff", Severity.NONE, True),
        ("pupil_identifying", LOW, False),  # rulings 12
        ("pupil_identifying", MEDIUM, True),
        ("threatening", CRITICAL, False),
        ("abusive_harassing", HIGH, False),
        ("possible_mention", HIGH, False),
    ],
)
def test_restricted(category: str, severity: Severity, expected: bool) -> None:
    assert is_restricted(category, severity) is expected


def keys(**changes: Any) -> frozenset[bytes]:
    values: dict[str, Any] = {
        "category": "abusive_harassing",
        "subjects": ("a",),
        "url": "",
        "title": "",
        "text": "",
        "context": "",
    }
    return story_keys(**(values | changes))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"text": "Hello THERE"}, {"text": "hello   there!"}, True),
        ({"text": "hello there"}, {"text": "hello these"}, False),
        ({"title": "hello", "text": "there"}, {"text": "hello there"}, True),
        ({"url": "https://a.example/p?utm_source=x"}, {"url": "https://A.example/p"}, True),
        ({"url": "https://a.example/p#comment-1"}, {"url": "https://a.example/p#comment-2"}, True),
        ({"url": "https://a.example/p"}, {"url": "https://a.example/q"}, False),
        ({"context": "the thread", "text": "one"}, {"context": "The thread", "text": "two"}, True),
        # the same words in different places are not the same thing
        ({"context": "hello there"}, {"text": "hello there"}, False),
        ({"post": "7", "text": "v1"}, {"post": "7", "text": "v2"}, True),
        ({"post": "7", "text": "v1"}, {"post": "8", "text": "v2"}, False),
        ({"text": "x", "subjects": ("a", "b")}, {"text": "x", "subjects": ("b", "a")}, True),
        ({"text": "x", "subjects": ("a", "b")}, {"text": "x", "subjects": ("a",)}, False),
        ({"text": "x", "subjects": ()}, {"text": "x", "subjects": ("a",)}, False),
        ({"text": "x"}, {"text": "x", "category": "threatening"}, False),
    ],
)
def test_one_story(one: Mapping[str, Any], other: Mapping[str, Any], same: bool) -> None:
    assert bool(keys(**one) & keys(**other)) is same


def test_no_words_no_key() -> None:
    assert keys() == frozenset()
    assert keys(text=" !  ", url="mailto:somebody@a.example") == frozenset()


SUBJECTS = st.lists(st.from_regex(r"[a-z0-9][a-z0-9_-]{0,5}", fullmatch=True), max_size=3, unique=True)


@given(
    st.sampled_from(CATEGORIES), SUBJECTS, st.sampled_from(CATEGORIES), SUBJECTS, WORDS, WORDS, WORDS, WORDS
)
def test_other_people_or_another_category_never_share_a_story(
    category: str,
    people: list[str],
    other: str,
    others: list[str],
    url: str,
    title: str,
    text: str,
    context: str,
) -> None:
    words = {"url": url, "title": title, "text": text, "context": context, "post": "1"}
    one = keys(category=category, subjects=people, **words)
    two = keys(category=other, subjects=others, **words)
    same = category == other and sorted(people) == sorted(others)
    assert one == two if same else not one & two
    assert all(len(key) == 16 for key in one)


@given(
    st.text(alphabet=st.characters(), max_size=60), st.text(alphabet="ahtps:/.[]%?#&=@\0 \ud800", max_size=30)
)
def test_any_words_and_links_give_keys(text: str, url: str) -> None:
    keys(text=text, title=text, context=text, url=url)
