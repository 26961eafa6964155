"""One request and its answer, within limits; every failure becomes a FetchError.

No message here holds more than the host's name: a URL can carry a person's name
or a token in its query (connectors-feeds.md section 1, rule 7), and the texts of
httpx's exceptions can carry the URL. So those are never chained: the failure is
made inside the handler and raised outside it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from ssl import SSLContext

import httpcore
import httpx

from connectors.addresses import AllowList, host_of
from connectors.base import FetchError, Reason
from connectors.bodies import BodyLimits, read_body
from connectors.caching import limit_reset, retry_after
from connectors.network import GuardedTransport, Resolver

# httpx's InvalidURL is not one of its HTTPErrors; httpcore's have no common base.
FAULTS = (
    httpx.HTTPError,
    httpx.InvalidURL,
    httpx.StreamError,
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.ProxyError,
    httpcore.UnsupportedProtocol,
    httpcore.ConnectionNotAvailable,
    OSError,
)
LATE = (httpx.TimeoutException, httpcore.TimeoutException, TimeoutError)
# The transport lets httpcore's exceptions through as they are, so these come from one place only:
# httpx reads the Location of every redirect, even when it is told not to follow.
MISDIRECTED = (httpx.InvalidURL, httpx.ProtocolError, httpx.UnsupportedProtocol)

MEANING = {
    401: (Reason.AUTH, False),
    403: (Reason.FORBIDDEN, False),
    404: (Reason.NOT_FOUND, False),
    407: (Reason.AUTH, False),
    408: (Reason.TIMEOUT, True),
    410: (Reason.GONE, False),
    425: (Reason.SERVER, True),
    429: (Reason.RATE_LIMITED, True),
}


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer. Header names are lower case, values as sent (Latin-1); Set-Cookie is left out.

    The body is read for 2xx only.
    """

    url: httpx.URL
    status: int
    headers: Mapping[str, str]
    body: bytes


class Wire:
    """The process's one httpx client: no cookies, no proxy or .netrc of the environment, no redirects."""

    def __init__(
        self, allowed: AllowList, *, stop: threading.Event, resolve: Resolver, tls: SSLContext | None
    ) -> None:
        for name in ("httpx", "httpcore"):
            # Both log whole URLs and headers, below warning; ours must never reach a log.
            logging.getLogger(name).setLevel(logging.WARNING)
        self._client = httpx.Client(
            transport=GuardedTransport(allowed, stop=stop, resolve=resolve, tls=tls),
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            trust_env=False,
            follow_redirects=False,
        )
        self._client.headers.clear()

    def ask(
        self, url: httpx.URL, headers: Mapping[str, str], *, seconds: float, limits: BodyLimits
    ) -> Answer:
        """Send one GET and read the answer within `seconds`.

        Raises:
            FetchError: no answer within the limits. Any status is an answer.
        """
        try:
            return self._ask(url, headers, seconds, limits)
        except FAULTS as fault:
            failure = _failure(fault, host_of(url))
        raise failure

    def _ask(self, url: httpx.URL, headers: Mapping[str, str], seconds: float, limits: BodyLimits) -> Answer:
        # Values go out as the bytes that came in: httpx would refuse an ETag that is not ASCII.
        raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
        request = self._client.build_request("GET", url, headers=raw, timeout=httpx.Timeout(seconds))
        response = self._client.send(request, stream=True)
        try:
            told = _told(response.headers.raw)
            body = b""
            if response.is_success:
                coding = told.get("content-encoding", "")
                body = read_body(response.iter_raw(), coding, limits, host=host_of(url))
            return Answer(url, response.status_code, told, body)
        finally:
            response.close()

    def close(self) -> None:
        """Close all connections."""
        self._client.close()


def _told(raw: list[tuple[bytes, bytes]]) -> dict[str, str]:
    told: dict[str, str] = {}
    for name, value in ((pair[0].decode("latin-1").lower(), pair[1].decode("latin-1")) for pair in raw):
        if name != "set-cookie":
            told[name] = f"{told[name]}, {value}" if name in told else value
    return told


def _failure(fault: Exception, host: str) -> FetchError:
    if isinstance(fault, LATE):
        return FetchError(Reason.TIMEOUT, host, retry=True)
    if isinstance(fault, httpcore.ProtocolError):
        return FetchError(Reason.UNREADABLE, f"{host}: this is not proper HTTP", retry=True)
    if isinstance(fault, MISDIRECTED):
        return FetchError(Reason.REDIRECT, f"{host}: to no proper address", retry=False)
    return FetchError(Reason.UNREACHABLE, host, retry=True)


def status_failure(answer: Answer, now: datetime) -> FetchError | None:
    """Give the failure that a status of 400 or more stands for; None for all others.

    `not_before` comes from `Retry-After`, on any of them: some sites send 403
    where they mean 429 (pitfall 28); for a 429 without one, from the rate limit's reset.
    """
    if answer.status < 400:
        return None
    reason, retry = (Reason.SERVER, True) if answer.status >= 500 else (Reason.FORBIDDEN, False)
    reason, retry = MEANING.get(answer.status, (reason, retry))
    detail = f"{host_of(answer.url)} answered with status {answer.status}"
    not_before = retry_after(answer.headers, now)
    if not_before is None and answer.status == 429:
        not_before = limit_reset(answer.headers, now)
    return FetchError(reason, detail, retry=retry, not_before=not_before)
