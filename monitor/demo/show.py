"""The demo: starts its servers and the real service, lets posts arrive, shows what happens, cleans up."""

from __future__ import annotations

import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import FrameType

from rich.console import Console
from sqlalchemy import Engine

from config.faults import ConfigError, Fault
from config.settings import Settings
from monitor.database import open_engine
from monitor.demo import summary
from monitor.demo.house import House, Neighbours
from monitor.demo.mailbox import Mailbox
from monitor.demo.network import Network
from monitor.demo.script import Scripted, load
from monitor.demo.site import Site
from monitor.demo.slack import SlackRoom
from monitor.demo.stage import Stage
from monitor.demo.view import Face, Lines, Scene, Screen
from monitor.demo.watch import Fate, fates
from monitor.works import read_settings

TICK = 0.25  # seconds between two looks
READY_WITHIN = 60.0  # seconds that the service may take to start on a slow machine
LOG_WIDTH = 118


class ServiceEnded(Exception):
    """The service stopped by itself, or never became ready; the text holds what it said last."""


def play(*, port: int, length: timedelta | None, keep: Path | None) -> int:
    """Run the demo and give the exit code: 0 when everything came out as it should.

    `port` is the site's (0: a free one); `length` None runs until Ctrl-C; `keep`
    is a new or empty folder that configuration, database and mails stay in.

    Raises:
        ConfigError: the folder to keep things in holds something, or the port is taken.
    """
    console = _console()
    with ExitStack() as stack:
        folder = _folder(keep, stack)
        stop = stack.enter_context(_until_told())
        run = opened(folder, port, stack)
        try:
            with Screen(console) if console.is_terminal else Lines(sys.stdout) as face:
                run.go(face, stop, length)
        except ServiceEnded as ended:
            console.print(str(ended), markup=False, soft_wrap=True)
            return 1
        code = _sum_up(console, run, cut_short=length is not None)
        if keep is not None:
            _say_where(console, folder, run.house)
        return code


def opened(folder: Path, port: int, stack: ExitStack) -> Run:
    """Servers and configuration, ready to go; the stack closes them in reverse, the service first."""
    stage = Stage()
    box = stack.enter_context(Mailbox(folder / "mails"))
    room = stack.enter_context(SlackRoom())
    network = stack.enter_context(Network(stage))
    site = stack.enter_context(_site(stage, network, port))
    neighbours = Neighbours(site.host, network.host, room.host, box.port, room.token)
    house = stack.enter_context(House(folder, neighbours))
    settings = read_settings(house.config)
    engine = open_engine(settings.service.database_url())
    stack.callback(engine.dispose)
    return Run(stage, box, room, site, house, engine, load(), _slack_readers(settings))


def _slack_readers(settings: Settings) -> frozenset[str]:
    """Staff ids of those who read the Slack channel."""
    readers = settings.slack.readers if settings.slack is not None else ()
    return frozenset(staff for reader in readers if (staff := settings.people.persons[reader].staff))


@dataclass
class Run:
    """One run of the script: what is open, and what was seen last."""

    stage: Stage
    box: Mailbox
    room: SlackRoom
    site: Site
    house: House
    engine: Engine
    script: tuple[Scripted, ...]
    slack_readers: frozenset[str]
    began: datetime = field(default_factory=lambda: datetime.now(UTC))
    seen: tuple[Fate, ...] = ()
    settled_at: float | None = None
    """Seconds from the start until the whole script was dealt with."""

    def go(self, face: Face, stop: threading.Event, length: timedelta | None) -> None:
        """Let the posts arrive and show what becomes of them, until told to stop or the time is over."""
        start = time.monotonic()
        end = start + length.total_seconds() if length is not None else float("inf")
        ready: float | None = None
        for post in self.script:
            if not post.at:
                self.stage.publish(post)
        self.house.start()
        while not stop.wait(TICK) and time.monotonic() < end:
            now = time.monotonic()
            self._look_after(now - start, ready is not None)
            if ready is None and self.house.is_ready:
                ready = now
            if ready is not None:
                self._advance(now - ready, now - start)
            face.show(self._scene(now - start, ready is not None))

    def _look_after(self, clock: float, is_ready: bool) -> None:
        code = self.house.exit_code
        if code is None and (is_ready or clock < READY_WITHIN):
            return
        what = f"ended with exit code {code}" if code is not None else "did not become ready"
        said = "\n".join(f"  {line}" for line in self.house.last_lines())
        raise ServiceEnded(f"The service {what}. It said last:\n{said}")

    def _advance(self, since_ready: float, clock: float) -> None:
        out = len(self.stage.published)
        for post in self.script[out:]:
            if post.at <= since_ready:
                self.stage.publish(post)
        self.seen = fates(self.engine, self.stage, self.site.link, self.slack_readers)
        if self.settled_at is None and self.is_through:
            self.settled_at = clock

    @property
    def is_through(self) -> bool:
        """Whether every post of the script has arrived and been dealt with, mails included."""
        return len(self.seen) == len(self.script) and all(fate.is_settled for fate in self.seen)

    def _scene(self, clock: float, is_ready: bool) -> Scene:
        letters = self.box.letters
        if not is_ready:
            status = "the service is starting"
        elif self.settled_at is not None:
            status = "all posts are dealt with; the service goes on watching (Ctrl-C stops it)"
        else:
            status = f"posts arrive; {len(self.script)} in all (Ctrl-C stops the demo)"
        age = (datetime.now(UTC) - letters[-1].at).total_seconds() if letters else 0.0
        return Scene(
            clock=clock,
            address=self.site.host,
            mails=self.box.folder,
            status=status,
            fates=self.seen,
            letters=letters,
            slack=self.room.messages,
            mail_shown_for=age,
        )


def _sum_up(console: Console, run: Run, *, cut_short: bool) -> int:
    """Print the summary and give the exit code."""
    sent, seen = summary.Messages(run.box.letters, run.room.messages), run.seen
    if len(seen) < len(run.script):  # ended early: what is still on its way is no fault
        seen = tuple(fate for fate in seen if fate.is_settled)
    absent = len(run.script) - len(seen)
    console.print(summary.table(summary.rows(seen)))
    faults = summary.faults(seen, sent, whole=not absent)
    lines = [*summary.findings(seen, sent, run.began)]
    if run.settled_at is not None:
        lines.append(f"The whole script was dealt with {run.settled_at:.1f} s after the start.")
    if absent:
        lines.append(f"{absent} posts of the script had not arrived yet; the whole takes some 35 seconds.")
    lines += [*summary.remarks(seen), *faults]
    if not faults:
        lines.append("Nothing was missed, nobody was told who should not be, no false alarm.")
    if any(not fate.is_settled for fate in seen):
        lines += ["The service said last:", *(f"  {line}" for line in run.house.last_lines())]
    for line in lines:
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    return 1 if faults or (absent and cut_short) else 0


def _say_where(console: Console, folder: Path, house: House) -> None:
    for line in (
        "",
        f"Kept in {folder}. To look at it:",
        f"  mentionwatch cases --config {house.config}",
        f"  mentionwatch show 1 --config {house.config}",
        f"  mails, as files for any mail program: {folder / 'mails'}",
    ):
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def _console() -> Console:
    if sys.stdout.isatty():
        return Console(highlight=False)
    return Console(force_terminal=False, color_system=None, width=LOG_WIDTH, highlight=False)


def _folder(keep: Path | None, stack: ExitStack) -> Path:
    if keep is None:
        made = Path(tempfile.mkdtemp(prefix="mentionwatch-demo-"))
        stack.callback(shutil.rmtree, made, ignore_errors=True)
        return made
    folder = keep.expanduser().resolve()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigError([Fault(str(keep), None, "there is something here already; name a new folder")])
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _site(stage: Stage, network: Network, port: int) -> Site:
    try:
        return Site(stage, network.link, port)
    except OSError as error:
        raise ConfigError([Fault("--port", None, f"port {port} can not be had: {error.strerror}")]) from error


@contextmanager
def _until_told() -> Iterator[threading.Event]:
    """An event that Ctrl-C or SIGTERM sets; the old handlers come back afterwards."""
    told = threading.Event()

    def tell(_signal: int, _frame: FrameType | None) -> None:
        told.set()

    before = {one: signal.signal(one, tell) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield told
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
