"""The second reading: hidden words are found, ordinary ones left alone, offsets are exact."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.unmask import Lexicon, plain_letters, tokens, unmask

LEXICON = Lexicon(["muppet", "useless", "numpty", "bellend", "coward", "clown"])
ANY_TEXT = st.text(alphabet=st.characters(min_codepoint=0, max_codepoint=0x10FFFF, exclude_categories=()))


@pytest.mark.parametrize(
    ("text", "word", "hidden"),
    [
        ("what a m*ppet he is", "muppet", "m*ppet"),
        ("what a mupp3t he is", "muppet", "mupp3t"),
        ("total u s e l e s s today", "useless", "u s e l e s s"),
        ("u.s.e.l.e.s.s", "useless", "u.s.e.l.e.s.s"),
        ("uselesssss", "useless", "uselesssss"),
        ("a b3ll3nd", "bellend", "b3ll3nd"),
        ("сlоwn of a man", "clown", "сlоwn"),
        ("num\u200bpty", "numpty", "num\u200bpty"),
        ("c0w@rd!", "coward", "c0w@rd"),
    ],
)
def test_sees_through(text: str, word: str, hidden: str) -> None:
    found = [token for token in tokens(text, LEXICON) if token.word == word]
    assert [text[token.start : token.end] for token in found] == [hidden]


@pytest.mark.parametrize(
    "text",
    ["year7 at 3pm", "ks2 results", "A* in maths", "a b c of learning", "2 + 2 = 4", "5 stars *****", "7b"],
)
def test_leaves_ordinary_words(text: str) -> None:
    assert not {token.word for token in tokens(text, LEXICON)} & LEXICON.words


@pytest.mark.parametrize(
    ("text", "view"),
    [
        ("Mr. Green left. Good!", " mr green left . good . "),
        ("he said 'no' to it", ' he said " no " to it '),
        ("St. Ann's fête", " st anns fete "),
        ("hm 🤡", " hm :clown_face "),
        ("two\nlines", " two . lines "),
    ],
)
def test_marks_and_emoji_become_words(text: str, view: str) -> None:
    assert unmask(text, LEXICON).text == view


@given(ANY_TEXT)
def test_tokens_lie_in_order_inside_the_text(text: str) -> None:
    last = 0
    for token in tokens(text, LEXICON):
        assert last <= token.start <= token.end <= len(text)
        last = token.start


@pytest.mark.parametrize(
    ("text", "thorough", "plain"),
    [
        ("Нarriet", False, "harriet"),
        ("plain words", True, ""),
        ("O s h e a", True, "Oshea"),
        ("Gr33n", True, "Green"),
        ("Gr33n", False, ""),
    ],
)
def test_second_try_of_the_gate(text: str, thorough: bool, plain: str) -> None:
    assert plain_letters(text, thorough) == plain
