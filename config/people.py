"""The people who are told, the roles they hold, and whom to call outside the school."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from config.shapes import Address, Day, Jurisdiction, Key, Text, Value

STALE_AFTER_DAYS = 180
"""A contact older than this is shown as "check this number" (policy-packs.md section 2, check 10)."""


class Person(Value):
    """Someone who receives alerts. `staff` links to the watch list: nobody is alerted about themselves."""

    id: Key
    name: Text
    email: Address
    staff: Key | None = None
    phone: str | None = None


class Contact(Value):
    """A body or an office outside the school. No `jurisdictions` means: everywhere in the UK."""

    id: Key
    name: Text
    phone: str = ""
    email: str = ""
    url: str = ""
    hours: str = ""
    note: str = ""
    verified_on: Day | None = None
    source: str = ""
    jurisdictions: tuple[Jurisdiction, ...] = ()

    def is_stale(self, today: date) -> bool:
        """Whether the number must be shown with "check this number"."""
        return self.verified_on is None or (today - self.verified_on).days > STALE_AFTER_DAYS


class People(Value):
    """Persons by id; for each school, who holds which role (None: "none" was answered); contacts by id."""

    persons: Mapping[str, Person] = {}
    roles: Mapping[str, Mapping[str, str | None]] = {}
    contacts: Mapping[str, Contact] = {}

    def holder(self, school: str, role: str) -> Person | None:
        """Who holds `role` at the school with this key; None when nobody does."""
        person_id = self.roles.get(school, {}).get(role)
        return None if person_id is None else self.persons.get(person_id)

    def roles_of(self, school: str, person_id: str) -> tuple[str, ...]:
        """Every role that one person holds at a school."""
        return tuple(role for role, holder in self.roles.get(school, {}).items() if holder == person_id)
