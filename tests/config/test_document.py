"""Files as files: not there, not UTF-8, with a BOM, not TOML."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.document import LARGEST, parse, read
from config.faults import Fault


@pytest.mark.parametrize(
    ("raw", "line", "words"),
    [
        (b"\xef\xbb\xbfa = 1\n", 1, "byte order mark"),
        ("a = 1".encode("utf-16"), 1, "UTF-16"),
        (b"a = 1\nb = 'caf\xe9'\n", 2, "0xe9"),
        (b"a = 1\nb = \n", 2, "this is not TOML: Invalid value"),
        (b'a = 1\nb = "open\n', 2, "this is not TOML"),
        (b'a = 1\n\nb = """open\n', 3, "this is not TOML"),
        (b"a = 1\na = 2\n", 2, "this is not TOML: Cannot overwrite a value"),
        (b"[t]\nx = 1\n[t]\n", 3, "this is not TOML: Cannot declare"),
        (b"a = " + b"[" * 5000, None, "nested too deeply"),
        (b"#" * (LARGEST + 1), None, "larger than 4 MiB"),
    ],
)
def test_a_file_that_is_no_toml_is_one_clear_fault(raw: bytes, line: int | None, words: str) -> None:
    faults: list[Fault] = []
    assert parse(raw, "x.toml", faults) is None
    assert [(f.file, f.line) for f in faults] == [("x.toml", line)]
    assert words in faults[0].message


@pytest.mark.parametrize("raw", [b"", b"\n", b"a = 1", b"a = 'caf\xc3\xa9'\r\nb = 2\r\n", b"# only words"])
def test_near_misses_are_read(raw: bytes) -> None:
    faults: list[Fault] = []
    assert parse(raw, "x.toml", faults) is not None
    assert faults == []


def test_windows_line_ends_do_not_shift_lines() -> None:
    doc = parse(b'a = """\r\n\r\n"""\r\nb = 1\r\n', "x.toml", [])
    assert doc is not None
    assert doc.fault(("b",), "here").line == 4


def test_a_folder_in_place_of_a_file_can_not_be_read(tmp_path: Path) -> None:
    faults: list[Fault] = []
    assert read(tmp_path, "people.toml", faults) is None
    assert "can not be read" in faults[0].message


def test_a_fault_reads_as_file_line_and_sentence() -> None:
    assert str(Fault("a.toml", 3, "do this")) == "a.toml:3: do this"
    assert str(Fault("a.toml", None, "do this")) == "a.toml: do this"
