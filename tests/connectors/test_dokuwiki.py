"""The DokuWiki connector against a wiki-shaped server: the feed, the changes behind it, and failures."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from servers import Peer, Reply, Request, ScriptedServer

from connectors.base import Batch, FetchError, Kind, Notice, Reason
from connectors.dokuwiki import DokuWiki, DokuWikiOptions
from connectors.http import PoliteClient

START = datetime(2026, 3, 4, 12, tzinfo=UTC)
FIRST = 1772600000  # 4 March 2026, 04:53:20
FEED, PAGE = "/w/feed.php", "/w/doku.php"
SHOWN = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@dataclass
class Wiki:
    """Pages with their revisions, oldest first: (rev, text, summary, author)."""

    server: ScriptedServer
    pages: dict[str, list[tuple[int, str, str, str]]] = field(default_factory=dict)
    broken: Reply | None = None
    link: str = "http://wiki.example/w/doku.php?id={page}&rev={rev}&do=diff"
    made: int = 0

    def __post_init__(self) -> None:
        self.server.on(FEED, lambda _request, _peer: self.broken or Reply(self.feed().encode()))
        self.server.on(PAGE, self.page)

    def edit(self, page: str, text: str, summary: str = "", by: str = "Tam") -> int:
        self.made += 60
        self.pages.setdefault(page, []).append((FIRST + self.made, text, summary, by))
        return FIRST + self.made

    def feed(self) -> str:
        newest = sorted(self.pages.items(), key=lambda one: one[1][-1][0], reverse=True)
        return (
            '<feed xmlns="http://www.w3.org/2005/Atom"><title>Town wiki</title>'
            + "".join(self._entry(page, revisions) for page, revisions in newest)
            + "</feed>"
        )

    def _entry(self, page: str, revisions: list[tuple[int, str, str, str]]) -> str:
        rev, text, summary, by = revisions[-1]
        before = revisions[-2][1] if len(revisions) > 1 else ""
        lines = [f"- {line}" for line in before.split("\n")] + [f"+ {line}" for line in text.split("\n")]
        diff = f"<pre>\n@@ -1 +1 @@\n{html.escape(chr(10).join(lines))}\n\n</pre>"
        link = html.escape(self.link.format(page=page, rev=rev))
        title = html.escape(f"{page} - {summary}" if summary else page)
        return (
            f"<entry><title>{title}</title><link rel='alternate' href='{link}'/><id>{link}</id>"
            f"<author><name>{by}</name><email>x@undisclosed.example.com</email></author>"
            f"<content>{html.escape(diff)}</content></entry>"
        )

    def page(self, request: Request, _peer: Peer) -> Reply:
        asked = dict(parse_qsl(request.target.partition("?")[2]))
        revisions = self.pages[asked["id"]]
        if asked["do"] == "export_raw":
            wanted = int(asked.get("rev", revisions[-1][0]))
            return Reply(next(text for rev, text, _, _ in revisions if rev == wanted).encode())
        rows = "".join(
            f'<li><input name="rev2[]" type="checkbox" value="{rev}" /> <span class="sum"> – {html.escape(summary)}'
            f'</span> <span class="user"><bdo dir="ltr">{by}</bdo></span></li>'
            for rev, _, summary, by in revisions[::-1][:20]
        )
        return Reply(f"<html><form>{rows}</form></html>".encode())


@dataclass
class Watch:
    """A source on a wiki, its cursor kept as the service keeps it."""

    wiki: Wiki
    now: datetime = START
    cursor: dict[str, Any] | None = None
    options: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        server = self.wiki.server
        self.http = PoliteClient(user_agent="t", allow_hosts=[server.host], gap=0, now=lambda: self.now)

    def poll(self, *, limit: int = 500) -> Batch:
        self.now += timedelta(minutes=15)
        options = DokuWikiOptions(**{"base_url": self.wiki.server.url("/w/"), **self.options})
        batch = DokuWiki().fetch(options, self.cursor, self.http, limit=limit, now=self.now)
        self.cursor = json.loads(json.dumps(batch.cursor))
        return batch

    def words(self, **asked: Any) -> list[str]:
        return [post.text for post in self.poll(**asked).posts]


@pytest.fixture
def watch() -> Iterator[Watch]:
    with ScriptedServer() as server:
        watch = Watch(Wiki(server))
        yield watch
        watch.http.close()


def test_a_change_carries_all_that_was_said(watch: Watch) -> None:
    watch.options = {"platform": "parish", "language": "en"}
    watch.wiki.edit("school:staff", "The head is Ms Vane.")
    rev = watch.wiki.edit(
        "school:staff", "The head is Ms Vane. **Ms Vane** <lies> & [[x|steals]].", "a <b>claim</b>", "moss"
    )
    batch = watch.poll()
    (post,) = batch.posts
    assert (post.platform, post.kind, post.language) == ("parish", Kind.REVISION, "en")
    assert (post.text, post.title) == ("Ms Vane lies & steals.", "a claim")
    assert (post.context, post.author_name) == ("school:staff", "moss")
    assert post.external_id.endswith(f":{rev}")
    assert f"rev={rev}" in post.url
    assert post.published_at == datetime.fromtimestamp(rev, UTC)
    assert batch.notices == (Notice.REDUCED,)  # the feed shows the newest change of a page only


def test_the_feed_is_asked_for_in_the_one_shape_that_tells_enough(watch: Watch) -> None:
    watch.wiki.edit("school", "Words.")
    watch.poll()
    (asked,) = (dict(parse_qsl(r.target.partition("?")[2])) for r in watch.wiki.server.asked(FEED))
    assert asked == {
        "type": "atom1",
        "mode": "recent",
        "content": "diff",
        "linkto": "diff",
        "view": "pages",
        "minor": "1",
        "num": "100",
    }


@pytest.mark.parametrize(
    ("options", "given"),
    [
        ({}, {"school", "school:staff", "schools", "pond"}),
        ({"pages": ["School"]}, {"school"}),
        ({"namespaces": ["school"]}, {"school:staff"}),
        ({"pages": ["pond"], "namespaces": ["school"]}, {"pond", "school:staff"}),
    ],
)
def test_only_what_is_watched(watch: Watch, options: dict[str, Any], given: set[str]) -> None:
    watch.options = options
    for page in ("school", "school:staff", "schools", "pond"):
        watch.wiki.edit(page, f"On {page}.")
    assert {post.context for post in watch.poll().posts} == given


@pytest.mark.parametrize(
    "link",
    [
        "http://wiki.example/w/doku.php?id={page}&rev={rev}&do=diff",
        "http://wiki.example/w/doku.php/{page}?rev={rev}&do=diff",
        "http://wiki.example/w/{page}?rev={rev}",
        "/w/doku.php?rev={rev}&id={page}",
    ],
)
def test_every_way_a_wiki_writes_its_addresses(watch: Watch, link: str) -> None:
    watch.wiki.link = link
    watch.options = {"pages": ["school:staff"]}
    watch.wiki.edit("school:staff", "Words.")
    assert watch.words() == ["Words."]


def test_only_what_is_new_is_given(watch: Watch) -> None:
    watch.wiki.edit("school", "One.")
    assert watch.words() == ["One."]
    assert watch.poll().unchanged
    watch.wiki.edit("school", "One.\nTwo.")
    watch.wiki.edit("pond", "Frogs.")
    assert watch.words() == ["Two.", "Frogs."]


@pytest.mark.parametrize("options", [{"revisions": True}, {"own_site": True}])
def test_changes_behind_the_newest_are_read_where_configured(watch: Watch, options: dict[str, Any]) -> None:
    watch.options = options
    watch.wiki.edit("school", "One.")
    watch.poll()
    watch.wiki.edit("school", "One.\nMs Vane //steals//.", "so there", "moss")
    watch.wiki.edit("school", "One.", "undo")
    watch.wiki.edit("school", "One.\nOpen at nine.")
    watch.wiki.edit("pond", "Frogs.")
    watch.wiki.edit("pond", "Frogs.\nToads.")
    batch = watch.poll()
    assert [(p.text, p.title, p.context) for p in batch.posts] == [
        ("Ms Vane steals.", "so there", "school (already reverted)"),
        ("", "undo", "school"),
        ("Open at nine.", "", "school"),
        ("Frogs.", "", "pond"),
        ("Toads.", "", "pond"),
    ]
    assert batch.posts[0].author_name == "moss"
    assert batch.notices == ()
    assert watch.poll().unchanged


def test_robots_may_keep_the_changes_behind_and_the_newest_is_given_all_the_same(watch: Watch) -> None:
    watch.wiki.server.reply("/robots.txt", f"User-agent: *\nDisallow: {PAGE}")
    watch.options = {"revisions": True}
    watch.wiki.edit("school", "One.")
    watch.poll()
    watch.wiki.edit("school", "Two.")
    watch.wiki.edit("school", "Two.\nThree.")
    batch = watch.poll()
    assert [post.text for post in batch.posts] == ["Three."]
    assert batch.notices == (Notice.REDUCED,)


def test_more_changes_than_the_list_shows_are_a_gap(watch: Watch) -> None:
    watch.options = {"own_site": True}
    watch.wiki.edit("school", "Start.")
    watch.poll()
    for n in range(25):
        watch.wiki.edit("school", f"Line {n}.")
    batch = watch.poll()
    assert [post.text for post in batch.posts] == [f"Line {n}." for n in range(5, 25)]
    assert batch.notices == (Notice.GAP,)


def test_a_cut_batch_goes_on_where_it_ended(watch: Watch) -> None:
    watch.options = {"own_site": True}
    watch.wiki.edit("school", "Start.")
    watch.poll()
    for n in range(6):
        watch.wiki.edit("school", f"Line {n}.")
    found: list[str] = []
    while not (batch := watch.poll(limit=2)).unchanged:
        found += [post.text for post in batch.posts]
    assert found == [f"Line {n}." for n in range(6)]


def test_a_feed_that_says_unchanged_is_not_read_again(watch: Watch) -> None:
    watch.wiki.edit("school", "One.")
    watch.wiki.broken = Reply(
        watch.wiki.feed().encode(), headers={"ETag": '"1"', "Set-Cookie": "DokuWiki=abc"}
    )
    watch.poll()
    watch.wiki.broken = Reply(b"", status=304)
    assert watch.poll().unchanged
    asked = watch.wiki.server.asked(FEED)[-1]
    assert asked.headers["if-none-match"] == '"1"'
    assert "cookie" not in asked.headers


@pytest.mark.parametrize(
    ("reply", "reason", "retry"),
    [
        (Reply(b"<html>Log in</html>"), Reason.NOT_A_SOURCE, True),
        (Reply(b"<error>Unknown feed mode</error>"), Reason.NOT_A_SOURCE, True),
        (Reply(b"", status=503), Reason.SERVER, True),
        (Reply(b"", status=403), Reason.FORBIDDEN, False),
    ],
)
def test_what_a_failed_answer_means(watch: Watch, reply: Reply, reason: Reason, retry: bool) -> None:
    watch.wiki.edit("school", "One.")
    watch.poll()
    watch.wiki.broken = reply
    with pytest.raises(FetchError) as caught:
        watch.poll()
    assert (caught.value.reason, caught.value.retry) == (reason, retry)
    watch.wiki.broken = None
    watch.wiki.edit("school", "One.\nTwo.")
    assert watch.words() == ["Two."]


def test_a_fault_of_the_wiki_between_two_questions_loses_nothing(watch: Watch) -> None:
    watch.options = {"own_site": True}
    watch.wiki.edit("school", "One.")
    watch.poll()
    watch.wiki.edit("school", "Two.")
    watch.wiki.edit("school", "Three.")
    watch.wiki.server.forget(PAGE)
    watch.wiki.server.reply(PAGE, b"", status=500)
    with pytest.raises(FetchError):
        watch.poll()
    watch.wiki.server.forget(PAGE)
    watch.wiki.server.on(PAGE, watch.wiki.page)
    assert watch.words() == ["Two.", "Three."]


def test_an_emptied_feed_and_odd_entries_are_said(watch: Watch) -> None:
    watch.wiki.edit("school", "One.")
    watch.poll()
    head = '<feed xmlns="http://www.w3.org/2005/Atom"><title>W</title>'
    watch.wiki.broken = Reply(f"{head}</feed>".encode())
    assert Notice.EMPTY in watch.poll().notices
    watch.wiki.broken = Reply(f"{head}<entry><id>http://wiki.example/?id=school</id></entry></feed>".encode())
    assert Notice.SKIPPED in watch.poll().notices


def test_the_cursor_holds_no_words(watch: Watch) -> None:
    watch.wiki.edit("school:staff", "Ms Vane steals.", "so there", "moss")
    watch.poll()
    kept = json.dumps({k: v for k, v in (watch.cursor or {}).items() if k != "validators"})
    assert not [word for word in ("Vane", "steals", "there", "moss", "staff") if word in kept]


@pytest.mark.parametrize(
    "wrong", [{"base_url": "wiki.example"}, {"base_url": "http://wiki.example/?x=1"}, {"pages": ["a b"]}]
)
def test_settings_that_cannot_work_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        DokuWikiOptions(**{"base_url": "https://wiki.example", **wrong})


@SHOWN
@given(
    body=st.binary(max_size=300),
    rows=st.text(alphabet="<input rev2[]=\"value'1 >/span class=um–", max_size=200),
)
def test_any_answer_is_a_batch_or_a_fetch_error(watch: Watch, body: bytes, rows: str) -> None:
    watch.options = {"own_site": True}
    watch.wiki.pages = {"school": [(FIRST, "One.", "", "Tam")]}
    watch.wiki.broken, watch.cursor = None, None
    watch.poll()
    watch.wiki.broken = Reply(body)
    with suppress(FetchError):
        watch.poll()
    watch.wiki.broken = None
    watch.wiki.pages["school"].append((FIRST + 60, "Two.", "", "Tam"))
    watch.wiki.server.forget(PAGE)
    watch.wiki.server.reply(PAGE, b"." + rows.encode())
    with suppress(FetchError):
        watch.poll()
