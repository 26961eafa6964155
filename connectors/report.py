"""`report`: what people hand in: words, a link or a screenshot, as files in a drop folder.

Settings of a source with `kind = "report"`:

    folder    the drop folder, read at every poll
    platform  where such reports were seen, unless a file says; email_report (default)

A report is a `.txt` file with the words or a link; or a `.toml` or `.json` file
with `text`, `url`, `note` (the reporter's own words), `where`, `author`,
`title` and `published_at`; or a picture alone. A picture of the same
name beside a report goes with it. Write a file under another ending and rename
it when it is complete. Files are never changed or deleted here; the cursor
remembers which were taken, and a changed file is a new report. Links are
stored and never fetched, pictures are recorded and never opened. Closed
services (WhatsApp, private groups, class chats) cannot be polled: this is how
they reach the school's attention.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec
from pydantic import Field

from connectors.base import Batch, FetchError, Notice, Options, Post, Reason
from connectors.report_file import (
    PICTURE_ENDINGS,
    REPORT_ENDINGS,
    Picture,
    ReportError,
    partner,
    picture_beside,
    picture_of,
    read_report,
    report_post,
)

if TYPE_CHECKING:
    from connectors.http import PoliteClient

__all__ = ["Picture", "Report", "ReportError", "ReportOptions", "picture_of", "read_report", "report_post"]


class ReportOptions(Options):
    """Settings of a drop folder; see the module for what they mean."""

    folder: Path
    platform: str = Field(default="email_report", pattern=r"^[a-z][a-z0-9_]{0,31}$")


class _Memory(msgspec.Struct):
    """The cursor: each report present, with its picture: [size, changed at (nanoseconds)] when taken."""

    v: int = 1
    taken: dict[str, tuple[int, int]] = {}


class Report:
    """The connector; it holds nothing between two fetches and asks nobody."""

    kind: ClassVar[str] = "report"
    options: ClassVar[type[Options]] = ReportOptions
    expected_every: ClassVar[timedelta] = timedelta(days=365)
    default_every: ClassVar[timedelta] = timedelta(minutes=1)
    access: ClassVar[str] = "handed-in"

    def fetch(
        self,
        options: ReportOptions,
        cursor: Mapping[str, Any] | None,
        http: PoliteClient,
        *,
        limit: int,
        now: datetime,
    ) -> Batch:
        """The reports not yet taken, newest first; see `connectors.base.Connector`."""
        taken = _read(cursor).taken
        present = _present(options.folder)
        waiting = sorted((p for p, mark in present.items() if taken.get(p.name) != mark), key=_age(present))
        posts: dict[str, Post] = {}
        notices: list[Notice] = []
        kept = {p.name: mark for p, mark in present.items() if taken.get(p.name) == mark}
        for path in waiting:
            if len(posts) >= max(limit, 0):
                break
            kept[path.name] = present[path]
            post, said = _taken(path, options.platform, now)
            notices += said
            if post is not None:
                posts.setdefault(post.external_id, post)
        return Batch(
            posts=tuple(posts.values()),
            cursor=msgspec.to_builtins(_Memory(taken=kept)),
            unchanged=not posts,
            notices=tuple(dict.fromkeys(notices)),
        )


def _read(cursor: Mapping[str, Any] | None) -> _Memory:
    try:
        return msgspec.convert(dict(cursor or {}), type=_Memory)
    except msgspec.ValidationError:
        return _Memory()


def _present(folder: Path) -> dict[Path, tuple[int, int]]:
    """The files that are reports by their ending, without pictures that go with one."""
    try:
        return dict(_marked(sorted(folder.iterdir())))
    except OSError as e:
        reason = Reason.NOT_FOUND if isinstance(e, FileNotFoundError) else Reason.UNREADABLE
        raise FetchError(reason, f"the drop folder {folder.name!r} ({e.strerror})", retry=False) from e


def _marked(paths: Iterable[Path]) -> Iterable[tuple[Path, tuple[int, int]]]:
    for path in paths:
        ending = path.suffix.lower()
        alone = ending in PICTURE_ENDINGS and partner(path) is None
        if (ending in REPORT_ENDINGS or alone) and not path.name.startswith("."):
            mark = _mark(path)
            beside = picture_beside(path) if ending in REPORT_ENDINGS else None
            size, changed_at = _mark(beside) if beside else (0, 0)
            yield path, (mark[0] + size, max(mark[1], changed_at))


def _mark(path: Path) -> tuple[int, int]:
    try:
        about = path.lstat()
    except FileNotFoundError:  # taken away since the folder was listed
        return (0, 0)
    return about.st_size, about.st_mtime_ns


def _age(present: Mapping[Path, tuple[int, int]]) -> Any:
    return lambda path: (-present[path][1], path.name)


def _taken(path: Path, platform: str, now: datetime) -> tuple[Post | None, tuple[Notice, ...]]:
    try:
        return read_report(path, where=platform, now=now)
    except ReportError:
        return None, (Notice.SKIPPED,)
