"""What a post and its surroundings say about who is meant: sightings of ours and of others.

A place in the author's name, account or server is kept apart, and a role phrase
("the head") is ours only where no other school was named last before it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from nlp.case import Case
from nlp.others import other_schools
from nlp.people import SCHOOL_KINDS, STAFF_KINDS, Kind, Sighting

SCHOOL_PLATFORMS = ("school_site", "email_report", "google_review")
"""What stands there came through a place that belongs to the school."""


@dataclass(frozen=True, slots=True)
class Clues:
    """What was seen in the post and in what it stands under."""

    own: tuple[Sighting, ...]
    context: tuple[Sighting, ...]
    namesake: bool = False
    """A short name stands before "Road", "Arms", "Hospital"."""
    others: tuple[int, ...] = ()
    """Where the post names other schools; empty on the school's own page."""
    other_above: bool = False
    """What it stands under names another school and not ours."""
    author_place: bool = False
    """The school's place stands in the author's name, account or server, which says little."""


def clues_of(case: Case) -> Clues:
    school = case.school
    seen_above = [*school.sightings(case.context), *school.roles(case.context)]
    here = case.reading.own or any(seen.kind in SCHOOL_KINDS for seen in seen_above)
    seen_own = school.sightings(case.view, here)
    others = () if case.reading.own else tuple(other_schools(case.view, school))
    roles = ours_by_role(case, [*seen_own, *seen_above], school.roles(case.view), others)
    own = [seen for seen in seen_own if not _about_author(seen)]
    context = [seen for seen in seen_above if not _about_author(seen)]
    return Clues(
        (*own, *roles),
        tuple(context),
        school.namesake(case.view) or school.namesake(case.context),
        others,
        not here and bool(other_schools(case.context, school)),
        len(own) < len(seen_own) or len(context) < len(seen_above),
    )


def _about_author(seen: Sighting) -> bool:
    """The school's place elsewhere than in words that somebody wrote about something."""
    return seen.kind is Kind.PLACE and seen.field not in ("text", "title", "context")


def ours_by_role(
    case: Case, named: Sequence[Sighting], roles: Sequence[Sighting], others: tuple[int, ...]
) -> list[Sighting]:
    """The role phrases that can mean our staff: the school named last before them, or else
    first after them, is ours ("Alder Road Infants ... the head" is not)."""
    if not others:
        return [] if _only_place(case, named) else list(roles)
    ours = [seen.start for seen in named if seen.kind in SCHOOL_KINDS and _written(case, seen)]
    marks = sorted([(at, False) for at in others] + [(at, True) for at in ours])
    places = [at for at, _ in marks]
    kept = []
    for role in roles:
        before = bisect_right(places, role.end) - 1
        if marks[max(before, 0)][1]:
            kept.append(role)
    return kept


def _written(case: Case, seen: Sighting) -> bool:
    return seen.field in ("text", "title") and not in_tag(case, seen)


def _only_place(case: Case, named: Sequence[Sighting]) -> bool:
    """The post gives a town of ours as a tag and no school at all: "the head" may be anybody's there."""
    places = [seen for seen in named if seen.kind is Kind.PLACE and not _about_author(seen)]
    known = case.reading.own or case.reading.platform in SCHOOL_PLATFORMS
    if known or not places or any(seen.kind in (*SCHOOL_KINDS, *STAFF_KINDS) for seen in named):
        return False
    return all(in_tag(case, seen) for seen in places)


def in_tag(case: Case, seen: Sighting) -> bool:
    """Whether a name of the school stands in the text only as "#name", "@name" or a link."""
    if seen.field not in ("text", "title"):
        return False
    word = case.view.words[case.view.index(seen.start)]
    raw: str = getattr(case.reading, seen.field)
    tag = raw[word.start : word.start + 1] in "#@" or (word.start > 0 and raw[word.start - 1] in "#@")
    return seen.kind is Kind.ADDRESS or tag
