"""Impersonation: an account or post that pretends to be the school or its staff (guide, sections 3 and 7.2)."""

from __future__ import annotations

from spacy.language import Language
from spacy.tokens import Doc

from nlp.case import Case
from nlp.component import run
from nlp.findings import Flag, Severity
from nlp.rules import Hit, find, load


def decide(case: Case) -> list[tuple[Hit, Severity]]:
    """The hits that count and how bad each is."""
    hits = find(load("impersonation").rules, case.view.text, case.context.text, case.window)
    return [(hit, hit.rule.severity) for hit in hits]


@Language.component("impersonation", assigns=["doc.spans"])
def impersonation(doc: Doc) -> Doc:
    """Writes the finding to the case and the spans to `doc.spans["impersonation"]`."""
    return run(doc, Flag.IMPERSONATION, decide)
