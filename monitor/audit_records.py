"""Tables of who did what, and of who may sign in; the same metadata as `monitor.records`.

    audit          one entry a view, refusal or change; only ever added to, a hash chain (PBD-26)
    audit_reason   the reason that a person gave, apart, so that it can be erased
    account        how a person of people.toml proves who they are on the command line

An entry holds ids only. A reason can hold a name, so the chain holds a salted hash of it:
the reason and its salt can go and the chain stays whole (ruling 11).
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Integer, LargeBinary
from sqlmodel import Column, Field, SQLModel

from monitor.records import Utc, metadata


class AuditEntry(SQLModel, table=True):
    __tablename__ = "audit"

    id: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    at: datetime = Field(sa_column=Column(Utc, nullable=False))
    actor: str
    action: str
    object: str
    allowed: bool
    reason_hash: bytes = Field(sa_column=Column(LargeBinary(32), nullable=False))
    hash: bytes = Field(sa_column=Column(LargeBinary(32), nullable=False))


class AuditReason(SQLModel, table=True):
    __tablename__ = "audit_reason"

    entry_id: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    salt: bytes = Field(sa_column=Column(LargeBinary(16), nullable=False))
    reason: str


class Account(SQLModel, table=True):
    __tablename__ = "account"

    person: str = Field(primary_key=True)
    hash: str
    set_at: datetime = Field(sa_column=Column(Utc, nullable=False))
    failures: int = 0
    locked_until: datetime | None = Field(default=None, sa_column=Column(Utc, nullable=True))


AUDIT = metadata.tables["audit"]
REASON = metadata.tables["audit_reason"]
ACCOUNT = metadata.tables["account"]
