"""Other schools and other people that a text names: they speak against a mention of ours.

Seen by shape alone: capitalised words before (in Welsh after) a school word, or
after a title, of which none is a name of the watched school or its staff.
"""

from __future__ import annotations

from difflib import SequenceMatcher
from functools import lru_cache

from nlp.people import School
from nlp.view import View
from nlp.words import MALE_OR_FEMALE_TITLES, PRIMARY_PHASES, word_set

_SCHOOL_WORDS = word_set(
    "school primary junior juniors infant infants academy high college grammar prep comprehensive nursery"
)
_PRIMARY_WORDS = word_set("primary junior juniors infant infants nursery")
_SECONDARY_WORDS = word_set("high college grammar comprehensive secondary")
_PLAIN = _SCHOOL_WORDS | word_set(
    """the a an our my your their his her this that these those at in of from and or for with but to by is
    was what which every any no all some new old good bad great best worst awful terrible dreadful shocking
    brilliant lovely amazing fantastic excellent proud local first last next whole british english welsh
    scottish irish state public private independent free special secondary middle upper lower sixth form
    faith church village community voluntary aided controlled catholic rc ce cofe c e england saint st
    saints holy forest sunday summer night day boarding drama dance driving swimming football music art
    law business medical holiday bible saturday monday tuesday wednesday thursday friday year dear hello hi
    thank thanks why how when where who if as so it its us we i you they he she not stop close save back
    inside outside near town city county council ysgol gynradd gymraeg gyfun uwchradd fabanod iau y yr and mixed
    boys girls technology specialist key stage world national beacon federation trust multi academies"""
)
"""Capitalised or not, these name no school by themselves."""
_LAND = word_set(
    "road lane green hill park street view wood woods field fields grove valley house court way cross mill"
)
_SLIP = 0.8
"""From this likeness on two spellings may be one name."""
_MOST = 6
"""No school's name is looked for in more words than this before its school word."""


def other_schools(view: View, school: School) -> list[int]:
    """Positions in the view where the author names a school that is not the watched one, in order."""
    return [view.at[index] for index in range(len(view.words)) if _named_at(view, index, school)]


def _named_at(view: View, index: int, school: School) -> bool:
    token = view.words[index]
    if not token.capital or view.fields[index] not in ("text", "title", "context"):
        return False
    if token.word == "ysgol":
        return _another(_run(view, index, 1), school, frozenset())
    if token.word not in _SCHOOL_WORDS or (index and view.words[index - 1].word in _SCHOOL_WORDS):
        return False
    kinds = {token.word} | {word.word for word in view.words[index + 1 : index + 3] if word.capital}
    return _another(_run(view, index, -1), school, frozenset(kinds & _SCHOOL_WORDS))


def _run(view: View, index: int, step: int) -> list[str]:
    """The capitalised words that touch the school word on one side, nearest first."""
    found: list[str] = []
    at = index + step
    while 0 <= at < len(view.words) and len(found) < _MOST:
        low, high = sorted((at, at - step))
        word = view.words[at]
        touching = 0 < view.words[high].start - view.words[low].end <= 2
        if not (word.capital and word.word.isalpha() and touching and word.word != "and"):
            break
        found.append(word.word)
        at += step
    return found


def _another(run: list[str], school: School, kinds: frozenset[str]) -> bool:
    names = [word for word in run if word not in _PLAIN and len(word) > 2]
    telling = [word for word in names if word not in _LAND] or names
    if not telling:
        return False
    if any(_alike(word, own) for word in telling for own in school.name_words):
        return False
    if any(word in school.place_words for word in telling):  # "Pennyfold High" when ours is a primary
        foreign = _SECONDARY_WORDS if school.profile.phase in PRIMARY_PHASES else _PRIMARY_WORDS
        return bool(school.profile.phase not in ("", "trust", "all-through") and kinds & foreign)
    return True


@lru_cache(maxsize=4096)
def _alike(word: str, own: str) -> bool:
    """Equal, or so spelt that it may be a slip ("Tetherbey")."""
    if word == own:
        return True
    long_enough = 4 < len(word) < 30 and len(own) > 4
    return long_enough and word[0] == own[0] and SequenceMatcher(None, word, own).ratio() >= _SLIP


def strangers(view: View, school: School) -> bool:
    """Whether the author names somebody by title and a surname that nobody on the watch list bears."""
    for index, token in enumerate(view.words[:-1]):
        if token.word in MALE_OR_FEMALE_TITLES and view.fields[index] in ("text", "title"):
            after = view.words[index + 1]
            if after.capital and after.word.isalpha() and len(after.word) > 2:
                forms = (after.word, after.word.removesuffix("s"))
                if not any(form in school.staff_words for form in forms):
                    return True
    return False
