"""Asking a MediaWiki's `api.php`: where it is, what it answers, and what its errors mean.

A MediaWiki reports errors with status 200 (connectors-feeds.md section 10,
measured on 1.39.17): they are told by `error` in the body and by the header
`MediaWiki-API-Error`. Every request carries `maxlag=5`, as its etiquette asks of
work that can wait. Long answers come in parts (`continue`). No message here
holds a title or anything else of the query.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urljoin, urlsplit

import msgspec

from connectors.base import FetchError, Notice, Reason
from connectors.caching import retry_after
from connectors.links import web_link

if TYPE_CHECKING:
    from connectors.http import PoliteClient, Response

MAX_BYTES = 40_000_000  # of one answer, unpacked; MediaWiki stops by itself at 8 MiB of content
MAX_WIRE_BYTES = 20_000_000
PARTS = 20  # answers to one question; the rest waits for the next poll
_ALWAYS = {"action": "query", "format": "json", "formatversion": "2", "maxlag": "5", "curtimestamp": "1"}
# Wikimedia's robots.txt keeps crawlers from /w/, where the API lies; its robot policy (wikitech, "Action API
# rules") and API etiquette admit programs that name themselves and ask one thing at a time. Any other wiki's
# robots.txt is obeyed for its API too.
_WIKIMEDIA = re.compile(
    r"(?:[a-z0-9-]+\.)*(?:wikipedia|wikimedia|wikidata|wikivoyage|wikinews|wiktionary|wikibooks|wikiquote)\.org"
)
_EDIT_LINK = re.compile(rb"""<link\b[^<>]*\brel=["']EditURI["'][^<>]*>""", re.IGNORECASE)
_HREF = re.compile(rb"""\bhref=["']([^"'<>]{1,2000})["']""", re.IGNORECASE)
_CODE = re.compile(r"[a-z0-9_-]{1,60}", re.IGNORECASE)
_CONTINUE_LIMIT = 1000  # characters; real ones have less than a hundred
_REFUSALS = (
    (re.compile(r"maxlag|ratelimited|toomany.*"), Reason.RATE_LIMITED, True),
    (re.compile(r"readapidenied|permissiondenied|assert.*|mwoauth.*|badtoken"), Reason.AUTH, False),
    (re.compile(r".*blocked.*|globalblocking.*"), Reason.FORBIDDEN, False),
    (re.compile(r"readonly|internal_api_error.*|dberror|.*timeout.*"), Reason.SERVER, True),
)


class ApiError(FetchError):
    """The wiki said no; `code` is its own short word for why."""

    def __init__(self, code: str, host: str, not_before: datetime | None) -> None:
        found = (entry for entry in _REFUSALS if entry[0].fullmatch(code))
        _, reason, retry = next(found, (None, Reason.UNREADABLE, True))
        super().__init__(reason, f"{host} answered with the error {code}", retry=retry, not_before=not_before)
        self.code = code


@dataclass
class Api:
    """One wiki's API for one fetch."""

    url: str
    http: PoliteClient
    now: datetime
    own_site: bool = False
    known: bool = False
    """Whether it has answered properly before: then a page in place of an answer is a passing fault."""
    notices: list[Notice] = field(default_factory=list)

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""

    def ask(self, **words: object) -> Iterator[dict[str, Any]]:
        """The parts of the answer to one query, each as `{"query": {...}, "curtimestamp": ...}`.

        Raises:
            FetchError: no proper answer; an ApiError when the wiki itself refused.
        """
        asked = {**_ALWAYS, **{name: str(word) for name, word in words.items()}}
        more: Mapping[str, str] = {}
        for _ in range(PARTS):
            answer = self._answer({**asked, **more})
            yield answer
            more = _continued(answer)
            if not more:
                return

    def _answer(self, words: Mapping[str, str]) -> dict[str, Any]:
        response = self.http.get(
            f"{self.url}?{urlencode(words)}",
            max_bytes=MAX_BYTES,
            max_wire_bytes=MAX_WIRE_BYTES,
            check_robots=not (self.own_site or _WIKIMEDIA.fullmatch(self.host)),
        )
        _same_host(response, self.host)
        answer = self._object(response)
        error = answer.get("error")
        if error is not None or "mediawiki-api-error" in response.headers:
            code = error.get("code") if isinstance(error, dict) else None
            code = code or response.headers.get("mediawiki-api-error")
            proper = isinstance(code, str) and _CODE.fullmatch(code)
            raise ApiError(
                str(code) if proper else "unknown", self.host, retry_after(response.headers, self.now)
            )
        if not isinstance(answer.get("query"), dict):
            raise FetchError(Reason.UNREADABLE, f"{self.host} answered another question", retry=True)
        self._note_warnings(answer.get("warnings"))
        return answer

    def _object(self, response: Response) -> dict[str, Any]:
        try:
            answer = msgspec.json.decode(response.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            answer = None
        if not isinstance(answer, dict):
            reason = Reason.UNREADABLE if self.known else Reason.NOT_A_SOURCE
            raise FetchError(reason, f"{self.host} sent no answer of a MediaWiki", retry=self.known)
        return answer

    def _note_warnings(self, warnings: object) -> None:
        """A part left out for its size comes with `continue`, and what is to be dropped one day still works."""
        said = str(warnings or "").lower()
        if said and "deprecat" not in said and "truncated" not in said:
            self.notices.append(Notice.REDUCED)


def _continued(answer: Mapping[str, Any]) -> dict[str, str]:
    more = answer.get("continue")
    if not isinstance(more, dict):
        return {}
    proper = {
        name: str(word) for name, word in more.items() if isinstance(word, (str, int)) and name not in _ALWAYS
    }
    return proper if sum(map(len, proper.values())) <= _CONTINUE_LIMIT else {}


def find_api(base_url: str, http: PoliteClient, *, own_site: bool) -> str:
    """The address of a wiki's `api.php`: `base_url` itself, or what its page names as `EditURI`.

    Raises:
        FetchError: the page cannot be had, or names no API on the same host.
    """
    if urlsplit(base_url).path.endswith("/api.php"):
        return base_url.partition("?")[0]
    response = http.get(base_url, check_robots=not own_site)
    host = urlsplit(base_url).hostname or ""
    tag = _EDIT_LINK.search(response.body)
    href = _HREF.search(tag[0]) if tag else None
    raw = href[1].decode("utf-8", "replace") if href else ""
    found = web_link(urljoin(response.url, raw.replace("&amp;", "&"))).partition("?")[0]
    if (
        not raw
        or urlsplit(found).hostname != urlsplit(response.url).hostname
        or not found.endswith("/api.php")
    ):
        raise FetchError(
            Reason.NOT_A_SOURCE, f"{host} names no api.php of a MediaWiki; set base_url to it", retry=False
        )
    return found


def _same_host(response: Response, host: str) -> None:
    if (urlsplit(response.url).hostname or "") != host:
        raise FetchError(Reason.REDIRECT, f"{host} sends its API's callers elsewhere", retry=False)
