"""Drafts of the papers that a school owes before it listens, made from its actual configuration (PBD-03, PBD-04).

Five Markdown texts: the data protection impact assessment, notices for staff,
for parents and for children, and a paper for the governors. They are drafts: a
person fills the gaps, the data protection officer advises, the school decides.
Nothing in them is law. The same configuration gives the same words, so that a
change of the configuration shows as a difference between two drafts.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from config.drafts.facts import facts, fingerprint
from config.faults import ConfigError, Fault
from config.settings import Settings

if TYPE_CHECKING:
    from jinja2 import Environment

NAMES = ("dpia", "notice-staff", "notice-parents", "notice-children", "governors-paper")
FOLDER = "drafts"


@dataclass(frozen=True, slots=True)
class Written:
    """What `write_drafts` did: every draft's file, and what changed against the drafts before ("": nothing)."""

    paths: tuple[Path, ...]
    difference: str = ""


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # a tenth of a second, rarely needed

    return Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # Markdown for a person's own editor; `_plain` keeps tables whole
        finalize=_plain,
    )


def _plain(value: Any) -> Any:
    """A name in a table or a line of its own: no line ends, no bars, no tags."""
    if not isinstance(value, str):
        return value
    return " ".join(value.split()).replace("|", "\\|").replace("<", "&lt;")


def drafts(settings: Settings) -> Mapping[str, str]:
    """The drafts as Markdown, by name; a pure function of the settings."""
    values = {**facts(settings), "hash": fingerprint(settings), "settings": settings}
    return {name: _environment().get_template(f"{name}.txt").render(values) for name in NAMES}


def write_drafts(settings: Settings, folder: Path) -> Written:
    """Write the drafts to `folder`/drafts and say how they differ from those that were there.

    A draft that differs is kept as NAME.previous.md (then NAME.previous-2.md and
    so on), for somebody may have written in it; one that is the same is left alone.

    Raises:
        ConfigError: the folder can not be written.
    """
    below = folder / FOLDER
    paths, differences = [], []
    try:
        below.mkdir(mode=0o750, parents=True, exist_ok=True)
        for name, text in drafts(settings).items():
            path = below / f"{name}.md"
            paths.append(path)
            differences.append(_replace(path, text))
    except OSError as e:
        reason = e.strerror or type(e).__name__
        message = f"the drafts can not be written here ({reason}); check the folder's owner and free space"
        raise ConfigError([Fault(str(below), None, message)]) from e
    return Written(tuple(paths), "".join(differences))


def _replace(path: Path, text: str) -> str:
    old = path.read_text(encoding="utf-8", errors="replace") if path.exists() else None
    if old == text:
        return ""
    difference = ""
    if old is not None:
        kept = _free_name(path)
        path.rename(kept)
        lines = difflib.unified_diff(
            old.splitlines(keepends=True), text.splitlines(keepends=True), kept.name, path.name
        )
        difference = "".join(line if line.endswith("\n") else line + "\n" for line in lines)
    path.write_text(text, encoding="utf-8", newline="\n")
    return difference


def _free_name(path: Path) -> Path:
    first = path.with_name(f"{path.stem}.previous.md")
    number = 2
    name = first
    while name.exists():
        name = path.with_name(f"{path.stem}.previous-{number}.md")
        number += 1
    return name
