"""The console printer: alerts on standard output, for a terminal or the system's journal."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import TextIO

from monitor.channels.base import Message, Outcome, Retry, Sent, Trouble


@dataclass(frozen=True, slots=True)
class PrinterChannel:
    """Writes the message and flushes; a closed or full output is tried again later."""

    out: TextIO = field(default_factory=lambda: sys.stdout)
    name: str = "printer"

    def send(self, message: Message, key: str) -> Outcome:
        try:
            self.out.write(f"\n{message.subject}\n{message.text}\n")
            self.out.flush()
        except (OSError, ValueError):
            return Retry(Trouble.UNREACHABLE)
        return Sent(key)
