"""Passphrases of the people of `people.toml`, for the command line: set, sign in, lock out.

Hashes are argon2id (RFC 9106, second recommended set: 64 MiB, 3 passes). A passphrase is read from
the terminal or a pipe, never from the command line, where every user of the machine could see it.
Whoever can open the database can set a first passphrase or replace one; the audit says that it was done.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from argon2 import PasswordHasher, profiles
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Connection, Row, insert, select, update

from config.people import People
from monitor.audit import Audit, Entry, append
from monitor.audit_records import ACCOUNT
from monitor.database import writing
from monitor.errors import MonitorError

SHORTEST = 14  # characters: three unrelated words
LONGEST = 1024  # a longer one would only cost time
TRIES = 5
LOCKED_FOR = timedelta(minutes=15)
HASHER = PasswordHasher.from_parameters(profiles.RFC_9106_LOW_MEMORY)
WRONG = (
    "The person or the passphrase is not right, or none was set yet; "
    "to set one, run at this machine: mentionwatch passphrase PERSON"
)


class NotSignedIn(MonitorError):
    """A passphrase was not taken; its text is the sentence for the person at the keyboard."""


@dataclass(frozen=True, slots=True)
class Session:
    """Proof that a person signed in; `sign_in` makes it, and words are shown to its holder only."""

    person: str
    since: datetime


def fault_of(passphrase: str) -> str:
    """What is wrong with a new passphrase, as a sentence; empty when it may be used."""
    length = len(_plain(passphrase))
    if length < SHORTEST:
        return (
            f"That passphrase has {length} characters; it needs at least {SHORTEST}. "
            "Three or four words that have nothing to do with each other are good."
        )
    if length > LONGEST:
        return f"That passphrase is longer than {LONGEST} characters."
    if len(set(_plain(passphrase).casefold())) < 6:
        return "That passphrase repeats a few characters; take three or four words instead."
    return ""


def set_passphrase(
    audit: Audit, people: People, person: str, passphrase: str, now: datetime, hasher: PasswordHasher = HASHER
) -> bool:
    """Keep a person's passphrase; True when it is their first, False when it replaces one.

    Raises:
        NotSignedIn: there is no such person, or the passphrase may not be used.
    """
    if person not in people.persons:
        raise NotSignedIn(f"'{person}' is no person of people.toml.")
    if fault := fault_of(passphrase):
        raise NotSignedIn(fault)
    values = {"hash": hasher.hash(_plain(passphrase)), "set_at": now, "failures": 0, "locked_until": None}
    with writing(audit.engine) as connection:
        mine = ACCOUNT.c.person == person
        first = not connection.execute(update(ACCOUNT).where(mine).values(**values)).rowcount
        if first:
            connection.execute(insert(ACCOUNT).values(person=person, **values))
        action = "passphrase_set" if first else "passphrase_replaced"
        # who sat at the keyboard is not known: the machine's access rights are what let them
        append(connection, [Entry(now, "machine", action, f"person:{person}")])
    audit.advance()
    return first


def sign_in(
    audit: Audit, people: People, person: str, passphrase: str, now: datetime, hasher: PasswordHasher = HASHER
) -> Session:
    """Check a passphrase; every answer is in the audit.

    A try is counted before it is checked, so that many at once are no way around the five.

    Raises:
        NotSignedIn: with the sentence that the person reads; the same for each wrong pair.
    """
    with writing(audit.engine) as connection:
        account = _counted(connection, person, now)
        locked = account is not None and account.locked_until is not None and account.locked_until > now
        if locked:
            append(connection, [Entry(now, _named(people, person), "sign_in", "locked", allowed=False)])
    if locked and account is not None:
        audit.advance()
        minutes = -(-int((account.locked_until - now).total_seconds()) // 60)
        raise NotSignedIn(f"Too many wrong passphrases; try again in {minutes} minute(s).")
    right = _fits(hasher, account.hash if account else _nobody(hasher), passphrase)
    allowed = right and account is not None and person in people.persons
    again = hasher.hash(_plain(passphrase)) if allowed and account and _is_weaker(hasher, account) else ""
    _settle(audit, _named(people, person), again, now, allowed=allowed)
    if not allowed:
        raise NotSignedIn(WRONG)
    return Session(person, now)


def _counted(connection: Connection, person: str, now: datetime) -> Row[Any] | None:
    """The account as it was, with this try counted; the fifth wrong one in a row locks it."""
    account = connection.execute(select(ACCOUNT).where(ACCOUNT.c.person == person)).first()
    if account is None or (account.locked_until is not None and account.locked_until > now):
        return account
    failures = 1 if account.locked_until is not None else account.failures + 1
    until = now + LOCKED_FOR if failures >= TRIES else None
    connection.execute(
        update(ACCOUNT).where(ACCOUNT.c.person == person).values(failures=failures, locked_until=until)
    )
    return account


def _is_weaker(hasher: PasswordHasher, account: Row[Any]) -> bool:
    return hasher.check_needs_rehash(account.hash)


def _settle(audit: Audit, person: str, again: str, now: datetime, *, allowed: bool) -> None:
    """Keep what came of a try; `again` is a stronger hash of the same passphrase, or ""."""
    with writing(audit.engine) as connection:
        if allowed:
            values: dict[str, object] = {"failures": 0, "locked_until": None}
            if again:
                values["hash"] = again
            connection.execute(update(ACCOUNT).where(ACCOUNT.c.person == person).values(**values))
        append(connection, [Entry(now, person, "sign_in", "command-line", allowed=allowed)])
    audit.advance()


def _named(people: People, person: str) -> str:
    """Who an entry is about; what a stranger typed is not kept (it may be the passphrase itself)."""
    return person if person in people.persons else "unknown"


def _fits(hasher: PasswordHasher, kept: str, passphrase: str) -> bool:
    try:
        return hasher.verify(kept, _plain(passphrase[:LONGEST]))
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobody(hasher: PasswordHasher) -> str:
    """Checked when there is no account, so that the time taken does not tell that there is none."""
    return hasher.hash("nobody's passphrase")


def _plain(passphrase: str) -> str:
    """One form for all keyboards, which write accents in two ways."""
    return unicodedata.normalize("NFC", passphrase)
