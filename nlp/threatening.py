"""Threats: harm to a person or to property stated, wished, urged or hinted at (guide, sections 2 and 7.4)."""

from __future__ import annotations

from spacy.language import Language
from spacy.tokens import Doc

from nlp.case import Case
from nlp.component import run
from nlp.findings import Flag, Severity
from nlp.rules import Hit, any_match, find, load, sentence
from nlp.words import word_set

_AROUND = 160
"""So near, in characters, must a time stand to make a threat specific."""
_FACE_TO_FACE = frozenset(
    f"threatening.{name}" for name in ("i-will-hurt", "visit", "arson", "address", "spoken", "weapon-now")
)

_SPOKEN_BY = word_set("says said say saying shouted told wrote called texted he she")


def decide(case: Case) -> list[tuple[Hit, Severity]]:
    """The hits that count and how bad each is; news and warnings of a threat are none (guide 7.7)."""
    rules = load("threatening")
    text, window = case.view.text, case.window
    words = frozenset(text[window[0] : window[1]].split())
    if any_match(rules.extra["reported"], text, words, *window):
        return []
    if any_match(rules.extra["warning"], text, words, *window):
        return []
    hits = find(rules.rules, text, case.context.text, window)
    hits = [hit for hit in hits if not _lawful(text, hit, words, window) and not _quoted(text, hit)]
    return [(hit, _level(text, hit, words)) for hit in hits]


def _quoted(text: str, hit: Hit) -> bool:
    """The threat opens a quotation that somebody else is said to have spoken (guide 7.7)."""
    begin, _ = sentence(text, hit.start, hit.end)
    before = text[begin : hit.start]
    return before.count('"') % 2 == 1 and not _SPOKEN_BY.isdisjoint(before.split())


def _lawful(text: str, hit: Hit, words: frozenset[str], window: tuple[int, int]) -> bool:
    """Complaints, inspectors, solicitors: no threat, unless the words are of violence outright."""
    if hit.rule.severity is Severity.CRITICAL or hit.rule.id in (
        "threatening.i-will-hurt",
        "threatening.arson",
    ):
        return False
    near = window if hit.rule.id == "threatening.veiled" else sentence(text, hit.start, hit.end)
    return any_match(load("threatening").extra["lawful"], text, words, *near)


def _level(text: str, hit: Hit, words: frozenset[str]) -> Severity:
    """A named time, or a weapon in the writer's hand, makes a threat to a person specific,
    and so critical (guide 7.3, 7.4)."""
    if hit.rule.severity >= Severity.HIGH:
        near = (max(0, hit.start - _AROUND), min(len(text), hit.end + _AROUND))
        if any_match(load("threatening").extra["armed"], text, words, *near):
            return Severity.CRITICAL
    if hit.rule.id in _FACE_TO_FACE:
        near = (max(0, hit.start - _AROUND), min(len(text), hit.end + _AROUND))
        if any_match(load("threatening").extra["specific"], text, words, *near):
            return Severity.CRITICAL
    return hit.rule.severity


@Language.component("threatening", assigns=["doc.spans"])
def threatening(doc: Doc) -> Doc:
    """Writes the finding to the case and the spans to `doc.spans["threatening"]`."""
    return run(doc, Flag.THREATENING, decide)
