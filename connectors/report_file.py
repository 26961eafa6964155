"""A report that a person hands in, and the file that holds it, to a Post.

A report is words, a link, a picture, or several of them. The link is stored and
never fetched; the picture is recorded by name, kind (by its first bytes, not by
its name), size and SHA-256 and never decoded, because it may show a child
(connectors-feeds.md sections 12 and 13, response-paths.md).
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
import tomllib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from connectors.base import SHORT_LIMIT, TEXT_LIMIT, Kind, Notice, Post
from connectors.dates import parse_date
from connectors.links import canonical
from connectors.plain import from_text, one_line

REPORT_ENDINGS = frozenset({".txt", ".toml", ".json"})
PICTURE_ENDINGS = frozenset({".png", ".jpg", ".jpeg", ".gif", ".webp", ".heic", ".bmp"})
FILE_LIMIT = 1_000_000  # bytes of a report's own file; its text is cut at TEXT_LIMIT anyway
PICTURE_LIMIT = 10_000_000  # bytes (section 12)
_KEYS = frozenset({"text", "url", "note", "where", "author", "title", "published_at"})
_LONE_LINK = re.compile(r"^[ \t]*(https?://\S+)[ \t]*$", re.MULTILINE | re.IGNORECASE)
_MAGIC = (
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png"),
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg"),
    (re.compile(rb"GIF8[79]a"), "image/gif"),
    (re.compile(rb"RIFF.{4}WEBP", re.DOTALL), "image/webp"),
    (re.compile(rb".{4}ftyp(?:hei[cfmsx]|mif1|msf1)", re.DOTALL), "image/heic"),
    (re.compile(rb"BM.{4}\x00\x00\x00\x00", re.DOTALL), "image/bmp"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What is recorded of a picture. `size` in bytes; `sha256` in hexadecimal, "" when it was too large."""

    name: str
    type: str
    size: int
    sha256: str

    def __str__(self) -> str:
        kept = f"SHA-256 {self.sha256}" if self.sha256 else "larger than 10 MB, not read"
        return f"Picture: {self.name} ({self.type}, {self.size} bytes, {kept})"


class ReportError(Exception):
    """A file that cannot be taken as a report; the message says why."""


def report_post(
    *,
    text: str = "",
    url: str = "",
    picture: Picture | None = None,
    where: str = "email_report",
    now: datetime,
    note: str = "",
    author: str = "",
    title: str = "",
    published_at: datetime | None = None,
) -> Post:
    """The Post of a report. `text` are the words reported, `note` the reporter's own.

    `where` is the platform on which it was seen. The id is a hash of what was
    handed in, so the same report twice is one post. `context` holds the note
    and the record of the picture.
    """
    words, link = from_text(text), canonical(url)
    parts = (words, link or url.strip(), picture.sha256 or picture.name if picture else "", from_text(note))
    what = "picture" if picture else "link"
    odd = f"Link as given: {one_line(from_text(url))[:SHORT_LIMIT]}" if url.strip() and not link else ""
    context = "\n".join(part for part in (from_text(note), odd, str(picture or "")) if part)
    return Post(
        platform=where,
        external_id=hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest(),
        fetched_at=now,
        url=link,
        published_at=published_at,
        author_name=one_line(from_text(author))[:SHORT_LIMIT],
        title=one_line(from_text(title))[:SHORT_LIMIT]
        or ("" if words else f"A {what} handed in, without words"),
        text=words[:TEXT_LIMIT],
        context=context[:TEXT_LIMIT],
        kind=Kind.REPORT,
    )


def read_report(path: Path, *, where: str = "email_report", now: datetime) -> tuple[Post, tuple[Notice, ...]]:
    """The report in a file: `.txt`, `.toml`, `.json`, or a picture alone.

    A picture of the same name beside it goes with it. A file that is not proper TOML or JSON is taken as plain words,
    with `Notice.DAMAGED`: a report is never lost for its form.

    Raises:
        ReportError: it is no ordinary file, too large, or empty.
    """
    if path.suffix.lower() in PICTURE_ENDINGS:
        return report_post(picture=picture_of(path), where=where, now=now), ()
    words = _content(path, FILE_LIMIT).decode("utf-8-sig", "replace")
    fields, damaged = _fields(path.suffix.lower(), words)
    beside = picture_beside(path)
    picture = picture_of(beside) if beside else None
    post = report_post(picture=picture, now=now, **_arguments(fields, where, now))
    if not (post.text or post.url or picture):
        raise ReportError(f"{path.name} holds no report")
    cut = len(str(fields.get("text", ""))) > TEXT_LIMIT
    return post, ((Notice.DAMAGED,) if damaged else ()) + ((Notice.CUT,) if cut else ())


def picture_of(path: Path) -> Picture:
    """The record of a picture's file, from its bytes as they are.

    Raises:
        ReportError: it is no ordinary file.
    """
    try:
        size = path.lstat().st_size
    except OSError as e:
        raise ReportError(f"{path.name} cannot be read ({e.strerror})") from e
    data = _content(path, PICTURE_LIMIT) if size <= PICTURE_LIMIT else b""
    kind = next((name for shape, name in _MAGIC if shape.match(data)), "unknown kind")
    digest = hashlib.sha256(data).hexdigest() if size <= PICTURE_LIMIT else ""
    return Picture(name=from_text(path.name), type=kind, size=size, sha256=digest)


def picture_beside(path: Path) -> Path | None:
    """The picture that belongs to a report file, by name."""
    names = (path.with_suffix(ending) for ending in sorted(PICTURE_ENDINGS))
    return next((name for name in names if name.is_file() and not name.is_symlink()), None)


def partner(path: Path) -> Path | None:
    """The report file that a picture belongs to, by name."""
    names = (path.with_suffix(ending) for ending in sorted(REPORT_ENDINGS))
    return next((name for name in names if name.exists()), None)


def _content(path: Path, most: int) -> bytes:
    """A file's bytes. Links are not followed: whoever may drop a file here may not read all of ours."""
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
            about = os.fstat(file.fileno())
            if not stat.S_ISREG(about.st_mode) or about.st_size > most:
                raise ReportError(f"{path.name} is no ordinary file, or larger than {most} bytes")
            return file.read(most)
    except OSError as e:
        raise ReportError(f"{path.name} cannot be read ({e.strerror})") from e


def _fields(ending: str, words: str) -> tuple[dict[str, Any], bool]:
    """What a report's file says, and whether it had to be taken as plain words."""
    try:
        found: Any = {}
        if ending == ".toml":
            found = tomllib.loads(words)
        elif ending == ".json":
            found = json.loads(words)
        if isinstance(found, dict) and found and found.keys() <= _KEYS:
            return found, False
    except (ValueError, RecursionError):
        pass  # not what its name says: plain words then
    link = _LONE_LINK.search(words)
    rest = "" if link and not _LONE_LINK.sub("", words).strip() else words
    return {"text": rest, "url": link[1] if link else ""}, ending != ".txt"


def _arguments(fields: dict[str, Any], where: str, now: datetime) -> dict[str, Any]:
    given = {name: str(value) for name, value in fields.items()}
    platform = given.pop("where", where).strip().lower().replace(" ", "_")
    known = re.fullmatch(r"[a-z][a-z0-9_]{0,31}", platform)
    published = parse_date(given.pop("published_at", ""), now=now)
    return {**given, "where": platform if known else where, "published_at": published}
