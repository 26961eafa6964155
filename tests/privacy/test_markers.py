"""A marker string is put in, its time comes, and no byte of it is left in any file.

Searched: data (database, write-ahead log, index), log, temp and backup folders,
at one day before each limit (there), at the limit and one day after it (gone).
"""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from builders import CALM, NOW, SCHOOL, candidate, settings
from sqlalchemy import Engine

from config.settings import Settings
from monitor import assess, keys, retention, triage
from monitor.candidates import Candidate
from monitor.database import migrate, open_engine
from monitor.poll import candidates
from monitor.store import Store
from monitor.works import Works, build
from nlp.findings import Assessment, Evidence, Finding, Flag, Mention, Reading, Severity

MARKER = "quokkamarker"  # lower case, so that it stays in a masked extract and can be looked for there
NAME = "Zorblomarker"  # a name, so that it does not
DAY = timedelta(days=1)


class House:
    """Data, log, temp and backup folders of one installation, with all files of each."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data, self.backups = folder / "data", folder / "data" / "backups"
        self.temp = folder / "temp"
        for made in (self.backups, self.temp, folder / "log"):
            made.mkdir(parents=True)
        keys.make(folder)
        self.settings: Settings = settings(
            folder, service=settings(folder).service.model_copy(update={"data_dir": self.data})
        )
        self.engine: Engine = open_engine(f"sqlite:///{self.data / 'mentionwatch.db'}")
        migrate(self.engine)
        self.store = Store(self.engine)
        self.store.keep_batch([candidate("a neighbour that stays", "0")], None)

    def backup(self, at: datetime) -> Path:
        """A copy as an operator's nightly job makes it."""
        import os

        target = self.backups / f"{at:%Y%m%d}.db"
        shutil.copyfile(self.data / "mentionwatch.db", target)
        os.utime(target, (at.timestamp(), at.timestamp()))
        return target

    def holding(self, marker: str) -> list[str]:
        """Every file with a byte of the marker."""
        wanted = (marker.encode(), marker.upper().encode(), marker.encode("utf-16-le"))
        return sorted(
            file.name
            for file in self.folder.rglob("*")
            if file.is_file() and any(form in file.read_bytes() for form in wanted)
        )


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    made = House(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(made.temp))
    monkeypatch.setenv("SQLITE_TMPDIR", str(made.temp))
    log = logging.FileHandler(tmp_path / "log" / "service.log")
    root = logging.getLogger()
    before = root.level
    root.addHandler(log)
    root.setLevel(logging.DEBUG)
    yield made
    root.removeHandler(log)
    root.setLevel(before)
    log.close()
    made.engine.dispose()


class Reads:
    """An assessor that says what the test wants."""

    def __init__(self, answer: Assessment) -> None:
        self.answer = answer

    def assess(self, reading: Reading, school: str) -> Assessment:
        if MARKER not in reading.text:
            return CALM
        return self.answer


def judged(severity: Severity, flag: Flag = Flag.ABUSIVE) -> Assessment:
    found = Finding(flag, 0.9, severity, (Evidence("text", 0, 4),), "a reason", "a.rule")
    return Assessment(Mention(True, 0.9), (found,), severity, "test")


def through(house: House, answer: Assessment, **of: Any) -> None:
    """The marker's post from the source to its decision."""
    text = f"vile {MARKER} and {NAME} at Marrowby Community School"
    post = candidate(text, "1", author_handle=f"@{NAME}", url=f"https://talk.example/{MARKER}", **of)
    house.store.keep_batch([post], None)
    assess.run(house.store, Reads(answer), NOW)  # type: ignore[arg-type]
    triage.run(house.store, house.settings, NOW)


@pytest.mark.pbd("PBD-13")
def test_an_unmatched_post_is_never_on_disk(house: House) -> None:
    works: Works = build(house.settings)
    stranger = candidate(f"{MARKER} sells bicycles, says {NAME}", "9").post
    found: list[Candidate] = candidates(works, [stranger], schools=[SCHOOL], own=False, backlog_before=None)
    house.store.keep_batch(found, None)
    assess.run(house.store, works.assessor, NOW)
    triage.run(house.store, house.settings, NOW)
    house.backup(NOW)
    assert house.holding(MARKER) == []
    assert house.holding(NAME) == []


@pytest.mark.pbd("PBD-13")
def test_a_post_that_the_stage_finds_to_be_about_nobody_leaves_nothing(house: House) -> None:
    through(house, Assessment(Mention(False, 0.0), version="test"))
    assert house.holding(MARKER) == []
    assert house.holding(NAME) == []


LIMITS = [
    (judged(Severity.LOW), 30),  # queued and not acted on
    (judged(Severity.MEDIUM), 365),
    (Assessment(Mention(True, 0.9), version="test"), 30),  # an unflagged mention
    (judged(Severity.HIGH), 365),
]


@pytest.mark.pbd("PBD-29")
@pytest.mark.parametrize(("answer", "limit"), LIMITS)
def test_a_marker_is_there_until_its_limit_and_nowhere_after_it(
    house: House, answer: Assessment, limit: int
) -> None:
    through(house, answer)
    assert house.holding(NAME) == [], "names are masked or sealed from the first moment"
    retention.run(house.store, house.settings, NOW + (limit - 1) * DAY)
    assert house.holding(MARKER) == ["mentionwatch.db"]
    for days in (limit, limit + 1):
        retention.run(house.store, house.settings, NOW + days * DAY)
        assert house.holding(MARKER) == []


@pytest.mark.pbd("PBD-29")
def test_backups_go_within_their_cycle(house: House) -> None:
    through(house, judged(Severity.LOW))
    taken = NOW + 29 * DAY
    house.backup(taken)
    retention.run(house.store, house.settings, NOW + 30 * DAY)
    assert house.holding(MARKER) == [f"{taken:%Y%m%d}.db"]
    retention.run(house.store, house.settings, taken + 34 * DAY)
    assert house.holding(MARKER) == [f"{taken:%Y%m%d}.db"]
    for days in (35, 36):
        retention.run(house.store, house.settings, taken + days * DAY)
        assert house.holding(MARKER) == []


@pytest.mark.pbd("PBD-31")
@pytest.mark.parametrize("severity", [Severity.LOW, Severity.MEDIUM, Severity.CRITICAL])
def test_a_post_that_its_platform_purged(house: House, severity: Severity) -> None:
    through(house, judged(severity), platform="mastodon")
    gone = candidate("", "1", platform="mastodon", deleted=True)
    house.store.keep_batch([gone], None)
    for hours in (23, 24, 25):
        retention.run(house.store, house.settings, NOW + timedelta(hours=hours))
        with house.engine.connect() as connection:
            sealed = connection.exec_driver_sql(
                "SELECT coalesce(max(length(sealed)), 0) FROM evidence"
            ).scalar()
        assert (sealed or 0) > 0 if severity is Severity.CRITICAL and hours < 24 else sealed == 0
        kept = severity is Severity.CRITICAL and hours < 24  # the link waits with the evidence
        assert house.holding(MARKER) == (["mentionwatch.db"] if kept else [])
        assert house.holding(f"vile {MARKER}") == []


@pytest.mark.pbd("PBD-13")
def test_a_restricted_post_is_ciphertext_from_its_decision_on(house: House) -> None:
    through(house, judged(Severity.HIGH, Flag.SAFEGUARDING))
    house.backup(NOW)
    assert house.holding(f"vile {MARKER}") == []
    assert house.holding(NAME) == []
