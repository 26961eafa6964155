"""The installed service for one acceptance run: configured by `init`, run as a process as systemd runs it."""

from __future__ import annotations

import json
import signal
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import tomlkit
from processes import Broken, Group, output_of, until

ROOT = Path(__file__).resolve().parents[2]
ANSWERS = ROOT / "examples" / "primary" / "answers.toml"
COMMAND = Path(sys.executable).parent / "mentionwatch"
NEWS, COMMENTS = "larkhill-news", "larkhill-comments"


class Service:
    """One configuration folder, and the daemon on it while it runs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "config"
        self.log_file = folder / "service.log"
        self._environment: dict[str, str] = {}
        self._daemon: Group | None = None

    def init(self) -> None:
        """Write the configuration of the invented primary school."""
        output_of([COMMAND, "init", self.config, "--answers", ANSWERS])

    def trust(self, authority: Path) -> None:
        """Let the daemon trust a certificate authority that the machine does not know (OpenSSL's variable)."""
        self._environment["SSL_CERT_FILE"] = str(authority)

    def change(self, name: str, edit: Callable[[Any], None]) -> None:
        """Edit one TOML file of the configuration as a person would, comments and order kept."""
        path = self.config / name
        words = tomlkit.parse(path.read_text(encoding="utf-8"))
        edit(words)
        path.write_text(tomlkit.dumps(words), encoding="utf-8")

    def secret(self, name: str, value: str) -> None:
        """Keep a secret in the folder's `secrets`, closed to others."""
        file = self.config / "secrets" / name
        file.parent.mkdir(mode=0o700, exist_ok=True)
        file.touch(mode=0o600)
        file.write_text(value, encoding="utf-8")

    def ask(self, *words: str) -> Any:
        """The JSON answer of a command; `health` ends with 1 when there is something to do."""
        return json.loads(output_of([COMMAND, *words, "--json", "--config", self.config], fine=(0, 1)))

    def check(self) -> str:
        """What `check` says against the configuration; empty when it is sound."""
        try:
            output_of([COMMAND, "check", "--config", self.config])
        except Broken as refused:
            return str(refused)
        return ""

    def start(self, *, trusting: bool = True) -> float:
        """Start the daemon; gives the seconds until it says that it is ready.

        Without `trusting` it knows the machine's own certificate authorities only.
        """
        said = self.log().count("ready:")
        command: list[str | Path] = [COMMAND, "run", "--no-console", "--config", self.config]
        environment = self._environment if trusting else {}
        self._daemon = Group(command, self.log_file, environment=environment)
        return self.hears("ready:", said)

    def hears(self, words: str, before: int, seconds: float = 40.0) -> float:
        """Wait until the log holds these words more often than `before`; gives the seconds waited."""
        return until(lambda: self.log().count(words) > before, seconds, f"the service says '{words}'")

    def kill(self) -> None:
        """SIGKILL: no chance to finish anything."""
        self._running.send(signal.SIGKILL)
        self._running.process.wait(10)

    def reload(self, expected: str) -> None:
        """SIGHUP, and wait for what the service is to say about it."""
        before = self.log().count(expected)
        self._running.send(signal.SIGHUP)
        self.hears(expected, before)

    def terminate(self) -> tuple[float, int]:
        """SIGTERM; gives the seconds until it was gone and its exit code."""
        began = time.monotonic()
        self._running.send(signal.SIGTERM)
        code = self._running.process.wait(30)
        return time.monotonic() - began, code

    def stop(self) -> None:
        """End what still runs, at the end of the acceptance run."""
        if self._daemon is not None:
            self._daemon.stop()

    @property
    def alive(self) -> bool:
        return self._daemon is not None and self._daemon.alive

    def log(self) -> str:
        if not self.log_file.exists():
            return ""
        return self.log_file.read_text(encoding="utf-8", errors="replace")

    def kept(self) -> bytes:
        """Everything that the service keeps on disk, and its log."""
        files = [path for path in (self.config / "data").rglob("*") if path.is_file()]
        return b"".join(path.read_bytes() for path in files) + self.log().encode()

    @property
    def _running(self) -> Group:
        if self._daemon is None or not self._daemon.alive:
            raise Broken(f"the service is not running; its log ends: {self.log()[-2000:]}")
        return self._daemon


def point_at(site: str, host: str, mail: Mapping[str, Any], service: Service) -> None:
    """Turn the invented school's configuration to the real site and the real mail server.

    Only its own two feeds stay; they are asked as often as the configuration allows.
    """

    def main(words: Any) -> None:
        words["service"]["allow_hosts"] = [host]
        words["service"]["poll_gap"] = 0
        words["email"].update(mail)

    def sources(words: Any) -> None:
        pages = {NEWS: "/feed/", COMMENTS: "/comments/feed/"}
        words["source"] = tomlkit.aot()
        for name, page in pages.items():
            words["source"].append(
                tomlkit.item(
                    {
                        "name": name,
                        "kind": "feed",
                        "school": "larkhill",
                        "own": True,
                        "every": "30s",
                        "url": site + page,
                        "platform": "school_site",
                    }
                )
            )

    service.change("mentionwatch.toml", main)
    service.change("sources.toml", sources)
