"""What each row holds after triage: field by field, for every kind of post (PBD-12)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from builders import NOW, SCHOOL, assessed, candidate, judged, later, rows, settings
from sqlalchemy import Engine, insert

from config.settings import Settings
from monitor import keys, retention, triage, vault
from monitor.records import ASSESSMENT, CASE, CONTENT, DELIVERY, EVIDENCE, EXTRACT, POST, metadata
from monitor.store import Store
from nlp.findings import Severity

NONE, LOW, MEDIUM, HIGH, CRITICAL = map(int, Severity)
WORDS = {
    "text": "Mr Lockyer of Marrowby Community School is a useless fat pig says Zorblo Zorblomarker",
    "title": "Titlemarker",
    "context": "contextmarker",
    "author_name": "Namemarker",
    "author_handle": "@handlemarker",
    "url": "https://talk.example/t/1",
}
NOT_A_WORD = ("zorblomarker", "titlemarker", "contextmarker", "namemarker", "handlemarker", "lockyer")


@pytest.fixture
def config(tmp_path: Path) -> Settings:
    keys.make(tmp_path)
    return settings(tmp_path)


def taken_in(
    engine: Engine, config: Settings, words: dict[str, Any] = WORDS, external_id: str = "1", **of: Any
) -> None:
    store = Store(engine)
    given = dict(words)
    store.keep_batch([candidate(given.pop("text"), external_id, **given)], None)
    row = next(row for row in rows(engine, POST) if row.external_id == external_id)
    with engine.begin() as connection:
        connection.execute(insert(ASSESSMENT).values(**assessed(row.id, row.version, **of)))
    assert triage.run(store, config, NOW) == 1


def everything(engine: Engine) -> str:
    return "\n".join(str(row) for table in metadata.tables.values() for row in rows(engine, table)).casefold()


ORDINARY: list[tuple[str, dict[str, Any]]] = [
    ("mention", {"severity": NONE, "category": ""}),
    ("criticism", {"severity": NONE, "category": "legitimate_complaint"}),
    ("possible", {"mention": False, "possible": True, "severity": LOW}),
    ("case", {"severity": LOW}),
    ("case", {"severity": MEDIUM}),
    ("case", {"severity": LOW, "category": "pupil_identifying"}),
]


@pytest.mark.pbd("PBD-12")
@pytest.mark.parametrize(("kind", "of"), ORDINARY)
def test_an_ordinary_row_holds_a_masked_extract_and_no_more(
    engine: Engine, config: Settings, kind: str, of: dict[str, Any]
) -> None:
    taken_in(engine, config, **of)
    (extract,) = rows(engine, EXTRACT)
    assert extract.kind == kind
    assert "useless fat pig" in extract.masked
    assert len(extract.masked) <= 500
    assert len(extract.sha256) == 32
    assert (rows(engine, CONTENT), rows(engine, EVIDENCE)) == ([], [])
    held = everything(engine)
    assert [word for word in NOT_A_WORD if word in held] == []
    assert rows(engine, POST)[0].url == WORDS["url"]


@pytest.mark.pbd("PBD-05")
def test_of_a_post_about_nobody_nothing_stays(engine: Engine, config: Settings, tmp_path: Path) -> None:
    taken_in(engine, config, mention=False, severity=NONE, category="")
    assert (rows(engine, EXTRACT), rows(engine, EVIDENCE), rows(engine, CONTENT)) == ([], [], [])
    (post,) = rows(engine, POST)
    assert (post.url, post.external_id, post.language) == ("", "", "")
    assert (
        Store(engine)
        .keep_batch([candidate(WORDS["text"], "1", **{k: v for k, v in WORDS.items() if k != "text"})], None)
        .known
        == 1
    )


@pytest.mark.pbd("PBD-12")
@pytest.mark.parametrize("severity", [HIGH, CRITICAL])
def test_a_grave_row_has_its_words_and_handle_under_lock_only(
    engine: Engine, config: Settings, tmp_path: Path, severity: int
) -> None:
    taken_in(engine, config, severity=severity)
    (evidence,), (extract,) = rows(engine, EVIDENCE), rows(engine, EXTRACT)
    assert "useless fat pig" in extract.masked
    assert "handlemarker" not in everything(engine)
    assert "namemarker" not in everything(engine)
    words = vault.unseal(keys.ring_of(tmp_path), evidence)
    assert (words.author_handle, words.author_name) == ("@handlemarker", "Namemarker")
    assert words.text == WORDS["text"]


@pytest.mark.pbd("PBD-25")
@pytest.mark.parametrize("category", ["child_at_risk", "allegation_against_staff", "pupil_identifying"])
@pytest.mark.parametrize("severity", [MEDIUM, HIGH])
def test_a_restricted_row_has_no_open_word_at_all(
    engine: Engine, config: Settings, category: str, severity: int
) -> None:
    taken_in(engine, config, category=category, severity=severity)
    assert rows(engine, EXTRACT) == []
    assert len(rows(engine, EVIDENCE)) == 1
    assert "useless" not in everything(engine)


@pytest.mark.pbd("PBD-17")
def test_what_a_child_wrote_is_restricted_and_has_no_handle(
    engine: Engine, config: Settings, tmp_path: Path
) -> None:
    words = WORDS | {"text": "I'm in Y5 and Mr Lockyer of Marrowby Community School is a pig"}
    taken_in(engine, config, words, severity=MEDIUM)
    (case,), (evidence,) = rows(engine, CASE), rows(engine, EVIDENCE)
    assert case.restricted
    assert "cp" in {row.person for row in rows(engine, DELIVERY)}
    opened = vault.unseal(keys.ring_of(tmp_path), evidence)
    assert (opened.author_handle, opened.author_name, opened.text) == ("", "", words["text"])
    assert rows(engine, EXTRACT) == []


@pytest.mark.pbd("PBD-25")
def test_a_case_that_becomes_restricted_takes_its_open_extracts_under_lock(
    engine: Engine, config: Settings, tmp_path: Path
) -> None:
    taken_in(engine, config, severity=MEDIUM)
    assert len(rows(engine, EXTRACT)) == 1
    child = {
        "flag": "pupil_identifying",
        "severity": "medium",
        "evidence": [],
        "score": 1,
        "rule": "r",
        "reason": "",
    }
    abuse = {"flag": "abusive", "severity": "high", "evidence": [], "score": 1, "rule": "r", "reason": ""}
    taken_in(engine, config, WORDS, "2", severity=HIGH, findings=[abuse, child])
    (case,) = rows(engine, CASE)
    assert (case.restricted, case.post_count) == (True, 2)
    assert rows(engine, EXTRACT) == []
    ring = keys.ring_of(tmp_path)
    first, second = (vault.unseal(ring, row).text for row in rows(engine, EVIDENCE))
    assert "useless fat pig" in first
    assert "Lockyer" not in first, "only the masked extract was left of it"
    assert second == WORDS["text"]


@pytest.mark.pbd("PBD-14")
def test_no_table_has_room_for_a_picture_or_a_sound() -> None:
    columns = {column.name for table in metadata.tables.values() for column in table.columns}
    assert not [
        name
        for name in columns
        if any(w in name for w in ("image", "video", "audio", "photo", "media", "face", "voice"))
    ]


@pytest.mark.pbd("PBD-08")
def test_rows_of_words_are_keyed_by_post_and_version_alone() -> None:
    for table in (EXTRACT, EVIDENCE, CONTENT):
        assert [column.name for column in table.primary_key.columns] == ["post_id", "version"]
    columns = {column.name for table in (EXTRACT, EVIDENCE) for column in table.columns}
    assert not [name for name in columns if "author" in name or "handle" in name]


def test_words_that_wait_for_triage_survive_the_decision_on_an_older_version(
    engine: Engine, config: Settings
) -> None:
    store = Store(engine)
    judged(engine, "first words", "1")
    waiting = store.to_decide(10)
    judged(engine, "second words", "1", severity=HIGH)
    store.keep_decisions(
        waiting, triage.keys_of, lambda row, story: triage.decide(triage.seen(row), story, config), NOW
    )
    assert [row.text for row in rows(engine, CONTENT)] == ["second words"]
    assert [row.text for row in store.to_decide(10)] == ["second words"]


def test_words_of_an_older_database_are_minimised_before_the_first_poll(
    engine: Engine, config: Settings, tmp_path: Path
) -> None:
    taken_in(engine, config, severity=HIGH)
    judged(engine, "Mr Lockyer is a pig", "2", severity=NONE, category="")
    triage.run(Store(engine), config, NOW)
    with engine.begin() as connection:  # as version 0.1 left them
        connection.execute(EXTRACT.delete())
        connection.execute(EVIDENCE.delete())
        for number in (1, 2):
            values = {
                "post_id": number,
                "version": 1,
                "author_name": "n",
                "author_handle": "h",
                "title": "",
                "context": "",
            }
            connection.execute(insert(CONTENT).values(text="Mr Lockyer is a pig", **values))
    assert retention.run(Store(engine), config, later(minutes=1))["minimised"] == 2
    assert rows(engine, CONTENT) == []
    assert [row.masked for row in rows(engine, EXTRACT)] == ["Mr [name] is a pig"] * 2
    assert [vault.unseal(keys.ring_of(tmp_path), row).author_name for row in rows(engine, EVIDENCE)] == ["n"]
    assert [row.school for row in rows(engine, POST)] == [SCHOOL] * 2
