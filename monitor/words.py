"""Rows of words inside a transaction of the store's: what stays of them, and what a deletion at the source takes.

Content lives from the candidate to the decision. `Keeper` says what follows it;
nothing here reads or seals words itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import Connection, Row, and_, delete, exists, insert, or_, select, update

from monitor.cases import Outcome
from monitor.minimise import Sealed, Staying
from monitor.records import ASSESSMENT, CASE, CONTENT, DECISION, EVIDENCE, EXTRACT, POST

GONE = "gone at its source"
PLATFORM_CLOCK: Mapping[str, timedelta] = dict.fromkeys(
    ("bluesky", "facebook", "instagram", "mastodon", "reddit", "threads", "x", "twitter", "youtube"),
    timedelta(hours=24),
)
"""How long after news of a deletion sealed text of a platform's API may stay, even of an open case
(rulings 11, PBD-31; 24 hours is the shortest written limit). Other sources set no clock."""


class Keeper(Protocol):
    """Decides what stays of a decided version, and seals it."""

    def stays(self, row: Row[Any], outcome: str, restricted: bool) -> Staying: ...

    def sealed_extract(self, post_id: int, version: int, masked: str) -> Sealed | None: ...


class NothingStays:
    """For callers that keep no words at all."""

    def stays(self, row: Row[Any], outcome: str, restricted: bool) -> Staying:
        return Staying()

    def sealed_extract(self, post_id: int, version: int, masked: str) -> Sealed | None:
        return None


@dataclass(frozen=True, slots=True)
class Gathered:
    """Rows of one transaction, written together at its end."""

    extracts: list[dict[str, Any]] = field(default_factory=list)
    evidence: list[dict[str, Any]] = field(default_factory=list)
    posts: list[int] = field(default_factory=list)
    strangers: list[int] = field(default_factory=list)

    def add(self, row: Row[Any], outcome: str, restricted: bool, keeper: Keeper, now: datetime) -> None:
        """What stays of one decided version; `row` is the store's work-list row."""
        self.posts.append(row.post_id)
        if outcome == Outcome.NOBODY:
            self.strangers.append(row.post_id)
        if row.text is None:
            return
        staying = keeper.stays(row, outcome, restricted)
        common = {
            "post_id": row.post_id,
            "version": row.version,
            "sha256": staying.sha256,
            "note": staying.note,
            "collected_at": min(row.fetched_at, now),
        }
        if staying.kind:
            self.extracts.append({**common, "kind": staying.kind, "masked": staying.masked, "made_at": now})
        if staying.evidence:
            key_id, blob = (staying.sealed.key_id, staying.sealed.blob) if staying.sealed else ("", b"")
            self.evidence.append({**common, "key_id": key_id, "sealed": blob, "sealed_at": now})

    def close_case(self, connection: Connection, case_id: int | None, keeper: Keeper, now: datetime) -> None:
        """A case has become restricted: what lies open of it goes under lock."""
        self._flush(connection)  # posts of this very round may be among it
        if case_id is not None:
            seal_extracts(connection, case_id, keeper, now)

    def _flush(self, connection: Connection) -> None:
        if self.extracts:
            connection.execute(insert(EXTRACT), self.extracts)
            self.extracts.clear()
        if self.evidence:
            connection.execute(insert(EVIDENCE), self.evidence)
            self.evidence.clear()

    def write(self, connection: Connection) -> None:
        """Extracts and evidence in, the words of every decided version out."""
        self._flush(connection)
        if self.posts:
            _forget_decided(connection, self.posts)
        if self.strangers:
            strip(connection, self.strangers)


def _forget_decided(connection: Connection, posts: Sequence[int]) -> None:
    """Words up to the newest decided version; those of a version that still waits for triage stay."""
    later = ASSESSMENT.alias()
    decided = exists().where(
        later.c.post_id == CONTENT.c.post_id,
        later.c.version >= CONTENT.c.version,
        DECISION.c.assessment_id == later.c.id,
    )
    waits = exists().where(
        ASSESSMENT.c.post_id == CONTENT.c.post_id,
        ASSESSMENT.c.version == CONTENT.c.version,
        ~exists().where(DECISION.c.assessment_id == ASSESSMENT.c.id),
    )
    connection.execute(delete(CONTENT).where(CONTENT.c.post_id.in_(posts), decided, ~waits))


def strip(connection: Connection, posts: Sequence[int]) -> None:
    """Take the address from posts that belong to no case: hash, source and times stay, to tell repeats."""
    in_case = exists().where(
        ASSESSMENT.c.post_id == POST.c.id,
        DECISION.c.assessment_id == ASSESSMENT.c.id,
        or_(DECISION.c.case_id.is_not(None), DECISION.c.outcome != str(Outcome.NOBODY)),
    )
    values = {"url": "", "external_id": "", "language": ""}
    connection.execute(update(POST).where(POST.c.id.in_(posts), ~in_case).values(**values))


def seal_extracts(connection: Connection, case_id: int, keeper: Keeper, now: datetime) -> None:
    """A case has become restricted: its masked extracts go under lock too (PBD-25).

    Without a key they are deleted: a restricted word never lies open.
    """
    of_case = exists().where(
        ASSESSMENT.c.post_id == EXTRACT.c.post_id,
        ASSESSMENT.c.version == EXTRACT.c.version,
        DECISION.c.assessment_id == ASSESSMENT.c.id,
        DECISION.c.case_id == case_id,
    )
    for row in connection.execute(select(EXTRACT).where(of_case)).all():
        here = and_(EXTRACT.c.post_id == row.post_id, EXTRACT.c.version == row.version)
        connection.execute(delete(EXTRACT).where(here))
        known = exists().where(EVIDENCE.c.post_id == row.post_id, EVIDENCE.c.version == row.version)
        if connection.scalar(select(known)):
            continue
        sealed = keeper.sealed_extract(row.post_id, row.version, row.masked)
        values = {name: getattr(row, name) for name in ("post_id", "version", "sha256", "collected_at")}
        values |= {"note": "masked extract", "sealed_at": now}
        values |= {"key_id": sealed.key_id if sealed else "", "sealed": sealed.blob if sealed else b""}
        connection.execute(insert(EVIDENCE).values(**values))


def is_restricted(connection: Connection, case_id: int | None) -> bool:
    """Whether this case is for the child-protection role's eyes, as it stands now."""
    if case_id is None:
        return False
    return bool(connection.scalar(select(CASE.c.restricted).where(CASE.c.id == case_id)))


def gone_at_source(
    connection: Connection, posts: Iterable[int], platforms: Mapping[int, str], now: datetime
) -> None:
    """Posts that their platform says are deleted: open words at once, sealed ones by the platform's clock.

    The hash and a note remain (PBD-31), also of an open case (rulings 11).
    """
    gone = list(posts)
    connection.execute(delete(CONTENT).where(CONTENT.c.post_id.in_(gone)))
    connection.execute(update(EXTRACT).where(EXTRACT.c.post_id.in_(gone)).values(masked="", note=GONE))
    clocks = {post: PLATFORM_CLOCK.get(platforms[post].casefold()) for post in gone}
    for clock in {clock for clock in clocks.values() if clock is not None}:
        here = [post for post in gone if clocks[post] == clock]
        sealed = EVIDENCE.c.post_id.in_(here)
        connection.execute(update(EVIDENCE).where(sealed).values(purge_at=now + clock))
        waits = exists().where(EVIDENCE.c.post_id == POST.c.id)
        no_link = update(POST).where(POST.c.id.in_(here), ~waits)  # a link can hold the handle
        connection.execute(no_link.values(url="", external_id=""))
