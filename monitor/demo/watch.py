"""What became of each post of the demo, read from the service's own database. Changes nothing.

A post that names nobody here never reaches the database; it counts as dealt
with once its feed was handed out with it and the service has kept that poll.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, Row, and_, select

from connectors.links import canonical
from monitor.cases import Outcome
from monitor.demo.script import End, Feed
from monitor.demo.site import Published, Site
from monitor.records import ASSESSMENT, CASE, DECISION, DELIVERY, EVENT, POST, SOURCE
from nlp.findings import Severity

SOURCES = {Feed.NEWS: "pennyfold-post", Feed.COMMENTS: "school-comments"}
WORDS = {
    Outcome.MENTION: "nothing wrong in it",
    Outcome.CRITICISM: "criticism may stand",
    Outcome.POSSIBLE: "perhaps about us, harmless",
    Outcome.NOBODY: "about somebody else",
}
UNNAMED = "names nobody here"


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a published post; `end` None: it is still on its way."""

    shown: Published
    end: End | None = None
    why: str = ""
    case: int = 0
    severity: str = ""
    category: str = ""
    told: frozenset[str] = frozenset()
    """Roles to whom a mail about it has gone."""
    owed: int = 0
    """Mails about it that have not gone yet."""
    sent_at: datetime | None = None
    """When the first mail about it went."""

    @property
    def is_settled(self) -> bool:
        return self.end is not None and not self.owed

    @property
    def as_expected(self) -> bool:
        """Whether it ended as the script says, its mails included."""
        return self.end is self.shown.post.expect and self.told == self.shown.post.told


def fates(engine: Engine, site: Site) -> tuple[Fate, ...]:
    """The fate of every post published so far, in the order of their arrival."""
    shown, served = site.published, site.served  # first: what is read later can only know more
    with engine.connect() as connection:
        decided = connection.execute(_decided()).all()
        sent = connection.execute(_mails()).all()
        kept = set(connection.scalars(select(POST.c.url)))
        polled = {row.name: row.last_good_at for row in connection.execute(select(SOURCE))}
    by_link = {row.url: row for row in decided}
    found = []
    for one in shown:
        link = canonical(site.link(one.post.id))
        if link in by_link:
            found.append(_fate(one, by_link[link], sent))
        elif link not in kept and _was_read(one, served, polled):
            found.append(Fate(one, End.LEFT_ALONE, UNNAMED))
        else:
            found.append(Fate(one))
    return tuple(found)


def _was_read(one: Published, served: Mapping[str, datetime], polled: Mapping[str, datetime | None]) -> bool:
    """Polls of a source come one after the other, so a poll that ended later has brought this post."""
    last_good, handed_out = polled.get(SOURCES[one.post.feed]), served.get(one.post.id)
    return last_good is not None and handed_out is not None and last_good >= handed_out


def _fate(one: Published, row: Row[Any], mails: Sequence[Row[Any]]) -> Fate:
    outcome = Outcome(row.outcome)
    if outcome in WORDS:
        return Fate(one, End.LEFT_ALONE, WORDS[outcome])
    mine = [m for m in mails if m.data.get("assessment") == row.assessment_id and m.case_id == row.case_id]
    gone = [m for m in mine if m.state == "sent"]
    owed = sum(m.state in ("due", "sending") for m in mine)
    joined = outcome is Outcome.JOINED
    return Fate(
        one,
        End.JOINED if joined else End.ALERTED if mine else End.QUEUED,
        row.reason,
        case=row.case_id,
        severity=Severity(row.severity).word,
        category=row.category,
        told=frozenset(m.role for m in gone),
        owed=owed,
        sent_at=min((m.sent_at for m in gone), default=None),
    )


def _decided() -> Any:
    return (
        select(
            POST.c.url,
            DECISION.c.assessment_id,
            DECISION.c.outcome,
            DECISION.c.reason,
            DECISION.c.case_id,
            ASSESSMENT.c.severity,
            CASE.c.category,
        )
        .join(ASSESSMENT, and_(ASSESSMENT.c.post_id == POST.c.id, ASSESSMENT.c.version == POST.c.version))
        .join(DECISION, DECISION.c.assessment_id == ASSESSMENT.c.id)
        .outerjoin(CASE, CASE.c.id == DECISION.c.case_id)
    )


def _mails() -> Any:
    return (
        select(DELIVERY.c.case_id, DELIVERY.c.role, DELIVERY.c.state, DELIVERY.c.sent_at, EVENT.c.data)
        .join(EVENT, EVENT.c.id == DELIVERY.c.event_id)
        .where(DELIVERY.c.channel == "email")
    )
