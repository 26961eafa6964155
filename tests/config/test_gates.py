"""Gates: what a missing, old or narrow recording does to each kind of source, and what is said about it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from pydantic import BaseModel

from config.document import Document
from config.faults import ConfigError
from config.gates import Dpia, Gates, Recording, gate_warnings
from config.settings import Settings, Source

DAY = date(2026, 10, 1)
NOTICE = Recording(date=DAY, place="the web site")
MESSAGE = Recording(date=DAY, by="the head")
DPIA = '[gates.dpia]\ndate = 2026-10-01\nby = "the head"\n'
REST = (
    '[gates.notice]\ndate = 2026-10-01\nplace = "the web site"\n'
    '[gates.test_message]\ndate = 2026-10-01\nby = "the head"\n'
)


class NoOptions(BaseModel):
    """A source that is not asked anything."""


def source(**changes: Any) -> Source:
    return Source(**({"name": "x", "kind": "feed", "options": NoOptions()} | changes))


def settings(folder: Any, gates: Gates) -> Settings:
    return folder.load().model_copy(update={"gates": gates})


@pytest.mark.pbd("PBD-03")
@pytest.mark.pbd("PBD-04")
@pytest.mark.refusal(15)
@pytest.mark.parametrize(
    ("gates", "missing"),
    [
        (Gates(), ("dpia", "notice", "test_message")),
        (Gates(notice=NOTICE, test_message=MESSAGE), ("dpia",)),
        (Gates(dpia=Dpia(date=DAY), test_message=MESSAGE), ("notice",)),
        (Gates(dpia=Dpia(date=DAY), notice=NOTICE), ("test_message",)),
        (Gates(dpia=Dpia(date=DAY), notice=NOTICE, test_message=MESSAGE), ()),
    ],
)
def test_a_missing_recording_keeps_strangers_sources_idle_and_no_others(
    folder: Any, gates: Gates, missing: tuple[str, ...]
) -> None:
    config = settings(folder, gates)
    said = config.idle_reason(source())
    assert config.may_poll(source()) is (not missing)
    assert (f"waits for the recordings: {', '.join(missing)} (see [gates]" in said) if missing else said == ""
    assert config.idle_reason(source(own=True)) == ""
    assert config.idle_reason(source(own=True, enabled=False)) == "switched off in sources.toml"


@pytest.mark.pbd("PBD-03")
@pytest.mark.parametrize(
    ("kinds", "kind", "read"),
    [
        (None, "feed", True),
        (None, "report", True),
        (None, "mastodon", False),
        (("feed", "mastodon"), "mastodon", True),
        (("mastodon",), "feed", False),
        ((), "feed", False),
    ],
)
def test_a_new_kind_of_strangers_source_waits_for_a_new_look(
    folder: Any, kinds: tuple[str, ...] | None, kind: str, read: bool
) -> None:
    gates = Gates(dpia=Dpia(date=DAY, kinds=kinds), notice=NOTICE, test_message=MESSAGE)
    config = settings(folder, gates)
    assert config.may_poll(source(kind=kind)) is read
    assert config.may_poll(source(kind=kind, own=True)), "the school's own need the head's tick only"
    if not read:
        assert f"the DPIA of 2026-10-01 does not cover the kind '{kind}'" in config.idle_reason(
            source(kind=kind)
        )


def test_a_plain_recording_is_a_dpia_without_kinds() -> None:
    dpia = Gates(dpia=Recording(date=DAY, by="x")).dpia
    assert dpia == Dpia(date=DAY, by="x")


@pytest.mark.pbd("PBD-03")
@pytest.mark.parametrize(("day", "due"), [("2025-11-20", False), ("2025-11-19", True)])
def test_an_old_dpia_asks_and_silences_nothing(folder: Any, day: str, due: bool) -> None:
    folder.swap("sources.toml", "own = true\n", "")
    folder.files["mentionwatch.toml"] += DPIA.replace("2026-10-01", day) + REST
    config = folder.load()
    assert any("is older than 12 months" in warning for warning in config.warnings) is due
    assert all(config.may_poll(source) for source in config.sources)


def test_a_dpia_of_a_leap_day_is_due_a_year_later() -> None:
    dpia = Dpia(date=date(2028, 2, 29))
    assert [dpia.is_due(date(2029, 2, 28)), dpia.is_due(date(2029, 3, 1))] == [False, True]


@pytest.mark.pbd("PBD-03")
@pytest.mark.pbd("PBD-04")
@pytest.mark.parametrize(
    ("old", "words"),
    [
        ('by = "the head"\n[gates.notice]', "[gates.dpia] records no by"),
        ('place = "the web site"\n', "[gates.notice] records no place"),
        ('date = 2026-10-01\nby = "the head"\n$', "[gates.test_message] records no by"),
    ],
)
def test_a_recording_needs_its_name_or_place(folder: Any, old: str, words: str) -> None:
    gates = DPIA + REST + "$"
    new = {"b": "[gates.notice]", "p": "", "d": "date = 2026-10-01\n"}[old[0]]
    assert old in gates
    folder.files["mentionwatch.toml"] += gates.replace(old, new).rstrip("$")
    with pytest.raises(ConfigError) as caught:
        folder.load()
    (fault,) = caught.value.faults
    assert words in fault.message
    name = words.split("]")[0] + "]"
    assert fault.line == folder.line("mentionwatch.toml", name)


def test_a_recording_of_a_day_to_come_is_asked_about(folder: Any) -> None:
    folder.files["mentionwatch.toml"] += DPIA.replace("2026-10-01", "2026-11-22") + REST
    (said,) = [w for w in folder.load().warnings if "still to come" in w]
    assert said.startswith(f"mentionwatch.toml:{folder.line('mentionwatch.toml', 'date = 2026-11-22')}: ")


@pytest.mark.pbd("PBD-03")
@pytest.mark.parametrize(
    ("kinds", "changes", "words"),
    [
        ((), {}, "and no strangers' source of it is read until it does"),
        ((), {"enabled": False}, ""),
        ((), {"own": True}, ""),  # a feed of the school's own is always meant
        (None, {"kind": "mastodon"}, "and no strangers' source of it is read until it does"),
        (None, {"kind": "page", "own": True}, "with which the school's own page is read"),
        (("page",), {"kind": "page", "own": True}, ""),
    ],
)
def test_a_kind_that_the_dpia_lacks_is_asked_about(
    kinds: tuple[str, ...] | None, changes: dict[str, Any], words: str
) -> None:
    gates = Gates(dpia=Dpia(date=DAY, by="x", kinds=kinds))
    said = list(gate_warnings(Document("f.toml", {}), gates, (source(**changes),), DAY))
    assert (len(said) == 1 and words in said[0]) if words else said == []


@pytest.mark.parametrize("mark", ["x", "0123456789abcdeg", "0123"])
def test_a_hash_has_sixteen_digits(folder: Any, mark: str) -> None:
    folder.files["mentionwatch.toml"] += DPIA + f'hash = "{mark}"\n' + REST
    with pytest.raises(ConfigError, match="hash"):
        folder.load()
