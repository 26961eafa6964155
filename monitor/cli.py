"""The command line: each command does one thing and prints it.

Machine output is JSON on standard output, words for people go to standard
error. Exit codes (contracts.md section 2): 0 done, 1 failed while working,
2 wrong use or wrong configuration, 3 a source failed for now, 4 for good.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy import Engine

from config.answers import write_from_answers
from config.faults import ConfigError, Fault
from config.load import load_schools, load_service
from config.settings import Settings, Source
from connectors.http import PoliteClient, user_agent
from connectors.report import ReportError, read_report
from monitor import assess as assess_step
from monitor import cli_people, cli_sources, intake, journal, keys, lookups, retention, triage
from monitor import health as health_words
from monitor.daemon import Daemon, utc_now
from monitor.database import migrate, open_engine
from monitor.deliver import Sender, channels
from monitor.errors import BadInput, MonitorError
from monitor.poll import Poller, candidates
from monitor.predict import Predictor
from monitor.store import Store
from monitor.works import Works, build, options_of, read_settings

PEOPLE = Console(stderr=True, highlight=False)
app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # its tracebacks show local variables: posts and secrets
    help="Hears what is said in public about a school and its staff, and tells the right person what to do.",
)
Config = Annotated[
    Path,
    typer.Option(
        "--config", envvar="MENTIONWATCH_CONFIG", help="The configuration folder.", show_default="./config"
    ),
]
app.add_typer(cli_sources.app)
app.add_typer(cli_people.app)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
DEFAULT = Path("config")
DEBUG = "MENTIONWATCH_DEBUG"


def main() -> None:
    """The installed command `mentionwatch`."""
    journal.set_up(logging.INFO)
    for chatty in ("alembic", "apscheduler"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    logging.getLogger("httpx").setLevel(logging.WARNING)  # its lines hold whole URLs, queries and all
    try:
        app()
    except ConfigError as error:
        refuse(error)
    except BadInput as error:
        for line in error.lines():
            say(line)
        say("Nothing was stored.")
        sys.exit(2)
    except MonitorError as error:
        say(str(error))
        sys.exit(1)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    except Exception as error:
        # The outermost edge: an unexpected error's own text may hold a post, a name or a secret.
        if os.environ.get(DEBUG) == "1":
            raise
        say(
            f"mentionwatch could not go on: {type(error).__name__}. If the disk is full or the database is in use, "
            f"see to that and try again; else please report it. {DEBUG}=1 shows where it happened, and may show "
            "names and posts: do not pass that on."
        )
        sys.exit(1)


def say(words: str) -> None:
    """A sentence for the person at the keyboard."""
    PEOPLE.print(words, markup=False, soft_wrap=True)


def refuse(error: ConfigError) -> NoReturn:
    """All faults, each with file and line, and exit code 2."""
    for fault in error.faults:
        say(str(fault))
    say(f"{len(error.faults)} fault(s) in the configuration. Nothing was started or changed.")
    sys.exit(2)


def put(values: Any) -> None:
    sys.stdout.write(json.dumps(values, ensure_ascii=True, default=str) + "\n")
    sys.stdout.flush()


def opened(works: Works) -> tuple[Engine, Store]:
    engine = open_engine(works.settings.service.database_url())
    migrate(engine)
    return engine, Store(engine)


@app.command(epilog="Example: mentionwatch init ./config --answers examples/primary/answers.toml")
def init(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="The folder to write; it must not hold one yet.")
    ],
    answers: Annotated[Path, typer.Option(help="A TOML file with the answers; see examples/.")],
) -> None:
    """Write a configuration for a school from a file of answers."""
    for path in write_from_answers(answers, folder, options_of):
        say(f"written: {path}")
    key = keys.make(folder)
    if key is not None:
        say(
            f"made: {key}, which seals the words of grave cases; keep a copy apart: mentionwatch key escrow FILE"
        )
    settings = read_settings(folder)
    for warning in settings.warnings:
        say(f"to look at: {warning}")
    say(f"Next: mentionwatch check --config {folder}")


@app.command(epilog="Example: mentionwatch check --config ./config --json")
def check(config: Config = DEFAULT, as_json: AsJson = False) -> None:
    """Validate the configuration; connects to nothing."""
    settings = read_settings(config)
    states = [
        {"name": s.name, "kind": s.kind, "school": s.school, "own": s.own, "idle": _idle(s, settings)}
        for s in settings.sources
    ]
    gates = {
        name: recording.model_dump(mode="json") if recording else None
        for name, recording in ((n, getattr(settings.gates, n)) for n in ("dpia", "notice", "test_message"))
    }
    if as_json:
        put(
            {
                "schools": [{"key": s.key, "name": s.name} for s in settings.schools],
                "sources": states,
                "warnings": list(settings.warnings),
                "gates": gates,
            }
        )
        return
    for warning in settings.warnings:
        say(f"to look at: {warning}")
    for source in states:
        if source["idle"]:
            say(f"source {source['name']} is not read: {source['idle']}")
    say(f"The configuration is sound: {len(settings.schools)} school(s), {len(states)} source(s).")


def _idle(source: Source, settings: Settings) -> str:
    return settings.idle_reason(source)


@app.command(epilog="Example: mentionwatch drafts --config ./config")
def drafts(config: Config = DEFAULT) -> None:
    """Write the drafts of DPIA, notices and governors' paper anew, and show what changed since the last ones."""
    from config.drafts import write_drafts

    settings = read_settings(config)
    written = write_drafts(settings, settings.folder)
    for path in written.paths:
        say(f"written: {path}")
    sys.stdout.write(written.difference)


@app.command(epilog="Example: mentionwatch run --config /etc/mentionwatch")
def run(
    config: Config = DEFAULT,
    no_console: Annotated[bool, typer.Option("--no-console", help="Do not serve the web console.")] = False,
) -> None:
    """Run the service: poll, assess, decide, deliver, until it is told to stop."""
    raise typer.Exit(Daemon(config).run())


@app.command(epilog="Example: mentionwatch assess --schools schools.toml < posts.jsonl")
def assess(
    schools: Annotated[Path, typer.Option(help="The schools to watch for (schools.toml).")],
) -> None:
    """Posts as JSON lines on standard input -> one prediction a line, in order; nothing is stored."""
    predictor = Predictor(load_schools(schools))
    for answer in predictor.lines(sys.stdin.buffer):
        sys.stdout.write(answer + "\n")
    sys.stdout.flush()


@app.command(epilog="Example: mentionwatch ingest posts.jsonl --config ./config")
def ingest(
    file: Annotated[Path, typer.Argument(metavar="FILE.jsonl", help="Posts, one JSON object a line.")],
    config: Config = DEFAULT,
) -> None:
    """Take posts in as if a connector had brought them; repeated lines change nothing."""
    works = build(read_settings(config), utc_now().date())
    _, store = opened(works)
    taken = intake.ingest(file, store, works, utc_now())
    put(
        {
            "lines": taken.lines,
            "candidates": taken.candidates,
            "new": taken.kept.new,
            "changed": taken.kept.changed,
            "known": taken.kept.known,
        }
    )


@app.command(
    epilog="Example: mentionwatch report seen.txt --where 'chat of the Year 5 parents' --school larkhill"
)
def report(
    file: Annotated[Path, typer.Argument(help="The post's text, or a screenshot of it.")],
    config: Config = DEFAULT,
    school: Annotated[str, typer.Option(help="Key of the school; not needed when there is one.")] = "",
    link: Annotated[str, typer.Option(help="Where it stands; kept, never opened.")] = "",
    where: Annotated[str, typer.Option(help="Where it was seen, in your words.")] = "",
) -> None:
    """Take in a post that a person saw."""
    works = build(read_settings(config), utc_now().date())
    _, store = opened(works)
    keys = [s.key for s in works.settings.schools]
    if school not in keys and (school or len(keys) != 1):
        raise ConfigError([Fault("--school", None, f"names no school; one of: {', '.join(keys)}")])
    try:
        post, _ = read_report(file, now=utc_now())
    except ReportError as error:
        raise ConfigError([Fault(file.name, None, str(error))]) from error
    post = replace(post, url=link or post.url, context=where or post.context)
    found = candidates(works, [post], schools=[school or keys[0]], own=True, backlog_before=None)
    kept = store.keep_batch(found, None)
    say("Thank you. It was taken in and will be looked at." if kept.new else "This was handed in before.")
    put({"receipt": post.external_id[:12], "new": kept.new})


@app.command(epilog="Example: mentionwatch step assess --config ./config")
def step(
    name: Annotated[str, typer.Argument(help="poll, assess, triage, deliver or retain.")],
    config: Config = DEFAULT,
    source: Annotated[list[str], typer.Option(help="poll: this source, due or not; repeatable.")] = [],  # noqa: B006
) -> None:
    """Run one step once and print what it did."""
    works = build(read_settings(config), utc_now().date())
    engine, store = opened(works)
    put({"step": name} | _run_step(name, works, engine, store, source))


def _run_step(name: str, works: Works, engine: Engine, store: Store, sources: list[str]) -> dict[str, Any]:
    settings = works.settings
    match name:
        case "poll":
            return {"sources": _poll(works, store, sources)}
        case "assess":
            return {"assessed": assess_step.run(store, works.assessor, utc_now())}
        case "triage":
            return {"decided": triage.run(store, settings, utc_now())}
        case "deliver":
            sender = Sender(store, engine, settings.service.data_dir)
            return {"attempts": sender.run(settings, channels(settings, sys.stderr), utc_now)}
        case "retain":
            return {"removed": retention.run(store, settings, utc_now())}
        case _:
            raise ConfigError(
                [Fault("step", None, f"there is no step '{name}'; poll, assess, triage, deliver or retain")]
            )


def _poll(works: Works, store: Store, sources: list[str]) -> list[dict[str, Any]]:
    import threading

    settings = works.settings
    unknown = set(sources) - {s.name for s in settings.sources}
    if unknown:
        raise ConfigError([Fault("--source", None, f"no source is called {', '.join(sorted(unknown))}")])
    service = settings.service
    http = PoliteClient(
        user_agent=user_agent(service.contact), allow_hosts=service.allow_hosts, gap=service.poll_gap
    )
    try:
        polled = Poller(store, http, threading.Event()).run(works, utc_now, sources or None)
    finally:
        http.close()
    return [
        {
            "source": p.source,
            "posts": p.posts,
            "new": p.kept.new,
            "changed": p.kept.changed,
            "reason": p.reason,
        }
        for p in polled
    ]


@app.command(epilog="Example: mentionwatch cases --json")
def cases(config: Config = DEFAULT, as_json: AsJson = False) -> None:
    """The stories that a person should see, worst and newest first; no names, no words of posts."""
    engine = open_engine(load_service(config).database_url())
    migrate(engine)
    found = lookups.cases(engine)
    if as_json:
        put(found)
        return
    table = Table("case", "school", "severity", "category", "status", "posts", "mails", "opened (UTC)")
    for values in found:
        table.add_row(
            str(values["id"]),
            values["school"],
            values["severity"],
            values["category"].replace("_", " "),
            values["status"],
            str(values["post_count"]),
            str(values["messages"]),
            f"{values['opened_at'][5:10]} {values['opened_at'][11:16]}",
        )
    Console(highlight=False).print(table)


@app.command(epilog="Example: mentionwatch show 12 --json")
def show(
    case: Annotated[int, typer.Argument(metavar="CASE", help="Number of the case.")],
    config: Config = DEFAULT,
    as_json: AsJson = False,
    words: Annotated[bool, typer.Option("--words", help="Sign in and see what was posted.")] = False,
    person: Annotated[
        str, typer.Option("--as", metavar="PERSON", help="With --words: your id in people.toml.")
    ] = "",
    reason: Annotated[
        str, typer.Option(help="With --words: why you look; needed for restricted cases.")
    ] = "",
) -> None:
    """One case: what happened to it and who was told; where its posts stand, without their words."""
    if words:
        cli_people.show_words(config, case, person, reason, as_json=as_json)
        return
    engine = open_engine(load_service(config).database_url())
    migrate(engine)
    found = lookups.case(engine, case)
    if found is None:
        say(f"There is no case {case}.")
        sys.exit(1)
    if as_json:
        put(found)
        return
    from monitor.wording.show import lines

    try:
        settings: Settings | None = read_settings(config)
    except ConfigError as error:  # the service runs on with its old one; a case must be readable all the same
        settings = None
        say(
            f"The configuration has {len(error.faults)} fault(s), so the policy's steps are not shown; run: mentionwatch check"
        )
    for line in lines(found, settings):
        Console(highlight=False).print(line, markup=False, soft_wrap=True)


@app.command(epilog="Example: mentionwatch health --json")
def health(config: Config = DEFAULT, as_json: AsJson = False) -> None:
    """Sources, waiting rows, undelivered messages; exit code 1 when a person should act."""
    settings = read_settings(config)
    engine = open_engine(settings.service.database_url())
    migrate(engine)
    report = health_words.report(engine, Store(engine), settings, utc_now())
    if as_json:
        put(report)
    else:
        for problem in report["problems"]:
            say(f"to do: {problem}")
        for source in report["sources"]:
            say(
                f"source {source['name']}: {source['state']}, last good fetch {source['last_good_at'] or 'never'}"
            )
            for notice in source["notices"]:
                say(f"    {notice}")
        say("All is well." if report["ok"] else f"{len(report['problems'])} thing(s) to do.")
    sys.exit(0 if report["ok"] else 1)


@app.command(epilog="Example: mentionwatch mailsink --port 8025 --folder mails")
def mailsink(
    port: Annotated[int, typer.Option(help="Where it listens on this machine.")] = 8025,
    folder: Annotated[Path, typer.Option(help="Each mail is kept there as a file.")] = Path("mails"),
) -> None:
    """A mail server for trying things out: takes every mail, delivers none, keeps each as a file."""
    from monitor.demo.mailbox import serve

    serve(port, folder)


@app.command(epilog="Example: mentionwatch demo --for 60")
def demo(
    port: Annotated[int, typer.Option(help="Port of the demo's web site; 0 takes a free one.")] = 0,
    seconds: Annotated[float, typer.Option("--for", help="Stop by itself after so many seconds.")] = 0,
    keep: Annotated[
        Path | None, typer.Option(help="Keep configuration, database and mails in this folder.")
    ] = None,
) -> None:
    """Show the whole product on an invented school; everything stays on this machine."""
    from monitor.demo.show import play

    sys.exit(play(port=port, length=timedelta(seconds=seconds) if seconds else None, keep=keep))


if __name__ == "__main__":
    main()
