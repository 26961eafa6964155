"""Checks across files: do roles, persons, schools, sources, contacts and pack fit together?

The rules are rulings 19 and 20 and policy-packs.md section 2. Pure: documents
and values in, faults, warnings and the completed people out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from config.contacts import ASK, all_shipped_ids, local_names
from config.document import Document
from config.faults import Fault, did_you_mean
from config.lines import KeyPath
from config.pack import DEPUTIES, ROLE_TITLES, Pack
from config.people import People
from config.schools import School
from config.settings import Source

if TYPE_CHECKING:
    from config.load import Documents

_LEADS = {
    False: (
        ("headteacher",),
        ("child_protection_person",),
        ("deputy_child_protection_person",),
        ("chair_of_governors",),
    ),
    True: (
        ("chief_executive_officer", "headteacher"),
        ("child_protection_person",),
        ("deputy_child_protection_person",),
        ("chair_of_trustees", "chair_of_governors"),
    ),
}
"""Roles that a person must hold (ruling 19), for a school and (True) for a trust; one of each group."""


@dataclass
class Checked:
    """What the checks found; `people` has every role of the pack answered for every school."""

    people: People
    faults: list[Fault] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def check_together(
    documents: Documents,
    schools: tuple[School, ...],
    sources: tuple[Source, ...],
    people: People | None,
    pack: Pack | None,
    *,
    today: date,
) -> Checked:
    """Run every check for which the parts could be read."""
    found = Checked(people or People())
    if documents.schools and documents.sources:
        _sources_know_schools(documents.sources, _school_keys(documents.schools), sources, found)
    if not (documents.people and people):
        return found
    if documents.schools:
        _roles_know_schools(documents.people, _school_keys(documents.schools), people, found)
        _staff_links(documents.people, documents.schools, schools, people, found)
    _roles_know_persons(documents.people, people, found)
    if pack is not None and not found.faults:
        found.people = _complete(people, schools, pack)
    _holders(documents.people, schools, found.people, pack, found)
    if pack is not None and documents.policy is not None:
        _everyone_reachable(documents.people, schools, pack, found)
        _steps_know_contacts(documents.policy, pack, found)
        _nations_fit(documents.policy, schools, pack, found)
    _stale_contacts(documents.people, people, today, found)
    return found


def _school_keys(doc: Document) -> set[str]:
    """From the raw file: a school that has a fault of its own is known all the same."""
    return {key for key, table in doc.data.items() if isinstance(table, Mapping)}


def _raw(doc: Document, key: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    value = doc.data.get(key, [])
    for index, entry in enumerate(value if isinstance(value, list) else []):
        if isinstance(entry, Mapping):
            yield index, entry


def _sources_know_schools(doc: Document, keys: set[str], sources: tuple[Source, ...], found: Checked) -> None:
    for index, raw in _raw(doc, "source"):
        school = raw.get("school", "")
        if isinstance(school, str) and school and school not in keys:
            offer = did_you_mean(school, keys) or "; leave the line out for all schools"
            message = f"there is no school '{school}' in schools.toml{offer}"
            found.faults.append(doc.fault(("source", index, "school"), message))
    if not any(source.enabled for source in sources):
        found.warnings.append(
            doc.warning((), "no source is switched on; only reports that people hand in are read")
        )


def _roles_know_schools(doc: Document, keys: set[str], people: People, found: Checked) -> None:
    for school in people.roles:
        if school not in keys:
            offer = did_you_mean(school, keys) or "; delete the table"
            found.faults.append(
                doc.fault(("roles", school), f"there is no school '{school}' in schools.toml{offer}")
            )
    for school in sorted(keys - set(people.roles)):
        message = f"[roles.{school}] is missing; name at least headteacher, child_protection_person, "
        message += "deputy_child_protection_person and chair_of_governors"
        found.faults.append(doc.fault(("roles",), message))


def _staff_links(
    doc: Document, schools_doc: Document, schools: tuple[School, ...], people: People, found: Checked
) -> None:
    """Nobody is alerted about themselves, so a person who is also watched for must be linked."""
    names = {member.id: member.name for school in schools for member in school.staff}
    unsure = len(schools) < len(
        _school_keys(schools_doc)
    )  # a school could not be read; its staff are unknown
    for index, raw in _raw(doc, "person"):
        person = people.persons.get(str(raw.get("id")))
        if person is None:
            continue
        if person.staff is not None and person.staff not in names and not unsure:
            offer = (
                did_you_mean(person.staff, names) or "; use the id of a member of staff, or delete the line"
            )
            message = f"there is no member of staff '{person.staff}' in schools.toml{offer}"
            found.faults.append(doc.fault(("person", index, "staff"), message))
        twin = next((key for key, name in names.items() if name.casefold() == person.name.casefold()), None)
        if person.staff is None and twin is not None:
            message = (
                f"'{person.id}' has the name of a member of staff; add staff = \"{twin}\", or alerts about "
            )
            message += "them may reach them"
            found.warnings.append(doc.warning(("person", index), message))


def _roles_know_persons(doc: Document, people: People, found: Checked) -> None:
    ids = {str(raw.get("id")) for _, raw in _raw(doc, "person")}
    for school, held in people.roles.items():
        for role, person in held.items():
            at: KeyPath = ("roles", school, role)
            if role not in ROLE_TITLES:
                offer = did_you_mean(role, ROLE_TITLES) or "; use a role of policy.toml"
                found.faults.append(doc.fault(at, f"unknown role '{role}'{offer}"))
            elif person == "?":
                message = f'role \'{role}\' is still "?"; write the id of a person, or "none"'
                found.faults.append(doc.fault(at, message))
            elif person is not None and person not in ids:
                offer = did_you_mean(person, ids) or '; add a [[person]] with this id, or write "none"'
                found.faults.append(doc.fault(at, f"there is no person '{person}'{offer}"))


def _complete(people: People, schools: tuple[School, ...], pack: Pack) -> People:
    """Answer each role of the pack for each school: people.toml first, then the pack's own person."""
    roles: dict[str, dict[str, str | None]] = {}
    for school in schools:
        held = dict(people.roles.get(school.key, {}))
        for role, value in pack.roles.items():
            named = value if value in people.persons else None
            held.setdefault(role, named)
        roles[school.key] = held
    return people.model_copy(update={"roles": roles})


def _holders(
    doc: Document, schools: tuple[School, ...], people: People, pack: Pack | None, found: Checked
) -> None:
    for school in schools:
        if school.key not in people.roles:
            continue  # told already
        held = people.roles[school.key]
        _four_roles(doc, school, held, found)
        for role, deputy in DEPUTIES.items():
            if held.get(role) is not None and held.get(role) == held.get(deputy):
                message = f"'{held[role]}' is both {role} and {deputy}; a deputy must be someone else"
                found.faults.append(doc.fault(("roles", school.key, deputy), message))
        same = held.get("designated_person")
        if same is not None and same == held.get("child_protection_person"):
            message = f"'{same}' is both designated_person and child_protection_person; two people are safer"
            found.warnings.append(doc.warning(("roles", school.key, "designated_person"), message))
        if pack is not None:
            _empty_roles(doc, school, held, pack, found)


def _four_roles(doc: Document, school: School, held: Mapping[str, str | None], found: Checked) -> None:
    for group in _LEADS[school.is_trust]:
        if any(held.get(role) for role in group):
            continue
        written = next((role for role in group if role in held), group[0])
        what = " or ".join(group)
        message = f"'{school.key}' has no {what}; this role needs a person, \"none\" is not enough"
        found.faults.append(doc.fault(("roles", school.key, written), message))


def _empty_roles(
    doc: Document, school: School, held: Mapping[str, str | None], pack: Pack, found: Checked
) -> None:
    """Four roles are enough (ruling 19): one that is not written counts as "none", and the school is reminded."""
    must = {role for group in _LEADS[school.is_trust] for role in group}
    in_routes = {role for told in pack.routes.values() for role in told}
    if empty := sorted(role for role in {*pack.roles, *in_routes} - must if held.get(role) is None):
        message = (
            f"nobody at '{school.key}' holds: {', '.join(empty)}; what was theirs goes to the others of the "
        )
        found.warnings.append(doc.warning(("roles", school.key), message + "route, or to the headteacher"))


def _everyone_reachable(doc: Document, schools: tuple[School, ...], pack: Pack, found: Checked) -> None:
    """A route whose roles are all "none" falls back to a role that always has a holder; say so."""
    for school in schools:
        held = found.people.roles.get(school.key, {})
        empty = [route for route, told in pack.routes.items() if not any(held.get(role) for role in told)]
        if held and empty:
            message = (
                f"at '{school.key}' nobody holds the roles told about {', '.join(empty)}; the headteacher "
            )
            message += "is told instead (the child protection person for restricted paths)"
            found.warnings.append(doc.warning(("roles", school.key), message))


def _steps_know_contacts(doc: Document, pack: Pack, found: Checked) -> None:
    contacts, local = found.people.contacts, local_names()
    wanted: set[str] = set()
    for at, contact in _step_contacts(doc):
        if contact in contacts or contact in all_shipped_ids():
            continue
        if contact in local:
            wanted.add(contact)
            continue
        offer = did_you_mean(contact, {*contacts, *local}) or "; add it to people.toml as [[contact]]"
        found.faults.append(doc.fault(at, f"there is no contact '{contact}'{offer}"))
    used = {step.contact for path in pack.paths.values() for step in path.steps}
    for name in sorted(wanted & used - set(contacts)):
        message = (
            f"people.toml has no [[contact]] '{name}' ({local[name]}); the page says \"{ASK}\" until it has"
        )
        found.warnings.append(message)


def _step_contacts(doc: Document) -> Iterator[tuple[KeyPath, str]]:
    paths = doc.data.get("paths", {})
    for name, path in paths.items() if isinstance(paths, Mapping) else ():
        steps = path.get("steps", []) if isinstance(path, Mapping) else []
        for index, step in enumerate(steps):
            if isinstance(step, Mapping) and isinstance(contact := step.get("contact"), str):
                yield ("paths", name, "steps", index, "contact"), contact


def _nations_fit(doc: Document, schools: tuple[School, ...], pack: Pack, found: Checked) -> None:
    for school in schools:
        if school.jurisdiction != pack.jurisdiction:
            message = (
                f"the policy is for {pack.jurisdiction}, but '{school.key}' is in {school.jurisdiction}; "
            )
            message += "a school needs a policy of its own nation, for other bodies are in charge there"
            found.faults.append(doc.fault(("pack", "jurisdiction"), message))


def _stale_contacts(doc: Document, people: People, today: date, found: Checked) -> None:
    """Check 10: an old number is asked about; it still shows, with "check this number" beside it."""
    own = {str(raw.get("id")): index for index, raw in _raw(doc, "contact")}
    for contact in people.contacts.values():
        if not contact.is_stale(today):
            continue
        since = f"was last checked on {contact.verified_on}" if contact.verified_on else "was never checked"
        if contact.id in own:
            message = f"check this number: '{contact.id}' {since}; ring it, then write verified_on = {today}"
            found.warnings.append(doc.warning(("contact", own[contact.id]), message))
        else:
            message = (
                f"check this number: the shipped contact '{contact.id}' {since}; check it, then add it to "
            )
            message += "people.toml as [[contact]] with verified_on"
            found.warnings.append(message)
