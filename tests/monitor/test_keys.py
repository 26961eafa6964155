"""The ring: made once, read strictly, never shown, and brought back from its escrow copy."""

from __future__ import annotations

from pathlib import Path

import pytest
from builders import NOW

from config.faults import SecretMissing
from config.secrets import Secret
from monitor.keys import (
    KeyTrouble,
    escrow,
    fresh,
    key_id,
    make,
    paper,
    read,
    restore,
    ring_of,
    spelled,
    write,
)

PHRASE = "four words of rain"


def test_a_key_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    file = make(tmp_path)
    assert file == tmp_path / "secrets" / "vault_key"
    assert file.stat().st_mode & 0o777 == 0o600
    before = ring_of(tmp_path)
    assert make(tmp_path) is None
    assert ring_of(tmp_path) == before


def test_a_rotation_adds_and_the_newest_seals(tmp_path: Path) -> None:
    one = fresh()
    two = fresh(one)
    assert (two.keys[0], two.newest) == (one.newest, two.keys[1])
    write(two, Secret("vault_key", tmp_path).file)
    assert ring_of(tmp_path) == two
    assert two.find(key_id(one.newest)) == one.newest
    assert two.find("0" * 12) is None


def test_no_key_is_ever_shown() -> None:
    ring = fresh()
    assert spelled(ring) not in repr(ring) + str(ring)
    assert key_id(ring.newest) in repr(ring)


@pytest.mark.parametrize("words", ["", "   ", "not base64!", "c2hvcnQ="])
def test_what_is_no_ring_is_refused_without_being_quoted(words: str) -> None:
    with pytest.raises(KeyTrouble) as error:
        read(words)
    assert not words.strip() or words not in str(error.value)


def test_no_key_says_where_to_put_one(tmp_path: Path) -> None:
    with pytest.raises(SecretMissing):
        ring_of(tmp_path)


@pytest.mark.pbd("PBD-25")
def test_the_escrow_copy_opens_with_its_passphrase_alone() -> None:
    ring = fresh(fresh())
    copy = escrow(ring, PHRASE)
    assert restore(copy, PHRASE) == ring
    assert restore(copy.replace(b"\n", b"\r\n").replace(b"\r\n", b"\n", 1), f" {PHRASE} ") == ring
    for bad, phrase in (
        (copy, "four words of snow"),
        (b"x" + copy, PHRASE),
        (copy[:-9] + b"AAAAAAA=\n", PHRASE),
    ):
        with pytest.raises(KeyTrouble):
            restore(bad, phrase)
    assert not any(word.encode() in copy for word in spelled(ring).split())
    page = paper(copy, ring, NOW)
    assert copy.decode() in page
    assert ring.ids[0] in page


def test_a_short_passphrase_is_refused() -> None:
    with pytest.raises(KeyTrouble, match="at least 12"):
        escrow(fresh(), "short")
