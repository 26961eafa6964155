"""What the steps work with, built once from the settings and swapped whole on a reload."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import connectors
from config.load import load
from config.schools import School, StaffMember
from config.settings import Settings
from connectors.base import Options
from nlp.findings import Profile, Staff
from nlp.gate import Gate

if TYPE_CHECKING:
    from nlp.assessor import Assessor


@dataclass(frozen=True, slots=True)
class Works:
    """Settings and the language stage that was built for their schools."""

    settings: Settings
    gate: Gate
    assessor: Assessor


def options_of(kind: str) -> type[Options] | None:
    """The options class of a kind of source; None when there is none that may be used."""
    try:
        return connectors.connector(kind).options
    except (connectors.UnknownKind, connectors.RefusedConnector):
        return None


def profile(school: School, staff: Iterable[StaffMember] | None = None) -> Profile:
    """A school's settings as the language stage wants them; `staff` None: all that the file names."""
    values: dict[str, Any] = school.profile(staff=tuple(staff) if staff is not None else None)
    people = tuple(Staff(**{**member, "aliases": tuple(member["aliases"])}) for member in values.pop("staff"))
    rest: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
    return Profile(staff=people, **rest)


def profiles(schools: Iterable[School]) -> tuple[Profile, ...]:
    return tuple(profile(school) for school in schools)


def build(settings: Settings, today: date | None = None) -> Works:
    """The gate and the assessor for these settings; takes about a second, mostly spaCy.

    `today` decides which members of staff may be matched (told, not objecting, not gone:
    PBD-11), so it must be built again when the day changes; None: everybody in the register.
    """
    from nlp.assessor import Assessor  # brings spaCy, half a second that most commands need not wait for

    known = tuple(
        profile(school, settings.watched_staff(school.key, today) if today is not None else None)
        for school in settings.schools
    )
    return Works(settings, Gate(known), Assessor(known))


def read_settings(folder: Path) -> Settings:
    """The checked configuration of a folder.

    Raises:
        config.faults.ConfigError: with every fault of every file.
    """
    return load(folder, options_of, kinds=connectors.kinds())
