"""The small shapes that settings are made of: durations, days, times of trust in a value.

Errors raised here are sentences for a person; `config.sentences` passes them on
as they are.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Strict, StringConstraints

Jurisdiction = Literal["england", "wales", "scotland", "northern-ireland"]
JURISDICTIONS: tuple[Jurisdiction, ...] = ("england", "wales", "scotland", "northern-ireland")

_DURATION = re.compile(r"([1-9][0-9]{0,5})\s*([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class Value(BaseModel):
    """A frozen value whose unknown keys are refused, so that a misspelling is found by `check`."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


def parse_duration(given: Any) -> Any:
    """Turn `"5m"`, `"2h"`, `"1d"`, `"1w"` into a timedelta; a timedelta passes."""
    if isinstance(given, timedelta):
        return given
    if isinstance(given, str) and (found := _DURATION.fullmatch(given.strip())):
        return timedelta(**{_UNITS[found[2]]: int(found[1])})
    raise ValueError(f'{given!r} is not a length of time; write for example "5m", "2h" or "1d" in quotes')


def parse_day(given: Any) -> Any:
    """Take a TOML date or its text; refuse times and numbers, which pydantic would bend into a date."""
    if isinstance(given, datetime):
        return given.date()
    if isinstance(given, date):
        return given
    if isinstance(given, str):
        try:
            return date.fromisoformat(given.strip())
        except ValueError:
            pass  # the sentence below says it better
    raise ValueError(f"{given!r} is not a date; write year-month-day, for example 2026-09-01")


def parse_unknown_day(given: Any) -> Any:
    """As `parse_day`, but `"?"` means not known yet (ruling 20: a warning, not an error)."""
    return None if given in (None, "?") else parse_day(given)


Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Key = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
Address = Annotated[str, StringConstraints(pattern=r"^[^@\s<>,;\"]+@[^@\s<>,;\"]+$", max_length=254)]
OnOff = Annotated[bool, Strict()]
Whole = Annotated[int, Strict()]
Duration = Annotated[timedelta, BeforeValidator(parse_duration)]
Day = Annotated[date, BeforeValidator(parse_day)]
UnknownDay = Annotated[date | None, BeforeValidator(parse_unknown_day)]
