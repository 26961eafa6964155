"""Who saw, asked for or changed what: entries that are only ever added, each chained to the one before (PBD-26).

hash(n) = sha256( hash(n-1) + canonical JSON of entry n ). An entry holds ids, no names and no words; of a reason
the chain holds a salted hash, so that the reason can be erased and the chain stays whole (ruling 11).

A chain alone does not show that its end was cut off. So the number and hash of the newest entry are also
kept in a file beside the database (`audit.head`), written after each entry. The file may lag behind the chain
(a kill comes between); a chain that is shorter than its file says was cut. After a backup was put back,
`renew_head` says so in the chain and starts the file again.

What this does not do: the chain has no key, so whoever can write both database and file, and knows how, can make a
new chain of both. A copy of the head elsewhere (the data protection officer's digest) shows that too.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from secrets import token_bytes
from typing import Any

from filelock import FileLock
from sqlalchemy import Connection, Engine, Row, delete, insert, select

from monitor.audit_records import AUDIT, REASON
from monitor.database import writing

SERVICE = "mentionwatch"
"""The actor of what no person did."""
EXPIRED = "audit_expired"
RENEWED = "audit_head_renewed"
START = bytes(32)
LONGEST_REASON = 500  # characters; a reason is a sentence, not a place for the post
BATCH = 500


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that somebody did or was refused. `object` is an id: "case:12", a hash, "request:7"."""

    at: datetime
    actor: str
    action: str
    object: str
    allowed: bool = True
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Head:
    """The newest entry: its number (0: none yet) and its hash."""

    number: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class Broken:
    """The first place where the chain does not hold, with a sentence for the person who checks."""

    number: int
    why: str


@dataclass(frozen=True, slots=True)
class Audit:
    """The audit of one installation. `folder` holds `audit.head`, the proof of the chain's end."""

    engine: Engine
    folder: Path

    def add(self, *entries: Entry) -> None:
        """Keep entries; when this returns they are on the disk. Call it before showing what it tells of."""
        with writing(self.engine) as connection:
            append(connection, entries)
        self.advance()

    def advance(self) -> None:
        """Bring the file up to the chain; for callers that used `append` in a transaction of their own."""
        with self._alone():
            with self.engine.connect() as connection:
                head = _head(connection)
            known = read_head(self._file)
            if known is None or known.number < head.number:
                _write_head(self._file, head)

    def verify(self) -> Broken | None:
        """The first broken entry, an end that was cut, or None when all is whole."""
        known = read_head(self._file)
        with self.engine.connect() as connection:
            return verify(connection, known) or _without_file(connection, known)

    def renew_head(self, actor: str, reason: str, now: datetime) -> None:
        """Accept the chain's present end, after a backup was put back; the chain tells of it for good."""
        was = read_head(self._file)
        told = f"head:{was.number}" if was else "head:none"
        with self._alone():
            with writing(self.engine) as connection:
                append(connection, [Entry(now, actor, RENEWED, told, reason=reason)])
            with self.engine.connect() as connection:
                _write_head(self._file, _head(connection))

    def _alone(self) -> FileLock:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return FileLock(self.folder / "audit.lock", mode=0o600)

    @property
    def _file(self) -> Path:
        return self.folder / "audit.head"


def append(connection: Connection, entries: Iterable[Entry]) -> None:
    """Chain entries to the newest one, inside a transaction of `database.writing` (one writer at a time)."""
    head = _head(connection)
    rows, reasons = [], []
    for entry in entries:
        salt = token_bytes(16)
        reason = " ".join(entry.reason.split())[:LONGEST_REASON]
        values = asdict(entry) | {"id": head.number + 1, "reason_hash": _reason_hash(salt, reason)}
        values.pop("reason")
        head = Head(head.number + 1, _link(head.hash, values))
        rows.append(values | {"hash": head.hash})
        if reason:
            reasons.append({"entry_id": head.number, "salt": salt, "reason": reason})
    if rows:
        connection.execute(insert(AUDIT), rows)
    if reasons:
        # left over where somebody deleted entries by hand: they must not stop the service from going on
        connection.execute(delete(REASON).where(REASON.c.entry_id >= reasons[0]["entry_id"]))
        connection.execute(insert(REASON), reasons)


def verify(connection: Connection, head: Head | None = None) -> Broken | None:
    """Walk the chain from its oldest kept entry; `head` is what the file says of its end."""
    last = _before_first(connection)
    if isinstance(last, Broken):
        return last
    for row, reason in _walk(connection):
        if row.id != last.number + 1:
            return Broken(last.number + 1, f"entry {last.number + 1} is missing")
        if _link(last.hash, _values(row)) != row.hash:
            return Broken(row.id, f"entry {row.id} was changed")
        if reason is not None and _reason_hash(*reason) != row.reason_hash:
            return Broken(row.id, f"the reason of entry {row.id} was changed")
        last = Head(row.id, row.hash)
        if head is not None and head.number == row.id and head.hash != row.hash:
            return Broken(row.id, f"entry {row.id} is not the one that audit.head was written for")
    if head is not None and head.number > last.number:
        return Broken(
            last.number + 1,
            f"the end is missing: audit.head knows entry {head.number}, the chain ends at {last.number}",
        )
    return None


def entries(engine: Engine, *, actor: str | None = None, limit: int = 1000) -> list[dict[str, Any]]:
    """The newest entries first, with the reasons that are still kept; `actor`: of one person only."""
    query = (
        select(AUDIT, REASON.c.reason)
        .outerjoin(REASON, REASON.c.entry_id == AUDIT.c.id)
        .order_by(AUDIT.c.id.desc())
        .limit(limit)
    )
    if actor is not None:
        query = query.where(AUDIT.c.actor == actor)
    with engine.connect() as connection:
        return [
            {
                "id": row.id,
                "at": row.at.isoformat(),
                "actor": row.actor,
                "action": row.action,
                "object": row.object,
                "allowed": row.allowed,
                "reason": row.reason or "",
            }
            for row in connection.execute(query)
        ]


def expire(connection: Connection, before: datetime, now: datetime) -> int:
    """Delete entries older than `before` (24 months: the retention job decides), from the start of the chain only.

    An entry says up to which number and hash the chain was cut on purpose, so that `verify` can tell this
    from a theft. Only an unbroken run from the oldest entry goes: a clock that was wrong leaves no gap.
    """
    query = select(AUDIT.c.id).where(AUDIT.c.at >= before).order_by(AUDIT.c.id).limit(1)
    first_kept = connection.scalar(query)
    last = connection.execute(
        select(AUDIT.c.id, AUDIT.c.hash)
        .where(AUDIT.c.id < first_kept if first_kept is not None else AUDIT.c.at < before)
        .order_by(AUDIT.c.id.desc())
        .limit(1)
    ).first()
    if last is None:
        return 0
    append(connection, [Entry(now, SERVICE, EXPIRED, f"{last.id}:{last.hash.hex()}")])
    connection.execute(delete(REASON).where(REASON.c.entry_id <= last.id))
    return connection.execute(delete(AUDIT).where(AUDIT.c.id <= last.id)).rowcount


def erase_reasons(connection: Connection, object: str) -> int:
    """Delete the reasons given for one object, when its case is erased; the entries and the chain stay."""
    of_object = select(AUDIT.c.id).where(AUDIT.c.object == object)
    return connection.execute(delete(REASON).where(REASON.c.entry_id.in_(of_object))).rowcount


def read_head(file: Path) -> Head | None:
    """What the file says of the chain's end; None when there is none, or none that can be read."""
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
        return Head(int(values["number"]), bytes.fromhex(values["hash"]))
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


def _write_head(file: Path, head: Head) -> None:
    fresh = file.with_suffix(".new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        out.write(json.dumps({"number": head.number, "hash": head.hash.hex()}) + "\n")
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(file)


def _without_file(connection: Connection, known: Head | None) -> Broken | None:
    last = _head(connection).number
    if known is None and last:
        return Broken(
            last + 1, "audit.head is missing or can not be read; whether the end was cut is not known"
        )
    return None


def _head(connection: Connection) -> Head:
    row = connection.execute(select(AUDIT.c.id, AUDIT.c.hash).order_by(AUDIT.c.id.desc()).limit(1)).first()
    return Head(row.id, row.hash) if row else Head(0, START)


def _before_first(connection: Connection) -> Head | Broken:
    """Where the kept part of the chain hangs: at the start, or at the last entry that ran out of time."""
    first = connection.scalar(select(AUDIT.c.id).order_by(AUDIT.c.id).limit(1))
    if first is None or first == 1:
        return Head(0, START)
    query = select(AUDIT.c.object).where(AUDIT.c.action == EXPIRED, AUDIT.c.actor == SERVICE)
    for told in connection.scalars(query.order_by(AUDIT.c.id.desc())):
        number, _, digest = told.partition(":")
        if number == str(first - 1):
            return Head(first - 1, bytes.fromhex(digest))
    return Broken(1, f"the entries before {first} are missing, and no entry says that their time had run out")


def _walk(connection: Connection) -> Iterator[tuple[Row[Any], tuple[bytes, str] | None]]:
    """Entries in order with salt and reason, in batches: a long chain needs little memory."""
    after = -1
    joined = select(AUDIT, REASON.c.salt, REASON.c.reason).outerjoin(REASON, REASON.c.entry_id == AUDIT.c.id)
    while rows := _after(connection, joined, after):
        for row in rows:
            yield row, (row.salt, row.reason) if row.salt is not None else None
        after = rows[-1].id


def _after(connection: Connection, query: Any, number: int) -> Sequence[Row[Any]]:
    return connection.execute(query.where(AUDIT.c.id > number).order_by(AUDIT.c.id).limit(BATCH)).all()


def _values(row: Row[Any]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in LINKED}


LINKED = ("id", "at", "actor", "action", "object", "allowed", "reason_hash")
"""What an entry's hash covers; `at` to the microsecond in UTC."""


def _link(before: bytes, values: dict[str, Any]) -> bytes:
    plain = values | {
        "at": int(values["at"].timestamp() * 1_000_000),
        "reason_hash": values["reason_hash"].hex(),
    }
    canonical = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return sha256(before + canonical.encode("ascii")).digest()


def _reason_hash(salt: bytes, reason: str) -> bytes:
    return sha256(salt + reason.encode("utf-8")).digest() if reason else START
