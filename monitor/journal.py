"""Where log lines go: to the journal with fields when systemd started us, else to standard error as text.

In the journal a person can then ask for one step, one source or one case:

    journalctl -u mentionwatch MENTIONWATCH_SOURCE=larkhill-news

The journal's own protocol is one datagram of `FIELD=value` lines (systemd's
"Native Journal Protocol"), so no package is needed for it. A field holds what
the house's log lines begin with, `"source %s: …"`, and nothing else: no words
of a post, no names, no secrets can come in by this way that the line does not
show anyway.
"""

from __future__ import annotations

import logging
import os
import re
import socket
import struct
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

SOCKET = Path("/run/systemd/journal/socket")
MESSAGE_LIMIT = 32_000  # characters; a datagram of more than about 200 kB would be refused
PATIENCE = 1.0  # seconds that a busy journal may hold up a step
NAME = "mentionwatch"
TEXT = "%(levelname)s %(name)s: %(message)s"
SUBJECT = re.compile(r"(step|source|case|post|delivery) %[sd]\b")
"""What a log line is about: its message begins with the kind, and its first argument is which one."""

_PRIORITIES = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))


def set_up(level: int) -> None:
    """Send every log line of `level` and above to the journal or to standard error; call it once, at the start."""
    logging.basicConfig(level=level, handlers=[handler()])


def handler(
    environ: Mapping[str, str] = os.environ, stream: TextIO | None = None, where: Path = SOCKET
) -> logging.Handler:
    """The handler for this process. `stream` is standard error unless a test hands in its own."""
    out = sys.stderr if stream is None else stream
    if in_journal(environ, out) and where.is_socket():
        return JournalHandler(where, out)
    plain = logging.StreamHandler(out)
    plain.setFormatter(logging.Formatter(TEXT))
    return plain


def in_journal(environ: Mapping[str, str], stream: TextIO) -> bool:
    """Whether the stream ends in the journal: systemd.exec(5), JOURNAL_STREAM is its "device:inode"."""
    try:
        about = os.fstat(stream.fileno())
    except (OSError, ValueError):  # closed, or no real file at all
        return False
    return environ.get("JOURNAL_STREAM", "") == f"{about.st_dev}:{about.st_ino}"


class JournalHandler(logging.Handler):
    """Sends records to the journal; what it does not take goes to `stream` with its priority in front."""

    def __init__(self, where: Path, stream: TextIO) -> None:
        super().__init__()
        self.setFormatter(logging.Formatter("%(message)s"))  # level and logger are fields
        self._where = str(where)
        self._stream = stream
        self._out = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        self._out.settimeout(PATIENCE)

    def emit(self, record: logging.LogRecord) -> None:
        """Never raises: a line that can not be logged must not stop a step."""
        try:
            values = fields(record, self.format(record))
            try:
                self._out.sendto(encoded(values), self._where)  # by path: the journal may have been restarted
            except OSError:
                self._stream.write(with_priority(values))
                self._stream.flush()
        except (OSError, ValueError, TypeError, KeyError):  # a closed stream, or arguments that do not fit
            self.handleError(record)

    def close(self) -> None:
        self._out.close()
        super().close()


def fields(record: logging.LogRecord, message: str) -> dict[str, str]:
    """The journal's fields for one record; see systemd.journal-fields(7) for those that are not ours."""
    values = {
        "MESSAGE": message[:MESSAGE_LIMIT],
        "PRIORITY": str(priority(record.levelno)),
        "SYSLOG_IDENTIFIER": NAME,
        "LOGGER": record.name,
    }
    return values | subject(record)


def subject(record: logging.LogRecord) -> dict[str, str]:
    """MENTIONWATCH_SOURCE, _STEP, _CASE, _POST or _DELIVERY, for a line that is about one of them."""
    found = SUBJECT.match(record.msg) if isinstance(record.msg, str) else None
    if found is None or not isinstance(record.args, tuple):
        return {}
    return {f"MENTIONWATCH_{found[1].upper()}": str(record.args[0])}


def priority(level: int) -> int:
    """A Python log level as a priority of syslog(3): 2 critical to 7 debug."""
    return next((number for least, number in _PRIORITIES if level >= least), 7)


def encoded(values: Mapping[str, str]) -> bytes:
    """The datagram: `FIELD=value`, or the length before a value that holds a line end."""
    parts: list[bytes] = []
    for name, value in values.items():
        key, raw = name.encode("ascii"), value.encode("utf-8", "backslashreplace")
        parts.append(
            key + b"\n" + struct.pack("<Q", len(raw)) + raw + b"\n"
            if b"\n" in raw
            else key + b"=" + raw + b"\n"
        )
    return b"".join(parts)


def with_priority(values: Mapping[str, str]) -> str:
    """The same line for standard error, where the journal reads the priority from `<N>` (sd-daemon(3))."""
    mark = f"<{values['PRIORITY']}>"
    return "".join(f"{mark}{line}\n" for line in values["MESSAGE"].splitlines() or [""])
