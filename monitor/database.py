"""The engine behind the store: opening, one kind of transaction for writers, migrations, locks.

SQLite (the default) runs in WAL mode so that readers never wait, with
`secure_delete` so that erased words are gone from the file, foreign keys on and
a busy timeout. Any SQLAlchemy URL is accepted; nothing above this module knows
which database it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from filelock import FileLock, Timeout
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.pool import ConnectionPoolEntry

from monitor.errors import AlreadyRunning, StoreError

BUSY_FOR = 30  # seconds a writer waits for another process's transaction before it gives up
PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=NORMAL",  # a killed process loses nothing; WAL stays whole on power loss
    "PRAGMA foreign_keys=ON",
    "PRAGMA secure_delete=ON",
    f"PRAGMA busy_timeout={BUSY_FOR * 1000}",
)
WRITER = 0x6D77_0001  # PostgreSQL advisory lock numbers: "mw" and a count
SENDER = 0x6D77_0002


def open_engine(url: str) -> Engine:
    """An engine for `url`; the folder of an SQLite file is made when it is missing.

    Raises:
        StoreError: the URL can not be understood or its driver is not installed.
    """
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite" and parsed.database and parsed.database != ":memory:":
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            Path(parsed.database).touch(mode=0o600)  # its log and index files take the same rights
        engine = create_engine(parsed, pool_pre_ping=parsed.get_backend_name() != "sqlite")
    except (NoSuchModuleError, ModuleNotFoundError) as error:
        raise StoreError(
            f"no driver for this database is installed ({error}); for PostgreSQL install mentionwatch[postgres]"
        ) from error
    except ArgumentError as error:  # after its own subclass above
        raise StoreError(
            "the database URL can not be read; write it as sqlite:///FILE or "
            "postgresql+psycopg://USER@HOST/NAME"
        ) from error
    except OSError as error:
        raise StoreError(f"the folder of the database can not be made: {error}") from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_pragmas)
        event.listen(engine, "begin", _begin)
    return engine


def _set_pragmas(connection: Any, _entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # the driver's own BEGIN comes too late; ours is below
    for pragma in PRAGMAS:
        connection.execute(pragma)


def _begin(connection: Connection) -> None:
    writing = connection.get_execution_options().get("writing", False)
    # IMMEDIATE: a reader that turns writer half-way could not wait and would fail
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One transaction of the one writer; it is kept whole or not at all.

    Writers of all threads and processes stand in one queue, so what a step reads
    inside is still true when it writes.
    """
    with engine.connect().execution_options(writing=True) as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": WRITER})
        yield connection


def migrate(engine: Engine, revision: str = "head") -> None:
    """Bring the tables to `revision` (forward only), from an empty or an older database.

    Raises:
        StoreError: the database was made by a later version, or can not be reached.
    """
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    try:
        if revision == "head" and _is_current(engine, ScriptDirectory.from_config(config)):
            return  # a command that only reads needs not wait for the writer
        with writing(engine) as connection:
            current = MigrationContext.configure(connection).get_current_revision()
            if current is not None and current not in known:
                raise StoreError(
                    f"the database is of a later version ({current}) than this program; "
                    "install that version again or restore an older backup"
                )
            config.attributes["connection"] = connection
            command.upgrade(config, revision)
    except DBAPIError as error:  # out of reach, no room, no right, or no database at all
        raise StoreError(f"the database can not be opened: {error.orig}") from error


def _is_current(engine: Engine, scripts: ScriptDirectory) -> bool:
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() == scripts.get_current_head()


@contextmanager
def only_sender(engine: Engine, data_dir: Path) -> Iterator[bool]:
    """True inside for at most one process at a time: whoever holds it may send messages.

    The lock dies with its process, so a lease that its holder finds was left by
    a process that is gone (house rule 5: at most one duplicate).
    """
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            held = bool(connection.scalar(text("SELECT pg_try_advisory_lock(:n)"), {"n": SENDER}))
            try:
                yield held
            finally:
                if held:
                    connection.execute(text("SELECT pg_advisory_unlock(:n)"), {"n": SENDER})
        return
    lock = FileLock(data_dir / "sender.lock", mode=0o600)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        yield False
        return
    try:
        yield True
    finally:
        lock.release()


@contextmanager
def only_daemon(data_dir: Path) -> Iterator[None]:
    """Held by `run` for its whole life.

    Raises:
        AlreadyRunning: another `run` works on this data folder.
    """
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = FileLock(data_dir / "daemon.lock", mode=0o600)
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise AlreadyRunning(f"mentionwatch already runs on {data_dir}; stop that one first") from error
    try:
        yield
    finally:
        lock.release()
