"""The three recordings that open strangers' sources, and what is asked about them later.

A recording says that something was done: when, by whom, where (ruling 19). What
is missing keeps strangers' sources idle; what is old, or was recorded for
another configuration, warns and asks, and silences nothing (ruling 2; PBD-03,
PBD-04). One thing beside a missing recording keeps a source idle: a kind of
strangers' source that the DPIA does not cover.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date as Date
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import StringConstraints, field_validator

from config.document import Document
from config.faults import Fault
from config.shapes import Day, Text, Value

if TYPE_CHECKING:
    from config.settings import Source

NAMES = ("dpia", "notice", "test_message")

KINDS_ALWAYS_MEANT = ("feed", "report")
"""What a DPIA without `kinds` covers: public web feeds and handed-in reports. Every other kind must be named."""

_NEEDED: Mapping[str, tuple[str, str]] = {
    "dpia": ("by", "who decided it"),
    "notice": ("place", "where it was published"),
    "test_message": ("by", "who received it"),
}


class Recording(Value):
    """That something was done: when, and by whom or where."""

    date: Day
    by: str = ""
    place: str = ""


class Dpia(Recording):
    """The data protection impact assessment: which kinds of source it covers, and for which configuration."""

    kinds: tuple[Text, ...] | None = None
    """Kinds of strangers' sources that it covers; None: `KINDS_ALWAYS_MEANT`."""
    hash: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")] | Literal[""] = ""
    """The mark at the end of the drafts that it was made from; "": not recorded."""

    def covers(self, kind: str) -> bool:
        return kind in (KINDS_ALWAYS_MEANT if self.kinds is None else self.kinds)

    def is_due(self, today: Date) -> bool:
        """Whether it is older than 12 months, so that it must be looked at again (warns only)."""
        return today > _a_year_after(self.date)


class Gates(Value):
    """Three recordings that open strangers' sources (ruling 19); the school's own need none of them."""

    dpia: Dpia | None = None
    notice: Recording | None = None
    test_message: Recording | None = None

    @field_validator("dpia", mode="before")
    @classmethod
    def _plain_recording(cls, given: Any) -> Any:
        """A recording without kinds is a DPIA without kinds."""
        return given.model_dump() if type(given) is Recording else given

    @property
    def missing(self) -> tuple[str, ...]:
        """Names of the recordings that are not there yet; empty: strangers' sources may be read."""
        return tuple(name for name in NAMES if getattr(self, name) is None)

    def reason_against(self, kind: str) -> str:
        """Why a strangers' source of this kind may not be read; "" when it may."""
        if self.missing:
            missing = ", ".join(self.missing)
            return f"reaches strangers and waits for the recordings: {missing} (see [gates] in mentionwatch.toml)"
        assert self.dpia is not None  # nothing is missing
        if self.dpia.covers(kind):
            return ""
        return (
            f"reaches strangers, and the DPIA of {self.dpia.date} does not cover the kind '{kind}'; look at the "
            "DPIA again, then record its new date and the kind ([gates.dpia] kinds in mentionwatch.toml)"
        )


def _a_year_after(day: Date) -> Date:
    try:
        return day.replace(year=day.year + 1)
    except ValueError:  # 29 February
        return day.replace(year=day.year + 1, day=28)


def gate_faults(main: Document, gates: Gates) -> Iterator[Fault]:
    """A recording without its name or place records nothing (ruling 19)."""
    for name, (key, what) in _NEEDED.items():
        recording = getattr(gates, name)
        if recording is not None and not getattr(recording, key).strip():
            message = f'[gates.{name}] records no {key}; add {key} = "…": {what}'
            yield main.fault(("gates", name), message)


def gate_warnings(main: Document, gates: Gates, sources: tuple[Source, ...], today: Date) -> Iterator[str]:
    """What is asked about the recordings that are there."""
    for name in NAMES:
        recording = getattr(gates, name)
        if recording is not None and recording.date > today + timedelta(
            days=1
        ):  # a school may be a day ahead
            message = (
                f"the recording '{name}' has a date that is still to come ({recording.date}); is it right?"
            )
            yield main.warning(("gates", name, "date"), message)
    dpia = gates.dpia
    if dpia is None:
        return
    if dpia.is_due(today):
        message = (
            f"the DPIA of {dpia.date} is older than 12 months; look at it again, then record its new date"
        )
        yield main.warning(("gates", "dpia", "date"), message)
    for kind in sorted({s.kind for s in sources if s.enabled and not s.own and not dpia.covers(s.kind)}):
        yield main.warning(
            ("gates", "dpia"),
            f"the DPIA of {dpia.date} does not cover the kind '{kind}', and no strangers' source of it is read until "
            "it does: look at it again, then add the kind to kinds and record the new date",
        )
    own = {s.kind for s in sources if s.enabled and s.own and not dpia.covers(s.kind)}
    for kind in sorted(own - {*KINDS_ALWAYS_MEANT}):
        yield main.warning(
            ("gates", "dpia"),
            f"the DPIA of {dpia.date} does not name the kind '{kind}', with which the school's own page is read: "
            "look at it again, then add the kind to kinds and record the new date",
        )


def hash_warning(main: Document, gates: Gates, now: str) -> Iterator[str]:
    """Whether the DPIA was recorded for another configuration than this one, whose mark is `now`."""
    if gates.dpia is not None and gates.dpia.hash not in ("", now):
        message = f"the DPIA was recorded for another configuration ({gates.dpia.hash}, this one is {now}); see the "
        message += (
            "difference with: mentionwatch drafts, look at the DPIA again, then record its date and hash"
        )
        yield main.warning(("gates", "dpia", "hash"), message)
