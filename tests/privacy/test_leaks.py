"""PBD-23: whatever goes wrong, no name, no words and no secret come out with it.

More than twenty kinds of fault are forced on the real command line and the real service, as processes.
Names, words and secrets are marked; after each fault no marker may stand in what the process said, in its
log, in a mail, or in any file that it left in its working, home or temporary folder (crash files, core
dumps, caches). Each test also shows that its fault did happen, by exit code and words.

What would break them: an exception whose text is printed or logged (SQLAlchemy's hold the statement's
parameters, httpx's the whole URL, decoders' the line), a traceback, or a library that logs below warning.
"""

from __future__ import annotations

import json
import resource
import signal
import socket
import socketserver
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from forced import NAME, POST, SECRET, TEXT, WAIT, WORD, House, Said, until
from installation import ROOT, Installation
from mailserver import MailServer
from servers import Peer, Reply, Request, ScriptedServer

pytestmark = pytest.mark.pbd("PBD-23")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A school with an empty, migrated database."""
    made = Installation(tmp_path_factory.mktemp("template"), mail_port=1)
    made.edit("mentionwatch.toml", r"(?m)^poll_gap = .*$", "poll_gap = 0")
    made.mentionwatch("cases")
    return made.config


@pytest.fixture(scope="module")
def owing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, with a case that a mail and a Slack message are owed for."""
    made = Installation(tmp_path_factory.mktemp("owing"), mail_port=1)
    table = '[slack]\ntoken = { credential = "slack_token" }\nchannel = "C0INVENTED"\nreaders = ["head"]\n'
    made.edit(
        "mentionwatch.toml", r"(?m)^\[alerts\]", f'{table}base_url = "http://127.0.0.1:1/api"\n[alerts]'
    )
    made.mentionwatch("ingest", str(made.file("posts.jsonl", [POST])))
    for step in ("assess", "triage"):
        made.mentionwatch("step", step)
    return made.config


@pytest.fixture
def house(tmp_path: Path, template: Path) -> House:
    return House(tmp_path, template)


@pytest.fixture
def debtor(tmp_path: Path, owing: Path) -> House:
    house = House(tmp_path, owing)
    for name in ("slack_token", "mail_password"):
        house.secret(name, SECRET)
    return house


@pytest.fixture
def site() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        yield server


# --- the network: names and tokens in an address, strangers' words in an answer ----------------

QUERY = f"?q={NAME}+{WORD}&token={SECRET}"
ANSWERS: Mapping[str, tuple[Reply, int]] = {
    "server fault": (Reply(f"{NAME} {WORD}".encode(), 500), 3),
    "log-in page": (Reply(f"<form>{NAME} {WORD}".encode(), 401), 4),
    "redirect to nowhere": (Reply(status=302, headers={"Location": f"http://[{NAME}/{WORD}"}), 4),
    "redirect inside": (Reply(status=302, headers={"Location": f"http://10.0.0.1/{NAME}"}), 4),
    "no feed at all": (Reply(f"<html><title>{NAME}</title>{WORD}".encode()), 4),
    "damaged markup": (Reply(f"<rss><channel><item><title>{NAME} {WORD}".encode()), 0),
    "wrong packing": (Reply(f"{NAME}{WORD}".encode(), headers={"Content-Encoding": "gzip"}), 3),
    "entity bomb": (Reply(f'<!DOCTYPE a [<!ENTITY {NAME} "{WORD}">]><rss>&{NAME};'.encode()), 0),
}


@pytest.mark.parametrize("answer", sorted(ANSWERS))
def test_an_answer_that_can_not_be_used(house: House, site: ScriptedServer, answer: str) -> None:
    reply, code = ANSWERS[answer]
    site.reply("/feed", reply)
    said = house.run("fetch", "feed", "--set", f"url={site.url('/feed')}{QUERY}", "--allow-host", site.host)
    assert site.asked("/feed")
    assert said.code == code, said.err
    house.kept_nothing(Said(said.code, "" if code == 0 else said.out, said.err))


def test_a_server_that_does_not_answer(house: House) -> None:
    url = f"http://127.0.0.1:1/{NAME}{QUERY}"
    said = house.run("fetch", "feed", "--set", f"url={url}", "--allow-host", "127.0.0.1:1")
    assert said.code == 3
    house.kept_nothing(said)


def test_a_client_that_fails_in_a_way_nobody_foresaw(house: House, site: ScriptedServer) -> None:
    poison = (
        "import httpx\n"
        "def send(self, request, **options):\n"
        "    raise KeyError(f'no route to {request.url}')\n"
        "httpx.Client.send = send\n"
    )
    url = f"url={site.url('/feed')}{QUERY}"
    said = house.run("fetch", "feed", "--set", url, "--allow-host", site.host, poison=poison)
    assert said.code == 1
    assert "KeyError" in said.err
    house.kept_nothing(said)


def test_interrupted_at_the_keyboard(house: House, site: ScriptedServer) -> None:
    site.on("/feed", lambda request, peer: peer.hang())
    url = f"url={site.url('/feed')}{QUERY}"
    process = house.start("fetch", "feed", "--set", url, "--allow-host", site.host)
    until(lambda: bool(site.asked("/feed")), house)
    process.send_signal(signal.SIGINT)
    assert process.wait(WAIT) not in (0, None)
    house.holds_nothing(house.log())
    assert "Traceback" not in house.log()


# --- the database ------------------------------------------------------------------------------

IMPATIENT = (
    "import sqlite3.dbapi2 as s\n"
    "real = s.connect\n"
    "class Impatient(s.Connection):\n"
    "    def execute(self, sql, *values):\n"
    "        return super().execute('PRAGMA busy_timeout=50' if 'busy_timeout' in sql else sql, *values)\n"
    "s.connect = lambda *a, **k: real(*a, **{**k, 'factory': Impatient, 'timeout': 0.05})\n"
)


def test_a_database_that_is_locked(house: House) -> None:
    other = sqlite3.connect(house.database, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    try:
        said = house.here("ingest", house.posts(POST), poison=IMPATIENT)
    finally:
        other.close()
    assert said.code == 1
    assert "OperationalError" in said.err or "locked" in said.err
    house.kept_nothing(said)


def test_a_database_that_refuses_a_row_and_quotes_it(house: House) -> None:
    with sqlite3.connect(house.database) as other:
        other.execute(
            "CREATE TRIGGER no BEFORE INSERT ON content BEGIN SELECT RAISE(ABORT, 'constraint failed'); END"
        )
    other.close()
    said = house.here("ingest", house.posts(POST))
    assert said.code == 1
    assert "IntegrityError" in said.err
    house.kept_nothing(said)


def test_a_database_that_can_only_be_read(house: House) -> None:
    with sqlite3.connect(house.database) as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    other.close()
    with house.database.open("r+b") as file:
        file.seek(18)  # "file format write version": above what SQLite knows, the file is read-only
        file.write(b"\x09")
    said = house.here("ingest", house.posts(POST))
    assert said.code == 1
    house.kept_nothing(said)


def test_a_database_that_is_no_database(house: House) -> None:
    house.database.write_bytes(f"{NAME} {WORD}\n".encode() * 200)
    for words in (["cases"], ["ingest", house.posts(POST)], ["health"]):
        said = house.here(*words)
        assert said.code == 1
        house.kept_nothing(said)


def test_no_room_on_the_disk(house: House) -> None:
    limit = house.database.stat().st_size + 8192
    posts = house.posts(*(POST | {"id": str(n), "text": TEXT + " pig" * 4000} for n in range(40)))
    said = house.here(
        "ingest", posts, before=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    )
    assert said.code == 1
    house.kept_nothing(said)


def test_a_database_address_that_holds_a_password(house: House) -> None:
    """The password comes in by the secret; the database does not answer."""
    house.change(
        "mentionwatch.toml", 'data_dir = "data"', 'data_dir = "data"\ndatabase = { credential = "db" }'
    )
    for url in (f"postgresql+psycopg://watch:{SECRET}@127.0.0.1:1/{NAME}", f"nonsense of {SECRET}"):
        said = house.run("cases", "--config", str(house.config), environment={"MENTIONWATCH_DB": url})
        assert said.code in (1, 2), said.err
        house.kept_nothing(said)


# --- what people hand in -----------------------------------------------------------------------

LINES: Mapping[str, str] = {
    "unknown key": json.dumps(POST | {"pupil": NAME}),
    "wrong type": json.dumps(POST | {"text": {NAME: WORD}}),
    "half a line": json.dumps(POST)[:-5],
    "a time without a zone": json.dumps(POST | {"published_at": f"2026-11-20T08:00:00 {NAME}"}),
    "a school that is not there": json.dumps(POST | {"school": f"{NAME} of {WORD}"}),
    "an unknown kind": json.dumps(POST | {"kind": NAME}),
    "nested without end": "[" * 100_000 + NAME,
    "no object": json.dumps([NAME, WORD]),
    "a year that is none": json.dumps(POST | {"published_at": "0001-01-01T00:00:00+14:00"}),
}


@pytest.mark.parametrize("line", sorted(LINES))
def test_a_line_that_can_not_be_taken(house: House, line: str) -> None:
    said = house.here("ingest", house.posts(POST, LINES[line]))
    assert said.code == 2
    assert "posts.jsonl:2" in said.err
    house.kept_nothing(said)


def test_bytes_that_are_no_text(house: House) -> None:
    path = house.files / "posts.jsonl"
    path.write_bytes(json.dumps(POST).encode() + b"\n\xff\xfe" + NAME.encode("utf-16-le") + b"\n")
    said = house.here("ingest", str(path))
    assert said.code == 2
    house.kept_nothing(said)
    halves = json.dumps(POST | {"id": "2", "text": f"{TEXT} \ud83d \0"})
    stdin = halves.encode() + b"\n\xff" + NAME.encode() + b"\n"
    answered = house.run("assess", "--schools", str(house.config / "schools.toml"), stdin=stdin)
    assert answered.code == 0
    house.holds_nothing(answered.err, answered.out.splitlines()[-1])


def test_files_that_may_not_or_can_not_be_read(house: House) -> None:
    assert house.here("ingest", str(house.files)).code == 2
    link = house.files / "seen.txt"
    real = house.files / "real"
    real.write_text(TEXT)
    link.symlink_to(real)
    said = house.here("report", str(link))
    assert said.code == 2
    house.kept_nothing(said)


def test_a_cursor_that_is_none(house: House, site: ScriptedServer) -> None:
    url = f"url={site.url('/feed')}"
    site.reply("/feed", b"<rss version='2.0'><channel><title>t</title></channel></rss>")
    for cursor in (f'{{"v": "{NAME}', f'["{WORD}"]', json.dumps({"v": NAME, "seen": {WORD: SECRET}})):
        said = house.run("fetch", "feed", "--set", url, "--allow-host", site.host, "--cursor", cursor)
        house.holds_nothing(said.err)
        assert "Traceback" not in said.err


# --- settings ----------------------------------------------------------------------------------

SETTINGS: Mapping[str, tuple[str, str, str]] = {
    "a password in place of its name": ("mentionwatch.toml", "[email]", f'[email]\npassword = "{SECRET}"'),
    "an unknown key": ("people.toml", 'id = "head"', f'id = "head"\nhome_town = "{NAME}"'),
    "a wrong type": ("mentionwatch.toml", "poll_gap = 0", f'poll_gap = ["{NAME}"]'),
    "no TOML": ("people.toml", 'id = "head"', f'id = "head\nnote = {NAME} {WORD}'),
    "a password in an address": (
        "mentionwatch.toml",
        'data_dir = "data"',
        f'data_dir = "data"\ndatabase = "postgresql+psycopg://watch:{SECRET}@db.example/{NAME}"',
    ),
    "a token in place of its name": (
        "mentionwatch.toml",
        "[alerts]",
        f'[slack]\ntoken = "{SECRET}"\nchannel = "C0INVENTED"\nreaders = ["head"]\n[alerts]',
    ),
    "a pupil among the staff": ("schools.toml", "staff = [", f'pupils = ["{NAME}"]\nstaff = ['),
}


@pytest.mark.parametrize("fault", sorted(SETTINGS))
def test_settings_that_are_wrong(house: House, fault: str) -> None:
    house.change(*SETTINGS[fault])
    said = house.here("check")
    assert said.code == 2, said.err
    house.kept_nothing(said)


def test_letters_that_the_terminal_does_not_know(debtor: House) -> None:
    debtor.change("schools.toml", "Larkhill Primary School", f"Larkhill Primary School Llŷn \u2026 {NAME}")
    environment = {"PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii", "LC_ALL": "C"}
    for words in (["show", "1"], ["health"]):
        said = debtor.run(*words, "--config", str(debtor.config), environment=environment)
        debtor.kept_nothing(Said(said.code, "", said.err))


# --- a component of our own house that fails ----------------------------------------------------

POISONED = (
    "import spacy.language\n"
    "def fail(self, doc, *more, **options):\n"
    f"    raise ValueError(f'could not read {{doc.text}} {WORD} {NAME}')\n"
    "spacy.language.Language.__call__ = fail\n"
)


def test_a_poisoned_component_on_the_command_line(house: House) -> None:
    schools = str(house.config / "schools.toml")
    said = house.run("assess", "--schools", schools, stdin=json.dumps(POST).encode(), poison=POISONED)
    assert said.code == 0
    assert "could not be assessed (ValueError)" in said.out
    house.kept_nothing(said)


def test_a_poisoned_component_in_a_step(house: House) -> None:
    assert house.here("ingest", house.posts(POST)).code == 0
    for _ in range(3):
        said = house.here("step", "assess", poison=POISONED)
        assert "ValueError" in said.err
        house.kept_nothing(said)
    house.here("step", "triage")
    for words in (["cases", "--json"], ["show", "1"], ["health"]):
        told = house.here(*words)
        house.holds_nothing(told.err, told.out if words[0] != "show" else "")


# --- the service: its log, its mails ------------------------------------------------------------


def feed(*texts: str) -> bytes:
    entries = "".join(
        f"<item><guid isPermaLink='false'>{n}</guid><author>{NAME}</author><title>{WORD}</title>"
        f"<link>https://talk.example/{WORD}</link><description>{text}</description></item>"
        for n, text in enumerate(texts)
    )
    return f"<rss version='2.0'><channel><title>Town talk</title>{entries}</channel></rss>".encode()


def source(site: ScriptedServer) -> str:
    return f'[[source]]\nname = "talk"\nkind = "feed"\nevery = "1s"\nurl = "{site.url("/feed")}{QUERY}"\n'


def _serving(house: House, site: ScriptedServer, mail_port: int, poison: str = "") -> subprocess.Popen[bytes]:
    house.change("mentionwatch.toml", "port = 1\n", f"port = {mail_port}\n")
    house.change("mentionwatch.toml", "poll_gap = 0", f'poll_gap = 0\nallow_hosts = ["{site.host}"]')
    (house.config / "sources.toml").write_text(source(site))
    return house.start("run", "--no-console", "--config", str(house.config), poison=poison)


def _ended(process: subprocess.Popen[bytes], house: House) -> None:
    process.terminate()
    assert process.wait(WAIT) == 0, house.log()


@pytest.mark.slow
def test_a_poisoned_component_in_the_service(house: House, site: ScriptedServer) -> None:
    site.reply("/feed", feed(TEXT))
    with MailServer() as mails:
        process = _serving(house, site, mails.port, POISONED)
        try:
            until(lambda: len(mails.mails) >= 1, house)  # a person is asked to look
        finally:
            _ended(process, house)
        words = [mail.as_string() for mail in mails.mails] + [mails.text(n) for n in range(len(mails.mails))]
    assert "could not be assessed: ValueError" in house.log()
    house.holds_nothing(house.log(), *words)


@pytest.mark.slow
def test_a_bad_configuration_in_the_service(house: House, site: ScriptedServer) -> None:
    site.reply("/feed", feed(TEXT))
    with MailServer() as mails:
        process = _serving(house, site, mails.port)
        try:
            until(lambda: len(mails.mails) >= 1, house)
            house.change(*SETTINGS["a password in place of its name"])
            house.change(*SETTINGS["an unknown key"])
            process.send_signal(signal.SIGHUP)
            until(lambda: "the old one stays" in house.log(), house)
            site.reply("/feed", b"<html>" + NAME.encode())
            until(lambda: "source talk: " in house.log(), house)
        finally:
            _ended(process, house)
        words = [mail.as_string() for mail in mails.mails] + [mails.text(n) for n in range(len(mails.mails))]
    house.holds_nothing(house.log(), *words)


class _Quoting(socketserver.StreamRequestHandler):
    """A mail server that quotes names, words and passwords in each refusal."""

    def handle(self) -> None:
        refuse: str = self.server.refuse  # type: ignore[attr-defined]
        self._say("220 here")
        while line := self.rfile.readline():
            word = line[:4].decode("latin-1").upper().strip()
            if word == refuse:
                self._say(f"554 5.7.1 {NAME} wrote {WORD}, password {SECRET}")
            elif word == "DATA":
                self._say("354 go on")
                while self.rfile.readline().strip() not in (b".", b""):
                    continue
                self._say("250 taken")
            else:
                self._say("250-here\r\n250 AUTH PLAIN" if word == "EHLO" else "250 ok")

    def _say(self, words: str) -> None:
        self.wfile.write(words.encode() + b"\r\n")


@pytest.mark.parametrize("refuse", ["EHLO", "AUTH", "MAIL", "RCPT", "DATA"])
def test_a_mail_server_that_quotes(debtor: House, refuse: str) -> None:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Quoting) as server:
        server.refuse = refuse  # type: ignore[attr-defined]
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        port = server.server_address[1]
        login = f'port = {port}\nusername = "watch"\npassword = {{ credential = "mail_password" }}\n'
        debtor.change("mentionwatch.toml", "port = 1\n", login)
        said = [debtor.here("step", "deliver"), debtor.here("health"), debtor.here("cases", "--json")]
        server.shutdown()
    assert "email to the" in said[0].err
    for one in said:
        debtor.kept_nothing(one)


@pytest.mark.parametrize("kind", ["words", "html", "cut", "unreachable"])
def test_a_slack_that_quotes(debtor: House, site: ScriptedServer, kind: str) -> None:
    def answer(request: Request, peer: Peer) -> Reply | None:
        if kind == "cut":
            peer.send(f'HTTP/1.1 200 OK\r\n\r\n{{"ok": "{NAME} {SECRET}'.encode())
            return None
        if kind == "html":
            return Reply(f"<html>{NAME} {WORD} {SECRET}".encode(), 500)
        body = json.dumps({"ok": False, "error": f"{NAME}_{SECRET}", "needed": WORD})
        return Reply(body.encode(), 200, {"Content-Type": "application/json"})

    site.on("/api/conversations.info", answer)
    if kind != "unreachable":
        debtor.change("mentionwatch.toml", "http://127.0.0.1:1/api", site.url("/api"))
    said = [debtor.here("step", "deliver"), debtor.here("health")]
    assert "slack to the" in said[0].err, said[0].err
    for one in said:
        debtor.kept_nothing(one)


def test_a_listener_that_went_away(house: House, site: ScriptedServer) -> None:
    """`fetch | head`: standard output is closed while posts are printed; nothing turns up on the other one."""
    site.reply("/feed", feed(*(f"{TEXT} {n}" * 50 for n in range(200))))
    reader, writer = socket.socketpair()
    reader.close()
    url = f"url={site.url('/feed')}{QUERY}"
    process = subprocess.Popen(
        [sys.executable, "-m", "monitor", "fetch", "feed", "--set", url, "--allow-host", site.host],
        stdout=writer.fileno(),
        stderr=subprocess.PIPE,
        cwd=house.room,
        env=house.environment(""),
    )
    writer.close()
    _, said = process.communicate(timeout=WAIT)
    assert process.returncode != 0
    house.holds_nothing(said.decode())


@pytest.mark.pbd("PBD-13")
def test_a_post_about_nobody_reaches_no_file(house: House) -> None:
    """Breaks when a post is stored, cached or logged before the name gate has seen it."""
    lines = [{"id": str(n), "text": f"{WORD} number {n} for sale", "author_name": NAME} for n in range(50)]
    said = [house.here("ingest", house.posts(*lines)), house.here("step", "assess")]
    kept = [path.read_bytes() for path in (house.config / "data").rglob("*") if path.is_file()]
    assert kept
    house.holds_nothing(*(one.out + one.err for one in said), *(raw.decode("latin-1") for raw in kept))
    assert "LimitCORE=0" in (ROOT / "systemd" / "mentionwatch.service").read_text().splitlines()
