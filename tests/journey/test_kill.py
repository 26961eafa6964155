"""`kill -9` at random moments: every candidate is there once, every alert arrives, at most one duplicate a kill.

The real service and the real `ingest` command run as processes of their own
against a real SMTP server and are killed together, again and again. Some
kills hit start-up, some the middle of a transaction, some the mail exchange.

A short run by default. The long one: MENTIONWATCH_KILLS=200 and
MENTIONWATCH_KILL_POSTS=2000 in the environment, some fifteen minutes.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest
from installation import Installation
from mailserver import MailServer

KILLS = int(os.environ.get("MENTIONWATCH_KILLS", "8"))
POSTS = int(os.environ.get("MENTIONWATCH_KILL_POSTS", "160"))
SEED = int(os.environ.get("MENTIONWATCH_KILL_SEED", "20261120"))
LATEST = 4.0  # seconds after the start; start-up takes about half of it
DRAIN_FOR = 240.0  # seconds for the last, undisturbed run to finish what is left

WORDS = [
    "amber",
    "birch",
    "cedar",
    "dove",
    "elm",
    "fern",
    "gorse",
    "hazel",
    "iris",
    "juniper",
    "kelp",
    "larch",
    "moss",
    "nettle",
    "oak",
    "poppy",
]


def post(number: int) -> dict[str, str]:
    """Candidate `number`; every fifth is abuse in words of its own, so that it is a story of its own."""
    tag = " ".join(WORDS[int(digit, 16)] for digit in f"{number:04x}")
    mild = f"Lovely {tag} stall at the Larkhill Primary School fair."
    harsh = f"That Mrs Venn at Larkhill Primary School is a useless fat cow. Signed: {tag}."
    return {
        "platform": "forum",
        "external_id": f"p{number}",
        "text": harsh if number % 5 == 0 else mild,
    }


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_a_kill_at_any_moment_loses_nothing(tmp_path: Path) -> None:
    chance = random.Random(SEED)
    with MailServer() as server:
        house = Installation(tmp_path, mail_port=server.port)
        whole = house.file("all.jsonl", (post(n) for n in range(POSTS)))
        for kill in range(KILLS):
            upto = POSTS * (kill + 1) // KILLS
            part = house.file(f"part{kill}.jsonl", (post(n) for n in range(upto)))
            _run_and_kill(house, part, chance)
        house.mentionwatch("ingest", str(whole))
        _run_until_idle(house)
        again = house.mentionwatch("ingest", str(whole))
        keys = Counter(mail["X-Mentionwatch-Delivery"] for mail in server.mails)

    assert json.loads(again.stdout) | {"candidates": POSTS} == {
        "lines": POSTS,
        "candidates": POSTS,
        "new": 0,
        "changed": 0,
        "known": POSTS,
    }
    assert _kept(house) == {(f"p{n}", 1) for n in range(POSTS)}
    owed, unsent = _deliveries(house)
    assert unsent == 0
    assert owed > POSTS // 10, "the posts of this test must raise alerts, or it shows nothing"
    assert len(keys) == owed
    assert keys.total() - owed <= KILLS
    print(f"{KILLS} kills, {POSTS} candidates, {owed} alerts, {keys.total() - owed} sent twice")


def _run_and_kill(house: Installation, part: Path, chance: random.Random) -> None:
    daemon = house.start("run", "--no-console")
    ingest = house.start("ingest", str(part))
    time.sleep(chance.uniform(0.2, LATEST))  # the random moment is the test
    for process in (ingest, daemon):
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
    for process in (ingest, daemon):
        process.wait(10)


def _run_until_idle(house: Installation) -> None:
    daemon = house.start("run", "--no-console")
    try:
        end = time.monotonic() + DRAIN_FOR
        while not _idle(house):
            assert time.monotonic() < end, f"not done after {DRAIN_FOR} s"
            assert daemon.poll() is None, house.log()
            time.sleep(0.2)
    finally:
        daemon.terminate()
        assert daemon.wait(15) == 0


def _idle(house: Installation) -> bool:
    report = json.loads(house.mentionwatch("health", "--json", check=False).stdout)
    return all(queue["count"] == 0 for queue in report["waiting"].values())


def _kept(house: Installation) -> set[tuple[str, int]]:
    with closing(sqlite3.connect(house.database)) as database:
        rows = database.execute("SELECT external_id, count(*) FROM post GROUP BY external_id").fetchall()
        undecided = database.execute(
            "SELECT count(*) FROM post p LEFT JOIN assessment a ON a.post_id = p.id "
            "LEFT JOIN decision d ON d.assessment_id = a.id WHERE d.id IS NULL"
        ).fetchone()[0]
    assert undecided == 0
    return set(rows)


def _deliveries(house: Installation) -> tuple[int, int]:
    with closing(sqlite3.connect(house.database)) as database:
        owed = database.execute("SELECT count(*) FROM delivery WHERE channel = 'email'").fetchone()[0]
        unsent = database.execute("SELECT count(*) FROM delivery WHERE state <> 'sent'").fetchone()[0]
    return owed, unsent
