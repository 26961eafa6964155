"""The conformance suite of channels, over real servers in each mood, and what TLS must do."""

from __future__ import annotations

import contextlib
import io
import logging
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from mailserver import MailServer

from config.secrets import Secret
from config.settings import Email
from monitor.channels.base import Failed, Message, Outcome, Retry, Sent, Trouble
from monitor.channels.email import EmailChannel
from monitor.channels.printer import PrinterChannel
from monitor.channels.testing import MOODS, faults_of

PASSWORD = "plover-and-7-gates"
MESSAGE = Message("reader@marrowby.example", "[mentionwatch] LOW: abusive", "Dear reader,\n.\nbye\n")
KEY = "mentionwatch-7-20261120T090000000000"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def password(tmp_path: Path) -> Secret:
    file = tmp_path / "secrets" / "mail"
    file.parent.mkdir()
    file.write_text(PASSWORD + "\n")
    file.chmod(0o600)
    return Secret("mail", tmp_path)


@pytest.fixture(scope="module")
def contexts(authority: trustme.CA) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's side with a certificate of `authority` for this machine, and a client's that trusts it."""
    server, client = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), ssl.create_default_context()
    authority.issue_cert("127.0.0.1", "localhost").configure_cert(server)
    authority.configure_trust(client)
    return server, client


def mail_to(
    port: int, security: str = "none", *, password: Secret | None = None, tls: ssl.SSLContext | None = None
) -> EmailChannel:
    login = {"username": "watch", "password": password} if password else {}
    settings = Email.model_validate(
        {"host": "127.0.0.1", "port": port, "security": security, "sender": "watch@marrowby.example"}
        | {"timeout": 2.0}
        | login
    )
    return EmailChannel(settings, tls=tls)


def nobody_listens() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def sent_in(mood: str) -> tuple[Outcome, MailServer]:
    with MailServer(mood) as running:
        return mail_to(running.port).send(MESSAGE, KEY), running


@pytest.mark.parametrize("security", ["none", "starttls", "tls"])
def test_email_conforms(
    security: str,
    password: Secret,
    contexts: tuple[ssl.SSLContext, ssl.SSLContext],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    theirs, ours = contexts
    with contextlib.ExitStack() as stack:

        def make(mood: str) -> EmailChannel:
            if mood == "unreachable":
                return mail_to(nobody_listens(), security, password=password, tls=ours)
            server = stack.enter_context(
                MailServer(
                    mood,
                    tls=theirs if security == "tls" else None,
                    starttls=theirs if security == "starttls" else None,
                    login=("watch", PASSWORD),
                )
            )
            return mail_to(server.port, security, password=password, tls=ours)

        assert faults_of(make, tuple(MOODS), (PASSWORD,)) == []
    assert PASSWORD not in caplog.text


def test_the_suite_finds_a_bad_channel() -> None:
    class Bad:
        name = "bad"

        def send(self, message: Message, key: str) -> Outcome:
            return Sent(PASSWORD)

    faults = faults_of(lambda mood: Bad(), ("well", "busy"), (PASSWORD,))
    assert len(faults) == 3  # the wrong outcome once, the secret twice
    assert any("busy" in fault for fault in faults)


@pytest.mark.parametrize(
    ("mood", "expected"),
    [
        ("well", Sent(KEY)),
        ("busy", Retry(Trouble.SERVER)),
        ("full", Retry(Trouble.RATE_LIMITED)),
        ("refuses the reader", Failed(Trouble.REFUSED)),
        ("refuses the mail", Failed(Trouble.REFUSED)),
        ("wants a login", Retry(Trouble.AUTH)),
        ("drops after the words", Retry(Trouble.UNREACHABLE)),
        ("drops at goodbye", Sent(KEY)),
        ("odd at goodbye", Sent(KEY)),
        ("turns everybody away", Retry(Trouble.SERVER)),
        ("silent", Retry(Trouble.TIMEOUT)),
    ],
)
def test_outcome_in_each_mood(mood: str, expected: Outcome) -> None:
    outcome, server = sent_in(mood)
    assert outcome == expected
    taken = mood in ("well", "drops after the words", "drops at goodbye", "odd at goodbye")
    assert len(server.mails) == int(taken)


def test_the_mail_is_whole_and_marked() -> None:
    _, server = sent_in("well")
    (mail,) = server.mails
    assert server.readers == ["reader@marrowby.example"]
    assert mail["Message-ID"] == f"<{KEY}@marrowby.example>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Subject"] == MESSAGE.subject
    assert server.text() == MESSAGE.text  # the lone full stop is not the end


def test_tls_is_used(password: Secret, contexts: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    theirs, ours = contexts
    with MailServer(starttls=theirs, login=("watch", PASSWORD)) as server:
        outcome = mail_to(server.port, "starttls", password=password, tls=ours).send(MESSAGE, KEY)
    assert outcome == Sent(KEY)
    assert server.safe == [True]


@pytest.mark.parametrize("security", ["starttls", "tls"])
@pytest.mark.parametrize("wrong", ["unknown authority", "another host"])
def test_a_wrong_certificate_is_insecure(authority: trustme.CA, security: str, wrong: str) -> None:
    theirs, ours = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), ssl.create_default_context()
    authority.issue_cert("127.0.0.1" if wrong == "unknown authority" else "mail.example").configure_cert(
        theirs
    )
    if wrong == "another host":
        authority.configure_trust(ours)
    sides = {"tls": theirs} if security == "tls" else {"starttls": theirs}
    with MailServer(**sides) as server:
        outcome = mail_to(server.port, security, tls=ours).send(MESSAGE, KEY)
    assert outcome == Retry(Trouble.INSECURE)
    assert server.mails == []


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_server_without_tls_is_insecure(security: str, password: Secret) -> None:
    with MailServer(login=("watch", PASSWORD)) as server:
        outcome = mail_to(server.port, security, password=password).send(MESSAGE, KEY)
    assert outcome == Retry(Trouble.INSECURE)
    assert server.mails == []


def test_a_missing_secret_waits_for_a_person(tmp_path: Path) -> None:
    with MailServer(login=("watch", PASSWORD)) as server:
        channel = mail_to(server.port, password=Secret("none-such", tmp_path))
        assert channel.send(MESSAGE, KEY) == Retry(Trouble.AUTH)


def test_a_password_outside_ascii_waits_for_a_person(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    file = tmp_path / "secrets" / "mail"
    file.write_text("£lover")
    file.chmod(0o600)
    with MailServer(login=("watch", "£lover")) as server:
        channel = mail_to(server.port, password=Secret("mail", tmp_path))
        assert channel.send(MESSAGE, KEY) == Retry(Trouble.AUTH)


@pytest.mark.parametrize(
    "message",
    [
        Message("reader@marrowby.example", "one\nBcc: all@marrowby.example", "x"),
        Message("reader@marrowby.example\r\nBcc: all@marrowby.example", "one", "x"),
    ],
)
def test_a_header_can_not_be_smuggled_in(message: Message) -> None:
    with MailServer() as server:
        assert mail_to(server.port).send(message, KEY) == Failed(Trouble.SETTINGS)
    assert server.mails == []


def test_secrets_show_nowhere(password: Secret) -> None:
    channel = mail_to(25, password=password)
    assert PASSWORD not in f"{channel!r}{channel}{channel.settings.model_dump()}"


class Printer:
    """Makes printers in the moods that an output can be in."""

    @staticmethod
    def make(mood: str) -> PrinterChannel:
        out = io.StringIO()
        if mood == "unreachable":
            out.close()
        return PrinterChannel(out)


def test_printer_conforms() -> None:
    assert faults_of(Printer.make, ("well", "unreachable"), ()) == []


def test_printer_prints_all() -> None:
    out = io.StringIO()
    PrinterChannel(out).send(MESSAGE, KEY)
    assert MESSAGE.subject in out.getvalue()
    assert MESSAGE.text in out.getvalue()


@pytest.fixture
def narrow_output(tmp_path: Path) -> Iterator[io.TextIOWrapper]:
    with (tmp_path / "out").open("w", encoding="ascii") as out:
        yield out


def test_printer_on_a_terminal_that_knows_no_such_letter(narrow_output: io.TextIOWrapper) -> None:
    words = Message("", "subject", "\N{PILE OF POO}")
    assert PrinterChannel(narrow_output).send(words, KEY) == Retry(Trouble.UNREACHABLE)
