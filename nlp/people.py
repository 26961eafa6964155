"""Sightings: every place where a text names the school, its places or its staff.

What a sighting is worth is decided in `mention.py`; here only what plainly is
another person or another thing is left out (another first name before the
surname, the wrong title, "Oakfield Road").
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from ahocorasick_rs import AhoCorasick

from nlp.findings import Profile, Staff
from nlp.roles import role_patterns
from nlp.view import View
from nlp.words import (
    BROAD_PLACES,
    EDUCATION,
    FEMALE,
    MALE,
    NOT_A_SCHOOL,
    ORDINARY,
    TITLES,
    addresses,
    first_name,
    folded,
    mutations,
    school_names,
    squeezed,
    strong_name,
    surnames,
    word_set,
)


class Kind(StrEnum):
    """What a sighting names, and how surely."""

    NAME = "name"
    SHORT = "short"
    ADDRESS = "address"
    PLACE = "place"
    BROAD = "broad"
    FULL = "full"
    TITLED = "titled"
    ALIAS = "alias"
    SURNAME = "surname"
    ROLE = "role"


STAFF_KINDS = (Kind.FULL, Kind.TITLED, Kind.ALIAS, Kind.SURNAME, Kind.ROLE)
SCHOOL_KINDS = (Kind.NAME, Kind.ADDRESS, Kind.SHORT)


@dataclass(frozen=True, slots=True)
class Sighting:
    """[start, end) of a view names `who` (a staff id, or "" for school and places)."""

    kind: Kind
    who: str
    start: int
    end: int
    field: str


def _words_of(*names: str) -> frozenset[str]:
    return frozenset(word for name in names for word in folded(name).split())


class School:
    """One profile made ready for searching."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        table: dict[str, list[tuple[Kind, str]]] = defaultdict(list)
        for pattern, kind, who in _patterns(profile):
            if pattern and (kind, who) not in table[pattern]:
                table[pattern].append((kind, who))
        self._owners = list(table.values())
        self._automaton = AhoCorasick([f" {pattern} " for pattern in table])
        self.name_words = _words_of(profile.name, *profile.aliases, *profile.schools) - EDUCATION
        self.place_words = _words_of(*profile.places)
        self.own_words = _words_of(profile.name, *profile.aliases, *profile.places, *profile.schools)
        names = (name for person in profile.staff for name in (person.name, *person.aliases))
        self.staff_words = _words_of(*names)
        self._people = {person.id: person for person in profile.staff}
        self._roles = [
            (person.id, pattern) for person in profile.staff for pattern in role_patterns(person, profile)
        ]

    def sightings(self, view: View, here: bool = False) -> list[Sighting]:
        """All sightings in reading order; where one lies inside another, only the longer.

        `here`: the post stands under something of the school's, so that a surname that is
        also a word ("cole ur lesson ...") may be meant without its capital.
        """
        found: list[Sighting] = []
        for pattern, start, end in self._automaton.find_matches_as_indexes(view.text, overlapping=True):
            for kind, who in self._owners[pattern]:
                sighting = Sighting(kind, who, start + 1, end - 1, view.fields[view.index(start + 1)])
                if self._means_it(view, sighting, here):
                    found.append(sighting)
        return _longest(found)

    def roles(self, view: View) -> list[Sighting]:
        """Role phrases of the staff in a view."""
        found = []
        for who, pattern in self._roles:
            for match in pattern.finditer(view.text):
                start, end = match.start() + 1, match.end()
                found.append(Sighting(Kind.ROLE, who, start, end, view.fields[view.index(start)]))
        return found

    def namesake(self, view: View) -> bool:
        """Whether one of the school's names stands as the name of a street, a pub, a club."""
        for pattern, start, end in self._automaton.find_matches_as_indexes(view.text, overlapping=True):
            if any(kind in (Kind.SHORT, Kind.NAME) for kind, _ in self._owners[pattern]):
                index = view.index(end - 2) + 1
                if start >= 0 and index < len(view.words) and view.words[index].word in NOT_A_SCHOOL:
                    return True
        return False

    def _means_it(self, view: View, seen: Sighting, here: bool) -> bool:
        first, last = view.index(seen.start), view.index(seen.end - 1)
        if seen.kind in (Kind.SHORT, Kind.NAME, Kind.PLACE):
            after = view.words[last + 1].word if last + 1 < len(view.words) else ""
            return after not in NOT_A_SCHOOL or (seen.kind is Kind.PLACE)
        if seen.kind is Kind.TITLED:
            return _title_fits(view.words[first].word, self._people[seen.who].title)
        if seen.kind is Kind.SURNAME:
            return self._surname_fits(view, first, here, self._people[seen.who])
        return True

    def _surname_fits(self, view: View, first: int, here: bool, person: Staff) -> bool:
        word = view.words[first]
        before = view.words[first - 1] if first else None
        if word.word.removesuffix("s") in ORDINARY or word.word in ORDINARY:
            starts_sentence = before is None or before.word in (".", "|", '"', "?")
            after = view.words[first + 1].word if first + 1 < len(view.words) else ""
            spoken_to = starts_sentence or before is None or before.word in ("oi", "yo", "lol", "omg", "and")
            if not (here and spoken_to and after in _AFTER_SURNAME) and (not word.capital or starts_sentence):
                return False
        if before is None or not before.word.isalpha():
            return True
        if before.word in TITLES:
            return _title_fits(before.word, person.title)
        if len(before.word) == 1 and before.capital:
            return before.word == first_name(person)[:1]
        other_name = (
            before.capital and word.capital and _touching(view, first) and before.word not in _BEFORE_SURNAMES
        )
        return not other_name or before.word == first_name(person)


_AFTER_SURNAME = word_set(
    """is was ur your yer youre you u ya yous yiz has had got gets left wants needs gonna gona cant wont watch on in
    never always just doesnt didnt shouts told said says rang took put gave goes thinks knows made"""
)


def _touching(view: View, index: int) -> bool:
    return view.words[index].start - view.words[index - 1].end == 1 and view.words[index - 1].end > 0


_BEFORE_SURNAMES = word_set(
    """the and but or so that this is was has had if when why how what who from with for by to of at in on
    about teacher principal head headteacher ta dr miss sir not no yes even like old young poor dear
    well hope honestly i think because then now did does do can will would should could ask tell let get
    give our my your his her year maths science english pe art music it its as all just only"""
)


def _title_fits(title: str, own: str) -> bool:
    own = own.casefold().strip(".")
    return not ((title in MALE and own in FEMALE) or (title in FEMALE and own in MALE))


def _longest(found: list[Sighting]) -> list[Sighting]:
    found.sort(key=lambda seen: (seen.start, -seen.end))
    kept: list[Sighting] = []
    reach, reach_start = -1, -1
    for seen in found:
        if seen.end > reach or (seen.start == reach_start and seen.end == reach):
            if seen.start < reach and seen.start != reach_start:
                continue
            kept.append(seen)
            if seen.end > reach:
                reach, reach_start = seen.end, seen.start
    return kept


def _forms(name: str) -> tuple[str, str]:
    return name, name + "s"


def _patterns(profile: Profile) -> Iterator[tuple[str, Kind, str]]:
    for name in school_names(profile):
        kind = Kind.NAME if strong_name(name, profile) else Kind.SHORT
        for form in _forms(name):
            yield form, kind, ""
        if profile.jurisdiction == "wales":
            yield from ((form, kind, "") for form in mutations(name))
        if " " in name and len(squeezed(name)) >= 7:
            yield squeezed(name), kind, ""
    for address in addresses(profile):
        yield address, Kind.ADDRESS, ""
    for place in map(folded, profile.places):
        yield place, Kind.BROAD if place in BROAD_PLACES else Kind.PLACE, ""
    yield folded(profile.postcode), Kind.PLACE, ""
    for person in profile.staff:
        yield from _person_patterns(person)


def _person_patterns(person: Staff) -> Iterator[tuple[str, Kind, str]]:
    full, lasts = folded(person.name), surnames(person)
    last = lasts[0] if lasts else ""
    for form in (*_forms(full), squeezed(full)):
        yield form, Kind.FULL if " " in full else Kind.SURNAME, person.id
    for alias in map(folded, person.aliases):
        words = alias.split()
        titled = len(words) == 2 and words[0] in TITLES and words[1] == last
        two_names = len(words) > 1 and words[0] not in TITLES and words[-1] == last
        kind = Kind.TITLED if titled else Kind.FULL if two_names else Kind.ALIAS
        for form in _forms(alias):
            yield form, kind if alias != last else Kind.SURNAME, person.id
    for name in lasts:
        yield from _surname_patterns(name, person.id)


def _surname_patterns(name: str, who: str) -> Iterator[tuple[str, Kind, str]]:
    for form in _forms(name):
        yield form, Kind.SURNAME, who
        for title in TITLES:
            yield f"{title} {form}", Kind.TITLED, who
    for title in TITLES:
        yield squeezed(title + name), Kind.TITLED, who
