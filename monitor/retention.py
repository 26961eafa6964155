"""Step `retain`: what has been kept long enough goes. First at start and then daily; polling waits for it (rulings 3).

The limits are `CLASSES`, nothing else (privacy-by-design.md section E,
rulings 10 and 11). Each piece of work is one small transaction that can be done
again, so a kill leaves whole cases and posts, some gone and some still to go.
After it the log and the free pages are emptied (`settling.py`).

Of a post that is gone, its hash, source and times stay (a tombstone: no words, no
address), so that an old entry of a feed does not come back as new.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import ColumnElement, Connection, and_, delete, exists, or_, select

from config.settings import Settings
from monitor import audit, erasing
from monitor.cases import OVERRIDING, Outcome, Status
from monitor.database import writing
from monitor.erasing import PROMPTS
from monitor.records import (
    ASSESSMENT,
    CASE,
    CONTENT,
    DECISION,
    DELIVERY,
    EVENT,
    EVIDENCE,
    EXTRACT,
    HOLD,
    POST,
    SETBACK,
)
from monitor.settling import sweep
from monitor.store import Store
from monitor.vault import keeper

BATCH = 200  # cases or posts of one transaction
ASK_BEFORE = timedelta(days=30)  # an open case at month 11
MONTH_NINE = timedelta(days=274)
MONTH_NINE_FOR = ("defamatory_possible", "allegation_against_staff", "impersonation")
"""Where a claim must be made within one year, a person is asked while there is time."""
LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Class:
    """One line of the retention table: what, for how many days, and what then."""

    name: str
    days: int
    then: str


CLASSES: dict[str, Class] = {
    entry.name: entry
    for entry in (
        Class("unmatched", 0, "dropped in memory, never stored"),
        Class("possible", 7, "masked extract deleted; for correction till then"),
        Class("mention", 30, "masked extract, assessment and decision deleted; daily counts stay"),
        Class("queued", 30, "the whole case deleted, when nobody acted on it"),
        Class("words", 365, "extract, evidence, handle and link of a case deleted; asked about at month 11"),
        Class("skeleton", 365, "the rest of the case deleted, so long after its last event"),
        Class("moved", 30, "a safeguarding or allegation case deleted, so long after its receipt"),
        Class("delivery", 30, "own copies of sent and given-up messages deleted"),
        Class("tombstone", 730, "the hash of a post deleted, when its source is no longer read"),
        Class(
            "audit",
            730,
            "the oldest entries deleted, the chain cut where an entry says so (monitor/audit.py)",
        ),
        Class("exports", 30, "files in data/exports and data/drafts deleted"),
        Class("backups", 35, "files in data/backups deleted"),
    )
}


def limits(settings: Settings) -> dict[str, timedelta]:
    """Days of each class for this school: the pack may shorten, and lengthen only with a DPIA's reference."""
    found = {name: timedelta(days=entry.days) for name, entry in CLASSES.items()}
    own = settings.pack.retention
    words = timedelta(days=round(own.max_months * 365 / 12))
    found["words"] = words if own.dpia_reference else min(words, found["words"])
    for name in ("mention", "queued"):
        found[name] = min(found[name], timedelta(days=own.non_actionable_days))
    found["possible"] = min(found["possible"], found["mention"])
    return found


def run(store: Store, settings: Settings, now: datetime) -> dict[str, int]:
    """Delete what is due and ask what must be asked; gives how many of each class."""
    limit = limits(settings)
    due = {name: now - length for name, length in limit.items()}
    counts: Counter[str] = Counter()
    counts["minimised"] = erasing.minimise_decided(store.engine, keeper(settings), now)
    pieces: tuple[tuple[str, Callable[[Connection], int]], ...] = (
        ("purged", lambda c: erasing.purge(c, now)),
        ("wrong", lambda c: _wrong(c, now)),
        ("possible", lambda c: _extracts(c, due["possible"], Outcome.POSSIBLE)),
        ("queued", lambda c: _queued(c, due["queued"], now)),
        ("moved", lambda c: _moved(c, due["moved"], now)),
        ("words", lambda c: _versions(c, due["words"], now)),
        ("words", lambda c: _words(c, due["words"], now)),
        ("skeleton", lambda c: _skeletons(c, due["skeleton"], now)),
        ("mention", lambda c: _extracts(c, due["mention"], Outcome.MENTION, Outcome.CRITICISM)),
        ("mention", lambda c: _mentions(c, due["mention"], now)),
        ("asked", lambda c: _ask(c, now, limit["words"])),
        ("delivery", lambda c: _deliveries(c, due["delivery"])),
        ("tombstone", lambda c: _tombstones(c, due["tombstone"], settings)),
        ("setback", lambda c: c.execute(delete(SETBACK).where(SETBACK.c.last_at <= due["mention"])).rowcount),
        ("audit", lambda c: _audit(c, due["audit"], now)),
    )
    for name, piece in pieces:
        counts[name] += _until_done(store, piece)
    counts["files"] = _files(settings.service.data_dir, due)
    sweep(store.engine, ("content", "extract", "evidence", "post", "assessment", "decision", "cases"))
    done = {name: count for name, count in counts.items() if count}
    if done:
        LOG.info("retention: %s", ", ".join(f"{count} {name}" for name, count in sorted(done.items())))
    return done


def _until_done(store: Store, piece: Callable[[Connection], int]) -> int:
    total = 0
    while True:
        with writing(store.engine) as connection:
            count = piece(connection)
        total += count
        if count < BATCH:
            return total


# --- what is due: each in one transaction, at most BATCH at once --------------------


def _held(now: datetime) -> ColumnElement[bool]:
    return exists().where(HOLD.c.case_id == CASE.c.id, HOLD.c.ends_at > now)


def _has(kind: str, before: datetime | None = None) -> ColumnElement[bool]:
    query = exists().where(EVENT.c.case_id == CASE.c.id, EVENT.c.kind == kind)
    return query if before is None else query.where(EVENT.c.at <= before)


def _with_words() -> ColumnElement[bool]:
    """Whether a case still holds an extract, evidence or the link of a post."""
    version = and_(DECISION.c.case_id == CASE.c.id, DECISION.c.assessment_id == ASSESSMENT.c.id)
    kept = [
        exists().where(
            version, table.c.post_id == ASSESSMENT.c.post_id, table.c.version == ASSESSMENT.c.version
        )
        for table in (EXTRACT, EVIDENCE)
    ]
    linked = exists().where(version, POST.c.id == ASSESSMENT.c.post_id, POST.c.emptied_at.is_(None))
    return or_(*kept, linked)


def _moving() -> ColumnElement[bool]:
    """A safeguarding or allegation case: it waits until it is moved to the school's own file."""
    return CASE.c.category.in_(OVERRIDING)


def _cases(connection: Connection, *where: ColumnElement[bool]) -> list[int]:
    query = select(CASE.c.id).where(*where).order_by(CASE.c.id).limit(BATCH)
    return list(connection.scalars(query))


def _wrong(connection: Connection, now: datetime) -> int:
    """A case that a person called wrong is emptied at once (PBD-12)."""
    found = _cases(connection, _has("wrong"), ~_held(now), _with_words())
    erasing.empty_cases(connection, found, now, "a person called it wrong")
    return len(found)


def _extracts(connection: Connection, due: datetime, *kinds: Outcome) -> int:
    here = and_(EXTRACT.c.kind.in_(map(str, kinds)), EXTRACT.c.collected_at <= due)
    return connection.execute(delete(EXTRACT).where(here)).rowcount


def _queued(connection: Connection, due: datetime, now: datetime) -> int:
    acted = exists().where(EVENT.c.case_id == CASE.c.id, EVENT.c.actor != "mentionwatch")
    queued = CASE.c.status == str(Status.QUEUED)
    found = _cases(connection, queued, CASE.c.updated_at <= due, ~acted, ~_held(now))
    erasing.delete_cases(connection, found, now)
    return len(found)


def _moved(connection: Connection, due: datetime, now: datetime) -> int:
    found = _cases(connection, _has("moved", due), ~_held(now))
    erasing.delete_cases(connection, found, now)
    return len(found)


def _versions(connection: Connection, due: datetime, now: datetime) -> int:
    """Kept words of a case go one version at a time, each so long after it was collected."""
    count = 0
    for table in (EXTRACT, EVIDENCE):
        free = exists().where(
            ASSESSMENT.c.post_id == table.c.post_id,
            ASSESSMENT.c.version == table.c.version,
            DECISION.c.assessment_id == ASSESSMENT.c.id,
            CASE.c.id == DECISION.c.case_id,
            ~_moving(),
            ~_held(now),
        )
        count += connection.execute(delete(table).where(table.c.collected_at <= due, free)).rowcount
    return count


def _words(connection: Connection, due: datetime, now: datetime) -> int:
    """Posts of a case whose newest version is so old lose their link too."""
    query = (
        select(DECISION.c.case_id, POST.c.id)
        .join(ASSESSMENT, ASSESSMENT.c.id == DECISION.c.assessment_id)
        .join(POST, POST.c.id == ASSESSMENT.c.post_id)
        .join(CASE, CASE.c.id == DECISION.c.case_id)
        .where(~_moving(), ~_held(now), POST.c.emptied_at.is_(None), POST.c.fetched_at <= due)
        .distinct()
        .limit(BATCH)
    )
    found = connection.execute(query).all()
    erasing.empty_posts(connection, sorted({row.id for row in found}), now)
    erasing.note_words_gone(connection, {row.case_id for row in found}, now)
    return len(found)


def _skeletons(connection: Connection, due: datetime, now: datetime) -> int:
    later = exists().where(EVENT.c.case_id == CASE.c.id, EVENT.c.kind.not_in(PROMPTS), EVENT.c.at > due)
    found = _cases(connection, ~later, ~_with_words(), ~_moving(), ~_held(now))
    erasing.delete_cases(connection, found, now)
    return len(found)


def _mentions(connection: Connection, due: datetime, now: datetime) -> int:
    """Posts in no case, whatever became of them, and words that no step ever came to."""
    in_case = exists().where(
        ASSESSMENT.c.post_id == POST.c.id,
        DECISION.c.assessment_id == ASSESSMENT.c.id,
        DECISION.c.case_id.is_not(None),
    )
    words = exists().where(CONTENT.c.post_id == POST.c.id)
    query = (
        select(POST.c.id)
        .where(POST.c.fetched_at <= due, ~in_case, or_(POST.c.emptied_at.is_(None), words))
        .order_by(POST.c.id)
        .limit(BATCH)
    )
    found = list(connection.scalars(query))
    erasing.bury_posts(connection, found, now)
    return len(found)


def _deliveries(connection: Connection, due: datetime) -> int:
    done = or_(
        and_(DELIVERY.c.state == "sent", DELIVERY.c.sent_at <= due),
        and_(DELIVERY.c.state == "dead", DELIVERY.c.created_at <= due),
    )
    return connection.execute(delete(DELIVERY).where(done)).rowcount


def _tombstones(connection: Connection, due: datetime, settings: Settings) -> int:
    read = [source.name for source in settings.sources]
    judged = exists().where(ASSESSMENT.c.post_id == POST.c.id)
    here = and_(POST.c.emptied_at <= due, POST.c.source.not_in(read), ~judged)
    return connection.execute(delete(POST).where(here)).rowcount


def _audit(connection: Connection, due: datetime, now: datetime) -> int:
    """From the start of the chain; the entry that says so is no work that calls for another round."""
    return audit.expire(connection, due + timedelta(microseconds=1), now)


# --- questions to people ------------------------------------------------------------


def _ask(connection: Connection, now: datetime, words: timedelta) -> int:
    """Each question once: at month nine where a claim has a year, and a month before the words go."""
    count = 0
    last_call = and_(CASE.c.found_at <= now - words + ASK_BEFORE, _with_words())
    for number in _cases(connection, last_call, ~_has(PROMPTS[1])):
        erasing.add_event(connection, number, PROMPTS[1], _until(words), now)
        count += 1
    if words <= MONTH_NINE:
        return count
    claim = and_(CASE.c.category.in_(MONTH_NINE_FOR), CASE.c.found_at <= now - MONTH_NINE, _with_words())
    for number in _cases(connection, claim, ~_has(PROMPTS[0])):
        erasing.add_event(connection, number, PROMPTS[0], "a claim may have to be made within one year", now)
        count += 1
    return count


def _until(words: timedelta) -> str:
    return f"words and link go {words.days} days after they were collected: hold, move or let go"


# --- files --------------------------------------------------------------------------


def _files(data_dir: Path, due: dict[str, datetime]) -> int:
    """Exports, drafts and backups whose time is over, by when they were last written."""
    count = 0
    for folder, name in (("exports", "exports"), ("drafts", "exports"), ("backups", "backups")):
        for file in sorted((data_dir / folder).rglob("*")):
            if file.is_file() and not file.is_symlink() and file.stat().st_mtime <= due[name].timestamp():
                file.unlink()
                count += 1
    return count
