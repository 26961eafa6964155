"""Slack, one private channel, through slack-sdk's Web API client.

Content-free like every message, with unfurling off, so that no preview of a
post is fetched by Slack. The channel must be private and is looked at before
the first message (conversations.info): a message is never sent into an open
one. Needs the scopes `chat:write` and `groups:read`, nothing that writes
elsewhere. API pages: docs.slack.dev, chat.postMessage and conversations.info.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.error import URLError

from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web import WebClient

from config.faults import SecretMissing
from config.settings import Slack
from monitor.channels.base import Failed, Message, Outcome, Retry, Sent, Trouble

LONGEST_WAIT = timedelta(hours=1)  # a Retry-After beyond this is not believed for an alert
HEADER_LIMIT = 150  # characters of a header block (Block Kit reference)
SECTION_LIMIT = 3000  # characters of a section's text (same page)
AUTH = {
    "invalid_auth",
    "not_authed",
    "account_inactive",
    "token_revoked",
    "token_expired",
    "no_permission",
    "missing_scope",
}
BUSY = {"ratelimited", "rate_limited", "message_limit_exceeded"}
REFUSED = {"channel_not_found", "not_in_channel", "is_archived", "msg_too_long", "restricted_action"}
# The client logs whole requests and answers at debug level, the token's header among them.
QUIET = logging.getLogger("monitor.channels.slack.client")
QUIET.setLevel(logging.CRITICAL)


class SlackChannel:
    """Posts to the one channel of the configuration."""

    name = "slack"

    def __init__(self, settings: Slack) -> None:
        self._settings = settings
        self._is_private = False

    def send(self, message: Message, key: str) -> Outcome:
        """One attempt; see `base.Channel`. A channel found open is looked at again at the next try."""
        try:
            client = self._client()
            if not self._is_private:
                self._is_private = is_private(client, self._settings.channel)
            if not self._is_private:
                return Retry(Trouble.OPEN_CHANNEL)
            answer = client.chat_postMessage(**payload(message, key, self._settings.channel))
        except SecretMissing:
            return Retry(Trouble.AUTH)
        except SlackApiError as error:
            return outcome(error)
        except TimeoutError:
            return Retry(Trouble.TIMEOUT)
        except (URLError, OSError) as error:
            return _unreachable(error)
        except (SlackClientError, ValueError):  # HTML or half an answer where JSON was due
            return Retry(Trouble.SERVER)
        return Sent(str(answer.get("ts", "")))

    def _client(self) -> WebClient:
        s = self._settings
        return WebClient(
            token=s.token.reveal(),
            base_url=s.base_url.rstrip("/") + "/",
            timeout=max(1, round(s.timeout)),
            retry_handlers=[],  # one attempt; when to try again is not a channel's to decide
            logger=QUIET,
        )


def is_private(client: WebClient, channel: str) -> bool:
    """Whether only its members can read the channel; shared ones count as open, their readers are unknown."""
    found: Mapping[str, Any] = client.conversations_info(channel=channel).get("channel") or {}
    shared = found.get("is_ext_shared") or found.get("is_pending_ext_shared")
    return found.get("is_private") is True and not shared


def payload(message: Message, key: str, channel: str) -> dict[str, Any]:
    """The arguments of chat.postMessage: a header, the short words, the link; nothing to unfurl."""
    blocks: list[dict[str, Any]] = [
        {
            "type": "header",
            "text": {"type": "plain_text", "text": message.subject[:HEADER_LIMIT], "emoji": False},
        },
        {
            "type": "section",
            "text": {"type": "plain_text", "text": message.brief[:SECTION_LIMIT], "emoji": False},
        },
    ]
    if message.link:
        blocks.append(
            {"type": "section", "text": {"type": "mrkdwn", "text": f"<{message.link}|Open the case>"}}
        )
    return {
        "channel": channel,
        "text": message.subject,  # for notifications and screen readers
        "blocks": blocks,
        "unfurl_links": False,
        "unfurl_media": False,
        "mrkdwn": False,
        "metadata": {"event_type": "mentionwatch_alert", "event_payload": {"delivery": key}},
    }


def outcome(error: SlackApiError) -> Outcome:
    """Slack answers most failures with 200 and `ok: false`; the word in `error` decides."""
    answer: Any = error.response
    status = getattr(answer, "status_code", 0)
    word = str(answer.get("error", "")) if isinstance(getattr(answer, "data", None), dict) else ""
    if status == 429 or word in BUSY:
        return Retry(Trouble.RATE_LIMITED, _not_before(getattr(answer, "headers", None) or {}))
    if word in AUTH or status in (401, 403):
        return Retry(Trouble.AUTH)  # a token may be renewed in time; the alert must not be lost
    if word in REFUSED:
        return Failed(Trouble.REFUSED)
    return Retry(Trouble.SERVER)


def _not_before(headers: Mapping[str, Any]) -> datetime | None:
    words = next((value for name, value in headers.items() if name.lower() == "retry-after"), "")
    word = str(words[0] if isinstance(words, list) and words else words)
    if not word.isdigit():
        return None
    return datetime.now(UTC) + min(timedelta(seconds=min(int(word), 86400)), LONGEST_WAIT)


def _unreachable(error: OSError) -> Outcome:
    reason = getattr(error, "reason", error)
    if isinstance(reason, TimeoutError):
        return Retry(Trouble.TIMEOUT)
    if type(reason).__module__ == "ssl":
        return Retry(Trouble.INSECURE)
    return Retry(Trouble.UNREACHABLE)
