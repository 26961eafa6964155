"""A school's answers, in one file, turned into a configuration folder (`init DIR --answers FILE`).

An answers file holds the tables of all configuration files: `[service]`,
`[email]`, `[alerts]`, `[gates.*]`, `[schools.KEY]`, `[[source]]`, `[[person]]`,
`[roles.KEY]`, `[[contact]]`; and `pack`, the id of a shipped policy pack, with
`[policy]` for what the school's own policy says. Everything is checked before
the first file is written, and faults name the line of the answers.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import tomlkit
from pydantic import BaseModel, ConfigDict
from tomlkit.items import Array, InlineTable

from config.document import Document, parse, read
from config.drafts import write_drafts
from config.faults import ConfigError, Fault, did_you_mean
from config.load import FILES, Documents, OptionsOf, assemble
from config.packfile import shipped, shipped_ids
from config.sentences import checked
from config.settings import Settings
from config.shapes import Jurisdiction, Text, UnknownDay, Value

MAIN = ("service", "email", "slack", "alerts", "gates", "watch")
SOURCES = ("source",)
PEOPLE = ("person", "roles", "contact")
KNOWN = (*MAIN, "schools", *SOURCES, *PEOPLE, "pack", "policy")

_HEADS = {
    "mentionwatch.toml": "The service, its mail, and the three recordings that open strangers' sources.",
    "schools.toml": "The schools watched for, and the staff a school is told about.",
    "sources.toml": "What is read, one [[source]] each; the options of its kind stand in the same table.",
    "people.toml": "Who is told, who holds which role at which school, and whom to ring outside.",
}
_FOOT = "Check it after each change with: mentionwatch check"


class _Policy(Value):
    """What only the school's own policy can say; roles and routes replace the pack's."""

    title: Text | None = None
    jurisdiction: Jurisdiction = "england"
    school_type: Text | None = None
    approved_on: UnknownDay = None
    review_due: UnknownDay = None
    roles: Mapping[str, str] = {}
    routes: Mapping[str, tuple[str, ...]] = {}


class _Unchecked(BaseModel):
    """Options of a source, when nobody says which connectors there are."""

    model_config = ConfigDict(extra="allow")


def write_from_answers(
    answers: Path, folder: Path, options_of: OptionsOf | None = None, *, today: date | None = None
) -> tuple[Path, ...]:
    """Write a configuration that `load` accepts, and the drafts of its papers; give the files written.

    Without `options_of` the options of sources are copied unchecked.

    Raises:
        ConfigError: the answers have faults (all are listed), or the folder
            holds a configuration already; nothing has been written then.
    """
    folder = folder.expanduser().resolve()
    _refuse_overwriting(folder)
    texts, settings = _texts(answers, folder, options_of or (lambda kind: _Unchecked), today)
    written: list[Path] = []
    try:
        _make_folders(folder, texts["sources.toml"])
        for name, text in texts.items():
            with (folder / name).open("x", encoding="utf-8", newline="\n") as file:  # "x": never over a file
                written.append(folder / name)
                file.write(text)
        return (*written, *write_drafts(settings, folder).paths)
    except (OSError, ConfigError) as e:
        for path in written:  # a half configuration would stop the next init
            path.unlink(missing_ok=True)
        if isinstance(e, ConfigError):
            raise
        reason = e.strerror or type(e).__name__
        message = (
            f"the configuration can not be written here ({reason}); check the folder's owner and free space"
        )
        raise ConfigError([Fault(str(folder), None, message)]) from e


def _refuse_overwriting(folder: Path) -> None:
    message = "this file is there already and is not overwritten; choose another folder or move it away"
    if there := [name for name in FILES if (folder / name).exists()]:
        raise ConfigError(Fault(str(folder / name), None, message) for name in there)
    if folder.exists() and not folder.is_dir():
        raise ConfigError([Fault(str(folder), None, "this is a file; name a folder")])


def _texts(
    answers: Path, folder: Path, options_of: OptionsOf, today: date | None
) -> tuple[dict[str, str], Settings]:
    faults: list[Fault] = []
    doc = read(answers, answers.name, faults)
    if doc is None:
        raise ConfigError(faults)
    for key in doc.data:
        if key not in KNOWN:
            offer = did_you_mean(key, KNOWN) or f"; answers are {', '.join(KNOWN)}"
            faults.append(doc.fault((key,), f"unknown key '{key}'{offer}"))
    policy = _policy(doc, faults)
    documents = Documents(
        main=doc.part(only=MAIN),
        schools=doc.part("schools"),
        sources=doc.part(only=SOURCES),
        people=doc.part(only=PEOPLE),
        policy=parse(policy.encode(), "policy.toml", faults) if policy else None,
    )
    settings = assemble(documents, folder, options_of, faults, today=today)
    parts = {
        "mentionwatch.toml": documents.main,
        "schools.toml": documents.schools,
        "sources.toml": documents.sources,
        "people.toml": documents.people,
    }
    texts = {name: _file(_HEADS[name], part.data) for name, part in parts.items() if part}
    return {**texts, "policy.toml": policy}, settings


def _file(head: str, data: Mapping[str, Any]) -> str:
    return f"# {head}\n# {_FOOT}\n\n{tomlkit.dumps(_pretty(data))}"


def _pretty(value: Any) -> Any:
    """Secrets and staff on one line each; all else as tomlkit writes it."""
    if isinstance(value, Mapping):
        if "credential" in value:
            return _inline(value)
        return {key: _rows(inner) if key == "staff" else _pretty(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_pretty(inner) for inner in value]
    return value


def _inline(table: Mapping[str, Any]) -> InlineTable:
    inline = tomlkit.inline_table()
    inline.update(dict(table))
    return inline


def _rows(entries: Any) -> Any:
    if not isinstance(entries, list):  # the staff link of a [[person]] is a plain id
        return entries
    rows: Array = tomlkit.array()
    for entry in entries:
        rows.append(_inline(entry))
    return rows.multiline(True)


def _policy(doc: Document, faults: list[Fault]) -> str:
    """The chosen pack's text with the school's facts put in; its comments stay. Empty when it can not be."""
    pack_id = doc.data.get("pack")
    asked = checked(_Policy, doc, ("policy",), doc.data.get("policy", {}), faults)
    try:
        raw = shipped(str(pack_id))
    except FileNotFoundError:
        offer = did_you_mean(str(pack_id), shipped_ids()) or f"; there is: {', '.join(shipped_ids())}"
        faults.append(doc.fault(("pack",), f"there is no policy pack '{pack_id}'{offer}"))
        return ""
    if asked is None:
        return ""
    pack = tomlkit.parse(raw.decode("utf-8"))
    _fill(pack["pack"], asked.model_dump(exclude={"roles", "routes"}, exclude_none=True))
    _fill(pack["roles"], {**dict.fromkeys(pack["roles"], "per school"), **asked.roles})
    _fill(pack["routes"], {name: list(roles) for name, roles in asked.routes.items()})
    return tomlkit.dumps(pack)


def _fill(table: Any, values: Mapping[str, Any]) -> None:
    for key, value in values.items():
        table[key] = value


def _make_folders(folder: Path, sources: str) -> None:
    """The folders that a person puts files into; a drop folder below this one, so that the first poll finds it."""
    folder.mkdir(mode=0o750, parents=True, exist_ok=True)
    (folder / "calendars").mkdir(exist_ok=True)
    (folder / "secrets").mkdir(mode=0o700, exist_ok=True)
    for source in tomllib.loads(sources).get("source", []):
        drop = folder / str(source.get("folder", "")).replace("\0", "")
        if folder in drop.resolve().parents:
            drop.mkdir(mode=0o750, parents=True, exist_ok=True)
