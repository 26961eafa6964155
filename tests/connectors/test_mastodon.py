"""The Mastodon connector against a server of Mastodon's shape: what is given, what is not, and what failure says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mastodon_server import Answer, Asked, MastodonServer
from mastodon_watch import START, TOKEN, Watch
from pydantic import ValidationError

from connectors.base import FetchError, Kind, Notice, Reason
from connectors.mastodon import MastodonOptions

TAG = "/api/v1/timelines/tag/lark"
SHOWN = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def watch() -> Iterator[Watch]:
    with MastodonServer(token=TOKEN) as server:
        watch = Watch(server)
        yield watch
        watch.http.close()


def signed(watch: Watch, **options: Any) -> None:
    watch.options = {"access_token": lambda: TOKEN, **options}


def refused(path: str, answer: Answer) -> Any:
    return lambda asked: answer if asked.path == path else None


def test_a_post_carries_all_that_was_said(watch: Watch) -> None:
    status = watch.post(
        'The head &amp; <span class="invisible">https://</span>cook<br>quarrel',
        by="moss@elsewhere.example",
        spoiler_text="Gossip",
        poll={"options": [{"title": "Believe it", "votes_count": 2}]},
        media_attachments=[{"type": "image", "description": "A head with a ladle"}],
        edited_at="2026-03-04T10:00:00.000Z",
        language="en",
    )
    (post,) = watch.poll().posts
    assert (post.platform, post.kind, post.language) == ("mastodon", Kind.POST, "en")
    assert post.text == "Gossip\n\nThe head & https://cook\nquarrel\n\nBelieve it\n\nA head with a ladle"
    assert (post.external_id, post.url) == (status["uri"], status["url"])
    assert (post.author_name, post.author_handle) == ("Moss", "moss@elsewhere.example")
    assert post.published_at == datetime(2026, 3, 4, 9, 1, tzinfo=UTC)
    assert post.edited_at == datetime(2026, 3, 4, 10, tzinfo=UTC)


def test_the_servers_own_accounts_carry_its_name(watch: Watch) -> None:
    watch.post("Hello", by="moss", in_reply_to_id="7")
    (post,) = watch.poll().posts
    assert (post.author_handle, post.kind) == ("moss@social.example", Kind.COMMENT)


@pytest.mark.parametrize(
    ("fields", "taken"),
    [
        ({"visibility": "public"}, True),
        ({"account": {"indexable": None}}, True),
        ({"account": {"note": "<p>No bother</p>"}}, True),
        ({"visibility": "unlisted"}, True),
        ({"visibility": "private"}, False),
        ({"visibility": "direct"}, False),
        ({"visibility": ""}, False),
        ({"account": {"indexable": False}}, False),
        ({"account": {"noindex": True}}, False),
        ({"account": {"note": "<p>Baker. <a href='x'>#<span>NoBot</span></a></p>"}}, False),
    ],
)
def test_only_what_is_public_and_not_opted_out(watch: Watch, fields: dict[str, Any], taken: bool) -> None:
    status = watch.post("Hello", **fields)
    watch.server.gate = refused(TAG, Answer([status]))
    batch = watch.poll()
    assert bool(batch.posts) is taken
    assert (Notice.REDUCED in batch.notices) is ("account" in fields and not taken)


def test_all_that_came_between_two_polls_is_given_once(watch: Watch) -> None:
    watch.post("first")
    assert watch.words() == ["first"]
    for n in range(95):
        watch.post(f"n{n}")
    assert watch.words() == [f"n{n}" for n in range(95)]
    assert watch.poll().unchanged


def test_the_first_poll_gives_the_newest_page(watch: Watch) -> None:
    for n in range(60):
        watch.post(f"n{n}")
    assert watch.words() == [f"n{n}" for n in range(20, 60)]
    assert watch.poll().unchanged


def test_edits_and_late_arrivals_are_found_within_the_hour(watch: Watch) -> None:
    first = watch.post("kind words")
    watch.post("other words")
    watch.poll()
    watch.server.edit(first, "<p>unkind words</p>")
    watch.post("late words", id="1089")
    assert watch.words() == []
    again = watch.poll(after=timedelta(hours=1)).posts
    assert {(post.text, post.external_id == first["uri"]) for post in again} == {
        ("unkind words", True),
        ("late words", False),
    }
    assert watch.poll(after=timedelta(hours=1)).unchanged


def test_one_post_in_two_timelines_is_given_once(watch: Watch) -> None:
    watch.options = {"tags": ["lark", "pond"]}
    watch.server.post("<p>Both</p>", tags=["lark", "pond"])
    assert watch.words() == ["Both"]
    assert watch.poll(after=timedelta(hours=2)).unchanged


def test_a_boost_is_the_post_that_it_shows(watch: Watch) -> None:
    shown = watch.server.post("<p>A stranger's words</p>", by="moss")
    watch.options = {"accounts": ["larkhill_school"]}
    watch.server.post("", by="larkhill_school", reblog=shown)
    (post,) = watch.poll().posts
    assert (post.text, post.external_id, post.author_name) == ("A stranger's words", shown["uri"], "Moss")


def test_official_accounts_are_looked_up_once_and_no_other_profile_is_read(watch: Watch) -> None:
    watch.options = {"tags": ["lark"], "accounts": ["larkhill_school", "larkhill_school@social.example"]}
    watch.server.post("<p>Open day</p>", by="larkhill_school", account={"indexable": False})
    watch.post("Hello", by="moss")
    assert sorted(watch.words()) == ["Hello", "Open day"]
    watch.poll()
    paths = {asked.path for asked in watch.server.requests}
    school = watch.server.account("larkhill_school")["id"]
    assert {path for path in paths if "accounts" in path} == {
        "/api/v1/accounts/lookup",
        f"/api/v1/accounts/{school}/statuses",
    }
    assert len(watch.server.asked("/api/v1/accounts/lookup")) == 2


def test_search_is_walked_to_where_it_was_left(watch: Watch) -> None:
    signed(watch, search=["Larkhill Primary"])
    watch.server.post("<p>Larkhill Primary, first</p>")
    assert watch.words() == ["Larkhill Primary, first"]
    for n in range(90):
        watch.server.post(f"<p>Larkhill Primary {n}</p>")
    assert watch.words() == [f"Larkhill Primary {n}" for n in range(90)]
    assert watch.poll().unchanged


def test_a_search_that_finds_more_than_may_be_walked_is_a_gap(watch: Watch) -> None:
    signed(watch, search=["Larkhill"])
    watch.server.post("<p>Larkhill</p>")
    watch.poll()
    for n in range(220):
        watch.server.post(f"<p>Larkhill {n}</p>")
    batch = watch.poll()
    assert len(batch.posts) == 200
    assert Notice.GAP in batch.notices


def test_a_search_token_that_is_no_accounts_is_found_out_at_once(watch: Watch) -> None:
    signed(watch, search=["Larkhill"])
    watch.server.gate = refused("/api/v1/notifications", Answer({"error": "requires a user"}, 422))
    failure = watch.failure()
    assert (failure.reason, failure.retry) == (Reason.AUTH, False)
    assert "read:notifications" in str(failure)


def test_mentions_of_the_schools_account_come_whatever_the_author_wished(watch: Watch) -> None:
    signed(watch, mentions=True)
    watch.server.mention("<p>@larkhill_school shame</p>", account={"indexable": False})
    watch.server.mention("<p>@larkhill_school in confidence</p>", visibility="direct", by="fern")
    assert watch.words() == ["@larkhill_school shame"]
    watch.server.mention("<p>@larkhill_school more</p>")
    assert watch.words() == ["@larkhill_school more"]


def test_the_token_goes_out_as_a_bearer_token_and_nowhere_else(watch: Watch) -> None:
    signed(watch, tags=["lark"], mentions=True)
    watch.poll()
    assert {asked.headers["authorization"] for asked in watch.server.requests if "api" in asked.path} == {
        f"Bearer {TOKEN}"
    }
    assert TOKEN not in json.dumps(watch.cursor)
    assert TOKEN not in repr(MastodonOptions(base_url=watch.server.url, **watch.options))


def _broken_secret() -> str:
    raise RuntimeError(f"the file that holds {TOKEN} is gone")


@pytest.mark.parametrize("source", [_broken_secret, lambda: "", lambda: f"{TOKEN}\nX-Odd: 1", lambda: None])
def test_a_token_that_cannot_be_had_asks_for_a_person(watch: Watch, source: Any) -> None:
    watch.options = {"tags": ["lark"], "access_token": source}
    failure = watch.failure()
    assert (failure.reason, failure.retry) == (Reason.AUTH, False)
    assert not watch.server.requests


def test_an_expired_token_is_said_so_and_nothing_is_lost(watch: Watch) -> None:
    signed(watch, tags=["lark"], mentions=True)
    watch.post("before")
    watch.poll()
    watch.server.token = "another"
    watch.post("while it was refused")
    failure = watch.failure()
    assert (failure.reason, failure.retry) == (Reason.AUTH, False)
    watch.server.token = TOKEN
    assert watch.words() == ["while it was refused"]


@pytest.mark.parametrize(
    ("answer", "reason", "retry"),
    [
        (Answer({"error": "no"}, 401), Reason.AUTH, False),
        (Answer({"error": "no"}, 403), Reason.FORBIDDEN, False),
        (Answer({"error": "no"}, 404), Reason.NOT_FOUND, False),
        (Answer({"error": "no"}, 410), Reason.GONE, False),
        (Answer({"error": "no"}, 422), Reason.FORBIDDEN, False),
        (Answer({"error": "no"}, 429), Reason.RATE_LIMITED, True),
        (Answer({"error": "no"}, 503), Reason.SERVER, True),
        (Answer(raw=b"<html>Log in</html>"), Reason.UNREADABLE, True),
        (Answer({"error": "no"}), Reason.UNREADABLE, True),
        (Answer(raw=b""), Reason.UNREADABLE, True),
        (Answer(status=302, headers={"Location": "http://127.0.0.2:1/x"}), Reason.UNSAFE_ADDRESS, False),
    ],
)
def test_what_a_failed_answer_means(watch: Watch, answer: Answer, reason: Reason, retry: bool) -> None:
    watch.post("before")
    watch.poll()
    watch.post("meanwhile")
    watch.server.gate = refused(TAG, answer)
    failure = watch.failure()
    assert (failure.reason, failure.retry) == (reason, retry)
    if reason is Reason.RATE_LIMITED:
        assert failure.not_before is not None, "the reset that the answer itself names"
        watch.http.close()
        watch.restart()
    watch.server.gate = None
    assert watch.words(after=timedelta(hours=2)) == ["meanwhile"]


def test_a_page_in_place_of_a_server_waits_for_a_person(watch: Watch) -> None:
    watch.server.gate = lambda asked: Answer(raw=b"<html>Hello</html>")
    failure = watch.failure()
    assert (failure.reason, failure.retry) == (Reason.NOT_A_SOURCE, False)


def test_a_window_that_is_used_up_is_waited_out(watch: Watch) -> None:
    watch.options = {"tags": ["lark", "pond"]}
    watch.post("first")
    reset = START + timedelta(minutes=9)
    watch.server.gate = _with_headers(
        watch.server, TAG, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset.isoformat()}
    )
    batch = watch.poll()
    assert [post.text for post in batch.posts] == ["first"]
    assert batch.not_before == reset
    assert not watch.server.asked("/api/v1/timelines/tag/pond")


def _with_headers(server: MastodonServer, path: str, headers: dict[str, str]) -> Any:
    return lambda asked: Answer(server.statuses[::-1], headers=headers) if asked.path == path else None


def test_retry_after_is_handed_on(watch: Watch) -> None:
    watch.server.gate = refused(TAG, Answer({"error": "slow"}, 429, {"Retry-After": "90"}))
    failure = watch.failure()
    assert failure.not_before == watch.now + timedelta(seconds=90)


def test_one_timeline_that_fails_does_not_hold_up_the_others(watch: Watch) -> None:
    watch.options = {"accounts": ["nobody_here"], "tags": ["lark"]}
    watch.post("heard all the same")
    batch = watch.poll()
    assert [post.text for post in batch.posts] == ["heard all the same"]
    assert batch.notices == (Notice.REDUCED,)


@pytest.mark.parametrize(
    ("access", "reason"),
    [
        ({"local": "disabled", "remote": "disabled"}, Reason.FORBIDDEN),
        ({"local": "authenticated", "remote": "authenticated"}, Reason.AUTH),
        ({"local": "authenticated", "remote": "disabled"}, Reason.AUTH),
    ],
)
def test_an_empty_list_is_not_taken_for_silence(watch: Watch, access: dict[str, str], reason: Reason) -> None:
    watch.server.access = access
    failure = watch.failure()
    assert (failure.reason, failure.retry) == (reason, False)
    assert not watch.server.asked(TAG)


def test_a_part_kept_from_strangers_is_said(watch: Watch) -> None:
    watch.server.access = {"local": "public", "remote": "authenticated"}
    assert watch.poll().notices == (Notice.REDUCED,)
    signed(watch, tags=["lark"])
    assert watch.poll().notices == ()


def test_servers_that_do_not_describe_themselves_are_simply_asked(watch: Watch) -> None:
    watch.server.gate = refused("/api/v2/instance", Answer({"error": "no"}, 404))
    watch.post("from an old server", by="moss")
    (post,) = watch.poll().posts
    assert post.author_handle == "moss@127.0.0.1"


def test_the_server_is_asked_about_itself_once_a_day(watch: Watch) -> None:
    for _ in range(3):
        watch.poll(after=timedelta(hours=7))
    assert len(watch.server.asked("/api/v2/instance")) == 1
    watch.poll(after=timedelta(hours=7))
    watch.poll(after=timedelta(hours=7))
    assert len(watch.server.asked("/api/v2/instance")) == 2


def test_a_server_that_does_not_know_min_id_is_no_endless_walk(watch: Watch) -> None:
    watch.post("first")
    watch.poll()
    for n in range(50):
        watch.post(f"n{n}")
    watch.server.gate = lambda asked: Answer(watch.server.statuses[::-1][:40]) if asked.path == TAG else None
    batch = watch.poll()
    assert len(batch.posts) == 40
    assert batch.notices == (Notice.GAP,)


def test_more_than_a_page_where_there_was_nothing_is_a_gap(watch: Watch) -> None:
    assert watch.poll().unchanged
    for n in range(41):
        watch.post(f"n{n}")
    assert Notice.GAP in watch.poll().notices


def test_a_timeline_that_had_posts_and_has_none_is_said(watch: Watch) -> None:
    watch.post("first")
    watch.poll()
    watch.server.statuses.clear()
    assert Notice.EMPTY in watch.poll(after=timedelta(hours=2)).notices


def test_a_status_that_cannot_be_read_is_left_out_and_counted(watch: Watch) -> None:
    good = watch.post("good")
    watch.server.gate = refused(TAG, Answer([{**good, "content": ["odd"]}, {"no": "id"}, 7, good]))
    batch = watch.poll()
    assert [post.text for post in batch.posts] == ["good"]
    assert batch.notices == (Notice.SKIPPED,)


def test_the_cursor_holds_no_words_and_no_names(watch: Watch) -> None:
    watch.options = {"tags": ["lark"], "accounts": ["larkhill_school"]}
    watch.post("unkind words", by="moss")
    watch.poll()
    kept = json.dumps(watch.cursor)
    assert not [word for word in ("unkind", "moss", "lark", "school") if word in kept]


@pytest.mark.parametrize(
    "wrong",
    [
        {"base_url": "ftp://social.example"},
        {"base_url": "https://social.example/@school"},
        {"base_url": "https://x:y@social.example"},
        {"tags": ["#lark"]},
        {"tags": ["two words"]},
        {"tags": []},
        {"accounts": ["https://social.example/@moss"]},
        {"search": ["Larkhill"]},
        {"mentions": True},
        {"access_token": "a token as it is"},
        {"base_url": "http://social.example", "access_token": lambda: TOKEN},
    ],
)
def test_settings_that_cannot_work_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        MastodonOptions(**{"base_url": "https://social.example", "tags": ["lark"], **wrong})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "id",
                    "uri",
                    "content",
                    "account",
                    "acct",
                    "visibility",
                    "reblog",
                    "quote",
                    "edited_at",
                    "error",
                    "note",
                ]
            ),
            inner | st.just("public"),
            max_size=5,
        )
    ),
    max_leaves=15,
)


@SHOWN
@given(
    body=st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()),
    everywhere=st.booleans(),
)
def test_any_answer_is_a_batch_or_a_fetch_error(watch: Watch, body: bytes, everywhere: bool) -> None:
    signed(watch, tags=["lark"], accounts=["larkhill_school"], search=["Larkhill"], mentions=True)
    watch.cursor = None
    watch.server.gate = lambda asked: (
        Answer(raw=body) if everywhere or asked.path != "/api/v2/instance" else None
    )
    with suppress(FetchError):
        watch.poll()
    watch.server.gate = None


@SHOWN
@given(
    steps=st.lists(
        st.tuples(st.integers(0, 90), st.integers(1, 60), st.sampled_from([5, 61]), st.booleans()), max_size=6
    )
)
def test_no_status_is_lost_or_repeated(steps: list[tuple[int, int, int, bool]]) -> None:
    with MastodonServer() as server:
        watch = Watch(server)
        watch.post("begin")
        seen = [post.external_id for post in watch.poll().posts]
        for count, limit, minutes, failing in steps:
            for n in range(count):
                watch.post(f"n{n}")
            server.gate = _failing_at(2) if failing else None
            with suppress(FetchError):
                seen += [
                    p.external_id for p in watch.poll(limit=limit, after=timedelta(minutes=minutes)).posts
                ]
            server.gate = None
        while not (batch := watch.poll()).unchanged:
            seen += [post.external_id for post in batch.posts]
        watch.http.close()
    assert sorted(seen) == sorted(status["uri"] for status in server.statuses)


def _failing_at(number: int) -> Any:
    """The n-th request on the tag from now on finds the server at fault."""
    left = [number]

    def gate(asked: Asked) -> Answer | None:
        left[0] -= asked.path == TAG
        return Answer({"error": "oops"}, 500) if left[0] == 0 and asked.path == TAG else None

    return gate
