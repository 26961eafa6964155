"""Opening, migrations from every older state, the locks."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, text

import monitor.audit_records  # noqa: F401 - its tables stand in the same metadata
from monitor.database import migrate, only_daemon, only_sender, open_engine, writing
from monitor.errors import AlreadyRunning, StoreError
from monitor.records import metadata

BOTH = ["sqlite", pytest.param("postgresql", marks=pytest.mark.needs("PostgreSQL server"))]
ON_BOTH = pytest.mark.parametrize("engine", BOTH, indirect=True)

OLD_ROWS = """
INSERT INTO source_state (name, next_check_at, failure_count, reason, notices)
    VALUES ('s', '2026-01-02 03:04:05', 0, '', '[]');
INSERT INTO post (id, key, school, source, platform, external_id, url, kind, language, fetched_at, deleted,
    own, version, fingerprint)
    VALUES (1, 'k', 'marrowby', 's', 'web', '1', '', 'post', '', '2026-01-02 03:04:05', false, false, 1, 'f');
INSERT INTO content (post_id, version, author_name, author_handle, title, text, context)
    VALUES (1, 1, '', '', '', 'kept words', '');
"""


@ON_BOTH
def test_models_and_migrations_agree(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


@ON_BOTH
def test_migrating_again_changes_nothing(engine: Engine) -> None:
    migrate(engine)
    migrate(engine)


@pytest.mark.parametrize("url", BOTH, indirect=True)
def test_an_older_database_keeps_its_rows(url: str) -> None:
    engine = open_engine(url)
    migrate(engine, "0001")
    with writing(engine) as connection:
        for statement in filter(str.strip, OLD_ROWS.split(";")):
            connection.execute(text(statement))
    migrate(engine)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT text FROM content")) == "kept words"
        assert connection.scalar(text("SELECT backlog FROM post")) in (False, 0)
        assert connection.scalar(text("SELECT name FROM source_state")) == "s"
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


@ON_BOTH
def test_a_later_database_is_refused(engine: Engine) -> None:
    with writing(engine) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match=r"of a later version \(9999\)"):
        migrate(engine)


@ON_BOTH
def test_a_failed_transaction_leaves_nothing(engine: Engine) -> None:
    def broken() -> None:
        with writing(engine) as connection:
            connection.execute(text("INSERT INTO step_run VALUES ('s', '2026-01-02 03:04:05', 1, '')"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        broken()
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM step_run")) == 0


@ON_BOTH
def test_one_sender_at_a_time(engine: Engine, tmp_path: Path) -> None:
    with only_sender(engine, tmp_path) as first, only_sender(engine, tmp_path) as second:
        assert (first, second) == (True, False)
    with only_sender(engine, tmp_path) as again:
        assert again


def test_the_senders_lock_dies_with_its_process(engine: Engine, tmp_path: Path) -> None:
    script = (
        "import sys, os, signal; from pathlib import Path\n"
        "from monitor.database import only_sender, open_engine\n"
        "with only_sender(open_engine(sys.argv[1]), Path(sys.argv[2])) as alone:\n"
        "    assert alone; os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    url = engine.url.render_as_string()
    done = subprocess.run([sys.executable, "-c", script, url, str(tmp_path)], check=False)
    assert done.returncode == -9
    with only_sender(engine, tmp_path) as alone:
        assert alone


def test_one_daemon_at_a_time(tmp_path: Path) -> None:
    data = tmp_path / "deep" / "data"
    with only_daemon(data), pytest.raises(AlreadyRunning, match="already runs"), only_daemon(data):
        raise AssertionError
    with only_daemon(data):
        assert data.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("no url at all", "sqlite:///FILE"),
        ("nosuchthing://x/y", "no driver"),
        ("mysql+pymysql://x/y", "no driver"),
    ],
)
def test_a_url_that_does_not_work(url: str, says: str) -> None:
    with pytest.raises(StoreError, match=says):
        open_engine(url)


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    file.write_bytes(b"a letter to the parents\n" * 100)
    engine = open_engine(f"sqlite:///{file}")
    with pytest.raises(StoreError, match="can not be opened"):
        migrate(engine)
    engine.dispose()
    assert file.read_bytes().startswith(b"a letter")


@pytest.mark.needs("PostgreSQL server")
def test_a_server_that_is_away(tmp_path: Path) -> None:
    engine = open_engine(f"postgresql+psycopg://tester@/x?host={tmp_path}")
    with pytest.raises(StoreError, match="can not be opened"):
        migrate(engine)
    engine.dispose()


def test_a_folder_that_can_not_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="can not be made"):
        open_engine(f"sqlite:///{tmp_path}/file/store.db")


def test_erased_words_are_gone_from_the_file(engine: Engine, tmp_path: Path) -> None:
    marker = "quetzalcoatlus" * 20
    with writing(engine) as connection:
        connection.execute(text("INSERT INTO step_run VALUES (:m, '2026-01-02', 1, '')"), {"m": marker})
    with writing(engine) as connection:
        connection.execute(text("DELETE FROM step_run"))
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    assert marker.encode() not in (tmp_path / "store.db").read_bytes()


def test_readers_do_not_wait_for_a_writer(engine: Engine) -> None:
    with writing(engine) as connection:
        connection.execute(text("INSERT INTO step_run VALUES ('s', '2026-01-02', 1, '')"))
        with engine.connect() as reader:
            assert reader.scalar(text("SELECT count(*) FROM step_run")) == 0


def test_foreign_keys_hold(engine: Engine) -> None:
    with engine.connect() as connection:
        assert connection.scalar(text("PRAGMA foreign_keys")) == 1
        assert connection.scalar(text("PRAGMA journal_mode")) == "wal"
    assert os.path.exists(str(engine.url.database))
