"""Draws the picture of the live view for the documentation: `python -m monitor.demo.picture docs/demo.svg`.

It plays the real demo and keeps one moment of it: the newest mail is about a
critical case and most posts have come. Nothing in it is made up for the picture
but the name of the mails' folder, which is a passing one.
"""

from __future__ import annotations

import io
import re
import sys
import tempfile
import threading
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import DIMMED_MONOKAI

from monitor.demo.show import opened
from monitor.demo.view import Scene, picture

WIDTH, HEIGHT = 104, 45  # of the drawn terminal; readable at the width of a README
LONGEST = timedelta(seconds=90)
TITLE = "mentionwatch demo"
# rich's drawing would load a font from a stranger's server; the reader's own will do
LOADED_FONT = re.compile(r"\s*@font-face \{.*?\}", re.DOTALL)
FONTS = "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace"


class Moment:
    """A face that waits for the good moment and then ends the demo."""

    def __init__(self, stop: threading.Event) -> None:
        self._stop = stop
        self.scene: Scene | None = None

    def show(self, scene: Scene) -> None:
        newest = scene.letters[-1].subject if scene.letters else ""
        if "CRITICAL" in newest and self.scene is None:
            self.scene = replace(scene, mails=Path("mentionwatch-demo/mails"))
            self._stop.set()


def draw(scene: Scene, path: Path) -> None:
    """Write the scene as an SVG file."""
    console = Console(record=True, width=WIDTH, height=HEIGHT, file=io.StringIO(), force_terminal=True)
    console.print(picture(scene, WIDTH, HEIGHT))
    drawn = console.export_svg(title=TITLE, theme=DIMMED_MONOKAI, unique_id="demo")
    path.write_text(LOADED_FONT.sub("", drawn).replace("Fira Code, monospace", FONTS), encoding="utf-8")


def main(path: Path) -> int:
    """Play until the moment and draw it; 1 when it did not come."""
    stop = threading.Event()
    moment = Moment(stop)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        opened(Path(folder), 8091, stack).go(moment, stop, LONGEST)
    if moment.scene is None:
        sys.stderr.write("The moment for the picture did not come.\n")
        return 1
    draw(moment.scene, path)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
