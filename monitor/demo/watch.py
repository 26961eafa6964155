"""What became of each post of the demo, read from the service's own database. Changes nothing.

A post that names nobody here never reaches the database; it counts as dealt
with once its feed was handed out with it and the service has kept that poll.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, Row, and_, select

from connectors.links import canonical
from monitor.cases import Outcome
from monitor.demo.script import End, Feed, Slack
from monitor.demo.stage import Published, Stage
from monitor.records import ASSESSMENT, CASE, DECISION, DELIVERY, EVENT, POST, SOURCE
from nlp.findings import Severity

SOURCES = {
    Feed.NEWS: "pennyfold-post",
    Feed.COMMENTS: "school-comments",
    Feed.MASTODON: "social-network",
    Feed.PAGE: "mill-guest-book",
}
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
    slack: Slack | None = None
    """Whether the Slack channel was told of it too, and if not, why."""
    owed: int = 0
    """Messages about it that have not gone yet."""
    sent_at: datetime | None = None
    """When the first mail about it went."""

    @property
    def is_settled(self) -> bool:
        return self.end is not None and not self.owed

    @property
    def as_expected(self) -> bool:
        """Whether it ended as the script says, its messages included."""
        post = self.shown.post
        return (self.end, self.told, self.slack) == (post.expect, post.told, post.slack)


def fates(
    engine: Engine, stage: Stage, link_of: Callable[[Published], str], readers: Collection[str]
) -> tuple[Fate, ...]:
    """The fate of every post published so far, in the order of their arrival.

    `link_of` gives a post's address; `readers` are the staff ids of those who read the Slack channel.
    """
    shown, served = stage.published, stage.served  # first: what is read later can only know more
    with engine.connect() as connection:
        decided = connection.execute(_decided()).all()
        sent = connection.execute(_messages()).all()
        kept = set(connection.scalars(select(POST.c.url)))
        polled = {row.name: row.last_good_at for row in connection.execute(select(SOURCE))}
    by_link = {row.url: row for row in decided}
    found = []
    for one in shown:
        link = canonical(link_of(one))
        if link in by_link:
            found.append(_fate(one, by_link[link], sent, readers))
        elif link not in kept and _was_read(one, served, polled):
            found.append(Fate(one, End.LEFT_ALONE, UNNAMED))
        else:
            found.append(Fate(one))
    return tuple(found)


def _was_read(one: Published, served: Mapping[str, datetime], polled: Mapping[str, datetime | None]) -> bool:
    """Polls of a source come one after the other, so a poll that ended later has brought this post."""
    last_good, handed_out = polled.get(SOURCES[one.post.feed]), served.get(one.post.id)
    return last_good is not None and handed_out is not None and last_good >= handed_out


def _fate(one: Published, row: Row[Any], messages: Sequence[Row[Any]], readers: Collection[str]) -> Fate:
    outcome = Outcome(row.outcome)
    if outcome in WORDS:
        return Fate(one, End.LEFT_ALONE, WORDS[outcome])
    mine = [m for m in messages if m.data.get("assessment") == row.assessment_id and m.case_id == row.case_id]
    owed = sum(m.state in ("due", "sending") for m in mine)
    gone = [m for m in mine if m.state == "sent" and m.channel == "email"]
    in_slack = any(m.state == "sent" and m.channel == "slack" for m in mine)
    joined = outcome is Outcome.JOINED
    return Fate(
        one,
        End.JOINED if joined else End.ALERTED if mine else End.QUEUED,
        row.reason,
        case=row.case_id,
        severity=Severity(row.severity).word,
        category=row.category,
        told=frozenset(m.role for m in gone),
        slack=_slack(row, readers, told=in_slack) if mine and not joined else None,
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
            CASE.c.restricted,
            CASE.c.subjects,
        )
        .join(ASSESSMENT, and_(ASSESSMENT.c.post_id == POST.c.id, ASSESSMENT.c.version == POST.c.version))
        .join(DECISION, DECISION.c.assessment_id == ASSESSMENT.c.id)
        .outerjoin(CASE, CASE.c.id == DECISION.c.case_id)
    )


def _slack(row: Row[Any], readers: Collection[str], *, told: bool) -> Slack | None:
    if told:
        return Slack.TOLD
    if row.restricted:
        return Slack.RESTRICTED
    return Slack.ABOUT_READER if set(row.subjects) & set(readers) else None


def _messages() -> Any:
    columns = (
        DELIVERY.c.case_id,
        DELIVERY.c.channel,
        DELIVERY.c.role,
        DELIVERY.c.state,
        DELIVERY.c.sent_at,
        EVENT.c.data,
    )
    return select(*columns).join(EVENT, EVENT.c.id == DELIVERY.c.event_id)
