"""Commands that look at a source without storing anything: `fetch` and `try-page`. `monitor.cli` mounts `app`."""

from __future__ import annotations

import json
import sys
from typing import Annotated, Any

import typer

import connectors
from config.faults import ConfigError, Fault
from connectors.base import Connector, FetchError
from connectors.http import PoliteClient, user_agent
from monitor.daemon import utc_now
from monitor.lookups import iso

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


def say(words: str) -> None:
    typer.echo(words, err=True)


def put(values: Any) -> None:
    typer.echo(json.dumps(values, ensure_ascii=True, default=str))


@app.command(
    epilog="Example: mentionwatch fetch feed --set url=http://127.0.0.1:8091/feed/ --allow-host 127.0.0.1:8091"
)
def fetch(
    kind: Annotated[str, typer.Argument(help="Kind of connector, for example feed.")],
    options: Annotated[
        list[str], typer.Option("--set", metavar="KEY=VALUE", help="An option; repeatable.")
    ] = [],  # noqa: B006
    cursor: Annotated[str, typer.Option(help="The cursor of an earlier fetch, as JSON.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=500, help="Newest posts at most.")] = 500,
    allow_host: Annotated[
        list[str],
        typer.Option(metavar="HOST:PORT", help="A private address that may be reached; repeatable."),
    ] = [],  # noqa: B006
    contact: Annotated[str, typer.Option(help="Address that the sites may write to.")] = "not configured",
) -> None:
    """Fetch once, dry: posts as JSON lines, then one line about the batch; nothing is stored."""
    from monitor.dryrun import options_from, post_values

    source = _connector(kind)
    given = options_from(source.options, options)
    state = _cursor(cursor)
    http = PoliteClient(user_agent=user_agent(contact), allow_hosts=allow_host)
    try:
        batch = source.fetch(given, state, http, limit=limit, now=utc_now())
    except FetchError as error:
        say(str(error))
        sys.exit(3 if error.retry else 4)
    finally:
        http.close()
    for post in batch.posts:
        put(post_values(post))
    for notice in batch.notices:
        say(f"notice: {notice}")
    summary = {
        "cursor": batch.cursor,
        "not_before": iso(batch.not_before),
        "unchanged": batch.unchanged,
        "posts": len(batch.posts),
    }
    put({"batch": summary})


@app.command(
    "try-page", epilog="Example: mentionwatch try-page https://school.example/guestbook --set item=.entry"
)
def try_page(
    url: Annotated[str, typer.Argument(metavar="URL", help="The page that a source would watch.")],
    options: Annotated[
        list[str], typer.Option("--set", metavar="KEY=VALUE", help="An option; repeatable.")
    ] = [],  # noqa: B006
    allow_host: Annotated[
        list[str],
        typer.Option(metavar="HOST:PORT", help="A private address that may be reached; repeatable."),
    ] = [],  # noqa: B006
    contact: Annotated[str, typer.Option(help="Address that the site may write to.")] = "not configured",
) -> None:
    """Show what a `page` source would take from a page and what it would ignore; nothing is stored."""
    from connectors.page_preview import preview
    from monitor.dryrun import page_options, preview_lines

    http = PoliteClient(user_agent=user_agent(contact), allow_hosts=allow_host)
    try:
        found = preview(url, page_options(url, options), http, utc_now())
    except FetchError as error:
        say(str(error))
        sys.exit(3 if error.retry else 4)
    finally:
        http.close()
    for line in preview_lines(found):
        say(line)


def _connector(kind: str) -> Connector:
    try:
        return connectors.connector(kind)
    except (connectors.UnknownKind, connectors.RefusedConnector) as error:
        raise ConfigError([Fault("fetch", None, str(error))]) from error


def _cursor(words: str) -> dict[str, Any] | None:
    if not words:
        return None
    try:
        state = json.loads(words)
    except ValueError:
        state = None
    if not isinstance(state, dict):
        raise ConfigError(
            [Fault("--cursor", None, "is not a JSON object; give the 'cursor' of an earlier fetch")]
        )
    return state
