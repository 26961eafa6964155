"""Where the steps meet: one method is one hand-over is one transaction.

Work lists are queries for rows without a successor, so nothing waits in memory
and a killed process leaves nothing half done. Methods take and give values;
no session, row or transaction leaves this module. Reading for people (lists of
cases, health) stands in `lookups.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Connection,
    CursorResult,
    Engine,
    Row,
    and_,
    delete,
    exists,
    insert,
    or_,
    select,
    update,
)

from monitor.candidates import Candidate, Kept, post_key, upsert
from monitor.cases import OpenCase, Ruling
from monitor.database import writing
from monitor.errors import StoreError
from monitor.records import (
    ASSESSMENT,
    CASE,
    CASE_KEY,
    CONTENT,
    DECISION,
    DELIVERY,
    EVENT,
    POST,
    SETBACK,
    SOURCE,
    STEP_RUN,
)
from monitor.settling import settle
from monitor.words import Gathered, Keeper, NothingStays, is_restricted
from nlp.findings import Severity

TRIES = 3  # then a row is set aside for a person (style.md section 7)
STORY_FOR = timedelta(days=7)  # a case untouched for longer takes no new posts


@dataclass(frozen=True, slots=True)
class SourceUpdate:
    """A source's state after a fetch, good or bad; `cursor` None keeps the stored one."""

    name: str
    next_check_at: datetime
    at: datetime
    cursor: Mapping[str, Any] | None = None
    reason: str = ""
    notices: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Lease:
    """A delivery that this process alone may send now, with the case as it stands."""

    id: int
    channel: str
    person: str
    role: str
    kind: str
    attempt_count: int
    created_at: datetime
    case: Row[Any]


class Store:
    """The database behind all steps; safe to use from several threads and processes."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @property
    def engine(self) -> Engine:
        """For the jobs that delete and seal again (retention, vault)."""
        return self._engine

    def settle(self) -> None:
        """Deleted words leave the write-ahead log too (`monitor/settling.py`)."""
        settle(self._engine)

    # -- poll: candidates and the source's state ---------------------------------

    def source_states(self) -> dict[str, Row[Any]]:
        with self._engine.connect() as connection:
            return {row.name: row for row in connection.execute(select(SOURCE))}

    def keep_batch(self, candidates: Iterable[Candidate], source: SourceUpdate | None) -> Kept:
        """Candidates and the cursor that brought them, together; repeats change nothing.

        Edited words become a new version, which is assessed again. A post that
        its platform says is deleted is marked and loses its words.
        """
        unique = {
            post_key(c.school, c.post.platform, c.post.external_id): c for c in candidates
        }  # a batch may hold a post twice
        with writing(self._engine) as connection:
            kept = upsert(connection, unique, source.name if source else "")
            if source is not None:
                _keep_state(connection, source)
        return kept

    def keep_failure(self, source: SourceUpdate) -> None:
        """A fetch that brought nothing: count it, keep the cursor and the last good time."""
        with writing(self._engine) as connection:
            _keep_state(connection, source)

    # -- assess ------------------------------------------------------------------

    def to_assess(self, limit: int) -> Sequence[Row[Any]]:
        """Versions of posts that no assessment speaks of yet, oldest first."""
        done = exists().where(ASSESSMENT.c.post_id == POST.c.id, ASSESSMENT.c.version == POST.c.version)
        query = (
            select(
                POST,
                CONTENT.c.author_name,
                CONTENT.c.author_handle,
                CONTENT.c.title,
                CONTENT.c.text,
                CONTENT.c.context,
            )
            .join(CONTENT, and_(CONTENT.c.post_id == POST.c.id, CONTENT.c.version == POST.c.version))
            .where(~done, POST.c.deleted.is_(False))
            .order_by(POST.c.id)
            .limit(limit)
        )
        with self._engine.connect() as connection:
            return connection.execute(query).all()

    def keep_assessments(self, rows: Sequence[Mapping[str, Any]]) -> int:
        """Assessments, and the end of the words of posts that mention nobody."""
        with writing(self._engine) as connection:
            wanted = {row["post_id"] for row in rows}
            query = select(ASSESSMENT.c.post_id, ASSESSMENT.c.version).where(ASSESSMENT.c.post_id.in_(wanted))
            known = {(row.post_id, row.version) for row in connection.execute(query)}
            fresh = [row for row in rows if (row["post_id"], row["version"]) not in known]
            if fresh:
                connection.execute(insert(ASSESSMENT), fresh)
            for row in fresh:
                if not (row["mention"] or row["possible"]):
                    _forget(connection, row["post_id"], row["version"])
        return len(fresh)

    # -- triage ------------------------------------------------------------------

    def to_decide(self, limit: int) -> Sequence[Row[Any]]:
        """Assessments that triage has not decided on nor set aside, oldest first, with post and words."""
        done = exists().where(DECISION.c.assessment_id == ASSESSMENT.c.id)
        aside = exists().where(
            SETBACK.c.step == "triage", SETBACK.c.row_id == ASSESSMENT.c.id, SETBACK.c.set_aside.is_(True)
        )
        query = (
            select(
                ASSESSMENT,
                POST.c.school,
                POST.c.url,
                POST.c.published_at,
                POST.c.fetched_at,
                POST.c.backlog,
                CONTENT.c.author_name,
                CONTENT.c.author_handle,
                CONTENT.c.title,
                CONTENT.c.text,
                CONTENT.c.context,
            )
            .join(POST, POST.c.id == ASSESSMENT.c.post_id)
            .outerjoin(
                CONTENT,
                and_(CONTENT.c.post_id == ASSESSMENT.c.post_id, CONTENT.c.version == ASSESSMENT.c.version),
            )
            .where(~done, ~aside)
            .order_by(ASSESSMENT.c.id)
            .limit(limit)
        )
        with self._engine.connect() as connection:
            return connection.execute(query).all()

    def keep_decisions(
        self,
        rows: Sequence[Row[Any]],
        keys_of: Callable[[Row[Any]], frozenset[bytes]],
        decide: Callable[[Row[Any], OpenCase | None], Ruling],
        now: datetime,
        keeper: Keeper | None = None,
    ) -> int:
        """Case (new or joined), its event, the deliveries owed and what may stay of the words, at once.

        `decide` is pure; it is called inside the transaction with the story that
        the row's keys find, so two processes can not open one story twice. The words
        themselves end here; `keeper` says what follows them (by itself: nothing).
        """
        keeper = keeper or NothingStays()
        gathered = Gathered()
        with writing(self._engine) as connection:
            done = set(
                connection.scalars(
                    select(DECISION.c.assessment_id).where(
                        DECISION.c.assessment_id.in_([row.id for row in rows])
                    )
                )
            )
            fresh = [row for row in rows if row.id not in done]
            for row in fresh:
                keys = keys_of(row)
                ruling = decide(row, _find_story(connection, keys, row, now - STORY_FOR))
                was = is_restricted(connection, ruling.joins)
                case_id = _apply(connection, row, ruling, keys, now)
                restricted = is_restricted(connection, case_id)
                if restricted and not was and ruling.joins is not None:
                    gathered.close_case(connection, case_id, keeper, now)
                gathered.add(row, str(ruling.outcome), restricted, keeper, now)
            gathered.write(connection)
        return len(fresh)

    # -- deliver -----------------------------------------------------------------

    def lease_delivery(self, holder: str, now: datetime, until: datetime) -> Lease | None:
        """The most urgent delivery that is due, marked as being sent by `holder`.

        Call only while `database.only_sender` is held: a lease that somebody else
        left belongs to a process that is gone, and is taken over.
        """
        due = or_(
            and_(DELIVERY.c.state == "due", DELIVERY.c.next_try_at <= now),
            and_(DELIVERY.c.state == "sending", DELIVERY.c.leased_by != holder),
            and_(DELIVERY.c.state == "sending", DELIVERY.c.leased_until <= now),
        )
        query = (
            select(DELIVERY.c.id, DELIVERY.c.attempt_count, DELIVERY.c.case_id)
            .join(CASE, CASE.c.id == DELIVERY.c.case_id)
            .where(due)
            .order_by(CASE.c.severity.desc(), DELIVERY.c.next_try_at, DELIVERY.c.id)
            .limit(1)
        )
        with writing(self._engine) as connection:
            found = connection.execute(query).first()
            if found is None:
                return None
            connection.execute(
                update(DELIVERY)
                .where(DELIVERY.c.id == found.id)
                .values(
                    state="sending",
                    attempt_count=found.attempt_count + 1,
                    leased_by=holder,
                    leased_until=until,
                )
            )
            row = connection.execute(select(DELIVERY).where(DELIVERY.c.id == found.id)).one()
            case = connection.execute(select(CASE).where(CASE.c.id == found.case_id)).one()
        return Lease(
            id=row.id,
            channel=row.channel,
            person=row.person,
            role=row.role,
            kind=row.kind,
            attempt_count=row.attempt_count,
            created_at=row.created_at,
            case=case,
        )

    def keep_outcome(
        self,
        lease: Lease,
        *,
        state: str,
        now: datetime,
        next_try_at: datetime | None = None,
        ref: str = "",
        reason: str = "",
    ) -> None:
        """What became of an attempt (`sent`, `due` again or `dead`) and the case's event of it."""
        values: dict[str, Any] = {"state": state, "leased_by": "", "leased_until": None, "reason": reason}
        if state == "sent":
            values |= {"sent_at": now, "ref": ref}
        if next_try_at is not None:
            values["next_try_at"] = next_try_at
        event = {"sent": "delivered", "due": "delivery-delayed", "dead": "delivery-given-up"}[state]
        data = {
            "delivery": lease.id,
            "channel": lease.channel,
            "role": lease.role,
            "attempt": lease.attempt_count,
        }
        if reason:
            data["reason"] = reason
        with writing(self._engine) as connection:
            connection.execute(update(DELIVERY).where(DELIVERY.c.id == lease.id).values(**values))
            _add_event(connection, lease.case.id, event, "mentionwatch", data, now)

    # -- all steps ---------------------------------------------------------------

    def keep_setback(self, step: str, row_id: int, version: int, reason: str, now: datetime) -> bool:
        """Count a row that a step could not work on; True when it is now set aside."""
        key = and_(SETBACK.c.step == step, SETBACK.c.row_id == row_id, SETBACK.c.version == version)
        with writing(self._engine) as connection:
            before = connection.scalar(select(SETBACK.c.attempt_count).where(key)) or 0
            values = {
                "attempt_count": before + 1,
                "reason": reason,
                "set_aside": before + 1 >= TRIES,
                "last_at": now,
            }
            if before:
                connection.execute(update(SETBACK).where(key).values(**values))
            else:
                connection.execute(
                    insert(SETBACK).values(step=step, row_id=row_id, version=version, **values)
                )
        return before + 1 >= TRIES

    def keep_run(self, step: str, worked_on: int, now: datetime, failure: str = "") -> None:
        """That a step came to its end, for health and the watchdog."""
        values = {"finished_at": now, "worked_on": worked_on, "failure": failure}
        with writing(self._engine) as connection:
            done = connection.execute(update(STEP_RUN).where(STEP_RUN.c.step == step).values(**values))
            if done.rowcount == 0:
                connection.execute(insert(STEP_RUN).values(step=step, **values))


# --- inside a transaction ---------------------------------------------------------


def _keep_state(connection: Connection, source: SourceUpdate) -> None:
    values: dict[str, Any] = {
        "next_check_at": source.next_check_at,
        "last_try_at": source.at,
        "reason": source.reason,
        "notices": [str(notice) for notice in source.notices],
    }
    if source.cursor is not None:
        values["cursor"] = dict(source.cursor)
    if source.reason:
        values["failure_count"] = SOURCE.c.failure_count + 1
    else:
        values |= {"failure_count": 0, "last_good_at": source.at}
    done = connection.execute(update(SOURCE).where(SOURCE.c.name == source.name).values(**values))
    if done.rowcount == 0:
        values["failure_count"] = 1 if source.reason else 0
        connection.execute(insert(SOURCE).values(name=source.name, **values))


def _forget(connection: Connection, post_id: int, version: int) -> None:
    """Erase this version's words and older ones that nobody judged; words that a case stands on stay.

    A newer version may have come in since this one was read: it is still to be judged.
    """
    told_of = exists().where(
        ASSESSMENT.c.post_id == CONTENT.c.post_id,
        ASSESSMENT.c.version == CONTENT.c.version,
        or_(ASSESSMENT.c.mention.is_(True), ASSESSMENT.c.possible.is_(True)),
    )
    connection.execute(
        delete(CONTENT).where(CONTENT.c.post_id == post_id, CONTENT.c.version <= version, ~told_of)
    )


def _find_story(
    connection: Connection, keys: frozenset[bytes], row: Row[Any], since: datetime
) -> OpenCase | None:
    if not keys:
        return None
    query = (
        select(CASE)
        .join(CASE_KEY, CASE_KEY.c.case_id == CASE.c.id)
        .where(CASE_KEY.c.key.in_(keys), CASE.c.school == row.school, CASE.c.updated_at >= since)
        .order_by(CASE.c.id.desc())
        .limit(1)
    )
    case = connection.execute(query).first()
    if case is None:
        return None
    known = exists().where(
        DECISION.c.case_id == case.id,
        DECISION.c.assessment_id == ASSESSMENT.c.id,
        ASSESSMENT.c.post_id == row.post_id,
    )
    return OpenCase(
        id=case.id,
        status=case.status,
        severity=Severity(case.severity),
        also=tuple(case.also),
        holds_post=bool(connection.scalar(select(known))),
    )


def _apply(
    connection: Connection, row: Row[Any], ruling: Ruling, keys: frozenset[bytes], now: datetime
) -> int | None:
    """Gives the case that the row stands in, if any."""
    case_id = ruling.joins
    if ruling.opens is not None:
        case_id = _id(connection.execute(insert(CASE).values(**ruling.opens, opened_at=now, updated_at=now)))
    elif case_id is not None:
        count = CASE.c.post_count + int(ruling.adds_post)
        values = {**ruling.changes, "post_count": count, "updated_at": now}
        connection.execute(update(CASE).where(CASE.c.id == case_id).values(**values))
    if case_id is not None:
        _keep_case(connection, case_id, row, ruling, keys, now)
    connection.execute(
        insert(DECISION).values(
            assessment_id=row.id,
            case_id=case_id,
            outcome=str(ruling.outcome),
            reason=ruling.reason,
            decided_at=now,
        )
    )
    return case_id


def _keep_case(
    connection: Connection,
    case_id: int,
    row: Row[Any],
    ruling: Ruling,
    keys: frozenset[bytes],
    now: datetime,
) -> None:
    known = set(connection.scalars(select(CASE_KEY.c.key).where(CASE_KEY.c.case_id == case_id)))
    fresh = [{"key": key, "case_id": case_id} for key in sorted(keys) if key not in known]
    if fresh:
        connection.execute(insert(CASE_KEY), fresh)
    data = {"assessment": row.id, "reason": ruling.reason, **ruling.data}
    event_id = _add_event(connection, case_id, ruling.event, "mentionwatch", data, now)
    for owed in ruling.deliveries:
        connection.execute(
            insert(DELIVERY).values(
                case_id=case_id,
                event_id=event_id,
                channel=owed.channel,
                person=owed.person,
                role=owed.role,
                kind=owed.kind,
                state="due",
                attempt_count=0,
                created_at=now,
                next_try_at=now,
                leased_by="",
                ref="",
                reason="",
            )
        )


def _add_event(
    connection: Connection, case_id: int, kind: str, actor: str, data: Mapping[str, Any], now: datetime
) -> int:
    done = connection.execute(
        insert(EVENT).values(case_id=case_id, at=now, kind=kind, actor=actor, data=dict(data))
    )
    return _id(done)


def _id(done: CursorResult[Any]) -> int:
    key = done.inserted_primary_key
    if key is None:  # no dialect that SQLAlchemy ships does this for one plain insert
        raise StoreError("the database gives no ids for new rows")
    return int(key[0])
