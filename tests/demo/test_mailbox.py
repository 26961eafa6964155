"""The mail sink: takes every mail, keeps each, and ends when told."""

from __future__ import annotations

import os
import signal
import smtplib
import subprocess
import sys
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from monitor.demo.mailbox import Letter, Mailbox

ROOT = Path(__file__).resolve().parents[2]


def mail(to: str, subject: str, text: str) -> EmailMessage:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "mentionwatch@school.example", to, subject
    made.set_content(text)
    return made


def send(port: int, *mails: EmailMessage) -> None:
    with smtplib.SMTP("127.0.0.1", port, timeout=10) as server:
        for one in mails:
            server.send_message(one)


def test_mails_are_kept_in_memory_and_as_files(tmp_path: Path) -> None:
    seen: list[Letter] = []
    with Mailbox(tmp_path / "mails", then=seen.append) as box:
        send(
            box.port,
            mail("head@school.example", "One", "first £\n"),
            mail("chair@school.example", "Two", "second\n"),
        )
        letters = box.letters
    assert [(x.to, x.subject, x.text.replace("\r\n", "\n")) for x in letters] == [
        ("head@school.example", "One", "first £\n"),
        ("chair@school.example", "Two", "second\n"),
    ]
    assert [x.file.name for x in letters] == ["0001.eml", "0002.eml"]
    kept = message_from_bytes(letters[0].file.read_bytes(), policy=policy.default)
    assert kept["Subject"] == "One"
    assert tuple(seen) == letters


def test_a_long_subject_comes_back_whole(tmp_path: Path) -> None:
    subject = (
        "[mentionwatch] CRITICAL: threatening - A School With Quite A Long Name Indeed, Pennyfold - case 12"
    )
    with Mailbox(tmp_path) as box:
        send(box.port, mail("head@school.example", subject, "words"))
    assert box.letters[0].subject == subject


def test_earlier_files_are_never_overwritten(tmp_path: Path) -> None:
    for number in range(2):
        with Mailbox(tmp_path) as box:
            send(box.port, mail("head@school.example", str(number), "words"))
    assert sorted(file.name for file in tmp_path.iterdir()) == ["0001.eml", "0002.eml"]


def test_a_folder_that_can_not_be_written_is_a_passing_fault_for_the_sender(tmp_path: Path) -> None:
    folder = tmp_path / "mails"
    with Mailbox(folder) as box:
        folder.rmdir()
        with pytest.raises(smtplib.SMTPDataError) as refused:
            send(box.port, mail("head@school.example", "One", "words"))
        folder.mkdir()
        send(box.port, mail("head@school.example", "One", "words"))
    assert refused.value.smtp_code == 451
    assert len(box.letters) == 1


def test_it_ends_with_a_client_still_connected(tmp_path: Path) -> None:
    with Mailbox(tmp_path) as box:
        server = smtplib.SMTP("127.0.0.1", box.port, timeout=10)
    server.close()


@pytest.mark.parametrize("told", [signal.SIGINT, signal.SIGTERM])
def test_serve_prints_a_line_for_each_mail_and_ends_when_told(tmp_path: Path, told: signal.Signals) -> None:
    code = (
        "import sys; from pathlib import Path; from monitor.demo.mailbox import serve; "
        "serve(0, Path(sys.argv[1]))"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "mails")]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
    ) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        port = int(first.partition("127.0.0.1:")[2].partition(",")[0])
        send(port, mail("head@school.example", "Hello", "words"))
        assert "to head@school.example: Hello" in process.stdout.readline()
        process.send_signal(told)
        assert "1 mail(s) kept" in process.stdout.read()
        assert process.wait(10) == 0
