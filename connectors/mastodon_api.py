"""Asking a Mastodon-shaped server: one GET, its rate limit, and the pages of a timeline.

Facts: connectors-social.md section 4. `X-RateLimit-Reset` is an ISO-8601 time.
The next request is built from the id alone and never from the address in a
`Link` header, which can carry a token or another host. The bearer token goes
out as a secret header, which the client keeps to this server's own origin.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit

import msgspec

from connectors.base import FetchError, Reason
from connectors.dates import parse_date

if TYPE_CHECKING:
    from connectors.http import PoliteClient, Response

PAGE = 40  # the most that a server gives at once
RESET_CAP = timedelta(hours=6)  # the longest known window is fifteen minutes
_ID = re.compile(r"[\w.:=-]{1,100}", re.ASCII)
_LINK = re.compile(r"<([^<>]{1,4000})>\s*;[^,]*\brel=\"?prev\"?")
_TOKEN = re.compile(r"[\x21-\x7e]{1,4096}")


@dataclass(frozen=True, slots=True)
class Line:
    """One element of a timeline: the id by which the server pages, and what it shows."""

    id: str
    status: object


@dataclass(frozen=True, slots=True)
class TimelinePage:
    """One page, oldest first. `skipped` elements had no id; `mark` is where the server says it goes on, or ""."""

    lines: list[Line]
    skipped: int
    mark: str

    @property
    def newest(self) -> str:
        return self.lines[-1].id if self.lines else ""


@dataclass
class Api:
    """One server for one fetch."""

    base: str
    http: PoliteClient
    now: datetime
    token: str = field(default="", repr=False)
    known: bool = False
    """Whether it has answered properly before: then a page in place of an answer is a passing fault."""
    spent_until: datetime | None = None
    """The server's window is used up until then."""

    @property
    def host(self) -> str:
        return urlsplit(self.base).hostname or ""

    def ask(self, path: str, **words: str | int) -> Any:
        """The JSON of one answer.

        Raises:
            FetchError: no proper answer, or the window of the rate limit is used up.
        """
        return self._answer(path, words)[1]

    def timeline(self, path: str, *, key: str = "", inner: str = "", **words: str | int) -> TimelinePage:
        """One page of statuses; `key` holds the list in an object, `inner` the status in an element."""
        response, answer = self._answer(path, {**words, "limit": PAGE})
        found = answer.get(key) if key and isinstance(answer, dict) else answer
        if not isinstance(found, list):
            raise self._unreadable()
        lines = [line for line in (_line(one, inner) for one in found) if line is not None]
        lines.sort(key=lambda line: order(line.id))
        return TimelinePage(lines, len(found) - len(lines), _link_mark(response))

    def _answer(self, path: str, words: Mapping[str, str | int]) -> tuple[Response, Any]:
        if self.spent_until is not None:
            detail = f"{self.host}: the requests of this quarter of an hour are used up"
            raise FetchError(Reason.RATE_LIMITED, detail, retry=True, not_before=self.spent_until)
        response = self.http.get(
            f"{self.base}{path}{'?' if words else ''}{urlencode(words)}",
            secret_headers={"authorization": f"Bearer {self.token}"} if self.token else None,
        )
        if (urlsplit(response.url).hostname or "") != self.host:
            raise FetchError(Reason.REDIRECT, f"{self.host} sends its API's callers elsewhere", retry=False)
        self.spent_until = _spent_until(response.headers, self.now)
        try:
            return response, msgspec.json.decode(response.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise self._unreadable() from None

    def _unreadable(self) -> FetchError:
        reason = Reason.UNREADABLE if self.known else Reason.NOT_A_SOURCE
        return FetchError(reason, f"{self.host} sent no answer of a Mastodon server", retry=self.known)


def order(id: str) -> tuple[int, str]:
    """Ids are opaque, yet a later one is longer, or as long and greater."""
    return len(id), id


def token_of(source: Any, host: str) -> str:
    """The access token, read now.

    Raises:
        FetchError: it cannot be had, or is none.
    """
    if source is None:
        return ""
    try:
        token = source()
    except Exception as e:  # noqa: BLE001 - whatever keeps the secret may fail in its own way; its words may hold it
        failure = FetchError(
            Reason.AUTH, f"the token for {host} cannot be read ({type(e).__name__})", retry=False
        )
    else:
        if isinstance(token, str) and _TOKEN.fullmatch(token.strip()):
            return token.strip()
        failure = FetchError(Reason.AUTH, f"the token for {host} is empty or no token", retry=False)
    raise failure


def _line(raw: object, inner: str) -> Line | None:
    if not isinstance(raw, dict):
        return None
    id = raw.get("id")
    text = str(id) if isinstance(id, (str, int)) and not isinstance(id, bool) else ""
    return Line(text, raw.get(inner) if inner else raw) if _ID.fullmatch(text) else None


def _link_mark(response: Response) -> str:
    """The `min_id` (old servers: `since_id`) of the link to newer statuses."""
    found = _LINK.search(response.headers.get("link", ""))
    if not found:
        return ""
    try:
        asked = parse_qs(urlsplit(found[1]).query)
    except ValueError:
        return ""
    mark = next((asked[name][0] for name in ("min_id", "since_id") if name in asked), "")
    return mark if _ID.fullmatch(mark) else ""


def _spent_until(headers: Mapping[str, str], now: datetime) -> datetime | None:
    if headers.get("x-ratelimit-remaining", "").strip() != "0":
        return None
    raw = headers.get("x-ratelimit-reset", "").strip()
    at = parse_date(raw, now=now)
    if at is None and raw.isascii() and raw.isdigit() and len(raw) <= 11:  # other servers count seconds
        at = datetime.fromtimestamp(int(raw), UTC)
    return min(at, now + RESET_CAP) if at is not None and at > now else None
