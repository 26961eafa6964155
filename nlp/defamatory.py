"""Accusations: something seriously discreditable stated or insinuated as fact (guide, sections 2 and 7.5).

The product never says that a post is unlawful. A fair report that names its
official source, a rumour denied and a question in good faith are no findings.
"""

from __future__ import annotations

from spacy.language import Language
from spacy.tokens import Doc

from nlp.case import Case
from nlp.component import run
from nlp.findings import Flag, Severity
from nlp.rules import Hit, any_match, find, load


def decide(case: Case) -> list[tuple[Hit, Severity]]:
    """The hits that count and how bad each is."""
    rules = load("defamatory")
    text, window = case.view.text, case.window
    words = frozenset(text[window[0] : window[1]].split())
    if any(any_match(rules.extra[name], text, words, *window) for name in ("goodfaith", "denied")):
        return []
    if any_match(rules.extra["official"], text, words, *window) and case.reading.platform in (
        "news",
        "wikipedia",
    ):
        return []
    hits = find(rules.rules, text, case.context.text, window)
    return [(hit, hit.rule.severity) for hit in hits]


@Language.component("defamatory", assigns=["doc.spans"])
def defamatory(doc: Doc) -> Doc:
    """Writes the finding to the case and the spans to `doc.spans["defamatory"]`."""
    return run(doc, Flag.DEFAMATORY, decide)
