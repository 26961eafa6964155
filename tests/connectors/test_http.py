"""The polite client against a real local server: requests, statuses, validators, redirects."""

from __future__ import annotations

import hashlib
import json
import logging
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from servers import Peer, Reply, Request, ScriptedServer

from connectors.base import FetchError, Reason
from connectors.http import PoliteClient, user_agent

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECRET = "s3cret-token"


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        yield server


@pytest.fixture
def other() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        yield server


@pytest.fixture
def client(server: ScriptedServer, other: ScriptedServer) -> Iterator[PoliteClient]:
    allowed = [server.host, other.host]
    client = PoliteClient(user_agent="tester/1", allow_hosts=allowed, gap=0, deadline=5, now=lambda: NOW)
    yield client
    client.close()


def failure(client: PoliteClient, url: str, **options: object) -> FetchError:
    with pytest.raises(FetchError) as caught:
        client.get(url, **options)  # type: ignore[arg-type]
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None, "a chained exception could tell the URL"
    return caught.value


def test_a_page_comes_whole_and_the_request_is_ours(client: PoliteClient, server: ScriptedServer) -> None:
    server.reply("/feed", "<rss/>", headers={"X-One": "1", "ETag": '"a"', "Set-Cookie": "id=1", "x-one": "2"})
    response = client.get(server.url("/feed?q=a%20b#part"))
    assert (response.status, response.body, response.not_modified) == (200, b"<rss/>", False)
    assert response.url == server.url("/feed?q=a%20b")
    assert response.headers["x-one"] == "1, 2"
    assert "set-cookie" not in response.headers
    assert response.body_hash == hashlib.sha256(b"<rss/>").hexdigest()
    assert (response.not_before, response.permanent_redirect) == (None, None)
    (sent,) = server.asked("/feed")
    assert sent.target == "/feed?q=a%20b"
    assert sent.headers == {
        "host": server.host,
        "user-agent": "tester/1",
        "accept": "*/*",
        "accept-encoding": "gzip, deflate",
        "connection": "close",
    }


def test_callers_headers_go_out_but_cannot_replace_ours(client: PoliteClient, server: ScriptedServer) -> None:
    server.reply("/", "x")
    client.get(
        server.url(), headers={"Accept": "text/html", "User-Agent": "Mozilla/5.0", "Accept-Encoding": "br"}
    )
    (sent,) = server.asked("/")
    assert sent.headers["accept"] == "text/html"
    assert sent.headers["user-agent"] == "tester/1"
    assert sent.headers["accept-encoding"] == "gzip, deflate"


def test_cookies_are_not_kept(client: PoliteClient, server: ScriptedServer) -> None:
    server.reply("/", "x", headers={"Set-Cookie": "id=1; Path=/"})
    client.get(server.url())
    client.get(server.url())
    assert all("cookie" not in sent.headers for sent in server.requests)


def test_the_environment_changes_nothing(
    server: ScriptedServer, other: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", other.url())
    monkeypatch.setenv("ALL_PROXY", other.url())
    server.reply("/", "x")
    client = PoliteClient(user_agent="t", allow_hosts=[server.host], gap=0, deadline=5)
    assert client.get(server.url()).body == b"x"
    client.close()
    assert other.requests == []


@pytest.mark.parametrize(
    ("status", "reason", "retry"),
    [
        (400, Reason.FORBIDDEN, False),
        (401, Reason.AUTH, False),
        (403, Reason.FORBIDDEN, False),
        (404, Reason.NOT_FOUND, False),
        (408, Reason.TIMEOUT, True),
        (410, Reason.GONE, False),
        (429, Reason.RATE_LIMITED, True),
        (451, Reason.FORBIDDEN, False),
        (500, Reason.SERVER, True),
        (503, Reason.SERVER, True),
        (599, Reason.SERVER, True),
        (304, Reason.UNREADABLE, True),
        (300, Reason.UNREADABLE, True),
        (204, Reason.UNREADABLE, True),
        (200, Reason.UNREADABLE, True),
    ],
)
def test_statuses_mean_reasons(
    client: PoliteClient, server: ScriptedServer, status: int, reason: Reason, retry: bool
) -> None:
    server.reply("/feed", status=status)
    error = failure(client, server.url("/feed?name=secretname"))
    assert (error.reason, error.retry, error.not_before) == (reason, retry, None)
    assert "secretname" not in str(error)
    assert "127.0.0.1" in str(error)


@pytest.mark.parametrize("status", [403, 429, 503])
def test_retry_after_is_passed_on_and_closes_the_host(
    client: PoliteClient, server: ScriptedServer, status: int
) -> None:
    server.reply("/feed", status=status, headers={"Retry-After": "7200"})
    wished = NOW + timedelta(hours=2)
    assert failure(client, server.url("/feed")).not_before == wished
    again = failure(client, server.url("/other"))
    assert again.not_before is not None
    assert wished - timedelta(seconds=20) < again.not_before <= wished
    assert server.asked("/other") == []


def test_caching_hints_are_capped(client: PoliteClient, server: ScriptedServer) -> None:
    server.reply("/feed", "x", headers={"Cache-Control": "max-age=31536000"})
    assert client.get(server.url("/feed")).not_before == NOW + timedelta(hours=6)


def test_a_conditional_request_and_its_304(client: PoliteClient, server: ScriptedServer) -> None:
    server.reply(
        "/feed", "one", headers={"ETag": 'W/"\xe91"', "Last-Modified": "Sun, 01 Mar 2026 10:00:00 GMT"}
    )
    server.reply("/feed", status=304, headers={"ETag": '"2"'})
    first = client.get(server.url("/feed"))
    stored = json.loads(json.dumps(dict(first.validators)))
    second = client.get(server.url("/feed"), validators=stored)
    assert (second.status, second.not_modified, second.body, second.body_hash) == (304, True, b"", "")
    assert second.validators == stored | {"etag": '"2"'}
    sent = server.asked("/feed")
    assert "if-none-match" not in sent[0].headers
    assert sent[1].headers["if-none-match"] == 'W/"\xe91"'
    assert sent[1].headers["if-modified-since"] == "Sun, 01 Mar 2026 10:00:00 GMT"


def test_validators_older_than_six_hours_are_not_sent(server: ScriptedServer) -> None:
    server.reply("/feed", "one", headers={"ETag": '"1"'})
    clock = [NOW]
    client = PoliteClient(user_agent="t", allow_hosts=[server.host], gap=0, now=lambda: clock[0])
    first = client.get(server.url("/feed"))
    clock[0] += timedelta(hours=6)
    client.get(server.url("/feed"), validators=first.validators)
    client.close()
    assert "if-none-match" not in server.asked("/feed")[1].headers


def test_validators_travel_to_the_final_url_only(client: PoliteClient, server: ScriptedServer) -> None:
    server.redirect("/old", "/new")
    server.reply("/new", "one", headers={"ETag": '"1"'})
    server.reply("/new", status=304)
    first = client.get(server.url("/old"))
    assert first.validators["url"] == server.url("/new")
    assert client.get(server.url("/old"), validators=first.validators).not_modified
    assert all("if-none-match" not in sent.headers for sent in server.asked("/old"))


@pytest.mark.parametrize(
    ("statuses", "permanent"),
    [((301,), True), ((308, 301), True), ((302,), False), ((301, 307), False), ((303,), False), ((), False)],
)
def test_redirects_are_followed_and_permanent_ones_proposed(
    client: PoliteClient, server: ScriptedServer, statuses: tuple[int, ...], permanent: bool
) -> None:
    for hop, status in enumerate(statuses):
        server.redirect(f"/{hop}", f"/{hop + 1}", status)
    server.reply(f"/{len(statuses)}", "x")
    response = client.get(server.url("/0"))
    final = server.url(f"/{len(statuses)}")
    assert response.url == final
    assert response.permanent_redirect == (final if permanent else None)


def test_five_redirects_are_followed_and_six_are_not(client: PoliteClient, server: ScriptedServer) -> None:
    for hop in range(6):
        server.redirect(f"/{hop}", f"/{hop + 1}")
    server.reply("/6", "x")
    assert client.get(server.url("/1")).body == b"x"
    error = failure(client, server.url("/0"))
    assert (error.reason, error.retry) == (Reason.REDIRECT, True)


@pytest.mark.parametrize(
    "location",
    ["ftp://files.example/", "file:///etc/hostname", "javascript:x", "http://[bad", "http://a b/", ""],
)
def test_a_redirect_to_nowhere_is_a_failure(
    client: PoliteClient, server: ScriptedServer, location: str
) -> None:
    server.redirect("/feed", location)
    error = failure(client, server.url("/feed?name=secretname"))
    assert (error.reason, error.retry) == (Reason.REDIRECT, False)
    assert "secretname" not in str(error)


def test_secrets_stay_with_their_origin(
    client: PoliteClient, server: ScriptedServer, other: ScriptedServer
) -> None:
    server.redirect("/start", "/next")
    server.redirect("/next", other.url("/away"))
    other.redirect("/away", server.url("/back"))
    server.reply("/back", "x")
    client.get(
        server.url("/start"),
        headers={"authorization": SECRET, "X-Api-Key": SECRET, "COOKIE": SECRET, "X-Plain": "p"},
        secret_headers={"X-Own": SECRET},
    )
    for path in ("/start", "/next"):
        (sent,) = server.asked(path)
        names = ("authorization", "x-api-key", "cookie", "x-own")
        assert [sent.headers[name] for name in names] == [SECRET] * 4
    for sent in (*other.requests, *server.asked("/back"), *server.asked("/robots.txt")):
        assert SECRET not in sent.headers.values()
    assert other.asked("/away")[0].headers["x-plain"] == "p"


def test_robots_is_asked_before_and_again_for_a_new_host(
    client: PoliteClient, server: ScriptedServer, other: ScriptedServer
) -> None:
    server.redirect("/start", other.url("/private/x?name=secretname"))
    other.reply("/robots.txt", "User-agent: mentionwatch\nDisallow: /private")
    error = failure(client, server.url("/start"))
    assert (error.reason, error.retry) == (Reason.ROBOTS, False)
    assert error.detail == "127.0.0.1, Disallow: /private"
    assert "secretname" not in str(error)
    assert [sent.path for sent in server.requests] == ["/robots.txt", "/start"]
    assert [sent.path for sent in other.requests] == ["/robots.txt"]


def test_robots_is_kept_and_can_be_left_out(client: PoliteClient, server: ScriptedServer) -> None:
    server.reply("/robots.txt", "User-agent: *\nDisallow: /")
    server.reply("/feed", "x")
    for _ in range(2):
        assert failure(client, server.url("/feed")).reason is Reason.ROBOTS
    assert client.get(server.url("/feed"), check_robots=False).body == b"x"
    assert len(server.asked("/robots.txt")) == 1


def test_the_own_sites_freedom_ends_at_its_host(server: ScriptedServer) -> None:
    elsewhere = f"other.example:{server.port}"
    server.reply("/robots.txt", "User-agent: *\nDisallow: /")
    server.redirect("/feed", f"http://{elsewhere}/feed")
    client = PoliteClient(
        user_agent="t",
        allow_hosts=[server.host, elsewhere],
        gap=0,
        resolve=lambda _host, _port: ["127.0.0.1"],
    )
    assert failure(client, server.url("/feed"), check_robots=False).reason is Reason.ROBOTS
    client.close()
    assert [sent.headers["host"] for sent in server.asked("/robots.txt")] == [elsewhere]


def test_threads_share_the_client_and_a_host_sees_one_at_a_time(
    client: PoliteClient, server: ScriptedServer, other: ScriptedServer
) -> None:
    busy = threading.Lock()

    def answer(_request: Request, peer: Peer) -> Reply:
        alone = busy.acquire(blocking=False)
        peer.pause(0.01)
        if alone:
            busy.release()
        return Reply(b"alone" if alone else b"together")

    server.on("/feed", answer)
    other.on("/feed", answer)  # the same host on another port: one queue
    urls = [server.url("/feed"), other.url("/feed")] * 6
    with ThreadPoolExecutor(6) as pool:
        bodies = {response.body for response in pool.map(client.get, urls)}
    assert bodies == {b"alone"}


@pytest.mark.parametrize("status", [500, 503])
def test_a_broken_robots_forbids(client: PoliteClient, server: ScriptedServer, status: int) -> None:
    server.reply("/robots.txt", status=status)
    error = failure(client, server.url("/feed"))
    assert error.reason is Reason.SERVER
    assert "robots.txt" in str(error)
    assert server.asked("/feed") == []


def test_robots_follows_redirects_but_not_for_ever(
    client: PoliteClient, server: ScriptedServer, other: ScriptedServer
) -> None:
    server.redirect("/robots.txt", other.url("/rules"))
    other.reply("/rules", "User-agent: *\nDisallow: /a")
    server.reply("/b", "x")
    assert client.get(server.url("/b")).body == b"x"
    assert failure(client, server.url("/a")).reason is Reason.ROBOTS
    other.redirect("/robots.txt", "/robots.txt")
    error = failure(client, other.url("/x"))
    assert error.reason is Reason.REDIRECT
    assert other.asked("/x") == []


def test_a_long_robots_is_read_up_to_its_limit(client: PoliteClient, server: ScriptedServer) -> None:
    server.reply("/robots.txt", b"User-agent: *\nDisallow: /a\n" + b"# padding\n" * 80_000)
    server.reply("/b", "x")
    assert client.get(server.url("/b")).body == b"x"
    assert failure(client, server.url("/a")).reason is Reason.ROBOTS


def test_crawl_delay_makes_the_gap(client: PoliteClient, server: ScriptedServer) -> None:
    server.reply("/robots.txt", "User-agent: *\nCrawl-delay: 0.3")
    server.reply("/feed", "x")
    client.get(server.url("/feed"))
    client.get(server.url("/feed"))
    first, second = (sent.at for sent in server.asked("/feed"))
    assert second - first >= 0.29


def test_nothing_is_logged_about_urls(
    client: PoliteClient, server: ScriptedServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.reply("/feed", Reply(b"x"))
    client.get(server.url("/feed?name=secretname"), secret_headers={"X-Own": SECRET})
    assert "secretname" not in caplog.text
    assert SECRET not in caplog.text


def test_the_user_agent_names_us_and_a_contact() -> None:
    name = user_agent(" office@school.example ")
    assert name.startswith("mentionwatch/")
    assert name.endswith("office@school.example)")
    assert "Mozilla" not in name


@pytest.mark.parametrize("contact", ["", "  ", "a\nb", "a)b", "caf\u00e9@school.example"])
def test_a_contact_that_breaks_the_header_is_refused(contact: str) -> None:
    with pytest.raises(ValueError, match="contact"):
        user_agent(contact)
