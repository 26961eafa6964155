"""Step 4: due delivery -> Channel.send -> outcome and case event.

One message at a time, by the one process that holds the sender's lock: the
lease is written before the attempt and the outcome after it, so a kill between
the two repeats at most that one message (house rule 5).
"""

from __future__ import annotations

import logging
import random
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event
from typing import TextIO

from sqlalchemy import Engine

from config.settings import Settings
from monitor.channels.base import Channel, Failed, Message, Outcome, Retry, Sent, Trouble
from monitor.channels.email import EmailChannel
from monitor.channels.printer import PrinterChannel
from monitor.channels.slack import SlackChannel
from monitor.database import only_sender
from monitor.routing import slack_may_read
from monitor.store import Lease, Store
from monitor.wording.alert import Told, alert
from nlp.findings import Severity

LEASE_FOR = timedelta(minutes=2)  # longer than any one attempt may take
FIRST_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(minutes=15)  # a mail server that comes back is found within this
GIVE_UP_AFTER = timedelta(days=2)  # a weekend; then it is a dead letter, said by health
HOLDER = uuid.uuid4().hex  # this process, in leases
LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Plan:
    """What to write down after an attempt."""

    state: str
    reason: str = ""
    next_try_at: datetime | None = None
    ref: str = ""


def plan(outcome: Outcome, attempt_count: int, created_at: datetime, now: datetime, spread: float) -> Plan:
    """Sent, due again, or given up. Pure; `spread` in [0, 1) is the jitter.

    The wait doubles from 5 s to 15 min; the server's own wish is kept when it
    is later. After two days the letter is dead and health says so.
    """
    match outcome:
        case Sent(ref):
            return Plan("sent", ref=ref)
        case Failed(trouble):
            return Plan("dead", str(trouble))
        case Retry(trouble, not_before):
            if now - created_at >= GIVE_UP_AFTER:
                return Plan("dead", str(trouble))
            wait = min(FIRST_WAIT * 2 ** min(attempt_count - 1, 20), LONGEST_WAIT)
            at = now + wait * (0.75 + 0.25 * spread)
            return Plan("due", str(trouble), max(at, not_before) if not_before else at)


def channels(settings: Settings, out: TextIO | None = None) -> dict[str, Channel]:
    """The channels that the configuration names; the printer writes to `out`, standard output by default."""
    found: list[Channel] = [PrinterChannel(out) if out is not None else PrinterChannel()]
    if settings.email is not None:
        found.append(EmailChannel(settings.email))
    if settings.slack is not None:
        found.append(SlackChannel(settings.slack))
    return {channel.name: channel for channel in found}


def message(lease: Lease, settings: Settings) -> Message | None:
    """The alert for a delivery; None when its reader is no longer in the configuration."""
    to = ""
    if lease.person:
        person = settings.people.persons.get(lease.person)
        if person is None or (person.staff is not None and person.staff in lease.case.subjects):
            return None  # gone, or has become a subject since (refusal 16)
        to = person.email
    case = lease.case
    if lease.channel == "slack" and not slack_may_read(
        settings, restricted=case.restricted, subjects=case.subjects
    ):
        return None  # it has become restricted since, or a reader has become a subject
    told = Told(
        id=case.id,
        school=case.school,
        category=case.category,
        also=tuple(case.also),
        severity=Severity(case.severity),
        post_count=case.post_count,
        subjects=tuple(case.subjects),
        posted_at=case.posted_at,
        found_at=case.found_at,
        kind=lease.kind,
        role=lease.role,
    )
    return alert(told, settings, to)


@dataclass(frozen=True, slots=True)
class Sender:
    """One round of sending: all that is due now, most urgent first."""

    store: Store
    engine: Engine
    data_dir: Path

    def run(
        self,
        settings: Settings,
        ways: Mapping[str, Channel],
        clock: Callable[[], datetime],
        stop: Event | None = None,
    ) -> int:
        """Hand over what is due; gives how many attempts were made. Does nothing while another process sends."""
        with only_sender(self.engine, self.data_dir) as alone:
            if not alone:
                return 0
            count = 0
            while not (stop is not None and stop.is_set()):
                now = clock()
                lease = self.store.lease_delivery(HOLDER, now, now + LEASE_FOR)
                if lease is None:
                    break
                self._attempt(lease, settings, ways, clock)
                count += 1
        return count

    def _attempt(
        self, lease: Lease, settings: Settings, ways: Mapping[str, Channel], clock: Callable[[], datetime]
    ) -> None:
        outcome = self._send(lease, settings, ways)
        now = clock()
        what = plan(outcome, lease.attempt_count, lease.created_at, now, random.random())
        self.store.keep_outcome(
            lease, state=what.state, now=now, next_try_at=what.next_try_at, ref=what.ref, reason=what.reason
        )
        if what.state != "sent":
            LOG.warning(
                "case %d: %s to the %s %s: %s",
                lease.case.id,
                lease.channel,
                lease.role or "reader",
                "given up" if what.state == "dead" else "delayed",
                what.reason,
            )

    def _send(self, lease: Lease, settings: Settings, ways: Mapping[str, Channel]) -> Outcome:
        channel = ways.get(lease.channel)
        try:
            words = message(lease, settings)
            if channel is None or words is None:
                return Failed(Trouble.SETTINGS)
            return channel.send(words, f"mentionwatch-{lease.id}-{lease.created_at:%Y%m%dT%H%M%S%f}")
        except Exception as error:  # noqa: BLE001 - the step's one outer handler: a fault of ours must not stop the post
            LOG.error("delivery %d: %s in channel %s", lease.id, type(error).__name__, lease.channel)
            return Retry(Trouble.SERVER)
