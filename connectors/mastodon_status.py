"""A status as a Mastodon-shaped server sends it, made a Post: pure.

Fields and their meaning: connectors-social.md section 4. Keys that are not
known are left alone, as every version adds some; servers such as Pleroma or
GoToSocial leave some out. Only public and unlisted statuses are taken. Authors
who ask not to be indexed (`noindex`, `indexable: false`, or `#nobot` in the
words about themselves that come with every status) are left out.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

import msgspec

from connectors.base import SHORT_LIMIT, TEXT_LIMIT, Kind, Post
from connectors.dates import parse_date
from connectors.links import web_link
from connectors.plain import from_html, from_text, one_line

TAKEN = frozenset({"public", "unlisted"})


class Account(msgspec.Struct, frozen=True):
    """Who wrote it, as far as the status itself says."""

    acct: str = ""
    display_name: str | None = ""
    note: str | None = ""
    noindex: bool | None = None
    indexable: bool | None = None

    @property
    def opted_out(self) -> bool:
        """Whether the author asks search engines and robots to pass by."""
        return bool(self.noindex) or self.indexable is False or "#nobot" in from_html(self.note or "").lower()


class _Described(msgspec.Struct, frozen=True):
    description: str | None = None


class _Option(msgspec.Struct, frozen=True):
    title: str | None = None


class _Poll(msgspec.Struct, frozen=True):
    options: list[_Option] = []


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of a status that are read. `uri` is the same on every server, `id` is not."""

    uri: str
    visibility: str = ""
    account: Account = Account()
    content: str | None = ""
    spoiler_text: str | None = ""
    created_at: str | None = ""
    edited_at: str | None = ""
    url: str | None = ""
    language: str | None = ""
    in_reply_to_id: str | int | None = None
    media_attachments: list[_Described] | None = None
    poll: _Poll | None = None
    quote: dict[str, Any] | None = None
    reblog: dict[str, Any] | None = None

    @property
    def text(self) -> str:
        """Warning, words, the choices of a poll, and what the pictures are said to show."""
        parts = [from_text(self.spoiler_text or ""), from_html(self.content or "")]
        parts += [from_text(option.title or "") for option in (self.poll.options if self.poll else [])]
        parts += [from_text(media.description or "") for media in self.media_attachments or []]
        return "\n\n".join(part for part in parts if part)

    def edited(self, now: datetime) -> datetime | None:
        return parse_date(self.edited_at or "", now=now)


class Found(msgspec.Struct, frozen=True):
    """One line of a timeline: the status that it shows, with a boost taken off."""

    status: Status
    boosted: bool


def read(raw: object) -> Found | None:
    """The status in one element of a timeline; None when it cannot be read."""
    try:
        outer = msgspec.convert(raw, type=Status)
        if outer.reblog is None:
            return Found(outer, False) if outer.uri.strip() else None
        inner = msgspec.convert(outer.reblog, type=Status)
    except msgspec.ValidationError:
        return None
    return Found(inner, True) if inner.uri.strip() else None


def post_of(status: Status, *, domain: str, now: datetime) -> Post:
    """The Post. `domain` completes the names of the server's own accounts."""
    acct = one_line(from_text(status.account.acct))
    handle = acct if "@" in acct or not acct else f"{acct}@{domain}"
    return Post(
        platform="mastodon",
        external_id=identity(status.uri),
        fetched_at=now,
        url=web_link(status.url or "") or web_link(status.uri),
        published_at=parse_date(status.created_at or "", now=now),
        edited_at=status.edited(now),
        author_name=one_line(from_text(status.account.display_name or ""))[:SHORT_LIMIT],
        author_handle=handle[:SHORT_LIMIT],
        text=status.text[:TEXT_LIMIT],
        context=_quoted(status)[:TEXT_LIMIT],
        kind=Kind.COMMENT if status.in_reply_to_id else Kind.POST,
        language=one_line(from_text(status.language or ""))[:35],
    )


def identity(uri: str) -> str:
    """The status's id over all servers: its `uri`, or the hash of one beyond measure."""
    tidy = one_line(from_text(uri))
    return (
        tidy if 0 < len(tidy) <= SHORT_LIMIT else hashlib.sha256(uri.encode("utf-8", "replace")).hexdigest()
    )


def _quoted(status: Status) -> str:
    """The words of a quoted status, if anybody may see them; they are what the post is about."""
    inner = (status.quote or {}).get("quoted_status")
    found = read(inner) if isinstance(inner, dict) else None
    return found.status.text if found and found.status.visibility in TAKEN else ""
