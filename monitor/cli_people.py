"""Commands of people who sign in: passphrases, the words of a case, the audit, and the vault's keys.

`monitor.cli` mounts `app` beside its own commands (`app.add_typer(cli_people.app)`). A passphrase
is typed unseen, or read from standard input as one line; there is no option for it.
"""

from __future__ import annotations

import getpass
import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy import func, select

from config.secrets import Secret
from config.settings import Settings
from monitor import acting, keys
from monitor.access import Action, Right, may
from monitor.accounts import Session, fault_of, set_passphrase, sign_in
from monitor.audit import Audit, Entry, entries, read_head
from monitor.database import migrate, open_engine
from monitor.errors import MonitorError
from monitor.records import EVIDENCE
from monitor.store import Store
from monitor.vault import ring_or_none, rotate
from monitor.viewing import NotShown, PostWords, case_words
from monitor.works import read_settings

MACHINE = "machine"
"""The actor of what anybody can do who may use this machine."""
Config = Annotated[
    Path,
    typer.Option(
        "--config", envvar="MENTIONWATCH_CONFIG", help="The configuration folder.", show_default="./config"
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
As = Annotated[str, typer.Option("--as", metavar="PERSON", help="Your id in people.toml.")]
EscrowFile = Annotated[Path, typer.Argument(metavar="FILE", help="The escrow copy.")]
DEFAULT = Path("config")
app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
key_app = typer.Typer(no_args_is_help=True, help="The keys that seal the words of grave cases.")
app.add_typer(key_app, name="key")


def now() -> datetime:
    return datetime.now(UTC)


def say(words: str) -> None:
    typer.echo(words, err=True)


def put(values: Any) -> None:
    typer.echo(json.dumps(values, ensure_ascii=True))


def ask(question: str) -> str:
    """A passphrase, typed unseen; where there is no terminal, the next line of standard input."""
    if sys.stdin.isatty():
        return getpass.getpass(question + ": ")
    return sys.stdin.readline().rstrip("\r\n")


def ask_twice(question: str, fault: Callable[[str], str]) -> str:
    """A new passphrase, checked before it is asked for again."""
    given = ask(question)
    if wrong := fault(given):
        raise MonitorError(wrong)
    if ask("The same once more") != given:
        raise MonitorError("The two were not the same. Nothing was changed.")
    return given


def opened(settings: Settings) -> Audit:
    engine = open_engine(settings.service.database_url())
    migrate(engine)
    return Audit(engine, settings.service.data_dir)


def signed_in(audit: Audit, settings: Settings, person: str) -> Session:
    if not person:
        raise MonitorError("Say who you are: --as PERSON (your id in people.toml).")
    return sign_in(audit, settings.people, person, ask(f"Passphrase of {person}"), now())


@app.command(epilog="Example: mentionwatch passphrase cp --config ./config")
def passphrase(
    person: Annotated[str, typer.Argument(metavar="PERSON", help="An id of people.toml.")],
    config: Config = DEFAULT,
) -> None:
    """Set the passphrase of a person, the first or a new one; the audit tells that it was done."""
    settings = read_settings(config)
    if person not in settings.people.persons:
        raise MonitorError(f"'{person}' is no person of people.toml.")
    given = ask_twice(f"New passphrase of {person}", fault_of)
    first = set_passphrase(opened(settings), settings.people, person, given, now())
    say(f"The {'first' if first else 'new'} passphrase of {person} is set; the audit tells of it.")


@app.command(
    epilog="Example: mentionwatch act 12 wrong --as cp --reason 'about another school' --config ./config"
)
def act(
    case: Annotated[int, typer.Argument(metavar="CASE", help="Number of the case.")],
    action: Annotated[str, typer.Argument(metavar="ACTION", help="wrong, moved or hold.")],
    person: As = "",
    reason: Annotated[str, typer.Option(help="Why; kept with the audit, apart from the case.")] = "",
    until: Annotated[
        str, typer.Option(metavar="YYYY-MM-DD", help="hold: its last day, within six months.")
    ] = "",
    config: Config = DEFAULT,
) -> None:
    """Decide on a case: `wrong` empties it at once, `moved` says that the school's own file has it, `hold` keeps it."""
    settings = read_settings(config)
    audit = opened(settings)
    session = signed_in(audit, settings, person)
    ends_at = _end(until) if action == "hold" else None
    acting.act(audit, settings, case, action, session, reason, now(), ends_at=ends_at)
    say(f"Case {case}: {action}. The audit tells of it.")


def _end(until: str) -> datetime | None:
    try:
        return datetime.fromisoformat(until).replace(tzinfo=UTC) if until else None
    except ValueError:
        raise MonitorError("--until is not a date; write for example 2027-03-31.") from None


def show_words(config: Path, case: int, person: str, reason: str, *, as_json: bool) -> None:
    """`show CASE --words --as PERSON [--reason TEXT]`: sign in, ask the access table, print, leave a trace."""
    settings = read_settings(config)
    audit = opened(settings)
    session = signed_in(audit, settings, person)
    found = case_words(audit, settings, ring_or_none(settings), case, session, reason, now())
    if as_json:
        put({"case": case, "posts": [_values(post) for post in found]})
        return
    say("As posted, not verified. This look is in the audit.")
    for post in found:
        for line in _lines(post):
            typer.echo(line)


def _values(post: PostWords) -> dict[str, Any]:
    words = post.words
    said = {name: getattr(words, name) for name in words.__struct_fields__} if words else None
    return {
        "post": post.post_id,
        "version": post.version,
        "extract": post.extract,
        "words": said,
        "note": post.note,
    }


def _lines(post: PostWords) -> list[str]:
    lines = [f"post {post.post_id}, version {post.version}"]
    if post.words is not None:
        said = {name: getattr(post.words, name) for name in post.words.__struct_fields__}
        lines += [f"    {name.replace('_', ' ')}: {plain(value)}" for name, value in said.items() if value]
    elif post.extract:
        lines.append(f"    extract: {plain(post.extract)}")
    if post.note:
        lines.append(f"    {post.note}")
    return lines


def plain(words: str) -> str:
    """A stranger's words without what a terminal would obey."""
    return "".join(c if c.isprintable() else " " for c in words)


@app.command(epilog="Example: mentionwatch audit --verify")
def audit(
    config: Config = DEFAULT,
    person: As = "",
    verify: Annotated[bool, typer.Option("--verify", help="Check the chain; needs no passphrase.")] = False,
    restored: Annotated[
        str,
        typer.Option(metavar="REASON", help="A backup was put back: accept the present end of the chain."),
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Who saw and did what: all for the data protection officer, your own for others; or check the chain."""
    settings = read_settings(config)
    kept = opened(settings)
    if restored:
        session = signed_in(kept, settings, person)
        if _reach(settings, session.person) is not Right.YES:
            raise NotShown("Only the data protection officer accepts a new end of the audit.")
        kept.renew_head(session.person, restored, now())
    if verify or restored:
        _verify(kept, as_json=as_json)
        return
    session = signed_in(kept, settings, person)
    reach = _reach(settings, session.person)
    kept.add(Entry(now(), session.person, str(Action.READ_AUDIT), "-", reach is not Right.NO))
    if reach is Right.NO:
        raise NotShown("Your role does not allow this.")
    found = entries(kept.engine, actor=None if reach is Right.YES else session.person)
    if as_json:
        put(found)
        return
    for entry in reversed(found):
        done = "" if entry["allowed"] else "  REFUSED"
        typer.echo(
            f"{entry['id']:6} {entry['at'][:19]} {entry['actor']} {entry['action']} {entry['object']}{done}"
        )


def _reach(settings: Settings, person: str) -> Right:
    """Whether a person reads the whole audit, their own part, or nothing."""
    roles = {role for school in settings.schools for role in settings.people.roles_of(school.key, person)}
    verdict = may(settings.people.persons[person], roles, Action.READ_AUDIT)
    if not verdict.allowed:
        return Right.NO
    return Right.OWN if verdict.why else Right.YES


def _verify(kept: Audit, *, as_json: bool) -> None:
    broken = kept.verify()
    head = read_head(kept.folder / "audit.head")
    if as_json:
        fault = {"entry": broken.number, "why": broken.why} if broken else None
        put({"whole": broken is None, "broken": fault, "entries": head.number if head else 0})
    elif broken:
        say(f"The audit is broken at entry {broken.number}: {broken.why}.")
    else:
        say(f"The audit is whole; its newest entry is {head.number if head else 0}.")
    if broken:
        raise typer.Exit(1)


def _told(settings: Settings, action: str, ring: keys.Ring) -> None:
    opened(settings).add(Entry(now(), MACHINE, action, f"key:{ring.ids[-1]}"))


@key_app.command("new", epilog="Example: mentionwatch key new --config ./config")
def key_new(config: Config = DEFAULT) -> None:
    """Make the first key."""
    settings = read_settings(config)
    file = None if ring_or_none(settings) else keys.make(settings.folder)
    if file is None:
        raise MonitorError("There is a key already; to take a new one: mentionwatch key rotate")
    _told(settings, "key_made", keys.ring_of(settings.folder))
    say(f"written: {file}")
    say("Make an escrow copy now, or a lost key is lost evidence: mentionwatch key escrow FILE")


@key_app.command("rotate", epilog="Example: mentionwatch key rotate --config ./config")
def key_rotate(config: Config = DEFAULT) -> None:
    """Seal everything under a new key; run it again if it was stopped, it goes on where it was."""
    settings = read_settings(config)
    ring = keys.ring_of(settings.folder)
    engine = opened(settings).engine
    with engine.connect() as connection:
        left = connection.scalar(
            select(func.count()).select_from(EVIDENCE).where(EVIDENCE.c.key_id.in_(ring.ids[:-1]))
        )
    if not left:
        ring = keys.fresh(ring)
        keys.write(ring, _own_file(settings))
    _told(settings, "key_rotated", ring)
    put({"key": ring.ids[-1], "sealed_again": rotate(Store(engine), ring)})
    say("Make a new escrow copy; keep the old one for 35 days, as long as the backups of its time.")


@key_app.command("escrow", epilog="Example: mentionwatch key escrow escrow.key --config ./config")
def key_escrow(file: EscrowFile, config: Config = DEFAULT) -> None:
    """Write the keys under a passphrase, and a page to print for the safe (FILE.paper.txt)."""
    settings = read_settings(config)
    ring = keys.ring_of(settings.folder)
    copy = keys.escrow(ring, ask_twice("A passphrase for the copy", fault_of))
    page = file.with_name(file.name + ".paper.txt")
    for path, content in ((file, copy), (page, keys.paper(copy, ring, now()).encode())):
        _write_new(path, content)
        say(f"written: {path}")
    _told(settings, "key_escrowed", ring)


@key_app.command("restore", epilog="Example: mentionwatch key restore escrow.key --config ./config")
def key_restore(file: EscrowFile, config: Config = DEFAULT) -> None:
    """Bring the keys back from their escrow copy; keys that are there stay."""
    settings = read_settings(config)
    try:
        copy = file.read_bytes()
    except OSError as error:
        raise MonitorError(f"{file} can not be read: {error.strerror}") from error
    restored = keys.restore(copy, ask("Passphrase of the copy"))
    there = ring_or_none(settings)
    ring = keys.Ring(tuple(dict.fromkeys((*restored.keys, *(there.keys if there else ())))))
    target = _own_file(settings)
    keys.write(ring, target)
    _told(settings, "key_restored", ring)
    say(f"written: {target} ({len(ring.keys)} key(s))")


def _own_file(settings: Settings) -> Path:
    """Where this command may write the ring: not where it is handed in by systemd or the environment."""
    secret = Secret(keys.NAME, settings.folder)
    there = ring_or_none(settings)
    if there is not None and not secret.file.exists():
        raise MonitorError(
            f"The key is handed in as a credential or in {secret.variable}; this command changes "
            f"{secret.file} only. Put the key there first (chmod 600) and take the other away."
        )
    if there is None and secret.file.exists():
        raise MonitorError(
            f"{secret.file} is there and can not be read as a key; move it away first, do not delete it."
        )
    return secret.file


def _write_new(path: Path, content: bytes) -> None:
    try:
        with path.open("xb") as out:
            path.chmod(0o600)
            out.write(content)
    except OSError as error:
        raise MonitorError(f"{path} can not be written: {error.strerror}") from error
