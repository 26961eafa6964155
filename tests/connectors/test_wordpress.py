"""The WordPress connector against a local server that answers as WordPress 6.1.9 was seen to do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import escape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from servers import Peer, Reply, Request, ScriptedServer

from connectors.base import Batch, FetchError, Kind, Notice, Reason
from connectors.http import PoliteClient
from connectors.wordpress import WordPress, WordPressOptions

START = datetime(2026, 3, 4, 12, tzinfo=UTC)
COMMENTS, POSTS = "/wp-json/wp/v2/comments", "/wp-json/wp/v2/posts"
HOUR = timedelta(hours=1)


class Blog:
    """A WordPress on a local server, and a reader that keeps its cursor as the service does."""

    def __init__(self, server: ScriptedServer) -> None:
        self.server = server
        self.now = START
        self.cursor: dict[str, Any] | None = None
        self.options: dict[str, Any] = {"posts": False}
        self.comments: dict[int, str] = {}
        self.posts: dict[int, tuple[str, str]] = {}
        self.refusal: Reply | None = None
        self.http = PoliteClient(user_agent="t", allow_hosts=[server.host], gap=0, now=lambda: self.now)
        self.pretty(on=True)

    def pretty(self, *, on: bool) -> None:
        """Whether the site has pretty links, and so its lists at /wp-json/ and its feed at /comments/feed/."""
        for path in (COMMENTS, POSTS, "/comments/feed/", "/feed/", "/"):
            self.server.forget(path)
        if on:
            self.server.on(COMMENTS, self._comments)
            self.server.on(POSTS, self._posts)
            self.server.on("/comments/feed/", lambda _request, _peer: self._feed())
        else:
            self.server.on("/", self._plain)

    def single(self, number: int, status: int) -> None:
        """What asking for one comment by its number gives."""
        self.server.reply(f"{COMMENTS}/{number}", b"{}", status=status)

    def poll(self, *, after: timedelta = timedelta(minutes=15), limit: int = 500) -> Batch:
        self.now += after
        options = WordPressOptions(**{"url": self.server.url("/"), **self.options})
        batch = WordPress().fetch(options, self.cursor, self.http, limit=limit, now=self.now)
        self.cursor = json.loads(json.dumps(batch.cursor))
        return batch

    def ids(self, **asked: Any) -> list[str]:
        return [post.external_id for post in self.poll(**asked).posts]

    def _plain(self, request: Request, peer: Peer) -> Reply:
        if "comments-rss2" in request.target:
            return self._feed()
        route = parse_qs(urlsplit(request.target).query).get("rest_route")
        return self._comments(request, peer) if route == ["/wp/v2/comments"] else Reply(b"<html>Home")

    def _comments(self, request: Request, _peer: Peer) -> Reply:
        found = [
            {
                "id": n,
                "author_name": f"Author {n}",
                "date_gmt": "2026-03-01T08:30:00",
                "link": self.server.url(f"/news/#comment-{n}"),
                "content": {"rendered": f"<p>{words}</p>\n"},
                "_embedded": {
                    "up": [{"title": {"rendered": "Sports &amp; games"}}],
                    "in-reply-to": [{"content": {"rendered": "<p>Who won?</p>"}}],
                },
            }
            for n, words in sorted(self.comments.items(), reverse=True)
        ]
        return self._listed(request, found)

    def _posts(self, request: Request, _peer: Peer) -> Reply:
        order = sorted(self.posts.items(), key=lambda item: item[1][1], reverse=True)
        found = [
            {
                "id": n,
                "guid": {"rendered": f"http://a.example/?p={n}"},
                "date_gmt": "2026-02-01T08:00:00",
                "modified_gmt": modified,
                "link": f"http://a.example/{n}/",
                "title": {"rendered": f"News {n} &#8211; today"},
                "content": {"rendered": f"<p>{words}</p>"},
            }
            for n, (words, modified) in order
        ]
        return self._listed(request, found)

    def _listed(self, request: Request, found: list[dict[str, Any]]) -> Reply:
        if self.refusal is not None:
            return self.refusal
        asked = parse_qs(urlsplit(request.target).query)
        size, page = int(asked["per_page"][0]), int(asked["page"][0])
        assert size <= 100, "WordPress answers 400"
        pages = -(-len(found) // size)
        headers = {"X-WP-Total": str(len(found)), "X-WP-TotalPages": str(pages)}
        return Reply(json.dumps(found[(page - 1) * size : page * size]).encode(), headers=headers)

    def _feed(self) -> Reply:
        newest = sorted(self.comments.items(), reverse=True)[:10]
        items = "".join(
            f"<item><title>Comment on News by Author {n}</title>"
            f"<guid isPermaLink='false'>http://a.example/news/#comment-{n}</guid>"
            f"<description>{escape(f'<p>In reply to <a href=/>Ann</a>.</p><p>{words}</p>')}</description></item>"
            for n, words in newest
        )
        return Reply(f'<rss version="2.0"><channel><title>T</title>{items}</channel></rss>'.encode())


@pytest.fixture
def blog() -> Iterator[Blog]:
    with ScriptedServer() as server:
        blog = Blog(server)
        yield blog
        blog.http.close()


def test_a_comment_carries_all_that_the_list_says(blog: Blog) -> None:
    blog.comments = {7: "Well &amp; <b>truly</b> won"}
    (post,) = blog.poll().posts
    assert (post.external_id, post.kind, post.platform) == ("comment-7", Kind.COMMENT, "wordpress")
    assert (post.text, post.author_name) == ("Well & truly won", "Author 7")
    assert post.context == "Sports & games\nWho won?"
    assert post.url == blog.server.url("/news/#comment-7")
    assert post.published_at == datetime(2026, 3, 1, 8, 30, tzinfo=UTC)  # no zone letter, and yet UTC


def test_only_what_is_new_is_given(blog: Blog) -> None:
    blog.comments = {1: "one", 2: "two"}
    assert sorted(blog.ids()) == ["comment-1", "comment-2"]
    assert blog.poll().unchanged
    blog.comments[3] = "three"
    assert blog.ids() == ["comment-3"]


def test_what_is_asked_for(blog: Blog) -> None:
    blog.options = {}
    blog.comments, blog.posts = {1: "one"}, {2: ("two", "2026-03-01T00:00:00")}
    blog.poll()
    targets = [urlsplit(request.target) for request in blog.server.requests]
    assert not [t for t in targets if "users" in t.path]
    (asked,) = [parse_qs(t.query) for t in targets if t.path == COMMENTS]
    assert {k: asked[k] for k in ("orderby", "order", "per_page")} == {
        "orderby": ["id"],
        "order": ["desc"],
        "per_page": ["100"],
    }
    assert "_fields" in asked


def test_it_reads_back_to_the_highest_number_known(blog: Blog) -> None:
    blog.comments = {1: "one"}
    blog.poll()
    blog.comments |= {n: f"words {n}" for n in range(2, 352)}
    assert len(blog.ids()) == 350
    assert [r.target.rpartition("=")[2] for r in blog.server.asked(COMMENTS)[1:]] == ["1", "2", "3", "4"]
    assert blog.poll().unchanged
    assert len(blog.server.asked(COMMENTS)) == 6  # the newest page alone


def test_the_first_fetch_reads_back_five_hundred(blog: Blog) -> None:
    blog.comments = {n: f"words {n}" for n in range(1, 701)}
    batch = blog.poll()
    assert (len(batch.posts), batch.notices) == (500, ())
    assert blog.poll(after=HOUR).unchanged


def test_more_than_can_be_read_back_is_said(blog: Blog) -> None:
    blog.comments = {1: "one"}
    blog.poll()
    blog.comments |= {n: f"words {n}" for n in range(2, 1202)}
    assert Notice.GAP in blog.poll().notices


def test_a_limit_loses_nothing(blog: Blog) -> None:
    blog.comments = {n: f"words {n}" for n in range(1, 251)}
    found: list[str] = []
    while ids := blog.ids(limit=60):
        found += ids
    assert sorted(found) == sorted(f"comment-{n}" for n in range(1, 251))


def test_a_comment_let_through_late_is_found(blog: Blog) -> None:
    blog.comments = {n: f"words {n}" for n in range(1, 251) if n not in (100, 240)}
    blog.poll()
    blog.comments |= {100: "held for long", 240: "held"}
    assert blog.ids() == ["comment-240"]  # on the newest page
    assert blog.ids(after=HOUR) == ["comment-100"]  # by the hourly second reading


def test_an_edited_comment_is_given_again(blog: Blog) -> None:
    blog.comments = {n: f"words {n}" for n in range(1, 251)}
    blog.poll()
    blog.comments[249] = "unkind words"
    (post,) = blog.poll().posts
    assert (post.external_id, post.text) == ("comment-249", "unkind words")
    blog.comments[90] = "unkind words"
    assert blog.ids(after=HOUR) == ["comment-90"]


def test_a_second_reading_that_the_limit_cut_is_taken_up_again(blog: Blog) -> None:
    blog.comments = {n: f"words {n}" for n in range(1, 251)}
    blog.poll()
    blog.comments |= {90: "unkind words", 95: "more of them"}
    found = blog.ids(after=HOUR, limit=1) + blog.ids(limit=1)
    assert sorted(found) == ["comment-90", "comment-95"]


@pytest.mark.parametrize("status", [404, 410, 401])
def test_a_comment_that_is_gone_is_reported_once(blog: Blog, status: int) -> None:
    blog.comments = {1: "one", 2: "two", 3: "three"}
    blog.poll()
    del blog.comments[2]
    blog.single(2, status)
    assert blog.poll().unchanged
    (post,) = blog.poll(after=HOUR).posts
    assert (post.external_id, post.deleted, post.text) == ("comment-2", True, "")
    assert blog.poll(after=HOUR).unchanged
    blog.comments[2] = "two"  # let through again
    assert blog.ids() == ["comment-2"]


@pytest.mark.parametrize("status", [200, 403])
def test_a_comment_that_only_slipped_off_the_page_is_not_reported(blog: Blog, status: int) -> None:
    blog.comments = {1: "one", 2: "two"}
    blog.poll()
    del blog.comments[1]
    blog.single(1, status)
    assert blog.poll(after=HOUR).unchanged


def test_posts_are_read_by_their_last_change(blog: Blog) -> None:
    blog.options = {"comments": False}
    blog.posts = {n: (f"words {n}", f"2026-03-01T00:00:{n % 60:02}") for n in range(1, 40)}
    assert len(blog.poll().posts) == 39
    blog.posts[3] = ("other words", "2026-03-04T10:00:00")
    (post,) = blog.poll().posts
    assert (post.external_id, post.kind, post.title) == ("post-3", Kind.ARTICLE, "News 3 – today")
    assert (post.text, post.edited_at) == ("other words", datetime(2026, 3, 4, 10, tzinfo=UTC))
    assert blog.poll().unchanged


def test_comments_and_posts_share_the_limit(blog: Blog) -> None:
    blog.options = {}
    blog.comments, blog.posts = {1: "one", 2: "two"}, {3: ("three", "2026-03-01T00:00:00")}
    found = [blog.ids(limit=2), blog.ids(limit=2), blog.ids(limit=2)]
    assert [len(ids) for ids in found] == [2, 1, 0]
    assert sorted(id_ for ids in found for id_ in ids) == ["comment-1", "comment-2", "post-3"]


# ---- refused ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "refusal",
    [
        Reply(b'{"code":"rest_login_required"}', status=401),
        Reply(b'{"code":"rest_cannot_access"}', status=403),
        Reply(b'{"code":"rest_no_route"}', status=404),
        Reply(b"<html>Members only", headers={"Content-Type": "text/html"}),
        Reply(b'{"code":"rest_not_logged_in","data":{"status":401}}'),
    ],
)
def test_where_the_lists_are_refused_the_feed_is_read(blog: Blog, refusal: Reply) -> None:
    blog.comments = {1: "one"}
    blog.poll()
    blog.refusal = refusal
    blog.comments[2] = "two"
    batch = blog.poll()
    assert [(post.external_id, post.text) for post in batch.posts] == [("comment-2", "two")]
    assert Notice.REDUCED in batch.notices
    blog.refusal = None
    blog.comments[3] = "three"
    batch = blog.poll(after=6 * HOUR)
    assert [post.external_id for post in batch.posts] == ["comment-3"]
    assert batch.notices == ()


def test_an_edit_that_the_feed_shows_is_given(blog: Blog) -> None:
    blog.comments = {1: "one"}
    blog.poll()
    blog.refusal = Reply(b"{}", status=403)
    blog.comments = {1: "another word"}
    assert [(post.external_id, post.text) for post in blog.poll().posts] == [("comment-1", "another word")]


def test_a_refusal_is_respected_for_six_hours(blog: Blog) -> None:
    blog.refusal = Reply(b"{}", status=403)
    blog.comments = {1: "one"}
    blog.poll()
    asked = len(blog.server.asked(COMMENTS))
    blog.poll(after=5 * HOUR)
    assert len(blog.server.asked(COMMENTS)) == asked
    assert not [r for r in blog.server.requests if "rest_route" in r.target]  # no way round it is looked for


def test_html_in_place_of_a_list_may_be_maintenance_and_is_asked_again_at_once(blog: Blog) -> None:
    blog.comments = {1: "one"}
    blog.poll()
    blog.refusal = Reply(b"<html>Back soon")
    assert Notice.REDUCED in blog.poll().notices
    blog.refusal = None
    assert blog.poll().notices == ()


def test_robots_that_forbid_the_lists_leave_the_feed(blog: Blog) -> None:
    blog.server.reply("/robots.txt", "User-agent: *\nDisallow: /wp-json/")
    blog.comments = {1: "one"}
    batch = blog.poll()
    assert ([p.external_id for p in batch.posts], Notice.REDUCED in batch.notices) == (["comment-1"], True)


def test_plain_links_have_their_lists_and_feed_elsewhere(blog: Blog) -> None:
    blog.pretty(on=False)
    blog.comments = {1: "one"}
    batch = blog.poll()
    assert ([p.external_id for p in batch.posts], batch.notices) == (["comment-1"], ())
    before = len(blog.server.requests)
    blog.poll()
    assert len(blog.server.requests) == before + 1  # the address was remembered
    blog.refusal = Reply(b"{}", status=401)
    blog.comments[2] = "two"
    assert blog.ids() == ["comment-2"]


@pytest.mark.parametrize(("status", "reason"), [(500, Reason.SERVER), (429, Reason.RATE_LIMITED)])
def test_a_passing_fault_is_a_failure_and_no_refusal(blog: Blog, status: int, reason: Reason) -> None:
    blog.refusal = Reply(b"", status=status)
    with pytest.raises(FetchError) as caught:
        blog.poll()
    assert caught.value.reason is reason
    assert not blog.server.asked("/comments/feed/")


def test_one_list_that_fails_leaves_the_other_alone(blog: Blog) -> None:
    blog.options = {}
    blog.comments = {1: "one"}
    blog.server.forget(POSTS)
    blog.server.reply(POSTS, b"", status=500)
    batch = blog.poll()
    assert ([p.external_id for p in batch.posts], batch.notices) == (["comment-1"], (Notice.REDUCED,))


def test_what_is_no_wordpress_is_a_failure(blog: Blog) -> None:
    blog.pretty(on=True)
    for path in (COMMENTS, "/comments/feed/"):
        blog.server.forget(path)
    with pytest.raises(FetchError) as caught:
        blog.poll()
    assert caught.value.reason is Reason.NOT_FOUND


def test_a_second_page_that_is_refused_is_said(blog: Blog) -> None:
    blog.comments = {1: "one"}
    blog.poll()
    blog.comments |= {n: f"words {n}" for n in range(2, 302)}
    whole = json.dumps([{"id": n, "content": {"rendered": "x"}} for n in range(301, 201, -1)])
    blog.server.forget(COMMENTS)
    blog.server.reply(COMMENTS, whole, headers={"X-WP-TotalPages": "4"})
    blog.server.reply(COMMENTS, b"{}", status=400)
    batch = blog.poll()
    assert (len(batch.posts), batch.notices) == (100, (Notice.GAP,))


# ---- hostile ----------------------------------------------------------------------------------

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["id", "content", "rendered", "title", "date_gmt", "link", "_embedded", "up", "code"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=JSON.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=200))
def test_any_answer_is_a_batch_or_a_failure(blog: Blog, body: bytes) -> None:
    blog.refusal, blog.cursor = Reply(body), None
    try:
        batch = blog.poll()
    except FetchError:
        return
    assert batch.cursor is not None


PART = st.fixed_dictionaries(
    {}, optional={name: st.integers(-(2**62), 2**62) for name in ("high", "reread_at", "refused_until")}
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(part=PART | JSON)
def test_any_cursor_is_survived(blog: Blog, part: Any) -> None:
    blog.comments, blog.cursor = {1: "one"}, None
    blog.poll()
    blog.cursor = {**(blog.cursor or {}), "comments": part}
    assert blog.ids() == ["comment-1"]


def test_odd_entries_leave_the_others_alone(blog: Blog) -> None:
    odd: list[Any] = [{"id": 2, "content": 7}, {"id": "x"}, None, {"id": True}, {"id": 1 << 70}]
    good = {"id": 1, "content": {"rendered": "one"}, "date_gmt": [], "link": "javascript:alert(1)"}
    blog.refusal = Reply(json.dumps([*odd, good]).encode())
    batch = blog.poll()
    assert {p.external_id: (p.text, p.url) for p in batch.posts} == {
        "comment-2": ("", ""),
        "comment-1": ("one", ""),
    }
    assert batch.notices == (Notice.SKIPPED,)


def test_the_cursor_holds_no_words(blog: Blog) -> None:
    blog.comments = {1: "Marmalade"}
    blog.poll()
    blog.refusal = Reply(b"{}", status=403)
    blog.comments[2] = "Wolfram"
    blog.poll()
    kept = json.dumps(blog.cursor).lower()
    assert not [word for word in ("marmalade", "wolfram", "author", "sports") if word in kept]


@pytest.mark.parametrize(
    "wrong", [{"url": "a.example"}, {"comments": "x"}, {"users": True}, {"platform": ""}]
)
def test_wrong_settings_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        WordPressOptions(**{"url": "https://a.example/", **wrong})
