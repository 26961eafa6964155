"""The command line as a person or a program meets it: real processes, exit codes, what stands where."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from installation import ROOT, Installation
from mailserver import MailServer
from servers import ScriptedServer

from monitor.cli import app, main

COMMANDS = sorted(info.callback.__name__ for info in app.registered_commands if info.callback)
Within = Callable[..., tuple[int, str, str]]
NAMED = "That Mr Adeyinka at Larkhill Primary School is a useless fat pig."


def monitor(*words: str, stdin: bytes = b"", folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200", "NO_COLOR": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "monitor", *words],
        input=stdin,
        capture_output=True,
        env=environment,
        timeout=120,
        cwd=folder,
    )
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """A school with one alerted case whose mail could not be sent yet."""
    made = Installation(tmp_path_factory.mktemp("cli"), mail_port=1)
    posts = made.file("posts.jsonl", [{"id": "1", "text": NAMED, "url": "https://talk.example/1"}])
    made.mentionwatch("ingest", str(posts))
    for step in ("assess", "triage", "deliver"):
        made.mentionwatch("step", step)
    return made


def said(house: Installation, *words: str) -> subprocess.CompletedProcess[str]:
    return monitor(*words, "--config", str(house.config))


def test_check(house: Installation) -> None:
    done = said(house, "check", "--json")
    assert done.returncode == 0
    found = json.loads(done.stdout)
    assert {"schools", "sources", "warnings", "gates"} <= set(found)
    assert found["schools"] == [{"key": "larkhill", "name": "Larkhill Primary School"}]
    assert set(found["gates"]) == {"dpia", "notice", "test_message"}
    assert "The configuration is sound: 1 school(s)" in said(house, "check").stderr


def test_cases_and_show(house: Installation) -> None:
    (case,) = json.loads(said(house, "cases", "--json").stdout)
    assert {"id", "school", "category", "severity", "status", "post_count", "opened_at", "messages"} <= set(
        case
    )
    assert (case["category"], case["status"], case["post_count"]) == ("abusive_harassing", "alerted", 1)
    assert "abusive harassing" in said(house, "cases").stdout
    shown = said(house, "show", str(case["id"]))
    assert "https://talk.example/1" in shown.stdout
    assert "fat pig" not in shown.stdout + shown.stderr
    found = json.loads(said(house, "show", str(case["id"]), "--json").stdout)
    assert {"events", "deliveries", "posts"} <= set(found)
    missing = said(house, "show", "99")
    assert (missing.returncode, missing.stderr.strip()) == (1, "There is no case 99.")


def test_health_has_something_to_do(house: Installation) -> None:
    done = said(house, "health", "--json")
    found = json.loads(done.stdout)
    assert done.returncode == 1
    assert found["ok"] is False
    assert found["undelivered"] == 1
    assert "no source is configured: nothing is read" in found["problems"]
    plain = said(house, "health")
    assert plain.returncode == 1
    assert "to do: no source is configured" in plain.stderr


def test_ingest_twice_and_a_bad_file(house: Installation) -> None:
    again = json.loads(said(house, "ingest", str(house.folder / "posts.jsonl")).stdout)
    assert again == {"lines": 1, "candidates": 1, "new": 0, "changed": 0, "known": 1}
    bad = house.folder / "bad.jsonl"
    bad.write_text('{"id": "2", "text": "Larkhill Primary School"}\n{"txt": "secretword"}\nnonsense\n')
    done = said(house, "ingest", str(bad))
    assert done.returncode == 2
    assert [line.split(" ")[0] for line in done.stderr.splitlines()[:2]] == ["bad.jsonl:2:", "bad.jsonl:3:"]
    assert "Nothing was stored." in done.stderr
    assert "secretword" not in done.stderr
    assert done.stdout == ""


@pytest.fixture
def within(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Within:
    """Runs a command in this process, which is fast; gives exit code, output and what is said to people."""

    def call(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["mentionwatch", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        return int(ended.value.code or 0), out, err

    return call


def test_wrong_configuration_prints_every_fault(tmp_path: Path, within: Within) -> None:
    house = Installation(tmp_path, mail_port=1)
    house.edit("mentionwatch.toml", r"(?m)^timezone = .*$", 'timezone = "Mars/Crater"\ncolour = "red"')
    house.edit("people.toml", r'email = "chair@', 'email = "chair at ')
    for command in (["check"], ["step", "assess"], ["health", "--json"]):
        code, out, err = within(*command, "--config", str(house.config))
        assert (code, out) == (2, "")
        faults = err.splitlines()[:-1]
        files = [line.split(":")[0].rpartition("/")[2] for line in faults]
        assert files == ["mentionwatch.toml", "mentionwatch.toml", "people.toml"]
        assert all(line.split(":")[1].isdigit() for line in faults)
        assert err.splitlines()[-1].startswith("3 fault(s)")
    assert said(house, "run").returncode == 2
    assert not house.database.exists()


def test_cases_can_be_read_while_another_file_has_faults(tmp_path: Path, within: Within) -> None:
    house = Installation(tmp_path, mail_port=1)
    house.edit("people.toml", r'email = "chair@', 'email = "chair at ')
    code, out, _ = within("cases", "--json", "--config", str(house.config))
    assert (code, json.loads(out)) == (0, [])
    code, _, err = within("show", "1", "--config", str(house.config))
    assert (code, "no case 1" in err) == (1, True)


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["no-such-command"],
        ["check", "--no-such-option"],
        ["check", "--config", "/nowhere"],
        ["show", "x"],
        ["fetch", "no-such-kind"],
        ["fetch", "feed", "--set", "url"],
        ["fetch", "feed", "--set", "url=http://a.example/", "--cursor", "[1]"],
        ["assess", "--schools", "/nowhere/schools.toml"],
        ["init", "there"],
    ],
)
def test_wrong_use(words: list[str], within: Within) -> None:
    assert within(*words)[0] == 2


def test_wrong_use_in_a_process() -> None:
    done = monitor("no-such-command")
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr


def test_unknown_step_and_source(house: Installation) -> None:
    assert said(house, "step", "dance").returncode == 2
    assert said(house, "step", "poll", "--source", "none").returncode == 2


@pytest.mark.parametrize(
    ("status", "code"),
    [(200, 0), (500, 3), (429, 3), (404, 4), (403, 4)],
)
def test_fetch(status: int, code: int) -> None:
    item = "<item><guid isPermaLink='false'>1</guid><title>t</title><description>words</description></item>"
    feed = f"<rss version='2.0'><channel><title>x</title>{item}</channel></rss>".encode()
    with ScriptedServer() as server:
        server.reply("/feed", feed, status=status)
        done = monitor("fetch", "feed", "--set", f"url={server.url('/feed')}", "--allow-host", server.host)
    assert done.returncode == code, done.stderr
    lines: list[dict[str, Any]] = [json.loads(line) for line in done.stdout.splitlines()]
    assert [set(line) == {"batch"} for line in lines] == ([False, True] if code == 0 else [])
    if code == 0:
        assert lines[-1]["batch"]["posts"] == 1


def test_assess_answers_every_line(house: Installation) -> None:
    stdin = json.dumps({"id": 1, "text": NAMED}).encode() + b"\n\xff\xfe\n\n[]\n" + b'{"id": 2, "text": "x"}'
    done = monitor("assess", "--schools", str(house.config / "schools.toml"), stdin=stdin)
    assert done.returncode == 0
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [answer["id"] for answer in found] == [1, None, None, None, 2]
    assert [("error" in answer) for answer in found] == [False, True, True, True, False]
    assert found[0]["staff"] == ["adeyinka"]


def test_report_gives_a_receipt(house: Installation) -> None:
    file = house.folder / "seen.txt"
    file.write_text("Somebody in the chat says the caretaker smells.")
    first, second = (said(house, "report", str(file), "--where", "the chat") for _ in range(2))
    assert "Thank you" in first.stderr
    assert "handed in before" in second.stderr
    assert json.loads(first.stdout)["receipt"] == json.loads(second.stdout)["receipt"]
    assert said(house, "report", str(file), "--school", "elsewhere").returncode == 2
    assert said(house, "report", str(house.folder / "none.txt")).returncode == 2


def test_a_database_that_can_not_be_used_is_a_failure_while_working(tmp_path: Path) -> None:
    house = Installation(tmp_path, mail_port=1)
    house.database.parent.mkdir(exist_ok=True)
    house.database.write_bytes(b"a letter to the parents\n" * 100)
    done = said(house, "cases")
    assert done.returncode == 1
    assert "can not be opened" in done.stderr
    assert "Traceback" not in done.stderr


def test_init_writes_what_check_accepts_and_never_twice(tmp_path: Path) -> None:
    answers = str(ROOT / "examples" / "primary" / "answers.toml")
    folder = tmp_path / "new"
    first = monitor("init", str(folder), "--answers", answers)
    assert first.returncode == 0, first.stderr
    assert monitor("check", "--config", str(folder)).returncode == 0
    second = monitor("init", str(folder), "--answers", answers)
    assert second.returncode == 2
    assert "not overwritten" in second.stderr


def test_the_whole_way_by_hand(tmp_path: Path) -> None:
    with MailServer() as server:
        house = Installation(tmp_path, mail_port=server.port)
        posts = house.file("posts.jsonl", [{"id": "1", "text": NAMED}])
        said(house, "ingest", str(posts))
        done = [
            json.loads(said(house, "step", step).stdout) for step in ("poll", "assess", "triage", "deliver")
        ]
        assert done[1] == {"step": "assess", "assessed": 1}
        assert done[2] == {"step": "triage", "decided": 1}
        assert done[3]["attempts"] >= 1
        assert len(server.mails) == 1
        assert server.readers == ["head@larkhillprimary.example"]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_shows_an_example(command: str, within: Within) -> None:
    code, out, _ = within(command.replace("_", "-"), "--help")
    assert code == 0
    assert "Example:" in out
