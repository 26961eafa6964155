"""The staff register over time: who is not watched for and why, and the removal of those who left.

Warnings name ids only, for they are shown in places where names are not.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import tomlkit

from config.document import Document
from config.faults import ConfigError, Fault
from config.people import People
from config.schools import School, StaffMember
from config.shapes import parse_unknown_day


@dataclass(frozen=True, slots=True)
class Removed:
    """Staff ids by what became of them; `linked` are past their end but named by a [[person]] of people.toml."""

    removed: tuple[str, ...] = ()
    linked: tuple[str, ...] = ()


def register_warnings(doc: Document, schools: tuple[School, ...], today: date) -> Iterator[str]:
    """One sentence a school for each reason why somebody of the register is not watched for."""
    for school in schools:
        over = [m for m in school.staff if m.is_over(today)]
        left = [m for m in school.staff if m not in over]
        said = {
            "are past their last day and are not watched for; delete their lines": over,
            "object and are not watched for; decide, write down why and when, then delete the line of the "
            "person or the word objects": [m for m in left if m.objects],
            f"were not told yet and are not watched for; tell them, then write told_on = {today}": [
                m for m in left if not m.is_told(today) and not m.objects
            ],
            "have not begun and are not watched for until they do": [
                m for m in left if m.is_told(today) and not m.objects and not m.is_watched(today)
            ],
        }
        for why, members in said.items():
            if members:
                yield doc.warning((school.key, "staff"), f"at '{school.key}' {_ids(members)} {why}")


def _ids(members: list[StaffMember]) -> str:
    return ", ".join(member.id for member in members)


def remove_expired(folder: Path, people: People, today: date) -> Removed:
    """Take those who left out of schools.toml, from the second day after their last; comments stay.

    Whoever is still named by a [[person]] stays in, unwatched, until a person
    has put people.toml right: without the link nothing would keep alerts about
    them away from them. The file, which `load` has accepted, is replaced whole.

    Raises:
        ConfigError: the file can not be read or written.
    """
    file = folder / "schools.toml"
    try:
        text = file.read_text(encoding="utf-8")
        kept = {person.staff for person in people.persons.values()}
        document = tomlkit.parse(text)
        removed, linked = _without_expired(document, kept, today)
        if removed:
            fresh = file.with_suffix(".toml.new")
            with fresh.open("w", encoding="utf-8") as out:
                out.write(tomlkit.dumps(document))
                out.flush()
                os.fsync(out.fileno())
            fresh.chmod(file.stat().st_mode & 0o777)
            fresh.replace(file)
    except OSError as e:
        reason = e.strerror or type(e).__name__
        message = f"staff who left can not be removed ({reason}); delete their lines by hand"
        raise ConfigError([Fault(file.name, None, message)]) from e
    return Removed(tuple(removed), tuple(linked))


def _without_expired(document: Any, kept: set[str | None], today: date) -> tuple[list[str], list[str]]:
    removed: list[str] = []
    linked: list[str] = []
    for table in document.values():
        staff = table.get("staff", []) if isinstance(table, Mapping) else []
        for index in reversed(range(len(staff))):
            name, end = str(staff[index].get("id")), parse_unknown_day(staff[index].get("end"))
            if end is None or today <= end + timedelta(days=1):
                continue
            (linked if name in kept else removed).append(name)
            if name not in kept:
                del staff[index]
    return removed, linked
