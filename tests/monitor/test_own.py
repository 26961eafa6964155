"""What the school itself published; a borrowed handle proves nothing."""

from __future__ import annotations

from typing import Any

import pytest
from builders import post, school

from connectors.base import Kind
from monitor.own import is_own


@pytest.mark.parametrize(
    ("changes", "own_source", "expected"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"kind": Kind.ARTICLE}, True, True),
        ({"kind": Kind.COMMENT}, True, False),
        ({"kind": Kind.REVIEW}, True, False),
        ({"kind": Kind.REPORT}, True, False),
        ({"platform": "Mastodon", "author_handle": "Marrowby"}, False, True),
        ({"platform": "mastodon", "author_handle": "@marrowby "}, False, True),
        # the school's handle, on a network where the school is not
        ({"platform": "bluesky", "author_handle": "@marrowby"}, False, False),
        ({"platform": "mastodon", "author_handle": "@marrowby.fans"}, False, False),
        ({"platform": "mastodon", "author_name": "@marrowby"}, False, False),
    ],
)
def test_own(changes: dict[str, Any], own_source: bool, expected: bool) -> None:
    ours = school(accounts=("mastodon:@marrowby",))
    assert is_own(post("words", **changes), ours, own_source=own_source) is expected


def test_without_accounts_nobody_is_the_school() -> None:
    assert not is_own(post("words"), school(), own_source=False)
