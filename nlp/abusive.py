"""Abuse: insulting, degrading or hateful words aimed at somebody tied to the school (guide, section 2).

Against a hit speak quotation with condemnation, banter among friends and words
about oneself; a slur or several insults make abuse high.
"""

from __future__ import annotations

from spacy.language import Language
from spacy.tokens import Doc

from nlp.case import Case
from nlp.component import run
from nlp.findings import Flag, Severity
from nlp.rules import Hit, any_match, find, load

_SUSTAINED = 4
"""So many different insults in one post are sustained abuse (guide, section 4)."""


def decide(case: Case) -> list[tuple[Hit, Severity]]:
    """The hits that count and how bad each is."""
    rules = load("abusive")
    text, window = case.view.text, case.window
    words = frozenset(text[window[0] : window[1]].split())
    if _condemned(text, words, window) or any_match(rules.extra["friends"], text, words, *window):
        return []
    hits = find(rules.rules, text, case.context.text, window)
    sustained = len({hit.start for hit in hits if hit.rule.severity >= Severity.MEDIUM}) >= _SUSTAINED
    return [(hit, Severity.HIGH if sustained else hit.rule.severity) for hit in hits]


def _condemned(text: str, words: frozenset[str], window: tuple[int, int]) -> bool:
    """Somebody reports what others said and is against it; with approval it stays abuse (guide, section 6)."""
    extra = load("abusive").extra
    against = any_match(extra["quoted"], text, words, *window) and any_match(
        extra["condemn"], text, words, *window
    )
    return against and not any_match(extra["approve"], text, words, *window)


@Language.component("abusive", assigns=["doc.spans"])
def abusive(doc: Doc) -> Doc:
    """Writes the finding to the case and the spans to `doc.spans["abusive"]`."""
    return run(doc, Flag.ABUSIVE, decide)
