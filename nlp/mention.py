"""Is the post about this school, how surely, and whom of its staff does it mean?

Every clue adds or takes points; the sum becomes a confidence by the logistic
curve. The weights are set by hand. A name alone never settles a school: it
needs its place, a second form, a colleague, a school word (performance notes,
section 3, step 5).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise

from spacy.language import Language
from spacy.tokens import Doc

from nlp.case import Case
from nlp.clues import SCHOOL_PLATFORMS, Clues, clues_of, in_tag
from nlp.findings import Mention
from nlp.others import strangers
from nlp.people import SCHOOL_KINDS, STAFF_KINDS, Kind, Sighting
from nlp.view import View
from nlp.words import BROAD_PLACES, EDUCATION, ELSEWHERE, OTHER_TOPICS, word_set

WEIGHTS = {
    "name": 2.5, "address": 2.0, "short": 0.9, "place": 0.1, "broad": 0.0, "full": 0.7, "titled": 1.8, "alias": 1.2,
    "surname": 0.4, "second": 0.6, "education": 1.3, "own": 3.0, "context_name": 2.2, "context_short": 1.6,
    "context_staff": 1.1, "context_place": -0.5, "context_education": 0.6, "elsewhere": -2.3, "other_topic": -1.3,
    "school_page": 1.5, "namesake": -1.5, "capacity": -2.2, "bare": -0.6,
    "other_school": -3.0, "context_other": -1.2, "stranger": -1.3, "author_place": 0.05,
}  # fmt: skip
BIAS = -0.3
THRESHOLD = 0.5
"""From this confidence on a post is a mention."""
POSSIBLE = 0.2
"""Below the threshold but above this: shown as "may be about you"."""


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
    elif case.reading.platform in SCHOOL_PLATFORMS:
        out["school_page"] = WEIGHTS["school_page"]
    _against(case, clues, out)
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


def _against(case: Case, clues: Clues, out: dict[str, float]) -> None:
    """Adds what other schools, people who are not ours and the author's own place are worth."""
    if clues.author_place and "place" not in out:
        out["author_place"] = WEIGHTS["author_place"]
    kinds = {seen.kind for seen in clues.own}
    ours = case.reading.own or kinds & {*SCHOOL_KINDS} or out.keys() & {"context_name", "context_short"}
    if ours:
        return
    if clues.others:
        out["other_school"] = WEIGHTS["other_school"]
    elif clues.other_above:
        out["context_other"] = WEIGHTS["context_other"]
    if Kind.PLACE in kinds and not kinds & {*STAFF_KINDS} and strangers(case.view, case.school):
        out["stranger"] = WEIGHTS["stranger"]


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
    if Kind.PLACE in ours:
        return False
    own_words = case.school.own_words
    for view, seen_here in ((case.view, clues.own), (case.context, clues.context)):
        for seen in seen_here:
            if seen.kind in (Kind.SHORT, Kind.NAME, Kind.FULL, Kind.TITLED) and _other_place_after(
                view, seen, own_words
            ):
                return True
    if Kind.ADDRESS in ours or clues.author_place:
        return False
    words = case.view.text.split() + case.context.text.split()
    pairs = pairwise(words)
    return any(
        word in ELSEWHERE and before in _PLACE_AFTER and word not in own_words for before, word in pairs
    )


_NOT_PLACES = word_set(
    """the a my our your his her its this that monday tuesday wednesday thursday friday saturday sunday
    january february march april may june july august september october november december year yr
    christmas easter i ofsted estyn school primary academy facebook google good outstanding inadequate mr mrs miss ms"""
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
    if not named and _town_only(case, found):
        sure = min(sure, 0.1)
    unsure = only_tagged(case, clues, found)
    if unsure:
        sure = min(sure, round(max(POSSIBLE, threshold - 0.05), 4))
    holds = sure >= threshold
    staff = staff_of(case, clues) if sure >= POSSIBLE and not unsure else ()
    reasons = tuple(REASONS[name] for name in sorted(found, key=lambda name: -abs(found[name])))
    return Mention(holds, sure, staff, not holds and sure >= POSSIBLE, reasons)


def _town_only(case: Case, found: Mapping[str, float]) -> bool:
    """Nothing but the author's name, account or server ties the post to us, and that only by the place."""
    if "author_place" not in found or found.keys() & {"own", "school_page"}:
        return False
    fields = zip(case.view.words, case.view.fields, strict=True)
    return not any(field == "author_name" and word.word in EDUCATION for word, field in fields)


def only_tagged(case: Case, clues: Clues, found: Mapping[str, float]) -> bool:
    """Our tag stands under a post that names another school, or our name in another place:
    too little to alert, unless a member of staff is named outright."""
    ours = [(seen.kind, in_tag(case, seen)) for seen in clues.own if seen.kind in SCHOOL_KINDS]
    if (
        not any(tag for _, tag in ours)
        or case.reading.own
        or {seen.kind for seen in clues.own} & {Kind.FULL, Kind.TITLED}
    ):
        return False
    plain = any(not tag for _, tag in ours)
    return (bool(clues.others) and not plain) or (plain and "elsewhere" in found)


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
    "other_school": "names another school",
    "context_other": "stands under something about another school",
    "stranger": "names somebody who is not on the staff list",
    "author_place": "the author's name or server bears the school's place",
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
