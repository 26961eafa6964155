"""Hostile servers: drips, bombs, noise, silence. Each ends in time, as a Response or a FetchError."""

from __future__ import annotations

import gzip
import threading
import time
import zlib
from collections.abc import Iterator, Sequence
from itertools import repeat

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from servers import Peer, Reply, Request, ScriptedServer

from connectors.base import FetchError, Reason
from connectors.http import PoliteClient, Response
from connectors.stopping import Stopped

DEADLINE = 0.6
HEAD = b"HTTP/1.1 200 OK\r\n"


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        yield server


@pytest.fixture
def client(server: ScriptedServer) -> Iterator[PoliteClient]:
    client = PoliteClient(user_agent="t", allow_hosts=[server.host], gap=0, deadline=DEADLINE)
    yield client
    client.close()


def outcome(client: PoliteClient, url: str) -> Response | FetchError:
    try:
        return client.get(url, check_robots=False)
    except FetchError as error:
        return error


def reason(client: PoliteClient, url: str) -> Reason:
    result = outcome(client, url)
    assert isinstance(result, FetchError)
    return result.reason


@pytest.mark.parametrize(
    ("first", "piece"),
    [
        (HEAD + b"Content-Length: 99999\r\n\r\n", b"x"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        (HEAD, b"X: y\r\n"),
        (b"", b"H"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"X: y\r\n"),
    ],
    ids=["body", "chunks", "headers", "status line", "informational", "trailers"],
)
def test_a_drip_ends_at_the_deadline(
    client: PoliteClient, server: ScriptedServer, first: bytes, piece: bytes
) -> None:
    server.drip("/", [first, *repeat(piece, 200)], every=0.02)
    started = time.monotonic()
    assert reason(client, server.url()) in (Reason.TIMEOUT, Reason.UNREADABLE)
    assert time.monotonic() - started < DEADLINE + 0.5


def test_silence_ends_at_the_deadline(client: PoliteClient, server: ScriptedServer) -> None:
    server.on("/", lambda _request, peer: peer.hang())
    started = time.monotonic()
    assert reason(client, server.url()) is Reason.TIMEOUT
    assert DEADLINE <= time.monotonic() - started < DEADLINE + 0.5


def test_redirects_share_one_deadline(client: PoliteClient, server: ScriptedServer) -> None:
    def slowly(_request: Request, peer: Peer) -> Reply:
        peer.pause(DEADLINE * 0.4)
        return Reply(status=302, headers={"Location": "/"})

    server.on("/", slowly)
    started = time.monotonic()
    assert reason(client, server.url()) is Reason.TIMEOUT
    assert time.monotonic() - started < DEADLINE + 0.5


def test_a_slow_resolver_ends_at_the_deadline() -> None:
    done = threading.Event()

    def resolve(host: str, port: int) -> Sequence[str]:
        done.wait(10)
        return []

    client = PoliteClient(user_agent="t", deadline=0.3, resolve=resolve)
    assert reason(client, "http://slow.example/") is Reason.TIMEOUT
    done.set()
    client.close()


@pytest.mark.parametrize("where", ["answer", "turn", "robots"])
def test_a_stop_ends_everything_at_once(server: ScriptedServer, where: str) -> None:
    stop, asked = threading.Event(), threading.Event()

    def hang(_request: Request, peer: Peer) -> None:
        asked.set()
        peer.hang()

    server.on("/robots.txt" if where == "robots" else "/", hang)
    client = PoliteClient(user_agent="t", allow_hosts=[server.host], gap=0, deadline=60, stop=stop)
    failures: list[FetchError] = []

    def fetch() -> None:
        try:
            client.get(server.url(), check_robots=where == "robots")
        except FetchError as error:
            failures.append(error)

    threads = [threading.Thread(target=fetch) for _ in range(2 if where != "answer" else 1)]
    for thread in threads:
        thread.start()
    assert asked.wait(5)
    stop.set()
    for thread in threads:
        thread.join(3)
        assert not thread.is_alive()
    client.close()
    assert [type(error) for error in failures] == [Stopped] * len(threads)


NESTED = gzip.compress(gzip.compress(gzip.compress(bytes(3_000_000))))


@pytest.mark.parametrize(
    ("body", "coding", "expected"),
    [
        (NESTED, "gzip, gzip, gzip", Reason.UNREADABLE),
        (gzip.compress(b"<rss/>"), "br", Reason.UNREADABLE),
        (b"not packed", "gzip", Reason.UNREADABLE),
        (gzip.compress(b"<rss/>" * 50)[:-10], "gzip", Reason.UNREADABLE),
        (gzip.compress(bytes(11_000_000)), "gzip", Reason.TOO_LARGE),
        (zlib.compress(bytes(11_000_000)), "deflate", Reason.TOO_LARGE),
    ],
)
def test_packed_traps_are_failures(
    client: PoliteClient, server: ScriptedServer, body: bytes, coding: str, expected: Reason
) -> None:
    server.reply("/", body, headers={"Content-Encoding": coding})
    assert reason(client, server.url()) is expected


def test_two_headers_with_one_layer_each_are_two_layers(client: PoliteClient, server: ScriptedServer) -> None:
    body = gzip.compress(gzip.compress(b"x"))
    coding = b"Content-Encoding: gzip\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n"
    server.raw("/", HEAD + coding + body)
    assert reason(client, server.url()) is Reason.UNREADABLE


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_one_layer_is_unpacked(client: PoliteClient, server: ScriptedServer, coding: str) -> None:
    packed = (gzip if coding == "gzip" else zlib).compress(b"<rss/>")
    server.reply("/", packed, headers={"Content-Encoding": coding})
    assert client.get(server.url()).body == b"<rss/>"


def test_the_sizes_can_be_set(client: PoliteClient, server: ScriptedServer) -> None:
    server.reply("/", b"x" * 1001)
    with pytest.raises(FetchError) as caught:
        client.get(server.url(), max_bytes=1000)
    assert caught.value.reason is Reason.TOO_LARGE
    with pytest.raises(FetchError):
        client.get(server.url(), max_wire_bytes=1000)
    assert len(client.get(server.url(), max_bytes=1001, max_wire_bytes=1001).body) == 1001


def test_an_endless_body_ends_at_the_limit_on_the_wire(client: PoliteClient, server: ScriptedServer) -> None:
    def pour(_request: Request, peer: Peer) -> None:
        peer.send(HEAD + b"\r\n")
        while peer.pause(0):
            peer.send(bytes(100_000))

    server.on("/", pour)
    assert reason(client, server.url()) in (Reason.TOO_LARGE, Reason.TIMEOUT)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\r\n\r\n",
        b"garbage\r\n\r\n",
        b"HTTP/1.1 200",
        HEAD,
        HEAD + b"no colon here\r\n\r\nx",
        HEAD + b"X: " + b"y" * 300_000 + b"\r\n\r\n",
        HEAD + b"X: y\r\n" * 60_000 + b"\r\n",
        HEAD + b"Content-Length: 10\r\n\r\nshort",
        HEAD + b"Content-Length: ten\r\n\r\nshort",
        HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        HEAD + b"Transfer-Encoding: gzip\r\n\r\nx",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nabc",
        b"HTTP/1.1 999 What\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: \xff\xfe\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: http://\xe2\x80\xa8/\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:99999999/\r\n\r\n",
        b"HTTP/1.1 302 Found\r\n\r\n",
    ],
)
def test_broken_answers_are_failures(client: PoliteClient, server: ScriptedServer, answer: bytes) -> None:
    server.raw("/", answer)
    result = outcome(client, server.url("/?name=secretname"))
    assert isinstance(result, FetchError)
    assert result.reason not in (Reason.UNREACHABLE, Reason.TIMEOUT)
    assert "secretname" not in str(result)
    assert result.__context__ is None


STATUS = st.integers(100, 999).map(lambda status: f"HTTP/1.1 {status} X\r\n".encode())
NAMES = st.sampled_from(
    ["Content-Length", "Content-Encoding", "Transfer-Encoding", "Location", "ETag", "Retry-After", "Expires",
     "Cache-Control", "Date", "Set-Cookie", "Connection", "X"]
)  # fmt: skip
VALUES = st.one_of(
    st.binary(max_size=30),
    st.sampled_from(
        [b"gzip", b"chunked", b"/", b"0", b"5", b"-1", b"max-age=9", b"http://\xc3\xa9.example:0/", b"//["]
    ),
)
HEADERS = st.lists(
    st.tuples(NAMES, VALUES).map(lambda pair: pair[0].encode() + b": " + pair[1] + b"\r\n"), max_size=5
)
ANSWERS = st.binary(max_size=200) | st.builds(
    lambda status, headers, body: status + b"".join(headers) + b"\r\n" + body,
    STATUS,
    HEADERS,
    st.binary(max_size=60),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ANSWERS)
def test_any_bytes_end_in_time(client: PoliteClient, server: ScriptedServer, answer: bytes) -> None:
    server.forget("/")
    server.raw("/", answer)
    fresh = PoliteClient(user_agent="t", allow_hosts=[server.host], gap=0, deadline=DEADLINE)
    started = time.monotonic()
    result = outcome(fresh, server.url())
    fresh.close()
    assert time.monotonic() - started < DEADLINE + 0.5
    if isinstance(result, Response):
        assert result.status == 304 or (200 <= result.status < 300 and result.body)
