"""Retention runs first; polling begins when it has succeeded (rulings 3), not before and not after a failure."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from apscheduler.schedulers.background import BackgroundScheduler
from builders import NOW, settings
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from monitor.daemon import Daemon
from monitor.database import open_engine
from monitor.store import Store
from monitor.works import build


class Asked:
    """A poller that counts."""

    def __init__(self) -> None:
        self.times = 0

    def start(self, *_: Any) -> int:
        self.times += 1
        return 0


@pytest.mark.pbd("PBD-28")
def test_polling_waits_for_the_first_good_run(engine: Engine, tmp_path: Path) -> None:
    daemon, asked, works = Daemon(tmp_path, lambda: NOW), Asked(), build(settings(tmp_path))
    daemon._poller = asked  # type: ignore[assignment]
    daemon._scheduler = BackgroundScheduler()
    daemon._store = Store(open_engine(f"sqlite:///{tmp_path / 'empty.db'}"))  # without tables
    daemon._work("poll", works, {})
    with pytest.raises(OperationalError):
        daemon._work("retain", works, {})
    daemon._work("poll", works, {})
    assert asked.times == 0
    daemon._store.engine.dispose()
    daemon._store = Store(engine)
    daemon._work("retain", works, {})
    daemon._work("poll", works, {})
    assert asked.times == 1
