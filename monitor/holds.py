"""Legal hold: a person stops the deletion of a case, with a reason and an end (PBD-30).

A hold without an end, or one of more than six months, is refused; it may be placed
again before it ends. When it has ended, the next retention run deletes what was
due. It does not stop a platform's own clock (rulings 11).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import exists, insert, select

from monitor.database import writing
from monitor.errors import CaseError
from monitor.records import CASE, EVENT, HOLD
from monitor.store import Store

LONGEST = timedelta(days=184)


def place(
    store: Store, case_id: int, *, person: str, reason: str, ends_at: datetime | None, now: datetime
) -> None:
    """Hold a case, or hold it again. The event tells the data protection officer; the reason stays with the hold.

    Raises:
        CaseError: no such case, no end, an end too far or past, no person or no reason.
    """
    if ends_at is None:
        raise CaseError("a hold needs an end date; it can be placed again before it ends")
    if not now < ends_at <= now + LONGEST:
        raise CaseError("a hold ends within six months from today; it can be placed again before it ends")
    if not person.strip() or not reason.strip():
        raise CaseError("a hold needs the person who places it, and a reason")
    with writing(store.engine) as connection:
        if not connection.scalar(select(exists().where(CASE.c.id == case_id))):
            raise CaseError(f"there is no case {case_id}")
        values = {
            "case_id": case_id,
            "person": person,
            "reason": reason,
            "placed_at": now,
            "ends_at": ends_at,
        }
        connection.execute(insert(HOLD).values(**values))
        data = {"until": ends_at.date().isoformat(), "tell": "data_protection_officer"}
        connection.execute(
            insert(EVENT).values(case_id=case_id, at=now, kind="held", actor=person, data=data)
        )
