"""What each watch term is for: a default by kind of term (ruling 17; PBD-02), not a file to fill in.

A field that yields terms and stands in neither table below has no purpose; a
test keeps that from happening, so nothing runs unmapped. The bases are defaults
for the DPIA (privacy-by-design.md section 2); the school decides, and "it was
public" is none of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal["school", "staff", "own"]
"""Kinds of watch term: the school's names, a member of staff in role, the school's own pages."""


@dataclass(frozen=True, slots=True)
class Purpose:
    """Why something is looked for, and the usual basis in data protection law by type of school."""

    key: str
    words: str
    state: str
    independent: str
    special: str


PURPOSES: Mapping[str, Purpose] = {
    purpose.key: purpose
    for purpose in (
        Purpose(
            "A",
            "Protect staff from abuse and threats",
            "public task, or legal obligation (to be checked)",
            "legitimate interests, with a written assessment",
            "the employment condition, with a policy document",
        ),
        Purpose(
            "B",
            "Protect pupils",
            "public task",
            "legitimate interests (to be checked)",
            "substantial public interest (safeguarding), with a policy document",
        ),
        Purpose(
            "C",
            "Deal with complaints and the press",
            "public task",
            "legitimate interests",
            "avoid",
        ),
        Purpose(
            "D",
            "Run this tool and keep it safe",
            "public task, or legitimate interests",
            "legitimate interests",
            "none is used",
        ),
    )
}

OF_KIND: Mapping[Kind, tuple[str, ...]] = {"school": ("B", "C"), "staff": ("A",), "own": ("A", "B", "C")}
"""Purposes of each kind of watch term, as keys of `PURPOSES`; D goes with all."""

TERM_FIELDS: Mapping[str, Kind] = {
    "name": "school",
    "aliases": "school",
    "places": "school",
    "postcode": "school",
    "domains": "school",
    "handles": "school",
    "hashtags": "school",
    "schools": "school",
    "staff": "staff",
    "accounts": "own",
}
"""Fields of a school that words are matched by, each with its kind of term."""

NOT_TERMS = ("key", "phase", "jurisdiction")

INDEPENDENT = ("independent", "private", "public_school", "independent_special")
"""School types (policy.toml) whose usual basis is not public task."""


def purposes(kind: Kind) -> tuple[Purpose, ...]:
    """What a kind of watch term is for. Never empty."""
    return tuple(PURPOSES[key] for key in OF_KIND[kind])
