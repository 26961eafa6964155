"""What is wrong with a configuration, told all at once.

    Exception
    └── ConfigError        every fault of every file, each with file and line
        └── SecretMissing  a named credential stands in none of the three places

A fault says what is wrong *and* what to do; its reader is the IT technician of
a school, not a programmer (style.md section 7).
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing to put right. `line` counts from 1; None when no line is to blame."""

    file: str
    line: int | None
    message: str

    def __str__(self) -> str:
        where = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{where}: {self.message}"


class ConfigError(Exception):
    """The configuration can not be used; `faults` holds every reason, in order of file and line."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(sorted(set(faults), key=lambda f: (f.file, f.line or 0, f.message)))
        super().__init__("\n".join(str(fault) for fault in self.faults))


class SecretMissing(ConfigError):
    """A secret that is needed now is not there, or lies open; one fault that says what to do."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Give `; did you mean 'x'?` for the nearest known word, or nothing."""
    near = difflib.get_close_matches(word, sorted(known), n=1, cutoff=0.6)
    return f"; did you mean '{near[0]}'?" if near else ""
