"""Safeguarding: words that suggest a child may be at risk of harm now (guide, sections 3 and 7.8)."""

from __future__ import annotations

from spacy.language import Language
from spacy.tokens import Doc

from nlp.case import Case
from nlp.component import run
from nlp.findings import Flag, Severity
from nlp.rules import Hit, find, load


def decide(case: Case) -> list[tuple[Hit, Severity]]:
    """The hits that count and how bad each is."""
    hits = find(load("safeguarding").rules, case.view.text, case.context.text, case.window)
    return [(hit, hit.rule.severity) for hit in hits]


@Language.component("safeguarding", assigns=["doc.spans"])
def safeguarding(doc: Doc) -> Doc:
    """Writes the finding to the case and the spans to `doc.spans["safeguarding"]`."""
    return run(doc, Flag.SAFEGUARDING, decide)
