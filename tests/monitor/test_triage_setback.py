"""A row that can not be decided is set aside after three tries and holds up no other."""

from __future__ import annotations

from pathlib import Path

from builders import NOW, judged, rows, settings
from sqlalchemy import Engine, update

from monitor import lookups, triage
from monitor.records import ASSESSMENT, DECISION
from monitor.store import Store


def test_a_poisoned_row_holds_up_no_other(engine: Engine, tmp_path: Path) -> None:
    store = Store(engine)
    for number in range(3):
        judged(engine, f"text {number}", str(number))
    with engine.begin() as connection:  # a severity that no version of the program ever wrote
        connection.execute(update(ASSESSMENT).where(ASSESSMENT.c.id == 2).values(severity=99))
    for _ in range(3):
        triage.run(store, settings(tmp_path), NOW)
    assert {row.assessment_id for row in rows(engine, DECISION)} == {1, 3}
    (aside,) = lookups.set_aside(engine)
    assert (aside.step, aside.row_id, aside.attempt_count) == ("triage", 2, 3)
    assert triage.run(store, settings(tmp_path), NOW) == 0
    assert lookups.set_aside(engine)[0].attempt_count == 3, "it is not tried for ever"
