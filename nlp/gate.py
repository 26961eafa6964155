"""The name gate: which watched schools a post may be about, decided before anything is stored.

A post that passes for no school must never reach a disk (rulings, 9), so the
gate prefers one post too many to one too few; but a common surname or a word
such as "head" opens it only for a source that belongs to the school. One
Aho-Corasick automaton of bytes serves all schools and the whole batch
(performance notes, section 3).
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from enum import IntFlag

from ahocorasick_rs import BytesAhoCorasick

from nlp.findings import Profile, Reading
from nlp.text import FIELD_BREAK, POST_BREAK, fold_batch, without_breaks
from nlp.unmask import plain_letters
from nlp.words import (
    BROAD_PLACES,
    EDUCATION,
    TITLES,
    addresses,
    folded,
    school_names,
    squeezed,
    strong_name,
    surnames,
)


class Clue(IntFlag):
    """What one pattern says about a school."""

    SURE = 1  # full name, handle, domain, hashtag, a staff member's full name
    SHORT = 2  # a short or shared name of the school
    PLACE = 4
    BROAD = 8
    TITLED = 16  # "mrs hale"
    SURNAME = 32
    ROLE = 64  # what only a source of the school's own makes telling


_EVERYBODY = -1
_ROLE_WORDS = (
    "head",
    "heads",
    "boss",
    "sir",
    "miss",
    "office",
    "secretary",
    "caretaker",
    "dinner lady",
    "son",
    "daughter",
    "child",
    "children",
    "bairn",
    "wean",
    "plant",
    "grandson",
    "granddaughter",
    "my lad",
    "parents",
    "kids",
)


def enough(clues: int, education: bool) -> bool:
    """Whether these clues, found together in a post from anywhere, may mean the school."""
    if clues & Clue.SURE:
        return True
    near = clues & (Clue.PLACE | Clue.BROAD | Clue.TITLED)
    if clues & Clue.SHORT:
        return bool(education or near or clues & Clue.SURNAME)
    if clues & Clue.TITLED:
        return bool(education or near & (Clue.PLACE | Clue.BROAD))
    return bool(clues & Clue.PLACE and (education or clues & Clue.SURNAME))


def enough_here(clues: int, shared: int) -> bool:
    """Whether these clues suffice in a source that belongs to one school but is not its own site.

    Some name must stand there (rulings 9): words such as "school" or "the head" alone name nobody,
    and a town or a surname alone is never enough (PBD-05).
    """
    if clues & (Clue.SURE | Clue.SHORT | Clue.TITLED):
        return True
    if clues & Clue.SURNAME:
        return bool(shared or clues & (Clue.PLACE | Clue.BROAD | Clue.ROLE))
    return bool(clues & Clue.PLACE and (shared or clues & Clue.ROLE))


def _possessives(name: str) -> tuple[str, str]:
    return name, name + "s"


def _staff_patterns(profile: Profile) -> Iterator[tuple[str, Clue]]:
    for person in profile.staff:
        full = folded(person.name)
        for name in _possessives(full):
            yield name, Clue.SURE if " " in full else Clue.SURNAME
        yield squeezed(full), Clue.SURE if " " in full else Clue.SURNAME
        for alias in map(folded, person.aliases):
            two_names = " " in alias and alias.split()[0] not in TITLES and len(alias.split()[-1]) > 1
            for name in _possessives(alias):
                yield name, Clue.SURE if two_names else Clue.TITLED if " " in alias else Clue.SURNAME
        for last in surnames(person):
            yield from _surname_patterns(last)
        yield from ((folded(part), Clue.ROLE) for part in person.role.split("/"))


def _surname_patterns(last: str) -> Iterator[tuple[str, Clue]]:
    for name in _possessives(last):
        yield name, Clue.SURNAME
        for title in TITLES:
            yield f"{title} {name}", Clue.TITLED
    for title in TITLES:
        yield squeezed(title + last), Clue.TITLED


def patterns_of(profile: Profile) -> Iterator[tuple[str, Clue]]:
    """Every folded pattern of one school with what it says; repeats and empty ones included."""
    for name in school_names(profile):
        sure = strong_name(name, profile)
        for form in _possessives(name):
            yield form, Clue.SURE if sure else Clue.SHORT
        if " " in name and len(squeezed(name)) >= 7:
            yield squeezed(name), Clue.SURE if sure else Clue.SHORT
    for address in addresses(profile):
        yield address, Clue.SURE if " " in address or len(address) >= 7 else Clue.SHORT
    for place in map(folded, profile.places):
        yield place, Clue.BROAD if place in BROAD_PLACES else Clue.PLACE
    yield folded(profile.postcode), Clue.PLACE
    yield from _staff_patterns(profile)


class Gate:
    """The compiled watch list; making one again is how a changed list takes effect."""

    def __init__(self, profiles: Iterable[Profile]) -> None:
        self._keys: list[str] = []
        table: dict[str, dict[int, Clue]] = defaultdict(dict)
        for index, profile in enumerate(profiles):
            self._keys.append(profile.key)
            for pattern, clue in patterns_of(profile):
                if pattern:
                    table[pattern][index] = table[pattern].get(index, clue) | clue
        for word in (*EDUCATION, *_ROLE_WORDS):
            table[word][_EVERYBODY] = Clue.ROLE if word in _ROLE_WORDS else Clue.SURE
        self._owners = [tuple(owners.items()) for owners in table.values()]
        self._automaton = BytesAhoCorasick([f" {pattern} ".encode() for pattern in table])
        self._index = {key: index for index, key in enumerate(self._keys)}
        self.patterns = len(table)

    def match(
        self, readings: Sequence[Reading], only: Sequence[str | None] | None = None
    ) -> list[tuple[str, ...]]:
        """For each reading the keys of the schools it may be about; () means nobody, forget it.

        `only[i]` names the school that reading i's source is read for: somewhat weaker clues
        then suffice, and no other school is looked for. An unknown key matches nothing.
        """
        scope = only if only is not None else [None] * len(readings)
        clues = self._clues([_joined(reading) for reading in readings])
        answers = [self._answer(*row) for row in zip(readings, scope, clues, strict=True)]
        for row, answer in enumerate(answers):
            if not answer and (disguised := plain_letters(_joined(readings[row]), scope[row] is not None)):
                again = self._clues([disguised])[0]
                answers[row] = self._answer(readings[row], scope[row], again)
        return answers

    def _clues(self, texts: list[str]) -> list[dict[int, int]]:
        """For each text: school index -> clues found; the key `_EVERYBODY` holds the shared words."""
        found: list[dict[int, int]] = [{} for _ in texts]
        if not texts:
            return found
        folded_posts = fold_batch(texts)
        breaks = _break_positions(folded_posts)
        for pattern, start, _ in self._automaton.find_matches_as_indexes(folded_posts, overlapping=True):
            post = found[bisect_left(breaks, start)]
            for school, clue in self._owners[pattern]:
                post[school] = post.get(school, 0) | clue
        return found

    def _answer(self, reading: Reading, key: str | None, clues: dict[int, int]) -> tuple[str, ...]:
        shared = clues.get(_EVERYBODY, 0)
        if key is not None:
            index = self._index.get(key)
            if index is None:
                return ()
            return (key,) if reading.own or enough_here(clues.get(index, 0), shared) else ()
        education = bool(shared & Clue.SURE)
        return tuple(
            self._keys[school]
            for school, found in clues.items()
            if school != _EVERYBODY and enough(found, education)
        )


def _joined(reading: Reading) -> str:
    """All fields that count, with a break between them that no pattern can cross."""
    fields = (
        reading.text,
        reading.title,
        reading.context,
        reading.author_name,
        reading.author_handle,
        reading.url,
    )
    return FIELD_BREAK.join([without_breaks(field) for field in fields if field])


def _break_positions(folded_posts: bytes) -> list[int]:
    positions, at = [], folded_posts.find(POST_BREAK)
    while at >= 0:
        positions.append(at)
        at = folded_posts.find(POST_BREAK, at + 1)
    return positions


__all__ = ["Clue", "Gate", "enough", "patterns_of"]
