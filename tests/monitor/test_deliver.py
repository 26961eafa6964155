"""Sending over a real mail server in every mood; what is written down; what a kill repeats."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event

import pytest
from builders import NOW, judged, later, people, rows, settings
from hypothesis import given
from hypothesis import strategies as st
from mailserver import MailServer
from sqlalchemy import Engine

from config.settings import Alerts, Email, Settings
from monitor import triage
from monitor.channels.base import Channel, Failed, Message, Outcome, Retry, Sent, Trouble
from monitor.database import only_sender
from monitor.deliver import FIRST_WAIT, GIVE_UP_AFTER, LONGEST_WAIT, Plan, Sender, channels, plan
from monitor.records import DELIVERY, EVENT
from monitor.store import Store

SPREAD = st.floats(0, 1, exclude_max=True)
TROUBLE = st.sampled_from(Trouble)
AGES = st.timedeltas(timedelta(0), timedelta(days=5))


@given(TROUBLE, st.integers(1, 10_000), AGES, SPREAD, st.none() | AGES)
def test_plan_of_a_retry(
    trouble: Trouble, attempts: int, age: timedelta, spread: float, wish: timedelta | None
) -> None:
    now = NOW + age
    not_before = now + wish if wish is not None else None
    found = plan(Retry(trouble, not_before), attempts, NOW, now, spread)
    if age >= GIVE_UP_AFTER:
        assert found == Plan("dead", str(trouble))
        return
    assert (found.state, found.reason) == ("due", str(trouble))
    assert found.next_try_at is not None
    assert found.next_try_at > now
    if not_before is None:
        assert found.next_try_at - now <= LONGEST_WAIT
    else:
        assert found.next_try_at >= not_before


@given(st.integers(1, 200), SPREAD)
def test_waits_grow(attempts: int, spread: float) -> None:
    waits = [
        plan(Retry(Trouble.SERVER), n, NOW, NOW, spread).next_try_at or NOW for n in (attempts, attempts + 1)
    ]
    assert waits[0] <= waits[1]
    assert waits[0] - NOW >= FIRST_WAIT * 0.75


@given(TROUBLE, AGES, SPREAD)
def test_plan_of_the_end(trouble: Trouble, age: timedelta, spread: float) -> None:
    assert plan(Sent("ref"), 1, NOW, NOW + age, spread) == Plan("sent", ref="ref")
    assert plan(Failed(trouble), 1, NOW, NOW + age, spread) == Plan("dead", str(trouble))


@dataclass
class Clock:
    """Time that stands until it is moved."""

    at: datetime = NOW

    def __call__(self) -> datetime:
        return self.at

    def move(self, **length: float) -> None:
        self.at += timedelta(**length)


@dataclass
class Script:
    """A channel that answers as it is told."""

    answer: Callable[[], Outcome] = lambda: Sent("r")
    name: str = "email"
    keys: list[str] = field(default_factory=list)

    def send(self, message: Message, key: str) -> Outcome:
        self.keys.append(key)
        return self.answer()


def mailing(folder: Path, port: int) -> Settings:
    mail = Email(host="127.0.0.1", port=port, security="none", sender="watch@marrowby.example", timeout=2)
    return settings(folder, email=mail)


def owe(engine: Engine, config: Settings, **assessment: object) -> None:
    judged(engine, external_id=str(len(rows(engine, DELIVERY))), **assessment)
    triage.run(Store(engine), config, NOW)


def send(engine: Engine, config: Settings, clock: Clock, ways: Mapping[str, Channel] | None = None) -> int:
    sender = Sender(Store(engine), engine, config.service.data_dir)
    return sender.run(config, channels(config) if ways is None else ways, clock)


def states(engine: Engine) -> list[tuple[str, str]]:
    return [(row.state, row.reason) for row in rows(engine, DELIVERY)]


@pytest.mark.parametrize(
    ("mood", "state", "trouble"),
    [
        ("well", "sent", ""),
        ("drops at goodbye", "sent", ""),
        ("odd at goodbye", "sent", ""),
        ("busy", "due", Trouble.SERVER),
        ("full", "due", Trouble.RATE_LIMITED),
        ("wants a login", "due", Trouble.AUTH),
        ("drops after the words", "due", Trouble.UNREACHABLE),
        ("turns everybody away", "due", Trouble.SERVER),
        ("refuses the reader", "dead", Trouble.REFUSED),
        ("refuses the mail", "dead", Trouble.REFUSED),
    ],
)
def test_server_in_each_mood(engine: Engine, tmp_path: Path, mood: str, state: str, trouble: str) -> None:
    with MailServer(mood) as server:
        config = mailing(tmp_path, server.port)
        owe(engine, config)
        assert send(engine, config, Clock()) == 1
    assert states(engine) == [(state, str(trouble))]
    kind = {"sent": "delivered", "due": "delivery-delayed", "dead": "delivery-given-up"}[state]
    assert [event.kind for event in rows(engine, EVENT)] == ["opened", kind]


def test_a_server_that_comes_back_gets_the_mail_once(engine: Engine, tmp_path: Path) -> None:
    clock = Clock()
    with MailServer() as server:
        port = server.port
    config = mailing(tmp_path, port)
    owe(engine, config)
    send(engine, config, clock)
    assert send(engine, config, clock) == 0  # not due yet
    with MailServer() as server:
        config = mailing(tmp_path, server.port)
        clock.move(minutes=1)
        assert send(engine, config, clock) == 1
        clock.move(days=1)
        assert send(engine, config, clock) == 0
        assert len(server.mails) == 1


def test_a_server_that_never_comes_back(engine: Engine, tmp_path: Path) -> None:
    config, clock = mailing(tmp_path, 1), Clock()
    owe(engine, config)
    tries = 0
    while rows(engine, DELIVERY)[0].state != "dead":
        tries += send(engine, config, clock, {"email": Script(lambda: Retry(Trouble.UNREACHABLE))})
        clock.move(minutes=15)
    assert timedelta(days=2) <= clock.at - NOW <= timedelta(days=2, minutes=30)
    assert 180 < tries < 200


def test_the_most_urgent_goes_first(engine: Engine, tmp_path: Path) -> None:
    with MailServer() as server:
        config = mailing(tmp_path, server.port)
        for severity in (2, 4, 3):
            owe(engine, config, severity=severity, text=f"text {severity}")
        send(engine, config, Clock())
    words = [str(mail["Subject"]).split()[1] for mail in server.mails]
    assert words == ["CRITICAL:", "HIGH:", "MEDIUM:"]


def test_a_bug_in_a_channel_holds_up_no_other(engine: Engine, tmp_path: Path) -> None:
    def bug() -> Outcome:
        raise KeyError("x")

    config = settings(tmp_path, alerts=Alerts(printer=True))
    owe(engine, config)
    printer = Script(name="printer")
    assert send(engine, config, Clock(), {"email": Script(bug), "printer": printer}) == 2
    assert states(engine) == [("due", str(Trouble.SERVER)), ("sent", "")]


def test_a_case_whose_words_can_not_be_made_holds_up_no_other(engine: Engine, tmp_path: Path) -> None:
    config = settings(tmp_path)
    owe(engine, config, severity=4, text="one")
    owe(engine, config, text="two")
    with engine.begin() as connection:  # as a later version might leave it
        connection.exec_driver_sql("UPDATE cases SET severity = 9 WHERE id = 1")
    assert send(engine, config, Clock(), {"email": Script()}) == 2
    assert sorted(state for state, _ in states(engine)) == ["due", "sent"]


def test_a_reader_who_left_is_a_dead_letter(engine: Engine, tmp_path: Path) -> None:
    config = settings(tmp_path)
    owe(engine, config)
    gone = settings(tmp_path, people=people({"headteacher": "head"}))
    channel = Script()
    send(engine, gone, Clock(), {"email": channel})
    assert states(engine) == [("dead", str(Trouble.SETTINGS))]
    assert channel.keys == []


def test_a_reader_who_became_a_subject_is_not_told(engine: Engine, tmp_path: Path) -> None:
    config = settings(tmp_path)
    owe(engine, config, staff=["lockyer"])
    now_staff = settings(tmp_path, people=people(office="lockyer"))
    channel = Script()
    send(engine, now_staff, Clock(), {"email": channel})
    assert channel.keys == []
    assert states(engine) == [("dead", str(Trouble.SETTINGS))]


def test_nothing_is_sent_while_another_sends(engine: Engine, tmp_path: Path) -> None:
    config = settings(tmp_path)
    owe(engine, config)
    with only_sender(engine, tmp_path):
        assert send(engine, config, Clock(), {"email": Script()}) == 0
    assert send(engine, config, Clock(), {"email": Script()}) == 1


def test_stop_is_heard_between_two_messages(engine: Engine, tmp_path: Path) -> None:
    config = settings(tmp_path)
    owe(engine, config, text="one")
    owe(engine, config, text="two")
    stop = Event()

    def last() -> Outcome:
        stop.set()
        return Sent()

    sender = Sender(Store(engine), engine, tmp_path)
    assert sender.run(config, {"email": Script(last)}, Clock(), stop) == 1
    assert sorted(state for state, _ in states(engine)) == ["due", "sent"]


def test_every_try_has_the_same_key_and_no_two_deliveries_share_one(engine: Engine, tmp_path: Path) -> None:
    config, clock = settings(tmp_path), Clock()
    owe(engine, config, text="one")
    owe(engine, config, text="two")
    answers = iter([Retry(Trouble.SERVER), Sent(), Sent()])
    channel = Script(lambda: next(answers))
    send(engine, config, clock, {"email": channel})
    clock.move(minutes=1)
    send(engine, config, clock, {"email": channel})
    first, second, again = channel.keys
    assert first == again
    assert first != second


CHILD = """
import sys
from pathlib import Path
from builders import NOW, settings
from config.settings import Email
from monitor.database import open_engine
from monitor.deliver import Sender, channels
from monitor.store import Store
url, folder, port = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
mail = Email(host="127.0.0.1", port=port, security="none", sender="watch@marrowby.example", timeout=20)
config = settings(folder, email=mail)
engine = open_engine(url)
Sender(Store(engine), engine, folder).run(config, channels(config), lambda: NOW)
"""


def test_a_kill_between_words_and_outcome_repeats_that_mail_only(engine: Engine, tmp_path: Path) -> None:
    victim: list[subprocess.Popen[bytes]] = []
    killed: list[int] = []

    def kill(mail: object) -> None:
        if len(killed) < 1:
            os.kill(victim[0].pid, signal.SIGKILL)
            killed.append(victim[0].wait(10))

    with MailServer(on_words=kill) as server:
        config = mailing(tmp_path, server.port)
        owe(engine, config, text="one")
        owe(engine, config, text="two")
        url = engine.url.render_as_string()
        child = f"import sys; sys.path[:0] = {sys.path!r}\n{CHILD}"
        victim_args = [sys.executable, "-c", child, url, str(tmp_path), str(server.port)]
        victim.append(subprocess.Popen(victim_args))
        assert victim[0].wait(30) == -signal.SIGKILL
        assert [state for state, _ in states(engine)] == ["sending", "due"]
        assert send(engine, config, Clock(later(seconds=1))) == 2
        assert send(engine, config, Clock(later(days=1))) == 0
    first, *rest = server.ids
    assert sorted(rest) == sorted(set(rest))
    assert rest.count(first) == 1
    assert [state for state, _ in states(engine)] == ["sent", "sent"]
