"""The page connector against a local server: what is given, what is held, and what is said."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from servers import Reply, ScriptedServer

from connectors.base import TEXT_LIMIT, Batch, FetchError, Kind, Notice, Reason
from connectors.http import PoliteClient
from connectors.page import PageOptions, WebPage

START = datetime(2026, 3, 4, 12, tzinfo=UTC)
PATH = "/guests"
ITEMS = {"item": ".entry", "author": ".who", "date": ".when", "text": ".words"}


def page(*lines: str, title: str = "Guest book", head: str = "") -> str:
    body = "".join(f"<p>{line}</p>" for line in lines)
    return f"<html><head><title>{title}</title>{head}</head><body>{body}</body></html>"


def entry(id_: str, words: str, *, who: str = "Ada", when: str = "2026-03-02T10:00:00Z") -> str:
    own = f' id="{id_}"' if id_ else ""
    return (
        f'<div class="entry"{own}><b class="who">{who}</b> <i class="when">{when}</i>'
        f'<div class="words">{words}</div></div>'
    )


@dataclass
class Site:
    """A page on a local server, and a reader that keeps its cursor as the service does."""

    server: ScriptedServer
    now: datetime = START
    cursor: dict[str, Any] | None = None
    options: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.http = PoliteClient(user_agent="t", allow_hosts=[self.server.host], gap=0, now=lambda: self.now)

    def shows(self, body: str | bytes, status: int = 200, **headers: str) -> None:
        self.server.forget(PATH)
        named = {"Content-Type": "text/html"} | {k.replace("_", "-"): v for k, v in headers.items()}
        raw = body.encode() if isinstance(body, str) else body
        self.server.reply(PATH, Reply(raw, status=status, headers=named))

    def poll(self, *, after: timedelta = timedelta(minutes=30), limit: int = 500) -> Batch:
        self.now += after
        options = PageOptions(**{"url": self.server.url(PATH), **self.options})
        batch = WebPage().fetch(options, self.cursor, self.http, limit=limit, now=self.now)
        self.cursor = json.loads(json.dumps(batch.cursor))
        return batch

    def texts(self, **asked: Any) -> list[str]:
        return [post.text for post in self.poll(**asked).posts]


@pytest.fixture
def site() -> Iterator[Site]:
    with ScriptedServer() as server:
        site = Site(server)
        yield site
        site.http.close()


# ---- lines ------------------------------------------------------------------------------------


def test_the_first_fetch_gives_the_whole_page_as_one_post(site: Site) -> None:
    site.shows(page("Welcome.", "The fair is on."))
    (post,) = site.poll().posts
    assert (post.text, post.title, post.kind) == ("Welcome.\nThe fair is on.", "Guest book", Kind.ARTICLE)
    assert (post.url, post.platform, post.published_at) == (site.server.url(PATH), "website", None)


def test_later_fetches_give_the_added_lines(site: Site) -> None:
    site.shows(page("Welcome.", "The fair is on."))
    site.poll()
    site.shows(page("Welcome.", "Nobody came.", "The fair is on.", "Shame."))
    assert site.texts() == ["Nobody came.\nShame."]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (("a b", "c d"), ("c d", "a b")),  # another order
        (("Seen 3 minutes ago",), ("Seen 2 hours ago",)),
        (("Today is Friday 20 November 2026",), ("Today is Saturday 21 November 2026",)),
        (("1,204 views",), ("1,311 views",)),
        (("Kind  words",), ("kind words ",)),
        (("kept", "gone"), ("kept",)),
        (("said<script>var csrf='1a'</script>",), ("said<script>var csrf='2b'</script>",)),
        (("said<span hidden>x</span>",), ("said<span hidden>y</span>",)),
        (
            ("said<span style='color:red; display: none'>x</span>",),
            ("said<span style='display:none'>y</span>",),
        ),
        (("said",), ("said<div class='cookie-bar'>We use cookies!</div>",)),
    ],
)
def test_noise_is_no_news(site: Site, before: tuple[str, ...], after: tuple[str, ...]) -> None:
    site.shows(page(*before))
    site.poll()
    site.shows(page(*after))
    assert site.poll().unchanged


def test_a_line_that_comes_back_is_no_news(site: Site) -> None:
    for lines in (("one two", "three"), ("one two", "four"), ("one two", "three", "four")):
        site.shows(page(*lines))
        last = site.poll()
    assert last.unchanged


def test_include_and_exclude(site: Site) -> None:
    site.options = {"include": "#news, .also", "exclude": ".menu"}
    site.shows(
        '<div>not this</div><div id=news>this <i class=menu>not that</i></div><p class="also">and this'
    )
    assert site.texts() == ["this\nand this"]


def test_changed_selectors_read_an_unchanged_page_again(site: Site) -> None:
    site.options = {"include": "#a"}
    site.shows("<p id=a>first</p><p id=b>second</p>", ETag='"1"')
    assert site.texts() == ["first"]
    site.options = {"include": "#a, #b"}
    assert site.texts() == ["second"]


def test_a_very_long_page_becomes_several_posts_and_the_limit_loses_none(site: Site) -> None:
    lines = [f"line {chr(97 + n % 26)}{'x' * (n % 97)} of {n} " + "word " * 40 for n in range(1000)]
    site.shows(page(*lines))
    found: list[str] = []
    while posts := site.poll(limit=1).posts:
        assert len(posts) == 1
        assert len(posts[0].text) <= TEXT_LIMIT
        found += posts[0].text.split("\n")
    assert sorted(found) == sorted(line.strip() for line in lines)


@pytest.mark.parametrize("depth", [300, 2000])
def test_deep_nesting_hides_nothing(site: Site, depth: int) -> None:
    site.shows("<body>" + "<div>" * depth + "deep down" + "</div>" * depth)
    batch = site.poll()
    assert [post.text for post in batch.posts] == ["deep down"]
    assert batch.notices == ()


@pytest.mark.slow
def test_nesting_beyond_what_a_tree_can_take_is_read_without_a_tree(site: Site) -> None:
    site.options = {"include": "#news"}
    site.shows("<body>" + "<div>" * 150_000 + "deep down")
    batch = site.poll()
    assert [post.text for post in batch.posts] == ["deep down"]
    assert batch.notices == (Notice.DAMAGED,)


def test_the_cursor_holds_no_words(site: Site) -> None:
    site.options = ITEMS
    site.shows(entry("e1", "Wolfram was here") + page("Marmalade", title="Peculiar"))
    site.poll()
    site.options = {}
    site.shows(page("Wolfram was here", "Marmalade", title="Peculiar"))
    site.poll()
    kept = json.dumps(site.cursor).lower()
    assert not [word for word in ("wolfram", "marmalade", "peculiar", "ada", "e1#") if word in kept]


# ---- items ------------------------------------------------------------------------------------


def test_items_are_posts(site: Site) -> None:
    site.options = ITEMS
    site.shows(page() + entry("e1", "Lovely") + entry("e2", "Dreadful", who="Bo", when="04/03/2026 09:30"))
    batch = site.poll()
    newest, older = batch.posts
    assert (newest.external_id, newest.text, newest.author_name) == ("#e2", "Dreadful", "Bo")
    assert newest.published_at == datetime(2026, 3, 4, 9, 30, tzinfo=UTC)  # the day stands first
    assert (older.url, older.context, older.kind) == (
        site.server.url(PATH) + "#e1",
        "Guest book",
        Kind.COMMENT,
    )
    assert site.poll().unchanged


def test_an_edited_item_keeps_its_id(site: Site) -> None:
    site.options = ITEMS
    site.shows(entry("e1", "Lovely"))
    site.poll()
    site.shows(entry("e1", "Horrible"))
    (post,) = site.poll().posts
    assert (post.external_id, post.text) == ("#e1", "Horrible")


def test_an_item_without_id_is_known_by_author_date_and_words(site: Site) -> None:
    site.options = ITEMS
    site.shows(entry("", "Lovely", when="3 minutes ago") + entry("", "Lovely", who="Bo"))
    assert len(site.poll().posts) == 2
    site.shows(entry("", "Lovely", who="Bo") + entry("", "Lovely", when="2 hours ago"))
    assert site.poll().unchanged


def test_a_permalink_is_an_id(site: Site) -> None:
    site.options = {"item": ".entry"}
    site.shows('<p class=entry>Lovely <a rel="bookmark" href="/guests?e=7">link</a></p>')
    (post,) = site.poll().posts
    assert post.external_id.endswith("/guests?e=7")
    assert post.url == site.server.url("/guests?e=7")


def test_items_that_share_an_id_are_all_given(site: Site) -> None:
    site.options = ITEMS
    site.shows(entry("same", "one") + entry("same", "two"))
    assert sorted(site.texts()) == ["one", "two"]


def test_an_answer_is_no_part_of_what_it_answers(site: Site) -> None:
    site.options = {"item": ".entry"}
    site.shows("<div class=entry id=a>outer<div class=entry id=b>inner</div></div>")
    assert sorted(site.texts()) == ["inner", "outer"]


def test_a_text_selector_that_misses_hides_nothing(site: Site) -> None:
    site.options = ITEMS | {"text": ".no-such-class"}
    site.shows(entry("e1", "Lovely"))
    (text,) = site.texts()
    assert "Lovely" in text


def test_too_many_items_are_read_at_both_ends(site: Site) -> None:
    site.options = ITEMS
    site.shows("".join(entry(f"e{n}", f"entry {n}") for n in range(1100)))
    batch = site.poll()
    assert Notice.SKIPPED in batch.notices
    ids = {post.external_id for post in batch.posts} | {p.external_id for p in site.poll().posts}
    assert {"#e0", "#e1099"} <= ids
    assert len(ids) == 1000


# ---- what is suspicious -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("title", "lines", "status"),
    [
        ("Down for maintenance", ("We will be back.", "x" * 40), 200),
        ("Sign in", ("Name", "Word", "x" * 40), 200),
        ("Guest book", ("short",), 200),  # shrunk by more than 70 %
        ("Guest book", ("A" * 40, "Changed in between."), 203),
    ],
)
def test_a_suspicious_change_is_held_for_ten_minutes(
    site: Site, title: str, lines: tuple[str, ...], status: int
) -> None:
    site.shows(page("A long enough page.", "With several lines."))
    site.poll()
    site.shows(page(*lines, title=title), status=status)
    held = site.poll()
    assert (held.posts, held.notices, held.unchanged) == ((), (Notice.HELD,), True)
    assert held.not_before == site.now + timedelta(minutes=10)
    assert site.poll(after=timedelta(minutes=9)).notices == (Notice.HELD,)
    taken = site.poll(after=timedelta(minutes=1))
    assert (len(taken.posts), taken.notices) == (1, ())


def test_a_passing_fault_leaves_no_trace(site: Site) -> None:
    good = page("A long enough page.", "With several lines.")
    site.shows(good)
    site.poll()
    site.shows(page("We will be back.", title="Maintenance"))
    site.poll()
    site.shows(good)
    assert site.poll().posts == ()


def test_each_fault_is_held_anew(site: Site) -> None:
    good, bad = page("A long enough page.", "With several lines."), page("Back soon.", title="Maintenance")
    site.shows(good)
    site.poll()
    for _ in range(2):
        site.shows(bad)
        assert site.poll().notices == (Notice.HELD,)
        site.shows(good)
        assert site.poll().notices == ()


def test_a_title_that_is_always_odd_is_held_once(site: Site) -> None:
    site.shows(page("one and two", title="Password help"))
    assert site.poll().notices == (Notice.HELD,)
    assert site.texts() == ["one and two"]
    site.shows(page("one and two", "three", title="Password help"))
    assert site.texts() == ["three"]


@pytest.mark.parametrize("options", [ITEMS, {"include": ".entry"}])
def test_selectors_that_find_nothing_are_told(site: Site, options: dict[str, Any]) -> None:
    site.options = options
    site.shows(entry("e1", "Lovely"))
    site.poll()
    site.shows(entry("e1", "Lovely").replace("entry", "remark"))
    assert site.poll().notices == (Notice.HELD,)
    for _ in range(3):
        batch = site.poll()
        assert (batch.posts, batch.notices) == ((), (Notice.LAYOUT,))
    site.shows(entry("e1", "Lovely") + entry("e2", "New"))
    (text,) = site.texts()
    assert "New" in text
    assert "Lovely" not in text


@pytest.mark.parametrize("script", ['<script src="/app.js"></script>', f"<script>{'f();' * 700}</script>"])
def test_a_page_drawn_by_script_says_so(site: Site, script: str) -> None:
    site.shows(page("Loading", head=script))
    assert site.poll().notices == (Notice.DRAWN_BY_SCRIPT,)


@pytest.mark.parametrize(
    ("lines", "script"),
    [(("Few words",), "<script>f()</script>"), (("w" * 300,), '<script src="/a.js"></script>')],
)
def test_a_page_with_a_little_script_or_enough_text_does_not(
    site: Site, lines: tuple[str, ...], script: str
) -> None:
    site.shows(page(*lines, head=script))
    assert site.poll().notices == ()


@pytest.mark.parametrize(
    ("body", "headers", "reason"),
    [
        (b"x", {"cf_mitigated": "challenge"}, Reason.FORBIDDEN),
        (b"%PDF-1.7", {"Content_Type": "application/pdf"}, Reason.NOT_A_SOURCE),
    ],
)
def test_what_is_no_page_is_a_failure(
    site: Site, body: bytes, headers: dict[str, str], reason: Reason
) -> None:
    site.shows(body, **headers)
    with pytest.raises(FetchError) as caught:
        site.poll()
    assert caught.value.reason is reason


def test_unchanged_is_told_by_the_server_or_by_the_bytes(site: Site) -> None:
    site.shows(page("one"), ETag='"1"')
    site.poll()
    site.server.forget(PATH)
    site.server.reply(PATH, Reply(status=304, headers={"ETag": '"1"'}))
    assert site.poll().unchanged
    site.shows(page("one"))
    assert site.poll().unchanged


def test_robots_are_asked_unless_the_site_is_the_schools_own(site: Site) -> None:
    site.server.reply("/robots.txt", "User-agent: *\nDisallow: /")
    site.shows(page("one"))
    with pytest.raises(FetchError) as caught:
        site.poll()
    assert caught.value.reason is Reason.ROBOTS
    site.options = {"own_site": True}
    assert site.texts() == ["one"]


@pytest.mark.parametrize(
    "wrong",
    [{"url": "ftp://a.example/"}, {"item": "p["}, {"include": "div >"}, {"platform": "A b"}, {"itme": "p"}],
)
def test_wrong_settings_are_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        PageOptions(**{"url": "https://a.example/", **wrong})


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=400), chosen=st.sampled_from([{}, ITEMS, {"include": "p"}]))
def test_any_bytes_are_a_batch_or_a_failure(site: Site, body: bytes, chosen: dict[str, Any]) -> None:
    site.options = chosen
    site.shows(body)
    site.cursor = None
    try:
        batch = site.poll()
    except FetchError:
        return
    assert batch.cursor is not None
