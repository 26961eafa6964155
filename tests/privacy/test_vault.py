"""The sealed partition: ciphertext in every file, one key to open it, and alerts without any key."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from builders import NOW, judged, later, rows, settings
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, update

from config.settings import Settings
from monitor import health, keys, triage, vault
from monitor.keys import KeyTrouble, fresh
from monitor.minimise import NO_KEY, Words
from monitor.records import CONTENT, DELIVERY, EVIDENCE, EXTRACT
from monitor.store import Store

MARKER = "quokkamarker"
GRAVE = {"severity": 3, "category": "child_at_risk"}


@pytest.fixture
def config(tmp_path: Path) -> Settings:
    keys.make(tmp_path)
    return settings(tmp_path)


def grave(engine: Engine, config: Settings, count: int = 1) -> Store:
    for number in range(count):
        judged(engine, f"{MARKER} number {number}", str(number), title=f"{MARKER}title", **GRAVE)
    store = Store(engine)
    assert triage.run(store, config, NOW) == count
    return store


def everything(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())


@pytest.mark.pbd("PBD-25")
def test_the_open_file_and_its_backup_show_ciphertext_only(
    engine: Engine, config: Settings, tmp_path: Path
) -> None:
    grave(engine, config)
    with closing(sqlite3.connect(tmp_path / "store.db")) as source:
        with closing(sqlite3.connect(tmp_path / "backup.db")) as copy:
            source.backup(copy)
        source.execute("VACUUM INTO ?", (str(tmp_path / "second.db"),))
    assert MARKER.encode() not in everything(tmp_path)
    (row,) = rows(engine, EVIDENCE)
    assert (rows(engine, CONTENT), rows(engine, EXTRACT)) == ([], [])
    words = vault.unseal(keys.ring_of(tmp_path), row)
    assert (words.text, words.title) == (f"{MARKER} number 0", f"{MARKER}title")
    assert words.sha256() == row.sha256


@given(st.text(), st.text(), st.integers(1, 2**31), st.integers(1, 99))
def test_what_is_sealed_opens_again(text: str, name: str, post: int, version: int) -> None:
    words = Words(
        author_name=name.encode("utf-8", "replace").decode(), text=text.encode("utf-8", "replace").decode()
    )
    ring = fresh()
    sealed = vault.seal(ring, words, post, version)
    assert vault.unseal(fresh(ring), Row(sealed.key_id, sealed.blob, post, version)) == words


class Row:
    """An evidence row's look."""

    def __init__(self, key_id: str, sealed: bytes, post_id: int, version: int) -> None:
        self.key_id, self.sealed, self.post_id, self.version, self.note = key_id, sealed, post_id, version, ""


@pytest.mark.pbd("PBD-25")
def test_a_blob_opens_in_its_own_row_and_whole_only() -> None:
    ring = fresh()
    sealed = vault.seal(ring, Words(text="x"), 7, 1)
    flipped = sealed.blob[:-1] + bytes([sealed.blob[-1] ^ 1])
    for blob, post, version in ((sealed.blob, 8, 1), (sealed.blob, 7, 2), (flipped, 7, 1), (b"", 7, 1)):
        with pytest.raises(KeyTrouble):
            vault.unseal(ring, Row(sealed.key_id, blob, post, version))
    with pytest.raises(KeyTrouble, match="escrow"):
        vault.unseal(fresh(), Row(sealed.key_id, sealed.blob, 7, 1))


def said(engine: Engine, config: Settings) -> str:
    return "\n".join(health.problems(engine, [], config, later(minutes=1)))


def test_without_a_key_the_alert_goes_and_health_is_loud(engine: Engine, tmp_path: Path) -> None:
    config = settings(tmp_path)
    grave(engine, config)
    assert len(rows(engine, DELIVERY)) > 0
    (row,) = rows(engine, EVIDENCE)
    assert (row.sealed, row.key_id, row.note, len(row.sha256)) == (b"", "", NO_KEY, 32)
    assert MARKER.encode() not in everything(tmp_path)
    assert "EVIDENCE IS NOT KEPT" in said(engine, config)
    assert "1 grave post(s) were found without a key" in said(engine, config)


def test_a_broken_key_is_a_missing_key(engine: Engine, tmp_path: Path) -> None:
    config = settings(tmp_path)
    file = keys.make(tmp_path)
    assert file is not None
    file.write_text("rubbish\n")
    grave(engine, config)
    assert len(rows(engine, DELIVERY)) > 0
    assert "rubbish" not in said(engine, config)


def test_another_key_is_said(engine: Engine, config: Settings, tmp_path: Path) -> None:
    grave(engine, config)
    assert "key" not in said(engine, config)
    keys.write(fresh(), tmp_path / "secrets" / "vault_key")
    assert "1 piece(s) of evidence are sealed with key" in said(engine, config)


def test_a_rotation_seals_everything_again_and_can_be_cut_short(
    engine: Engine, config: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = grave(engine, config, 5)
    old = keys.ring_of(tmp_path)
    both = fresh(old)
    monkeypatch.setattr(vault, "BATCH", 2)
    assert vault.rotate(store, both, Once()) == 2
    assert vault.rotate(store, both) == 3
    assert vault.rotate(store, both) == 0
    new = replace(both, keys=both.keys[1:])
    assert {vault.unseal(new, row).title for row in rows(engine, EVIDENCE)} == {f"{MARKER}title"}


class Once:
    """A stop that comes after the first look."""

    def __init__(self) -> None:
        self.looks = 0

    def is_set(self) -> bool:
        self.looks += 1
        return self.looks > 1


def test_a_damaged_row_does_not_stop_a_rotation(engine: Engine, config: Settings, tmp_path: Path) -> None:
    store = grave(engine, config, 2)
    with engine.begin() as connection:
        connection.execute(update(EVIDENCE).where(EVIDENCE.c.post_id == 1).values(sealed=b"x" * 40))
    both = fresh(keys.ring_of(tmp_path))
    assert vault.rotate(store, both) == 1
    assert [row.key_id for row in rows(engine, EVIDENCE)] == list(both.ids)
