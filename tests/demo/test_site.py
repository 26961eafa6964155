"""The demo's site: feeds and a guest book that fill post by post, with the validators of real ones."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from html import escape

import feedparser
import httpx
import pytest

from connectors.feed import Feed as FeedConnector
from connectors.feed import FeedOptions
from connectors.http import PoliteClient
from connectors.page import PageOptions, WebPage
from monitor.demo.script import Feed, Scripted, load
from monitor.demo.site import GUESTBOOK, GUESTBOOK_TITLE, Site
from monitor.demo.stage import Published, Stage

POSTS = {post.id: post for post in load()}
COMMENT = next(post for post in POSTS.values() if post.feed is Feed.COMMENTS)
NEWS = next(post for post in POSTS.values() if post.feed is Feed.NEWS)
ENTRIES = [post for post in POSTS.values() if post.feed is Feed.PAGE]


def elsewhere(shown: Published) -> str:
    return f"http://social.example/{shown.post.id}"


@pytest.fixture
def stage() -> Stage:
    return Stage()


@pytest.fixture
def site(stage: Stage) -> Iterator[Site]:
    with Site(stage, elsewhere) as site:
        yield site


@pytest.fixture
def polite(site: Site) -> Iterator[PoliteClient]:
    http = PoliteClient(user_agent="test", allow_hosts=[site.host], gap=0.0)
    yield http
    http.close()


@pytest.fixture
def client(site: Site) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"http://{site.host}", trust_env=False) as client:
        yield client


def path(post: Scripted) -> str:
    return f"/{post.feed}/feed.xml"


def test_a_feed_fills_when_a_post_is_published(stage: Stage, site: Site, client: httpx.Client) -> None:
    assert feedparser.parse(client.get(path(COMMENT)).content).entries == []
    shown = stage.publish(COMMENT)
    (entry,) = feedparser.parse(client.get(path(COMMENT)).content).entries
    assert entry.title == f"Comment on {COMMENT.page} by {COMMENT.author}"
    assert entry.link == site.link(shown) == f"http://{site.host}/posts/{COMMENT.id}"
    assert COMMENT.id not in client.get(path(NEWS)).text


@pytest.mark.parametrize("header", ["If-None-Match", "If-Modified-Since"])
def test_an_unchanged_feed_is_304(stage: Stage, client: httpx.Client, header: str) -> None:
    stage.publish(NEWS)
    first = client.get(path(NEWS))
    validator = first.headers["ETag" if header == "If-None-Match" else "Last-Modified"]
    second = client.get(path(NEWS), headers={header: validator})
    assert (second.status_code, second.content) == (304, b"")
    assert second.headers["ETag"] == first.headers["ETag"]


def test_a_changed_feed_is_200_and_a_strong_tag_outweighs_a_date(stage: Stage, client: httpx.Client) -> None:
    first = client.get(path(COMMENT))
    stage.publish(COMMENT)
    known = {"If-None-Match": first.headers["ETag"]}
    assert client.get(path(COMMENT), headers=known).status_code == 200
    date = client.get(path(COMMENT)).headers["Last-Modified"]
    assert client.get(path(COMMENT), headers=known | {"If-Modified-Since": date}).status_code == 200


def test_every_post_of_a_feed_has_a_page_of_its_own_once_it_is_there(
    stage: Stage, client: httpx.Client
) -> None:
    for post in (post for post in POSTS.values() if post.feed in (Feed.NEWS, Feed.COMMENTS)):
        assert client.get(f"/posts/{post.id}").status_code == 404
        stage.publish(post)
        assert escape(post.text) in client.get(f"/posts/{post.id}").text


def test_the_front_page_leads_to_every_post_wherever_it_stands(
    stage: Stage, site: Site, client: httpx.Client
) -> None:
    shown = [stage.publish(post) for post in POSTS.values()]
    front = client.get("/").text
    assert all(f'href="{site.link(one)}"' in front for one in shown)
    assert f'href="http://{site.host}{GUESTBOOK}#comment-{ENTRIES[0].id}"' in front
    assert 'href="http://social.example/' in front


def test_robots_allows_and_the_rest_is_not_there(client: httpx.Client) -> None:
    assert "Allow: /" in client.get("/robots.txt").text
    assert client.get("/nothing").status_code == 404


def test_served_says_who_was_handed_out(stage: Stage, client: httpx.Client) -> None:
    before = datetime.now(UTC)
    for post in (COMMENT, NEWS, ENTRIES[0]):
        stage.publish(post)
    client.get("/")
    client.head(path(COMMENT))
    assert not stage.served
    client.get(path(COMMENT))
    assert before <= stage.served[COMMENT.id] <= datetime.now(UTC)
    assert stage.served.keys() == {COMMENT.id}
    client.get(GUESTBOOK)
    assert stage.served.keys() == {COMMENT.id, ENTRIES[0].id}


def test_nothing_is_written_to_the_site(client: httpx.Client) -> None:
    assert client.post("/", content=b"x").status_code == 405


def test_the_page_connector_reads_the_guest_book_entry_by_entry(
    stage: Stage, site: Site, polite: PoliteClient
) -> None:
    options = PageOptions(
        url=f"http://{site.host}{GUESTBOOK}", item=".entry", author=".who", date="time", text=".words"
    )
    first = stage.publish(ENTRIES[0])
    batch = WebPage().fetch(options, None, polite, limit=500, now=datetime.now(UTC))
    later = [stage.publish(post) for post in ENTRIES[1:]]
    more = WebPage().fetch(options, batch.cursor, polite, limit=500, now=datetime.now(UTC))
    again = WebPage().fetch(options, more.cursor, polite, limit=500, now=datetime.now(UTC))
    assert [post.url for post in batch.posts] == [site.link(first)]
    assert {(p.url, p.text, p.author_name, p.context) for p in more.posts} == {
        (site.link(one), one.post.text, one.post.author, GUESTBOOK_TITLE) for one in later
    }
    assert all(post.published_at is not None for post in (*batch.posts, *more.posts))
    assert (again.unchanged, *batch.notices, *more.notices) == (True,)


def test_the_feed_connector_reads_it_all(stage: Stage, site: Site, polite: PoliteClient) -> None:
    comments = [post for post in POSTS.values() if post.feed is Feed.COMMENTS]
    links = {site.link(stage.publish(post)) for post in comments}
    options = FeedOptions(url=f"http://{site.host}/comments/feed.xml", platform="school_site", own_site=True)
    batch = FeedConnector().fetch(options, None, polite, limit=500, now=datetime.now(UTC))
    again = FeedConnector().fetch(options, batch.cursor, polite, limit=500, now=datetime.now(UTC))
    assert {post.url for post in batch.posts} == links
    assert {(p.text, p.author_name, p.context) for p in batch.posts} == {
        (post.text, post.author, post.page) for post in comments
    }
    assert again.unchanged
