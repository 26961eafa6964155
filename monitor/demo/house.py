"""The invented school's installation for one run of the demo: its configuration and the service itself.

The service is a process of its own, started by the same command as in earnest.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from types import TracebackType

from config.answers import write_from_answers
from monitor import keys
from monitor.works import options_of

STOP_WITHIN = 10.0  # seconds; then the service is killed
LAST_LINES = 15


@dataclass(frozen=True, slots=True)
class Neighbours:
    """What the service talks to: hosts with their ports, and the token of the Slack channel."""

    site: str
    network: str
    slack: str
    mail_port: int
    slack_token: str

    def into(self, answers: str) -> str:
        """The answers with these addresses in place of those that stand in the file."""
        places = {
            "127.0.0.1:8091": self.site,
            "127.0.0.1:8092": self.network,
            "127.0.0.1:8093": self.slack,
            "port = 8025": f"port = {self.mail_port}",
        }
        for written, real in places.items():
            answers = answers.replace(written, real)
        return answers


class House:
    """Configuration, data and service of the demo in one folder; leaving the `with` block stops the service."""

    def __init__(self, folder: Path, neighbours: Neighbours) -> None:
        """Write the configuration.

        Raises:
            config.faults.ConfigError: the folder holds one already, or it can not be written.
        """
        self.config = folder / "config"
        self._log = folder / "service.log"
        self._process: subprocess.Popen[bytes] | None = None
        answers = folder / "answers.toml"
        shipped = files("monitor.demo").joinpath("answers.toml").read_text("utf-8")
        answers.write_text(neighbours.into(shipped), encoding="utf-8")
        write_from_answers(answers, self.config, options_of)
        keys.make(self.config)
        _write_secret(self.config / "secrets" / "slack_token", neighbours.slack_token)

    def start(self) -> None:
        """Start the service; away from the terminal's Ctrl-C, which the demo hands on in its own time."""
        command = [sys.executable, "-m", "monitor", "run", "--config", str(self.config)]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )

    @property
    def is_ready(self) -> bool:
        """Whether the service has said that it polls."""
        return ": ready: " in self._said()

    @property
    def exit_code(self) -> int | None:
        """None while the service runs."""
        return self._process.poll() if self._process is not None else None

    def last_lines(self) -> list[str]:
        """What the service said last, for the person who asks why it ended."""
        return self._said().splitlines()[-LAST_LINES:]

    def stop(self) -> None:
        """End the service: asked first, killed after ten seconds."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_WITHIN)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def __enter__(self) -> House:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _said(self) -> str:
        return self._log.read_text("utf-8", "replace") if self._log.exists() else ""


def _write_secret(file: Path, value: str) -> None:
    """A file that nobody else on this machine can read, from its first moment on."""
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
        out.write(value + "\n")
