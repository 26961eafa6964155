"""The school's own posts: they never alert, and need not be kept. Comments under them do. Pure.

A handle alone proves nothing: somebody may have taken the school's handle on a
network where the school is not. So a post is the school's own only when it
came from a source that the school marked as its own (and is no comment,
review or report there), or from an account that `schools.toml` names together
with its platform.
"""

from __future__ import annotations

from config.schools import School
from connectors.base import Kind, Post

BY_OTHERS = (Kind.COMMENT, Kind.REVIEW, Kind.REVISION, Kind.REPORT)


def is_own(post: Post, school: School, *, own_source: bool) -> bool:
    """Whether the school itself published this post."""
    if own_source and post.kind not in BY_OTHERS:
        return True
    return account(post.platform, post.author_handle) in {account(*a.split(":", 1)) for a in school.accounts}


def account(platform: str, handle: str) -> tuple[str, str]:
    """A platform and a handle, ready to be compared."""
    return platform.strip().casefold(), handle.strip().lstrip("@").casefold()
