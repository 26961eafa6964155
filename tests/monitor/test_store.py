"""Every hand-over of the store, on SQLite and on a real PostgreSQL server."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from builders import NOW, SCHOOL, assessed, candidate, judged, later, rows
from sqlalchemy import Engine, Row

from monitor.candidates import Kept
from monitor.cases import OpenCase, Outcome, Owed, Ruling
from monitor.records import (
    ASSESSMENT,
    CASE,
    CASE_KEY,
    CONTENT,
    DECISION,
    DELIVERY,
    EVENT,
    POST,
    SETBACK,
    SOURCE,
    STEP_RUN,
)
from monitor.store import STORY_FOR, Lease, SourceUpdate, Store

BOTH = pytest.mark.parametrize(
    "engine",
    ["sqlite", pytest.param("postgresql", marks=pytest.mark.needs("PostgreSQL server"))],
    indirect=True,
)
KEYS = frozenset({b"k" * 16})
OPENS: Mapping[str, Any] = {
    "school": SCHOOL,
    "category": "abusive_harassing",
    "also": [],
    "severity": 2,
    "restricted": False,
    "status": "alerted",
    "subjects": [],
    "post_count": 1,
    "posted_at": None,
    "found_at": NOW,
    "pack_id": "p",
    "pack_version": "1",
    "pack_sha256": "0",
}


def update(name: str = "s", **changes: Any) -> SourceUpdate:
    values: dict[str, Any] = {"name": name, "at": NOW, "next_check_at": later(minutes=5)}
    return SourceUpdate(**(values | changes))


def opening(row: Row[Any], story: OpenCase | None) -> Ruling:
    owed = (Owed("email", "head", "headteacher", "opened"),)
    return Ruling(Outcome.OPENED, "because", opens=OPENS, event="opened", deliveries=owed)


def joining(row: Row[Any], story: OpenCase | None) -> Ruling:
    if story is None:
        return opening(row, story)
    return Ruling(
        Outcome.JOINED, "same", joins=story.id, adds_post=not story.holds_post, changes={}, event="joined"
    )


def decide_all(
    store: Store, decide: Any = joining, keys: frozenset[bytes] = KEYS, now: datetime = NOW
) -> int:
    return store.keep_decisions(store.to_decide(100), lambda row: keys, decide, now)


@BOTH
class TestPoll:
    def test_new_changed_known(self, engine: Engine) -> None:
        store = Store(engine)
        assert store.keep_batch([candidate("one", "1"), candidate("two", "2")], None) == Kept(new=2)
        assert store.keep_batch([candidate("one", "1"), candidate("TWO", "2")], None) == Kept(
            changed=1, known=1
        )
        assert [post.version for post in rows(engine, POST)] == [1, 2]
        assert [(c.version, c.text) for c in rows(engine, CONTENT)] == [(1, "one"), (1, "two"), (2, "TWO")]

    def test_twice_in_one_batch_is_once(self, engine: Engine) -> None:
        kept = Store(engine).keep_batch([candidate("first", "1"), candidate("second", "1")], None)
        assert kept == Kept(new=1)
        assert [c.text for c in rows(engine, CONTENT)] == ["second"]

    def test_the_same_post_for_another_platform_is_another(self, engine: Engine) -> None:
        kept = Store(engine).keep_batch([candidate(platform="a"), candidate(platform="b")], None)
        assert kept == Kept(new=2)

    def test_more_than_one_list_of_keys(self, engine: Engine) -> None:
        batch = [candidate(f"text {n}", str(n)) for n in range(1201)]
        store = Store(engine)
        assert store.keep_batch(batch, None) == Kept(new=1201)
        assert store.keep_batch(batch, None) == Kept(known=1201)

    def test_gone_loses_its_words_once(self, engine: Engine) -> None:
        store = Store(engine)
        store.keep_batch([candidate()], None)
        assert store.keep_batch([candidate("", deleted=True)], None) == Kept(changed=1)
        assert store.keep_batch([candidate("", deleted=True)], None) == Kept(known=1)
        assert [post.deleted for post in rows(engine, POST)] == [True]
        assert rows(engine, CONTENT) == []
        assert store.to_assess(10) == []

    def test_gone_before_it_was_seen_is_not_kept(self, engine: Engine) -> None:
        assert Store(engine).keep_batch([candidate("", deleted=True)], None) == Kept(known=1)
        assert rows(engine, POST) == []

    @pytest.mark.parametrize("words", ["words", "other words"])
    def test_back_again_is_assessed_again(self, engine: Engine, words: str) -> None:
        store = Store(engine)
        store.keep_batch([candidate("words")], None)
        store.keep_batch([candidate("", deleted=True)], None)
        assert store.keep_batch([candidate(words)], None) == Kept(changed=1)
        assert [row.text for row in store.to_assess(10)] == [words]

    def test_cursor_comes_with_its_candidates(self, engine: Engine) -> None:
        store = Store(engine)
        store.keep_batch([candidate()], update(cursor={"seen": ["1"]}))
        store.keep_batch([], update(cursor=None))
        (state,) = rows(engine, SOURCE)
        assert state.cursor == {"seen": ["1"]}
        assert (state.failure_count, state.reason, state.last_good_at) == (0, "", NOW)

    def test_nothing_of_a_batch_that_breaks(self, engine: Engine) -> None:
        store = Store(engine)
        naive = NOW.replace(tzinfo=None)
        with pytest.raises(Exception, match="zone"):
            store.keep_batch([candidate("good", "1")], update(cursor={"n": 1}, at=naive))
        assert rows(engine, POST) == []
        assert rows(engine, SOURCE) == []

    def test_failures_are_counted_and_forgotten(self, engine: Engine) -> None:
        store = Store(engine)
        store.keep_batch([], update(cursor={"n": 1}))
        for _ in range(2):
            store.keep_failure(update(reason="away", at=later(minutes=9)))
        state = store.source_states()["s"]
        assert (state.failure_count, state.reason, state.cursor) == (2, "away", {"n": 1})
        assert state.last_good_at == NOW
        store.keep_batch([], update())
        assert store.source_states()["s"].failure_count == 0

    def test_a_source_that_never_answered(self, engine: Engine) -> None:
        store = Store(engine)
        store.keep_failure(update(reason="away"))
        state = store.source_states()["s"]
        assert (state.failure_count, state.last_good_at, state.cursor) == (1, None, None)

    @pytest.mark.parametrize("letter", ["\0", "\ud800"])
    def test_unstorable_letters_are_replaced_one_for_one(self, engine: Engine, letter: str) -> None:
        words = f"a{letter}b"
        names = ("author_name", "author_handle", "title", "context", "url", "platform", "language")
        store = Store(engine)
        store.keep_batch([candidate(words, words, **dict.fromkeys(names, words))], update())
        (post,), (content,) = rows(engine, POST), rows(engine, CONTENT)
        assert {content.text, content.title, content.author_name, post.external_id, post.platform} == {
            "a\ufffdb"
        }
        again = [candidate(words, words, **dict.fromkeys(names, words))]
        assert store.keep_batch(again, None) == Kept(known=1)

    def test_times_come_back_with_their_zone(self, engine: Engine) -> None:
        there = datetime(2026, 7, 1, 13, 30, tzinfo=timezone(timedelta(hours=5, minutes=30)))
        Store(engine).keep_batch([candidate(published_at=there)], None)
        (post,) = rows(engine, POST)
        assert post.published_at == there
        assert post.published_at.tzinfo is UTC
        assert post.edited_at is None


@BOTH
class TestAssess:
    def test_work_list_is_what_nobody_assessed(self, engine: Engine) -> None:
        store = Store(engine)
        store.keep_batch([candidate("one", "1"), candidate("two", "2")], None)
        first, second = store.to_assess(10)
        assert store.keep_assessments([assessed(first.id)]) == 1
        assert store.keep_assessments([assessed(first.id)]) == 0
        assert [row.id for row in store.to_assess(10)] == [second.id]

    def test_words_of_a_stranger_end_with_the_assessment(self, engine: Engine) -> None:
        store = Store(engine)
        store.keep_batch([candidate("one", "1"), candidate("two", "2"), candidate("three", "3")], None)
        one, two, three = (row.id for row in store.to_assess(10))
        store.keep_assessments(
            [
                assessed(one, mention=False, category=""),
                assessed(two),
                assessed(three, mention=False, possible=True),
            ]
        )
        assert [content.post_id for content in rows(engine, CONTENT)] == [two, three]

    def test_both_or_neither(self, engine: Engine) -> None:
        store = Store(engine)
        store.keep_batch([candidate()], None)
        (row,) = store.to_assess(10)
        with pytest.raises(Exception, match=r".+"):
            store.keep_assessments([assessed(row.id, mention=False), assessed(row.id + 99)])
        assert rows(engine, ASSESSMENT) == []
        assert len(rows(engine, CONTENT)) == 1

    def test_an_edit_that_came_meanwhile_is_still_assessed(self, engine: Engine) -> None:
        store = Store(engine)
        store.keep_batch([candidate("nothing")], None)
        (row,) = store.to_assess(10)
        store.keep_batch([candidate("something bad about the school")], None)
        store.keep_assessments([assessed(row.id, 1, mention=False)])
        assert [(r.version, r.text) for r in store.to_assess(10)] == [(2, "something bad about the school")]

    def test_words_of_a_mention_stay_when_its_edit_is_none(self, engine: Engine) -> None:
        store = Store(engine)
        post = judged(engine, "bad words")
        store.keep_batch([candidate("skipped words")], None)
        store.keep_batch([candidate("harmless")], None)
        store.keep_assessments([assessed(post, 3, mention=False)])
        assert [content.text for content in rows(engine, CONTENT)] == ["bad words"]

    def test_setback_is_set_aside_after_three(self, engine: Engine) -> None:
        store = Store(engine)
        said = [store.keep_setback("assess", 7, 1, "ValueError", NOW) for _ in range(3)]
        store.keep_setback("assess", 7, 2, "ValueError", NOW)
        assert said == [False, False, True]
        assert [(s.version, s.attempt_count, s.set_aside) for s in rows(engine, SETBACK)] == [
            (1, 3, True),
            (2, 1, False),
        ]


@BOTH
class TestTriage:
    def test_open_then_join(self, engine: Engine) -> None:
        judged(engine, external_id="1")
        judged(engine, external_id="2")
        assert decide_all(Store(engine)) == 2
        (case,) = rows(engine, CASE)
        assert (case.post_count, case.opened_at) == (2, NOW)
        assert [event.kind for event in rows(engine, EVENT)] == ["opened", "joined"]
        assert [decision.outcome for decision in rows(engine, DECISION)] == ["opened", "joined"]
        assert len(rows(engine, DELIVERY)) == 1
        assert len(rows(engine, CASE_KEY)) == 1

    def test_decided_once(self, engine: Engine) -> None:
        store = Store(engine)
        judged(engine)
        waiting = store.to_decide(10)
        for expected in (1, 0):
            assert store.keep_decisions(waiting, lambda row: KEYS, opening, NOW) == expected
        assert store.to_decide(10) == []
        assert len(rows(engine, CASE)) == 1

    def test_nothing_of_a_batch_that_breaks(self, engine: Engine) -> None:
        store = Store(engine)
        judged(engine, external_id="1")
        bad = judged(engine, external_id="2")

        def decide(row: Row[Any], story: OpenCase | None) -> Ruling:
            if row.post_id == bad:
                raise ValueError("a rule")
            return opening(row, story)

        with pytest.raises(ValueError, match="a rule"):
            decide_all(store, decide)
        assert [len(rows(engine, table)) for table in (CASE, EVENT, DELIVERY, DECISION)] == [0, 0, 0, 0]
        assert len(store.to_decide(10)) == 2

    @pytest.mark.parametrize(("pause", "count"), [(STORY_FOR, 1), (STORY_FOR + timedelta(seconds=1), 2)])
    def test_an_old_story_takes_no_posts(self, engine: Engine, pause: timedelta, count: int) -> None:
        judged(engine, external_id="1")
        decide_all(Store(engine))
        judged(engine, external_id="2")
        decide_all(Store(engine), now=NOW + pause)
        assert len(rows(engine, CASE)) == count

    def test_a_story_knows_its_posts(self, engine: Engine) -> None:
        seen: list[bool] = []

        def decide(row: Row[Any], story: OpenCase | None) -> Ruling:
            if story is not None:
                seen.append(story.holds_post)
            return joining(row, story)

        judged(engine, "v1", "1")
        decide_all(Store(engine), decide)
        judged(engine, "v2", "1")
        judged(engine, "other", "2")
        decide_all(Store(engine), decide)
        assert seen == [True, False]
        assert rows(engine, CASE)[0].post_count == 2


@BOTH
class TestDeliver:
    def owe(self, engine: Engine, *severities: int) -> Store:
        for number, severity in enumerate(severities):
            judged(engine, external_id=str(number), severity=severity)

        def decide(row: Row[Any], story: OpenCase | None) -> Ruling:
            owed = (Owed("email", "head", "headteacher", "opened"),)
            opens = {**OPENS, "severity": row.severity}
            return Ruling(Outcome.OPENED, "because", opens=opens, event="opened", deliveries=owed)

        store = Store(engine)
        decide_all(store, decide, keys=frozenset())
        return store

    def lease(self, store: Store, holder: str = "me", now: datetime = NOW) -> Lease:
        lease = store.lease_delivery(holder, now, now + timedelta(minutes=2))
        assert lease is not None
        return lease

    def test_most_urgent_first_and_each_once(self, engine: Engine) -> None:
        store = self.owe(engine, 2, 4, 3)
        assert [self.lease(store).case.severity for _ in range(3)] == [4, 3, 2]
        assert store.lease_delivery("me", NOW, later(minutes=2)) is None

    def test_sent_is_never_leased_again(self, engine: Engine) -> None:
        store = self.owe(engine, 2)
        lease = self.lease(store)
        store.keep_outcome(lease, state="sent", now=later(seconds=1), ref="<a@b>")
        assert store.lease_delivery("me", later(days=9), later(days=10)) is None
        (row,) = rows(engine, DELIVERY)
        assert (row.state, row.sent_at, row.ref, row.leased_by) == ("sent", later(seconds=1), "<a@b>", "")
        assert [event.kind for event in rows(engine, EVENT)] == ["opened", "delivered"]

    def test_due_again_waits(self, engine: Engine) -> None:
        store = self.owe(engine, 2)
        store.keep_outcome(
            self.lease(store), state="due", now=NOW, next_try_at=later(seconds=5), reason="busy"
        )
        assert store.lease_delivery("me", later(seconds=4), later(minutes=3)) is None
        assert self.lease(store, now=later(seconds=5)).attempt_count == 2
        assert rows(engine, EVENT)[-1].data["reason"] == "busy"

    def test_dead_stays_dead(self, engine: Engine) -> None:
        store = self.owe(engine, 2)
        store.keep_outcome(self.lease(store), state="dead", now=NOW, reason="refused")
        assert store.lease_delivery("other", later(days=1), later(days=2)) is None
        assert rows(engine, EVENT)[-1].kind == "delivery-given-up"

    def test_a_lease_of_one_that_is_gone_is_taken_over(self, engine: Engine) -> None:
        store = self.owe(engine, 2)
        first = self.lease(store, "gone")
        second = self.lease(store, "me", later(seconds=1))
        assert (second.id, second.attempt_count) == (first.id, 2)

    def test_my_own_lease_only_when_it_is_over(self, engine: Engine) -> None:
        store = self.owe(engine, 2)
        self.lease(store)
        assert store.lease_delivery("me", later(seconds=119), later(minutes=5)) is None
        assert self.lease(store, now=later(seconds=120)).attempt_count == 2

    def test_runs_are_kept_by_step(self, engine: Engine) -> None:
        store = Store(engine)
        store.keep_run("assess", 3, NOW)
        store.keep_run("assess", 0, later(minutes=1), "OSError")
        (run,) = rows(engine, STEP_RUN)
        assert (run.worked_on, run.failure, run.finished_at) == (0, "OSError", later(minutes=1))


WRITER = """
import sys
from monitor.database import open_engine
from monitor.store import Store
from builders import NOW, candidate
store = Store(open_engine(sys.argv[1]))
sys.stdin.readline()
new = sum(store.keep_batch([candidate(f"t{n}", str(n))], None).new for n in range(60))
for n in range(20):
    store.keep_setback("assess", 1, n, "x", NOW)
print(new)
"""


@BOTH
def test_two_processes_write_at_once(engine: Engine) -> None:
    url = engine.url.render_as_string(hide_password=False)
    two = [
        subprocess.Popen(
            [sys.executable, "-c", f"import sys; sys.path[:0] = {sys.path!r}\n{WRITER}", url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for process in two:  # both wait until both are there
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    found = [int(process.communicate(timeout=60)[0]) for process in two]
    assert sum(found) == 60
    assert len(rows(engine, POST)) == 60
    assert {setback.attempt_count for setback in rows(engine, SETBACK)} == {2}
