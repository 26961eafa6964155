"""The pattern language: what each sign means, and what is refused."""

from __future__ import annotations

import pytest

from nlp.rules import compile_pattern, load, sentence

CLASSES = {"ill": "bad worse so_so", "who": "he she"}


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("a|b c", " x b c ", "b c "),
        ("$who is $ill", " she is so so today ", "she is so so "),
        ("bad ..2 day", " bad and long day ", "bad and long day "),
        ("bad ..2 day", " bad . day ", None),
        ("bad ..1 day", " bad one two day ", None),
        ("?very bad", " bad ", "bad "),
        ("shout* at", " shouting at ", "shouting at "),
        ("he [ is bad ]", " he is bad ", "is bad "),
        ("* day", " fine day ", "fine day "),
        (":hot_face now", " :hot_face now ", ":hot_face now "),
        ("bad", " badly ", None),
        ("end |", " end | ", "end | "),
    ],
)
def test_matches(pattern: str, text: str, found: str | None) -> None:
    match = compile_pattern(pattern, CLASSES).regex.search(text)
    group: int | str = "e" if "[" in pattern else 0
    assert (match.group(group) if match else None) == found


@pytest.mark.parametrize("pattern", ["a ..99 b", "a ..x b", "$nobody", "a ] b"])
def test_refuses(pattern: str) -> None:
    with pytest.raises(ValueError, match="pattern"):
        compile_pattern(pattern, CLASSES)


def test_a_pattern_is_tried_only_where_one_of_its_words_stands() -> None:
    pattern = compile_pattern("$who is bad", CLASSES)
    assert pattern.possible(frozenset({"is"}))
    assert not pattern.possible(frozenset({"was"}))


@pytest.mark.parametrize(
    "name", ["abusive", "threatening", "defamatory", "pupils", "safeguarding", "impersonation", "complaint"]
)
def test_rule_files_load_and_ids_are_distinct(name: str) -> None:
    rules = load(name).rules
    assert len({rule.id for rule in rules}) == len(rules)
    assert all(0 < rule.score < 1 and rule.reason and rule.patterns for rule in rules)


def test_sentence_ends_at_marks() -> None:
    text = " one . two three . four "
    assert text[slice(*sentence(text, 7, 10))].strip() == "two three"
