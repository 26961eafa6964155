"""The assess step: one post that can not be read holds up no other."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

from builders import CALM, NOW, STRANGER, candidate, rows, settings
from sqlalchemy import Engine

from monitor import assess, triage
from monitor.records import ASSESSMENT, CASE, CONTENT, SETBACK
from monitor.store import Store
from nlp.findings import Assessment, Evidence, Finding, Flag, Mention, Reading, Severity


@dataclass
class Judge:
    """Stands where the language stage stands: an answer for each text, an error for "bad"."""

    answers: dict[str, Assessment] = field(default_factory=dict)
    read: list[tuple[str, str]] = field(default_factory=list)
    stop: Event | None = None

    def assess(self, reading: Reading, school: str) -> Assessment:
        self.read.append((reading.text, school))
        if self.stop is not None:
            self.stop.set()
        if reading.text.startswith("bad"):
            raise ValueError(reading.text)
        return self.answers.get(reading.text, CALM)


def filled(engine: Engine, *texts: str) -> Store:
    store = Store(engine)
    store.keep_batch([candidate(text, str(number)) for number, text in enumerate(texts)], None)
    return store


def run(store: Store, judge: Judge, stop: Event | None = None) -> int:
    return assess.run(store, judge, NOW, stop)  # type: ignore[arg-type]


def test_all_that_waits_is_assessed_once(engine: Engine) -> None:
    store, judge = filled(engine, *(f"text {n}" for n in range(250))), Judge()
    assert run(store, judge) == 250
    assert run(store, judge) == 0
    assert len(judge.read) == 250
    assert judge.read[0] == ("text 0", "marrowby")


def test_findings_are_kept_as_places(engine: Engine) -> None:
    found = Finding(Flag.ABUSIVE, 0.87654, Severity.HIGH, (Evidence("text", 2, 5),), "a reason", "rule.1")
    answer = Assessment(Mention(True, 0.9, ("lockyer",)), (found,), Severity.HIGH, "v1")
    store = filled(engine, "secretive words")
    run(store, Judge({"secretive words": answer}))
    (row,) = rows(engine, ASSESSMENT)
    assert (row.category, row.severity, row.staff, row.made_by) == ("abusive_harassing", 3, ["lockyer"], "v1")
    assert row.findings == [
        {
            "flag": "abusive",
            "score": 0.8765,
            "severity": "high",
            "evidence": [{"field": "text", "start": 2, "end": 5}],
            "reason": "a reason",
            "rule": "rule.1",
        }
    ]
    assert "secretive" not in str(row)


def test_strangers_words_are_gone(engine: Engine) -> None:
    store = filled(engine, "about nobody", "about us")
    run(store, Judge({"about nobody": STRANGER}))
    assert [content.text for content in rows(engine, CONTENT)] == ["about us"]


def test_a_bad_post_holds_up_nobody_and_becomes_a_case(engine: Engine, tmp_path: Path) -> None:
    store, judge = filled(engine, "bad one", "good", "bad two"), Judge()
    assert [run(store, judge) for _ in range(4)] == [1, 0, 2, 0]
    kept = {row.post_id: (row.category, row.possible, row.made_by) for row in rows(engine, ASSESSMENT)}
    assert kept[1] == kept[3] == ("not_judged", True, "nobody")
    assert all("bad" not in str(row) for row in rows(engine, SETBACK))
    triage.run(store, settings(tmp_path), NOW)
    assert [(case.category, case.status) for case in rows(engine, CASE)] == [("not_judged", "alerted")] * 2


def test_many_bad_posts_hold_up_nobody(engine: Engine) -> None:
    store, judge = filled(engine, *(f"bad {n}" for n in range(130)), "good"), Judge()
    assert run(store, judge) == 1


def test_stop_is_heard_between_two_posts_and_what_was_done_is_kept(engine: Engine) -> None:
    store, stop = filled(engine, "one", "two", "three"), Event()
    assert run(store, Judge(stop=stop), stop) == 1
    assert run(store, Judge()) == 2
