"""Lines of keys: a table of TOML's forms, and random documents."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.lines import KeyPath, key_lines, line_of

TRICKY = '''\
# a comment with [brackets] = "and quotes
top = 1  # one
"quoted key" = "a # that is no comment"
dotted.deep . deeper = 2

text = """
[not.a.table]
no = "key"
ends with a quote \\""""" # end
raw = \'\'\'
also = [ # nothing
\'\'\'
after = true
empty = ""
[one]
list = [
  1, # first
  "two ]",

  { a = 1, b = [ { c = 3 },
    { c = 4 } ] }, # third
]
[[many]]
name = "x"
[many.child]
key = 1
[[many]]
name = "y"
  [[many.grand]]
  z = 1
  [[many.grand]]
  z = 2
[ spaced . "odd.key" ]
v = 1979-05-27T07:32:00Z
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("top",), 2),
        (("quoted key",), 3),
        (("dotted",), 4),
        (("dotted", "deep", "deeper"), 4),
        (("text",), 6),
        (("raw",), 10),
        (("after",), 13),
        (("empty",), 14),
        (("one",), 15),
        (("one", "list"), 16),
        (("one", "list", 0), 17),
        (("one", "list", 1), 18),
        (("one", "list", 2), 20),
        (("one", "list", 2, "b", 0, "c"), 20),
        (("one", "list", 2, "b", 1, "c"), 21),
        (("many", 0), 23),
        (("many", 0, "name"), 24),
        (("many", 0, "child", "key"), 26),
        (("many", 1, "name"), 28),
        (("many", 1, "grand", 1), 31),
        (("many", 1, "grand", 1, "z"), 32),
        (("spaced", "odd.key", "v"), 34),
    ],
)
def test_every_form_of_toml_has_its_line(path: KeyPath, line: int) -> None:
    tomllib.loads(TRICKY)
    assert key_lines(TRICKY)[path] == line


def test_what_looks_like_a_key_inside_text_is_none() -> None:
    lines = key_lines(TRICKY)
    assert ("not", "a", "table") not in lines
    assert not any("no" in path or "also" in path for path in lines)


def test_a_missing_key_is_blamed_on_its_table() -> None:
    lines = key_lines(TRICKY)
    assert line_of(lines, ("many", 1, "absent", "x")) == 27
    assert line_of(lines, ("absent",)) is None


# Random documents: every line that holds a key also holds a marker that no other line has.

_keys = st.text("abz09_-", min_size=1, max_size=4) | st.text(max_size=4)
_scalars = st.one_of(
    st.integers(-5, 5).map(str),
    st.booleans().map(lambda b: str(b).lower()),
    st.text(max_size=8).map(lambda t: _quoted(t)),
    st.sampled_from(["'a # b'", "''", '"""\n[x]\ny = 1\n"""', "'''\n\n\"]'''", '""', '"""a"""""']),
)


def _quoted(text: str) -> str:
    inner = "".join(
        c if c.isalnum() and c.isascii() else f"\\U{ord(c):08x}"
        for c in text
        if not 0xD800 <= ord(c) < 0xE000
    )
    return f'"{inner}"'


def _key(text: str) -> str:
    bare = text and all(c.isascii() and (c.isalnum() or c in "_-") for c in text)
    return text if bare else _quoted(text)


def _plain(text: str) -> str:
    return next(iter(tomllib.loads(f"{_key(text)} = 0")))


@st.composite
def _arrays(draw: st.DrawFn, depth: int = 2) -> list[Any]:
    inner = _scalars if depth == 0 else st.one_of(_scalars, _arrays(depth=depth - 1))
    return draw(st.lists(inner, max_size=4))


@st.composite
def documents(draw: st.DrawFn) -> tuple[str, dict[KeyPath, int]]:
    """A TOML text and, from its making, the line of each path."""
    text, where = "", {}

    def line() -> int:
        return text.count("\n") + 1

    def write_array(value: list[Any], path: KeyPath) -> None:
        nonlocal text
        text += "["
        for index, inner in enumerate(value):
            text += draw(st.sampled_from(["", "\n", " # ] a comment\n", "\n\n  "]))
            where[(*path, index)] = line()
            if isinstance(inner, list):
                write_array(inner, (*path, index))
            else:
                text += inner
            text += ","
        text += draw(st.sampled_from(["", "\n"])) + "]"

    counts: dict[str, int] = {}
    for table in draw(st.lists(_keys.map(_plain), max_size=4, unique=True)):
        many = draw(st.integers(0, 2))
        for _ in range(many or 1):
            text += draw(st.sampled_from(["", "\n", "# [x]\n", "  "]))
            here: KeyPath = (table,)
            where.setdefault(here, line())
            if many:
                here = (table, counts.get(table, 0))
                counts[table] = counts.get(table, 0) + 1
                where[here] = line()
            text += f"[[{_key(table)}]]\n" if many else f"[ {_key(table)} ]\n"
            for key in draw(st.lists(_keys.map(_plain), max_size=4, unique=True)):
                where[(*here, key)] = line()
                text += f"{_key(key)} = "
                value = draw(st.one_of(_scalars, _arrays()))
                if isinstance(value, list):
                    write_array(value, (*here, key))
                else:
                    text += value
                text += draw(st.sampled_from(["\n", " # c\n", "\n\n"]))
    return text, where


@given(documents())
def test_random_documents_keep_their_lines(made: tuple[str, dict[KeyPath, int]]) -> None:
    text, where = made
    data = tomllib.loads(text)
    lines = key_lines(text)
    assert lines == where
    for path in lines:
        value: Any = data
        for part in path:
            value = value[part]  # every path leads to a value
