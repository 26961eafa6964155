"""Deleting inside a transaction: cases, posts and their words; nothing here decides what is due.

What goes leaves a count (`tally`), and of a post its hash, source and times.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Connection, Engine, and_, delete, exists, insert, select, update

from monitor.audit import erase_reasons
from monitor.database import writing
from monitor.records import (
    ASSESSMENT,
    CASE,
    CASE_KEY,
    CONTENT,
    DECISION,
    DELIVERY,
    EVENT,
    EVIDENCE,
    EXTRACT,
    HOLD,
    POST,
    SETBACK,
    TALLY,
)
from monitor.words import GONE, Gathered, Keeper

ACTOR = "mentionwatch"
PROMPTS = ("retention-month-nine", "retention-decision-asked")
WORDS_GONE = "words-deleted"
ROUND = 100  # rows of one transaction when an older database is minimised


def add_event(connection: Connection, case_id: int, kind: str, reason: str, now: datetime) -> None:
    """An event of the service's own; reasons name rules, never words."""
    values = {"case_id": case_id, "at": now, "kind": kind, "actor": ACTOR, "data": {"reason": reason}}
    connection.execute(insert(EVENT).values(**values))


def purge(connection: Connection, now: datetime) -> int:
    """Sealed words and links whose platform wants them gone: hash and note stay, hold or not (rulings 11)."""
    due = EVIDENCE.c.purge_at <= now
    posts = select(EVIDENCE.c.post_id).where(due)
    connection.execute(update(POST).where(POST.c.id.in_(posts)).values(url="", external_id=""))
    return connection.execute(
        update(EVIDENCE).where(due).values(sealed=b"", key_id="", purge_at=None, note=GONE)
    ).rowcount


def empty_posts(connection: Connection, posts: Sequence[int], now: datetime) -> None:
    """Every word and the address of these posts; assessments and decisions stay with their case."""
    for table in (CONTENT, EXTRACT, EVIDENCE):
        connection.execute(delete(table).where(table.c.post_id.in_(posts)))
    values = {"url": "", "external_id": "", "language": "", "emptied_at": now}
    connection.execute(update(POST).where(POST.c.id.in_(posts)).values(**values))


def empty_cases(connection: Connection, cases: Sequence[int], now: datetime, reason: str) -> None:
    """Every word of these cases and the keys that later posts would find them by."""
    query = (
        select(ASSESSMENT.c.post_id)
        .join(DECISION, DECISION.c.assessment_id == ASSESSMENT.c.id)
        .where(DECISION.c.case_id.in_(cases))
        .distinct()
    )
    empty_posts(connection, list(connection.scalars(query)), now)
    connection.execute(delete(CASE_KEY).where(CASE_KEY.c.case_id.in_(cases)))
    for number in cases:
        add_event(connection, number, WORDS_GONE, reason, now)


def note_words_gone(connection: Connection, cases: Collection[int], now: datetime) -> None:
    """Say it once in each case, and take the hashes of its words away."""
    connection.execute(delete(CASE_KEY).where(CASE_KEY.c.case_id.in_(cases)))
    for number in sorted(cases):
        said = exists().where(EVENT.c.case_id == number, EVENT.c.kind == WORDS_GONE)
        if not connection.scalar(select(said)):
            add_event(connection, number, WORDS_GONE, "kept for as long as the policy allows", now)


def bury_posts(connection: Connection, posts: Sequence[int], now: datetime) -> None:
    """All that is known of these posts, but for hash, source and times; their decisions are counted."""
    empty_posts(connection, posts, now)
    of_post = select(ASSESSMENT.c.id).where(ASSESSMENT.c.post_id.in_(posts))
    query = (
        select(DECISION.c.outcome, DECISION.c.decided_at, POST.c.school)
        .join(ASSESSMENT, ASSESSMENT.c.id == DECISION.c.assessment_id)
        .join(POST, POST.c.id == ASSESSMENT.c.post_id)
        .where(ASSESSMENT.c.post_id.in_(posts))
    )
    rows = connection.execute(query).all()
    count(connection, Counter((f"{r.decided_at:%Y-%m-%d}", r.school, r.outcome) for r in rows))
    connection.execute(delete(SETBACK).where(SETBACK.c.step == "triage", SETBACK.c.row_id.in_(of_post)))
    connection.execute(delete(SETBACK).where(SETBACK.c.step == "assess", SETBACK.c.row_id.in_(posts)))
    connection.execute(delete(DECISION).where(DECISION.c.assessment_id.in_(of_post)))
    connection.execute(delete(ASSESSMENT).where(ASSESSMENT.c.post_id.in_(posts)))


def count(connection: Connection, fresh: Counter[tuple[str, str, str]]) -> None:
    """Add to the daily counts."""
    for (day, school, outcome), number in sorted(fresh.items()):
        here = and_(TALLY.c.day == day, TALLY.c.school == school, TALLY.c.outcome == outcome)
        done = connection.execute(update(TALLY).where(here).values(count=TALLY.c.count + number))
        if done.rowcount == 0:
            connection.execute(insert(TALLY).values(day=day, school=school, outcome=outcome, count=number))


def delete_cases(connection: Connection, cases: Sequence[int], now: datetime) -> None:
    """Whole cases with everything that hangs on them; posts that stood in no other case are buried."""
    query = (
        select(ASSESSMENT.c.post_id)
        .join(DECISION, DECISION.c.assessment_id == ASSESSMENT.c.id)
        .where(DECISION.c.case_id.in_(cases))
        .distinct()
    )
    posts = set(connection.scalars(query))
    elsewhere = (
        select(ASSESSMENT.c.post_id)
        .join(DECISION, DECISION.c.assessment_id == ASSESSMENT.c.id)
        .where(ASSESSMENT.c.post_id.in_(posts), DECISION.c.case_id.not_in(cases))
    )
    shared = set(connection.scalars(elsewhere))
    bury_posts(connection, sorted(posts - shared), now)
    connection.execute(update(DECISION).where(DECISION.c.case_id.in_(cases)).values(case_id=None))
    for table in (DELIVERY, EVENT, CASE_KEY, HOLD):
        connection.execute(delete(table).where(table.c.case_id.in_(cases)))
    for number in cases:
        erase_reasons(connection, f"case:{number}")  # free words of people; the audit's chain stays whole
    connection.execute(delete(CASE).where(CASE.c.id.in_(cases)))


def minimise_decided(engine: Engine, keeper: Keeper, now: datetime) -> int:
    """Words of decided versions that an older database still holds; gives how many versions."""
    query = (
        select(ASSESSMENT, POST.c.school, POST.c.fetched_at, DECISION.c.outcome, DECISION.c.case_id)
        .add_columns(CONTENT.c.author_name, CONTENT.c.author_handle, CONTENT.c.title, CONTENT.c.text)
        .add_columns(CONTENT.c.context, CASE.c.restricted)
        .join(POST, POST.c.id == ASSESSMENT.c.post_id)
        .join(DECISION, DECISION.c.assessment_id == ASSESSMENT.c.id)
        .join(CONTENT, and_(CONTENT.c.post_id == POST.c.id, CONTENT.c.version == ASSESSMENT.c.version))
        .outerjoin(CASE, CASE.c.id == DECISION.c.case_id)
        .limit(ROUND)
    )
    total = 0
    while True:
        with writing(engine) as connection:
            rows = connection.execute(query).all()
            gathered = Gathered()
            for row in rows:
                gathered.add(row, row.outcome, bool(row.restricted), keeper, now)
            gathered.write(connection)
        total += len(rows)
        if not rows:
            return total
