"""The demo's Slack: it takes what the service's own channel sends, and refuses whom Slack would refuse."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import httpx
import pytest

from config.secrets import Secret
from config.settings import Slack
from monitor.channels.base import Message, Retry, Sent
from monitor.channels.slack import SlackChannel
from monitor.demo.house import Neighbours
from monitor.demo.slack import CHANNEL, SlackRoom

ALERT = Message(
    "", "[mentionwatch] HIGH: x - School - case 3", "long", "short words", "http://127.0.0.1/cases/3"
)


@pytest.fixture
def room() -> Iterator[SlackRoom]:
    with SlackRoom() as room:
        yield room


def channel(room: SlackRoom, folder: Path, token: str) -> SlackChannel:
    (folder / "secrets").mkdir()
    file = folder / "secrets" / "slack_token"
    file.touch(mode=0o600)
    file.write_text(token, encoding="utf-8")
    settings = Slack(
        token=Secret("slack_token", folder),
        channel=CHANNEL,
        readers=("head",),
        base_url=f"http://{room.host}/api",
    )
    return SlackChannel(settings)


def test_the_services_own_channel_finds_it_private_and_is_heard(room: SlackRoom, tmp_path: Path) -> None:
    assert isinstance(channel(room, tmp_path, room.token).send(ALERT, "key"), Sent)
    (message,) = room.messages
    assert message.subject == ALERT.subject
    assert "short words" in message.text
    assert "http://127.0.0.1/cases/3" in message.text


def test_a_wrong_token_is_refused(room: SlackRoom, tmp_path: Path) -> None:
    assert isinstance(channel(room, tmp_path, "xoxb-other").send(ALERT, "key"), Retry)
    assert room.messages == ()


@pytest.mark.parametrize(
    ("method", "words", "error"),
    [
        ("conversations.info", {"channel": CHANNEL}, None),
        ("conversations.info", {"channel": "C0OTHER"}, "channel_not_found"),
        ("chat.postMessage", {"channel": "C0OTHER", "text": "x"}, "channel_not_found"),
        ("chat.delete", {"channel": CHANNEL}, "unknown_method"),
    ],
)
@pytest.mark.parametrize("way", ["params", "data", "json"])
def test_arguments_in_any_way_that_slack_takes(
    room: SlackRoom, method: str, words: dict[str, str], error: str | None, way: str
) -> None:
    address = f"http://{room.host}/api/{method}"
    with httpx.Client(headers={"Authorization": f"Bearer {room.token}"}, trust_env=False) as client:
        answer = client.request("POST", address, **{way: words}).json()  # type: ignore[arg-type]
    assert (answer["ok"], answer.get("error")) == (error is None, error)
    assert room.messages == ()


def test_every_address_of_the_answers_is_put_in_place() -> None:
    answers = files("monitor.demo").joinpath("answers.toml").read_text("utf-8")
    assert tomllib.loads(answers)["slack"]["channel"] == CHANNEL
    real = Neighbours("127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3", 4, "token").into(answers)
    assert not re.search(r"80\d\d", real)
    assert 'base_url = "http://127.0.0.1:3/api"' in real
