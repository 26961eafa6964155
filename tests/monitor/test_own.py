"""The school's own posts never alert; comments under them, and somebody who took its handle elsewhere, do."""

from __future__ import annotations

from dataclasses import replace

import pytest
from builders import NOW

from config.schools import School
from connectors.base import Kind, Post
from monitor.own import is_own

SCHOOL = School(
    key="marrowby",
    name="Marrowby School",
    handles=("@MarrowbySchool",),
    accounts=("mastodon:@marrowby@town.example", "Bluesky:marrowby.example"),
)
POST = Post(platform="mastodon", external_id="1", fetched_at=NOW, text="Lockdown drill on Friday.")


@pytest.mark.parametrize(
    ("platform", "handle", "own"),
    [
        ("mastodon", "marrowby@town.example", True),
        ("mastodon", "@Marrowby@Town.example", True),
        ("bluesky", "marrowby.example", True),
        ("bluesky", "marrowby.examp1e", False),
        (
            "x",
            "MarrowbySchool",
            False,
        ),  # in `handles`, which tells a mention; not an account with its platform
        ("bluesky", "marrowby@town.example", False),  # the right handle on the wrong network
        ("mastodon", "marrowby", False),
        ("mastodon", "", False),
    ],
)
def test_an_account_is_own_only_with_its_platform(platform: str, handle: str, own: bool) -> None:
    post = replace(POST, platform=platform, author_handle=handle)
    assert is_own(post, SCHOOL, own_source=False) is own


@pytest.mark.parametrize("kind", list(Kind))
def test_on_the_own_site_what_others_write_is_not_own(kind: Kind) -> None:
    by_others = {Kind.COMMENT, Kind.REVIEW, Kind.REVISION, Kind.REPORT}
    assert is_own(replace(POST, kind=kind), SCHOOL, own_source=True) is (kind not in by_others)
    assert not is_own(replace(POST, kind=kind), SCHOOL, own_source=False)


def test_an_account_without_its_platform_is_refused() -> None:
    with pytest.raises(ValueError, match="write the platform too"):
        School(key="a", name="A", accounts=("@marrowby",))
