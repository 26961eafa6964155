"""The script: whole, well formed, and every kind of post that the demo promises is in it."""

from __future__ import annotations

import tomllib
from importlib.resources import files

import pytest

from config.pack import ROLE_TITLES
from monitor.demo.script import BadScript, End, Feed, Slack, load

GOOD = """
[[post]]
id = "one"
at = 1
feed = "comments"
sort = "abuse"
label = "an insult"
author = "A"
page = "News"
text = "words"
expect = "alerted"
told = ["headteacher"]
slack = "told"
"""


def test_every_kind_of_post_is_there() -> None:
    sorts = {post.sort for post in load()}
    assert sorts >= {
        "abuse",
        "threat",
        "damaging claim",
        "pupil named",
        "child's safety",
        "complaint",
        "praise and news",
        "figure of speech",
        "another school of that name",
        "not about the school",
        "about the headteacher",
    }


def test_every_end_every_source_and_every_way_with_slack_are_there() -> None:
    posts = load()
    assert {post.expect for post in posts} == set(End)
    assert {post.feed for post in posts} == set(Feed)
    assert {post.slack for post in posts} == {*Slack, None}
    assert 22 <= len(posts) <= 26


def test_the_script_leaves_time_for_the_last_post() -> None:
    assert max(post.at for post in load()) <= 25


def test_a_watched_page_is_never_empty() -> None:
    """A page whose selectors match nothing is held back for ten minutes by the connector."""
    assert any(post.feed is Feed.PAGE and post.at == 0 for post in load())


def test_what_is_for_child_protection_is_never_for_slack() -> None:
    for post in load():
        if "child_protection_person" in post.told:
            assert post.slack is Slack.RESTRICTED


def test_what_is_about_the_head_never_goes_to_a_role_of_the_head() -> None:
    answers = tomllib.loads(files("monitor.demo").joinpath("answers.toml").read_text("utf-8"))
    roles = answers["roles"]["tetherby"]
    hers = {role for role, person in roles.items() if person == "head"}
    about = [post for post in load() if post.sort == "about the headteacher"]
    assert about
    assert all(not post.told & hers for post in about)
    assert "head" in answers["slack"]["readers"]
    assert all(post.slack is Slack.ABOUT_READER for post in about)
    assert {role for post in load() for role in post.told} <= ROLE_TITLES.keys() & roles.keys()


def test_a_good_script_loads() -> None:
    (post,) = load(GOOD)
    assert (post.id, post.expect, post.told) == ("one", End.ALERTED, frozenset({"headteacher"}))
    assert post.slack is Slack.TOLD


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ('expect = "alerted"', 'expect = "alarmed"'),
        ('feed = "comments"', 'feed = "comment"'),
        ('told = ["headteacher"]', 'told = ["headmaster"]'),
        ('told = ["headteacher"]', ""),
        ('expect = "alerted"', 'expect = "queued"'),
        ('slack = "told"', 'slack = "tell"'),
        ('slack = "told"', ""),
        ('page = "News"', ""),
        ('feed = "comments"', 'feed = "page"'),
        ('feed = "comments"', 'feed = "news"'),
        ('label = "an insult"', ""),
        ('sort = "abuse"', 'sort = "abuse"\ncolour = "red"'),
    ],
)
def test_a_fault_is_refused_by_the_posts_name(good: str, bad: str) -> None:
    assert good in GOOD
    with pytest.raises(BadScript, match="post one"):
        load(GOOD.replace(good, bad))


def test_two_posts_of_one_id_are_refused() -> None:
    with pytest.raises(BadScript, match="same id"):
        load(GOOD + GOOD)
