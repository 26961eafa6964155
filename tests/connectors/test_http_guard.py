"""The guard on the wire: what is really connected to, over redirects, names and TLS."""

from __future__ import annotations

import ssl
import time
import traceback
from collections.abc import Iterator, Sequence

import pytest
import trustme
from servers import ScriptedServer

from connectors.base import FetchError, Reason
from connectors.http import PoliteClient
from connectors.stopping import GLANCE

SECRET = "s3cret-token"


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        server.reply("/", "inside")
        yield server


def names(host: str, port: int) -> Sequence[str]:
    """A resolver of invented names."""
    known = {
        "intranet.example": ["127.0.0.1"],
        "mixed.example": ["169.254.169.254", "127.0.0.1"],
        "two.example": ["127.0.0.2", "127.0.0.1"],
        "zero.example": ["0.0.0.0", "127.0.0.2"],  # the first one would reach this machine
        "metadata.example": ["169.254.169.254"],
        "disguised.example": ["::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::"],
        "nowhere.example": [],
    }
    if host not in known:
        raise OSError("no such name")
    return known[host]


def polite(*allowed: str, tls: ssl.SSLContext | None = None) -> PoliteClient:
    return PoliteClient(user_agent="t", allow_hosts=allowed, gap=0, deadline=3, resolve=names, tls=tls)


def failure(client: PoliteClient, url: str, **options: object) -> FetchError:
    with pytest.raises(FetchError) as caught:
        client.get(url, **options)  # type: ignore[arg-type]
    client.close()
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None, "a chained exception could tell the URL"
    return caught.value


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "0x7f.1",
        "2130706433",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::127.0.0.1]",
        "0.0.0.0",
    ],
)
def test_unlisted_loopback_is_refused_in_every_disguise(host: str) -> None:
    client = PoliteClient(user_agent="t", deadline=3)
    error = failure(client, f"http://{host}/?name=secretname")
    assert (error.reason, error.retry) == (Reason.UNSAFE_ADDRESS, False)
    assert "secretname" not in str(error)


@pytest.mark.parametrize("host", ["intranet.example", "metadata.example", "disguised.example"])
def test_an_unlisted_name_that_leads_inside_is_refused(host: str) -> None:
    error = failure(polite(), f"http://{host}/")
    assert (error.reason, error.retry) == (Reason.UNSAFE_ADDRESS, False)


def test_a_listed_name_may_lead_inside(server: ScriptedServer) -> None:
    client = polite(f"intranet.example:{server.port}")
    assert client.get(f"http://intranet.example:{server.port}/").body == b"inside"
    client.close()
    assert server.asked("/")[0].headers["host"] == f"intranet.example:{server.port}"


def test_the_name_itself_must_be_listed(server: ScriptedServer) -> None:
    client = polite(f"127.0.0.1:{server.port}")
    error = failure(client, f"http://intranet.example:{server.port}/")
    assert error.reason is Reason.UNSAFE_ADDRESS
    assert server.requests == []


@pytest.mark.parametrize("host", ["mixed.example", "two.example"])
def test_only_a_tested_address_is_tried_and_the_next_one_if_it_fails(
    server: ScriptedServer, host: str
) -> None:
    client = polite(f"{host}:{server.port}")
    assert client.get(f"http://{host}:{server.port}/").body == b"inside"
    client.close()


def test_an_address_that_failed_the_test_is_not_tried_beside_others(server: ScriptedServer) -> None:
    error = failure(polite(f"zero.example:{server.port}"), f"http://zero.example:{server.port}/")
    assert error.reason is Reason.UNREACHABLE
    assert server.requests == []


def test_a_listed_name_is_no_way_to_the_metadata_service() -> None:
    assert failure(polite("metadata.example:80"), "http://metadata.example/").reason is Reason.UNSAFE_ADDRESS


@pytest.mark.parametrize("name", ["nowhere.example", "unknown.example"])
def test_a_name_without_address_is_unreachable(name: str) -> None:
    error = failure(polite(), f"http://{name}/")
    assert (error.reason, error.retry) == (Reason.UNREACHABLE, True)


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("http://metadata.example/latest", Reason.UNSAFE_ADDRESS),
        ("http://10.0.0.1/", Reason.UNSAFE_ADDRESS),
        ("http://[::ffff:169.254.169.254]/", Reason.UNSAFE_ADDRESS),
        ("http://intranet.example:22/", Reason.UNSAFE_ADDRESS),
        ("http://user:pw@intranet.example/", Reason.UNSAFE_ADDRESS),
        ("gopher://intranet.example/", Reason.REDIRECT),
    ],
)
def test_a_redirect_inside_is_refused(server: ScriptedServer, location: str, reason: Reason) -> None:
    server.redirect("/away", location)
    client = PoliteClient(user_agent="t", allow_hosts=[server.host], gap=0, deadline=3, resolve=numeric)
    assert failure(client, server.url("/away")).reason is reason


def numeric(host: str, port: int) -> Sequence[str]:
    """The invented names, and numeric hosts as themselves."""
    return [host] if host[0].isdigit() or ":" in host else names(host, port)


def test_a_robots_redirect_inside_is_refused(server: ScriptedServer) -> None:
    server.redirect("/robots.txt", "http://10.0.0.1/robots.txt")
    client = PoliteClient(user_agent="t", allow_hosts=[server.host], gap=0, deadline=3)
    assert failure(client, server.url()).reason is Reason.UNSAFE_ADDRESS
    assert server.asked("/") == []


def test_a_closed_port_is_unreachable_and_says_no_more() -> None:
    with ScriptedServer() as gone:
        pass
    error = failure(
        polite(f"intranet.example:{gone.port}"), f"http://intranet.example:{gone.port}/?q=secretname"
    )
    assert (error.reason, error.retry) == (Reason.UNREACHABLE, True)
    assert "secretname" not in "".join(traceback.format_exception(error))


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def secure(authority: trustme.CA) -> Iterator[ScriptedServer]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("intranet.example").configure_cert(context)
    with ScriptedServer(tls=context, name="intranet.example") as server:
        server.reply("/", "over tls")
        yield server


def trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def test_the_tls_name_follows_the_url(secure: ScriptedServer, authority: trustme.CA) -> None:
    client = polite(secure.host, tls=trusting(authority))
    assert client.get(secure.url()).body == b"over tls"
    client.close()


def test_a_certificate_for_another_name_is_refused(secure: ScriptedServer, authority: trustme.CA) -> None:
    other = f"two.example:{secure.port}"
    error = failure(polite(other, tls=trusting(authority)), f"https://{other}/?q=secretname")
    assert error.reason is Reason.UNREACHABLE
    assert "certificate" in str(error)


def test_an_unknown_authority_is_refused(secure: ScriptedServer) -> None:
    error = failure(polite(secure.host), secure.url())
    assert "certificate" in str(error)


def test_a_pause_inside_tls_is_waited_for(secure: ScriptedServer, authority: trustme.CA) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n"
    secure.drip("/slow", [head, b"ab", b"cd"], every=GLANCE * 1.5)
    client = polite(secure.host, tls=trusting(authority))
    assert client.get(secure.url("/slow")).body == b"abcd"
    client.close()


def test_a_handshake_that_never_ends_is_a_timeout(server: ScriptedServer) -> None:
    client = PoliteClient(user_agent="t", allow_hosts=[server.host], gap=0, deadline=0.4)
    started = time.monotonic()
    assert failure(client, f"https://{server.host}/").reason is Reason.TIMEOUT
    assert time.monotonic() - started < 1.5


@pytest.mark.parametrize("secret", [True, False])
def test_a_secret_is_never_taken_from_https_to_http(
    secure: ScriptedServer, server: ScriptedServer, authority: trustme.CA, secret: bool
) -> None:
    plain = f"intranet.example:{server.port}"
    secure.redirect("/down", f"http://{plain}/")
    client = polite(secure.host, plain, tls=trusting(authority))
    if secret:
        error = failure(client, secure.url("/down"), secret_headers={"Authorization": SECRET})
        assert (error.reason, error.retry) == (Reason.REDIRECT, False)
        assert SECRET not in str(error)
        assert server.asked("/") == []
    else:
        assert client.get(secure.url("/down")).body == b"inside"
        client.close()
