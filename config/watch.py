"""What is watched for: two switches, for school terms and for staff terms, for all schools or for one.

[watch]
staff_terms = false            # nobody's name is a term, anywhere
[watch.schools.larkhill]
staff_terms = true             # but here
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from config.document import Document
from config.faults import Fault, did_you_mean
from config.shapes import Key, OnOff, Value


class Switches(Value):
    """The switches of one school; None: as for all."""

    school_terms: OnOff | None = None
    staff_terms: OnOff | None = None


class Watch(Value):
    """Which kinds of watch term are on. Both are, until somebody switches one off."""

    school_terms: OnOff = True
    """Off: a post in which only the school is named, and nobody of its staff, is not a mention."""
    staff_terms: OnOff = True
    """Off: nobody's name is a term."""
    schools: Mapping[Key, Switches] = {}

    def for_school(self, key: str) -> tuple[bool, bool]:
        """(school terms, staff terms) at one school."""
        own = self.schools.get(key, Switches())
        school = self.school_terms if own.school_terms is None else own.school_terms
        staff = self.staff_terms if own.staff_terms is None else own.staff_terms
        return school, staff


def watch_faults(main: Document, watch: Watch, keys: set[str]) -> Iterator[Fault]:
    """A switch for a school that is not there."""
    for key in watch.schools:
        if key not in keys:
            offer = did_you_mean(key, keys) or "; delete the table"
            message = f"there is no school '{key}' in schools.toml{offer}"
            yield main.fault(("watch", "schools", key), message)


def watch_warnings(main: Document, watch: Watch, keys: set[str]) -> Iterator[str]:
    """A school for which nothing at all is watched."""
    for key in sorted(keys):
        if watch.for_school(key) == (False, False):
            yield main.warning(
                ("watch",), f"school terms and staff terms are both off for '{key}': nothing is heard"
            )
