"""The words of a case, for one signed-in person: as much as the access table gives them, each look in the audit.

Nothing here prints. Words are read after the audit entry is on the disk, never before: a view
that could not be written down does not happen. A post whose extract was not kept (a restricted
category, or a child wrote it: PBD-17) is for the child protection role even in an ordinary case.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, and_, select

from config.settings import Settings
from monitor.access import Action, Matter, Verdict, matter, may_of
from monitor.accounts import Session
from monitor.audit import Audit, Entry
from monitor.errors import MonitorError
from monitor.keys import KeyTrouble, Ring
from monitor.minimise import Words
from monitor.records import ASSESSMENT, CASE, DECISION, DELIVERY, EVENT, EVIDENCE, EXTRACT
from monitor.vault import unseal

HANDLED = "This is handled by the safeguarding lead."


class NotShown(MonitorError):
    """A person may not read this; its text is the sentence for them."""


@dataclass(frozen=True, slots=True)
class PostWords:
    """What one version of a post said. `words` is None where only the extract may be read; `note` says why."""

    post_id: int
    version: int
    extract: str
    words: Words | None
    note: str


def matters(engine: Engine, settings: Settings) -> list[Matter]:
    """Every case as the access table sees it; `access.listed` and `access.counted` narrow them to a person's."""
    with engine.connect() as connection:
        rows = connection.execute(select(CASE).order_by(CASE.c.id)).all()
        return [_matter(connection, settings, row) for row in rows]


def case_words(
    audit: Audit,
    settings: Settings,
    ring: Ring | None,
    case_id: int,
    session: Session,
    reason: str,
    now: datetime,
) -> tuple[PostWords, ...]:
    """What the posts of a case said, newest version of a post last; the look is in the audit.

    `ring` opens sealed evidence; None where the key is missing. `reason` is needed for restricted
    cases, and for the data protection officer (the number of the request).

    Raises:
        NotShown: with the sentence for the person; the refusal is in the audit too.
    """
    with audit.engine.connect() as connection:
        row = connection.execute(select(CASE).where(CASE.c.id == case_id)).first()
        case = _matter(connection, settings, row) if row else None
        rows = _posts(connection, case_id)
    whole, verdict = _decide(settings, session.person, case, case_id)
    given = reason.strip()
    allowed = verdict.allowed and (bool(given) or not verdict.needs_reason)
    inner = _inner(settings, session.person, case, given)
    action = whole
    if case and (case.restricted or (inner == "" and any(map(_is_restricted, rows)))):
        action = Action.READ_RESTRICTED
    audit.add(Entry(now, session.person, str(action), f"case:{case_id}", allowed, given))
    if not allowed:
        raise NotShown(verdict.why)
    return tuple(_shown(post, ring, whole=whole is Action.READ_WORDS, inner=inner) for post in rows)


def _decide(settings: Settings, person: str, case: Matter | None, case_id: int) -> tuple[Action, Verdict]:
    """The most that a person may read of a case: its words, its extract, or nothing."""
    if case is None:
        return Action.READ_WORDS, Verdict(False, why=f"There is no case {case_id}.", hidden=True)
    words = may_of(settings.people, person, Action.READ_WORDS, case)
    if words.allowed or words.hidden:
        return Action.READ_WORDS, words
    return Action.READ_EXTRACT, may_of(settings.people, person, Action.READ_EXTRACT, case)


def _matter(connection: Connection, settings: Settings, row: Row[Any]) -> Matter:
    return matter(
        case_id=row.id,
        school=row.school,
        category=row.category,
        restricted=row.restricted,
        subjects=row.subjects,
        people=settings.people,
        routes=settings.pack.routes,
        told=_told(connection, settings, row),
    )


def _told(connection: Connection, settings: Settings, row: Row[Any]) -> set[str]:
    """Who was told, by person; and by role from the case's events, which outlive the messages (retention)."""
    persons = select(DELIVERY.c.person).where(DELIVERY.c.case_id == row.id, DELIVERY.c.person != "")
    events = select(EVENT.c.data).where(EVENT.c.case_id == row.id, EVENT.c.kind == "delivered")
    roles = {data.get("role", "") for data in connection.scalars(events)}
    holders = (settings.people.holder(row.school, role) for role in roles)
    return {*connection.scalars(persons), *(holder.id for holder in holders if holder)}


def _inner(settings: Settings, person: str, case: Matter | None, reason: str) -> str:
    """Why a person may not read what is restricted inside a case; "" when they may."""
    if case is None:
        return HANDLED
    verdict = may_of(settings.people, person, Action.READ_RESTRICTED, case)
    if not verdict.allowed:
        return HANDLED
    return verdict.why if verdict.needs_reason and not reason else ""


def _posts(connection: Connection, case_id: int) -> list[Any]:
    def same(table: Any) -> Any:
        return and_(table.c.post_id == ASSESSMENT.c.post_id, table.c.version == ASSESSMENT.c.version)

    query = (
        select(
            ASSESSMENT.c.post_id,
            ASSESSMENT.c.version,
            EXTRACT.c.post_id.label("extracted"),
            EXTRACT.c.masked,
            EXTRACT.c.note.label("remark"),
            EVIDENCE.c.post_id.label("sealed_for"),
            EVIDENCE.c.key_id,
            EVIDENCE.c.sealed,
            EVIDENCE.c.note,
        )
        .join(DECISION, DECISION.c.assessment_id == ASSESSMENT.c.id)
        .outerjoin(EXTRACT, same(EXTRACT))
        .outerjoin(EVIDENCE, same(EVIDENCE))
        .where(DECISION.c.case_id == case_id)
        .order_by(ASSESSMENT.c.post_id, ASSESSMENT.c.version)
    )
    return list(connection.execute(query).all())


def _is_restricted(row: Any) -> bool:
    """Evidence without an extract: a restricted category, or a child wrote it (`minimise.plan`)."""
    return row.sealed_for is not None and row.extracted is None


def _shown(row: Any, ring: Ring | None, *, whole: bool, inner: str) -> PostWords:
    words, note = None, row.remark or ""
    if row.sealed_for is None:
        note = note or ("" if row.masked else "Its words are not kept any more; the link is.")
    elif _is_restricted(row) and inner:
        note = inner
    elif not whole:
        note = note or "Your role reads the extract only."
    else:
        words, note = _opened(row, ring)
    return PostWords(row.post_id, row.version, row.masked or "", words, note)


def _opened(row: Any, ring: Ring | None) -> tuple[Words | None, str]:
    if not row.sealed:
        return None, f"Its words are not kept: {row.note or 'deleted'}."
    if ring is None:
        return None, "The key to its words is missing; bring it back: mentionwatch key restore FILE"
    try:
        return unseal(ring, row), ""
    except KeyTrouble as error:
        return None, str(error)
