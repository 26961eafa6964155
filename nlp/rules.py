"""Word rules: a small pattern language over views, compiled to expressions that run in linear time.

A pattern is words apart by spaces. `a|b` either; `two_words` an alternative of
several words; `stem*` any ending; `*` any word; `?x` may be missing; `..3` up
to three words between; `$name` a class of the file or of common.toml; `[ ]`
around the part that is evidence. Gaps never cross a sentence end, a quotation
mark or a field, and are short, so no text makes a pattern run away.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from nlp.findings import Severity

_WORD = r'[^ .|?"]+'
_LONGEST_GAP = 10
_SENTENCE = 500
"""A sentence is looked for no further than this, so that one without an end costs no more."""
_SENTENCE_MARKS = frozenset(".?|")


@dataclass(frozen=True, slots=True)
class Pattern:
    """One compiled pattern; it can only match where one of `anchors` stands (empty: anywhere)."""

    regex: re.Pattern[str]
    anchors: frozenset[str]

    def possible(self, words: frozenset[str]) -> bool:
        return not self.anchors or not self.anchors.isdisjoint(words)


@dataclass(frozen=True, slots=True)
class Rule:
    """What one rule looks for, what speaks against it, and what it is worth."""

    id: str
    severity: Severity
    score: float
    reason: str
    patterns: tuple[Pattern, ...]
    unless: tuple[Pattern, ...] = ()
    """In the same sentence: no hit."""
    unless_post: tuple[Pattern, ...] = ()
    """Anywhere in the post: no hit."""
    needs_post: tuple[Pattern, ...] = ()
    """Must stand somewhere in the post or above it."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A rule found [start, end) of a view."""

    rule: Rule
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class RuleFile:
    """All rules of one component with its classes and named extra pattern lists."""

    rules: tuple[Rule, ...]
    extra: Mapping[str, tuple[Pattern, ...]]
    words: frozenset[str]
    """Literal words that a disguise may hide."""


def compile_pattern(source: str, classes: Mapping[str, str]) -> Pattern:
    """Compiles one pattern; raises ValueError naming the pattern when it is malformed."""
    parts: list[str] = []
    best: frozenset[str] | None = None
    for item in source.split():
        if item in "[]":
            parts.append("(?P<e>" if item == "[" else ")")
            continue
        optional = item.startswith("?") and len(item) > 1
        expression, words = _item(item.removeprefix("?") if optional else item, classes, source)
        parts.append(f"(?:{expression})?" if optional else expression)
        if words and not optional and (best is None or len(words) < len(best)):
            best = words
    try:
        return Pattern(re.compile("(?<= )" + "".join(parts)), best or frozenset())
    except re.error as error:
        raise ValueError(f"pattern {source!r}: {error}") from error


def _item(item: str, classes: Mapping[str, str], source: str) -> tuple[str, frozenset[str]]:
    if item.startswith(".."):
        if not item[2:].isdigit() or int(item[2:]) > _LONGEST_GAP:
            raise ValueError(f"pattern {source!r}: a gap is ..1 to ..{_LONGEST_GAP}")
        return rf"(?:{_WORD} ){{0,{item[2:]}}}?", frozenset()
    choices = ["|"] if item == "|" else list(_choices(item, classes, source))
    firsts = [choice if choice.startswith(":") else choice.split("_")[0] for choice in choices]
    words = frozenset(firsts) if not any("*" in first for first in firsts) else frozenset()
    return "(?:" + "|".join(map(_choice, choices)) + ") ", words


def _choices(item: str, classes: Mapping[str, str], source: str) -> Iterator[str]:
    for choice in item.split("|"):
        if choice.startswith("$"):
            if choice[1:] not in classes:
                raise ValueError(f"pattern {source!r}: unknown class {choice}")
            for word in classes[choice[1:]].split():
                yield from _choices(word, classes, source)
        elif choice:
            yield choice


def _choice(choice: str) -> str:
    if choice == "*":
        return _WORD
    if choice.startswith(":"):  # an emoji, whose name has underscores of its own
        return re.escape(choice)
    return re.escape(choice).replace("_", " ").replace(r"\*", r"[^ ]*")


@cache
def common_classes() -> Mapping[str, str]:
    return dict(_toml("common")["classes"])


def _toml(name: str) -> dict[str, dict[str, str]]:
    return tomllib.loads(files("nlp").joinpath("patterns", f"{name}.toml").read_text("utf-8"))


@cache
def load(name: str) -> RuleFile:
    """The rules of `patterns/NAME.toml`; raises ValueError on a malformed pattern."""
    data: dict[str, object] = dict(_toml(name))
    raw_classes = data.get("classes", {})
    classes = {**common_classes(), **(raw_classes if isinstance(raw_classes, dict) else {})}
    raw_rules = data.get("rule", [])
    rules = tuple(_rule(name, raw, classes) for raw in raw_rules) if isinstance(raw_rules, list) else ()
    raw_extra = data.get("extra", {})
    extra = raw_extra if isinstance(raw_extra, dict) else {}
    words = {
        word
        for text in (raw_classes.values() if isinstance(raw_classes, dict) else ())
        for word in _literals(text)
    }
    return RuleFile(
        rules,
        {
            key: tuple(compile_pattern(source, classes) for source in sources)
            for key, sources in extra.items()
        },
        frozenset(words),
    )


def _literals(text: str) -> Iterator[str]:
    for word in re.split(r"[ |_]", text):
        if word.isalpha() and len(word) >= 3:
            yield word


def _rule(name: str, raw: Mapping[str, object], classes: Mapping[str, str]) -> Rule:
    def compiled(key: str) -> tuple[Pattern, ...]:
        sources = raw.get(key, [])
        return (
            tuple(compile_pattern(source, classes) for source in sources) if isinstance(sources, list) else ()
        )

    return Rule(
        id=f"{name}.{raw['id']}",
        severity=Severity[str(raw["severity"]).upper()],
        score=float(str(raw["score"])),
        reason=str(raw["reason"]),
        patterns=compiled("patterns"),
        unless=compiled("unless"),
        unless_post=compiled("unless_post"),
        needs_post=compiled("needs_post"),
    )


def any_match(
    patterns: Iterable[Pattern], text: str, words: frozenset[str], start: int = 0, end: int = 1 << 60
) -> bool:
    """Whether one of the patterns matches within [start, end) of a text."""
    return any(pattern.possible(words) and pattern.regex.search(text, start, end) for pattern in patterns)


def sentence(text: str, start: int, end: int) -> tuple[int, int]:
    """The [start, end) of the sentence or sentences around a hit."""
    low, high = max(0, start - _SENTENCE), min(len(text), end + _SENTENCE)
    before = max(text.rfind(f" {mark} ", low, start) for mark in _SENTENCE_MARKS)
    after = [
        where for mark in _SENTENCE_MARKS if (where := text.find(f" {mark} ", max(0, end - 1), high)) >= 0
    ]
    return (before + 2 if before >= 0 else low), (min(after) + 1 if after else high)


def find(rules: Iterable[Rule], text: str, above: str, window: tuple[int, int]) -> list[Hit]:
    """All hits of the rules in one window of a view, counter-evidence taken off; in reading order."""
    words = frozenset(text[window[0] : window[1]].split())
    around = words | frozenset(above.split())
    hits: list[Hit] = []
    for rule in rules:
        for pattern in rule.patterns:
            if pattern.possible(words):
                hits += _hits(rule, pattern, text, window)
    hits = [hit for hit in hits if _stands(hit, text, above, words, around, window)]
    return sorted(hits, key=lambda hit: (hit.start, hit.end))


def _hits(rule: Rule, pattern: Pattern, text: str, window: tuple[int, int]) -> Iterator[Hit]:
    for match in pattern.regex.finditer(text, *window):
        group: int | str = "e" if "e" in pattern.regex.groupindex else 0
        yield Hit(rule, match.start(group), match.end(group))


def _stands(
    hit: Hit, text: str, above: str, words: frozenset[str], around: frozenset[str], window: tuple[int, int]
) -> bool:
    rule = hit.rule
    if rule.unless and any_match(rule.unless, text, words, *sentence(text, hit.start, hit.end)):
        return False
    if rule.unless_post and any_match(rule.unless_post, text, words, *window):
        return False
    if rule.needs_post:
        return any_match(rule.needs_post, text, words, *window) or any_match(rule.needs_post, above, around)
    return True
