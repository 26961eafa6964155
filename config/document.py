"""One TOML file as read: its values, the line of every key, and its exact bytes.

Reading never raises for what a person wrote; it adds faults to a list, so that
all faults of all files can be told at once.
"""

from __future__ import annotations

import codecs
import hashlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from config.faults import Fault
from config.lines import KeyPath, key_lines, line_of

LARGEST = 4 * 1024 * 1024  # bytes; a configuration of a trust of 100 schools has some 200 kB

_PLACE = re.compile(r"\s*\((?:at line (\d+), column \d+|at end of document)\)$")


@dataclass(frozen=True)
class Document:
    """A file's name as a person knows it, its values, and where each stands."""

    file: str
    data: Mapping[str, Any]
    lines: Mapping[KeyPath, int] = field(default_factory=dict)
    prefix: KeyPath = ()
    sha256: str = ""

    def fault(self, path: KeyPath, message: str) -> Fault:
        """Blame the line of `path`, or of the nearest table around it."""
        return Fault(self.file, line_of(self.lines, (*self.prefix, *path)), message)

    def warning(self, path: KeyPath, message: str) -> str:
        """The same place and words, for what does not stop the service."""
        return str(self.fault(path, message))

    def part(self, *keys: str, only: tuple[str, ...] = ()) -> Document:
        """One table of this file as a document of its own that still knows its lines."""
        data: Any = self.data
        for key in keys:
            data = data.get(key, {}) if isinstance(data, Mapping) else {}
        data = data if isinstance(data, Mapping) else {}
        if only:
            data = {key: value for key, value in data.items() if key in only}
        return Document(self.file, data, self.lines, (*self.prefix, *keys), self.sha256)


def read(path: Path, name: str, faults: list[Fault]) -> Document | None:
    """Read a file that must be there; what is wrong with it as a whole goes to `faults`."""
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        faults.append(Fault(name, None, f"there is no such file in {path.parent}; run: mentionwatch init"))
        return None
    except OSError as e:
        reason = e.strerror or type(e).__name__
        faults.append(Fault(name, None, f"the file can not be read ({reason}); check its owner and mode"))
        return None
    return parse(raw, name, faults)


def parse(raw: bytes, name: str, faults: list[Fault]) -> Document | None:
    """Turn a file's bytes into a document; None, and one fault, when it is not TOML in UTF-8."""
    before = len(faults)
    text = _decode(raw, name, faults)
    if text is None or len(faults) > before:
        return None
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as e:
        faults.append(_syntax_fault(name, text, str(e)))
        return None
    except RecursionError:
        faults.append(Fault(name, None, "the brackets in this file are nested too deeply; flatten them"))
        return None
    lines = key_lines(text.replace("\r\n", "\n"))
    return Document(name, data, lines, sha256=hashlib.sha256(raw).hexdigest())


def _decode(raw: bytes, name: str, faults: list[Fault]) -> str | None:
    if len(raw) > LARGEST:
        faults.append(Fault(name, None, "the file is larger than 4 MiB; this is not a configuration file"))
        return None
    if raw.startswith(codecs.BOM_UTF8):
        message = 'the file begins with a byte order mark (BOM); save it again as "UTF-8" without BOM'
        faults.append(Fault(name, 1, message))
        return None
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        faults.append(Fault(name, 1, 'the file is saved as UTF-16; save it again as "UTF-8" without BOM'))
        return None
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as e:
        line = raw.count(b"\n", 0, e.start) + 1
        message = f'a letter is not UTF-8 (byte {raw[e.start]:#04x}); save the file again as "UTF-8"'
        faults.append(Fault(name, line, message))
        return None


def _syntax_fault(name: str, text: str, said: str) -> Fault:
    place = _PLACE.search(said)
    line = int(place[1]) if place and place[1] else len(text.splitlines()) or 1
    return Fault(
        name, line, f"this is not TOML: {_PLACE.sub('', said)}; look at this line and the one before it"
    )
