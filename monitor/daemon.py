"""The service: builds everything, schedules the steps, stops in reverse.

Five jobs, each at most once at a time: retain, poll, assess, triage, deliver. A
job that did something wakes the next one at once; else each looks for work every
few seconds (other processes may have brought some). Retention runs first and then
daily (each hour it looks whether a platform wants something gone); polling begins
when it has succeeded (rulings 3). The main thread waits for
signals: SIGTERM and SIGINT drain and stop inside ten seconds, SIGHUP reads the
configuration again and keeps the old one when the new one has faults.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import FrameType

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy import Engine

from config.faults import ConfigError
from config.register import remove_expired
from config.settings import Settings
from connectors.http import PoliteClient, user_agent
from monitor import assess, health, notify, retention, triage
from monitor.channels.base import Channel
from monitor.database import migrate, only_daemon, open_engine
from monitor.deliver import Sender, channels
from monitor.poll import Polled, Poller
from monitor.store import Store
from monitor.works import Works, build, read_settings

EVERY = {  # seconds, when nothing wakes them
    "retain": 3600.0,  # daily would do for our own limits; a platform's clock runs in hours
    "poll": 1.0,
    "assess": 2.0,
    "triage": 2.0,
    "deliver": 2.0,
}
RETAIN_AGAIN = timedelta(minutes=1)  # after a failure: polling waits for it
NEXT = {"poll": "assess", "assess": "triage", "triage": "deliver"}
STOP_WITHIN = 8.0  # seconds for steps to finish; systemd would kill us at ten
STUCK_AFTER = 300.0  # seconds that one run of a step may take before the watchdog is no longer fed
LOG = logging.getLogger(__name__)


def utc_now() -> datetime:
    """The only clock; everything below is handed the time."""
    return datetime.now(UTC)


class Daemon:
    """One running service on one configuration folder."""

    def __init__(self, folder: Path, clock: Callable[[], datetime] = utc_now) -> None:
        self._folder = folder
        self._clock = clock
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._reload = threading.Event()
        self._retained = threading.Event()
        self._started: dict[str, float] = {}
        self._last_kept: dict[str, float] = {}

    def run(self) -> int:
        """Run until a signal says stop; gives the exit code.

        Raises:
            ConfigError: the configuration has faults.
            AlreadyRunning: another daemon works on this data folder.
            StoreError: the database can not be used.
        """
        self._catch_signals()  # first: a SIGHUP that nobody catches would end the process
        self._works: Works = self._build()
        self._ways: dict[str, Channel] = channels(self._works.settings)
        service = self._works.settings.service
        with only_daemon(service.data_dir):
            engine = open_engine(service.database_url())
            try:
                migrate(engine)
                self._serve(engine)
            finally:
                engine.dispose()
        return 0

    def _build(self) -> Works:
        self._day = self._clock().date()
        return build(read_settings(self._folder), self._day)

    def _serve(self, engine: Engine) -> None:
        settings = self._works.settings
        store = Store(engine)
        self._poller = self._new_poller(store, settings)
        self._sender = Sender(store, engine, settings.service.data_dir)
        self._store, self._engine = store, engine
        scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={"default": ThreadPoolExecutor(len(EVERY))},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        for name, seconds in EVERY.items():
            scheduler.add_job(
                self._step, "interval", (name,), seconds=seconds, id=name, next_run_time=utc_now()
            )
        self._scheduler = scheduler
        # its warning "still running" is how a step says that it is busy
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        scheduler.start()
        notify.notify("READY=1", self._status())
        LOG.info("ready: %d school(s), %d source(s)", len(settings.schools), len(settings.sources))
        self._wait()
        notify.notify("STOPPING=1")
        self._shut_down()

    def _new_poller(self, store: Store, settings: Settings) -> Poller:
        service = settings.service
        http = PoliteClient(
            user_agent=user_agent(service.contact),
            allow_hosts=service.allow_hosts,
            gap=service.poll_gap,
            stop=self._stop,
        )
        return Poller(store, http, self._stop)

    # -- one step ---------------------------------------------------------------

    def _step(self, name: str) -> None:
        works, ways = self._works, self._ways
        self._started[name] = time.monotonic()
        try:
            count = self._work(name, works, ways)
            failure = ""
        except Exception as error:
            # The step's one outer handler: the daemon lives, health tells, the next run tries again.
            LOG.error(
                "step %s failed: %s", name, type(error).__name__, exc_info=LOG.isEnabledFor(logging.DEBUG)
            )
            count, failure = 0, type(error).__name__
        finally:
            self._started.pop(name, None)
        self._note(name, count, failure)
        if count and name in NEXT:
            self._call(NEXT[name])

    def _polled(self, polled: Polled) -> None:
        if polled.kept.new or polled.kept.changed:
            LOG.info("source %s: %d new, %d changed", polled.source, polled.kept.new, polled.kept.changed)
            self._call("assess")
        notify.notify(self._status())

    def _call(self, step: str) -> None:
        """Have a step look for work now."""
        with suppress(JobLookupError):  # the jobs are gone once the service stops
            self._scheduler.modify_job(step, next_run_time=utc_now())

    def _work(self, name: str, works: Works, ways: dict[str, Channel]) -> int:
        if name == "retain":
            return self._retain(works)
        if name == "poll":
            if not self._retained.is_set():
                return 0
            self._poller.start(works, self._clock, self._polled)
            return 0  # a poll that kept something wakes the next step by itself
        if name == "assess":
            return assess.run(self._store, works.assessor, self._clock(), self._stop)
        if name == "triage":
            return triage.run(self._store, works.settings, self._clock())
        return self._sender.run(works.settings, ways, self._clock, self._stop)

    def _retain(self, works: Works) -> int:
        try:
            counts = retention.run(self._store, works.settings, self._clock())
        except (
            Exception
        ):  # raised again: the step's outer handler says it; here only the next try is brought forward
            with suppress(JobLookupError):
                self._scheduler.modify_job("retain", next_run_time=utc_now() + RETAIN_AGAIN)
            raise
        self._retained.set()
        self._forget_leavers(works)
        return sum(counts.values())

    def _forget_leavers(self, works: Works) -> None:
        """Take leavers out of schools.toml; they are not matched any more, whether that works or not (PBD-11)."""
        try:
            gone = remove_expired(self._folder, works.settings.people, self._clock().date())
        except ConfigError:  # a read-only /etc: the configuration's own warning asks a person to do it
            return
        if gone.removed:
            LOG.info("%d entry(ies) of the staff register are over and were removed", len(gone.removed))
            self._reload.set()
            self._wake.set()

    def _note(self, name: str, count: int, failure: str) -> None:
        """Write the run down when it did something or failed, else once a minute."""
        due = time.monotonic() - self._last_kept.get(name, float("-inf")) > 60
        if not (count or failure or due) or self._stop.is_set():
            return
        try:
            self._store.keep_run(name, count, self._clock(), failure)
            self._last_kept[name] = time.monotonic()
        except Exception as error:  # noqa: BLE001 - a full or locked database is already the step's own failure
            LOG.error("step %s: its run could not be noted: %s", name, type(error).__name__)

    # -- the main thread ---------------------------------------------------------

    def _catch_signals(self) -> None:
        def stop(_signal: int, _frame: FrameType | None) -> None:
            self._stop.set()
            self._wake.set()

        def reload(_signal: int, _frame: FrameType | None) -> None:
            self._reload.set()
            self._wake.set()

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        signal.signal(signal.SIGHUP, reload)

    def _wait(self) -> None:
        every = notify.watchdog_every() or 30.0
        while not self._stop.is_set():
            self._wake.wait(min(every, 30.0))
            self._wake.clear()
            if self._stop.is_set():
                return
            if self._clock().date() != self._day:
                self._reload.set()  # who of the staff may be matched depends on the day (PBD-11)
            if self._reload.is_set():
                self._reload.clear()
                self._read_again()
            stuck = self._stuck()
            if stuck:
                LOG.error("step %s has not come to its end for %d minutes", stuck, STUCK_AFTER // 60)
            else:
                notify.notify("WATCHDOG=1", self._status())

    def _stuck(self) -> str:
        """The step that has run for too long; the watchdog then starts the service anew."""
        limit = time.monotonic() - STUCK_AFTER
        return next((name for name, since in dict(self._started).items() if since < limit), "")

    def _status(self) -> str:
        try:
            settings = self._works.settings
            sources = health.sources_health(self._store, settings, self._clock())
            found = health.problems(self._engine, sources, settings, self._clock())
        except Exception as error:  # noqa: BLE001 - a database out of reach must not end the main thread
            return f"STATUS=the database can not be read: {type(error).__name__}"
        good = sum(s.state == "good" for s in sources)
        worst = f"; {len(found)} problem(s), first: {found[0]}" if found else ""
        return f"STATUS={good} of {len(sources)} sources good{worst}"[:300]

    def _read_again(self) -> None:
        notify.reloading()
        try:
            fresh = self._build()
        except ConfigError as error:
            for fault in error.faults:
                LOG.error("%s", fault)
            LOG.error(
                "the configuration was not taken over: %d fault(s); the old one stays", len(error.faults)
            )
        else:
            old, new = self._works.settings.service, fresh.settings.service
            if (old.data_dir, str(old.database)) != (new.data_dir, str(new.database)):
                LOG.error("data_dir and database change only with a restart; the rest was taken over")
            self._works, self._ways = fresh, channels(fresh.settings)
            before, self._poller = self._poller, self._new_poller(self._store, fresh.settings)
            before.close()  # its polls under way keep the old client until they end
            LOG.info("configuration read again: %d source(s)", len(fresh.settings.sources))
        notify.notify("READY=1", self._status())

    def _shut_down(self) -> None:
        self._scheduler.remove_all_jobs()
        self._poller.close()
        end = time.monotonic() + STOP_WITHIN
        while (self._started or self._poller.busy) and time.monotonic() < end:
            time.sleep(0.02)
        late = sorted({*self._started, *self._poller.busy})
        if late:
            # Rows in hand have no successor yet and are found again at the next start.
            LOG.warning("stopping while %s still run(s)", ", ".join(late))
            logging.shutdown()
            os._exit(0)
        self._poller.http.close()
        self._scheduler.shutdown(wait=True)
        LOG.info("stopped")
