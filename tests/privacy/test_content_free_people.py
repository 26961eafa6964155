"""Nobody is alerted about themselves, no child's name goes out, mild near-misses are not kept: on the whole path.

Real ingest, assessment, triage and sending to a real mail server, in this process; people, roles and posts are
drawn at random or tried one after the other. What would break it: a stand-in that is the person after all, a
channel that quotes, a health line or a log with words in it.
"""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from builders import NOW, ROLES, candidate, later, people, rows, school, settings
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st
from mailserver import MailServer
from slack_server import CHANNEL, TOKEN, SlackServer
from sqlalchemy import Engine

from config.schools import StaffMember
from config.secrets import Secret
from config.settings import Alerts, Email, Settings, Slack
from connectors.base import Post
from monitor import assess, lookups, triage
from monitor.channels.email import EmailChannel
from monitor.channels.printer import PrinterChannel
from monitor.channels.slack import SlackChannel
from monitor.database import migrate, open_engine
from monitor.deliver import Sender
from monitor.health import report
from monitor.intake import ingest
from monitor.records import CASE, CONTENT, POST
from monitor.store import Store
from monitor.works import build

HOLDERS = sorted({holder for holder in ROLES.values() if holder})
SURNAMES: Mapping[str, str] = dict(
    zip(HOLDERS, ("Aldwinter", "Bickerstaffe", "Crowhurst", "Dunwoody", "Eccleshall"), strict=True)
)
ABOUT = (
    "{who} of Marrowby Community School is a useless fat pig.",
    "I will be waiting for {who} of Marrowby Community School with a knife at 3pm.",
    "{who} of Marrowby Community School stole the money of the chess club.",
    "{who} at Marrowby Community School hits the children in the class.",
)


def staffed() -> Any:
    """Everybody who is told stands on the watch list as well."""
    return school(
        staff=tuple(StaffMember(**_member(holder)) for holder in HOLDERS),
    )


def _member(holder: str) -> dict[str, Any]:
    values: dict[str, Any] = {
        "id": f"s-{holder}",
        "name": f"Odile {SURNAMES[holder]}",
        "title": "Mrs",
        "role": "Teacher",
    }
    told = {"told_on": (NOW - timedelta(days=90)).date()}
    return values | {key: value for key, value in told.items() if key in StaffMember.model_fields}


def through(
    engine: Engine, folder: Path, config: Settings, lines: list[dict[str, Any]], ways: Mapping[str, Any]
) -> Store:
    """Posts all the way to the channels."""
    file = folder / "posts.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    works, store = build(config), Store(engine)
    ingest(file, store, works, NOW)
    assess.run(store, works.assessor, NOW)
    triage.run(store, config, NOW)
    Sender(store, engine, folder).run(config, ways, lambda: later(minutes=1))
    return store


def with_mail(folder: Path, server: MailServer, **changes: Any) -> Settings:
    mail = Email(host="127.0.0.1", port=server.port, security="none", sender="watch@marrowby.example")
    linked = people(**{holder: f"s-{holder}" for holder in HOLDERS})
    values = {"email": mail, "alerts": Alerts(from_severity="low"), "schools": (staffed(),), "people": linked}
    return settings(folder, **(values | changes))


@pytest.mark.refusal(16)
@pytest.mark.pbd("PBD-27")
@pytest.mark.parametrize("subject", HOLDERS)
def test_16_whoever_a_post_is_about_gets_no_message_of_it(
    engine: Engine, tmp_path: Path, subject: str
) -> None:
    """Breaks when a holder of any role is told of a post about that very person; others must be told."""
    who = f"Mrs {SURNAMES[subject]}"
    lines = [{"id": str(n), "text": text.format(who=who)} for n, text in enumerate(ABOUT)]
    with MailServer() as server:
        config = with_mail(tmp_path, server)
        assert config.email is not None
        through(engine, tmp_path, config, lines, {"email": EmailChannel(config.email)})
        readers = set(server.readers)
    assert rows(engine, CASE)
    assert all(f"s-{subject}" in case.subjects for case in rows(engine, CASE))
    assert readers
    assert f"{subject}@marrowby.example" not in readers


@pytest.mark.refusal(16)
@pytest.mark.pbd("PBD-27")
@hypothesis(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    roles=st.fixed_dictionaries({role: st.sampled_from(HOLDERS) for role in ROLES}),
    subjects=st.sets(st.sampled_from(HOLDERS), min_size=1, max_size=3),
    text=st.sampled_from(ABOUT),
)
def test_16_however_the_roles_are_shared(
    tmp_path_factory: pytest.TempPathFactory, roles: dict[str, str | None], subjects: set[str], text: str
) -> None:
    """Breaks for some sharing of roles among five people when one of several subjects is told."""
    folder = tmp_path_factory.mktemp("roles")
    engine = open_engine(f"sqlite:///{folder / 'store.db'}")
    migrate(engine)
    who = " and ".join(f"Mrs {SURNAMES[subject]}" for subject in sorted(subjects))
    with MailServer() as server:
        linked = people(roles, **{holder: f"s-{holder}" for holder in set(roles.values()) if holder})
        config = with_mail(folder, server, people=linked)
        assert config.email is not None
        through(
            engine,
            folder,
            config,
            [{"id": "1", "text": text.format(who=who)}],
            {"email": EmailChannel(config.email)},
        )
        readers = set(server.readers)
    about = {s.removeprefix("s-") for case in rows(engine, CASE) for s in case.subjects}
    engine.dispose()
    assert about
    assert {f"{subject}@marrowby.example" for subject in about} & readers == set()


CHILDREN = ("Fennimore", "Quillon", "Tansy", "Barnabeth")
OF_CHILDREN = (
    "Little Fennimore Hoddle in Year 2 at Marrowby Community School was hit by Mrs Aldwinter again.",
    "My daughter Tansy is being bullied by Quillon Peart in 4B at Marrowby Community School and nobody cares.",
    "Barnabeth from Marrowby Community School won the race, proud mum!",
    "I will be waiting for Quillon Peart outside Marrowby Community School with a knife.",
    "Fennimore Hoddle has gone missing on the way home from Marrowby Community School, please share.",
)


@pytest.mark.refusal(13)
@pytest.mark.pbd("PBD-17", "PBD-20", "PBD-23")
def test_13_no_outgoing_text_names_a_child(
    engine: Engine, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Breaks when a mail, the printer, chat, a log line, a list or health holds a child's name from a post."""
    caplog.set_level(logging.DEBUG)
    out = io.StringIO()
    lines = [
        {
            "id": str(n),
            "text": text,
            "title": "Quillon",
            "context": "about Tansy",
            "author_name": "Fennimore's mum",
        }
        for n, text in enumerate(OF_CHILDREN)
    ]
    with MailServer() as server, SlackServer() as chat:
        config = with_mail(
            tmp_path, server, alerts=Alerts(from_severity="low", printer=True), slack=_slack(tmp_path, chat)
        )
        assert config.email is not None
        assert config.slack is not None
        ways = {
            "email": EmailChannel(config.email),
            "printer": PrinterChannel(out),
            "slack": SlackChannel(config.slack),
        }
        store = through(engine, tmp_path, config, lines, ways)
        sent = [mail.as_string() + server.text(n) for n, mail in enumerate(server.mails)] + [str(chat.posts)]
    assert len(sent) >= 3
    shown = [str(lookups.cases(engine)), str(report(engine, store, config, NOW)), out.getvalue(), caplog.text]
    for words in (*sent, *shown):
        assert [name for name in CHILDREN if name.casefold() in words.casefold()] == []


def _slack(folder: Path, chat: SlackServer) -> Slack:
    file = folder / "secrets" / "slack_token"
    file.parent.mkdir()
    file.touch(mode=0o600)
    file.write_text(TOKEN)
    return Slack(
        token=Secret("slack_token", folder), channel=CHANNEL, readers=("chair",), base_url=chat.base_url
    )


@pytest.mark.pbd("PBD-21", "PBD-25")
def test_chat_hears_nothing_of_a_restricted_case_and_refuses_an_open_channel(
    engine: Engine, tmp_path: Path
) -> None:
    """Breaks when what concerns a child reaches chat, or a message goes into a channel that others can read."""
    with MailServer() as server, SlackServer() as chat:
        config = with_mail(tmp_path, server, slack=_slack(tmp_path, chat))
        assert config.slack is not None
        ways = {"slack": SlackChannel(config.slack)}
        lines = [{"id": str(n), "text": text} for n, text in enumerate(OF_CHILDREN)]
        through(engine, tmp_path, config, lines, ways)
        kept_back = [case.id for case in rows(engine, CASE) if case.restricted]
        assert kept_back
        said = str(chat.posts)
        assert [
            number for number in kept_back if f"/cases/{number}|" in said or f"case {number}'" in said
        ] == []
        chat.private, before = False, len(chat.posts)
        ways = {"slack": SlackChannel(config.slack)}  # looks at the channel anew, as after a restart
        through(engine, tmp_path, config, [{"id": "99", "text": ABOUT[0].format(who="Mrs Aldwinter")}], ways)
        assert chat.asked
        assert len(chat.posts) == before


def near_misses() -> list[str]:
    """500 posts that a town, a council, a surname or a word like the school's brings in, and nothing else does."""
    things = (
        "bins",
        "car park",
        "library",
        "bus stop",
        "market",
        "swimming pool",
        "roadworks",
        "flower show",
    )
    forms = (
        "The {thing} in Marrowby was closed again this morning.",
        "Marrowby council has no money for the {thing}, it says here.",
        "Saw {name} at the {thing} yesterday, lovely to catch up.",
        "The community of Marrowby wants a new {thing}.",
        "{name} Plumbing and Heating: call us about the {thing}.",
        "A school near the {thing} in another town had a fair.",
        "Anyone selling a bicycle near the {thing}? The Marrowby one.",
    )
    names = ("Aldwinter", "Bickerstaffe", "Crowhurst", "Dunwoody", "Eccleshall")
    made = [f.format(thing=t, name=n) for f in forms for t in things for n in names]
    return [f"{text} ({number})" for number, text in enumerate((made * 2)[:500])]


@pytest.mark.pbd("PBD-05")
def test_of_500_near_misses_nothing_is_kept(engine: Engine, tmp_path: Path) -> None:
    """Breaks when a town, a council or a surname alone is enough to keep somebody's words."""
    lines = [{"id": str(n), "text": text} for n, text in enumerate(near_misses())]
    assert len(lines) == 500
    through(engine, tmp_path, settings(tmp_path, schools=(staffed(),)), lines, {})
    assert rows(engine, CASE) == []
    kept = {row.id for row in rows(engine, POST)} & {row.post_id for row in rows(engine, CONTENT)}
    assert kept == set()


@pytest.mark.pbd("PBD-31")
def test_what_is_deleted_at_its_source_loses_its_words_here(engine: Engine) -> None:
    """Breaks when the words of a post that its platform says is gone stay in the store."""
    store = Store(engine)
    store.keep_batch([candidate("Marrowby Community School, goneawaymarker", "7")], None)
    assert rows(engine, CONTENT)
    gone = Post(platform="web", external_id="7", fetched_at=later(days=1), deleted=True)
    store.keep_batch([type(candidate())(school().key, gone)], None)
    assert rows(engine, CONTENT) == []
    assert [row.deleted for row in rows(engine, POST)] == [True]
