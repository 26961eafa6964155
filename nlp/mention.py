"""Is the post about this school, how surely, and whom of its staff does it mean?

Every clue adds or takes points; the sum becomes a confidence by the logistic
curve. The weights are set by hand. A name alone never settles a school: it
needs its place, a second form, a colleague, a school word (performance notes,
section 3, step 5).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise

from spacy.language import Language
from spacy.tokens import Doc

from nlp.case import Case
from nlp.findings import Mention
from nlp.people import SCHOOL_KINDS, STAFF_KINDS, Kind, School, Sighting
from nlp.view import View
from nlp.words import BROAD_PLACES, EDUCATION, ELSEWHERE, OTHER_TOPICS, folded, word_set

WEIGHTS = {
    "name": 2.5, "address": 2.0, "short": 0.9, "place": 0.1, "broad": 0.0, "full": 0.7, "titled": 1.8, "alias": 1.2,
    "surname": 0.4, "second": 0.6, "education": 1.3, "own": 3.0, "context_name": 2.2, "context_short": 1.6,
    "context_staff": 1.1, "context_place": -0.5, "context_education": 0.6, "elsewhere": -2.3, "other_topic": -1.3,
    "school_page": 1.5, "namesake": -1.5, "capacity": -2.2, "bare": -0.6,
}  # fmt: skip
BIAS = -0.3
THRESHOLD = 0.5
"""From this confidence on a post is a mention."""
POSSIBLE = 0.2
"""Below the threshold but above this: shown as "may be about you"."""


@dataclass(frozen=True, slots=True)
class Clues:
    """What was seen in the post and in what it stands under."""

    own: tuple[Sighting, ...]
    context: tuple[Sighting, ...]
    namesake: bool = False
    """A short name stands before "Road", "Arms", "Hospital"."""


def clues_of(case: Case) -> Clues:
    school = case.school
    context = [*school.sightings(case.context), *school.roles(case.context)]
    here = case.reading.own or any(seen.kind in SCHOOL_KINDS for seen in context)
    own = [*school.sightings(case.view, here), *school.roles(case.view)]
    return Clues(tuple(own), tuple(context), school.namesake(case.view) or school.namesake(case.context))


def points(case: Case, clues: Clues) -> dict[str, float]:
    """Name of each clue that holds -> its points."""
    here = {seen.kind for seen in clues.own}
    above = {seen.kind for seen in clues.context}
    out = {kind.value: WEIGHTS[kind.value] for kind in here if kind is not Kind.ROLE}
    if len({(seen.kind, seen.who) for seen in clues.own if seen.kind in STAFF_KINDS}) > 1:
        out["second"] = WEIGHTS["second"]
    words = set(case.view.text.split())
    if words & EDUCATION or _pairs(case.view) & EDUCATION:
        out["education"] = WEIGHTS["education"]
    if set(case.context.text.split()) & EDUCATION:
        out["context_education"] = WEIGHTS["context_education"]
    for name, kinds in _CONTEXT_KINDS.items():
        if above & kinds:
            out[name] = WEIGHTS[name]
    if case.reading.own:
        out["own"] = WEIGHTS["own"]
    elif case.reading.platform in ("school_site", "email_report", "google_review"):
        out["school_page"] = WEIGHTS["school_page"]
    if elsewhere(case, clues):
        out["elsewhere"] = WEIGHTS["elsewhere"]
    if words & OTHER_TOPICS and "education" not in out:
        out["other_topic"] = WEIGHTS["other_topic"]
    if clues.namesake and not here & {Kind.NAME, Kind.SHORT, Kind.ADDRESS}:
        out["namesake"] = WEIGHTS["namesake"]
    full = [seen for seen in clues.own if seen.kind is Kind.FULL]
    if any(_other_capacity(case.view, seen) for seen in full) and "name" not in out and "short" not in out:
        out["capacity"] = WEIGHTS["capacity"]
    if full and len(out) == 1 and not (here | above) & {*SCHOOL_KINDS, Kind.ROLE}:
        out["bare"] = WEIGHTS["bare"]
    return out


_APPOSITION = word_set("a an of the who from whose 's")


def _other_capacity(view: View, seen: Sighting) -> bool:
    """ "Peter Marr, a plumber from ..." or "of Marr & Sons": described, and not as somebody of a school."""
    index = view.index(seen.end - 1) + 1
    after = [word.word for word in view.words[index : index + 9]]
    gap = view.words[index].start - view.words[index - 1].end if index < len(view.words) else 0
    return bool(
        after and gap == 2 and after[0] in _APPOSITION and not set(after) & (EDUCATION | {"head", "chair"})
    )


_CONTEXT_KINDS = {
    "context_name": {Kind.NAME, Kind.ADDRESS},
    "context_short": {Kind.SHORT},
    "context_staff": {Kind.FULL, Kind.TITLED, Kind.ALIAS},
    "context_place": {Kind.PLACE},
}


def _pairs(view: View) -> set[str]:
    words = view.text.split()
    return {f"{first} {second}" for first, second in pairwise(words)}


_PLACE_AFTER = word_set("in at near of from outside")


def elsewhere(case: Case, clues: Clues) -> bool:
    """Whether a name of the school is followed by a place that is not the school's, or the post
    names another town or another school and no place of the school's own."""
    ours = {seen.kind for seen in (*clues.own, *clues.context)}
    if Kind.PLACE in ours or Kind.ADDRESS in ours:
        return False
    own_words = _own_words(case.school)
    for view, seen_here in ((case.view, clues.own), (case.context, clues.context)):
        for seen in seen_here:
            if seen.kind in (Kind.SHORT, Kind.NAME, Kind.FULL, Kind.TITLED) and _other_place_after(
                view, seen, own_words
            ):
                return True
    words = case.view.text.split() + case.context.text.split()
    pairs = pairwise(words)
    return any(
        word in ELSEWHERE and before in _PLACE_AFTER and word not in own_words for before, word in pairs
    )


def _own_words(school: School) -> frozenset[str]:
    profile = school.profile
    whole = " ".join([profile.name, *profile.aliases, *profile.places, *profile.schools])
    return frozenset(folded(whole).split())


_NOT_PLACES = word_set(
    """the a my our your his her its this that monday tuesday wednesday thursday friday saturday sunday
    january february march april may june july august september october november december year yr
    christmas easter i ofsted estyn school primary academy facebook google mr mrs miss ms"""
)


def _other_place_after(view: View, seen: Sighting, own_words: frozenset[str]) -> bool:
    index = view.index(seen.end - 1) + 1
    words = view.words
    if index + 1 >= len(words):
        return False
    if words[index].word in _PLACE_AFTER:
        index += 1
        where = words[index]
    elif seen.kind in (Kind.SHORT, Kind.NAME) and words[index].start - words[index - 1].end >= 2:
        where = words[index]  # "St Mary's, Leeds"
        if index + 1 < len(words) and words[index + 1].word.isalpha() and not words[index + 1].capital:
            return False
    else:
        return False
    return where.capital and where.word.isalpha() and where.word not in own_words | _NOT_PLACES | BROAD_PLACES


_PRONOUN = re.compile(
    r" (?:he|she|him|her|his|hes|shes|sir|miss|himself|herself|hers|you|your|ur|u|fella|bloke|woman|man|hi|hon|fe|fo|o|ei|yr|you) "
)


def staff_of(case: Case, clues: Clues) -> tuple[str, ...]:
    """Ids in the order of the profile: named in the post, or named above it and then "he" or "she"."""
    named = {seen.who for seen in clues.own if seen.kind in STAFF_KINDS and _counts(seen)}
    if not named and _PRONOUN.search(case.view.text):
        above = {seen.who for seen in clues.context if seen.kind in STAFF_KINDS}
        if len(above) == 1:
            named = above
    return tuple(person.id for person in case.school.profile.staff if person.id in named)


def _counts(seen: Sighting) -> bool:
    return seen.field != "author_name" or seen.kind in (Kind.FULL, Kind.TITLED)


def confidence(parts: Iterable[float]) -> float:
    return 1 / (1 + math.exp(-(BIAS + sum(parts))))


def resolve(case: Case, clues: Clues, threshold: float) -> Mention:
    """The verdict on one post for one school."""
    found = points(case, clues)
    sure = round(confidence(found.values()), 4)
    named = any(
        seen.kind in (*STAFF_KINDS, *SCHOOL_KINDS, Kind.PLACE) for seen in (*clues.own, *clues.context)
    )
    if not named and not found.keys() & {"own", "school_page", "education"}:
        sure = min(sure, 0.1)
    holds = sure >= threshold
    staff = staff_of(case, clues) if sure >= POSSIBLE else ()
    reasons = tuple(REASONS[name] for name in sorted(found, key=lambda name: -abs(found[name])))
    return Mention(holds, sure, staff, not holds and sure >= POSSIBLE, reasons)


REASONS = {
    "name": "gives the school's full name",
    "address": "gives the school's own address or tag",
    "short": "gives a short name of the school",
    "place": "names the school's place",
    "broad": "names the school's county or nation",
    "full": "gives the full name of a member of staff",
    "titled": "gives title and surname of a member of staff",
    "alias": "uses a nickname of a member of staff",
    "surname": "gives the surname of a member of staff",
    "second": "names several members of staff",
    "education": "speaks of school matters",
    "own": "stands on the school's own page",
    "school_page": "came through a place that belongs to the school",
    "context_name": "stands under something about the school",
    "context_short": "stands under something with the school's short name",
    "context_staff": "stands under something about a member of staff",
    "context_place": "stands under something from the school's place",
    "context_education": "stands under something about school matters",
    "elsewhere": "points to another place",
    "other_topic": "speaks of something else of that name",
    "namesake": "a street, house or club bears the name",
    "capacity": "describes a person of that name in another capacity",
    "bare": "gives nothing but a name",
}


@Language.factory("mention", default_config={"threshold": THRESHOLD}, assigns=["doc._.case"])
def mention_component(nlp: Language, name: str, threshold: float) -> Callable[[Doc], Doc]:
    """The component that settles `case.mention` and marks who is who in `case.view`."""

    def settle(doc: Doc) -> Doc:
        case: Case = doc._.case
        clues = clues_of(case)
        case.mention = resolve(case, clues, threshold)
        case.sightings = [seen for seen in clues.own if seen.kind in (*STAFF_KINDS, *SCHOOL_KINDS)]
        return doc

    return settle
