"""robots.txt: what is obeyed, what is free, what forbids, and how long a copy serves."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.base import FetchError, Reason
from connectors.robots import DELAY_CAP, KEEP_FOR, REFRESH_AFTER, SIZE_LIMIT, RobotsBook, Rules, parse_robots
from connectors.stopping import Stopped

ORIGIN = "https://forum.example"
FORBID_ALL = b"User-agent: *\nDisallow: /\n"


class Site:
    """A robots.txt whose answer the test changes, and a clock that it turns."""

    def __init__(self) -> None:
        self.answer: tuple[int, bytes] | FetchError = (404, b"")
        self.asked = 0
        self.clock = 1000.0
        self.stop = threading.Event()
        self.book = RobotsBook(self._fetch, self.stop, lambda: self.clock)

    def _fetch(self, origin: str) -> tuple[int, bytes]:
        assert origin == ORIGIN
        self.asked += 1
        if isinstance(self.answer, FetchError):
            raise self.answer
        return self.answer

    def allows(self, path: str = "/x") -> bool:
        return self.book.rules(ORIGIN).allow(ORIGIN + path)


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.mark.parametrize(
    ("text", "path", "allowed"),
    [
        ("User-agent: *\nDisallow: /a", "/a/b", False),
        ("User-agent: *\nDisallow: /a", "/b", True),
        ("User-agent: *\nDisallow: /a\nAllow: /a/b", "/a/b", True),
        ("User-agent: *\nAllow: /a\nDisallow: /a", "/a", True),
        ("User-agent: *\nDisallow: /*.rss$", "/t/1.rss", False),
        ("User-agent: *\nDisallow: /*.rss$", "/t/1.rss?x", True),
        ("User-agent: *\n\nDisallow: /a", "/a", False),
        ("User-agent: *\nDisallow: /\nUser-agent: mentionwatch\nAllow: /", "/a", True),
        ("User-agent: MentionWatch\nDisallow: /a\n\nUser-agent: mentionwatch\nDisallow: /b", "/b", False),
        ("User-agent: mentionwatch\nDisallow: /a\nUser-agent: *\nAllow: /", "/a", False),
        ("\ufeffUser-agent: *\nDisallow: /a", "/a", False),
        ("User-agent: *\r\nDisallow: /a?name=", "/a?name=b", False),
        ("User-agent: otherbot\nDisallow: /", "/a", True),
        ("Disallow: /", "/a", True),
        ("", "/a", True),
    ],
)
def test_rules_follow_rfc_9309(text: str, path: str, allowed: bool) -> None:
    assert parse_robots(text.encode()).allow(ORIGIN + path) is allowed


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("User-agent: *\nDisallow: /a # why", "Disallow: /a"),
        ("User-agent: *\nDISALLOW:/a\nDisallow: /b", "Disallow: /a"),
        ("User-agent: *\nDisallow: /\nAllow: /z", "Disallow: /"),
        ("User-agent: x\nDisallow: /a/lon\n\nUser-agent: *\nDisallow: /a", "Disallow: /a"),
        ("User-agent: *\nDisallow: /a\nDisallow: /a/long", "Disallow: /a"),  # either would do
        ("User-agent: *\nDisallow: /a" + "\n# padding" * 4000, ""),
    ],
)
def test_the_line_that_forbids_is_named(text: str, line: str) -> None:
    rules = parse_robots(text.encode())
    assert not rules.allow(ORIGIN + "/a/long")
    assert rules.forbidding_line(ORIGIN + "/a/long") == line


@pytest.mark.parametrize(
    ("line", "delay"),
    [
        ("3", 3.0),
        ("0.5", 0.5),
        ("3600", DELAY_CAP),
        ("-4", 0.0),
        ("often", 0.0),
        ("inf", 0.0),
        ("nan", 0.0),
    ],
)
def test_crawl_delay_is_honoured_up_to_a_minute(line: str, delay: float) -> None:
    assert parse_robots(f"User-agent: *\nCrawl-delay: {line}".encode()).delay == delay


def test_only_the_first_half_megabyte_is_read_and_no_half_line() -> None:
    padding = b"# " + b"x" * (SIZE_LIMIT - 40) + b"\nUser-agent: *\nDisallow: /a"
    long = padding + b"x" * 100
    assert parse_robots(long).allow(ORIGIN + "/a")
    assert not parse_robots(padding).allow(ORIGIN + "/a")


@given(
    st.binary(max_size=400)
    | st.text(max_size=200).map(lambda text: f"User-agent: *\nDisallow: {text}".encode())
)
def test_any_bytes_give_rules(body: bytes) -> None:
    rules = parse_robots(body)
    rules.allow(ORIGIN + "/a%zz?b=\u00e9")
    rules.forbidding_line(ORIGIN + "/a%zz?b=\u00e9")
    assert 0.0 <= rules.delay <= DELAY_CAP


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 451])
def test_4xx_means_free(site: Site, status: int) -> None:
    site.answer = (status, FORBID_ALL)
    assert site.allows()


@pytest.mark.parametrize("status", [500, 503, 304, 100, 429])
def test_other_answers_forbid(site: Site, status: int) -> None:
    site.answer = (status, b"")
    with pytest.raises(FetchError, match=r"robots\.txt could not be read"):
        site.allows()


@pytest.mark.parametrize("reason", [Reason.TIMEOUT, Reason.REDIRECT, Reason.UNREACHABLE, Reason.TOO_LARGE])
def test_no_answer_forbids_with_the_reason_of_the_failure(site: Site, reason: Reason) -> None:
    site.answer = FetchError(reason, "forum.example", retry=True)
    with pytest.raises(FetchError) as caught:
        site.allows()
    assert caught.value.reason is reason
    site.answer = (200, b"")
    assert site.allows()


def test_a_copy_is_asked_for_once_and_then_renewed(site: Site) -> None:
    site.answer = (200, FORBID_ALL)
    assert not site.allows()
    site.clock += REFRESH_AFTER - 1
    assert not site.allows()
    assert site.asked == 1
    site.answer = (200, b"")
    site.clock += 1
    assert site.allows()
    assert site.asked == 2


def test_an_old_copy_bridges_a_fault_but_no_longer_than_a_day(site: Site) -> None:
    site.answer = (200, b"User-agent: *\nDisallow: /b")
    assert site.allows()
    site.answer = (503, b"")
    site.clock += REFRESH_AFTER
    assert site.allows("/a")
    assert not site.allows("/b")
    assert site.asked == 2, "the bridge holds for a while without asking again"
    site.clock = 1000.0 + KEEP_FOR - 1
    assert site.allows()
    site.clock += 1
    with pytest.raises(FetchError):
        site.allows()


def test_many_threads_ask_once() -> None:
    asking, answer = threading.Event(), threading.Event()
    asked: list[str] = []

    def fetch(origin: str) -> tuple[int, bytes]:
        asked.append(origin)
        asking.set()
        assert answer.wait(5)
        return 200, FORBID_ALL

    book = RobotsBook(fetch, threading.Event())
    with ThreadPoolExecutor(4) as pool:
        waiting = [pool.submit(book.rules, ORIGIN) for _ in range(4)]
        assert asking.wait(5)
        answer.set()
        rules = {each.result(5) for each in waiting}
    assert len(rules) == len(asked) == 1


def test_a_stop_is_no_fault_of_the_site(site: Site) -> None:
    site.answer = FetchError(Reason.TIMEOUT, retry=True)
    site.stop.set()
    with pytest.raises(Stopped):
        site.allows()


def test_no_rules_allow_everything() -> None:
    assert Rules().allow("https://anywhere.example/x")
    assert Rules().delay == 0.0
