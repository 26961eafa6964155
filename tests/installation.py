"""A real installation in a folder of its own, for tests: written by `init`, run as processes."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


class Installation:
    """Configuration, data and processes of one invented school (an example's answers)."""

    def __init__(self, folder: Path, *, mail_port: int, example: str = "primary") -> None:
        self.folder = folder
        self.config = folder / "installed"
        self._log = folder / "service.log"
        answers = ROOT / "examples" / example / "answers.toml"
        self.mentionwatch("init", str(self.config), "--answers", str(answers), plain=True)
        self.edit("mentionwatch.toml", r"(?m)^port = \d+$", f"port = {mail_port}")
        self.write("sources.toml", "")

    @property
    def database(self) -> Path:
        return self.config / "data" / "mentionwatch.db"

    def write(self, name: str, words: str) -> Path:
        path = self.config / name
        path.write_text(words, encoding="utf-8")
        return path

    def edit(self, name: str, pattern: str, replacement: str) -> None:
        path = self.config / name
        words, count = re.subn(pattern, replacement, path.read_text(encoding="utf-8"))
        assert count, f"{pattern} is not in {name}"
        path.write_text(words, encoding="utf-8")

    def file(self, name: str, posts: Iterable[Mapping[str, Any]]) -> Path:
        """Posts as a JSON-lines file."""
        path = self.folder / name
        path.write_text("".join(json.dumps(dict(post)) + "\n" for post in posts), encoding="utf-8")
        return path

    def mentionwatch(
        self, *words: str, check: bool = True, plain: bool = False, stdin: bytes | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        """Run a command to its end."""
        done = subprocess.run(
            self._command(words, plain),
            capture_output=True,
            input=stdin,
            timeout=300,
            env=self._environment(),
        )
        if check:
            assert done.returncode == 0, done.stderr.decode()
        return done

    def start(self, *words: str, **environment: str) -> subprocess.Popen[bytes]:
        """Start a command; what it says goes to the log."""
        with self._log.open("ab") as log:
            return subprocess.Popen(
                self._command(words, False), stdout=log, stderr=log, env=self._environment() | environment
            )

    def log(self) -> str:
        return self._log.read_text(encoding="utf-8") if self._log.exists() else ""

    def _command(self, words: tuple[str, ...], plain: bool) -> list[str]:
        where = [] if plain else ["--config", str(self.config)]
        return [sys.executable, "-m", "monitor", *words, *where]

    def _environment(self) -> dict[str, str]:
        return {**os.environ, "PYTHONPATH": str(ROOT)}
