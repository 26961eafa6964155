"""The kept nouns as tables; no behaviour, no lazy relations.

    source_state   what we know of a source: cursor, next check, failures
    post           a candidate: it passed the name gate; one row a school and external id
    content        the words of one version of a post, from its candidate to its decision and no longer
    extract        what may stay of an ordinary version: 500 masked characters at most
    evidence       the full words of a grave or restricted version, sealed (monitor/vault.py)
    assessment     what the language stage said of one version
    decision       what triage made of an assessment (its one successor)
    cases          a story that a person should see, with its derived status
    case_key       by what a later post finds its story
    case_event     what happened to a case; only ever added to
    delivery       one message owed to one person over one channel
    setback        a row that a step could not work on, and how often it tried
    step_run       when each step last finished, for health
    hold           why a case may not be deleted yet, by whom, and until when
    tally          how many decisions of a day there were, when the decisions themselves are gone

Nobody is a key here: no table, index or column counts or lists posts by author
(house rule 2, PBD-08). Work lists are queries for rows without a successor.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, DateTime, Index, LargeBinary, UniqueConstraint
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator
from sqlmodel import Column, Field, SQLModel


class Utc(TypeDecorator[datetime]):
    """A point in time, always with its zone in Python, always UTC in the database.

    SQLite has no time zones and would give back naive values.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone can not be stored")
        at = value.astimezone(UTC)
        return at.replace(tzinfo=None) if dialect.name == "sqlite" else at

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _at(*, nullable: bool = False, index: bool = False) -> Any:
    return Field(default=None, sa_column=Column(Utc, nullable=nullable, index=index))


def _json() -> Any:
    return Field(sa_column=Column(JSON, nullable=False))


class SourceState(SQLModel, table=True):
    __tablename__ = "source_state"

    name: str = Field(primary_key=True)
    cursor: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    next_check_at: datetime = _at()
    last_try_at: datetime | None = _at(nullable=True)
    last_good_at: datetime | None = _at(nullable=True)
    failure_count: int = 0
    reason: str = ""
    notices: list[str] = _json()


class Post(SQLModel, table=True):
    __tablename__ = "post"

    id: int | None = Field(default=None, primary_key=True)
    key: bytes = Field(sa_column=Column(LargeBinary(16), unique=True, nullable=False))
    school: str
    source: str
    platform: str
    external_id: str
    url: str = ""
    kind: str
    language: str = ""
    published_at: datetime | None = _at(nullable=True)
    fetched_at: datetime = _at()
    edited_at: datetime | None = _at(nullable=True)
    deleted: bool = False
    own: bool = False
    backlog: bool = False
    version: int = 1
    fingerprint: bytes = Field(sa_column=Column(LargeBinary(16), nullable=False))
    emptied_at: datetime | None = _at(nullable=True)


class Content(SQLModel, table=True):
    __tablename__ = "content"

    post_id: int = Field(foreign_key="post.id", primary_key=True)
    version: int = Field(primary_key=True)
    author_name: str = ""
    author_handle: str = ""
    title: str = ""
    text: str = ""
    context: str = ""


class Extract(SQLModel, table=True):
    __tablename__ = "extract"

    post_id: int = Field(foreign_key="post.id", primary_key=True)
    version: int = Field(primary_key=True)
    kind: str
    masked: str
    sha256: bytes = Field(sa_column=Column(LargeBinary(32), nullable=False))
    note: str = ""
    collected_at: datetime = _at(index=True)
    made_at: datetime = _at()


class Evidence(SQLModel, table=True):
    __tablename__ = "evidence"

    post_id: int = Field(foreign_key="post.id", primary_key=True)
    version: int = Field(primary_key=True)
    key_id: str = Field(index=True)
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    sha256: bytes = Field(sa_column=Column(LargeBinary(32), nullable=False))
    note: str = ""
    collected_at: datetime = _at(index=True)
    sealed_at: datetime = _at()
    purge_at: datetime | None = _at(nullable=True)


class AssessmentRow(SQLModel, table=True):
    __tablename__ = "assessment"
    __table_args__ = (UniqueConstraint("post_id", "version"),)

    id: int | None = Field(default=None, primary_key=True)
    post_id: int = Field(foreign_key="post.id")
    version: int
    mention: bool
    possible: bool
    confidence: float
    staff: list[str] = _json()
    findings: list[dict[str, Any]] = _json()
    severity: int
    category: str = ""
    also: list[str] = _json()
    notes: list[str] = _json()
    made_by: str
    assessed_at: datetime = _at()


class Decision(SQLModel, table=True):
    __tablename__ = "decision"

    id: int | None = Field(default=None, primary_key=True)
    assessment_id: int = Field(foreign_key="assessment.id", unique=True)
    case_id: int | None = Field(default=None, foreign_key="cases.id", index=True)
    outcome: str
    reason: str
    decided_at: datetime = _at()


class Case(SQLModel, table=True):
    __tablename__ = "cases"
    __table_args__ = {"sqlite_autoincrement": True}  # a deleted case's number is never used again

    id: int | None = Field(default=None, primary_key=True)
    school: str = Field(index=True)
    category: str
    also: list[str] = _json()
    severity: int
    restricted: bool
    status: str
    subjects: list[str] = _json()
    post_count: int
    posted_at: datetime | None = _at(nullable=True)
    found_at: datetime = _at()
    pack_id: str
    pack_version: str
    pack_sha256: str
    opened_at: datetime = _at(index=True)
    updated_at: datetime = _at()


class CaseKey(SQLModel, table=True):
    __tablename__ = "case_key"

    key: bytes = Field(sa_column=Column(LargeBinary(16), primary_key=True))
    case_id: int = Field(foreign_key="cases.id", primary_key=True)


class CaseEvent(SQLModel, table=True):
    __tablename__ = "case_event"

    id: int | None = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="cases.id", index=True)
    at: datetime = _at()
    kind: str
    actor: str
    data: dict[str, Any] = _json()


class Delivery(SQLModel, table=True):
    __tablename__ = "delivery"
    __table_args__ = (
        UniqueConstraint("event_id", "channel", "person"),
        Index("ix_delivery_state_next_try_at", "state", "next_try_at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="cases.id", index=True)
    event_id: int = Field(foreign_key="case_event.id")
    channel: str
    person: str
    role: str
    kind: str
    state: str
    attempt_count: int = 0
    created_at: datetime = _at()
    next_try_at: datetime = _at()
    leased_by: str = ""
    leased_until: datetime | None = _at(nullable=True)
    sent_at: datetime | None = _at(nullable=True)
    ref: str = ""
    reason: str = ""


class Setback(SQLModel, table=True):
    __tablename__ = "setback"

    step: str = Field(primary_key=True)
    row_id: int = Field(primary_key=True)
    version: int = Field(primary_key=True)
    attempt_count: int
    reason: str
    set_aside: bool
    last_at: datetime = _at()


class StepRun(SQLModel, table=True):
    __tablename__ = "step_run"

    step: str = Field(primary_key=True)
    finished_at: datetime = _at()
    worked_on: int
    failure: str = ""


class Hold(SQLModel, table=True):
    __tablename__ = "hold"

    id: int | None = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="cases.id", index=True)
    person: str
    reason: str
    placed_at: datetime = _at()
    ends_at: datetime = _at()


class Tally(SQLModel, table=True):
    __tablename__ = "tally"

    day: str = Field(primary_key=True)
    school: str = Field(primary_key=True)
    outcome: str = Field(primary_key=True)
    count: int


metadata = SQLModel.metadata

# The same as Core tables, for the store: no ORM objects in the steps' path.
POST = metadata.tables["post"]
CONTENT = metadata.tables["content"]
SOURCE = metadata.tables["source_state"]
ASSESSMENT = metadata.tables["assessment"]
DECISION = metadata.tables["decision"]
CASE = metadata.tables["cases"]
CASE_KEY = metadata.tables["case_key"]
EVENT = metadata.tables["case_event"]
DELIVERY = metadata.tables["delivery"]
SETBACK = metadata.tables["setback"]
STEP_RUN = metadata.tables["step_run"]
EXTRACT = metadata.tables["extract"]
EVIDENCE = metadata.tables["evidence"]
HOLD = metadata.tables["hold"]
TALLY = metadata.tables["tally"]
