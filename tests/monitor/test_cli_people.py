"""The commands of people who sign in, each in this process, with what is typed on standard input."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from builders import NOW, rows
from sqlalchemy import Engine, update
from typer.testing import CliRunner, Result

from config.answers import write_from_answers
from monitor import keys, triage
from monitor.accounts import NotSignedIn
from monitor.audit_records import AUDIT
from monitor.candidates import Candidate
from monitor.cli_people import app as commands
from monitor.cli_people import ask, plain, show_words
from monitor.database import migrate, open_engine, writing
from monitor.errors import MonitorError
from monitor.records import ASSESSMENT, CASE, EVIDENCE, POST
from monitor.store import Store
from monitor.viewing import NotShown
from monitor.works import options_of, read_settings
from nlp.findings import Severity

ROOT = Path(__file__).parents[2]
SECRET = "copper kettle under Tuesday"
TEXT = "Larkhill Primary School will burn on Monday"


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """The example primary school with a key; nobody has a passphrase."""
    folder = tmp_path / "installed"
    write_from_answers(ROOT / "examples" / "primary" / "answers.toml", folder, options_of)
    if not (folder / "secrets" / keys.NAME).exists():
        keys.make(folder)
    return folder


@pytest.fixture
def config(bare: Path) -> Path:
    """The head, the child protection person and the chair have passphrases."""
    for person in ("head", "cp", "chair"):
        assert run(bare, "passphrase", person, typed=[SECRET, SECRET]).exit_code == 0
    return bare


def run(config: Path, *words: str, typed: list[str] | None = None) -> Result:
    lines = "".join(f"{line}\n" for line in typed or [])
    return CliRunner().invoke(commands, [*words, "--config", str(config)], input=lines)


def engine_of(config: Path) -> Engine:
    engine = open_engine(read_settings(config).service.database_url())
    migrate(engine)
    return engine


def threat(config: Path) -> int:
    """A high case about the school, decided."""
    from builders import assessed, post
    from sqlalchemy import insert

    engine = engine_of(config)
    store = Store(engine)
    number = str(len(rows(engine, POST)) + 1)
    store.keep_batch([Candidate("larkhill", post(TEXT, number))], None)
    row = next(r for r in rows(engine, POST) if r.external_id == number)
    with engine.begin() as connection:
        values = assessed(row.id, category="threatening", severity=int(Severity.HIGH))
        connection.execute(insert(ASSESSMENT).values(**values))
    triage.run(store, read_settings(config), NOW)
    found = int(rows(engine, CASE)[-1].id)
    engine.dispose()
    return found


def type_in(monkeypatch: pytest.MonkeyPatch, *lines: str) -> None:
    import io
    import sys

    monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{line}\n" for line in lines)))


@pytest.mark.pbd("PBD-24")
def test_words_are_shown_to_who_signs_in(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    case = threat(config)
    type_in(monkeypatch, SECRET)
    show_words(config, case, "head", "", as_json=False)
    shown = capsys.readouterr()
    assert TEXT in shown.out
    assert "As posted, not verified" in shown.err
    type_in(monkeypatch, SECRET)
    show_words(config, case, "head", "", as_json=True)
    values = json.loads(capsys.readouterr().out)
    assert values["posts"][0]["words"]["text"] == TEXT


@pytest.mark.pbd("PBD-24")
@pytest.mark.parametrize(
    ("person", "typed", "error", "why"),
    [
        ("", SECRET, MonitorError, "--as PERSON"),
        ("head", "wrong words entirely", NotSignedIn, "not right"),
        ("head", "", NotSignedIn, "not right"),
        ("stranger", SECRET, NotSignedIn, "not right"),
        ("deputy-cp", SECRET, NotSignedIn, "none was set yet"),
        ("chair", SECRET, NotShown, "Give the number of the request"),
    ],
)
def test_without_sign_in_or_right_no_word_is_shown(
    config: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    person: str,
    typed: str,
    error: type[Exception],
    why: str,
) -> None:
    case = threat(config)
    type_in(monkeypatch, typed)
    with pytest.raises(error, match=why):
        show_words(config, case, person, "", as_json=True)
    assert capsys.readouterr().out == ""


def test_a_passphrase_is_asked_for_twice_and_checked(bare: Path) -> None:
    short = run(bare, "passphrase", "head", typed=["short"])
    assert isinstance(short.exception, MonitorError)
    assert "at least 14" in str(short.exception)
    other = run(bare, "passphrase", "head", typed=[SECRET, SECRET + "!"])
    assert "not the same" in str(other.exception)
    nobody = run(bare, "passphrase", "stranger", typed=[SECRET, SECRET])
    assert "no person of people.toml" in str(nobody.exception)


@pytest.mark.pbd("PBD-41")
def test_no_command_takes_a_passphrase_as_an_argument(bare: Path) -> None:
    assert run(bare, "passphrase", "head", SECRET).exit_code == 2
    import typer

    command = typer.main.get_command(commands)
    options = {o for sub in command.commands.values() for p in sub.params for o in p.opts}  # type: ignore[attr-defined]
    assert not [o for o in options if "pass" in o and o != "passphrase"]


def test_a_passphrase_from_a_pipe_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    type_in(monkeypatch, "first line", "second line")
    assert (ask("?"), ask("?"), ask("?")) == ("first line", "second line", "")


@pytest.mark.pbd("PBD-26")
def test_the_audit_is_read_by_the_data_protection_officer(config: Path) -> None:
    """The chair of this school is its data protection officer too."""
    done = run(config, "audit", "--as", "chair", "--json", typed=[SECRET])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert [entry["action"] for entry in reversed(found)] == [
        *["passphrase_set"] * 3,
        "sign_in",
        "read_audit",
    ]
    assert "sign_in" in run(config, "audit", "--as", "chair", typed=[SECRET]).stdout


@pytest.mark.pbd("PBD-26")
def test_others_read_their_own_entries(config: Path) -> None:
    run(config, "audit", "--as", "chair", typed=[SECRET])
    found = json.loads(run(config, "audit", "--as", "head", "--json", typed=[SECRET]).stdout)
    assert {entry["actor"] for entry in found} == {"head"}


@pytest.mark.pbd("PBD-26")
def test_the_chain_is_checked_without_a_passphrase(config: Path) -> None:
    assert json.loads(run(config, "audit", "--verify", "--json").stdout) == {
        "whole": True,
        "broken": None,
        "entries": 3,
    }
    with writing(engine_of(config)) as connection:
        connection.execute(update(AUDIT).where(AUDIT.c.id == 2).values(actor="head"))
    broken = run(config, "audit", "--verify")
    assert broken.exit_code == 1
    assert "broken at entry 2" in broken.stderr


@pytest.mark.pbd("PBD-26")
def test_only_the_data_protection_officer_accepts_a_new_end(config: Path) -> None:
    with writing(engine_of(config)) as connection:
        connection.exec_driver_sql("DELETE FROM audit WHERE id = 3")
    refused = run(config, "audit", "--restored", "new disk", "--as", "head", typed=[SECRET])
    assert isinstance(refused.exception, NotShown)
    done = run(config, "audit", "--restored", "new disk", "--as", "chair", typed=[SECRET])
    assert done.exit_code == 0
    assert "The audit is whole" in done.stderr


@pytest.mark.pbd("PBD-25")
def test_keys_are_turned_put_away_and_brought_back(bare: Path, tmp_path: Path) -> None:
    threat(bare)
    before = keys.ring_of(bare)
    turned = run(bare, "key", "rotate")
    assert json.loads(turned.stdout)["sealed_again"] == 1
    ring = keys.ring_of(bare)
    assert ring.keys[:-1] == before.keys
    assert {row.key_id for row in rows(engine_of(bare), EVIDENCE)} == {ring.ids[-1]}
    copy = tmp_path / "escrow.key"
    assert run(bare, "key", "escrow", str(copy), typed=[SECRET, SECRET]).exit_code == 0
    assert copy.stat().st_mode & 0o077 == 0
    assert "Keep this page" in (tmp_path / "escrow.key.paper.txt").read_text(encoding="utf-8")
    again = run(bare, "key", "escrow", str(copy), typed=[SECRET, SECRET])
    assert "can not be written" in str(again.exception)
    (bare / "secrets" / keys.NAME).unlink()
    wrong = run(bare, "key", "restore", str(copy), typed=["another passphrase"])
    assert "does not open" in str(wrong.exception)
    assert run(bare, "key", "restore", str(copy), typed=[SECRET]).exit_code == 0
    assert keys.ring_of(bare) == ring
    actions = [row.action for row in rows(engine_of(bare), AUDIT)]
    assert actions[-3:] == ["key_rotated", "key_escrowed", "key_restored"]


def test_a_rotation_that_was_stopped_goes_on_with_the_same_key(bare: Path) -> None:
    threat(bare)
    half_way = keys.fresh(keys.ring_of(bare))
    keys.write(half_way, bare / "secrets" / keys.NAME)
    assert json.loads(run(bare, "key", "rotate").stdout) == {"key": half_way.ids[-1], "sealed_again": 1}
    assert keys.ring_of(bare) == half_way


def test_a_key_is_made_once(bare: Path) -> None:
    assert "There is a key already" in str(run(bare, "key", "new").exception)
    (bare / "secrets" / keys.NAME).unlink()
    assert run(bare, "key", "new").exit_code == 0


def test_a_spoilt_key_is_not_written_over(bare: Path, tmp_path: Path) -> None:
    copy = tmp_path / "escrow.key"
    run(bare, "key", "escrow", str(copy), typed=[SECRET, SECRET])
    file = bare / "secrets" / keys.NAME
    file.write_text("half a key", encoding="utf-8")
    assert "move it away first" in str(run(bare, "key", "restore", str(copy), typed=[SECRET]).exception)
    assert file.read_text(encoding="utf-8") == "half a key"


def test_a_key_from_elsewhere_is_not_turned_here(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = bare / "secrets" / keys.NAME
    monkeypatch.setenv("MENTIONWATCH_VAULT_KEY", file.read_text(encoding="utf-8").strip())
    file.unlink()
    assert "handed in as a credential" in str(run(bare, "key", "rotate").exception)


@pytest.mark.parametrize("words", ["a\x1b[2Jb", "a\u202eb", "a\nb", "a\u200bb"])
def test_a_strangers_words_give_the_terminal_no_orders(words: str) -> None:
    assert plain(words).isprintable()
