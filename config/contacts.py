"""Whom to ring outside the school: national bodies that ship, local ones that people.toml names.

The facts stand in `contacts.toml`, each with its source and the day it was
verified (response-paths.md section 6). An entry of the same id in people.toml
replaces a shipped one: that is how a school records that it checked a number.
Local offices have no shipped number at all; until people.toml holds one, the
page says "ask your local authority" (ruling 21).
"""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from config.people import Contact, People
from config.schools import School

ASK = "ask your local authority"
"""What is shown where a local contact is not known."""


@functools.cache
def _file() -> Mapping[str, Any]:
    return tomllib.loads(Path(__file__).with_name("contacts.toml").read_text(encoding="utf-8"))


def national_contacts(jurisdictions: Iterable[str]) -> dict[str, Contact]:
    """Shipped contacts of the nations named, by id."""
    wanted = set(jurisdictions)
    every = (Contact.model_validate(raw) for raw in _file()["contact"])
    return {c.id: c for c in every if not c.jurisdictions or wanted & set(c.jurisdictions)}


def all_shipped_ids() -> frozenset[str]:
    """Ids of shipped contacts of every nation."""
    return frozenset(raw["id"] for raw in _file()["contact"])


def local_names() -> Mapping[str, str]:
    """Offices that exist everywhere but whose number each school must fill in: id -> what they are."""
    return {raw["id"]: raw["name"] for raw in _file()["local"]}


def merged_contacts(people: People, schools: tuple[School, ...], pack_nation: str | None) -> People:
    """Put the shipped contacts of the schools' nations beside the school's own, which win."""
    nations = {school.jurisdiction for school in schools} | ({pack_nation} if pack_nation else set())
    contacts = {**national_contacts(nations), **people.contacts}
    return people.model_copy(update={"contacts": contacts})
