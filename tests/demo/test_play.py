"""The demo as a person starts it: a process with the real service below it, all on loopback."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def demo(*words: str, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A running demo whose passing folder lies in `folder`; it is ended with the block."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(folder)}
    with subprocess.Popen(
        [sys.executable, "-m", "monitor", "demo", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.terminate()


def read_until(process: subprocess.Popen[str], words: str) -> str:
    """What it says up to and with the line that holds `words`."""
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if words in line:
            return said
    raise AssertionError(f"the demo ended without saying {words!r}:\n{said}")


def service_of(folder: Path) -> int:
    """The process of the service whose configuration lies in `folder`."""
    lines = {
        int(file.parent.name): file.read_bytes()
        for file in Path("/proc").glob("[0-9]*/cmdline")
        if file.exists()
    }
    found = [pid for pid, line in lines.items() if b"\0run\0--config\0" + bytes(folder) in line]
    (pid,) = found
    return pid


def is_alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_the_whole_script_comes_out_as_it_should(tmp_path: Path) -> None:
    keep = tmp_path / "kept"
    with demo("--for", "45", "--keep", str(keep), folder=tmp_path) as process:
        said, _ = process.communicate()
    assert process.returncode == 0, said
    assert "Nothing was missed, nobody was told who should not be, no false alarm." in said
    for row in (
        r"abuse +3 +2 +designated person +2 +1",
        r"damaging claim +2 +2 +designated person +2",
        r"threat +2 +2 +designated person +2",
        r"pupil named +2 +1 +child protection person +1",
        r"child's safety +1 +1 +child protection person",
        r"about the headteacher +1 +1 +chair of governors",
        r"complaint +1 +1",
        r"figure of speech +1 +1",
        r"another school of that name +2 +2",
    ):
        assert re.search(rf"(?m)^ *{row} *$", said), (row, said)
    assert re.search(r"The first alert came \d+\.\d s after the start", said)
    assert all(c.isprintable() or c == "\n" for c in said)
    assert "bitch" not in said  # the words of a post are never shown
    assert said.count("Slack, private channel: ") == 6
    assert (
        "6 Slack messages; restricted cases: none of 2; cases about a reader: none of 1, as it must" in said
    )
    assert len(list((keep / "mails").glob("*.eml"))) == 9
    assert (keep / "config" / "secrets" / "slack_token").stat().st_mode & 0o777 == 0o600
    _can_be_looked_at(keep)


def _can_be_looked_at(keep: Path) -> None:
    command = [sys.executable, "-m", "monitor", "show", "1", "--config", str(keep / "config")]
    shown = subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.startswith("Case 1: ")


@pytest.mark.slow
@pytest.mark.timeout(60)
@pytest.mark.parametrize("told", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_when_told_and_leaves_nothing(tmp_path: Path, told: signal.Signals) -> None:
    with demo(folder=tmp_path) as process:
        said = read_until(process, "posts arrive")
        assert list(tmp_path.glob("mentionwatch-demo-*"))
        service = service_of(tmp_path)
        process.send_signal(told)
        rest, _ = process.communicate()
    assert process.returncode == 0, said + rest
    assert "had not arrived yet" in rest
    assert not is_alive(service)
    assert not list(tmp_path.glob("mentionwatch-demo-*"))


@pytest.mark.slow
@pytest.mark.timeout(60)
def test_a_service_that_dies_is_reported(tmp_path: Path) -> None:
    with demo("--for", "50", folder=tmp_path) as process:
        read_until(process, "posts arrive")
        os.kill(service_of(tmp_path), signal.SIGKILL)
        said, _ = process.communicate()
    assert process.returncode == 1
    assert "The service ended with exit code -9. It said last:" in said
    assert "ready: 1 school(s)" in said
    assert not list(tmp_path.glob("mentionwatch-demo-*"))


@pytest.mark.timeout(60)
def test_a_port_that_is_taken_is_said(tmp_path: Path) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        demo("--port", str(taken.getsockname()[1]), folder=tmp_path) as process,
    ):
        said, _ = process.communicate()
    assert process.returncode == 2
    assert "--port: port" in said
    assert not list(tmp_path.glob("mentionwatch-demo-*"))


@pytest.mark.timeout(60)
def test_a_folder_that_holds_something_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "answers.toml").write_text("mine", encoding="utf-8")
    with demo("--keep", str(tmp_path), folder=Path(tempfile.gettempdir())) as process:
        said, _ = process.communicate()
    assert process.returncode == 2
    assert "there is something here already" in said
    assert [path.name for path in tmp_path.iterdir()] == ["answers.toml"]
