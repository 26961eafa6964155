"""Reading a configuration folder into `Settings`; all faults of all files at once.

    mentionwatch.toml  [service] [email] [slack] [alerts] [gates] [watch]
    schools.toml       one table a school
    sources.toml       [[source]] …, the connector's own options in the same table
    people.toml        [[person]] …, [roles.SCHOOL], [[contact]] …
    policy.toml        a whole policy pack

Nothing is connected to and no secret is read (but see `_reveal_where_asked`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, SecretStr

from config.checks import check_together
from config.contacts import merged_contacts
from config.document import Document, read
from config.drafts.facts import fingerprint
from config.faults import ConfigError as ConfigError
from config.faults import Fault as Fault
from config.faults import SecretMissing, did_you_mean
from config.gates import gate_faults, gate_warnings, hash_warning
from config.lines import KeyPath
from config.linting import lint
from config.packfile import read_pack
from config.people import Contact, People, Person
from config.register import register_warnings
from config.rolls import roll_faults
from config.schools import School
from config.secrets import NAME, TELLTALE, Secret
from config.sentences import Model, checked
from config.settings import Alerts, Email, Gates, Service, Settings, Slack, Source
from config.watch import Watch, watch_faults, watch_warnings

OptionsOf = Callable[[str], type[BaseModel] | None]

FILES = ("mentionwatch.toml", "schools.toml", "sources.toml", "people.toml", "policy.toml")
_SOURCE_KEYS = tuple(name for name in Source.model_fields if name != "options")


@dataclass(frozen=True)
class Documents:
    """The five parts of a configuration; None where a file could not be read (its fault is noted)."""

    main: Document | None
    schools: Document | None
    sources: Document | None
    people: Document | None
    policy: Document | None


def load(
    folder: Path,
    options_of: OptionsOf,
    *,
    kinds: Iterable[str] = (),
    today: date | None = None,
) -> Settings:
    """Read and check a configuration folder.

    `options_of` gives a kind's Options class, or None for an unknown kind;
    `kinds`, if given, are offered as "did you mean"; `today` (UTC) decides what
    is overdue.

    Raises:
        ConfigError: with every fault of every file.
    """
    folder = folder.expanduser().resolve()
    faults: list[Fault] = []
    if not folder.is_dir():
        message = "there is no such folder; run: mentionwatch init DIR, or name another with --config"
        raise ConfigError([Fault(str(folder), None, message)])
    documents = Documents(*(read(folder / name, name, faults) for name in FILES))
    return assemble(documents, folder, options_of, faults, kinds=tuple(kinds), today=today)


def assemble(
    documents: Documents,
    folder: Path,
    options_of: OptionsOf,
    faults: list[Fault],
    *,
    kinds: tuple[str, ...] = (),
    today: date | None = None,
) -> Settings:
    """Build settings from documents, wherever they were read; raises ConfigError with all faults."""
    today = today or datetime.now(UTC).date()
    warnings: list[str] = []
    main, policy = documents.main, documents.policy
    service = _service(main, folder, faults) if main else None
    email = _section(Email, main, "email", folder, faults) if main and "email" in main.data else None
    slack = _section(Slack, main, "slack", folder, faults) if main and "slack" in main.data else None
    alerts = _section(Alerts, main, "alerts", folder, faults) if main else None
    gates = _section(Gates, main, "gates", folder, faults) if main else None
    watch = _section(Watch, main, "watch", folder, faults) if main else None
    if main:
        _refuse_unknown(main, ("service", "email", "slack", "alerts", "gates", "watch"), faults)
    schools = _schools(documents.schools, faults) if documents.schools else ()
    sources = _sources(documents.sources, folder, options_of, kinds, faults) if documents.sources else ()
    people = _people(documents.people, faults) if documents.people else None
    pack = read_pack(policy, faults, warnings, today=today) if policy else None
    if people is not None:
        people = merged_contacts(people, schools, pack.jurisdiction if pack else None)
    found = check_together(documents, schools, sources, people, pack, today=today)
    faults.extend(found.faults)
    warnings.extend(found.warnings)
    if main and slack is not None and people is not None:
        _slack_readers(main, slack, people, faults)
    _privacy(documents, gates, watch, schools, people, sources, today, faults, warnings)
    if faults or not (service and alerts and gates and watch and people and pack):
        raise ConfigError(faults)
    if email is None:
        warnings.append("mentionwatch.toml: there is no [email]; alerts are shown in the console only")
    settings = Settings(
        folder=folder,
        service=service,
        email=email,
        slack=slack,
        alerts=alerts,
        gates=gates,
        watch=watch,
        schools=schools,
        sources=sources,
        people=found.people,
        pack=pack,
    )
    if main:
        warnings.extend(hash_warning(main, gates, fingerprint(settings)))
    return settings.model_copy(update={"warnings": tuple(dict.fromkeys(warnings))})


def _privacy(
    documents: Documents,
    gates: Gates | None,
    watch: Watch | None,
    schools: tuple[School, ...],
    people: People | None,
    sources: tuple[Source, ...],
    today: date,
    faults: list[Fault],
    warnings: list[str],
) -> None:
    """Recordings, switches, staff register, terms, and no roll of pupils (PBD-02, 03, 04, 09, 11, 18)."""
    for doc in (documents.main, documents.schools, documents.sources, documents.people):
        faults.extend(roll_faults(doc) if doc else ())
    if documents.schools:
        warnings.extend(register_warnings(documents.schools, schools, today))
    if watch is not None:
        terms = (documents.schools, documents.sources)
        faults.extend(lint(terms, schools, people or People(), sources, watch, today))
    if documents.main and watch is not None and documents.schools:
        keys = {key for key, table in documents.schools.data.items() if isinstance(table, Mapping)}
        faults.extend(watch_faults(documents.main, watch, keys))
        warnings.extend(watch_warnings(documents.main, watch, keys))
    if documents.main and gates is not None:
        faults.extend(gate_faults(documents.main, gates))
        warnings.extend(gate_warnings(documents.main, gates, sources, today))


def load_service(folder: Path) -> Service:
    """Only the [service] of a folder: enough to look into the database while other files have faults.

    Raises:
        ConfigError: with the faults of that section.
    """
    folder = folder.expanduser().resolve()
    faults: list[Fault] = []
    main = read(folder / FILES[0], FILES[0], faults)
    service = _service(main, folder, faults) if main else None
    if faults or service is None:
        raise ConfigError(faults)
    return service


def _slack_readers(main: Document, slack: Slack, people: People, faults: list[Fault]) -> None:
    for number, reader in enumerate(slack.readers):
        if reader not in people.persons:
            message = f"'{reader}' is no person of people.toml{did_you_mean(reader, people.persons)}"
            faults.append(main.fault(("slack", "readers", number), message))


def load_schools(path: Path) -> tuple[School, ...]:
    """Read a schools file on its own (for `assess --schools`). Raises ConfigError."""
    faults: list[Fault] = []
    doc = read(path, path.name, faults)
    schools = _schools(doc, faults) if doc else ()
    if faults:
        raise ConfigError(faults)
    return schools


def _refuse_unknown(doc: Document, known: tuple[str, ...], faults: list[Fault]) -> None:
    for key in doc.data:
        if key not in known:
            offer = did_you_mean(key, known) or f"; this file holds {', '.join(known)} only"
            faults.append(doc.fault((key,), f"unknown key '{key}'{offer}"))


def _section(
    model: type[Model], doc: Document | None, key: str, folder: Path, faults: list[Fault]
) -> Model | None:
    if doc is None:
        return None
    data = _with_secrets(doc, (key,), doc.data.get(key, {}), folder, faults)
    return checked(model, doc, (key,), data, faults)


def _service(doc: Document, folder: Path, faults: list[Fault]) -> Service | None:
    if "service" not in doc.data:
        faults.append(doc.fault((), 'the section [service] is missing; it needs at least contact = "…"'))
        return None
    service = _section(Service, doc, "service", folder, faults)
    if service is None:
        return None
    return service.model_copy(update={"data_dir": (folder / service.data_dir).resolve()})


def _with_secrets(doc: Document, path: KeyPath, value: Any, folder: Path, faults: list[Fault]) -> Any:
    """Turn `{ credential = "name" }` into `Secret`; refuse secrets in plain, without repeating them."""
    if isinstance(value, Mapping):
        if "credential" in value:
            return _secret(doc, path, value, folder, faults)
        return {key: _with_secrets(doc, (*path, key), inner, folder, faults) for key, inner in value.items()}
    if isinstance(value, list):
        return [_with_secrets(doc, (*path, i), inner, folder, faults) for i, inner in enumerate(value)]
    key = path[-1]
    if isinstance(value, str) and isinstance(key, str) and TELLTALE.search(key):
        message = (
            f"'{key}' stands here in plain text; write {key} = {{ credential = \"NAME\" }}, put its value into "
            "secrets/NAME (chmod 600), and change it where it is used, for others may have read it"
        )
        faults.append(doc.fault(path, message))
        return Secret("in-plain", folder)
    return value


def _secret(
    doc: Document, path: KeyPath, table: Mapping[str, Any], folder: Path, faults: list[Fault]
) -> Secret:
    name = table["credential"]
    if not isinstance(name, str) or not NAME.fullmatch(name) or len(table) > 1:
        message = 'a secret is named by letters, digits, - and _ alone: { credential = "smtp_password" }'
        faults.append(doc.fault(path, message))
        return Secret("unnamed", folder)
    return Secret(name, folder)


def _schools(doc: Document, faults: list[Fault]) -> tuple[School, ...]:
    found = []
    if not doc.data:
        faults.append(doc.fault((), 'there is no school; add [key] with name = "…"'))
    for key, table in doc.data.items():
        if not isinstance(table, Mapping):
            message = f"'{key}' stands outside a school's table; move it below a line like [oak]"
            faults.append(doc.fault((key,), message))
            continue
        if school := checked(School, doc, (key,), {**table, "key": key}, faults):
            found.append(school)
    return tuple(found)


def _entries(doc: Document, key: str, faults: list[Fault]) -> list[Any]:
    value = doc.data.get(key, [])
    if isinstance(value, list):
        return value
    faults.append(doc.fault((key,), f"[{key}] must be a list of tables; write [[{key}]] with two brackets"))
    return []


def _sources(
    doc: Document, folder: Path, options_of: OptionsOf, kinds: tuple[str, ...], faults: list[Fault]
) -> tuple[Source, ...]:
    _refuse_unknown(doc, ("source",), faults)
    found: list[Source] = []
    names: dict[str, int] = {}
    for index, raw in enumerate(_entries(doc, "source", faults)):
        at: KeyPath = ("source", index)
        source = _source(
            doc, at, _with_secrets(doc, at, raw, folder, faults), folder, options_of, kinds, faults
        )
        if source is None:
            continue
        if source.name in names:
            message = f"two sources have the name '{source.name}'; give each a name of its own"
            faults.append(doc.fault((*at, "name"), message))
        names[source.name] = index
        found.append(source)
    return tuple(found)


class _AnyOptions(BaseModel):
    """Stands in for options that could not be read, so that the rest of the table is still checked."""


def _source(
    doc: Document,
    at: KeyPath,
    raw: Any,
    folder: Path,
    options_of: OptionsOf,
    kinds: tuple[str, ...],
    faults: list[Fault],
) -> Source | None:
    if not isinstance(raw, Mapping):
        faults.append(doc.fault(at, "each source is a table; write [[source]] above its lines"))
        return None
    kind = raw.get("kind")
    cls = options_of(kind) if isinstance(kind, str) else None
    own = {key: value for key, value in raw.items() if key in _SOURCE_KEYS}
    rest = {key: value for key, value in raw.items() if key not in _SOURCE_KEYS}
    options: BaseModel | None = _AnyOptions()
    if cls is not None:
        if "own_site" in cls.model_fields and isinstance(raw.get("own"), bool):
            rest.setdefault("own_site", raw["own"])  # said once: a connector that wants to know is told
        rest = _reveal_where_asked(doc, at, cls, rest, faults)
        options = checked(cls, doc, at, rest, faults, also_known=_SOURCE_KEYS)
        options = options and _below(options, folder)
    elif isinstance(kind, str):
        offer = did_you_mean(kind, kinds) or "; `mentionwatch sources` lists what there is"
        faults.append(doc.fault((*at, "kind"), f"unknown kind of source '{kind}'{offer}"))
    source = checked(Source, doc, at, {**own, "options": options or _AnyOptions()}, faults)
    return source if options is not None else None


def _below(options: BaseModel, folder: Path) -> BaseModel:
    """A path among the options that is not a full one counts from the configuration folder, as `data_dir` does."""
    paths = {
        key: value for key in type(options).model_fields if isinstance(value := getattr(options, key), Path)
    }
    return options.model_copy(update={key: folder / value for key, value in paths.items()})


def _reveal_where_asked(
    doc: Document, at: KeyPath, cls: type[BaseModel], options: dict[str, Any], faults: list[Fault]
) -> dict[str, Any]:
    """A connector that declares `SecretStr` gets the value now; one that declares a callable reads it later."""
    shown = dict(options)
    for key, value in options.items():
        asked = cls.model_fields.get(key)
        if isinstance(value, Secret) and asked and _mentions(asked.annotation, SecretStr):
            try:
                shown[key] = SecretStr(value.reveal())
            except SecretMissing as e:
                faults.append(doc.fault((*at, key), e.faults[0].message))
                shown[key] = SecretStr("missing")
    return shown


def _mentions(annotation: Any, wanted: type) -> bool:
    return annotation is wanted or any(_mentions(arg, wanted) for arg in get_args(annotation))


def _people(doc: Document, faults: list[Fault]) -> People:
    _refuse_unknown(doc, ("person", "roles", "contact"), faults)
    persons = _by_id(Person, doc, "person", faults)
    contacts = _by_id(Contact, doc, "contact", faults)
    roles: dict[str, dict[str, str | None]] = {}
    table = doc.data.get("roles", {})
    for school, held in table.items() if isinstance(table, Mapping) else ():
        if not isinstance(held, Mapping):
            message = f'roles are given for each school: [roles.SCHOOL] and below it {school} = "…"'
            faults.append(doc.fault(("roles", school), message))
            continue
        roles[school] = {}
        for role, person in held.items():
            if not isinstance(person, str):
                words = 'must be the id of a [[person]], or "none"'
                faults.append(doc.fault(("roles", school, role), f"'{role}' {words}"))
                continue
            roles[school][role] = None if person == "none" else person
    return People(persons=persons, roles=roles, contacts=contacts)


def _by_id(model: type[Model], doc: Document, key: str, faults: list[Fault]) -> dict[str, Model]:
    found: dict[str, Model] = {}
    for index, raw in enumerate(_entries(doc, key, faults)):
        value = checked(model, doc, (key, index), raw, faults)
        if value is None:
            continue
        name: str = value.id  # type: ignore[attr-defined]
        if name in found:
            message = f"two entries [[{key}]] have the id '{name}'; give each an id of its own"
            faults.append(doc.fault((key, index, "id"), message))
        found[name] = value
    return found
