"""One status made a post: pure, without a server."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.base import SHORT_LIMIT, Post
from connectors.mastodon_status import identity, post_of, read

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)


def status(content: str, **fields: Any) -> dict[str, Any]:
    about = {"acct": "moss", "display_name": "Moss"}
    return {
        "uri": "https://a.example/1",
        "visibility": "public",
        "content": content,
        "account": about,
        **fields,
    }


def made(raw: dict[str, Any]) -> Post:
    found = read(raw)
    assert found is not None
    return post_of(found.status, domain="social.example", now=NOW)


@pytest.mark.parametrize(("visibility", "context"), [("public", "The fair was grand"), ("private", "")])
def test_a_quoted_post_is_the_context_if_anybody_may_see_it(visibility: str, context: str) -> None:
    quoted = status("<p>The fair was grand</p>", visibility=visibility)
    assert made(status("Lies!", quote={"state": "accepted", "quoted_status": quoted})).context == context


def test_nulls_and_unknown_keys_are_nothing_special() -> None:
    nulls: dict[str, Any] = dict.fromkeys(
        ("spoiler_text", "language", "edited_at", "media_attachments", "poll", "url")
    )
    post = made(status("Hello", **nulls, brand_new_key={"x": 1}))
    assert (post.text, post.language, post.edited_at) == ("Hello", "", None)
    assert post.url == "https://a.example/1"


@pytest.mark.parametrize("raw", [None, 7, [], {}, {"uri": ""}, {"uri": 7}, {"uri": "x", "account": []}])
def test_what_is_no_status(raw: object) -> None:
    assert read(raw) is None


def test_an_id_beyond_measure_is_kept_by_its_hash() -> None:
    long = "https://a.example/" + "1" * SHORT_LIMIT
    assert len(identity(long)) == 64
    assert identity(long) != identity(long + "2")
