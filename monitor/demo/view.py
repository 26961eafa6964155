"""The demo's live view: posts as they arrive, who was alerted, and the newest mail to read.

Two faces with the same content: a full screen for a terminal, and plain lines
without any control characters for a log.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TextIO

from rich import box
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from config.pack import ROLE_TITLES
from monitor.demo.mailbox import Letter
from monitor.demo.script import End, Feed, Slack
from monitor.demo.slack import SlackMessage
from monitor.demo.watch import Fate
from monitor.wording.alert import TITLES

COLOURS = {"critical": "bold red", "high": "red", "medium": "yellow", "low": "cyan"}
SIGNS = {Feed.NEWS: "news", Feed.COMMENTS: "comment", Feed.MASTODON: "mastodon", Feed.PAGE: "page"}
IN_SLACK = {
    Slack.TOLD: "told too",
    Slack.RESTRICTED: "no: restricted",
    Slack.ABOUT_READER: "no: about a reader",
}
FEWEST_ROWS = 4
SIDE_BY_SIDE = 160  # columns; below, the two tables would cut their words
SCROLL_EVERY = 1.2  # seconds a line of the mail stays on top
SHORT_ROLES = {"designated_person": "designated person"}  # its full title does not fit a table


class Face(Protocol):
    """Whatever shows scenes."""

    def show(self, scene: Scene) -> None: ...


@dataclass(frozen=True, slots=True)
class Scene:
    """All that the view shows at one moment; `clock` is in seconds since the demo began."""

    clock: float
    address: str
    mails: Path
    status: str
    fates: tuple[Fate, ...]
    letters: tuple[Letter, ...]
    slack: tuple[SlackMessage, ...] = ()
    mail_shown_for: float = 0.0
    """Seconds since the newest mail came; it scrolls by."""


def role_words(role: str) -> str:
    """A role as people say it, short enough for a table."""
    return SHORT_ROLES.get(role, ROLE_TITLES.get(role, role)).lower()


def became(fate: Fate) -> str:
    """What became of a post, in a few words."""
    match fate.end:
        case None:
            return "on its way"
        case End.LEFT_ALONE:
            return f"left alone: {fate.why}"
        case End.QUEUED:
            return f"queue for review: {fate.severity}"
        case End.JOINED:
            return (
                f"joins case {fate.case}, no second mail"
                if not fate.told
                else f"joins case {fate.case}, told"
            )
        case End.ALERTED:
            return f"alert: {fate.severity}, case {fate.case}"


def picture(scene: Scene, width: int, height: int) -> RenderableType:
    """The whole screen: tables side by side where there is room, else one above the other."""
    wide = width >= SIDE_BY_SIDE
    room = max(height - (11 if wide else 15), 3 * FEWEST_ROWS)  # what heads and frames leave
    mail_rows = int(room * (0.45 if wide else 0.3))
    if wide:
        tables = Table.grid(expand=True, padding=(0, 2))
        tables.add_column(ratio=1)
        tables.add_column(ratio=1)
        rows = room - mail_rows
        tables.add_row(_posts(scene, rows), _alerts(scene, rows))
        return Group(_head(scene), tables, "", _mail(scene, mail_rows, width))
    alert_rows = room // 4
    posts = _posts(scene, room - mail_rows - alert_rows)
    return Group(_head(scene), posts, "", _alerts(scene, alert_rows), "", _mail(scene, mail_rows, width))


def _head(scene: Scene) -> RenderableType:
    words = Text.assemble(
        ("site   ", "dim"),
        (f"http://{scene.address}/", "bold"),
        "  open it in a browser\n",
        ("mails  ", "dim"),
        f"{scene.mails}\n",
        ("now    ", "dim"),
        scene.status,
    )
    title = Text(f"mentionwatch watches an invented school, {scene.clock:.0f} s", style="bold")
    return Panel(words, box=box.HORIZONTALS, border_style="dim", title=title, title_align="left")


def _posts(scene: Scene, rows: int) -> RenderableType:
    shown = scene.fates[-rows:]
    table = _table(f"Posts ({len(scene.fates)})", rows, len(shown))
    table.add_column("time", no_wrap=True, style="dim")
    table.add_column("in", no_wrap=True, style="dim")
    table.add_column("what it is", no_wrap=True, ratio=1)
    table.add_column("what became of it", no_wrap=True, ratio=1)
    for fate in shown:
        post = fate.shown.post
        table.add_row(
            f"{fate.shown.at.astimezone():%H:%M:%S}",
            SIGNS[post.feed],
            post.label,
            Text(became(fate), style=_style(fate)),
        )
    return table


def _alerts(scene: Scene, rows: int) -> RenderableType:
    alerted = [fate for fate in scene.fates if fate.end is End.ALERTED]
    shown = alerted[-rows:]
    table = _table(f"Alerts ({len(alerted)})", rows, len(shown))
    table.add_column("case", no_wrap=True, justify="right")
    table.add_column("severity", no_wrap=True)
    table.add_column("marked as", no_wrap=True, ratio=3)
    table.add_column("told", no_wrap=True, ratio=3)
    table.add_column("mailbox", no_wrap=True)
    table.add_column("Slack", no_wrap=True)
    for fate in shown:
        table.add_row(
            str(fate.case),
            Text(fate.severity, style=COLOURS.get(fate.severity, "")),
            TITLES.get(fate.category, fate.category),
            ", ".join(sorted(role_words(role) for role in fate.told)) or "on its way",
            ", ".join(mailboxes(scene.letters, fate.case)),
            Text(IN_SLACK[fate.slack] if fate.slack else "", style="" if fate.slack is Slack.TOLD else "dim"),
        )
    return table


def _table(title: str, rows: int, filled: int) -> Table:
    """An empty table; its foot is filled up so that what stands below does not move."""
    return Table(
        title=Text(title, style="bold"),
        title_justify="left",
        caption="\n" * (rows - filled - 1) if filled < rows else None,
        box=box.SIMPLE_HEAD,
        show_edge=False,
        expand=True,
        pad_edge=False,
    )


def mailboxes(letters: tuple[Letter, ...], case: int) -> list[str]:
    """Whose mailboxes hold a mail about a case, each once; the part before the @."""
    ours = (letter.to.partition("@")[0] for letter in letters if letter.subject.endswith(f" case {case}"))
    return list(dict.fromkeys(ours))


def _mail(scene: Scene, rows: int, width: int) -> RenderableType:
    look: dict[str, Any] = {"box": box.HORIZONTALS, "title_align": "left", "height": rows + 2}
    if not scene.letters:
        return Panel("No mail yet.", title="Newest mail", border_style="dim", **look)
    letter = scene.letters[-1]
    lines = letter.text.splitlines()
    top = min(int(scene.mail_shown_for / SCROLL_EVERY), max(len(lines) - rows, 0))
    title = Text(f"Mail {len(scene.letters)} to {letter.to.partition('@')[0]}: {letter.subject}")
    title.truncate(width - 8, overflow="ellipsis")
    words = Text("\n".join(lines[top : top + rows]), no_wrap=True, overflow="ellipsis")
    return Panel(words, title=title, border_style=_loud(letter), **look)


def _loud(letter: Letter) -> str:
    return next((colour for word, colour in COLOURS.items() if f"] {word.upper()}:" in letter.subject), "dim")


def _style(fate: Fate) -> str:
    if fate.end is End.ALERTED:
        return COLOURS.get(fate.severity, "")
    return {End.QUEUED: "cyan", End.JOINED: "magenta", End.LEFT_ALONE: "green"}.get(
        fate.end or End.QUEUED, "dim"
    )


class Screen:
    """The full screen of a terminal; use it in a `with` block."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = Live(console=console, screen=True, auto_refresh=False)

    def show(self, scene: Scene) -> None:
        size = self._console.size
        self._live.update(picture(scene, size.width, size.height), refresh=True)

    def __enter__(self) -> Screen:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()


class Lines:
    """One plain line for each thing that happens; the first mail and the first Slack message whole."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._told: dict[str, str] = {}
        self._letters = 0
        self._slack = 0
        self._status = ""

    def show(self, scene: Scene) -> None:
        if not self._told and not self._status:
            self._say(f"site:  http://{scene.address}/  (open it in a browser)")
            self._say(f"mails: {scene.mails}")
        if scene.status != self._status:
            self._say(f"{scene.clock:5.1f} s  {scene.status}")
        self._status = scene.status
        for fate in scene.fates:
            self._fate(scene.clock, fate)
        for number, letter in enumerate(scene.letters[self._letters :], self._letters):
            self._message(scene.clock, f"mail to {letter.to}", letter, whole=number == 0)
        self._letters = len(scene.letters)
        for number, message in enumerate(scene.slack[self._slack :], self._slack):
            self._message(scene.clock, "Slack, private channel", message, whole=number == 0)
        self._slack = len(scene.slack)

    def __enter__(self) -> Lines:
        return self

    def __exit__(self, *_: object) -> None:
        self._out.flush()

    def _fate(self, clock: float, fate: Fate) -> None:
        words, post = became(fate), fate.shown.post
        if self._told.get(post.id) != words:
            self._told[post.id] = words
            self._say(f"{clock:5.1f} s  {SIGNS[post.feed]:<8} {post.label:<42} {words}")

    def _message(self, clock: float, way: str, message: Letter | SlackMessage, *, whole: bool) -> None:
        self._say(f"{clock:5.1f} s  {way}: {message.subject}")
        for line in message.text.splitlines() if whole else ():
            self._say(f"         | {line}")

    def _say(self, words: str) -> None:
        self._out.write(printable(words) + "\n")
        self._out.flush()


def printable(words: str) -> str:
    """The words without anything that could steer a terminal."""
    return "".join(c for c in words if c.isprintable())
