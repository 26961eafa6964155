"""House rule 3 on the whole path: words and names of posts go in, and no message holds any of them."""

from __future__ import annotations

import io
import json
import logging
from pathlib import Path

import pytest
from builders import NOW, later, people, rows, settings
from mailserver import MailServer
from sqlalchemy import Engine

from config.settings import Alerts, Email
from monitor import assess, lookups, triage
from monitor.channels.email import EmailChannel
from monitor.channels.printer import PrinterChannel
from monitor.deliver import Sender
from monitor.health import report
from monitor.intake import ingest
from monitor.records import ASSESSMENT, CASE, DECISION, DELIVERY, EVENT, SETBACK
from monitor.store import Store
from monitor.works import build

MARKERS = ("zyzzyva", "quokkabird", "vexillology", "farrant", "lockyer", "odette", "piers", "trollname")
TEXTS = (
    "Mr Lockyer of Marrowby Community School is a useless fat pig, zyzzyva.",
    "I will be waiting for Mrs Farrant of Marrowby Community School with a knife, quokkabird.",
    "Odette Farrant of Marrowby Community School stole the money of the vexillology club.",
    "Piers Lockyer at Marrowby Community School hits the children in his class, zyzzyva.",
    "Marrowby Community School lost my child's coat again, quokkabird!",
    "Marrowby Community had a lovely fair, vexillology.",
)


def test_no_message_holds_a_word_or_a_name(
    engine: Engine, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    file = tmp_path / "posts.jsonl"
    file.write_text(
        "".join(
            json.dumps(
                {
                    "id": f"id-{n}",
                    "text": text,
                    "title": "zyzzyva",
                    "author_name": "Trollname",
                    "author_handle": "@trollname",
                    "context": "a thread of quokkabird",
                    "url": f"https://talk.example/quokkabird/{n}",
                    "published_at": "2026-11-20T08:00:00Z",
                }
            )
            + "\n"
            for n, text in enumerate(TEXTS)
        )
    )
    out = io.StringIO()
    with MailServer() as server:
        mail = Email(host="127.0.0.1", port=server.port, security="none", sender="watch@marrowby.example")
        alerts = Alerts(from_severity="low", printer=True)
        config = settings(tmp_path, email=mail, alerts=alerts, people=people(head="farrant"))
        works, store = build(config), Store(engine)
        ingest(file, store, works, NOW)
        assess.run(store, works.assessor, NOW)
        triage.run(store, config, NOW)
        ways = {"email": EmailChannel(mail), "printer": PrinterChannel(out)}
        Sender(store, engine, tmp_path).run(config, ways, lambda: later(minutes=1))
        sent = [str(mail) + server.text(n) for n, mail in enumerate(server.mails)]
        readers = set(server.readers)
    assert len(sent) >= 3
    kept = [
        row for table in (ASSESSMENT, CASE, DECISION, EVENT, DELIVERY, SETBACK) for row in rows(engine, table)
    ]
    for words in (*sent, out.getvalue()):
        assert [marker for marker in MARKERS if marker in words.casefold()] == []
    for words in (
        *map(str, kept),
        caplog.text,
        str(lookups.cases(engine)),
        str(report(engine, store, config, NOW)),
    ):
        assert [
            m for m in ("zyzzyva", "quokkabird", "vexillology", "trollname") if m in words.casefold()
        ] == []
    assert "chair@marrowby.example" in readers  # of what is about the head
    for case in rows(engine, CASE):
        told = {row.person for row in rows(engine, DELIVERY) if row.case_id == case.id}
        assert not ("farrant" in case.subjects and "head" in told)
