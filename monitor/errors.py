"""Every error that `monitor` raises on purpose.

    MonitorError
    ├── StoreError          the database can not be opened, or is of a later version
    ├── BadInput            lines handed in that can not be taken; lists all of them
    ├── AlreadyRunning      another process holds the lock of this data folder
    └── CaseError           a step that the case's state does not allow

Errors of the outside have their own trees: `connectors.base.FetchError`,
`config.faults.ConfigError`. Channels return outcomes and raise nothing. No
message holds a post's text, a name or a secret (house rule 3).
"""

from __future__ import annotations

from collections.abc import Sequence


class MonitorError(Exception):
    """Base of all; its text is a sentence for the person at the keyboard."""


class StoreError(MonitorError):
    """The database can not be used, with what to do about it."""


class AlreadyRunning(MonitorError):
    """Another process works on the same data folder."""


class CaseError(MonitorError):
    """A person asked for a step that is not open to this case."""


class BadInput(MonitorError):
    """Lines that can not be taken; nothing of the file was stored.

    `faults` are (line number from 1, what is wrong and what to do).
    """

    def __init__(self, name: str, faults: Sequence[tuple[int, str]]) -> None:
        super().__init__(f"{name}: {len(faults)} line(s) can not be taken")
        self.name = name
        self.faults = tuple(faults)

    def lines(self, most: int = 25) -> list[str]:
        """The faults as `file:line: sentence`, at most `most` of them and then a count."""
        shown = [f"{self.name}:{number}: {what}" for number, what in self.faults[:most]]
        left = len(self.faults) - most
        return [*shown, f"{self.name}: and {left} more"] if left > 0 else shown
