"""What becomes of an assessed post: the table of decisions, and stories over the real store."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from builders import NOW, SCHOOL, assessed, candidate, judged, later, pack, people, rows, settings
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from config.settings import Alerts, Settings
from monitor.cases import CATEGORIES, OpenCase, Outcome
from monitor.records import CASE, CASE_KEY, DECISION, DELIVERY, EVENT
from monitor.store import Store
from monitor.triage import Seen, decide, run
from nlp.findings import Severity

NONE, LOW, MEDIUM, HIGH, CRITICAL = Severity
BASE = Seen(
    school=SCHOOL,
    mention=True,
    possible=False,
    severity=MEDIUM,
    category="abusive_harassing",
    also=(),
    staff=(),
    backlog=False,
    posted_at=NOW,
    found_at=NOW,
)
STORY = OpenCase(id=5, status="alerted", severity=MEDIUM, also=(), holds_post=False)


@pytest.fixture
def config(tmp_path: Path) -> Settings:
    return settings(tmp_path)


def seen(**changes: Any) -> Seen:
    return replace(BASE, **changes)


@pytest.mark.parametrize(
    ("post", "outcome"),
    [
        (seen(mention=False, category="", severity=NONE), Outcome.NOBODY),
        (seen(mention=False, severity=CRITICAL), Outcome.NOBODY),
        (seen(category="", severity=NONE), Outcome.MENTION),
        (seen(category="pupil_identifying", severity=NONE), Outcome.MENTION),
        (seen(severity=LOW), Outcome.OPENED),
        (seen(severity=CRITICAL), Outcome.OPENED),
        # criticism is never escalated, however it is worded
        (seen(category="legitimate_complaint", severity=NONE), Outcome.CRITICISM),
        (seen(category="legitimate_complaint", severity=HIGH), Outcome.CRITICISM),
        # … but something bad beside it is
        (seen(category="abusive_harassing", also=("legitimate_complaint",), severity=LOW), Outcome.OPENED),
        # perhaps about the school: only grave words open a case
        (seen(mention=False, possible=True, category="possible_mention", severity=NONE), Outcome.POSSIBLE),
        (seen(mention=False, possible=True, category="possible_mention", severity=MEDIUM), Outcome.POSSIBLE),
        (seen(mention=False, possible=True, category="possible_mention", severity=HIGH), Outcome.OPENED),
        # what the program could not read is for a person
        (seen(mention=False, possible=True, category="not_judged", severity=MEDIUM), Outcome.OPENED),
    ],
)
def test_outcomes(post: Seen, outcome: Outcome, config: Settings) -> None:
    ruling = decide(post, None, config)
    assert ruling.outcome is outcome
    assert bool(ruling.opens) == (outcome is Outcome.OPENED)
    assert ruling.reason
    if outcome is not Outcome.OPENED:
        assert ruling.deliveries == ()


@pytest.mark.parametrize(
    ("post", "threshold", "status", "told"),
    [
        (seen(severity=LOW), "medium", "queued", []),
        (seen(severity=LOW), "low", "alerted", ["office"]),
        (seen(severity=MEDIUM), "medium", "alerted", ["office"]),
        (seen(severity=MEDIUM), "high", "queued", []),
        (seen(severity=CRITICAL, backlog=True), "medium", "queued", []),
        (seen(category="threatening", severity=HIGH), "medium", "alerted", ["office", "head"]),
        (
            seen(category="threatening", severity=HIGH, staff=("farrant",)),
            "medium",
            "alerted",
            ["office", "chair", "cp"],
        ),
        (
            seen(mention=False, possible=True, category="possible_mention", severity=HIGH),
            "medium",
            "alerted",
            ["cp"],
        ),
        (seen(category="pupil_identifying"), "medium", "alerted", ["cp"]),
    ],
)
def test_who_is_told(post: Seen, threshold: str, status: str, told: list[str], tmp_path: Path) -> None:
    ruling = decide(
        post, None, settings(tmp_path, alerts=Alerts.model_validate({"from_severity": threshold}))
    )
    assert ruling.opens is not None
    assert ruling.opens["status"] == status
    assert [owed.person for owed in ruling.deliveries] == told
    assert "nobody_to_tell" not in ruling.data


@pytest.mark.parametrize(
    ("post", "story", "event", "messages"),
    [
        (seen(), STORY, "joined", 0),
        (seen(severity=HIGH), STORY, "severity-rose", 1),
        (seen(severity=LOW), STORY, "joined", 0),
        (seen(also=("threatening",)), STORY, "new-kind", 1),
        (seen(also=("threatening",)), replace(STORY, also=("threatening",)), "joined", 0),
        (seen(severity=LOW, also=("threatening",)), STORY, "new-kind", 0),  # too mild to disturb
        (seen(), replace(STORY, status="queued", severity=LOW), "opened", 1),
        (seen(severity=LOW), replace(STORY, status="queued", severity=LOW), "joined", 0),
        (seen(severity=HIGH, backlog=True), replace(STORY, status="queued"), "severity-rose", 0),
        (seen(severity=CRITICAL), replace(STORY, severity=HIGH), "severity-rose", 1),
    ],
)
def test_joining(post: Seen, story: OpenCase, event: str, messages: int, config: Settings) -> None:
    ruling = decide(post, story, config)
    assert (ruling.outcome, ruling.joins, ruling.event) == (Outcome.JOINED, 5, event)
    assert len(ruling.deliveries) == messages
    assert ruling.changes["severity"] == max(post.severity, story.severity)


def test_a_pupils_story_becomes_restricted_when_it_rises(config: Settings) -> None:
    low = decide(seen(category="pupil_identifying", severity=LOW), None, config)
    risen = decide(seen(category="pupil_identifying"), replace(STORY, severity=LOW), config)
    assert low.opens is not None
    assert low.opens["restricted"] is False
    assert risen.changes["restricted"] is True


def test_an_edit_does_not_count_twice(config: Settings) -> None:
    ruling = decide(seen(), replace(STORY, holds_post=True), config)
    assert ruling.adds_post is False
    assert ruling.data["edited"] is True


@pytest.mark.parametrize(
    ("changes", "owed"),
    [
        ({"people": people({"headteacher": None})}, 0),  # nobody holds a role
        ({"email": None}, 0),  # somebody does, and there is no way to reach them
        ({"people": people({"headteacher": None}), "alerts": Alerts(printer=True)}, 1),
    ],
)
def test_nobody_could_be_told_is_written_down(changes: dict[str, Any], owed: int, tmp_path: Path) -> None:
    ruling = decide(seen(), None, settings(tmp_path, **changes))
    assert ruling.data["nobody_to_tell"] is True
    assert len(ruling.deliveries) == owed


POSTS = st.builds(
    seen,
    mention=st.booleans(),
    possible=st.booleans(),
    severity=st.sampled_from(Severity),
    category=st.sampled_from(CATEGORIES),
    also=st.lists(st.sampled_from(CATEGORIES), max_size=2).map(tuple),
    staff=st.sets(st.sampled_from(["farrant", "lockyer"])).map(tuple),
    backlog=st.booleans(),
)
STORIES = st.one_of(
    st.none(),
    st.builds(
        OpenCase,
        id=st.just(1),
        status=st.sampled_from(["queued", "alerted"]),
        severity=st.sampled_from(list(Severity)[1:]),
        also=st.just(()),
        holds_post=st.booleans(),
    ),
)


@given(POSTS, STORIES)
def test_any_ruling(post: Seen, story: OpenCase | None) -> None:
    config = settings(Path("/nowhere"))
    ruling = decide(post, story, config)
    case = ruling.opens is not None or ruling.joins is not None
    assert case == (ruling.outcome in (Outcome.OPENED, Outcome.JOINED))
    assert bool(ruling.event) == case
    if ruling.deliveries:
        assert case
        assert post.severity >= MEDIUM
        assert not post.backlog
    for owed in ruling.deliveries:
        assert config.people.persons[owed.person].staff not in post.staff


# --- over the store -----------------------------------------------------------------


def told(engine: Engine) -> list[tuple[str, str]]:
    return [(row.kind, row.person) for row in rows(engine, DELIVERY)]


def test_one_story_one_message_and_a_second_when_it_is_worse(engine: Engine, config: Settings) -> None:
    store, link = Store(engine), "https://talk.example/thread/9"
    judged(engine, "one", "1", url=link)
    judged(engine, "two", "2", url=f"{link}#comment-2")
    assert run(store, config, NOW) == 2
    assert told(engine) == [("opened", "office")]
    judged(engine, "three", "3", url=link, severity=int(HIGH))
    run(store, config, later(hours=1))
    assert told(engine) == [("opened", "office"), ("severity-rose", "office")]
    (case,) = rows(engine, CASE)
    assert (case.post_count, case.severity, case.updated_at) == (3, int(HIGH), later(hours=1))


def test_other_people_are_another_story(engine: Engine, config: Settings) -> None:
    link = "https://talk.example/thread/9"
    for number, staff in enumerate(([], ["lockyer"], ["farrant", "lockyer"], ["lockyer"])):
        judged(engine, f"text {number}", str(number), url=link, staff=staff)
    run(Store(engine), config, NOW)
    assert [case.subjects for case in rows(engine, CASE)] == [[], ["lockyer"], ["farrant", "lockyer"]]


def test_another_school_is_another_story(engine: Engine, config: Settings) -> None:
    judged(engine, "same words", "1")
    store = Store(engine)
    store.keep_batch([replace(candidate("same words", "1"), school="elsewhere")], None)
    (row,) = store.to_assess(10)
    store.keep_assessments([assessed(row.id)])
    run(store, config, NOW)
    assert [case.school for case in rows(engine, CASE)] == [SCHOOL, "elsewhere"]


@pytest.mark.parametrize("url", ["", "https://talk.example/p/1"])
def test_an_edit_joins_its_own_story(engine: Engine, config: Settings, url: str) -> None:
    store = Store(engine)
    judged(engine, "first words", "1", url=url)
    run(store, config, NOW)
    judged(engine, "quite other words", "1", url=url)
    run(store, config, NOW)
    (case,) = rows(engine, CASE)
    assert case.post_count == 1
    assert told(engine) == [("opened", "office")]


def test_a_post_that_is_gone_before_triage_is_decided_without_keys(engine: Engine, config: Settings) -> None:
    store = Store(engine)
    judged(engine)
    store.keep_batch([candidate("", deleted=True)], None)
    assert run(store, config, NOW) == 1
    assert len(rows(engine, CASE)) == 1
    assert rows(engine, CASE_KEY) == []


def test_every_assessment_gets_its_decision(engine: Engine, config: Settings) -> None:
    judged(engine, "a", "1", severity=int(NONE), category="legitimate_complaint")
    judged(engine, "b", "2", severity=int(NONE), category="")
    judged(engine, "c", "3", mention=False, possible=True, severity=int(LOW))
    judged(engine, "d", "4", mention=False, severity=int(NONE), category="")
    assert run(Store(engine), config, NOW) == 4
    assert [d.outcome for d in rows(engine, DECISION)] == ["criticism", "mention", "possible", "nobody"]
    assert rows(engine, CASE) == []


def test_reasons_hold_no_words(engine: Engine, config: Settings) -> None:
    judged(engine, "zyzzyva the marker", "1", title="zyzzyva", staff=["lockyer"])
    run(Store(engine), config, NOW)
    kept = [*rows(engine, CASE), *rows(engine, EVENT), *rows(engine, DECISION), *rows(engine, DELIVERY)]
    assert not any("zyzzyva" in str(row) for row in kept)


def test_a_case_names_its_policy(engine: Engine, tmp_path: Path) -> None:
    judged(engine)
    run(Store(engine), settings(tmp_path, pack=pack(version="8")), NOW)
    (case,) = rows(engine, CASE)
    assert (case.pack_id, case.pack_version, case.pack_sha256) == ("marrowby-policy", "8", "0" * 64)
