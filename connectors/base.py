"""What every connector gives and takes: Post, Batch, FetchError, Connector.

A connector turns one source (a feed, a page, an account's public timeline) into
posts. It is pure in, pure out: its state is the opaque `cursor`, which the
caller keeps; it knows no database, no school and no clock but the one handed to
it. It never decides what is abusive, never writes anything anywhere, and reads
only what is public or the school's own (house rules 1 and 2).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from connectors.http import PoliteClient

TEXT_LIMIT = 64 * 1024  # characters of text kept of one post (connectors-feeds.md section 5)
SHORT_LIMIT = 2 * 1024  # characters kept of a title, an author, an id (same section)


class Kind(StrEnum):
    """What sort of thing a post is (contracts.md section 3)."""

    POST = "post"
    COMMENT = "comment"
    REVIEW = "review"
    ARTICLE = "article"
    REVISION = "revision"
    REPORT = "report"


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One public post as a platform gave it; text is plain, never markup.

    Times carry a time zone (UTC). `published_at` is None when the source does
    not say or says something absurd. `external_id` is the platform's own id,
    stable over edits. `context` is the parent post or the title of the page
    that the post stands under.
    """

    platform: str
    external_id: str
    fetched_at: datetime
    url: str = ""
    published_at: datetime | None = None
    author_name: str = ""
    author_handle: str = ""
    title: str = ""
    text: str = ""
    context: str = ""
    kind: Kind = Kind.POST
    language: str = ""
    edited_at: datetime | None = None
    deleted: bool = False


class Notice(StrEnum):
    """What a fetch could not give, in words that health and the digest repeat."""

    GAP = "entries may have been missed between two polls"
    DAMAGED = "the source sent damaged data; what could be read was kept"
    CUT = "some posts were longer than the limit and were cut"
    SKIPPED = "some entries could not be read and were left out"
    EMPTY = "the source used to have entries and now has none"
    REDUCED = "reduced coverage: only a part of what is public can be read"
    HELD = "the page looks like an error, login or half-drawn page; it is asked again before it is taken"
    LAYOUT = "the selectors of the settings find nothing on the page any more; its layout has changed"
    DRAWN_BY_SCRIPT = "the page is drawn by script, so hardly any of its text can be read"
    STALE_PARSER = "the XML library of this machine is too old to be safe; ask for a system update"


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What one fetch brought. "Nothing new" is a normal batch (`unchanged`).

    `cursor` is JSON-ready and is stored in the same transaction as the posts;
    None means "keep the one you have". `not_before` is the earliest time at
    which the source wishes to be asked again.
    """

    posts: tuple[Post, ...] = ()
    cursor: Mapping[str, Any] | None = None
    not_before: datetime | None = None
    unchanged: bool = False
    notices: tuple[Notice, ...] = ()


class Reason(StrEnum):
    """Why a fetch failed, in words for the person who looks after the service."""

    UNREACHABLE = "the server could not be reached"
    TIMEOUT = "the server took too long"
    SERVER = "the server reported a fault of its own"
    RATE_LIMITED = "the server asks us to come less often"
    AUTH = "the server asks for a login, or the token is not accepted"
    FORBIDDEN = "the server refuses us"
    ROBOTS = "robots.txt forbids this address"
    NOT_FOUND = "there is nothing at this address"
    GONE = "the server says this address is gone for good"
    TOO_LARGE = "the answer is larger than the limit"
    UNSAFE_ADDRESS = "the address lies inside a private network"
    REDIRECT = "the server redirects in a way that is not followed"
    NOT_A_SOURCE = "the answer is not what this kind of source sends"
    UNREADABLE = "the answer could not be read"


class FetchError(Exception):
    """A fetch that brought nothing; anything else a connector raises is a bug.

    `retry` False means: a person must act (the source is then polled at the
    slowest rate, never switched off). `not_before` is the server's own wish.
    The message holds no query string, no body and no secret.
    """

    def __init__(
        self, reason: Reason, detail: str = "", *, retry: bool, not_before: datetime | None = None
    ) -> None:
        super().__init__(f"{reason}{': ' + detail if detail else ''}")
        self.reason = reason
        self.detail = detail
        self.retry = retry
        self.not_before = not_before


class Options(BaseModel):
    """The part of a source's settings that is the connector's own.

    Each connector subclasses this in its own file. Unknown keys are refused,
    so that a misspelt setting is found by `check` and not by its absence.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")


class Connector(Protocol):
    """One kind of source. Declared in one file, named in `connectors.KINDS`."""

    kind: ClassVar[str]
    options: ClassVar[type[Options]]
    expected_every: ClassVar[timedelta]
    """A source silent for longer than this is shown to a person."""
    default_every: ClassVar[timedelta]
    """How often to ask when the source's settings do not say."""
    access: ClassVar[str]
    """One of `public-unauthenticated`, `own-property-token`, `handed-in` (PBD-06); nothing else loads."""

    def fetch(
        self,
        options: Any,
        cursor: Mapping[str, Any] | None,
        http: PoliteClient,
        *,
        limit: int,
        now: datetime,
    ) -> Batch:
        """Ask the source once and give what is new since `cursor`, newest `limit` posts at most.

        Raises:
            FetchError: nothing could be had, with the reason for a person.
        """
        ...
