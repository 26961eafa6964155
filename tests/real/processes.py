"""Processes of one acceptance run: started in groups of their own, watched, and all stopped again."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

LOOPBACK = "127.0.0.1"


class Broken(Exception):
    """Something did not hold, or did not come in time; the words say what."""


def free_port() -> int:
    """A TCP port on loopback that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def until(what: Callable[[], bool], seconds: float, or_else: str) -> float:
    """Look again and again until it is so; gives the seconds waited. Raises Broken at the deadline."""
    began = time.monotonic()
    while not what():
        if time.monotonic() - began > seconds:
            raise Broken(f"not within {seconds:.0f} s: {or_else}")
        time.sleep(0.1)
    return time.monotonic() - began


def answers(port: int) -> bool:
    """Whether something accepts connections on this port of loopback."""
    try:
        with socket.create_connection((LOOPBACK, port), timeout=1):
            return True
    except OSError:
        return False


def output_of(
    command: Sequence[str | Path],
    *,
    environment: Mapping[str, str] | None = None,
    fine: Collection[int] = (0,),
) -> str:
    """Run a command to its end and give its standard output.

    Raises Broken with what it said when its exit code is not among `fine`.
    """
    done = subprocess.run(
        [str(word) for word in command],
        capture_output=True,
        text=True,
        errors="replace",
        timeout=120,
        stdin=subprocess.DEVNULL,
        env={**os.environ, **(environment or {})},
    )
    if done.returncode not in fine:
        raise Broken(f"{command[0]} ended with {done.returncode}: {done.stderr or done.stdout}")
    return done.stdout


def missing_commands(names: Sequence[str]) -> list[str]:
    """Those of the commands that this machine does not have."""
    return [name for name in names if shutil.which(name) is None]


class Group:
    """One started command with everything that it starts itself; its words go to a log file."""

    def __init__(
        self,
        command: Sequence[str | Path],
        log: Path,
        *,
        cwd: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        with log.open("ab") as sink:
            self.process = subprocess.Popen(
                [str(word) for word in command],
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=sink,
                cwd=cwd,
                env={**os.environ, **(environment or {})},
                start_new_session=True,
            )
        self.log_file = log

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def log(self) -> str:
        return self.log_file.read_text(encoding="utf-8", errors="replace")

    def send(self, number: signal.Signals) -> None:
        """A signal to the started process alone."""
        self.process.send_signal(number)

    def stop(self, number: signal.Signals = signal.SIGTERM, patience: float = 15.0) -> None:
        """A signal to the whole group, and SIGKILL to what is left of it."""
        self._signal_all(number)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(patience)
        self._signal_all(signal.SIGKILL)
        self.process.wait(patience)

    def _signal_all(self, number: signal.Signals) -> None:
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            return
