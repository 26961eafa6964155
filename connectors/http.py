"""The polite client: every request of the service to the outside goes through here.

    get -> each hop: URL check -> robots.txt -> the host's turn -> one exchange -> redirect or Response

It keeps what connectors-feeds.md sections 3 and 4 ask for: one deadline for the
exchange, bounded sizes, no private addresses, redirects by hand, no cookies,
conditional requests, robots.txt, and one request at a time for each host.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import metadata
from ssl import SSLContext

import httpx

from connectors.addresses import AllowList, checked_url, host_of, origin_of, port_of
from connectors.base import FetchError, Reason
from connectors.bodies import BodyLimits
from connectors.caching import caching_hint, conditional_headers, new_validators
from connectors.exchange import Answer, Wire, status_failure
from connectors.network import Resolver, system_resolve
from connectors.robots import SIZE_LIMIT, TOKEN, RobotsBook, Rules
from connectors.turns import Turns

MAX_HOPS = 5
LEAST_GAP = 2.0  # seconds between two requests to a host that is not ours
REDIRECTS = frozenset({301, 302, 303, 307, 308})
PERMANENT = frozenset({301, 308})
SECRET_NAMES = frozenset({"authorization", "cookie", "proxy-authorization", "x-api-key"})
OUR_NAMES = frozenset(
    {"user-agent", "accept-encoding", "connection", "host", "content-length", "transfer-encoding"}
)


@dataclass(frozen=True, slots=True)
class Response:
    """What a source answered: a body (2xx), or the news that there is none (304)."""

    url: str
    """The final URL, after redirects."""
    status: int
    """200 to 299, or 304."""
    headers: Mapping[str, str]
    """Lower-case names; values as sent, read as Latin-1."""
    body: bytes
    """Unpacked; empty on 304."""
    validators: Mapping[str, str]
    """JSON-ready: hand it in next time, unchanged. Store it only together with what was parsed."""
    body_hash: str
    """SHA-256 of the body in hex, to skip the parse of a body seen before; empty on 304."""
    not_modified: bool
    not_before: datetime | None
    """The server's wish for the next request: its caching headers, six hours ahead at most."""
    permanent_redirect: str | None
    """The final URL if every hop was 301 or 308. Propose it to a person; never rewrite unasked."""


@dataclass(slots=True)
class _Trip:
    """One `get` on its way through redirects."""

    plain: Mapping[str, str]
    secret: Mapping[str, str]
    validators: Mapping[str, str] | None
    limits: BodyLimits
    seconds: float
    obeys_robots: bool = True
    own_host: str = ""
    """The school's own host, if that is where the trip began: robots.txt is not asked there."""
    statuses: list[int] = field(default_factory=list)
    conditional: bool = False

    def follow(self, came_from: Answer, target: httpx.URL) -> None:
        """Take the next hop: secrets stay behind for good when the origin changes."""
        host = host_of(came_from.url)
        if len(self.statuses) == MAX_HOPS:
            raise FetchError(Reason.REDIRECT, f"{host}: more than {MAX_HOPS} redirects", retry=True)
        if self.secret and came_from.url.scheme == "https" and target.scheme != "https":
            raise FetchError(Reason.REDIRECT, f"{host}: from https to http", retry=False)
        if origin_of(target) != origin_of(came_from.url):
            self.secret = {}
        self.statuses.append(came_from.status)


class PoliteClient:
    """GET with manners. One for the process; safe to use from several threads.

    `allow_hosts` holds `host:port` entries that may lie inside (see AllowList).
    `gap` is in seconds between two requests to one host; less than two seconds
    holds for allowed hosts only. `deadline` is in seconds for one `get`, without
    the wait for the host's turn and for robots.txt, which has a deadline of its
    own. Setting `stop` ends every wait and exchange within about four seconds.
    `resolve` and `tls` replace the machine's resolver and its certificates.
    """

    def __init__(
        self,
        *,
        user_agent: str,
        allow_hosts: Iterable[str] = (),
        gap: float = LEAST_GAP,
        deadline: float = 30.0,
        stop: threading.Event | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        resolve: Resolver = system_resolve,
        tls: SSLContext | None = None,
    ) -> None:
        stop = stop or threading.Event()
        self._user_agent = user_agent
        self._allowed = AllowList(allow_hosts)
        self._gap = gap
        self._deadline = deadline
        self._now = now
        self._wire = Wire(self._allowed, stop=stop, resolve=resolve, tls=tls)
        self._turns = Turns(stop, now)
        self._robots = RobotsBook(self._fetch_robots, stop)

    def get(
        self,
        url: str,
        *,
        validators: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        secret_headers: Mapping[str, str] | None = None,
        max_bytes: int = 10_000_000,
        max_wire_bytes: int = 5_000_000,
        check_robots: bool = True,
    ) -> Response:
        """Fetch a URL, following at most five redirects.

        `validators` is the mapping of an earlier Response; it is left out by
        itself when it belongs to another URL or is older than six hours (stuck
        304, pitfall 7). `secret_headers`, and credentials among `headers`, go
        to the URL's own origin only. `check_robots` False is for the school's
        own site; a redirect to another host is checked all the same. Sizes are in bytes, unpacked and on the wire.

        Raises:
            FetchError: anything but a 2xx with a body, or a 304 that was asked for.
        """
        plain, secret = _sorted_headers(headers or {}, secret_headers or {})
        limits = BodyLimits(max_bytes, max_wire_bytes)
        first = checked_url(url, self._allowed)
        own_host = "" if check_robots else host_of(first)
        trip = _Trip(plain, secret, validators, limits, self._deadline, own_host=own_host)
        answer = self._travel(first, trip)
        failure = status_failure(answer, self._now()) or _oddity(answer, trip)
        if failure is not None:
            raise failure
        return self._response(answer, trip)

    def close(self) -> None:
        """Close all connections."""
        self._wire.close()

    def _travel(self, url: httpx.URL, trip: _Trip) -> Answer:
        while True:
            answer = self._hop(url, trip)
            if answer.status not in REDIRECTS:
                return answer
            url = self._target(answer)
            trip.follow(answer, url)

    def _target(self, answer: Answer) -> httpx.URL:
        location = answer.headers.get("location", "")
        try:
            target = answer.url.join(location) if location else ""
        except (httpx.InvalidURL, ValueError):
            target = ""
        return checked_url(target, self._allowed, unusable=Reason.REDIRECT)

    def _hop(self, url: httpx.URL, trip: _Trip) -> Answer:
        asks = trip.obeys_robots and host_of(url) != trip.own_host
        rules = self._robots.rules(_origin_text(url)) if asks else Rules()
        if not rules.allow(str(url)):
            line = rules.forbidding_line(str(url))
            raise FetchError(Reason.ROBOTS, f"{host_of(url)}{', ' + line if line else ''}", retry=False)
        asked = conditional_headers(trip.validators, str(url), self._now())
        trip.conditional = bool(asked)
        headers = {**trip.plain, **trip.secret, **asked, **self._own_headers()}
        with self._turns.taken(host_of(url), max(self._gap_for(url), rules.delay)) as turn:
            started = time.monotonic()
            answer = self._wire.ask(url, headers, seconds=trip.seconds, limits=trip.limits)
            trip.seconds -= time.monotonic() - started
            turn.failure = status_failure(answer, self._now())
        return answer

    def _own_headers(self) -> dict[str, str]:
        return {
            "user-agent": self._user_agent,
            "accept-encoding": "gzip, deflate",
            "connection": "close",
        }

    def _gap_for(self, url: httpx.URL) -> float:
        listed = self._allowed.lists(host_of(url), port_of(url))
        return self._gap if listed else max(self._gap, LEAST_GAP)

    def _fetch_robots(self, origin: str) -> tuple[int, bytes]:
        limits = BodyLimits(unpacked=SIZE_LIMIT, cut=True)
        trip = _Trip({}, {}, None, limits, self._deadline, obeys_robots=False)
        answer = self._travel(checked_url(f"{origin}/robots.txt", self._allowed), trip)
        if answer.status == 429:
            raise status_failure(answer, self._now()) or FetchError(Reason.RATE_LIMITED, retry=True)
        return answer.status, answer.body

    def _response(self, answer: Answer, trip: _Trip) -> Response:
        now = self._now()
        url = str(answer.url)
        unchanged = answer.status == 304
        known = trip.validators if unchanged else None
        lasting = bool(trip.statuses) and PERMANENT.issuperset(trip.statuses)
        return Response(
            url=url,
            status=answer.status,
            headers=answer.headers,
            body=answer.body,
            validators=new_validators(url, answer.headers, now, known),
            body_hash="" if unchanged else hashlib.sha256(answer.body).hexdigest(),
            not_modified=unchanged,
            not_before=caching_hint(answer.headers, now),
            permanent_redirect=url if lasting else None,
        )


def _sorted_headers(
    plain: Mapping[str, str], secret: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, str]]:
    given = {name.lower(): value for name, value in plain.items() if name.lower() not in OUR_NAMES}
    hidden = {name: value for name, value in given.items() if name in SECRET_NAMES}
    hidden |= {name.lower(): value for name, value in secret.items()}
    return {"accept": "*/*"} | {name: given[name] for name in given.keys() - hidden.keys()}, hidden


def _oddity(answer: Answer, trip: _Trip) -> FetchError | None:
    """Give the failure behind an answer below 400 that is neither a body nor an asked-for 304."""
    host = host_of(answer.url)
    if answer.status == 304 and not trip.conditional:
        return FetchError(Reason.UNREADABLE, f"{host} says unchanged, but was not asked that", retry=True)
    if answer.status != 304 and not 200 <= answer.status < 300:
        return FetchError(Reason.UNREADABLE, f"{host} answered with status {answer.status}", retry=True)
    if answer.status != 304 and not answer.body:
        return FetchError(Reason.UNREADABLE, f"{host} sent an empty answer", retry=True)
    return None


def _origin_text(url: httpx.URL) -> str:
    return f"{url.scheme}://{url.netloc.decode('ascii')}"


def user_agent(contact: str) -> str:
    """Name ourselves: version, the project's page, and whom to write to (never a browser's name).

    Raises:
        ValueError: the contact is empty or holds what cannot stand in a header's comment.
    """
    if (
        not contact.strip()
        or not contact.isascii()
        or not contact.isprintable()
        or set(contact) & set("()\\")
    ):
        raise ValueError("the contact must be plain ASCII text, such as an e-mail address")
    about = metadata("mentionwatch")
    pages = [entry.partition(",")[2].strip() for entry in about.get_all("Project-URL") or []]
    words = [f"+{page}" for page in pages[:1]] + [contact.strip()]
    return f"{TOKEN}/{about['Version']} ({'; '.join(words)})"
