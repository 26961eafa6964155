"""Step 3: assessment -> case (new or joined) and its event and the deliveries owed.

`decide` is pure and gives a reason with every ruling; `run` fetches the rows and
hands it to the store, which calls it inside the transaction.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row
from sqlalchemy.exc import SQLAlchemyError

from config.settings import Settings
from monitor.cases import (
    COMPLAINT,
    NOT_JUDGED,
    POSSIBLE,
    RESTRICTED,
    OpenCase,
    Outcome,
    Owed,
    Ruling,
    Status,
    is_restricted,
    story_keys,
    told_too,
    weighed,
)
from monitor.minimise import by_a_child, words_of
from monitor.routing import recipients, slack_may_read
from monitor.store import Store
from monitor.vault import keeper
from monitor.words import Keeper
from nlp.findings import Flag, Severity

BATCH = 200
LOG = logging.getLogger(__name__)
PRINTER = "printer"
EMAIL = "email"
SLACK = "slack"


@dataclass(frozen=True, slots=True)
class Seen:
    """What triage knows of one assessed post; no words."""

    school: str
    mention: bool
    possible: bool
    severity: Severity
    category: str
    also: tuple[str, ...]
    staff: tuple[str, ...]
    backlog: bool
    posted_at: datetime | None
    found_at: datetime
    told_too: tuple[str, ...] = ()
    """Categories whose people are told besides those of the leading one."""

    @property
    def restricted(self) -> bool:
        """Whether anything in it is for the child-protection role's eyes."""
        others = (category for category in self.told_too if category != "threatening")
        return is_restricted(self.category, self.severity) or any(others)


def seen(row: Row[Any]) -> Seen:
    """The work-list row as a value; a possible mention is a category of its own (rulings 5)."""
    possible = row.possible and not row.mention
    found = {Flag(f["flag"]): Severity[f["severity"].upper()] for f in row.findings}
    return Seen(
        school=row.school,
        mention=row.mention,
        possible=possible,
        severity=Severity(row.severity),
        category=POSSIBLE if possible and row.category != NOT_JUDGED else row.category,
        also=tuple(row.also) if not possible else (),
        staff=tuple(sorted(row.staff)),
        backlog=row.backlog,
        posted_at=row.published_at,
        found_at=row.fetched_at,
        told_too=_told_too(row, found) if not possible else (),
    )


def _told_too(row: Row[Any], found: dict[Flag, Severity]) -> tuple[str, ...]:
    """What a child seems to have written is for the child-protection role, whatever it says (PBD-17)."""
    others = told_too(weighed(found, row.staff, [f["rule"] for f in row.findings]))
    leads = row.category in RESTRICTED
    if leads or "pupil_identifying" in others or not by_a_child(words_of(row)):
        return others
    return (*others, "pupil_identifying")


def decide(post: Seen, story: OpenCase | None, settings: Settings) -> Ruling:
    """What becomes of one assessed post. Reasons name rules, never words of the post."""
    if not (post.mention or post.possible):
        return Ruling(Outcome.NOBODY, "not about the school")
    if post.mention and not post.staff and not settings.school_terms(post.school):
        return Ruling(Outcome.NOBODY, "names the school alone, and its terms are switched off")
    if post.possible and post.severity < Severity.HIGH and post.category == POSSIBLE:
        return Ruling(Outcome.POSSIBLE, "perhaps about the school, and nothing serious in it")
    if post.category == COMPLAINT and (post.severity is Severity.NONE or not post.also):
        return Ruling(Outcome.CRITICISM, "a complaint or criticism, and nothing else: never escalated")
    if post.severity is Severity.NONE:
        return Ruling(Outcome.MENTION, "a mention with nothing to act on")
    return _open(post, settings) if story is None else _join(post, story, settings)


def _open(post: Seen, settings: Settings) -> Ruling:
    pushed, why = _worth_telling(post, settings)
    owed, nobody = _owed(post, settings, "opened") if pushed else ((), False)
    pack = settings.pack
    opens = {
        "school": post.school,
        "category": post.category,
        "also": list(post.also),
        "severity": int(post.severity),
        "restricted": post.restricted,
        "status": str(Status.ALERTED if pushed else Status.QUEUED),
        "subjects": list(post.staff),
        "post_count": 1,
        "posted_at": post.posted_at,
        "found_at": post.found_at,
        "pack_id": pack.id,
        "pack_version": pack.version,
        "pack_sha256": pack.sha256,
    }
    data = {"severity": post.severity.word} | ({"nobody_to_tell": True} if nobody else {})
    return Ruling(Outcome.OPENED, why, opens=opens, event="opened", data=data, deliveries=owed)


def _join(post: Seen, story: OpenCase, settings: Settings) -> Ruling:
    also = tuple(dict.fromkeys((*story.also, *post.also)))
    rises = post.severity > story.severity
    new_kind = len(also) > len(story.also)
    pushed, why = _worth_telling(post, settings)
    first = story.status == Status.QUEUED and pushed
    kind = "opened" if first else "severity-rose" if rises else "new-kind" if new_kind else ""
    owed, nobody = _owed(post, settings, kind) if pushed and kind else ((), False)
    changes: dict[str, Any] = {"also": list(also), "severity": int(max(post.severity, story.severity))}
    if post.restricted:
        changes["restricted"] = True
    if first:
        changes["status"] = str(Status.ALERTED)
    data: dict[str, Any] = {"severity": post.severity.word}
    if story.holds_post:
        data["edited"] = True
    if nobody:
        data["nobody_to_tell"] = True
    reason = f"the same story; {why}" if owed else "the same story; its people have been told"
    return Ruling(
        Outcome.JOINED,
        reason,
        joins=story.id,
        adds_post=not story.holds_post,
        changes=changes,
        event=kind or "joined",
        data=data,
        deliveries=owed,
    )


def _worth_telling(post: Seen, settings: Settings) -> tuple[bool, str]:
    threshold = Severity[settings.alerts.from_severity.upper()]
    if post.severity < threshold:
        return False, f"{post.severity.word}: for the review queue and the digest"
    if post.backlog:
        return False, "older than a week when its source was first read: for the review queue"
    return True, f"{post.severity.word} {post.category.replace('_', ' ')}"


def _owed(post: Seen, settings: Settings, kind: str) -> tuple[tuple[Owed, ...], bool]:
    """Deliveries, and whether there was nobody to tell or no way to (health then says so loudly)."""
    told = recipients(
        settings.people,
        settings.pack.routes,
        school=post.school,
        categories=(post.category, *post.told_too),
        subjects=post.staff,
    )
    owed = [Owed(EMAIL, r.person.id, r.role, kind) for r in told] if settings.email else []
    if slack_may_read(settings, restricted=post.restricted, subjects=post.staff):
        owed.append(Owed(SLACK, "", "", kind))
    if settings.alerts.printer:
        owed.append(Owed(PRINTER, "", told[0].role if told else "", kind))
    return tuple(owed), not (told and owed)


def keys_of(row: Row[Any]) -> frozenset[bytes]:
    """Under which keys this row's post finds its story."""
    if row.text is None:  # its words are gone, or were never about the school
        return frozenset()
    post = seen(row)
    return story_keys(
        category=post.category,
        subjects=post.staff,
        url=row.url,
        title=row.title,
        text=row.text,
        context=row.context,
        post=str(row.post_id),
    )


def run(store: Store, settings: Settings, now: datetime) -> int:
    """Decide on every assessment that waits; gives how many were decided.

    A row that can not be decided holds up no other; after three tries it is set
    aside, and health asks a person to look.
    """
    total = 0
    passed: set[int] = set()  # failed in this run; tried again in the next
    keeps: Keeper | None = None  # the key is read when there is something to seal
    while rows := [row for row in store.to_decide(BATCH + len(passed)) if row.id not in passed]:
        keeps = keeps or keeper(settings)
        try:
            total += _keep(store, rows, settings, keeps, now)
        except SQLAlchemyError:
            raise  # the database's fault, not a row's
        except Exception:  # noqa: BLE001 - one of these rows; which, they are asked one by one
            total += sum(_keep_alone(store, row, settings, keeps, passed, now) for row in rows)
    if total:
        store.settle()
    return total


def _keep(store: Store, rows: Sequence[Row[Any]], settings: Settings, keeps: Keeper, now: datetime) -> int:
    def ruling(row: Row[Any], story: OpenCase | None) -> Ruling:
        return decide(seen(row), story, settings)

    return store.keep_decisions(rows, keys_of, ruling, now, keeps)


def _keep_alone(
    store: Store, row: Row[Any], settings: Settings, keeps: Keeper, passed: set[int], now: datetime
) -> int:
    try:
        return _keep(store, [row], settings, keeps, now)
    except SQLAlchemyError:
        raise
    except Exception as error:  # noqa: BLE001 - the step's outer handler for one row
        LOG.error("assessment %d could not be decided: %s", row.id, type(error).__name__)
        passed.add(row.id)
        store.keep_setback("triage", row.id, row.version, type(error).__name__, now)
        return 0
