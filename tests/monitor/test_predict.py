"""One answer a line, in order, whatever the bytes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from builders import school
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.predict import BATCH, Predictor

FIELDS = ("text", "title", "author_name", "author_handle", "context", "url", "platform")
ABUSE = "Mr Lockyer of Marrowby Community School is a useless fat pig."


@pytest.fixture(scope="module")
def one() -> Predictor:
    return Predictor([school()])


@pytest.fixture(scope="module")
def two() -> Predictor:
    other = school(key="ostley", name="Ostley Hill Academy", aliases=(), places=("Ostley",), staff=())
    return Predictor([school(), other])


def answers(predictor: Predictor, *lines: Any) -> list[dict[str, Any]]:
    raw = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines]
    return [json.loads(answer, parse_constant=pytest.fail) for answer in predictor.lines(raw)]


def test_shape_and_evidence(one: Predictor) -> None:
    (found,) = answers(one, {"id": 7, "text": ABUSE})
    assert (found["id"], found["mention"], found["staff"]) == (7, True, ["lockyer"])
    assert set(found) == {
        *("id", "mention", "possible", "confidence", "staff", "flags", "signals", "severity", "response"),
        *("reasons", "notes", "version"),
    }
    abusive = found["flags"]["abusive"]
    assert set(abusive) == {"score", "severity", "evidence", "reason", "rule"}
    assert abusive["evidence"]
    for piece in abusive["evidence"]:
        assert piece["text"] == ABUSE[piece["start"] : piece["end"]]
    assert found["response"] == "abusive_harassing"


def test_nobody_is_meant(one: Predictor) -> None:
    (found,) = answers(one, {"id": "x", "text": "three bicycles for sale"})
    assert (found["mention"], found["severity"], found["response"], found["flags"]) == (
        False,
        "none",
        None,
        {},
    )


def test_author_is_read_as_author_name_and_unknown_keys_are_ignored(one: Predictor) -> None:
    first, second = answers(
        one,
        {"id": 1, "text": ABUSE, "author": "A", "likes": 4},
        {"id": 1, "text": ABUSE, "author_name": "A"},
    )
    assert first == second


@pytest.mark.parametrize(
    ("line", "post_id", "reason"),
    [
        (b"", None, "not JSON"),
        (b"\n", None, "not JSON"),
        (b"{", None, "not JSON"),
        (b"[1]", None, "not a JSON object"),
        (b"null", None, "not a JSON object"),
        (b'{"id": 1, "text": "\xff"}', None, "not UTF-8"),
        (b'{"id": 3, "text": 4}', 3, "'text' is not text"),
        (b'{"id": 3, "text": ["x"]}', 3, "'text' is not text"),
        (b'{"id": 3, "text": "x", "school": 5}', 3, "'school' is not text"),
        (b'{"id": 3, "text": "x", "school": ["a"]}', 3, "'school' is not text"),
        (b'{"id": 3, "text": "x", "school": "nobody"}', 3, "names no school"),
        (b'{"id": NaN, "text": "x"}', None, "not JSON"),
        (b'{"id": 1e999, "text": "x"}', None, "'id' is neither"),
        (b'{"id": [[1]], "text": "x"}', None, "'id' is neither"),
        (b'{"id": ' + b"9" * 5000 + b"}", None, "not JSON"),
        (b"[" * 100_000, None, "not JSON"),
    ],
)
def test_a_broken_line_gets_its_answer_and_harms_no_other(
    one: Predictor, line: bytes, post_id: Any, reason: str
) -> None:
    before, broken, after = answers(one, {"id": "b", "text": ABUSE}, line, {"id": "a", "text": ABUSE})
    assert set(broken) == {"id", "error"}
    assert broken["id"] == post_id
    assert reason in broken["error"]
    assert (before["id"], after["id"]) == ("b", "a")
    assert before["mention"]
    assert after["mention"]


def test_null_is_as_if_absent(one: Predictor) -> None:
    (found,) = answers(one, {"id": None, "text": ABUSE, "title": None, "url": None, "school": None})
    assert found["mention"]


def test_order_is_kept_over_batches(one: Predictor) -> None:
    lines = [{"id": n, "text": ABUSE if n % 3 else "nothing"} for n in range(BATCH * 2 + 5)]
    lines[BATCH] = [BATCH]  # type: ignore[call-overload]
    found = answers(one, *lines)
    assert [answer["id"] for answer in found] == [n if n != BATCH else None for n in range(BATCH * 2 + 5)]


def test_the_school_that_is_meant(two: Predictor) -> None:
    first, second = answers(
        two, {"id": 1, "text": "Ostley Hill Academy is nice"}, {"id": 2, "text": ABUSE, "school": "marrowby"}
    )
    assert first["mention"]
    assert second["staff"] == ["lockyer"]


@given(st.lists(st.binary(max_size=80).map(lambda raw: raw.replace(b"\n", b" ")), max_size=8))
@settings(max_examples=60, deadline=None)
def test_any_bytes(lines: list[bytes]) -> None:
    found = answers(PREDICTOR, *lines)
    assert len(found) == len(lines)
    assert all("error" in answer or "mention" in answer for answer in found)


PREDICTOR = Predictor([school()])
ANY_TEXT = st.text(st.characters(), max_size=30)
NAMES = st.sampled_from(
    ["Marrowby Community School ", "Mrs Farrant ", "fat pig ", "I will kill ", "\ud800", "\0"]
)
TEXT = st.lists(ANY_TEXT | NAMES, max_size=6).map("".join)
POSTS = st.fixed_dictionaries(
    {"id": st.none() | st.integers() | ANY_TEXT}, optional=dict.fromkeys(FIELDS, st.none() | TEXT)
)


@given(st.lists(POSTS, max_size=5))
@settings(max_examples=60, deadline=None)
def test_any_posts(posts: list[dict[str, Any]]) -> None:
    found = answers(PREDICTOR, *posts)
    assert [answer["id"] for answer in found] == [post["id"] for post in posts]
    for answer, given_post in zip(found, posts, strict=True):
        assert "error" not in answer
        for flag in answer["flags"].values():
            for piece in flag["evidence"]:
                assert given_post[piece["field"]][piece["start"] : piece["end"]] == piece["text"]
