"""Wiki markup to words, and what a revision added: nothing hidden, nothing repeated."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.mediawiki_text import added, plain, sentences


@pytest.mark.parametrize(
    ("markup", "words"),
    [
        ("The '''head''' of [[Larkhill School|Larkhill]]", "The head of Larkhill"),
        ("Ms [[Vane]] ''lies''", "Ms Vane lies"),
        ("It's 5 o'clock", "It's 5 o'clock"),
        ("[[File:Pond.jpg|thumb|The [[Head|head]] and ''the'' pond]]", "thumb|The head and the pond"),
        ("see [https://a.example/x the proof] now", "see the proof https://a.example/x now"),
        ("<!-- Ms Vane is a crook -->", "Ms Vane is a crook"),
        ("<script>Ms Vane</script>", "Ms Vane"),
        ('A<ref name="x">Vane steals</ref> B', "A Vane steals B"),
        ("fish &amp; chips &lt;b&gt;", "fish & chips"),
        ("{{Infobox|head=Ms Vane}}", "{{Infobox|head=Ms Vane}}"),
        ("__NOTOC__ a [b] c", "a [b] c"),
    ],
)
def test_words_of_markup(markup: str, words: str) -> None:
    assert plain(markup).strip() == words


@pytest.mark.parametrize(
    ("before", "after", "new"),
    [
        ("", "A new page. Two lines.", "A new page.\nTwo lines."),
        ("One. Two.", "One. Three. Two.", "Three."),
        ("One. Two.", "Two. One.", ""),
        ("One.", "One. One.", "One."),
        ("The head is fair.", "The head is not fair.", "The head is not fair."),
        ("One.\n\nTwo.", "One. Two.", ""),
        ("One. Two.", "", ""),
    ],
)
def test_what_was_added(before: str, after: str, new: str) -> None:
    assert added(before, after) == new


def test_what_stood_there_before_the_page_was_emptied_is_no_addition() -> None:
    assert added("", "One. Two. Three.", known="One. Two.") == "Three."


@given(before=st.text(max_size=80), more=st.text(alphabet="abc .\n!", max_size=40))
def test_every_word_of_an_addition_is_there_and_no_more(before: str, more: str) -> None:
    assert added(before, before) == ""
    left = sorted(sentences(before) + sentences(more))
    found = sentences(added(before, f"{before}\n{more}"))
    assert sorted(sentences(before) + found) == left


@given(markup=st.text(alphabet="[]{}|'<>!-&;/ a\n", max_size=200))
def test_any_markup_is_read(markup: str) -> None:
    plain(markup)


@pytest.mark.parametrize("piece", ["[[", "[http://a ", "<!--", "''", "[[a|", "<ref ", "&amp;", "a "])
def test_hostile_markup_costs_little(piece: str) -> None:
    began = time.process_time()
    sentences(plain(piece * (400_000 // len(piece))))
    assert time.process_time() - began < 5
