"""Evidence: full words under lock, sealed by the newest key of the ring and opened for a reader who may.

AES-256-GCM; post, version and key id are bound into the seal, so that a blob that
is moved to another row does not open. What this protects: a stolen disk, a copied
backup, a curious look into the file. It does not protect against root on the
running machine (rulings 15). A missing key stops no alert: evidence is then not
kept, and `trouble` says so to health.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Event
from typing import Any

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import ColumnElement, Connection, Row, and_, or_, select, update

from config.faults import SecretMissing
from config.settings import Settings
from monitor import minimise
from monitor.cases import Outcome
from monitor.database import writing
from monitor.keys import NONCE_BYTES, KeyTrouble, Ring, ring_of
from monitor.minimise import Known, Sealed, Staying, Words
from monitor.records import EVIDENCE
from monitor.store import Store
from monitor.works import profiles
from nlp.findings import Severity

BATCH = 100  # rows of one transaction of a rotation
LOG = logging.getLogger(__name__)


def seal(ring: Ring, words: Words, post_id: int, version: int) -> Sealed:
    """Words under the newest key, for this row only."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    key_id = ring.ids[-1]
    plain = msgspec.json.encode(words)
    sealed = AESGCM(ring.newest).encrypt(nonce, plain, _bound(key_id, post_id, version))
    return Sealed(key_id, nonce + sealed)


def unseal(ring: Ring, row: Any) -> Words:
    """The words of an evidence row; whoever calls has checked that its reader may (monitor/access.py).

    Raises:
        KeyTrouble: its key is not in the ring, the row was changed, or nothing is sealed in it.
    """
    key = ring.find(row.key_id)
    if not row.sealed:
        raise KeyTrouble(f"the words of this post are not kept: {row.note or 'deleted'}")
    if key is None:
        raise KeyTrouble(
            f"the key {row.key_id} is not in the ring; bring it back from the escrow copy: mentionwatch key restore"
        )
    blob = bytes(row.sealed)
    try:
        plain = AESGCM(key).decrypt(
            blob[:NONCE_BYTES], blob[NONCE_BYTES:], _bound(row.key_id, row.post_id, row.version)
        )
    except InvalidTag:
        raise KeyTrouble("this evidence does not open: its row was changed") from None
    return msgspec.json.decode(plain, type=Words)


def _bound(key_id: str, post_id: int, version: int) -> bytes:
    return f"mentionwatch\0{key_id}\0{post_id}\0{version}".encode()


def ring_or_none(settings: Settings) -> Ring | None:
    """The ring, or None when it is missing or can not be read; `trouble` says why."""
    try:
        return ring_of(settings.folder)
    except (SecretMissing, KeyTrouble):
        return None


def trouble(settings: Settings) -> str:
    """Why no evidence can be sealed; "" when it can."""
    try:
        ring_of(settings.folder)
    except SecretMissing as error:
        return str(error.faults[0])
    except KeyTrouble as error:
        return str(error)
    return ""


@dataclass(frozen=True, slots=True)
class Keeper:
    """What stays of words that triage has decided on, for the store's transaction."""

    known: Mapping[str, Known]
    ring: Ring | None

    def stays(self, row: Row[Any], outcome: str, restricted: bool) -> Staying:
        """Masked extract, sealed evidence, or nothing, with the hash of the words."""
        words = minimise.words_of(row)
        plan = minimise.plan(
            Outcome(outcome),
            Severity(row.severity),
            restricted=restricted,
            by_child=minimise.by_a_child(words),
        )
        masked = minimise.extract(words, row.findings, self.known.get(row.school)) if plan.extract else ""
        kept = words.without_author() if plan.hide_author else words
        sealed = self._sealed(kept, row.post_id, row.version) if plan.evidence else None
        note = "" if sealed or not plan.evidence else minimise.NO_KEY
        return Staying(plan.kind, masked, words.sha256() if plan.kept else b"", plan.evidence, sealed, note)

    def sealed_extract(self, post_id: int, version: int, masked: str) -> Sealed | None:
        """An extract under lock: its case has become restricted."""
        return self._sealed(Words(text=masked), post_id, version)

    def _sealed(self, words: Words, post_id: int, version: int) -> Sealed | None:
        return seal(self.ring, words, post_id, version) if self.ring else None


def keeper(settings: Settings) -> Keeper:
    """For these settings and the key as it is now."""
    known = {profile.key: minimise.known(profile) for profile in profiles(settings.schools)}
    return Keeper(known, ring_or_none(settings))


def rotate(store: Store, ring: Ring, stop: Event | None = None) -> int:
    """Seal again under the newest key whatever is under an older one of the ring; gives how many rows.

    Small transactions: killed, it is simply run again. Rows whose key is not in the
    ring are left alone. Only when none of an older key is left may that key go, and
    from the escrow copy not before the backups of that time are gone.
    """
    older, passed = ring.ids[:-1], (-1, -1)
    count = 0
    while older and not (stop is not None and stop.is_set()):
        with writing(store.engine) as connection:
            after = or_(EVIDENCE.c.post_id > passed[0], _same_post_later(passed))
            query = select(EVIDENCE).where(EVIDENCE.c.key_id.in_(older), after)
            ordered = query.order_by(EVIDENCE.c.post_id, EVIDENCE.c.version).limit(BATCH)
            rows = connection.execute(ordered).all()
            count += sum(_seal_again(connection, ring, row) for row in rows)
        if not rows:
            break
        passed = (rows[-1].post_id, rows[-1].version)
    if count:
        store.settle()
    return count


def _same_post_later(passed: tuple[int, int]) -> ColumnElement[bool]:
    return and_(EVIDENCE.c.post_id == passed[0], EVIDENCE.c.version > passed[1])


def _seal_again(connection: Connection, ring: Ring, row: Row[Any]) -> bool:
    try:
        again = seal(ring, unseal(ring, row), row.post_id, row.version)
    except KeyTrouble:  # a damaged row stays as it is, under its old key, and is no reason to stop
        LOG.error("post %d: its evidence does not open and keeps its old key", row.post_id)
        return False
    here = and_(EVIDENCE.c.post_id == row.post_id, EVIDENCE.c.version == row.version)
    connection.execute(update(EVIDENCE).where(here).values(key_id=again.key_id, sealed=again.blob))
    return True
