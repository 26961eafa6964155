"""The demo's script: which posts arrive when, and what should become of each (posts.toml).

The script is what the closing summary compares with, so a wrong line in it is
refused here, by name, before anything is started.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from enum import StrEnum
from importlib.resources import files
from typing import Any

from config.pack import ROLE_TITLES


class Feed(StrEnum):
    """Which of the watched sources a post appears in."""

    NEWS = "news"
    COMMENTS = "comments"
    MASTODON = "mastodon"
    PAGE = "page"


class End(StrEnum):
    """What becomes of a post; the same words for what should and for what did."""

    LEFT_ALONE = "left alone"
    QUEUED = "queued"
    ALERTED = "alerted"
    JOINED = "joined"


class Slack(StrEnum):
    """Whether an alert is shown in the Slack channel too, and if not, why it must not be."""

    TOLD = "told"
    RESTRICTED = "restricted"
    ABOUT_READER = "about a reader"


@dataclass(frozen=True, slots=True)
class Scripted:
    """One invented post. `at` is in seconds after the service is ready; 0: there from the start."""

    id: str
    at: float
    feed: Feed
    sort: str
    """The row of the closing table that it belongs to."""
    label: str
    """What the live view shows in place of its words."""
    author: str
    text: str
    expect: End
    title: str = ""
    page: str = ""
    """For a comment: the title of the page that it stands under."""
    told: frozenset[str] = frozenset()
    """For an alert: the roles that must be told, no more and no fewer."""
    slack: Slack | None = None
    """For an alert: what the Slack channel must know of it."""


class BadScript(ValueError):
    """The script has a fault; the text names the post."""


def load(text: str | None = None) -> tuple[Scripted, ...]:
    """The posts in the order of their arrival; `text` in place of the shipped file.

    Raises:
        BadScript: a key is unknown or missing, or a value does not fit.
    """
    raw = text if text is not None else files("monitor.demo").joinpath("posts.toml").read_text("utf-8")
    posts = tuple(_post(values) for values in tomllib.loads(raw)["post"])
    if len({post.id for post in posts}) != len(posts):
        raise BadScript("two posts have the same id")
    return tuple(sorted(posts, key=lambda post: post.at))


def _post(values: dict[str, Any]) -> Scripted:
    name = values.get("id", "?")
    unknown = values.keys() - {field.name for field in fields(Scripted)}
    if unknown:
        raise BadScript(f"post {name}: unknown keys {', '.join(sorted(unknown))}")
    try:
        told = frozenset(values.pop("told", ()))
        slack = Slack(values.pop("slack")) if "slack" in values else None
        ends = {"feed": Feed(values["feed"]), "expect": End(values["expect"])}
        post = Scripted(**{**values, **ends}, told=told, slack=slack)
    except (KeyError, TypeError, ValueError) as error:
        raise BadScript(f"post {name}: {error}") from error
    if strange := told - ROLE_TITLES.keys():
        raise BadScript(f"post {name}: nobody holds a role called {', '.join(sorted(strange))}")
    if not (post.expect is End.ALERTED) == bool(told) == bool(slack):
        raise BadScript(f"post {name}: 'told' and 'slack' belong to posts that are alerted, and to no others")
    if (post.feed is Feed.COMMENTS) != bool(post.page):
        raise BadScript(f"post {name}: 'page' belongs to comments, and to nothing else")
    return post
