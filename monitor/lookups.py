"""Reading for people: lists of cases, one case, health. Changes nothing and holds no words of a post."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, Row, and_, exists, func, or_, select

from monitor.minimise import NO_KEY
from monitor.records import (
    ASSESSMENT,
    CASE,
    CONTENT,
    DECISION,
    DELIVERY,
    EVENT,
    EVIDENCE,
    POST,
    SETBACK,
    STEP_RUN,
    TALLY,
)
from nlp.findings import Severity


@dataclass(frozen=True, slots=True)
class Waiting:
    """The work list of one step: how many rows wait, and since when the oldest does."""

    count: int
    oldest: datetime | None


def cases(engine: Engine) -> list[dict[str, Any]]:
    """Every case, worst and newest first, in the shape of `cases --json` (contracts.md section 2)."""
    sent = (
        select(func.count())
        .where(DELIVERY.c.case_id == CASE.c.id, DELIVERY.c.state == "sent", DELIVERY.c.person != "")
        .scalar_subquery()
    )
    query = select(CASE, sent.label("messages")).order_by(CASE.c.severity.desc(), CASE.c.id.desc())
    with engine.connect() as connection:
        return [case_values(row) for row in connection.execute(query)]


def case_values(row: Row[Any]) -> dict[str, Any]:
    return {
        "id": row.id,
        "school": row.school,
        "category": row.category,
        "also": list(row.also),
        "severity": Severity(row.severity).word,
        "status": row.status,
        "restricted": row.restricted,
        "post_count": row.post_count,
        "opened_at": iso(row.opened_at),
        "updated_at": iso(row.updated_at),
        "posted_at": iso(row.posted_at),
        "found_at": iso(row.found_at),
        "messages": row.messages,
        "subjects": list(row.subjects),
    }


def case(engine: Engine, case_id: int) -> dict[str, Any] | None:
    """One case with its events, its messages and where its posts stand; None when there is none."""
    found = next((values for values in cases(engine) if values["id"] == case_id), None)
    if found is None:
        return None
    with engine.connect() as connection:
        events = connection.execute(
            select(EVENT).where(EVENT.c.case_id == case_id).order_by(EVENT.c.id)
        ).all()
        sent = connection.execute(
            select(DELIVERY).where(DELIVERY.c.case_id == case_id).order_by(DELIVERY.c.id)
        ).all()
        posts = connection.execute(
            select(
                POST.c.id,
                POST.c.platform,
                POST.c.url,
                POST.c.published_at,
                POST.c.fetched_at,
                POST.c.deleted,
                ASSESSMENT.c.version,
                ASSESSMENT.c.findings,
            )
            .join(ASSESSMENT, ASSESSMENT.c.post_id == POST.c.id)
            .join(DECISION, DECISION.c.assessment_id == ASSESSMENT.c.id)
            .where(DECISION.c.case_id == case_id)
            .order_by(POST.c.id, ASSESSMENT.c.version)
        ).all()
    return found | {
        "events": [{"at": iso(e.at), "kind": e.kind, "actor": e.actor, "data": e.data} for e in events],
        "deliveries": [_delivery_values(row) for row in sent],
        "posts": [_post_values(row) for row in posts],
    }


def _delivery_values(row: Row[Any]) -> dict[str, Any]:
    return {
        "channel": row.channel,
        "role": row.role,
        "kind": row.kind,
        "state": row.state,
        "attempts": row.attempt_count,
        "sent_at": iso(row.sent_at),
        "reason": row.reason,
    }


def _post_values(row: Any) -> dict[str, Any]:
    # Links can hold a name in their path; they are shown to the person at the machine, never sent.
    return {
        "id": row.id,
        "platform": row.platform,
        "url": row.url,
        "published_at": iso(row.published_at),
        "fetched_at": iso(row.fetched_at),
        "deleted": row.deleted,
        "version": row.version,
        "flags": [
            {key: finding[key] for key in ("flag", "severity", "score", "rule", "evidence")}
            for finding in row.findings
        ],
    }


def outcomes(engine: Engine) -> dict[str, int]:
    """How many decisions of each outcome there were, those that retention has deleted included."""
    query = select(DECISION.c.outcome, func.count().label("n")).group_by(DECISION.c.outcome)
    gone = select(TALLY.c.outcome, func.sum(TALLY.c.count).label("n")).group_by(TALLY.c.outcome)
    found: Counter[str] = Counter()
    with engine.connect() as connection:
        for row in (*connection.execute(query), *connection.execute(gone)):
            found[row.outcome] += int(row.n)
    return dict(found)


def sealed_by(engine: Engine) -> dict[str, int]:
    """How much evidence stands under each key; under "" what could not be sealed for want of one."""
    query = (
        select(EVIDENCE.c.key_id, func.count().label("n"))
        .where(or_(EVIDENCE.c.key_id != "", EVIDENCE.c.note == NO_KEY))
        .group_by(EVIDENCE.c.key_id)
    )
    with engine.connect() as connection:
        return {row.key_id: row.n for row in connection.execute(query)}


def asked(engine: Engine, question: str) -> list[int]:
    """Cases whose people were asked this and have done nothing since."""
    later = EVENT.alias()
    answered = exists().where(
        later.c.case_id == EVENT.c.case_id, later.c.id > EVENT.c.id, later.c.actor != "mentionwatch"
    )
    with engine.connect() as connection:
        query = select(EVENT.c.case_id).where(EVENT.c.kind == question, ~answered).distinct()
        return sorted(connection.scalars(query))


def waiting(engine: Engine) -> dict[str, Waiting]:
    """What waits before each step."""
    judged = exists().where(ASSESSMENT.c.post_id == POST.c.id, ASSESSMENT.c.version == POST.c.version)
    decided = exists().where(DECISION.c.assessment_id == ASSESSMENT.c.id)
    words = exists().where(CONTENT.c.post_id == POST.c.id, CONTENT.c.version == POST.c.version)
    unsent = DELIVERY.c.state.in_(("due", "sending"))
    queries = {
        "assess": select(func.count().label("n"), func.min(POST.c.fetched_at).label("at")).where(
            and_(~judged, words, POST.c.deleted.is_(False))
        ),
        "triage": select(func.count().label("n"), func.min(ASSESSMENT.c.assessed_at).label("at")).where(
            ~decided
        ),
        "deliver": select(func.count().label("n"), func.min(DELIVERY.c.created_at).label("at")).where(unsent),
    }
    with engine.connect() as connection:
        rows = {step: connection.execute(query).one() for step, query in queries.items()}
    return {step: Waiting(row.n, row.at) for step, row in rows.items()}


def dead_letters(engine: Engine) -> Sequence[Row[Any]]:
    """Deliveries that were given up: a person must act on each."""
    query = select(DELIVERY).where(DELIVERY.c.state == "dead").order_by(DELIVERY.c.id)
    with engine.connect() as connection:
        return connection.execute(query).all()


def untold(engine: Engine) -> list[int]:
    """Cases that had nobody who could be told."""
    with engine.connect() as connection:
        events = connection.execute(
            select(EVENT.c.case_id, EVENT.c.data).where(EVENT.c.kind != "delivered")
        ).all()
    return sorted({event.case_id for event in events if event.data.get("nobody_to_tell")})


def set_aside(engine: Engine) -> Sequence[Row[Any]]:
    with engine.connect() as connection:
        return connection.execute(select(SETBACK).where(SETBACK.c.set_aside.is_(True))).all()


def step_runs(engine: Engine) -> dict[str, Row[Any]]:
    with engine.connect() as connection:
        return {row.step: row for row in connection.execute(select(STEP_RUN))}


def iso(at: datetime | None) -> str | None:
    """A time as RFC 3339 in UTC; None stays None."""
    return at.isoformat().replace("+00:00", "Z") if at is not None else None
