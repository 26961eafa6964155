"""`ingest` on the command line: posts from a JSON-lines file, as if a connector had brought them.

The whole file is checked before anything is stored: unknown keys, wrong types
and times without a zone are refused with their line number (rulings 24).
Repeated lines change nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import Annotated

import msgspec

from config.settings import Settings
from connectors.base import SHORT_LIMIT, Kind, Post
from connectors.links import web_link
from monitor.candidates import Kept
from monitor.errors import BadInput
from monitor.poll import candidates
from monitor.store import Store
from monitor.works import Works

QUOTED = re.compile(r"value '.*'", re.DOTALL)  # the decoder quotes what stands where a known word should
BATCH = 1000  # posts a transaction; more gains nothing (performance.md section 3)
Short = Annotated[str, msgspec.Meta(max_length=SHORT_LIMIT)]
Time = Annotated[datetime, msgspec.Meta(tz=True)]


class Line(msgspec.Struct, forbid_unknown_fields=True, gc=False, frozen=True):
    """A post in the shape of contracts.md section 3; only `text` or `title` is required."""

    id: str | int | None = None
    school: str | None = None
    platform: Short = "web"
    external_id: str = ""
    url: str = ""
    published_at: Time | None = None
    fetched_at: Time | None = None
    author_name: str = ""
    author_handle: str = ""
    title: str = ""
    text: str = ""
    context: str = ""
    kind: Kind = Kind.POST
    language: Short = ""
    edited_at: Time | None = None
    deleted: bool = False
    source: str = ""


@dataclass(frozen=True, slots=True)
class Taken:
    """What an ingest came to."""

    lines: int
    candidates: int
    kept: Kept


def read(file: Path, settings: Settings) -> list[Line]:
    """Every line of the file, checked.

    Raises:
        BadInput: with all faults; nothing was taken in.
    """
    decoder = msgspec.json.Decoder(Line)
    schools = {school.key for school in settings.schools}
    lines: list[Line] = []
    faults: list[tuple[int, str]] = []
    for number, raw in _raw_lines(file):
        try:
            line = _decoded(decoder, raw)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            faults.append((number, _plain(error)))
            continue
        if not all(map(_within_calendar, (line.published_at, line.fetched_at, line.edited_at))):
            faults.append((number, "a time lies outside the years 1 to 9999"))
        elif not (line.text or line.title or line.deleted):
            faults.append((number, "neither 'text' nor 'title' is there; one of them is needed"))
        elif line.school is not None and line.school not in schools:
            faults.append((number, "no school has the key that stands in 'school'; see schools.toml"))
        else:
            lines.append(line)
    if faults:
        raise BadInput(file.name, faults)
    return lines


def _within_calendar(at: datetime | None) -> bool:
    """Whether a time is still a time in UTC: at either end of the calendar, its zone can carry it over."""
    try:
        return at is None or at.astimezone(UTC) is not None
    except OverflowError:
        return False


def _raw_lines(file: Path) -> Iterator[tuple[int, bytes]]:
    try:
        with file.open("rb") as source:
            for number, raw in enumerate(source, 1):
                if number == 1:
                    raw = raw.removeprefix(b"\xef\xbb\xbf")
                if raw.strip():
                    yield number, raw
    except OSError as error:
        raise BadInput(file.name, [(1, f"the file can not be read: {error.strerror}")]) from error


def _decoded(decoder: msgspec.json.Decoder[Line], raw: bytes) -> Line:
    """A line as a value; half of a surrogate, which the strict decoder refuses, is taken as Python takes it."""
    try:
        return decoder.decode(raw)
    except msgspec.ValidationError:
        raise
    except (msgspec.DecodeError, UnicodeDecodeError):
        try:
            values = json.loads(raw)
        except ValueError:
            raise msgspec.DecodeError("not JSON") from None
        return msgspec.convert(values, Line)


def _plain(error: Exception) -> str:
    """msgspec names the key and never quotes the value; a decode error is said shorter."""
    if isinstance(error, msgspec.ValidationError):
        return f"{QUOTED.sub('value', str(error))}; see 'Post' in the README for the keys"
    return "the line is not a JSON object in UTF-8"


def post_of(line: Line, now: datetime) -> Post:
    """The line as a connector would have brought it; without an id, its words are its identity."""
    external_id = line.external_id or (str(line.id) if line.id is not None else "") or _own_id(line)
    return Post(
        platform=line.platform,
        external_id=external_id,
        fetched_at=line.fetched_at or now,
        url=web_link(line.url),
        published_at=line.published_at,
        author_name=line.author_name,
        author_handle=line.author_handle,
        title=line.title,
        text=line.text,
        context=line.context,
        kind=line.kind,
        language=line.language,
        edited_at=line.edited_at,
        deleted=line.deleted,
    )


def _own_id(line: Line) -> str:
    words = "\0".join((line.url, line.author_name, line.title, line.text))
    return blake2b(words.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def ingest(file: Path, store: Store, works: Works, now: datetime) -> Taken:
    """Check the file, pass the gate, keep the candidates.

    Raises:
        BadInput: with all faults of the file; nothing was stored.
    """
    lines = read(file, works.settings)
    own = {source.name for source in works.settings.sources if source.own}
    total, passed = Kept(), 0
    for start in range(0, len(lines), BATCH):
        part = lines[start : start + BATCH]
        found = []
        for is_own in (False, True):
            group = [line for line in part if (line.source in own) is is_own]
            found += candidates(
                works,
                [post_of(line, now) for line in group],
                schools=[line.school for line in group],
                own=is_own,
                backlog_before=None,
            )
        passed += len(found)
        kept = store.keep_batch(found, None)
        total = Kept(total.new + kept.new, total.changed + kept.changed, total.known + kept.known)
    return Taken(len(lines), passed, total)
