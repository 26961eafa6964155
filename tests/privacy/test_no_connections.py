"""PBD-01: with no source and no channel the service reaches out to nobody.

The real daemon runs for some seconds under a guard: an audit hook of Python, set up before our code by a
`sitecustomize` of the test, writes down every `socket.connect`, `socket.sendto` and name look-up. Where the
machine lets us, it runs in a network namespace without any interface as well, so that nothing hidden in C
code could get out either. What would break it: telemetry, an update call, a model that is fetched at start,
a licence check, a clock from the network.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from installation import ROOT, Installation

GUARD = """
import os, sys
def watch(event, args):
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo", "socket.gethostbyname"):
        where = args[1] if event.startswith("socket.send") or event == "socket.connect" else args
        with open(os.environ["GUARD_FILE"], "a") as file:
            file.write(f"{event} {where!r}\\n")
sys.addaudithook(watch)
"""
WAIT = 60.0  # seconds for a slow machine to start the service
FOR = 4.0  # seconds that it then runs; every job looks for work at least twice

pytestmark = [pytest.mark.pbd("PBD-01"), pytest.mark.slow]


@pytest.fixture
def house(tmp_path: Path) -> Installation:
    """A school without a source and without a channel."""
    made = Installation(tmp_path, mail_port=1)
    made.edit("mentionwatch.toml", r"(?ms)^\[email\].*?(?=^\[alerts\])", "")
    made.edit("mentionwatch.toml", "printer = true", "printer = false")
    return made


def environment(folder: Path) -> dict[str, str]:
    guard = folder / "guard"
    guard.mkdir(exist_ok=True)
    (guard / "sitecustomize.py").write_text(GUARD)
    path = f"{guard}{os.pathsep}{ROOT}"
    return {**os.environ, "PYTHONPATH": path, "GUARD_FILE": str(folder / "seen.txt")}


def seen(folder: Path) -> list[str]:
    file = folder / "seen.txt"
    return file.read_text().splitlines() if file.exists() else []


def may_unshare() -> bool:
    tool = shutil.which("unshare")
    return tool is not None and subprocess.run([tool, "-n", "true"], capture_output=True).returncode == 0


def until(what: Callable[[], bool], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while not what():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def test_the_guard_sees_a_connection(tmp_path: Path) -> None:
    """Or the other tests would prove nothing."""
    code = "import socket\ntry: socket.create_connection(('127.0.0.1', 1), 1)\nexcept OSError: pass"
    subprocess.run([sys.executable, "-c", code], env=environment(tmp_path), check=True)
    assert [line.split()[0] for line in seen(tmp_path)] == ["socket.getaddrinfo", "socket.connect"]


@pytest.mark.parametrize("apart", [False, True], ids=["guarded", "no interface"])
def test_the_service_reaches_out_to_nobody(house: Installation, apart: bool) -> None:
    """The guard counts in both; without the right to make a namespace the second runs like the first."""
    before = ["unshare", "-n"] if apart and may_unshare() else []
    command = [*before, sys.executable, "-m", "monitor", "run", "--no-console", "--config", str(house.config)]
    log = house.folder / "said.txt"
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, env=environment(house.folder))
    try:
        assert until(lambda: "ready:" in log.read_text(), WAIT), log.read_text()
        assert not until(lambda: process.poll() is not None, FOR), log.read_text()  # it lives
        process.terminate()
        assert process.wait(20) == 0, log.read_text()
    finally:
        process.kill()
        process.wait(10)
    assert seen(house.folder) == []
    assert "ERROR" not in log.read_text()


def test_commands_reach_out_to_nobody(house: Installation) -> None:
    """Every step and list, with posts in it: nothing is fetched to read or to show them."""
    posts = house.file(
        "posts.jsonl", [{"id": "1", "text": "Mr Adeyinka at Larkhill Primary School is a useless fat pig."}]
    )
    words = [
        ["check"],
        ["ingest", str(posts)],
        *(["step", s] for s in ("poll", "assess", "triage", "deliver")),
    ]
    for command in (*words, ["cases"], ["show", "1"], ["health"]):
        done = subprocess.run(
            [sys.executable, "-m", "monitor", *command, "--config", str(house.config)],
            env=environment(house.folder),
            capture_output=True,
            timeout=WAIT,
        )
        assert b"Traceback" not in done.stderr
    assert seen(house.folder) == []
