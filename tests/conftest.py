"""Fixtures for every package's tests, and the list of what could not run on this machine.

A test that needs a part of the operating system says so: `@pytest.mark.needs("PostgreSQL server")`.
Where the part is missing the test is left out and named at the end of the run; with
MENTIONWATCH_ALL_PARTS=1 in the environment (as .ci/run sets it) a missing part fails the run.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from postgres import Cluster, binaries
from sqlalchemy import Engine

from monitor.database import migrate, open_engine

PARTS: Mapping[str, Callable[[], bool]] = {
    "PostgreSQL server": lambda: binaries() is not None,
    "systemd-analyze": lambda: shutil.which("systemd-analyze") is not None,
}
MISSING = pytest.StashKey[dict[str, list[str]]]()
ALL_PARTS = "MENTIONWATCH_ALL_PARTS"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "needs(part): a part of the operating system, see tests/conftest.py")
    config.stash[MISSING] = {}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    there = {name: check() for name, check in PARTS.items()}
    left: list[pytest.Item] = []
    for item in items:
        wanted = [mark.args[0] for mark in item.iter_markers("needs")]
        missing = [part for part in wanted if not there[part]]
        for part in missing:
            config.stash[MISSING].setdefault(part, []).append(item.nodeid)
        if missing:
            left.append(item)
    if left:
        gone = set(left)
        items[:] = [item for item in items if item not in gone]
        config.hook.pytest_deselected(items=left)


def pytest_sessionfinish(session: pytest.Session) -> None:
    if session.config.stash[MISSING] and os.environ.get(ALL_PARTS) == "1":
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for part, tests in config.stash[MISSING].items():
        terminalreporter.write_line(f"could not run for want of: {part} ({len(tests)} tests)", yellow=True)
        if os.environ.get(ALL_PARTS) == "1":
            terminalreporter.write_line(f"{ALL_PARTS}=1: a missing part is a failure", red=True)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A private PostgreSQL server; only for tests marked `needs("PostgreSQL server")`."""
    with Cluster() as running:
        yield running


@pytest.fixture
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An empty migrated database: SQLite, or PostgreSQL where the test asks for it by `indirect`."""
    made = open_engine(database_url(request, tmp_path))
    migrate(made)
    yield made
    made.dispose()


def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if getattr(request, "param", "sqlite") == "postgresql":
        running: Cluster = request.getfixturevalue("cluster")
        return running.fresh()
    return f"sqlite:///{tmp_path / 'store.db'}"


@pytest.fixture
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Address of an empty database that nobody has migrated yet."""
    return database_url(request, tmp_path)
