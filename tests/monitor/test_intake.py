"""Posts from a file: all of it or nothing, and repeats change nothing."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from builders import NOW, SCHOOL, rows, settings
from hypothesis import given
from hypothesis import settings as profile
from hypothesis import strategies as st
from sqlalchemy import Engine

from monitor.candidates import Kept
from monitor.errors import BadInput
from monitor.intake import ingest, read
from monitor.records import CONTENT, POST
from monitor.store import Store
from monitor.works import Works, build

NAMED = "Marrowby Community School had a fair"
GOOD = {"id": "1", "text": NAMED}


@pytest.fixture(scope="module")
def works(tmp_path_factory: pytest.TempPathFactory) -> Works:
    return build(settings(tmp_path_factory.mktemp("works")))


def written(folder: Path, *lines: Any) -> Path:
    raw = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines]
    file = folder / "posts.jsonl"
    file.write_bytes(b"\n".join(raw) + b"\n")
    return file


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ({**GOOD, "likes": 3}, "unknown field `likes`"),
        ({"id": "1", "text": 5}, "`$.text`"),
        ({**GOOD, "id": 1.5}, "`$.id`"),
        ({**GOOD, "kind": "tweet"}, "`$.kind`"),
        ({**GOOD, "published_at": "2026-11-20T09:00:00"}, "`$.published_at`"),
        ({**GOOD, "published_at": "yesterday"}, "`$.published_at`"),
        ({**GOOD, "published_at": "0001-01-01T00:00:00+14:00"}, "outside the years"),
        ({**GOOD, "edited_at": "9999-12-31T23:59:00-05:00"}, "outside the years"),
        ({"id": "1"}, "neither 'text' nor 'title'"),
        ({"id": "1", "text": ""}, "neither 'text' nor 'title'"),
        ({**GOOD, "school": "elsewhere"}, "no school has the key that stands in 'school'"),
        ({**GOOD, "platform": "x" * 3000}, "`$.platform`"),
        (b"{", "not a JSON object"),
        (b"plain words", "not a JSON object"),
        (b'{"text": "\xff"}', "not a JSON object"),
        (b"[" * 5000, "`object`"),
        ([GOOD], "`object`"),
    ],
)
def test_a_bad_line_stops_the_file(
    engine: Engine, works: Works, tmp_path: Path, line: Any, says: str
) -> None:
    file = written(tmp_path, GOOD, line, {**GOOD, "id": "2"})
    with pytest.raises(BadInput) as caught:
        ingest(file, Store(engine), works, NOW)
    ((number, sentence),) = caught.value.faults
    assert number == 2
    assert says in sentence
    assert NAMED not in sentence
    assert rows(engine, POST) == []


def test_all_faults_at_once(works: Works, tmp_path: Path) -> None:
    file = written(tmp_path, b"{", GOOD, b"", {"id": 1}, {**GOOD, "x": 1}, b"[]")
    with pytest.raises(BadInput) as caught:
        read(file, works.settings)
    assert [number for number, _ in caught.value.faults] == [1, 4, 5, 6]
    assert [line.split(" ")[0] for line in caught.value.lines()] == [
        f"posts.jsonl:{n}:" for n in (1, 4, 5, 6)
    ]


def test_very_many_faults_are_counted(works: Works, tmp_path: Path) -> None:
    with pytest.raises(BadInput) as caught:
        read(written(tmp_path, *[b"{"] * 40), works.settings)
    lines = caught.value.lines()
    assert len(lines) == 26
    assert lines[-1] == "posts.jsonl: and 15 more"


def test_no_file(works: Works, tmp_path: Path) -> None:
    with pytest.raises(BadInput) as caught:
        read(tmp_path / "none.jsonl", works.settings)
    assert "can not be read" in caught.value.lines()[0]
    with pytest.raises(BadInput):
        read(tmp_path, works.settings)


def test_byte_order_mark_and_line_ends_of_windows(works: Works, tmp_path: Path) -> None:
    file = tmp_path / "posts.jsonl"
    file.write_bytes(b"\xef\xbb\xbf" + json.dumps(GOOD).encode() + b"\r\n\r\n" + json.dumps(GOOD).encode())
    assert len(read(file, works.settings)) == 2


def many(count: int) -> Iterable[dict[str, Any]]:
    for n in range(count):
        yield {"id": n, "text": f"{NAMED} number {n}", "published_at": "2026-11-01T10:00:00+01:00"}


def test_two_thousand_posts_twice(engine: Engine, works: Works, tmp_path: Path) -> None:
    file, store = written(tmp_path, *many(2000)), Store(engine)
    assert ingest(file, store, works, NOW).kept == Kept(new=2000)
    before = [tuple(row) for row in rows(engine, POST)]
    assert ingest(file, store, works, NOW).kept == Kept(known=2000)
    assert [tuple(row) for row in rows(engine, POST)] == before


def test_only_candidates_are_kept(engine: Engine, works: Works, tmp_path: Path) -> None:
    file = written(tmp_path, GOOD, {"id": "2", "text": "three bicycles"})
    taken = ingest(file, Store(engine), works, NOW)
    assert (taken.lines, taken.candidates, taken.kept) == (2, 1, Kept(new=1))


def test_without_an_id_the_words_are_the_identity(engine: Engine, works: Works, tmp_path: Path) -> None:
    file = written(tmp_path, {"text": NAMED}, {"text": NAMED}, {"text": f"{NAMED} again"})
    assert ingest(file, Store(engine), works, NOW).kept == Kept(new=2)


def test_every_key_is_kept(engine: Engine, works: Works, tmp_path: Path) -> None:
    line = {
        "id": 5,
        "school": SCHOOL,
        "platform": "forum",
        "external_id": "f-5",
        "url": "https://talk.example/5",
        "published_at": "2026-11-01T10:00:00Z",
        "fetched_at": "2026-11-01T11:00:00Z",
        "author_name": "A",
        "author_handle": "@a",
        "title": "T",
        "text": f"{NAMED} \0",
        "context": "C",
        "kind": "comment",
        "language": "en",
        "edited_at": "2026-11-01T10:30:00Z",
        "deleted": False,
        "source": "by hand",
    }
    ingest(written(tmp_path, line), Store(engine), works, NOW)
    (post,), (content,) = rows(engine, POST), rows(engine, CONTENT)
    assert (post.external_id, post.platform, post.kind, post.url) == ("f-5", "forum", "comment", line["url"])
    assert post.published_at.isoformat() == "2026-11-01T10:00:00+00:00"
    assert (content.title, content.author_handle, content.text) == ("T", "@a", f"{NAMED} \ufffd")


def test_an_edit_and_a_deletion(engine: Engine, works: Works, tmp_path: Path) -> None:
    store = Store(engine)
    ingest(written(tmp_path, GOOD), store, works, NOW)
    assert ingest(written(tmp_path, {**GOOD, "text": NAMED + "!"}), store, works, NOW).kept == Kept(changed=1)
    assert ingest(written(tmp_path, {"id": "1", "deleted": True}), store, works, NOW).kept == Kept(changed=1)
    assert rows(engine, CONTENT) == []


@given(st.lists(st.binary(max_size=60), min_size=1, max_size=5))
@profile(max_examples=60, deadline=None)
def test_any_bytes_are_refused_or_blank(lines: list[bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = written(Path(folder), b"{", *lines)
        with pytest.raises(BadInput) as caught:
            read(file, settings(Path(folder)))
    assert caught.value.faults[0][0] == 1


def test_half_a_surrogate_is_taken_and_a_link_that_is_none_is_left_out(
    engine: Engine, works: Works, tmp_path: Path
) -> None:
    file = tmp_path / "posts.jsonl"
    file.write_bytes(b'{"text": "Marrowby Community School \\ud83d", "url": "javascript:alert(1)"}\n')
    assert ingest(file, Store(engine), works, NOW).kept.new == 1
    (post,) = rows(engine, POST)
    assert post.url == ""
