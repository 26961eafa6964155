"""Passphrases: what may be one, who signs in, when the door stays shut."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from builders import NOW, later, people, rows
from sqlalchemy import Engine, update

from monitor.accounts import (
    LOCKED_FOR,
    SHORTEST,
    TRIES,
    WRONG,
    NotSignedIn,
    Session,
    fault_of,
    set_passphrase,
    sign_in,
)
from monitor.audit import Audit, entries
from monitor.audit_records import ACCOUNT
from monitor.database import writing

GOOD = "copper kettle under Tuesday"
BAD = "copper kettle under Monday!"
QUICK = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
set_passphrase_quickly = partial(set_passphrase, hasher=QUICK)
sign_in_quickly = partial(sign_in, hasher=QUICK)


@pytest.fixture
def audit(engine: Engine, tmp_path: Path) -> Audit:
    """The child protection person has a passphrase."""
    made = Audit(engine, tmp_path)
    set_passphrase_quickly(made, people(), "cp", GOOD, NOW)
    return made


@pytest.mark.parametrize(
    ("passphrase", "why"),
    [
        ("", "has 0 characters"),
        ("x" * (SHORTEST - 1), f"has {SHORTEST - 1} characters; it needs at least {SHORTEST}"),
        ("e\u0301" * 7 + "abcdef", "has 13 characters"),
        ("a" * 40, "repeats a few characters"),
        ("ababababababab", "repeats"),
        ("word " * 300, "longer than 1024"),
    ],
)
def test_what_no_passphrase_may_be(passphrase: str, why: str) -> None:
    assert why in fault_of(passphrase)


@pytest.mark.parametrize("passphrase", ["abcdefghijklmn", GOOD, "tê du aderyn môr", "звонок под мостом"])
def test_what_a_passphrase_may_be(passphrase: str) -> None:
    assert fault_of(passphrase) == ""


@pytest.mark.pbd("PBD-24")
def test_signing_in(audit: Audit) -> None:
    assert sign_in_quickly(audit, people(), "cp", GOOD, NOW) == Session("cp", NOW)


@pytest.mark.parametrize(
    ("who", "passphrase"), [("cp", BAD), ("cp", ""), ("head", GOOD), ("stranger", GOOD), ("cp", "x" * 5000)]
)
@pytest.mark.pbd("PBD-24")
def test_one_answer_to_every_wrong_pair(audit: Audit, who: str, passphrase: str) -> None:
    with pytest.raises(NotSignedIn) as refused:
        sign_in_quickly(audit, people(), who, passphrase, NOW)
    assert str(refused.value) == WRONG


@pytest.mark.pbd("PBD-47", "PBD-24")
def test_who_has_left_people_toml_signs_in_no_more(audit: Audit) -> None:
    left = people({"headteacher": "head"})
    with pytest.raises(NotSignedIn):
        sign_in_quickly(audit, left, "cp", GOOD, NOW)


@pytest.mark.pbd("PBD-47")
def test_only_a_person_of_people_toml_gets_an_account(audit: Audit) -> None:
    with pytest.raises(NotSignedIn, match=r"no person of people\.toml"):
        set_passphrase_quickly(audit, people(), "pupil", GOOD, NOW)


def test_a_bad_passphrase_is_not_kept(audit: Audit) -> None:
    with pytest.raises(NotSignedIn, match="at least 14"):
        set_passphrase_quickly(audit, people(), "cp", "short", NOW)
    assert sign_in_quickly(audit, people(), "cp", GOOD, NOW)


def test_replacing_one_is_told_apart_from_the_first(audit: Audit) -> None:
    assert not set_passphrase_quickly(audit, people(), "cp", BAD, later(days=1))
    assert sign_in_quickly(audit, people(), "cp", BAD, later(days=1))
    with pytest.raises(NotSignedIn):
        sign_in_quickly(audit, people(), "cp", GOOD, later(days=1))
    actions = [values["action"] for values in entries(audit.engine)]
    assert actions.count("passphrase_set") == actions.count("passphrase_replaced") == 1


def fail(audit: Audit, times: int) -> None:
    for _ in range(times):
        with pytest.raises(NotSignedIn, match="not right"):
            sign_in_quickly(audit, people(), "cp", BAD, NOW)


@pytest.mark.pbd("PBD-24")
def test_four_wrong_ones_do_not_lock(audit: Audit) -> None:
    fail(audit, TRIES - 1)
    assert sign_in_quickly(audit, people(), "cp", GOOD, NOW)
    fail(audit, TRIES - 1)  # a good one starts the count again
    assert sign_in_quickly(audit, people(), "cp", GOOD, NOW)


@pytest.mark.pbd("PBD-24")
def test_the_fifth_locks_for_fifteen_minutes(audit: Audit) -> None:
    fail(audit, TRIES)
    with pytest.raises(NotSignedIn, match=r"try again in 15 minute\(s\)"):
        sign_in_quickly(audit, people(), "cp", GOOD, NOW)
    with pytest.raises(NotSignedIn, match=r"in 1 minute\(s\)"):
        sign_in_quickly(audit, people(), "cp", GOOD, NOW + LOCKED_FOR - timedelta(seconds=1))
    assert sign_in_quickly(audit, people(), "cp", GOOD, NOW + LOCKED_FOR)


def test_after_the_lock_there_are_five_tries_again(audit: Audit) -> None:
    fail(audit, TRIES)
    with pytest.raises(NotSignedIn, match="not right"):
        sign_in_quickly(audit, people(), "cp", BAD, NOW + LOCKED_FOR)
    assert sign_in_quickly(audit, people(), "cp", GOOD, NOW + LOCKED_FOR)


def test_one_person_does_not_lock_out_another(audit: Audit) -> None:
    set_passphrase_quickly(audit, people(), "head", GOOD, NOW)
    fail(audit, TRIES)
    assert sign_in_quickly(audit, people(), "head", GOOD, NOW)


@pytest.mark.pbd("PBD-24")
def test_many_at_once_are_no_way_around_the_five(audit: Audit) -> None:
    def attempt(number: int) -> str:
        with pytest.raises(NotSignedIn) as refused:
            sign_in_quickly(audit, people(), "cp", f"{BAD} {number}", NOW)
        return str(refused.value)

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(attempt, range(8)))
    assert answers.count(WRONG) == TRIES
    assert audit.verify() is None


@pytest.mark.pbd("PBD-26")
def test_every_try_is_in_the_audit_without_what_was_typed(audit: Audit) -> None:
    fail(audit, 1)
    with pytest.raises(NotSignedIn):
        sign_in_quickly(audit, people(), GOOD, "typed into the wrong line", NOW)
    sign_in_quickly(audit, people(), "cp", GOOD, NOW)
    kept = [(v["actor"], v["action"], v["allowed"]) for v in reversed(entries(audit.engine))]
    assert kept == [
        ("machine", "passphrase_set", True),
        ("cp", "sign_in", False),
        ("unknown", "sign_in", False),
        ("cp", "sign_in", True),
    ]
    assert audit.verify() is None


@pytest.mark.pbd("PBD-41")
def test_the_passphrase_is_kept_as_argon2id_only(audit: Audit) -> None:
    set_passphrase(audit, people(), "cp", GOOD, NOW)
    kept = rows(audit.engine, ACCOUNT)[0]
    assert kept.hash.startswith("$argon2id$v=19$m=65536,t=3,")
    assert GOOD not in str(tuple(kept))


def test_a_weaker_hash_is_made_anew_at_the_next_sign_in(audit: Audit) -> None:
    assert sign_in(audit, people(), "cp", GOOD, NOW)
    assert rows(audit.engine, ACCOUNT)[0].hash.startswith("$argon2id$v=19$m=65536,")
    assert sign_in(audit, people(), "cp", GOOD, NOW)


def test_a_spoilt_hash_opens_nothing(audit: Audit) -> None:
    with writing(audit.engine) as connection:
        connection.execute(update(ACCOUNT).values(hash="plain words"))
    with pytest.raises(NotSignedIn):
        sign_in_quickly(audit, people(), "cp", "plain words", NOW)


def test_accents_typed_in_two_ways_are_one_passphrase(audit: Audit) -> None:
    set_passphrase_quickly(audit, people(), "head", "caf\u00e9 under the bridge", NOW)
    assert sign_in_quickly(audit, people(), "head", "cafe\u0301 under the bridge", NOW)
