"""What a signed-in person can do to a case today: call it wrong, say that it was moved, hold it.

Each asks the access table, leaves an audit entry whether it was allowed or
not, and adds one event to the case; nothing is ever changed in place. The
retention step acts on the events (`wrong` empties, `moved` deletes after its
time, a hold keeps).
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import insert

from config.settings import Settings
from monitor import holds
from monitor.access import Action, may_of
from monitor.accounts import Session
from monitor.audit import Audit, Entry
from monitor.database import writing
from monitor.errors import CaseError
from monitor.records import EVENT
from monitor.store import Store
from monitor.viewing import matters

ACTIONS = {"wrong": Action.ACT, "moved": Action.ACT, "hold": Action.HOLD}


def act(
    audit: Audit,
    settings: Settings,
    case_id: int,
    action: str,
    session: Session,
    reason: str,
    now: datetime,
    *,
    ends_at: datetime | None = None,
) -> None:
    """Do one thing to one case in the name of the person who signed in.

    Raises:
        CaseError: there is no such case for this person, they may not do this, or a word is missing.
    """
    if action not in ACTIONS:
        raise CaseError(f"there is no action '{action[:20]}'; known: {', '.join(ACTIONS)}")
    case = next((m for m in matters(audit.engine, settings) if m.id == case_id), None)
    if case is None:
        raise CaseError(f"There is no case {case_id}.")
    verdict = may_of(settings.people, session.person, ACTIONS[action], case)
    refused = "" if verdict.allowed else verdict.why
    if not refused and not reason.strip():
        refused = "a reason is needed: --reason TEXT"
    audit.add(Entry(now, session.person, action, f"case:{case_id}", allowed=not refused, reason=reason))
    if refused:
        raise CaseError(f"There is no case {case_id}." if verdict.hidden else refused)
    if action == "hold":
        holds.place(
            Store(audit.engine), case_id, person=session.person, reason=reason, ends_at=ends_at, now=now
        )
        return
    with writing(audit.engine) as connection:
        values = {"case_id": case_id, "at": now, "kind": action, "actor": session.person, "data": {}}
        connection.execute(insert(EVENT).values(**values))
