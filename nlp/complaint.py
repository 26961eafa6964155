"""Complaints: a grievance of somebody affected that belongs in the complaints procedure (guide, section 7.9)."""

from __future__ import annotations

from spacy.language import Language
from spacy.tokens import Doc

from nlp.case import Case
from nlp.component import run
from nlp.findings import Flag, Severity
from nlp.rules import Hit, find, load


def decide(case: Case) -> list[tuple[Hit, Severity]]:
    """The hits that count and how bad each is."""
    hits = find(load("complaint").rules, case.view.text, case.context.text, case.window)
    return [(hit, hit.rule.severity) for hit in hits]


@Language.component("complaint", assigns=["doc.spans"])
def complaint(doc: Doc) -> Doc:
    """Writes the finding to the case and the spans to `doc.spans["complaint"]`."""
    return run(doc, Flag.COMPLAINT, decide)
