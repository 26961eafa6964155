"""No roll of pupils or parents is ever taken in (PBD-18): its columns are known and refused.

Pupils are noticed by patterns in a post ("Year 4", "my son at"), never by a list
of their names. `roll_columns` is for every door by which a table could come in:
the configuration, files of posts, reports.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from config.document import Document
from config.faults import Fault
from config.lines import KeyPath

_GROUPS = (
    r"pupils?|students?|child(?:ren)?s?|learners?|parents?|carers?|guardians?|mothers?|fathers?|siblings?"
)
_ROLL = re.compile(
    rf"(?:{_GROUPS})"
    rf"|(?:{_GROUPS})_?(?:names?|surnames?|forenames?|firstnames?|lastnames?|ids?|lists?|rolls?|registers?|"
    r"numbers?|hash(?:es)?|emails?|phones?|dobs?|classes)"
    r"|(?:names?|list|roll|register)_?(?:of_?)?(?:pupils|students|children|parents|carers)"
    r"|upns?|former_?upn|uln|unique_(?:pupil|learner)_number|admission_?(?:no|number)|adno"
    r"|dobs?|date_?of_?birth|birth_?(?:date|day)"
    r"|forenames?|legal_?(?:fore|sur)names?|preferred_?(?:fore|sur)names?"
    r"|year_?groups?|nc_?year|reg(?:istration)?_?(?:group|form)|tutor_?group|form_?group|class_?lists?"
    r"|sen_?(?:status|need|provision)|ehcp|fsm|free_?school_?meals|pupil_?premium|eal|looked_?after|in_?care"
    r"|sims|arbor|bromcom|scholarpack|isams|mis_?(?:id|export|url|file)"
)
"""Headers of school management exports, and plain words for the same, in small letters with `_`."""


def roll_columns(keys: Iterable[str]) -> tuple[str, ...]:
    """Those of the keys (or column heads) that belong to a roll of pupils or parents."""
    return tuple(key for key in keys if _ROLL.fullmatch(_plain(key)))


def _plain(key: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", key.casefold()).strip("_")


def roll_faults(doc: Document) -> Iterator[Fault]:
    """A fault for each key of a document, at any depth, that looks like a roll's."""
    for path, key in _keys(doc.data, ()):
        if roll_columns([key]):
            message = (
                f"'{key}' looks like a roll of pupils or parents; their names are never taken in: delete it"
            )
            yield doc.fault(path, message)


def _keys(value: Any, at: KeyPath) -> Iterator[tuple[KeyPath, str]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield (*at, key), str(key)
            yield from _keys(inner, (*at, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _keys(inner, (*at, index))
