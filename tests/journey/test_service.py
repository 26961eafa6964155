"""The whole way on the real service: a feed on a local web server in, a mail in the right mailbox out."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
from installation import Installation
from mailserver import MailServer
from servers import ScriptedServer

WAIT = 40.0  # seconds for a slow machine; nothing here depends on how fast it is
THREAT = "I will be waiting for Mrs Venn of Larkhill Primary School at the gate at 3pm with a knife."
ABUSE = "That Mr Adeyinka at Larkhill Primary School is a useless fat pig."
PRAISE = "Wicked assembly at Larkhill Primary School, Mrs Venn is an absolute legend."
STRANGER = "Zebulonmarker sells three second-hand bicycles in Upper Nowhere."


def feed(*items: tuple[str, str]) -> bytes:
    """An RSS feed of (id, text)."""
    when = format_datetime(datetime.now(UTC) - timedelta(minutes=14))
    entries = "".join(
        f"<item><guid isPermaLink='false'>{key}</guid><title>Comment</title><pubDate>{when}</pubDate>"
        f"<description>{escape(text)}</description></item>"
        for key, text in items
    )
    return f"<rss version='2.0'><channel><title>Town talk</title>{entries}</channel></rss>".encode()


@pytest.fixture
def mails() -> Iterator[MailServer]:
    with MailServer() as server:
        yield server


@pytest.fixture
def site() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        yield server


@pytest.fixture
def house(tmp_path: Path, mails: MailServer, site: ScriptedServer) -> Installation:
    made = Installation(tmp_path, mail_port=mails.port)
    made.edit("mentionwatch.toml", r"(?m)^poll_gap = .*$", f'poll_gap = 0\nallow_hosts = ["{site.host}"]')
    made.write("sources.toml", source(site))
    return made


def source(site: ScriptedServer, name: str = "town talk") -> str:
    return f'[[source]]\nname = "{name}"\nkind = "feed"\nevery = "1s"\nurl = "{site.url("/feed")}"\n'


@pytest.fixture
def service(house: Installation) -> Iterator[subprocess.Popen[bytes]]:
    process = house.start("run", "--no-console")
    yield process
    if process.poll() is None:
        process.kill()
    process.wait(10)


def until(what: Callable[[], bool], house: Installation) -> None:
    end = time.monotonic() + WAIT
    while not what():
        assert time.monotonic() < end, house.log()
        time.sleep(0.05)


@pytest.mark.slow
def test_a_public_post_becomes_an_alert_in_the_right_mailbox(
    house: Installation, site: ScriptedServer, mails: MailServer, service: subprocess.Popen[bytes]
) -> None:
    site.reply("/feed", feed(("1", PRAISE), ("2", STRANGER)))
    until(lambda: len(site.asked("/feed")) >= 2, house)
    assert mails.mails == []
    site.reply("/feed", feed(("1", PRAISE), ("2", STRANGER), ("3", THREAT), ("4", ABUSE)))
    until(lambda: len(mails.mails) >= 2, house)
    cases = json.loads(house.mentionwatch("cases", "--json").stdout)
    threat = next(case for case in cases if case["severity"] == "critical")
    abuse = next(case for case in cases if case["category"] == "abusive_harassing")
    assert threat["subjects"] == ["venn"]
    assert abuse["subjects"] == ["adeyinka"]
    urgent = [mail for mail in mails.mails if mail["Subject"].endswith(f"case {threat['id']}")]
    told = {str(mail["To"]) for mail in urgent}
    assert told
    assert "head@larkhillprimary.example" not in told, "nobody is told about themselves"
    words = str(urgent[0].get_content())
    assert "14 minutes after it was posted" in words
    assert "call 999" in words
    assert "01632" in words or "0344" in words or "101" in words, "the path holds its telephone numbers"
    assert "1. FIRST" in words
    for mail in mails.mails:
        for word in ("Venn", "Adeyinka", "knife", "pig", "gate at"):
            assert word not in mail.as_string()
    assert b"Zebulonmarker" not in _everything_kept(house)


def _everything_kept(house: Installation) -> bytes:
    files = [path for path in (house.config / "data").rglob("*") if path.is_file()]
    return b"".join(path.read_bytes() for path in files) + house.log().encode()


@pytest.mark.slow
def test_sigterm_drains_and_stops_inside_ten_seconds(
    house: Installation, site: ScriptedServer, service: subprocess.Popen[bytes]
) -> None:
    site.on("/feed", lambda request, peer: peer.hang())  # a source that never answers
    until(lambda: bool(site.asked("/feed")), house)
    began = time.monotonic()
    service.send_signal(signal.SIGTERM)
    assert service.wait(12) == 0
    assert time.monotonic() - began < 10


@pytest.mark.slow
def test_a_bad_configuration_does_not_disturb_the_running_service(
    house: Installation, site: ScriptedServer, mails: MailServer, service: subprocess.Popen[bytes]
) -> None:
    site.reply("/feed", feed(("1", PRAISE)))
    until(lambda: bool(site.asked("/feed")), house)
    house.write("sources.toml", source(site).replace("every", "evry"))
    refused = house.mentionwatch("check", check=False)
    assert refused.returncode == 2
    assert b"sources.toml:4" in refused.stderr
    service.send_signal(signal.SIGHUP)
    until(lambda: "the old one stays" in house.log(), house)
    assert "sources.toml:4" in house.log()
    site.reply("/feed", feed(("1", PRAISE), ("2", ABUSE)))
    until(lambda: len(mails.mails) == 1, house)
    house.write("sources.toml", source(site, "renamed"))
    service.send_signal(signal.SIGHUP)
    until(lambda: "configuration read again" in house.log(), house)
    until(lambda: any(s["name"] == "renamed" and s["state"] == "good" for s in _sources(house)), house)


def _sources(house: Installation) -> list[dict[str, str]]:
    report = json.loads(house.mentionwatch("health", "--json", check=False).stdout)
    return list(report["sources"])


def hear(ear: socket.socket, wanted: str) -> str:
    """The next datagram that begins with `wanted`; signs of life and status lines may come in between."""
    while True:
        said = ear.recv(4096).decode()
        if said.startswith(wanted):
            return said
        assert said.partition("=")[0] in ("WATCHDOG", "STATUS", "READY"), said


@pytest.mark.slow
def test_systemd_hears_ready_alive_and_stopping(
    house: Installation, site: ScriptedServer, tmp_path: Path
) -> None:
    site.reply("/feed", feed(("1", PRAISE)))
    where = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(str(where))
        ear.settimeout(WAIT)
        process = house.start("run", "--no-console", NOTIFY_SOCKET=str(where), WATCHDOG_USEC="1000000")
        try:
            assert "STATUS=" in hear(ear, "READY=1")
            assert "1 of 1 sources good" in hear(ear, "STATUS=")
            hear(ear, "WATCHDOG=1")
            process.send_signal(signal.SIGHUP)
            assert "MONOTONIC_USEC=" in hear(ear, "RELOADING=1")
            hear(ear, "READY=1")
            process.terminate()
            hear(ear, "STOPPING=1")
            assert process.wait(12) == 0
        finally:
            if process.poll() is None:
                process.kill()
            process.wait(10)


@pytest.mark.slow
def test_a_second_service_on_the_same_data_refuses(
    house: Installation, site: ScriptedServer, service: subprocess.Popen[bytes]
) -> None:
    site.reply("/feed", feed(("1", PRAISE)))
    until(lambda: bool(site.asked("/feed")), house)
    second = house.mentionwatch("run", "--no-console", check=False)
    assert second.returncode == 1
    assert b"already runs" in second.stderr
    assert service.poll() is None
