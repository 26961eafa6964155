"""Is it deaf, late or stuck? Said in one place, for `health`, the service's status line and the digest.

A tool that has gone quiet looks like a quiet week; so every way of being blind
is a sentence for a person here (house rule 7).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, Row

import connectors
from config.settings import Settings, Source
from monitor import lookups, vault
from monitor.poll import idle_reason
from monitor.store import Store

LATE_AFTER = timedelta(minutes=10)  # a row that waits longer before a step is a fault of ours or of a server
UNSENT_AFTER = timedelta(minutes=10)
SILENT_AFTER = timedelta(minutes=10)  # a running service notes each step once a minute
SILENT_AFTER_RETAIN = timedelta(days=2)  # it runs daily; polling waits for its first run


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """One source as a person wants to know it."""

    name: str
    kind: str
    school: str
    state: str  # good | failing | silent | idle | new
    last_good_at: datetime | None
    blind_hours: float | None
    """Hours since the last good fetch; None: it was never read."""
    reason: str
    notices: tuple[str, ...]


def source_health(source: Source, row: Row[Any] | None, settings: Settings, now: datetime) -> SourceHealth:
    """What can be said of one source at `now`; hours blind count from the last good fetch."""
    idle = idle_reason(source, settings)
    last_good = row.last_good_at if row else None
    blind = max((now - last_good).total_seconds(), 0.0) / 3600 if last_good else None
    silent = last_good is not None and now - last_good > connectors.connector(source.kind).expected_every
    state = (
        "idle"
        if idle
        else "new"
        if row is None
        else "failing"
        if row.reason
        else "silent"
        if silent
        else "good"
    )
    return SourceHealth(
        name=source.name,
        kind=source.kind,
        school=source.school,
        state=state,
        last_good_at=last_good,
        blind_hours=0.0 if state not in ("failing", "silent") else None if blind is None else round(blind, 1),
        reason=idle or (row.reason if row else ""),
        notices=tuple(row.notices) if row else (),
    )


def sources_health(store: Store, settings: Settings, now: datetime) -> list[SourceHealth]:
    states = store.source_states()
    return [source_health(s, states.get(s.name), settings, now) for s in settings.sources]


def problems(engine: Engine, sources: Sequence[SourceHealth], settings: Settings, now: datetime) -> list[str]:
    """Everything that a person should do something about, most pressing first; empty when all is well."""
    found = [
        f"case {case_id}: nobody could be told; name its roles in people.toml"
        for case_id in lookups.untold(engine)
    ]
    found += evidence_problems(engine, settings)
    dead = lookups.dead_letters(engine)
    found += [
        f"case {row.case_id}: the {row.channel} to the {row.role or 'reader'} was given up: {row.reason}"
        for row in dead
    ]
    for step, queue in lookups.waiting(engine).items():
        limit = UNSENT_AFTER if step == "deliver" else LATE_AFTER
        if queue.count and queue.oldest is not None and now - queue.oldest > limit:
            found.append(
                f"{queue.count} row(s) wait before step {step}, the oldest since {queue.oldest:%d %b %H:%M} UTC"
            )
    for step, run in lookups.step_runs(engine).items():
        if run.failure:
            found.append(
                f"step {step} failed at {run.finished_at:%d %b %H:%M} UTC: {run.failure}; see the log"
            )
        elif now - run.finished_at > (SILENT_AFTER_RETAIN if step == "retain" else SILENT_AFTER):
            found.append(
                f"step {step} last ran at {run.finished_at:%d %b %H:%M} UTC; start the service: mentionwatch run"
            )
    found += [
        f"post {row.row_id}: step {row.step} failed {row.attempt_count} times and was set aside; look at the post yourself"
        for row in lookups.set_aside(engine)
    ]
    found += [
        f"case {case_id}: its words are deleted within a month; hold it, move it to the school's own file, or let it go"
        for case_id in lookups.asked(engine, "retention-decision-asked")
    ]
    for source in sources:
        if source.state in ("failing", "silent"):
            since = f"blind for {source.blind_hours} hours" if source.last_good_at else "never read yet"
            found.append(f"source {source.name}: {source.reason or 'silent for longer than usual'} ({since})")
        elif source.state == "idle":
            found.append(f"source {source.name} is not read: {source.reason}")
    if not settings.sources:
        found.append("no source is configured: nothing is read")
    return found


def evidence_problems(engine: Engine, settings: Settings) -> list[str]:
    """A key that is missing or another one: alerts go out all the same, evidence is not kept or does not open."""
    why = vault.trouble(settings)
    found = []
    if why:
        found.append(f"EVIDENCE IS NOT KEPT: alerts go out, but the words of grave posts are lost: {why}")
    ring = vault.ring_or_none(settings)
    for key_id, count in sorted(lookups.sealed_by(engine).items()):
        if key_id and ring is not None and ring.find(key_id) is None:
            found.append(
                f"{count} piece(s) of evidence are sealed with key {key_id}, which is not here; "
                "bring it back from the escrow copy: mentionwatch key restore"
            )
        elif not key_id:
            found.append(
                f"{count} grave post(s) were found without a key: only link and hash are kept; look at them yourself"
            )
    return found


def report(engine: Engine, store: Store, settings: Settings, now: datetime) -> dict[str, Any]:
    """The whole of `health --json`."""
    sources = sources_health(store, settings, now)
    found = problems(engine, sources, settings, now)
    queues = lookups.waiting(engine)
    return {
        "ok": not found,
        "at": lookups.iso(now),
        "problems": found,
        "warnings": list(settings.warnings),
        "sources": [
            {
                "name": s.name,
                "kind": s.kind,
                "school": s.school,
                "state": s.state,
                "last_good_at": lookups.iso(s.last_good_at),
                "blind_hours": s.blind_hours,
                "reason": s.reason,
                "notices": list(s.notices),
            }
            for s in sources
        ],
        "waiting": {
            step: {"count": queue.count, "oldest": lookups.iso(queue.oldest)}
            for step, queue in queues.items()
        },
        "undelivered": queues["deliver"].count + len(lookups.dead_letters(engine)),
        "steps": {
            step: {
                "finished_at": lookups.iso(row.finished_at),
                "worked_on": row.worked_on,
                "failure": row.failure,
            }
            for step, row in lookups.step_runs(engine).items()
        },
        "decisions": lookups.outcomes(engine),
    }
