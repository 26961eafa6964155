"""Log lines on their way to the journal, through a real datagram socket."""

from __future__ import annotations

import io
import logging
import os
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.journal import JournalHandler, encoded, handler, in_journal, priority

ROOT = Path(__file__).resolve().parents[2]


def decoded(datagram: bytes) -> dict[str, str]:
    """The fields of a datagram, read as systemd's description of the protocol says."""
    found: dict[str, str] = {}
    while datagram:
        line, _, rest = datagram.partition(b"\n")
        name, equals, value = line.partition(b"=")
        if not equals:
            size = struct.unpack("<Q", rest[:8])[0]
            value, datagram = rest[8 : 8 + size], rest[8 + size + 1 :]
        else:
            datagram = rest
        found[name.decode()] = value.decode()
    return found


class Journal:
    """What journald is to us: a datagram socket at a path."""

    def __init__(self, where: Path) -> None:
        self.where = where
        self._in = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._in.settimeout(5)
        self._in.bind(str(where))

    def read(self) -> dict[str, str]:
        return decoded(self._in.recv(1 << 20))

    def close(self) -> None:
        self._in.close()
        self.where.unlink(missing_ok=True)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    made = Journal(tmp_path / "j")
    yield made
    made.close()


@pytest.fixture
def log(journal: Journal) -> Iterator[logging.Logger]:
    way = JournalHandler(journal.where, io.StringIO())
    logger = logging.Logger("monitor.somewhere")
    logger.addHandler(way)
    yield logger
    way.close()


def test_a_line_arrives_with_its_priority_and_origin(journal: Journal, log: logging.Logger) -> None:
    log.warning("the disk is %d%% full", 91)
    assert journal.read() == {
        "MESSAGE": "the disk is 91% full",
        "PRIORITY": "4",
        "SYSLOG_IDENTIFIER": "mentionwatch",
        "LOGGER": "monitor.somewhere",
    }


@pytest.mark.parametrize(
    ("message", "values", "field", "value"),
    [
        ("source %s: %d new, %d changed", ("town-news", 3, 0), "MENTIONWATCH_SOURCE", "town-news"),
        ("step %s failed: %s", ("poll", "OSError"), "MENTIONWATCH_STEP", "poll"),
        ("case %d: delayed", (12,), "MENTIONWATCH_CASE", "12"),
        ("post %d could not be assessed: %s", (7, "KeyError"), "MENTIONWATCH_POST", "7"),
        ("delivery %d: %s in channel %s", (4, "OSError", "email"), "MENTIONWATCH_DELIVERY", "4"),
    ],
)
def test_what_a_line_is_about_is_a_field(
    journal: Journal, log: logging.Logger, message: str, values: tuple[object, ...], field: str, value: str
) -> None:
    log.error(message, *values)
    assert journal.read()[field] == value


@pytest.mark.parametrize(
    ("message", "values"),
    [
        ("%s", ("source town: invented words",)),  # handed in whole: nobody says what it is about
        ("sources %s", ("town",)),
        ("the source %s", ("town",)),
        ("source town", ()),
        ("ready: %d school(s), %d source(s)", (1, 2)),
    ],
)
def test_other_lines_have_no_such_field(
    journal: Journal, log: logging.Logger, message: str, values: tuple[object, ...]
) -> None:
    log.info(message, *values)
    assert not [name for name in journal.read() if name.startswith("MENTIONWATCH_")]


def test_a_line_end_in_a_value_makes_no_field(journal: Journal, log: logging.Logger) -> None:
    log.info("%s", "first\nPRIORITY=0\nMENTIONWATCH_CASE=1")
    got = journal.read()
    assert got["MESSAGE"] == "first\nPRIORITY=0\nMENTIONWATCH_CASE=1"
    assert got["PRIORITY"] == "6"
    assert "MENTIONWATCH_CASE" not in got


def test_a_huge_line_is_cut_and_arrives(journal: Journal, log: logging.Logger) -> None:
    log.info("x" * 3_000_000)
    assert len(journal.read()["MESSAGE"]) == 32_000


def test_what_the_journal_does_not_take_goes_to_standard_error(journal: Journal) -> None:
    out = io.StringIO()
    way = JournalHandler(journal.where, out)
    logger = logging.Logger("monitor.somewhere")
    logger.addHandler(way)
    journal.close()
    logger.error("first line\nsecond line")
    assert out.getvalue() == "<3>first line\n<3>second line\n"
    again = Journal(journal.where)  # the journal was started anew
    logger.error("third line")
    assert again.read()["MESSAGE"] == "third line"
    again.close()
    way.close()


@pytest.mark.parametrize(
    ("level", "number"),
    [(logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (25, 6), (logging.INFO, 6), (10, 7)],
)
def test_priorities(level: int, number: int) -> None:
    assert priority(level) == number


@given(st.dictionaries(st.from_regex(r"\A[A-Z][A-Z0-9]{0,9}\Z"), st.text(st.characters(codec="utf-8"))))
def test_every_value_comes_back_as_it_was(values: dict[str, str]) -> None:
    assert decoded(encoded(values)) == values


def test_half_a_surrogate_does_not_stop_a_line() -> None:
    assert decoded(encoded({"MESSAGE": "bad \udc80"})) == {"MESSAGE": "bad \\udc80"}


@pytest.mark.parametrize("given_stream", ["", "1:2", "nonsense"])
def test_without_a_journal_lines_are_plain_text(journal: Journal, tmp_path: Path, given_stream: str) -> None:
    with (tmp_path / "err").open("w+", encoding="utf-8") as err:
        way = handler({"JOURNAL_STREAM": given_stream}, err, journal.where)
        logger = logging.Logger("monitor.somewhere")
        logger.addHandler(way)
        logger.info("source %s: good", "town")
        err.seek(0)
        assert err.read() == "INFO monitor.somewhere: source town: good\n"


def test_a_stream_without_a_file_is_not_in_the_journal() -> None:
    assert not in_journal({"JOURNAL_STREAM": "1:2"}, io.StringIO())


def test_the_stream_that_systemd_names_is_the_journal(journal: Journal, tmp_path: Path) -> None:
    with (tmp_path / "err").open("w", encoding="utf-8") as err:
        about = os.fstat(err.fileno())
        environ = {"JOURNAL_STREAM": f"{about.st_dev}:{about.st_ino}"}
        way = handler(environ, err, journal.where)
        assert isinstance(way, JournalHandler)
        assert way.formatter is not None  # else basicConfig would put its own, with the level in each line
        way.close()
        elsewhere = handler(environ, err, tmp_path / "no-journal-here")
        assert not isinstance(elsewhere, JournalHandler)


def test_set_up_makes_a_process_log_to_standard_error() -> None:
    program = (
        "import logging; from monitor.journal import set_up; set_up(logging.INFO); "
        "logging.info('step %s failed', 'poll'); logging.debug('unheard')"
    )
    environ = {name: value for name, value in os.environ.items() if name != "JOURNAL_STREAM"}
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, env=environ, check=True
    )
    assert done.stderr == "INFO root: step poll failed\n"
