"""Values that tests of several packages begin with: an invented school, its people, posts, assessments.

Marrowby and everybody in it are invented; addresses end in .example and telephone
numbers are from the ranges that Ofcom keeps for drama.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, Row, insert, select

from config.pack import Pack, PolicyPath, Step
from config.people import Contact, People, Person
from config.schools import School, StaffMember
from config.settings import Alerts, Email, Service, Settings
from connectors.base import Post
from monitor.candidates import Candidate
from monitor.records import ASSESSMENT, POST
from monitor.store import Store
from nlp.findings import Assessment, Finding, Flag, Mention, Severity

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
SCHOOL = "marrowby"
CALM = Assessment(Mention(mention=True, confidence=0.9), version="test")
STRANGER = Assessment(Mention(mention=False, confidence=0.0), version="test")
ROLES: Mapping[str, str | None] = {
    "headteacher": "head",
    "child_protection_person": "cp",
    "deputy_child_protection_person": "deputy",
    "designated_person": "office",
    "deputy_designated_person": "deputy",
    "chair_of_governors": "chair",
}
ROUTES: Mapping[str, tuple[str, ...]] = {
    "child_at_risk": ("child_protection_person",),
    "allegation_against_staff": ("child_protection_person", "headteacher"),
    "threatening": ("designated_person", "headteacher"),
    "pupil_identifying": ("child_protection_person",),
    "abusive_harassing": ("designated_person",),
    "defamatory_possible": ("designated_person",),
    "legitimate_complaint": ("headteacher",),
    "possible_mention": ("designated_person",),
    "staff_mention": ("designated_person",),
    "school_mention": ("headteacher",),
    "subject_is_headteacher": ("chair_of_governors",),
}
STEPS = (
    Step(text="Is anyone in danger? Call 999.", who="designated_person", by="now", first=True),
    Step(
        text="Keep a picture of the post with its address and the time, and do not answer it from any account",
        who="office_of_nobody",
        by="within one school day",
        contact="helpline",
        clause="MB-2.1",
    ),
    Step(text="Tell the headteacher", who="headteacher", by="today"),
)


def pack(**changes: Any) -> Pack:
    """A small policy with a path for two categories and routes for most."""
    paths = {
        name: PolicyPath(category=name, title=name.replace("_", " "), steps=STEPS[:count])
        for name, count in (("abusive_harassing", 3), ("threatening", 2))
    }
    values: dict[str, Any] = {
        "id": "marrowby-policy",
        "version": "3",
        "title": "What is said about us",
        "sha256": "0" * 64,
        "routes": dict(ROUTES),
        "paths": paths,
    }
    return Pack(**(values | changes))


def person(key: str, staff: str | None = None, phone: str | None = None) -> Person:
    return Person(id=key, name=f"Person {key}", email=f"{key}@marrowby.example", staff=staff, phone=phone)


def people(roles: Mapping[str, str | None] = ROLES, **staff: str) -> People:
    """Everybody who holds a role at Marrowby; `staff` says who of them is on the watch list as whom."""
    held = {key for key in roles.values() if key}
    phones = {"head": "07700 900321"}
    return People(
        persons={key: person(key, staff.get(key), phones.get(key)) for key in sorted(held)},
        roles={SCHOOL: dict(roles)},
        contacts={
            "helpline": Contact(
                id="helpline",
                name="Helpline for school staff",
                phone="01632 960 555",
                url="https://www.a-very-long-name-for-a-help-line.example/what-to-do-next",
                hours="Monday to Friday, 9 to 17",
                verified_on=NOW.date(),
            )
        },
    )


def school(**changes: Any) -> School:
    values: dict[str, Any] = {
        "key": SCHOOL,
        "name": "Marrowby Community School",
        "aliases": ("Marrowby Community",),
        "places": ("Marrowby",),
        "staff": (
            StaffMember(id="farrant", name="Odette Farrant", title="Mrs", role="Headteacher"),
            StaffMember(id="lockyer", name="Piers Lockyer", title="Mr", role="Teacher"),
        ),
    }
    return School(**(values | changes))


def settings(folder: Path, **changes: Any) -> Settings:
    """A whole configuration that keeps its state in `folder`; mail goes to port 1 of this machine, to nobody."""
    values: dict[str, Any] = {
        "folder": folder,
        "service": Service(contact="office@marrowby.example", data_dir=folder),
        "email": Email(host="127.0.0.1", port=1, security="none", sender="watch@marrowby.example"),
        "alerts": Alerts(),
        "schools": (school(),),
        "people": people(head="farrant"),
        "pack": pack(),
    }
    return Settings(**(values | changes))


def post(text: str = "Marrowby Community School", external_id: str = "1", **changes: Any) -> Post:
    values: dict[str, Any] = {"platform": "web", "external_id": external_id, "fetched_at": NOW, "text": text}
    return Post(**(values | changes))


def candidate(text: str = "Marrowby Community School", external_id: str = "1", **changes: Any) -> Candidate:
    return Candidate(SCHOOL, post(text, external_id, **changes))


def finding(flag: Flag, severity: Severity) -> Finding:
    return Finding(flag, 0.9, severity, (), "a reason", f"{flag}.test")


def assessed(post_id: int, version: int = 1, **changes: Any) -> dict[str, Any]:
    """A row as the assess step keeps it: by itself a medium abusive mention."""
    values: dict[str, Any] = {
        "post_id": post_id,
        "version": version,
        "mention": True,
        "possible": False,
        "confidence": 0.9,
        "staff": [],
        "findings": [],
        "severity": int(Severity.MEDIUM),
        "category": "abusive_harassing",
        "also": [],
        "notes": [],
        "made_by": "test",
        "assessed_at": NOW,
    }
    return values | changes


def rows(engine: Engine, table: Any) -> list[Row[Any]]:
    """Everything that a table holds, in order of its first key."""
    with engine.connect() as connection:
        return list(connection.execute(select(table).order_by(*table.primary_key.columns)))


def judged(engine: Engine, text: str = "words", external_id: str = "1", **changes: Any) -> int:
    """A post in the store with an assessment; `changes` are of the assessment, `url` and the like of the post."""
    of_post = {k: changes.pop(k) for k in ("url", "title", "context", "published_at") if k in changes}
    store = Store(engine)
    store.keep_batch([candidate(text, external_id, **of_post)], None)
    row = next(r for r in rows(engine, POST) if r.external_id == external_id)
    with engine.begin() as connection:
        connection.execute(insert(ASSESSMENT).values(**assessed(row.id, row.version, **changes)))
    return int(row.id)


def later(**length: float) -> datetime:
    return NOW + timedelta(**length)
