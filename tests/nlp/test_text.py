"""Folding: the fast path equals the reference everywhere, and every span finds its way back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.text import FIELD_BREAK, fold, fold_batch, fold_plain

ANY_TEXT = st.text(alphabet=st.characters(min_codepoint=0, max_codepoint=0x10FFFF, exclude_categories=()))


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("", " "),
        ("St. Mary's C of E", " st marys c of e "),
        ("Siân Ó Briain", " sian o briain "),
        ("ＦＵＬＬ ｗｉｄｔｈ", " full width "),
        ("Straße", " strasse "),
        ("zero\u200bwidth soft\u00adhyphen", " zerowidth softhyphen "),
        ("\ufeffstart", " start "),
        ("#QuillmerePrimary @Quill_Pri", " quillmereprimary quill pri "),
        ("a \ud800 b", " a b "),
        ("Łukasz Ørsted", " lukasz orsted "),
        ("½ term", " 1 2 term "),
    ],
)
def test_folds(text: str, folded: str) -> None:
    assert fold(text).text == folded


def test_fast_path_equals_reference_on_every_code_point() -> None:
    texts = [f"a{chr(number)}B" for number in range(0x110000)]
    assert fold_plain(texts) == [fold(text).text for text in texts]


@given(st.lists(ANY_TEXT, max_size=8))
def test_fast_path_equals_reference_on_any_batch(texts: list[str]) -> None:
    assert fold_plain(texts) == [fold(text).text for text in texts]


@given(ANY_TEXT)
def test_folding_twice_changes_nothing(text: str) -> None:
    once = fold(text).text
    assert fold(once).text == once


@given(ANY_TEXT, st.data())
def test_every_span_of_whole_words_folds_to_itself(text: str, data: st.DataObject) -> None:
    seen = fold(text)
    spaces = [index for index, char in enumerate(seen.text) if char == " "]
    first = data.draw(st.sampled_from(spaces))
    last = data.draw(st.sampled_from([index for index in spaces if index >= first]))
    start, end = seen.span(first, last)
    assert 0 <= start <= end <= len(text)
    words = seen.text[first:last].strip()
    if all(len(fold(char).text.split()) < 2 for char in set(text)):
        assert fold(text[start:end]).text.strip() == words
    else:  # one character of several words ("¼") can not be cut
        assert words in fold(text[start:end]).text


def test_span_keeps_the_accent_and_drops_the_rest() -> None:
    text = "to Sia\u0302n."
    seen = fold(text)
    at = seen.text.index("sian")
    assert text[slice(*seen.span(at, at + 4))] == "Sia\u0302n"


def test_fields_stay_apart_in_a_batch() -> None:
    assert fold_batch([f"a{FIELD_BREAK}b", "c"]) == b" a \x1d b \x1e c "


def test_a_million_characters() -> None:
    text = "Mr O'Shea " * 100_000
    assert fold_plain([text])[0] == fold(text).text
