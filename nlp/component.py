"""The frame that the seven flag components share: a spaCy component that turns hits into one finding.

Each component's own file says which hits count; this one runs the rules over
the Doc's window, writes the findings to the case and the spans to
`doc.spans[flag]`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from spacy.tokens import Doc, Span

from nlp.case import Case
from nlp.findings import Evidence, Finding, Flag, Severity
from nlp.rules import Hit

MOST_EVIDENCE = 8
"""More pieces of evidence than this tell a reviewer nothing new."""

Decide = Callable[[Case], Sequence[tuple[Hit, Severity]]]

if not Doc.has_extension("case"):
    Doc.set_extension("case", default=None)


def run(doc: Doc, flag: Flag, decide: Decide) -> Doc:
    """Lets one component judge the Doc's window and keeps what it found."""
    case: Case = doc._.case
    hits = decide(case)
    finding = finding_from(case, flag, hits)
    doc.spans[flag.value] = list(_spans(doc, case, [hit for hit, _ in hits]))
    if finding is not None:
        case.findings.append(finding)
    return doc


def finding_from(case: Case, flag: Flag, hits: Sequence[tuple[Hit, Severity]]) -> Finding | None:
    """One finding of all hits: score as if they were independent, severity of the worst."""
    evidence: dict[Evidence, None] = {}
    kept: list[tuple[Hit, Severity]] = []
    for hit, severity in hits:
        piece = case.view.evidence(hit.start, hit.end)
        if piece is not None:
            kept.append((hit, severity))
            evidence[piece] = None
    if not kept:
        return None
    top, _ = max(kept, key=lambda pair: (pair[1], pair[0].rule.score))
    miss = 1.0
    for rule in {hit.rule.id: hit.rule for hit, _ in kept}.values():
        miss *= 1 - rule.score
    worst = max(severity for _, severity in kept)
    pieces = widest(tuple(evidence))[:MOST_EVIDENCE]
    return Finding(flag, round(1 - miss, 4), worst, pieces, top.rule.reason, top.rule.id)


def widest(evidence: tuple[Evidence, ...]) -> tuple[Evidence, ...]:
    """Evidence without pieces that lie inside other pieces, in reading order."""
    kept: list[Evidence] = []
    for piece in sorted(evidence, key=lambda one: (one.field, one.start, -one.end)):
        last = kept[-1] if kept else None
        if last is None or last.field != piece.field or piece.end > last.end:
            kept.append(piece)
    return tuple(kept)


def _spans(doc: Doc, case: Case, hits: Sequence[Hit]) -> list[Span]:
    begin = case.window[0] + 1  # the Doc's text has no space before its first word
    found = []
    for hit in hits:
        span = doc.char_span(hit.start - begin, hit.end - begin, alignment_mode="expand")
        if span is not None:
            found.append(span)
    return found
