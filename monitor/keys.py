"""The ring of keys that seals evidence: read, make, add to, put away and bring back.

A ring is one or more keys of 32 bytes, the newest last. The newest seals; all of
them open, so that a rotation may be killed at any moment. The ring is the secret
`vault_key` (`config.secrets`): each key in base64, apart by spaces or line ends.
A key's id is a hash of the key itself, so that a wrong key is known as one.

The escrow copy is the ring under a passphrase: scrypt (RFC 7914, N = 2^16, r = 8,
p = 1: 64 MiB and some tenths of a second a guess), then AES-256-GCM. Without a
copy, a lost key is lost evidence.
"""

from __future__ import annotations

import base64
import binascii
import os
import secrets
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from config.secrets import Secret
from monitor.errors import MonitorError

NAME = "vault_key"
KEY_BYTES = 32
SALT_BYTES = 16
NONCE_BYTES = 12
MAGIC = b"mentionwatch escrow 1\n"
SHORTEST = 12  # letters of an escrow passphrase


class KeyTrouble(MonitorError):
    """The ring, or its escrow copy, can not be used; says why and never quotes a key."""


@dataclass(frozen=True, slots=True, repr=False)
class Ring:
    """Keys, oldest first. Neither `repr` nor `str` shows one."""

    keys: tuple[bytes, ...]

    @property
    def newest(self) -> bytes:
        return self.keys[-1]

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(map(key_id, self.keys))

    def find(self, wanted: str) -> bytes | None:
        """The key with this id, or None."""
        return next((key for key in self.keys if key_id(key) == wanted), None)

    def __repr__(self) -> str:
        return f"Ring({', '.join(self.ids)})"


def key_id(key: bytes) -> str:
    """Twelve letters that name a key and tell nothing of it."""
    return blake2b(key, digest_size=6, person=b"mw-key-id").hexdigest()


def fresh(ring: Ring | None = None) -> Ring:
    """The ring with a new key added, which seals from now on."""
    return Ring(((*ring.keys,) if ring else ()) + (secrets.token_bytes(KEY_BYTES),))


def spelled(ring: Ring) -> str:
    """The ring as the secret's text; a secret itself."""
    return "\n".join(base64.b64encode(key).decode("ascii") for key in ring.keys)


def read(words: str) -> Ring:
    """The ring from the secret's text.

    Raises:
        KeyTrouble: it holds no key, or something that is none.
    """
    try:
        keys = tuple(base64.b64decode(word, validate=True) for word in words.split())
    except (binascii.Error, ValueError):
        raise KeyTrouble("the vault's key can not be read: a line of it is not base64") from None
    if not keys or any(len(key) != KEY_BYTES for key in keys):
        raise KeyTrouble(f"the vault's key can not be read: each line must be {KEY_BYTES} bytes in base64")
    return Ring(tuple(dict.fromkeys(keys)))


def ring_of(folder: Path) -> Ring:
    """The ring of an installation, by its configuration folder.

    Raises:
        config.faults.SecretMissing: it stands in none of the three places.
        KeyTrouble: what stands there is no ring.
    """
    return read(Secret(NAME, folder).reveal())


def make(folder: Path) -> Path | None:
    """Write a first key to `secrets/vault_key`; None when one is there already."""
    file = Secret(NAME, folder).file
    if file.exists():
        return None
    write(fresh(), file)
    return file


def write(ring: Ring, file: Path) -> None:
    """The whole ring to its file, mode 0600; a kill leaves the old or the new one, never half."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = file.with_name(file.name + ".new")
    part.unlink(missing_ok=True)
    with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as out:
        out.write(spelled(ring) + "\n")
        out.flush()
        os.fsync(out.fileno())
    part.replace(file)


def escrow(ring: Ring, passphrase: str) -> bytes:
    """The escrow copy: opens with the passphrase alone.

    Raises:
        KeyTrouble: the passphrase is too short to protect anything.
    """
    if len(passphrase.strip()) < SHORTEST:
        raise KeyTrouble(f"an escrow passphrase has at least {SHORTEST} letters; four random words are good")
    salt, nonce = secrets.token_bytes(SALT_BYTES), secrets.token_bytes(NONCE_BYTES)
    sealed = AESGCM(_stretched(passphrase, salt)).encrypt(nonce, spelled(ring).encode("ascii"), MAGIC)
    return MAGIC + base64.encodebytes(salt + nonce + sealed)


def restore(copy: bytes, passphrase: str) -> Ring:
    """The ring from its escrow copy.

    Raises:
        KeyTrouble: it is no such copy, it is damaged, or the passphrase is another.
    """
    if not copy.startswith(MAGIC):
        raise KeyTrouble("this is not an escrow copy of mentionwatch")
    try:
        raw = base64.b64decode(b"".join(copy.removeprefix(MAGIC).split()), validate=True)
        salt, nonce = raw[:SALT_BYTES], raw[SALT_BYTES : SALT_BYTES + NONCE_BYTES]
        opened = AESGCM(_stretched(passphrase, salt)).decrypt(nonce, raw[SALT_BYTES + NONCE_BYTES :], MAGIC)
    except (InvalidTag, ValueError):
        raise KeyTrouble("the copy does not open: another passphrase, or the copy is damaged") from None
    return read(opened.decode("ascii"))


def _stretched(passphrase: str, salt: bytes) -> bytes:
    # N = 2^16 and r = 8 take 64 MiB: within the 400 MB of ruling 16
    kdf = Scrypt(salt=salt, length=KEY_BYTES, n=2**16, r=8, p=1)
    return kdf.derive(passphrase.strip().encode("utf-8"))


def paper(copy: bytes, ring: Ring, made_at: datetime) -> str:
    """The escrow copy as a page to print and lock away, apart from the passphrase."""
    return "\n".join(
        (
            "mentionwatch: escrow copy of the key to sealed evidence",
            "",
            f"Made on {made_at:%d %B %Y}; key number(s) {', '.join(ring.ids)}.",
            "Keep this page in the safe, and the passphrase in another place, known to two people.",
            "Whoever holds both can open evidence in a copy of the database. Make a new page after",
            "each rotation, and keep the old one until the backups of that time are gone (35 days).",
            "",
            "To bring the key back: type the lines below into a file, every one of them, then run",
            "    mentionwatch key restore FILE",
            "",
            copy.decode("ascii"),
        )
    )
