"""The Slack channel, driven by slack-sdk itself against a Slack-shaped server."""

from __future__ import annotations

import json
import logging
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from slack_server import CHANNEL, TOKEN, SlackServer

from config.secrets import Secret
from config.settings import Slack
from monitor.channels.base import Failed, Message, Outcome, Retry, Sent, Trouble
from monitor.channels.slack import SlackChannel
from monitor.channels.testing import faults_of

MESSAGE = Message(
    to="",
    subject="[mentionwatch] HIGH: threatening - Marrowby School - case 7",
    text="the whole path",
    brief="New: a public post was marked as: threatening.\n\nSeverity: high",
    link="https://watch.marrowby.example/cases/7",
)


@pytest.fixture
def token(tmp_path: Path) -> Secret:
    file = tmp_path / "secrets" / "slack"
    file.parent.mkdir()
    file.write_text(TOKEN)
    file.chmod(0o600)
    return Secret("slack", tmp_path)


def channel(base_url: str, token: Secret, timeout: float = 3) -> SlackChannel:
    return SlackChannel(
        Slack.model_validate(
            {"token": token, "channel": CHANNEL, "readers": ["cp"], "base_url": base_url, "timeout": timeout}
        )
    )


def send(mood: str, token: Secret) -> Outcome:
    with SlackServer(mood) as server:
        return channel(server.base_url, token).send(MESSAGE, "key-1")


def test_a_message_arrives_whole_and_nothing_is_unfurled(token: Secret) -> None:
    with SlackServer() as server:
        outcome = channel(server.base_url, token).send(MESSAGE, "key-1")
    (post,) = server.posts
    assert outcome == Sent("1763629200.000001")
    assert post["channel"] == CHANNEL
    assert str(post["unfurl_links"]).lower() in ("false", "0")
    assert str(post["unfurl_media"]).lower() in ("false", "0")
    shown = json.dumps(post["blocks"])
    assert "marked as: threatening" in shown
    assert "cases/7" in shown
    assert "the whole path" not in shown
    assert json.dumps(post["metadata"]).count("key-1") == 1


def test_an_open_channel_gets_nothing_until_it_is_closed(token: Secret) -> None:
    with SlackServer(private=False) as server:
        way = channel(server.base_url, token)
        assert way.send(MESSAGE, "key-1") == Retry(Trouble.OPEN_CHANNEL)
        assert server.posts == []
        server.private = True
        assert isinstance(way.send(MESSAGE, "key-1"), Sent)
        assert isinstance(way.send(MESSAGE, "key-2"), Sent)
    assert server.asked.count("conversations.info") == 2, "a private channel is looked at once"


def test_a_channel_shared_with_another_workspace_counts_as_open(token: Secret) -> None:
    with SlackServer(shared=True) as server:
        assert channel(server.base_url, token).send(MESSAGE, "key-1") == Retry(Trouble.OPEN_CHANNEL)
    assert server.posts == []


@pytest.mark.parametrize(
    ("mood", "outcome"),
    [
        ("refuses the login", Retry(Trouble.AUTH)),
        ("expired token", Retry(Trouble.AUTH)),
        ("misses a scope", Retry(Trouble.AUTH)),
        ("refuses the reader", Failed(Trouble.REFUSED)),
        ("unknown trouble", Retry(Trouble.SERVER)),
        ("server fault", Retry(Trouble.SERVER)),
        ("html", Retry(Trouble.SERVER)),
        ("half an answer", Retry(Trouble.SERVER)),
    ],
)
def test_each_trouble_has_its_words(mood: str, outcome: Outcome, token: Secret) -> None:
    assert send(mood, token) == outcome


def test_too_many_messages_wait_as_long_as_slack_says(token: Secret) -> None:
    before = datetime.now(UTC)
    outcome = send("busy", token)
    assert isinstance(outcome, Retry)
    assert outcome.trouble is Trouble.RATE_LIMITED
    assert outcome.not_before is not None
    assert timedelta(seconds=29) < outcome.not_before - before < timedelta(seconds=60)


def test_a_cut_line_is_tried_again(token: Secret) -> None:
    assert isinstance(send("drops after the words", token), Retry)


def test_a_server_that_says_nothing_is_left_in_time(token: Secret) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/api"
        assert channel(url, token, timeout=1).send(MESSAGE, "key-1") == Retry(Trouble.TIMEOUT)


def test_a_missing_token_is_said_and_nothing_is_asked(tmp_path: Path) -> None:
    with SlackServer() as server:
        outcome = channel(server.base_url, Secret("nowhere", tmp_path)).send(MESSAGE, "key-1")
    assert outcome == Retry(Trouble.AUTH)
    assert server.asked == []


def test_it_conforms_and_the_token_is_in_no_log(token: Secret, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with socket.create_server(("127.0.0.1", 0)) as closed:
        nobody = f"http://127.0.0.1:{closed.getsockname()[1]}/api"
    servers = {
        mood: SlackServer(mood) for mood in ("well", "busy", "refuses the reader", "refuses the login")
    }
    for server in servers.values():
        server.__enter__()
    try:

        def make(mood: str) -> SlackChannel:
            return channel(nobody if mood == "unreachable" else servers[mood].base_url, token)

        faults = faults_of(make, (*servers, "unreachable"), (TOKEN,))
    finally:
        for server in servers.values():
            server.__exit__(None, None, None)
    assert faults == []
    assert TOKEN not in caplog.text
