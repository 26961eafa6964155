"""The language stage behind one door: a reading and a school go in, an assessment comes out.

The frame is spaCy's blank English pipeline, twice: `mention` settles who is meant,
then one component a flag reads the words with STAFF and SCHOOL marked. Each Doc holds one window of the post's words, so a post of any length
takes time in proportion and none is lost. Nothing is stored or logged.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

import spacy
from spacy.language import Language
from spacy.tokens import Doc

from nlp import abusive, complaint, defamatory, impersonation, pupils, safeguarding, threatening  # noqa: F401
from nlp.case import Case
from nlp.component import widest
from nlp.findings import Assessment, Finding, Flag, Mention, Profile, Reading, Severity
from nlp.language import notes_of
from nlp.mention import THRESHOLD
from nlp.people import STAFF_KINDS, School, Sighting
from nlp.rules import common_classes, load
from nlp.severity import balanced, overall
from nlp.unmask import Lexicon
from nlp.view import marked, read

VERSION = "rules-1"
COMPONENTS = ("abusive", "threatening", "defamatory", "pupils", "safeguarding", "impersonation", "complaint")
WINDOW = 12_000
"""Characters of one window's words; a normal post fits in one."""
OVERLAP = 600
"""So much of a window is read again in the next: no hit is longer."""


def build(components: Mapping[str, Mapping[str, object]]) -> Language:
    """A pipeline of components with their options; ValueError when they do not fit together."""
    nlp = spacy.blank("en")
    for name, options in components.items():
        nlp.add_pipe(name, config=dict(options))
    analysis = nlp.analyze_pipes()
    problems = analysis["problems"] if analysis else {}
    if any(problems.values()):
        raise ValueError(f"the language pipeline does not fit together: {problems}")
    return nlp


class Assessor:
    """Judges posts for the watched schools; safe to use again and again, vocabulary does not grow."""

    version = VERSION

    def __init__(self, profiles: Iterable[Profile], threshold: float = THRESHOLD) -> None:
        self._schools = {profile.key: School(profile) for profile in profiles}
        hidden = [word for name in COMPONENTS for word in load(name).words]
        self._lexicon = Lexicon([*hidden, *common_classes()["weapon"].split()])
        self._resolver = build({"mention": {"threshold": threshold}})
        self._flags = build({name: {} for name in COMPONENTS})

    def assess(self, reading: Reading, school: str) -> Assessment:
        """What the post says about the school with this key; KeyError for a key nobody watches.

        Never raises on text: any string of any length gives one assessment.
        """
        view, above = read(reading, self._lexicon)
        case = Case(reading, view, above, self._schools[school])
        _run(self._resolver, case, "")
        if not case.mention.mention and not case.mention.possible:
            return Assessment(case.mention, version=self.version)
        notes = notes_of(reading, view)
        case.view = marked(view, _apart(case.sightings))
        findings = self._findings(case)
        return Assessment(case.mention, findings, overall(findings), self.version, notes)

    def _findings(self, case: Case) -> tuple[Finding, ...]:
        with self._flags.memory_zone():
            for window in _windows(case.view.text):
                case.window = window
                _run(self._flags, case, case.view.text[slice(*window)])
        found = balanced(_merged(case.findings))
        return found if case.mention.mention else _urgent(found, case.mention)


def _urgent(findings: tuple[Finding, ...], mention: Mention) -> tuple[Finding, ...]:
    """Of a possible mention only what can not wait is kept (rulings, 5)."""
    return tuple(one for one in findings if one.severity >= Severity.HIGH) if mention.possible else ()


def _run(nlp: Language, case: Case, text: str) -> None:
    doc = Doc(nlp.vocab, words=text.split())
    doc._.case = case
    nlp(doc)


def _apart(sightings: Iterable[Sighting]) -> Iterator[tuple[int, int, str]]:
    """Marks for the view, without those that overlap an earlier one."""
    reach = 0
    for seen in sorted(sightings, key=lambda seen: (seen.start, -seen.end)):
        if seen.start >= reach:
            yield seen.start, seen.end, "STAFF" if seen.kind in STAFF_KINDS else "SCHOOL"
            reach = seen.end


def _windows(text: str) -> Iterator[tuple[int, int]]:
    """[start, end) pieces of a view, cut at spaces, each beginning a little before the last one's end."""
    start = 0
    while True:
        end = len(text)
        if end - start > WINDOW:
            cut = text.rfind(" ", start + OVERLAP * 2, start + WINDOW)
            end = cut + 1 if cut > 0 else start + WINDOW
        yield start, end
        if end >= len(text):
            return
        back = text.find(" ", end - OVERLAP, end)
        start = back if back > start else end - 1


def _merged(findings: Iterable[Finding]) -> list[Finding]:
    """One finding a flag: the worst of all windows with the evidence of all of them."""
    by_flag: dict[Flag, Finding] = {}
    for one in findings:
        other = by_flag.get(one.flag)
        if other is None:
            by_flag[one.flag] = one
            continue
        worst = max(one, other, key=lambda finding: (finding.severity, finding.score))
        evidence = widest((*other.evidence, *one.evidence))
        by_flag[one.flag] = replace(worst, score=max(one.score, other.score), evidence=evidence)
    return list(by_flag.values())
