"""The MediaWiki connector against a wiki-shaped server: every revision once, and the right words when it fails."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mediawiki_server import Wiki, error
from pydantic import ValidationError
from servers import Reply, ScriptedServer

from connectors.base import Batch, FetchError, Kind, Notice, Reason
from connectors.http import PoliteClient
from connectors.mediawiki import MediaWiki, MediaWikiOptions

START = datetime(2026, 3, 4, 12, tzinfo=UTC)
SHOWN = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@dataclass
class Watch:
    """A source on a wiki, its cursor kept as the service keeps it."""

    wiki: Wiki
    now: datetime = START
    cursor: dict[str, Any] | None = None
    options: dict[str, Any] = field(default_factory=lambda: {"titles": ["Larkhill"]})

    def __post_init__(self) -> None:
        server = self.wiki.server
        self.http = PoliteClient(user_agent="t", allow_hosts=[server.host], gap=0, now=lambda: self.now)

    def poll(self, *, limit: int = 500) -> Batch:
        self.now += timedelta(minutes=15)
        options = MediaWikiOptions(**{"base_url": self.wiki.url, **self.options})
        batch = MediaWiki().fetch(options, self.cursor, self.http, limit=limit, now=self.now)
        self.cursor = json.loads(json.dumps(batch.cursor))
        return batch

    def words(self, **asked: Any) -> list[str]:
        return [post.text for post in self.poll(**asked).posts]

    def failure(self) -> FetchError:
        with pytest.raises(FetchError) as caught:
            self.poll()
        return caught.value


@pytest.fixture
def watch() -> Iterator[Watch]:
    with ScriptedServer() as server:
        watch = Watch(Wiki(server))
        watch.wiki.edit("Larkhill", "It is a school. It has a pond.")
        yield watch
        watch.http.close()


def test_a_revision_carries_all_that_was_said(watch: Watch) -> None:
    watch.options |= {"platform": "wikipedia", "language": "en"}
    watch.poll()
    revid = watch.wiki.edit(
        "Larkhill",
        "It is a school. It has a pond. The '''[[Head|head]]''' &amp; the cook quarrel.",
        by="192.0.2.7",
        comment="/* Staff */ the head [[lies]]",
    )
    (post,) = watch.poll().posts
    assert (post.platform, post.kind, post.language) == ("wikipedia", Kind.REVISION, "en")
    assert (post.text, post.title) == ("The head & the cook quarrel.", "/* Staff */ the head lies")
    assert (post.context, post.author_name) == ("Larkhill", "192.0.2.7")
    assert post.external_id == f"{watch.wiki.server.host.partition('/')[0]}:{revid}"
    assert post.url.endswith(f"/index.php?diff=prev&oldid={revid}")
    assert post.published_at == datetime(2026, 3, 4, 9, revid, tzinfo=UTC)


def test_the_first_poll_gives_what_the_newest_revision_added_and_no_more(watch: Watch) -> None:
    watch.wiki.edit("Larkhill", "It is a school. It has a pond. It leaks.")
    assert watch.words() == ["It leaks."]
    assert watch.poll().unchanged


def test_vandalism_reverted_before_the_poll_is_given_and_said_to_be(watch: Watch) -> None:
    watch.poll()
    watch.wiki.edit("Larkhill", "The head is a toad.")
    watch.wiki.edit("Larkhill", "It is a school. It has a pond.", comment="rv")
    bad, repair = watch.poll().posts
    assert (bad.text, bad.context) == ("The head is a toad.", "Larkhill (already reverted)")
    assert (repair.text, repair.title, repair.context) == ("", "rv", "Larkhill")


def test_the_wikis_own_tag_says_reverted_too(watch: Watch) -> None:
    watch.poll()
    watch.wiki.edit("Larkhill", "It is a zoo.", tags=["mw-reverted"])
    (post,) = watch.poll().posts
    assert post.context == "Larkhill (already reverted)"


def test_abuse_put_back_again_is_given_again(watch: Watch) -> None:
    watch.poll()
    for text in ("It is a school. A toad runs it.", "It is a school.", "It is a school. A toad runs it."):
        watch.wiki.edit("Larkhill", text)
    first, _, last = watch.poll().posts
    assert (first.text, last.text) == ("A toad runs it.", "A toad runs it.")
    assert last.context == "Larkhill"


def test_the_talk_page_is_watched_from_its_first_word(watch: Watch) -> None:
    watch.poll()
    watch.wiki.edit("Talk:Larkhill", "Who is that head?")
    watch.wiki.edit("Talk:Larkhill", "Who is that head? A crook.")
    assert watch.words() == ["Who is that head?", "A crook."]


def test_what_the_wiki_hides_is_said_and_the_next_words_are_still_right(watch: Watch) -> None:
    watch.poll()
    hidden = watch.wiki.edit("Larkhill", "It is a school. Foul words.", by="Foul", comment="foul")
    watch.wiki.edit("Larkhill", "It is a school. Fair words.")
    watch.wiki.hide(hidden, "text", "user", "comment")
    gone, after = watch.poll().posts
    assert (gone.text, gone.title, gone.author_name) == ("", "", "")
    assert gone.context == (
        "Larkhill (text hidden by the wiki; author hidden by the wiki; edit comment hidden by the wiki)"
    )
    assert after.text == "Fair words."


def test_a_marked_revision_that_is_hidden_later_does_not_make_the_page_new(watch: Watch) -> None:
    foul = watch.wiki.edit("Larkhill", "It is a school. It has a pond. Foul.")
    watch.poll()
    watch.wiki.hide(foul, "text")
    watch.wiki.edit("Larkhill", "It is a school. It has a pond. Fair.")
    assert watch.words() == ["Fair."]


@pytest.mark.parametrize("redirect", [True, False])
def test_a_moved_page_is_followed(watch: Watch, redirect: bool) -> None:
    watch.poll()
    watch.wiki.move("Larkhill", "Larkhill Academy", redirect=redirect)
    watch.wiki.edit("Larkhill Academy", "It is a school. It has a pond. And a moat.")
    (post,) = watch.poll().posts
    assert (post.text, post.context) == ("And a moat.", "Larkhill Academy")
    assert watch.poll().unchanged


def test_a_page_deleted_and_made_anew_is_given_from_then_on(watch: Watch) -> None:
    watch.poll()
    del watch.wiki.titles["Larkhill"]
    assert watch.poll().unchanged
    watch.wiki.edit("Larkhill", "A den of thieves.")
    watch.wiki.edit("Larkhill", "A den of thieves. And toads.")
    assert watch.words() == ["A den of thieves.", "And toads."]


def test_a_title_turned_into_a_redirect_does_not_pour_out_another_pages_past(watch: Watch) -> None:
    for n in range(5):
        watch.wiki.edit("Toads", f"Toad {n}.")
    watch.poll()
    watch.wiki.edit("Larkhill", "#REDIRECT [[Toads]]")
    watch.wiki.redirects["Larkhill"] = "Toads"
    assert watch.words() == ["#REDIRECT Toads"]
    watch.wiki.edit("Toads", "Toad 4. Ribbit.")
    assert watch.words() == ["Ribbit."]


def test_a_marked_revision_that_was_deleted_is_a_gap_and_no_end(watch: Watch) -> None:
    watch.wiki.edit("Larkhill", "It is a school. It has two ponds.")
    watch.poll()
    watch.wiki.pages[watch.wiki.titles["Larkhill"]].pop()
    watch.wiki.edit("Larkhill", "It is a school. It has a pond. Foul.")
    batch = watch.poll()
    assert [post.text for post in batch.posts] == ["Foul."]
    assert Notice.GAP in batch.notices


def test_one_question_for_all_pages_when_nothing_moved(watch: Watch) -> None:
    watch.options = {"titles": ["Larkhill", "Pond_life", "Talk:Pond life"]}
    watch.poll()
    before = len(watch.wiki.asked)
    watch.poll()
    (asked,) = watch.wiki.asked[before:]
    assert asked["titles"].count("|") >= 3
    assert (asked["maxlag"], asked["redirects"]) == ("5", "1")


def test_long_histories_come_in_parts_and_go_on_at_the_next_poll(watch: Watch) -> None:
    watch.poll()
    watch.wiki.part = 3
    for n in range(80):
        watch.wiki.edit("Larkhill", f"Line {n}.")
    found: list[str] = []
    while not (batch := watch.poll(limit=7)).unchanged:
        assert len(batch.posts) <= 7
        found += [post.text for post in batch.posts]
    assert found == [f"Line {n}." for n in range(80)]


@pytest.mark.parametrize(
    ("code", "reason", "retry"),
    [
        ("maxlag", Reason.RATE_LIMITED, True),
        ("ratelimited", Reason.RATE_LIMITED, True),
        ("readapidenied", Reason.AUTH, False),
        ("blocked", Reason.FORBIDDEN, False),
        ("readonly", Reason.SERVER, True),
        ("internal_api_error_DBQueryError", Reason.SERVER, True),
        ("no such word as this", Reason.UNREADABLE, True),
    ],
)
def test_errors_that_come_with_status_200(watch: Watch, code: str, reason: Reason, retry: bool) -> None:
    watch.poll()
    watch.wiki.broken = error(code, Retry_After="120")
    failure = watch.failure()
    assert (failure.reason, failure.retry) == (reason, retry)
    assert failure.not_before == watch.now + timedelta(seconds=120)
    assert "not for us" not in str(failure)


@pytest.mark.parametrize(
    ("reply", "reason", "retry"),
    [
        (Reply(b"<html>Sign in</html>"), Reason.UNREADABLE, True),
        (Reply(b"[]"), Reason.UNREADABLE, True),
        (Reply(b'{"batchcomplete": true}'), Reason.UNREADABLE, True),
        (Reply(b"", status=503), Reason.SERVER, True),
        (Reply(b"", status=429), Reason.RATE_LIMITED, True),
        (Reply(b"", status=403), Reason.FORBIDDEN, False),
        (Reply(b"", status=404), Reason.NOT_FOUND, False),
    ],
)
def test_answers_that_are_none_leave_the_cursor(
    watch: Watch, reply: Reply, reason: Reason, retry: bool
) -> None:
    watch.poll()
    watch.wiki.broken = reply
    failure = watch.failure()
    assert (failure.reason, failure.retry) == (reason, retry)
    watch.wiki.broken = None
    watch.wiki.edit("Larkhill", "It is a school. Back.")
    assert watch.words() == ["Back."]


def test_an_address_that_was_never_a_wiki_waits_for_a_person(watch: Watch) -> None:
    watch.wiki.broken = Reply(b"<html>Sign in</html>")
    failure = watch.failure()
    assert (failure.reason, failure.retry) == (Reason.NOT_A_SOURCE, False)


@pytest.mark.parametrize("link", ["/w/api.php?action=rsd", "//{host}/w/api.php?action=rsd&amp;x=1"])
def test_the_api_is_found_from_the_wikis_page_and_remembered(watch: Watch, link: str) -> None:
    server = watch.wiki.server
    wiki = Wiki(server, path="/w/api.php")
    wiki.edit("Larkhill", "Here.")
    href = link.format(host=server.host)
    server.reply("/wiki/", f'<link rel="EditURI" type="application/rsd+xml" href="{href}"/>')
    watch.options["base_url"] = server.url("/wiki/")
    assert watch.words() == ["Here."]
    watch.poll()
    assert len(server.asked("/wiki/")) == 1


@pytest.mark.parametrize(
    "page", ["<p>no wiki</p>", '<link rel="EditURI" href="https://elsewhere.example/api.php">']
)
def test_a_page_that_names_no_api_of_its_own_is_no_wiki(watch: Watch, page: str) -> None:
    watch.wiki.server.reply("/wiki/", page)
    watch.options["base_url"] = watch.wiki.server.url("/wiki/")
    assert watch.failure().reason is Reason.NOT_A_SOURCE


@pytest.mark.parametrize("own", [True, False])
def test_robots_are_obeyed_but_for_the_schools_own_wiki(watch: Watch, own: bool) -> None:
    watch.wiki.server.reply("/robots.txt", "User-agent: *\nDisallow: /api.php")
    watch.options["own_site"] = own
    if own:
        assert watch.poll().posts
    else:
        assert watch.failure().reason is Reason.ROBOTS


@pytest.mark.parametrize(
    ("warnings", "notices"),
    [
        (None, ()),
        ({"main": {"warnings": "Unrecognized parameter: rvslots."}}, (Notice.REDUCED,)),
        ({"result": {"warnings": "This result was truncated because it would be too large."}}, ()),
        ({"revisions": {"warnings": "The parameter has been deprecated."}}, ()),
    ],
)
def test_warnings_are_not_passed_over(watch: Watch, warnings: Any, notices: tuple[Notice, ...]) -> None:
    watch.wiki.warnings = warnings
    assert watch.poll().notices == notices


def test_a_revision_that_cannot_be_read_is_left_out_and_counted(watch: Watch) -> None:
    watch.poll()
    watch.wiki.edit("Larkhill", "It is a school. It has a pond. One.", comment=["odd"])
    watch.wiki.edit("Larkhill", "It is a school. It has a pond. One. Two.")
    batch = watch.poll()
    assert [post.text for post in batch.posts] == ["One.\nTwo."]
    assert batch.notices == (Notice.SKIPPED,)


def test_the_cursor_holds_no_words(watch: Watch) -> None:
    watch.wiki.edit("Larkhill", "A toad runs it.", by="Toadflax", comment="croak")
    watch.poll()
    kept = json.dumps(watch.cursor)
    assert not [word for word in ("toad", "Toadflax", "croak") if word in kept]


@pytest.mark.parametrize(
    "wrong",
    [
        {"base_url": "ftp://wiki.example"},
        {"titles": []},
        {"titles": ["a|b"]},
        {"titles": [str(n) for n in range(26)]},
        {"platform": "Wiki!"},
    ],
)
def test_settings_that_cannot_work_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        MediaWikiOptions(**{"base_url": "https://wiki.example", "titles": ["A"], **wrong})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "query",
                    "pages",
                    "revisions",
                    "pageid",
                    "title",
                    "revid",
                    "slots",
                    "main",
                    "continue",
                    "error",
                    "code",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@SHOWN
@given(body=st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_answer_is_a_batch_or_a_fetch_error(watch: Watch, body: bytes) -> None:
    watch.wiki.broken = None
    if watch.cursor is None:
        watch.poll()
    before = watch.cursor
    watch.wiki.broken = Reply(body)
    with suppress(FetchError):
        watch.poll()
    watch.cursor = before


@SHOWN
@given(
    polls=st.lists(
        st.tuples(st.lists(st.sampled_from(["Larkhill", "Talk:Larkhill"]), max_size=6), st.integers(1, 4)),
        max_size=6,
    )
)
def test_no_revision_is_lost_or_repeated(polls: list[tuple[list[str], int]]) -> None:
    with ScriptedServer() as server:
        wiki = Wiki(server, part=2)
        wiki.edit("Larkhill", "Start.")
        watch = Watch(wiki)
        given_ids = [post.external_id for post in watch.poll().posts]
        for edits, limit in polls:
            for title in edits:
                wiki.edit(title, f"Words {wiki.made}.")
            given_ids += [post.external_id for post in watch.poll(limit=limit).posts]
        while not (batch := watch.poll(limit=3)).unchanged:
            given_ids += [post.external_id for post in batch.posts]
        watch.http.close()
    assert sorted(int(i.rpartition(":")[2]) for i in given_ids) == list(range(1, wiki.made + 1))
