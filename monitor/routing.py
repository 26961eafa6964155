"""Who is told: roles from the policy pack, people from `people.toml`. Pure.

Nobody is ever told about themselves (refusal 16, PBD-27): where the holder of a
role is one of the people that the post is about, the next role in line is told
instead. Nobody falls back to another school's people.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from config.people import People, Person
from config.settings import Settings

# Where the pack's route names a person who may not be told, or a role that nobody holds.
STAND_INS: Mapping[str, tuple[str, ...]] = {
    "headteacher": ("chair_of_governors", "chief_executive_officer"),
    "executive_head": ("chair_of_governors", "chief_executive_officer"),
    "child_protection_person": ("deputy_child_protection_person", "headteacher", "chair_of_governors"),
    "deputy_child_protection_person": ("child_protection_person", "headteacher", "chair_of_governors"),
    "chief_executive_officer": ("chair_of_trustees", "chair_of_governors"),
}
# A possible mention becomes a case only with grave words: shown at once to child protection (rulings 5).
FIXED: Mapping[str, tuple[str, ...]] = {"possible_mention": ("child_protection_person",)}
# Roles whose route "the post is about them" has a name of its own in packs (policy-packs.md section 1).
ABOUT: Mapping[str, str] = {"chief_executive_officer": "subject_is_chief_executive"}
ANYBODY = (
    "deputy_designated_person",
    "headteacher",
    "chair_of_governors",
    "chief_executive_officer",
    "chair_of_trustees",
)


@dataclass(frozen=True, slots=True)
class Recipient:
    """A person and the role in which they are told."""

    person: Person
    role: str


def roles_for(routes: Mapping[str, Sequence[str]], category: str, *, about_staff: bool) -> tuple[str, ...]:
    """Roles that the pack names for a category; without a row of its own, the row for mentions."""
    fallback = "staff_mention" if about_staff else "school_mention"
    named = FIXED.get(category) or routes.get(category) or routes.get(fallback)
    return tuple(named or ("designated_person",))


def recipients(
    people: People,
    routes: Mapping[str, Sequence[str]],
    *,
    school: str,
    categories: Sequence[str],
    subjects: Collection[str],
) -> tuple[Recipient, ...]:
    """Who is told of a case, each once, in the order of categories and pack; empty when there is nobody left.

    `subjects` are the staff ids that the case is about.
    """
    told: dict[str, Recipient] = {}
    for category in categories:
        roles = roles_for(routes, category, about_staff=bool(subjects))
        for role in roles:
            found = first_allowed(people, routes, school, role, subjects)
            if found is not None:
                told.setdefault(found.person.id, found)
        if category == "threatening" and any(r.role not in roles for r in told.values()):
            # The one who would act is the one who is threatened: a governor alone is not at the school's gate.
            near = first_allowed(people, routes, school, "child_protection_person", subjects)
            if near is not None:
                told.setdefault(near.person.id, near)
    return tuple(told.values())


def first_allowed(
    people: People, routes: Mapping[str, Sequence[str]], school: str, role: str, subjects: Collection[str]
) -> Recipient | None:
    """Who acts in a role: its holder, or the next in line when the case is about the holder; None: nobody."""
    holder = people.holder(school, role)
    if holder is not None and holder.staff not in subjects:
        return Recipient(holder, role)
    held = people.roles_of(school, holder.id) if holder is not None else ()
    named = [r for own in held for r in routes.get(ABOUT.get(own, f"subject_is_{own}"), ())]
    for stand_in in (*named, *STAND_INS.get(role, ANYBODY), *ANYBODY):
        person = people.holder(school, stand_in)
        if person is not None and person.staff not in subjects:
            return Recipient(person, stand_in)
    return None


def slack_may_read(settings: Settings, *, restricted: bool, subjects: Collection[str]) -> bool:
    """Whether the Slack channel may be told: never of a restricted case (PBD-21), never about one of its readers."""
    if settings.slack is None or restricted:
        return False
    readers = (settings.people.persons.get(reader) for reader in settings.slack.readers)
    return all(person is not None and person.staff not in subjects for person in readers)
