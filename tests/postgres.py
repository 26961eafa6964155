"""A real PostgreSQL server in a folder of its own, reached over a Unix socket only."""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType

from sqlalchemy import create_engine, text

USER = "tester"


def binaries() -> Path | None:
    """The folder of the newest installed server's programs; None when there is none."""
    found = shutil.which("initdb")
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[-3]))
    return Path(found).parent if found else places[-1].parent if places else None


class Cluster:
    """Started on enter, stopped and removed on leave; `fresh` gives a new empty database."""

    def __init__(self) -> None:
        found = binaries()
        assert found is not None, "ask binaries() first"
        self._bin = found
        self._numbers = itertools.count(1)
        # not pytest's own folder: that one is closed to the user the server runs as
        self._folder = Path(tempfile.mkdtemp(prefix="mw-pg-"))
        self._data = self._folder / "data"

    def __enter__(self) -> Cluster:
        if os.getuid() == 0:  # the server refuses to run as root
            user = pwd.getpwnam(self._user())
            os.chown(self._folder, user.pw_uid, user.pw_gid)
        self._run("initdb", "-A", "trust", "-U", USER, "--no-sync", "-E", "UTF8", "-D", str(self._data))
        options = f"-k {self._folder} -c listen_addresses='' -c fsync=off -c max_connections=60"
        log = str(self._folder / "log")
        self._run("pg_ctl", "-D", str(self._data), "-l", log, "-o", options, "-w", "start")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._run("pg_ctl", "-D", str(self._data), "-m", "immediate", "-w", "stop")
        shutil.rmtree(self._folder)

    def fresh(self) -> str:
        """The address of a new empty database."""
        name = f"t{next(self._numbers)}"
        engine = create_engine(self._url("postgres"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        engine.dispose()
        return self._url(name)

    def _url(self, database: str) -> str:
        return f"postgresql+psycopg://{USER}@/{database}?host={self._folder}"

    def _user(self) -> str:
        names = {entry.pw_name for entry in pwd.getpwall()}
        return "postgres" if "postgres" in names else "nobody"

    def _run(self, program: str, *words: str) -> None:
        before = ["runuser", "-u", self._user(), "--"] if os.getuid() == 0 else []
        subprocess.run(
            [*before, str(self._bin / program), *words],
            check=True,
            cwd=self._folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
