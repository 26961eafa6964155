"""Making deletion complete: what was deleted leaves the write-ahead log and the free pages.

`secure_delete` (database.py) overwrites deleted rows in the file with zeros; the
write-ahead log still holds what was written before, until it is emptied here.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine

PATIENCE = 500  # milliseconds; a reader in the middle of something is not worth more, it is done again soon
FREE_SHARE = 0.25  # of the file's pages; then it is written anew
FREE_LEAST = 256  # pages; below it is not worth the trouble
LOG = logging.getLogger(__name__)


@contextmanager
def _bare(engine: Engine) -> Iterator[Any]:
    """SQLite's own connection outside any transaction, and impatient."""
    connection = engine.raw_connection()
    try:
        cursor = connection.cursor()
        (before,) = cursor.execute("PRAGMA busy_timeout").fetchone()
        cursor.execute(f"PRAGMA busy_timeout={PATIENCE}")
        try:
            yield cursor
        finally:
            cursor.execute(f"PRAGMA busy_timeout={before}")
            cursor.close()
    finally:
        connection.close()


def settle(engine: Engine) -> bool:
    """Empty SQLite's write-ahead log; False when a reader was in the way. Other databases: nothing to do."""
    if engine.dialect.name != "sqlite":
        return True
    with _bare(engine) as cursor:
        busy, *_ = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return not busy


def sweep(engine: Engine, tables: tuple[str, ...]) -> None:
    """After a round of deleting: empty the log, and give free pages back when they have become many.

    PostgreSQL keeps deleted rows until a vacuum; its own log and its archives
    follow the server's settings, which the operator must hold to 35 days (docs).
    """
    if engine.dialect.name == "sqlite":
        settle(engine)
        _write_anew(engine)
        settle(engine)
    elif engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql(f"VACUUM {', '.join(tables)}")


def _write_anew(engine: Engine) -> None:
    """VACUUM when a quarter of the file is free pages; they hold zeros already (secure_delete)."""
    with _bare(engine) as cursor:
        (free,) = cursor.execute("PRAGMA freelist_count").fetchone()
        (pages,) = cursor.execute("PRAGMA page_count").fetchone()
        if free <= FREE_LEAST or free <= pages * FREE_SHARE:
            return
        try:
            cursor.execute("VACUUM")
        except sqlite3.OperationalError:
            return  # somebody is at work; tomorrow is early enough, the pages hold nothing
    LOG.info("the database was written anew: %d of %d pages were free", free, pages)
