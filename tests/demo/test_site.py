"""The demo's site: feeds that appear post by post, with the validators of real ones."""

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
from monitor.demo.script import Feed, Scripted, load
from monitor.demo.site import Site

POSTS = {post.id: post for post in load()}
COMMENT = next(post for post in POSTS.values() if post.feed is Feed.COMMENTS)
NEWS = next(post for post in POSTS.values() if post.feed is Feed.NEWS)


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as site:
        yield site


@pytest.fixture
def client(site: Site) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"http://{site.host}", trust_env=False) as client:
        yield client


def path(post: Scripted) -> str:
    return f"/{post.feed}/feed.xml"


def test_a_feed_fills_when_a_post_is_published(site: Site, client: httpx.Client) -> None:
    assert feedparser.parse(client.get(path(COMMENT)).content).entries == []
    site.publish(COMMENT)
    (entry,) = feedparser.parse(client.get(path(COMMENT)).content).entries
    assert entry.title == f"Comment on {COMMENT.page} by {COMMENT.author}"
    assert entry.link == site.link(COMMENT.id)
    assert COMMENT.id not in client.get(path(NEWS)).text


@pytest.mark.parametrize("header", ["If-None-Match", "If-Modified-Since"])
def test_an_unchanged_feed_is_304(site: Site, client: httpx.Client, header: str) -> None:
    site.publish(NEWS)
    first = client.get(path(NEWS))
    validator = first.headers["ETag" if header == "If-None-Match" else "Last-Modified"]
    second = client.get(path(NEWS), headers={header: validator})
    assert (second.status_code, second.content) == (304, b"")
    assert second.headers["ETag"] == first.headers["ETag"]


def test_a_changed_feed_is_200_and_a_strong_tag_outweighs_a_date(site: Site, client: httpx.Client) -> None:
    first = client.get(path(COMMENT))
    site.publish(COMMENT)
    known = {"If-None-Match": first.headers["ETag"]}
    assert client.get(path(COMMENT), headers=known).status_code == 200
    date = client.get(path(COMMENT)).headers["Last-Modified"]
    assert client.get(path(COMMENT), headers=known | {"If-Modified-Since": date}).status_code == 200


def test_every_post_has_a_page_of_its_own_once_it_is_there(site: Site, client: httpx.Client) -> None:
    for post in POSTS.values():
        assert client.get(f"/posts/{post.id}").status_code == 404
        site.publish(post)
        assert escape(post.text) in client.get(f"/posts/{post.id}").text
        assert f"/posts/{post.id}" in client.get("/").text


def test_robots_allows_and_the_rest_is_not_there(client: httpx.Client) -> None:
    assert "Allow: /" in client.get("/robots.txt").text
    assert client.get("/nothing").status_code == 404


def test_served_says_who_was_handed_out(site: Site, client: httpx.Client) -> None:
    before = datetime.now(UTC)
    site.publish(COMMENT)
    site.publish(NEWS)
    assert not site.served
    client.get(path(COMMENT))
    assert before <= site.served[COMMENT.id] <= datetime.now(UTC)
    assert NEWS.id not in site.served


def test_the_feed_connector_reads_it_all(site: Site) -> None:
    comments = [post for post in POSTS.values() if post.feed is Feed.COMMENTS]
    for post in comments:
        site.publish(post)
    http = PoliteClient(user_agent="test", allow_hosts=[site.host], gap=0.0)
    try:
        options = FeedOptions(
            url=f"http://{site.host}/comments/feed.xml", platform="school_site", own_site=True
        )
        batch = FeedConnector().fetch(options, None, http, limit=500, now=datetime.now(UTC))
        again = FeedConnector().fetch(options, batch.cursor, http, limit=500, now=datetime.now(UTC))
    finally:
        http.close()
    assert {post.url for post in batch.posts} == {site.link(post.id) for post in comments}
    assert {(p.text, p.author_name, p.context) for p in batch.posts} == {
        (post.text, post.author, post.page) for post in comments
    }
    assert again.unchanged
