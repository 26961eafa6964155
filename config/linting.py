"""The term linter on a whole configuration: every place where a watch term can stand, each fault with its line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from config.document import Document
from config.faults import Fault
from config.lines import KeyPath
from config.people import People
from config.schools import School
from config.settings import Source
from config.terms import (
    Known,
    contact_reason,
    domain_reason,
    glued_reason,
    is_own_handle,
    person_reason,
    profile_handle,
    purpose_reason,
)
from config.watch import Watch

_SEARCHED = re.compile(
    r"(?:.*_)?(?:q|quer(?:y|ies)|search(?:es)?|terms?|keywords?|phrases?|words|hashtags?|tags?|s)"
)
_ACCOUNT = re.compile(
    r"(?:.*_)?(?:users?|usernames?|handles?|accounts?|actors?|follow(?:ing)?|profiles?|channels?|from)"
    r"(?:_?ids?)?"
)
_NOT_STAFF = re.compile(
    r"(?:(?:year|class) \w+ |former |ex[- ]?)?(?:pupil|student|parent|carer|guardian|applicant|candidate|journalist|"
    r"reporter|councillor|alumn\w+|trade union\w*|union (?:rep|representative))(?: governor)?s?",
    re.IGNORECASE,
)

_APPLIED = re.compile(r"\b(?:applicants?|candidates?|interviewees?|shortlisted)\b", re.IGNORECASE)


def lint(
    documents: tuple[Document | None, Document | None],
    schools: tuple[School, ...],
    people: People,
    sources: tuple[Source, ...],
    watch: Watch,
    today: date,
) -> Iterator[Fault]:
    """Faults of terms in schools.toml and sources.toml (the two documents, in this order)."""
    schools_doc, sources_doc = documents
    if schools_doc is not None:
        for school in schools:
            known = _known((school,), schools, people, watch, today)
            for path, term, why in _school_reasons(school, known):
                yield schools_doc.fault((school.key, *path), f"'{term}' {why}")
    if sources_doc is not None:
        raws = sources_doc.data.get("source", [])
        numbers = {str(raw.get("name")).strip(): i for i, raw in enumerate(raws) if isinstance(raw, Mapping)}
        for source in sources:
            about = tuple(s for s in schools if source.school in ("", s.key))
            known = _known(about, schools, people, watch, today)
            index = numbers.get(source.name, 0)
            for key, term, why in _source_reasons(source, raws[index], about, known):
                yield sources_doc.fault(("source", index, key), f"'{term}' {why}")


def _known(
    about: tuple[School, ...], schools: tuple[School, ...], people: People, watch: Watch, today: date
) -> Known:
    staff = tuple(name for s in schools for m in s.staff for name in (m.name, *m.aliases) if " " in name)
    watched = tuple(
        name
        for s in about
        if watch.for_school(s.key)[1]
        for m in s.watched_staff(today)
        for name in (m.name, *m.aliases)
    )
    return Known(
        name=" ".join(name for s in about for name in (s.name, *s.schools)),
        places=tuple(place for s in about for place in s.places),
        persons=(*staff, *(p.name for p in people.persons.values())),
        searchable=watched,
    )


def _school_reasons(school: School, known: Known) -> Iterator[tuple[KeyPath, str, str]]:
    for path, term in (
        (("name",), school.name),
        *((("schools", i), name) for i, name in enumerate(school.schools)),
    ):
        # A person is no school: the name must not rest on itself.
        alone = Known(places=known.places, persons=known.persons)
        yield from _first(
            path,
            term,
            contact_reason(term),
            purpose_reason(term, known, is_name=True),
            person_reason(term, alone),
        )
    for i, alias in enumerate(school.aliases):
        found = (contact_reason(alias), purpose_reason(alias, known), person_reason(alias, known))
        yield from _first(("aliases", i), alias, *found)
    for i, place in enumerate(school.places):
        same = any(place.casefold() == person.casefold() for person in known.persons)
        yield from _first(
            ("places", i), place, contact_reason(place), "is a person's name; delete it" if same else ""
        )
    for i, tag in enumerate(school.hashtags):
        yield from _first(("hashtags", i), tag, glued_reason(tag, known))
    for key in ("handles", "accounts"):
        for i, handle in enumerate(getattr(school, key)):
            bare = handle.rpartition(":")[2] if key == "accounts" else handle
            yield from _first((key, i), handle, _handle_reason(bare, known))
    for i, domain in enumerate(school.domains):
        yield from _first(("domains", i), domain, domain_reason(domain))
    for i, member in enumerate(school.staff):
        for key, term in (
            ("name", member.name),
            *((f"aliases[{j + 1}]", a) for j, a in enumerate(member.aliases)),
        ):
            yield from _first(("staff", i, key.partition("[")[0]), term, contact_reason(term))
        if _NOT_STAFF.fullmatch(member.role.strip()) or _APPLIED.search(member.role):
            why = "is no role of staff; only staff in role are watched: delete the entry"
            yield from _first(("staff", i, "role"), member.role, why)


def _handle_reason(handle: str, known: Known) -> str:
    if "/" in handle:
        return "is an address; write the handle alone"
    return glued_reason(handle, known)


def _first(path: KeyPath, term: str, *reasons: str) -> Iterator[tuple[KeyPath, str, str]]:
    """The first reason of several: one slip, one fault."""
    if why := next((reason for reason in reasons if reason), ""):
        yield path, term, why


def _source_reasons(
    source: Source, raw: Mapping[str, Any], about: tuple[School, ...], known: Known
) -> Iterator[tuple[str, str, str]]:
    own = tuple(handle for s in about for handle in (*s.handles, *s.accounts))
    hosts = tuple(domain.casefold() for s in about for domain in s.domains)
    for key, value in raw.items():
        if key in ("name", "kind", "school", "every", "own", "enabled"):
            continue
        for text in value if isinstance(value, list) else [value]:
            if isinstance(text, str) and (why := _option_reason(key, text, own, hosts, known)):
                yield key, text, why


def _option_reason(key: str, text: str, own: tuple[str, ...], hosts: tuple[str, ...], known: Known) -> str:
    if "://" in text:
        host = (urlsplit(text).hostname or "").removeprefix("www.")
        return "" if host in hosts else _address_reason(text, own, known)
    if _ACCOUNT.fullmatch(key) and (key not in ("profile", "profiles") or "@" in text):
        return "" if is_own_handle(text, own) else _ONE_ACCOUNT
    return _search_reason(text, known) if _SEARCHED.fullmatch(key) else ""


_ONE_ACCOUNT = (
    "reads the account of one person or body, and nobody is watched; if it is the school's own, name it in "
    "accounts (schools.toml): otherwise delete the source"
)


def _address_reason(address: str, own: tuple[str, ...], known: Known) -> str:
    handle = profile_handle(address)
    if handle and not is_own_handle(handle, own):
        return _ONE_ACCOUNT
    for key, text in parse_qsl(urlsplit(address).query):
        if _ACCOUNT.fullmatch(key.casefold()) and not is_own_handle(text, own):
            return _ONE_ACCOUNT
        if _SEARCHED.fullmatch(key.casefold()) and (why := _search_reason(text, known)):
            return f"searches for '{text}', which {why}"
    return ""


def _search_reason(text: str, known: Known) -> str:
    """A search is words, phrases in quotes and words between them (OR, -word); each is held against the rules."""
    for part in _parts(text):
        found = (contact_reason(part), purpose_reason(part, known), person_reason(part, known, searched=True))
        if part.startswith(("#", "@")):
            found = (glued_reason(part, known), "", "") if part[0] == "#" else found
        if why := next((reason for reason in found if reason), ""):
            return why
    return ""


def _parts(text: str) -> list[str]:
    phrases = re.findall(r'"([^"]+)"', text)
    rest = re.split(r"\s+(?:OR|AND|NOT)\s+|[()|,;]", re.sub(r'"[^"]*"', " | ", text))
    return [part.strip(" +-") for part in (*phrases, *rest) if part.strip(" +-")]
