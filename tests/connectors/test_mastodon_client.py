"""The Mastodon-shaped server satisfies a real client: Mastodon.py drives it from posting to paging."""

from __future__ import annotations

import pytest
from mastodon import Mastodon, MastodonNotFoundError, MastodonUnauthorizedError
from mastodon_server import MastodonServer


def test_a_real_client_pages_both_ways_without_a_hole() -> None:
    with MastodonServer() as server:
        for n in range(95):
            server.post(f"<p>n{n} #lark</p>", tags=["lark"])
        client = Mastodon(access_token=server.token, api_base_url=server.url)
        down = client.fetch_remaining(client.timeline_hashtag("lark", limit=40))
        assert len({status.id for status in down}) == 95
        page, up = client.timeline_hashtag("lark", min_id=down[-1].id, limit=40), []
        while page:
            up += page
            page = client.fetch_previous(page)
        assert {status.id for status in up} == {status.id for status in down[:-1]}


def test_a_real_client_posts_edits_searches_and_deletes() -> None:
    with MastodonServer() as server:
        client = Mastodon(access_token=server.token, api_base_url=server.url)
        school = client.account_lookup("larkhill_school")
        status = client.status_post("Open day #lark")
        assert [found.id for found in client.account_statuses(school.id)] == [status.id]
        assert client.status_update(status, "Open day moved #lark").edited_at is not None
        assert [found.id for found in client.search_v2("open day", result_type="statuses").statuses] == [
            status.id
        ]
        server.mention("<p>@larkhill_school hello</p>")
        assert [note.type for note in client.notifications(types=["mention"])] == ["mention"]
        client.status_delete(status)
        with pytest.raises(MastodonNotFoundError):
            client.status(status)


def test_a_real_client_is_refused_as_by_a_real_server() -> None:
    with MastodonServer() as server:
        server.post("<p>Hello</p>", tags=["lark"])
        with pytest.raises(MastodonUnauthorizedError):
            Mastodon(access_token="wrong", api_base_url=server.url).timeline_hashtag("lark")
        assert Mastodon(api_base_url=server.url).search_v2("hello").statuses == []
