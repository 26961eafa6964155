"""The feed connector against a local server: what is given, when, and what is said when something is amiss."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from servers import Reply, ScriptedServer

from connectors.base import Batch, FetchError, Kind, Notice, Reason
from connectors.feed import Feed, FeedOptions, stale_parser
from connectors.http import PoliteClient

DATA = Path(__file__).parent / "data"
START = datetime(2026, 3, 4, 12, tzinfo=UTC)
PATH = "/feed"


def rss(*entries: str, head: str = "") -> bytes:
    return f'<rss version="2.0"><channel><title>T</title>{head}{"".join(entries)}</channel></rss>'.encode()


def entry(n: int, words: str = "words", *, date: str = "") -> str:
    return (
        f"<item><guid isPermaLink='false'>id-{n}</guid><title>Entry {n}</title>"
        f"<description>{words}</description>{f'<pubDate>{date}</pubDate>' if date else ''}</item>"
    )


@dataclass
class Site:
    """A feed on a local server, and a reader that keeps its cursor as the service does."""

    server: ScriptedServer
    now: datetime = START
    cursor: dict[str, Any] | None = None
    options: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.http = PoliteClient(user_agent="t", allow_hosts=[self.server.host], gap=0, now=lambda: self.now)

    def shows(self, body: bytes, **headers: str) -> None:
        self.server.forget(PATH)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.server.reply(PATH, Reply(body, headers=named))

    def poll(self, *, after: timedelta = timedelta(minutes=30), limit: int = 500) -> Batch:
        self.now += after
        options = FeedOptions(**{"url": self.server.url(PATH), **self.options})
        batch = Feed().fetch(options, self.cursor, self.http, limit=limit, now=self.now)
        self.cursor = json.loads(json.dumps(batch.cursor))
        return batch

    def ids(self, **asked: Any) -> list[str]:
        return [post.external_id for post in self.poll(**asked).posts]


@pytest.fixture
def site() -> Iterator[Site]:
    with ScriptedServer() as server:
        site = Site(server)
        yield site
        site.http.close()


def test_gives_posts_with_everything_the_feed_said(site: Site) -> None:
    site.shows((DATA / "wordpress_posts.rss").read_bytes())
    batch = site.poll()
    first = batch.posts[0]
    assert (first.platform, first.kind, first.external_id) == (
        "news",
        Kind.ARTICLE,
        "https://parish.example/?p=41",
    )
    assert first.url == "http://parish.example/2026/03/crossing/"
    assert first.published_at == datetime(2026, 3, 3, 8, 30, tzinfo=UTC)
    assert (first.author_name, first.language, first.context) == ("Orla Penhallow", "en-gb", "")
    assert first.fetched_at == site.now
    assert batch.notices == ()


def test_newest_first_and_british_summer_time(site: Site) -> None:
    site.shows((DATA / "wordpress_posts.rss").read_bytes())
    dates = [post.published_at for post in site.poll().posts]
    assert dates[-1] == datetime(2025, 6, 2, 13, 0, tzinfo=UTC)  # 14:00 BST
    assert dates == sorted(dates, key=str, reverse=True)


def test_relative_links_are_resolved_against_the_feeds_address(site: Site) -> None:
    site.shows((DATA / "wordpress_posts.rss").read_bytes())
    assert site.server.url("/2026/02/fair/") in [post.url for post in site.poll().posts]


def test_comments_carry_the_page_they_stand_under(site: Site) -> None:
    site.shows((DATA / "wordpress_comments.rss").read_bytes())
    batch = site.poll()
    first, second = batch.posts
    assert batch.notices == (Notice.REDUCED,)  # late approvals and edits do not show in such a feed
    assert (first.kind, first.context, first.author_name) == (
        Kind.COMMENT,
        "Crossing “unsafe” by the ford",
        "Tam Quill",
    )
    assert (second.text, second.title) == ("Who moved it?", "")


def test_a_comment_feed_of_another_maker_has_the_feeds_title_as_context(site: Site) -> None:
    site.options = {"post_kind": "comment", "platform": "blog"}
    site.shows(rss(entry(1)))
    (post,) = site.poll().posts
    assert (post.kind, post.platform, post.context, post.title) == (Kind.COMMENT, "blog", "T", "Entry 1")


def test_a_forum_gives_posts(site: Site) -> None:
    site.options = {"platform": "forum", "profile": "phpbb"}
    site.shows((DATA / "phpbb.atom").read_bytes())
    (post,) = site.poll().posts
    assert (post.kind, post.author_name, post.language) == (Kind.POST, "millrace", "en-gb")
    assert post.edited_at == datetime(2026, 3, 5, 9, 20, tzinfo=UTC)


def test_only_what_is_new_is_given(site: Site) -> None:
    site.shows(rss(entry(1)))
    assert site.ids() == ["id-1"]
    assert site.poll().unchanged
    site.shows(rss(entry(2), entry(1)))
    assert site.ids() == ["id-2"]


def test_purged_entries_that_return_are_not_new(site: Site) -> None:
    site.shows(rss(entry(1), entry(2)))
    site.poll()
    site.shows(rss(entry(2)))
    assert site.ids() == []
    site.shows(rss(entry(2), entry(1)))
    assert site.ids() == []


def test_an_edited_entry_is_given_again_with_its_id(site: Site) -> None:
    site.shows(rss(entry(1, "kind words")))
    site.poll()
    site.shows(rss(entry(1, "unkind words")))
    (post,) = site.poll().posts
    assert (post.external_id, post.text) == ("id-1", "unkind words")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("said. 12 views", "said. 13 views"),
        ("said 3 minutes ago", "said 2 hours ago"),
        ("see http://a.example/x.jpg?token=1", "see http://a.example/x.jpg?token=2"),
        ("said  so", "Said so"),
        ("&lt;p&gt;said&lt;/p&gt;&lt;img src=1&gt;", "&lt;p&gt;said&lt;/p&gt;&lt;img src=2&gt;"),
    ],
)
def test_noise_is_no_edit(site: Site, before: str, after: str) -> None:
    site.shows(rss(entry(1, before)))
    site.poll()
    site.shows(rss(entry(1, after)))
    assert site.poll().unchanged


def test_feed_level_dates_are_no_edit(site: Site) -> None:
    site.shows(rss(entry(1), head="<lastBuildDate>Mon, 02 Mar 2026 09:00:00 GMT</lastBuildDate>"))
    site.poll()
    site.shows(rss(entry(1), head="<lastBuildDate>Tue, 03 Mar 2026 09:00:00 GMT</lastBuildDate>"))
    assert site.poll().unchanged


def test_what_changes_at_every_fetch_is_given_24_times_and_then_daily(site: Site) -> None:
    given = 0
    for n in range(30):
        site.shows(rss(entry(1, f"spin {n}")))
        given += len(site.poll(after=timedelta(minutes=5)).posts)
    assert given == 24
    # The last change was held back; it is given a day later, though the feed rests.
    assert site.poll().unchanged
    (post,) = site.poll(after=timedelta(days=1)).posts
    assert post.text == "spin 29"
    assert site.poll().unchanged


def test_http_to_https_makes_nothing_new(site: Site) -> None:
    body = rss("<item><guid>http://a.example/1</guid><title>t</title></item>")
    site.shows(body)
    site.poll()
    site.shows(body.replace(b"http://", b"https://"))
    assert site.ids() == []


def test_the_same_id_twice_in_one_feed_is_one_post(site: Site) -> None:
    site.shows(rss(entry(1), entry(1)))
    assert site.ids() == ["id-1"]


def test_a_cut_batch_leaves_the_rest_and_keeps_no_validators(site: Site) -> None:
    days = [f"{n:02} Feb 2026 09:00:00 GMT" for n in range(1, 6)]
    site.shows(rss(*(entry(n, date=day) for n, day in enumerate(days))), ETag='"1"')
    assert site.ids(limit=2) == ["id-4", "id-3"]
    assert site.cursor is not None
    assert not site.cursor.get("validators")
    assert site.ids(limit=2) == ["id-2", "id-1"]
    assert site.ids(limit=2) == ["id-0"]
    assert site.cursor["validators"]
    assert site.poll().unchanged


def test_conditional_requests_and_304(site: Site) -> None:
    site.shows(rss(entry(1)), ETag='"1"')
    site.poll()
    site.server.forget(PATH)
    site.server.reply(PATH, Reply(status=304, headers={"ETag": '"2"'}))
    batch = site.poll()
    assert batch.unchanged
    assert site.server.requests[-1].headers["if-none-match"] == '"1"'
    site.poll()
    assert site.server.requests[-1].headers["if-none-match"] == '"2"'  # the 304 brought a newer one


def test_a_304_is_not_trusted_for_longer_than_six_hours(site: Site) -> None:
    site.shows(rss(entry(1)), ETag='"stuck"')
    site.poll()
    site.shows(rss(entry(2), entry(1)), ETag='"stuck"')
    assert site.ids(after=timedelta(hours=6)) == ["id-2"]
    assert "if-none-match" not in site.server.requests[-1].headers


def test_no_validators_are_kept_from_a_damaged_body(site: Site) -> None:
    site.shows(rss(entry(1))[:-30], ETag='"1"')
    batch = site.poll()
    assert batch.notices == (Notice.DAMAGED,)
    assert [post.external_id for post in batch.posts] == ["id-1"]
    for _ in range(2):  # also not when the same damaged body comes again
        site.poll()
        assert "if-none-match" not in site.server.requests[-1].headers


def test_all_entries_new_means_some_may_have_been_missed(site: Site) -> None:
    site.shows(rss(entry(1), entry(2)))
    assert site.poll().notices == ()
    site.shows(rss(entry(3), entry(2)))
    assert site.poll().notices == ()
    site.shows(rss(entry(6), entry(5)))
    assert site.poll().notices == (Notice.GAP,)


def test_entries_that_left_the_feed_before_they_were_given_are_a_gap(site: Site) -> None:
    site.shows(rss(entry(1, date="01 Mar 2026"), entry(2, date="02 Mar 2026")))
    assert site.ids(limit=1) == ["id-2"]
    site.shows(rss(entry(2, date="02 Mar 2026"), entry(3, date="03 Mar 2026")))
    assert site.poll().notices == (Notice.GAP,)


def test_an_empty_feed_is_not_all_gone(site: Site) -> None:
    site.shows(rss(entry(1)))
    site.poll()
    site.shows(rss())
    for _ in range(2):  # it is said for as long as it lasts
        batch = site.poll()
        assert (batch.notices, batch.unchanged) == ((Notice.EMPTY,), True)
    site.shows(rss(entry(1)))
    assert site.ids() == []


def test_a_new_feed_without_entries_is_no_fault(site: Site) -> None:
    site.shows(rss())
    assert site.poll().notices == ()


def test_notices_for_entries_left_out_and_cut(site: Site) -> None:
    site.shows(rss(entry(1, "x" * 70_000), "<item></item>"))
    assert set(site.poll().notices) == {Notice.SKIPPED, Notice.CUT}


def test_headline_only_searches_say_so(site: Site) -> None:
    site.options = {"profile": "google_news", "platform": "search"}
    site.shows((DATA / "google_news.rss").read_bytes())
    batch = site.poll()
    assert batch.notices == (Notice.REDUCED,)
    assert [(post.title, post.text) for post in batch.posts] == [("Light wanted at crossing", "")]


@pytest.mark.parametrize(
    ("headers", "ttl", "hours"),
    [
        ({}, "", None),
        ({"Cache_Control": "max-age=7200"}, "", 2),
        ({}, "<ttl>60</ttl>", 1),
        ({"Cache_Control": "max-age=7200"}, "<ttl>60</ttl>", 2),
        ({"Cache_Control": "max-age=31536000"}, "", 6),  # pitfall 29: months
        ({}, "<ttl>525600</ttl>", 6),
        ({}, "<ttl>-5</ttl>", None),
        ({}, "<ttl>soon</ttl>", None),
    ],
)
def test_the_servers_wish_is_heard_up_to_six_hours(
    site: Site, headers: dict[str, str], ttl: str, hours: int | None
) -> None:
    site.shows(rss(entry(1), head=ttl), **headers)
    assert site.poll().not_before == (None if hours is None else site.now + timedelta(hours=hours))


@pytest.mark.parametrize(
    ("reply", "reason", "retry"),
    [
        (Reply(b"<html><title>Sign in</title></html>"), Reason.NOT_A_SOURCE, False),
        (Reply(b'{"error": "no such feed"}'), Reason.NOT_A_SOURCE, False),
        (Reply(b""), Reason.UNREADABLE, True),
        (Reply(b"  \n "), Reason.UNREADABLE, True),
        (Reply(b"<html>wait</html>", headers={"cf-mitigated": "challenge"}), Reason.FORBIDDEN, True),
        (Reply(b"x", status=404), Reason.NOT_FOUND, False),
        (Reply(b"x", status=503), Reason.SERVER, True),
        (Reply(b"[" * 200_000), Reason.NOT_A_SOURCE, False),
        (Reply(b'{"a":' * 200_000), Reason.UNREADABLE, True),
    ],
)
def test_failures_have_a_reason(site: Site, reply: Reply, reason: Reason, retry: bool) -> None:
    site.server.reply(PATH, reply)
    site.options = {"url": site.server.url(PATH) + "?q=Constance+Amble"}
    with pytest.raises(FetchError) as failure:
        site.poll()
    assert (failure.value.reason, failure.value.retry) == (reason, retry)
    assert "Amble" not in str(failure.value)


def test_a_feed_that_shows_a_login_page_for_now_is_asked_again(site: Site) -> None:
    site.shows(rss(entry(1)))
    site.poll()
    site.shows(b"<html><title>Sign in</title></html>")
    with pytest.raises(FetchError) as failure:
        site.poll()
    assert failure.value.retry
    site.shows(rss(entry(1)))
    assert site.ids() == []


def test_robots_are_asked_except_on_the_schools_own_site(site: Site) -> None:
    site.server.reply("/robots.txt", b"User-agent: *\nDisallow: /feed\n")
    site.shows(rss(entry(1)))
    with pytest.raises(FetchError) as failure:
        site.poll()
    assert failure.value.reason is Reason.ROBOTS
    site.options = {"own_site": True}
    assert site.ids() == ["id-1"]


@pytest.mark.parametrize(
    "cursor", [{}, {"v": 0}, {"v": 1, "url": 3}, {"v": 1, "url": "x", "seen": {"a": ["b", 1, 2]}}]
)
def test_a_cursor_of_another_version_or_feed_starts_anew(site: Site, cursor: dict[str, Any]) -> None:
    site.shows(rss(entry(1)))
    site.cursor = cursor
    assert site.ids() == ["id-1"]


def test_the_cursor_stays_small(site: Site) -> None:
    for n in range(0, 3000, 500):
        site.shows(rss(*(entry(m) for m in range(n, n + 500))))
        site.poll()
    assert site.cursor is not None
    assert len(site.cursor["seen"]) <= 1500
    assert len(json.dumps(site.cursor)) < 120_000


@pytest.mark.parametrize(
    "options",
    [
        {"url": "file:///etc/passwd"},
        {"url": "parish.example/feed"},
        {"url": "http://a.example/", "platform": "Big Site"},
        {"url": "http://a.example/", "post_kind": "review"},
        {"url": "http://a.example/", "profile": "reddit"},
        {"url": "http://a.example/", "ulr": "x"},
        {},
    ],
)
def test_wrong_settings_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        FeedOptions(**options)


@pytest.mark.parametrize(
    ("version", "stale"), [("expat_2.3.9", True), ("expat_2.4.0", False), ("expat_2.10.1", False)]
)
def test_an_old_xml_library_is_known(version: str, stale: bool) -> None:
    assert stale_parser(version) is stale


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(st.binary(max_size=300) | st.text(max_size=100).map(lambda t: rss(entry(1, t))))
def test_any_bytes_give_a_batch_or_a_fetch_error(site: Site, body: bytes) -> None:
    site.shows(body)
    try:
        batch = site.poll()
    except FetchError:
        return
    assert isinstance(batch, Batch)
