"""A case on the terminal: what happened, who was told, and no words of the post."""

from __future__ import annotations

from pathlib import Path

from builders import NOW, candidate, judged, later, rows, settings
from sqlalchemy import Engine

from monitor import lookups, triage
from monitor.records import CASE
from monitor.store import Store
from monitor.wording.show import lines


def test_a_case_in_full(engine: Engine, tmp_path: Path) -> None:
    config = settings(tmp_path)
    judged(engine, "zyzzyva", "1", url="https://talk.example/1", published_at=later(hours=-1))
    store = Store(engine)
    triage.run(store, config, NOW)
    lease = store.lease_delivery("me", NOW, later(minutes=2))
    assert lease is not None
    store.keep_outcome(lease, state="due", now=NOW, next_try_at=later(minutes=1), reason="away")
    found = lookups.case(engine, rows(engine, CASE)[0].id)
    assert found is not None
    text = "\n".join(lines(found, config))
    for part in (
        "Case 1: abusive, medium (alerted)",
        "1 post(s)",
        "https://talk.example/1",
        "opened: medium abusive harassing",
        "delivery-delayed: away",
        "email to designated_person: due (away)",
        "1. FIRST: Is anyone in danger?",
    ):
        assert part in text
    assert "zyzzyva" not in text


def test_a_post_that_is_gone_is_said(engine: Engine, tmp_path: Path) -> None:
    judged(engine)
    triage.run(Store(engine), settings(tmp_path), NOW)
    Store(engine).keep_batch([candidate("", deleted=True)], None)
    found = lookups.case(engine, 1)
    assert found is not None
    assert any("gone at its source" in line for line in lines(found, settings(tmp_path)))
