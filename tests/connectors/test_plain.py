"""Markup to plain text: nothing that a reader sees is lost, nothing that runs is kept."""

from __future__ import annotations

import re
import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.plain import from_html, from_text

TAG = re.compile(r"<[/!?]?[a-zA-Z][^<>]*>")


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<p>one</p><p>two</p>", "one\n\ntwo"),
        ("one<br>two<br/>three", "one\ntwo\nthree"),
        ("<b>St</b>ri<i>ng</i>", "String"),  # a word is not torn by what is inside it
        ("a&nbsp;b &amp; c &#8220;d&#8221;", "a b & c “d”"),
        ("5 &lt; 6 and 5 < 6", "5 < 6 and 5 < 6"),
        ("I <3 it", "I <3 it"),
        ("&lt;b&gt;twice&lt;/b&gt; escaped", "twice escaped"),
        ("&lt;kill&gt; him", "kill him"),  # no markup, so the page shows it
        ("<b onclick=x href='>'>in</b>", "in"),
        ('<b x"> shown <b y">', "shown"),
        ('<b =">shown', "shown"),
        ('<a href="jav&#x09;ascript:alert(1)">click</a>', "click"),
        ("a<script>alert('<p>')</script>b<style>p{}</style>c", "abc"),
        ("<script>never closed", "never closed"),
        ("a<!-- x -->b<!-->c", "abc"),
        ("<!-- never closed", "-- never closed"),
        ("<![CDATA[kept]]>", "kept]]>"),
        ("<!DOCTYPE html><html><body>x", "x"),
        ("<img src=x alt='a &amp; b'>c", "a & b c"),
        ("<img src=x>c", "c"),
        ("<a href='unclosed", "<a href='unclosed"),
        ("<form action=x><input name=q>ask</form>", "ask"),
        ("line\nbreaks are\r\nspaces", "line breaks are spaces"),
        ("a\x00b\x07c\x9d", "abc"),
        ("e\u0301", "\u00e9"),
        ("\ud800x", "\ufffdx"),
        ("<<b>b>x", "x"),
        ("<DIV>a</DIV>b", "a\nb"),
    ],
)
def test_html(markup: str, text: str) -> None:
    assert from_html(markup) == text


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("5 < 6", "5 < 6"),
        ("AT&amp;T", "AT&amp;T"),
        ("a <b>c</b>", "a c"),
        ("one\r\ntwo\u2028three", "one\ntwo\nthree"),
        ("a\n\n\n\n\nb", "a\n\nb"),
        ("a \t\xa0 b", "a b"),
    ],
)
def test_plain_text_is_not_unescaped(raw: str, text: str) -> None:
    assert from_text(raw) == text


@pytest.mark.parametrize(
    "hostile",
    [
        "<div>" * 40_000,
        "<b>" * 60_000,
        "<a <a " * 40_000,
        '<a x="' * 40_000,
        "<!--" * 50_000,
        "<script>" * 30_000,
        "<" * 100_000,
    ],
    ids=lambda text: text[:8],
)
def test_deep_or_unclosed_markup_costs_little_and_hides_nothing(hostile: str) -> None:
    started = time.process_time()
    assert "deep words" in from_html(hostile + " deep words")
    assert time.process_time() - started < 2.0


MARKUP = st.text(st.sampled_from(list("<>/!-'\"=& ;abpliscrt\n\x00é")), max_size=80) | st.text()


@given(MARKUP)
def test_never_holds_a_tag_or_a_control_character(markup: str) -> None:
    for text in (from_html(markup), from_text(markup)):
        assert not TAG.search(text)
        assert not any(unicodedata.category(c) in ("Cc", "Cs") and c != "\n" for c in text)
        assert unicodedata.is_normalized("NFC", text)
        assert from_text(text) == text


@given(st.lists(st.from_regex(r"[a-z]{1,8}", fullmatch=True), min_size=1))
def test_words_between_tags_all_come_through(words: list[str]) -> None:
    markup = "".join(f"<p class='c'>{word}</p>" for word in words)
    assert from_html(markup).split() == words
