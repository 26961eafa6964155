"""The demo's social network: hashtag timelines with Mastodon's paging, and nothing to write to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.http import PoliteClient
from connectors.mastodon import Mastodon, MastodonOptions
from monitor.demo.network import DOMAIN, Network, hashtags, number, window
from monitor.demo.script import Feed, load
from monitor.demo.stage import Published, Stage

STATUSES = [post for post in load() if post.feed is Feed.MASTODON]
COMMENT = next(post for post in load() if post.feed is Feed.COMMENTS)
TAG = "tetherby"


def many(count: int) -> list[Published]:
    stage = Stage()
    return [
        stage.publish(replace(STATUSES[0], id=str(n), text=f"Number {n} & more #Tetherby"))
        for n in range(count)
    ]


@pytest.fixture
def stage() -> Stage:
    return Stage()


@pytest.fixture
def network(stage: Stage) -> Iterator[Network]:
    with Network(stage) as network:
        yield network


@pytest.fixture
def client(network: Network) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"http://{network.host}", trust_env=False) as client:
        yield client


def timeline(client: httpx.Client, tag: str = TAG, **words: object) -> httpx.Response:
    return client.get(f"/api/v1/timelines/tag/{tag}", params={k: str(v) for k, v in words.items()})


def test_a_tag_holds_the_statuses_that_name_it(stage: Stage, network: Network, client: httpx.Client) -> None:
    assert timeline(client).json() == []
    assert "link" not in timeline(client).headers
    stage.publish(COMMENT)
    shown = stage.publish(STATUSES[0])
    (status,) = timeline(client).json()
    assert status["id"] == str(number(shown))
    assert status["url"] == network.link(shown)
    assert status["account"]["display_name"] == STATUSES[0].author
    assert 'rel="tag">#<span>tetherby</span></a>' in status["content"]
    assert timeline(client, "somethingelse").json() == []
    assert STATUSES[0].author in client.get(network.link(shown)).text


def test_links_lead_to_the_older_and_the_newer_page(stage: Stage, client: httpx.Client) -> None:
    posts = [stage.publish(replace(STATUSES[0], id=str(n))) for n in range(5)]
    first = timeline(client, limit=2)
    assert [s["id"] for s in first.json()] == [str(number(posts[4])), str(number(posts[3]))]
    older = client.get(first.links["next"]["url"]).json()
    assert [s["id"] for s in older] == [str(number(posts[2])), str(number(posts[1]))]
    assert client.get(first.links["prev"]["url"]).json() == []
    newer = timeline(client, limit=2, min_id=number(posts[0])).json()
    assert [s["id"] for s in newer] == [str(number(posts[2])), str(number(posts[1]))]


def test_only_what_was_on_the_page_counts_as_handed_out(stage: Stage, client: httpx.Client) -> None:
    for n in range(3):
        stage.publish(replace(STATUSES[0], id=str(n)))
    timeline(client, limit=1)
    assert stage.served.keys() == {"2"}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/robots.txt", 200),
        ("GET", "/api/v2/instance", 200),
        ("GET", "/api/v1/accounts/lookup", 404),
        ("GET", "/@nobody/1", 404),
        ("POST", "/api/v1/statuses", 405),
        ("DELETE", "/api/v1/statuses/1", 501),
    ],
)
def test_it_is_read_and_never_written(client: httpx.Client, method: str, path: str, status: int) -> None:
    assert client.request(method, path).status_code == status


@given(
    st.integers(0, 90),
    st.integers(-5, 95),
    st.integers(1, 50),
    st.sampled_from(["max_id", "min_id", "since_id"]),
)
def test_a_page_is_in_order_and_next_to_its_mark(count: int, at: int, limit: int, mark: str) -> None:
    statuses = many(count)
    value = number(statuses[at]) if 0 <= at < count else number(statuses[0]) - 1 if count else 0
    page = window(statuses, {mark: str(value), "limit": str(limit)})
    ids = [number(one) for one in page]
    assert ids == sorted(ids, reverse=True)
    fitting = [n for n in map(number, statuses) if (n < value if mark == "max_id" else n > value)]
    size = min(limit, 40)
    assert ids == (fitting[:size] if mark == "min_id" else fitting[-size:])[::-1]


@pytest.mark.parametrize("words", [{"max_id": "x"}, {"limit": "0"}, {"limit": "-1"}, {"min_id": ""}, {}])
def test_odd_words_are_taken_as_none(words: dict[str, str]) -> None:
    assert window(many(2), words)


def test_tags_are_folded_and_each_stands_once() -> None:
    (shown,) = many(1)
    assert hashtags(shown) == ("tetherby",)
    both = replace(shown, post=replace(shown.post, text="#One two #one #Three."))
    assert hashtags(both) == ("one", "three")


def test_the_connector_reads_it_all_as_it_comes(stage: Stage, network: Network) -> None:
    options = MastodonOptions(base_url=f"http://{network.host}", tags=("tetherbygreen", TAG))
    http = PoliteClient(user_agent="test", allow_hosts=[network.host], gap=0.0)
    cursor, found, links = None, [], []
    try:
        for post in (None, *STATUSES):
            if post is not None:
                links.append(network.link(stage.publish(post)))
            batch = Mastodon().fetch(options, cursor, http, limit=500, now=datetime.now(UTC))
            assert batch.notices == ()
            cursor = batch.cursor
            found += batch.posts
    finally:
        http.close()
    assert [post.url for post in found] == links
    assert [(p.text, p.author_name) for p in found] == [(post.text, post.author) for post in STATUSES]
    assert all(post.author_handle.endswith(f"@{DOMAIN}") for post in found)
    assert stage.served.keys() == {post.id for post in STATUSES}
