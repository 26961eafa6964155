"""Secrets: three places, in order, never shown, never open to others."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.faults import ConfigError, SecretMissing
from config.secrets import TELLTALE, Secret


def put(path: Path, text: str, mode: int = 0o600) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


def test_the_systemd_credential_comes_first_then_the_environment_then_the_file(tmp_path: Path) -> None:
    secret = Secret("slack-token", tmp_path)
    put(tmp_path / "secrets" / "slack-token", "from file\n")
    assert secret.reveal({}) == "from file"
    environ = {"MENTIONWATCH_SLACK_TOKEN": "from environment"}
    assert secret.reveal(environ) == "from environment"
    put(tmp_path / "credentials" / "slack-token", "from systemd\r\n", 0o440)
    environ["CREDENTIALS_DIRECTORY"] = str(tmp_path / "credentials")
    assert secret.reveal(environ) == "from systemd"


def test_spaces_of_a_secret_are_its_own(tmp_path: Path) -> None:
    put(tmp_path / "secrets" / "word", " two words \n")
    assert Secret("word", tmp_path).reveal({}) == " two words "


@pytest.mark.parametrize("content", [None, "", "\n"])
def test_a_missing_or_empty_secret_names_the_three_places(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        put(tmp_path / "secrets" / "smtp_password", content)
    with pytest.raises(SecretMissing) as caught:
        Secret("smtp_password", tmp_path).reveal({})
    for place in (
        "systemd",
        "MENTIONWATCH_SMTP_PASSWORD",
        str(tmp_path / "secrets" / "smtp_password"),
        "0600",
    ):
        assert place in str(caught.value)
    assert isinstance(caught.value, ConfigError)


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660])
def test_a_file_that_others_can_read_is_refused_with_the_command_to_run(tmp_path: Path, mode: int) -> None:
    file = put(tmp_path / "secrets" / "key", "hush", mode)
    with pytest.raises(SecretMissing, match=f"chmod 600 {file}") as caught:
        Secret("key", tmp_path).reveal({})
    assert "hush" not in str(caught.value)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    file = put(tmp_path / "secrets" / "key", "")
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SecretMissing, match="can not be read"):
        Secret("key", tmp_path).reveal({})


def test_neither_repr_nor_str_nor_format_shows_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MENTIONWATCH_KEY", "hush")
    secret = Secret("key", tmp_path)
    assert secret() == "hush"
    assert "hush" not in f"{secret} {secret!r} {[secret]}"


@pytest.mark.parametrize(
    "key", ["password", "smtp_password", "token", "api_key", "apikey", "client_secret", "TOKEN"]
)
def test_keys_that_hold_secrets_are_known(key: str) -> None:
    assert TELLTALE.search(key)


@pytest.mark.parametrize("key", ["tokens_per_day", "secretary", "passwords_policy", "key", "keyword"])
def test_keys_that_only_look_so_are_not(key: str) -> None:
    assert not TELLTALE.search(key)
