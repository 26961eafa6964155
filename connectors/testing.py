"""The conformance suite: what every connector must keep to, ours and outside ones.

    @pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
    def test_keeps_the_rules(check, scene):
        check(scene)

A `Scene` is one connector with a real source that it can read, and a way to
make that source answer any bytes. A check raises AssertionError with a sentence
that says which rule was broken.
"""

from __future__ import annotations

import inspect
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic import ValidationError

from connectors import ACCESS
from connectors.base import SHORT_LIMIT, TEXT_LIMIT, Batch, Connector, FetchError, Options, Post
from connectors.http import PoliteClient

HOSTILE = (
    b"",
    b"\x00\xff\xfe",
    b"/etc/hostname",
    b"<html><title>Sign in</title><form action=x>",
    b"[" * 100_000,
    b'{"version": "https://jsonfeed.org/version/1.1", "items": [1, {"id": []}, {"id": "\\ud800"}]}',
    b'{"a": ' * 50_000,
    b'<rss version="2.0"><channel><item><title>&#xD800;&#x110000;</title></item></channel></rss>',
    b'<!DOCTYPE a [<!ENTITY b "\\">]><rss version="2.0"><channel><item><title>&b;</title></item>',
    b'<rss version="2.0"><channel><item><link>javascript:alert(1)</link><pubDate>0</pubDate></item>',
    '<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>é'.encode("utf-16"),
)


@dataclass(frozen=True, kw_only=True)
class Scene:
    """One connector before a source that it can read.

    `settings` are its options as a person writes them. `answer` makes the
    source give these bytes from now on, `restore` what it gave at first. `secret` is a word that stands in the
    query or in a token and may not show in an error. The source offers at least
    three posts until `answer` is called, and does not change by itself.
    """

    connector: Connector
    settings: Mapping[str, Any]
    http: PoliteClient
    answer: Callable[[bytes], None]
    restore: Callable[[], None]
    secret: str
    now: datetime

    def fetch(self, cursor: Mapping[str, Any] | None = None, *, limit: int = 500) -> Batch:
        options = self.connector.options(**self.settings)
        return self.connector.fetch(options, cursor, self.http, limit=limit, now=self.now)


def declares_itself(scene: Scene) -> None:
    """Kind, access, times, and a docstring that is the connector's page."""
    made = scene.connector
    assert made.kind.isidentifier(), "a kind is one word"
    assert made.access in ACCESS, f"access {made.access!r} is none of {ACCESS}"
    assert issubclass(made.options, Options), "options are a subclass of connectors.base.Options"
    assert timedelta(0) < made.default_every <= made.expected_every, "asked at least as often as expected"
    page = inspect.getdoc(sys.modules[type(made).__module__]) or ""
    assert f"`{made.kind}`" in page, "the module's docstring is the connector's page and names its kind"
    missing = [name for name in made.options.model_fields if name not in page]
    assert not missing, f"the page says nothing about {missing}"


def refuses_unknown_settings(scene: Scene) -> None:
    """A misspelt setting is found by its name, not by its absence."""
    scene.connector.options(**scene.settings)
    said = ""
    try:
        scene.connector.options(**{**scene.settings, "no_such_setting": 1})
    except ValidationError as e:
        said = str(e)
    assert "no_such_setting" in said, "an unknown setting was taken, or refused without its name"


def is_pure(scene: Scene) -> None:
    """The same question twice gives the same answer: all state is in the cursor."""
    first, second = scene.fetch(), scene.fetch()
    assert len(first.posts) >= 3, "the scene offers at least three posts"
    assert first.posts == second.posts, "two fetches from the same cursor differ: there is hidden state"
    assert _ids(first) == _ids(second)


def leaves_the_cursor_alone(scene: Scene) -> None:
    """The cursor handed in belongs to the caller."""
    cursor = _after(scene.fetch(limit=1))
    before = json.dumps(cursor)
    scene.fetch(cursor)
    assert json.dumps(cursor) == before, "the cursor that was handed in was changed"


def repeats_nothing(scene: Scene) -> None:
    """The returned cursor, through JSON and back, gives nothing new; nor does the one after it."""
    cursor = _after(scene.fetch())
    for _ in range(2):
        batch = scene.fetch(cursor)
        assert not batch.posts, "posts were given a second time"
        assert batch.unchanged, "nothing new is said by `unchanged`"
        cursor = _after(batch, cursor)


def loses_nothing_to_the_limit(scene: Scene) -> None:
    """A batch cut by `limit` leaves the rest for the next fetches."""
    wanted = _ids(scene.fetch())
    found: list[str] = []
    cursor: dict[str, Any] | None = None
    for _ in wanted:
        batch = scene.fetch(cursor, limit=1)
        assert len(batch.posts) <= 1, "more posts than `limit`"
        found += _ids(batch)
        cursor = _after(batch, cursor)
    assert sorted(found) == sorted(wanted), "posts were lost or doubled when the limit cut"


def gives_proper_posts(scene: Scene) -> None:
    """Ids, times with a zone, plain text within the limits."""
    posts = scene.fetch().posts
    assert len({post.external_id for post in posts}) == len(posts), "an id stands on two posts of one batch"
    for post in posts:
        check_post(post)


def survives_any_answer(scene: Scene) -> None:
    """Whatever the source sends: a Batch or a FetchError, and no secret in the error."""
    cursor = _after(scene.fetch())
    for body in HOSTILE:
        scene.answer(body)
        for known in (None, cursor):
            gives_batch_or_error(scene, known)


def keeps_what_it_knew(scene: Scene) -> None:
    """Failed, empty or damaged answers in between do not make old posts new."""
    first = scene.fetch()
    cursor = _after(first)
    for body in HOSTILE:
        scene.answer(body)
        batch = gives_batch_or_error(scene, cursor)
        cursor = cursor if batch is None else _after(batch, cursor)
        scene.restore()
        again = set(_ids(scene.fetch(cursor))) & set(_ids(first))
        assert not again, "old posts were given again after an odd answer"


CHECKS: tuple[Callable[[Scene], None], ...] = (
    declares_itself,
    refuses_unknown_settings,
    is_pure,
    leaves_the_cursor_alone,
    repeats_nothing,
    loses_nothing_to_the_limit,
    gives_proper_posts,
    survives_any_answer,
    keeps_what_it_knew,
)


def gives_batch_or_error(scene: Scene, cursor: Mapping[str, Any] | None = None) -> Batch | None:
    """The batch, or None for a FetchError without a secret; anything else the connector raises comes through."""
    failure: FetchError | None = None
    try:
        batch = scene.fetch(cursor)
    except FetchError as e:
        failure = e
    if failure is not None:
        said = f"{failure} {failure.detail}"
        assert scene.secret not in said, "the error text holds a secret or a query string"
        assert failure.not_before is None or failure.not_before.tzinfo is not None, "not_before has no zone"
        return None
    json.dumps(batch.cursor)
    for post in batch.posts:
        check_post(post)
    return batch


def check_post(post: Post) -> None:
    """One post keeps to `connectors.base.Post`."""
    assert post.external_id, "a post without an id"
    assert len(post.external_id) <= SHORT_LIMIT, "an id beyond the limit"
    assert len(post.title) <= SHORT_LIMIT, "a title beyond the limit"
    assert len(post.author_name) <= SHORT_LIMIT, "an author beyond the limit"
    assert len(post.text) <= TEXT_LIMIT, "a text beyond the limit"
    assert post.url == "" or post.url.startswith(("http://", "https://")), "a link that is no web link"
    for time in (post.fetched_at, post.published_at, post.edited_at):
        assert time is None or time.tzinfo is not None, "a time without a zone"
    for text in (post.title, post.text, post.context, post.author_name):
        assert not any((ord(c) < 32 and c != "\n") or 0xD800 <= ord(c) < 0xE000 for c in text), (
            "control characters"
        )


def _ids(batch: Batch) -> list[str]:
    return [post.external_id for post in batch.posts]


def _after(batch: Batch, before: dict[str, Any] | None = None) -> dict[str, Any]:
    """The cursor to go on with, as it comes back from the database."""
    if batch.cursor is None:
        assert before is not None, "the first batch brings a cursor"
        return before
    kept: dict[str, Any] = json.loads(json.dumps(batch.cursor))
    return kept
