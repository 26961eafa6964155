"""Where in a TOML text each key stands: key path -> line number.

`tomllib` gives values without lines, so a fault could not say where it is. This
scanner reads a text that `tomllib` has already accepted, and therefore checks
nothing; it only follows keys, tables and nesting (TOML 1.0). A path is a tuple
of keys and, inside arrays, indices: `("source", 2, "every")`,
`("oakfield", "staff", 1, "name")`. Lines count from 1.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping

KeyPath = tuple[str | int, ...]

_KEY = re.compile(r"[A-Za-z0-9_-]+|\"(?:[^\"\\\n]|\\.)*\"|'[^'\n]*'")
# The longest form first: three quotes, possibly with one or two more at the end of the text itself.
_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"""(?:"{0,2})'
    r"|'''.*?'''(?:'{0,2})"
    r"|\"(?:[^\"\\\n]|\\.)*\""
    r"|'[^'\n]*'",
    re.DOTALL,
)
_BLANK = re.compile(r"[ \t]*")
_SPACE = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_SCALAR = re.compile(r"[^,\]}#\n]*")


def key_lines(text: str) -> Mapping[KeyPath, int]:
    """Map every key, table header and array element of a valid TOML text to its line."""
    return _Scanner(text).scan()


def line_of(lines: Mapping[KeyPath, int], path: KeyPath) -> int | None:
    """Line of a path or, when the path itself is not written, of the nearest part around it."""
    for length in range(len(path), 0, -1):
        if (found := lines.get(path[:length])) is not None:
            return found
    return None


class _Scanner:
    """One pass over one text. A class because position and line count move together."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.line = 1
        self.lines: dict[KeyPath, int] = {}
        self.tables: dict[KeyPath, int] = {}  # arrays of tables: how many so far

    def scan(self) -> Mapping[KeyPath, int]:
        here: KeyPath = ()
        self.take(_SPACE)
        while self.at < len(self.text):
            if self.text.startswith("[", self.at):
                here = self.header()
            else:
                self.pair(here)
            self.take(_SPACE)
        return self.lines

    def take(self, pattern: re.Pattern[str]) -> str:
        """Move over what matches here, and count its lines."""
        found = pattern.match(self.text, self.at)
        if found is None:
            raise ValueError(f"line {self.line} is not TOML")
        self.at = found.end()
        self.line += found[0].count("\n")
        return found[0]

    def skip(self, sign: str) -> bool:
        if not self.text.startswith(sign, self.at):
            return False
        self.at += len(sign)
        return True

    def header(self) -> KeyPath:
        line, many = self.line, self.text.startswith("[[", self.at)
        self.at += 2 if many else 1
        keys = self.keys()
        self.at += 2 if many else 1
        path: KeyPath = ()
        for index, key in enumerate(keys):
            path = (*path, key)
            self.lines.setdefault(path, line)
            last = index == len(keys) - 1
            if last and many:
                self.tables[path] = self.tables.get(path, 0) + 1
            if path in self.tables:  # a header reaches into the newest element
                path = (*path, self.tables[path] - 1)
                self.lines.setdefault(path, line)
        if not many:
            self.lines[path] = line  # `[a.b]` may come before `[a]`: its own header is the better place
        return path

    def keys(self) -> list[str]:
        """A key, dotted or not, with the blanks around it."""
        found = []
        while True:
            self.take(_BLANK)
            raw = self.take(_KEY)
            found.append(_unquote(raw))
            self.take(_BLANK)
            if not self.skip("."):
                return found

    def pair(self, here: KeyPath) -> None:
        line = self.line
        for key in self.keys():
            here = (*here, key)
            self.lines.setdefault(here, line)
        self.skip("=")
        self.take(_BLANK)
        self.value(here)

    def value(self, path: KeyPath) -> None:
        if self.skip("["):
            self.array(path)
        elif self.skip("{"):
            self.inline_table(path)
        elif self.text[self.at] in "\"'":
            self.take(_STRING)
        else:
            self.take(_SCALAR)

    def array(self, path: KeyPath) -> None:
        index = 0
        self.take(_SPACE)
        while not self.skip("]"):
            self.lines.setdefault((*path, index), self.line)
            self.value((*path, index))
            index += 1
            self.take(_SPACE)
            self.skip(",")
            self.take(_SPACE)

    def inline_table(self, path: KeyPath) -> None:
        self.take(_SPACE)
        while not self.skip("}"):
            self.pair(path)
            self.take(_SPACE)
            self.skip(",")
            self.take(_SPACE)


def _unquote(raw: str) -> str:
    if raw[0] not in "\"'":
        return raw
    return next(iter(tomllib.loads(f"{raw} = 0")))
