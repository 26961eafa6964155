"""A house for forced faults: marked names, words and secrets go in, and nothing that it says may hold one."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from installation import ROOT

NAME, WORD, SECRET = "Zyzzyvaton", "quokkabird", "hunterseventyseven"
MARKERS = (NAME, WORD, SECRET)
TEXT = f"That Mr Adeyinka at Larkhill Primary School is a useless fat pig, {WORD}, says {NAME}."
POST = {"id": "1", "text": TEXT, "author_name": NAME, "url": f"https://talk.example/{WORD}"}
WAIT = 40.0  # seconds for a slow machine; nothing here depends on how fast it is


@dataclass(frozen=True, slots=True)
class Said:
    code: int
    out: str
    err: str


class House:
    """A copied installation, and empty folders in which a process could leave things behind."""

    def __init__(self, folder: Path, template: Path) -> None:
        self.config = folder / "installed"
        shutil.copytree(template, self.config)
        self.room = folder / "room"
        self.room.mkdir()
        self.files = folder / "files"
        self.files.mkdir()

    def run(
        self,
        *words: str,
        stdin: bytes = b"",
        poison: str = "",
        before: Callable[[], None] | None = None,
        environment: Mapping[str, str] = {},
    ) -> Said:
        done = subprocess.run(
            [sys.executable, "-m", "monitor", *words],
            input=stdin,
            capture_output=True,
            timeout=120,
            cwd=self.room,
            env=self.environment(poison) | environment,
            preexec_fn=before,
        )
        return Said(done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode())

    def here(self, *words: str, poison: str = "", before: Callable[[], None] | None = None) -> Said:
        """A command on this house's configuration."""
        return self.run(*words, "--config", str(self.config), poison=poison, before=before)

    def start(self, *words: str, poison: str = "") -> subprocess.Popen[bytes]:
        with self.log_file.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "monitor", *words],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.room,
                env=self.environment(poison),
            )

    def environment(self, poison: str) -> dict[str, str]:
        """`poison` is run by every Python of the process before our own code: it spoils other people's packages."""
        spoilt = self.files / "spoilt"
        spoilt.mkdir(exist_ok=True)
        (spoilt / "sitecustomize.py").write_text(poison)
        kept = {k: v for k, v in os.environ.items() if k != "MENTIONWATCH_DEBUG"}
        places = dict.fromkeys(("HOME", "TMPDIR", "XDG_CACHE_HOME"), str(self.room))
        path = f"{spoilt}{os.pathsep}{ROOT}"
        return kept | places | {"PYTHONPATH": path, "COLUMNS": "300", "PYTHONDONTWRITEBYTECODE": "1"}

    @property
    def log_file(self) -> Path:
        return self.room / "service.log"

    def log(self) -> str:
        return self.log_file.read_text() if self.log_file.exists() else ""

    @property
    def database(self) -> Path:
        return self.config / "data" / "mentionwatch.db"

    def posts(self, *lines: object) -> str:
        """A file of posts; text stands in it as it is, so that it can be broken."""
        path = self.files / "posts.jsonl"
        text = "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)
        path.write_text(text, encoding="utf-8", errors="surrogatepass")
        return str(path)

    def secret(self, name: str, value: str) -> None:
        """Keep a secret as the configuration folder does: closed to others."""
        path = self.config / "secrets" / name
        path.parent.mkdir(mode=0o700, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(value)

    def change(self, name: str, old: str, new: str) -> None:
        path = self.config / name
        words = path.read_text()
        assert old in words
        path.write_text(words.replace(old, new, 1))

    def holds_nothing(self, *outputs: str) -> None:
        """No marker in what was said, nor in any file that was left behind."""
        left = [path.read_bytes().decode(errors="replace") for path in self.room.rglob("*") if path.is_file()]
        for words in (*outputs, *left):
            for marker in MARKERS:
                assert marker.casefold() not in words.casefold(), _around(words, marker)

    def kept_nothing(self, said: Said) -> None:
        self.holds_nothing(said.out, said.err)
        assert "Traceback" not in said.err


def _around(words: str, marker: str) -> str:
    at = words.casefold().find(marker.casefold())
    return f"{marker} stands in: …{words[max(at - 300, 0) : at + 80]}…"


def until(what: Callable[[], bool], house: House) -> None:
    end = time.monotonic() + WAIT
    while not what():
        assert time.monotonic() < end, house.log()
        time.sleep(0.05)
