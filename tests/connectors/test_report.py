"""Reports handed in as files: nothing is lost, nothing is opened, fetched or deleted."""

from __future__ import annotations

import hashlib
import json
import os
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from servers import ScriptedServer

from connectors.base import Batch, FetchError, Kind, Notice, Reason
from connectors.http import PoliteClient
from connectors.report import (
    Picture,
    Report,
    ReportError,
    ReportOptions,
    picture_of,
    read_report,
    report_post,
)

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 40


def fetch(folder: Path, cursor: Any = None, *, limit: int = 500) -> Batch:
    http = PoliteClient(user_agent="t")
    batch = Report().fetch(ReportOptions(folder=folder), cursor, http, limit=limit, now=NOW)
    http.close()
    assert json.loads(json.dumps(batch.cursor)) == json.loads(json.dumps(dict(batch.cursor or {})))
    return batch


def written(path: Path, content: str | bytes, *, at: int = 0) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    os.utime(path, (1_772_000_000 + at, 1_772_000_000 + at))
    return path


def test_words(tmp_path: Path) -> None:
    written(tmp_path / "a.txt", "They said <b>this</b>.\nAnd that.\n")
    (post,) = fetch(tmp_path).posts
    assert (post.kind, post.platform, post.text) == (
        Kind.REPORT,
        "email_report",
        "They said this.\nAnd that.",
    )
    assert (post.url, post.title, post.fetched_at, post.published_at) == ("", "", NOW, None)


def test_a_link_is_stored_and_not_fetched(tmp_path: Path) -> None:
    with ScriptedServer() as server:
        written(tmp_path / "a.txt", f"{server.url('/post?utm_source=x')}\n")
        (post,) = fetch(tmp_path).posts
        assert (post.url, post.text) == (server.url("/post"), "")
        assert post.title
        assert server.requests == []


def test_a_link_on_its_own_line_among_words(tmp_path: Path) -> None:
    written(tmp_path / "a.txt", "See what they wrote:\nhttps://a.example/p/1\nIt is vile.")
    (post,) = fetch(tmp_path).posts
    assert post.url == "https://a.example/p/1"
    assert post.text.startswith("See what they wrote:")


TOML = """
text = "the words reported"
url = "https://a.example/p/1"
note = "my son's friend showed me"
where = "WhatsApp"
author = "millrace"
title = "Year 6 chat"
published_at = "2026-03-03T09:00:00Z"
"""


@pytest.mark.parametrize("ending", [".toml", ".json"])
def test_a_report_with_fields(tmp_path: Path, ending: str) -> None:
    content = TOML if ending == ".toml" else json.dumps(tomllib.loads(TOML))
    written(tmp_path / f"a{ending}", content)
    (post,) = fetch(tmp_path).posts
    assert (post.text, post.context) == ("the words reported", "my son's friend showed me")
    assert (post.platform, post.author_name, post.title) == ("whatsapp", "millrace", "Year 6 chat")
    assert post.published_at == datetime(2026, 3, 3, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.toml", "they wrote = this = about her"),
        ("a.json", "[1, 2]"),
        ("a.json", '{"txet": "misspelt"}'),
        ("a.json", "[" * 20_000),
    ],
)
def test_a_report_is_not_lost_for_its_form(tmp_path: Path, name: str, content: str) -> None:
    written(tmp_path / name, content)
    batch = fetch(tmp_path)
    assert batch.posts[0].text == content
    assert batch.notices == (Notice.DAMAGED,)


def test_a_picture_beside_is_recorded_and_not_a_report_of_its_own(tmp_path: Path) -> None:
    written(tmp_path / "a.txt", "seen in the chat")
    written(tmp_path / "a.jpg", PNG)  # named wrongly: its bytes say what it is
    (post,) = fetch(tmp_path).posts
    digest = hashlib.sha256(PNG).hexdigest()
    assert post.context == f"Picture: a.jpg (image/png, {len(PNG)} bytes, SHA-256 {digest})"


def test_a_picture_that_arrives_later_makes_the_report_anew(tmp_path: Path) -> None:
    written(tmp_path / "a.txt", "seen in the chat")
    first = fetch(tmp_path)
    written(tmp_path / "a.png", PNG)
    (post,) = fetch(tmp_path, first.cursor).posts
    assert "a.png" in post.context


def test_a_picture_alone_is_a_report(tmp_path: Path) -> None:
    written(tmp_path / "screen.png", PNG)
    (post,) = fetch(tmp_path).posts
    assert (post.text, post.title) == ("", "A picture handed in, without words")


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0rest", "image/jpeg"),
        (b"GIF89arest", "image/gif"),
        (b"RIFF\x00\x00\x00\x00WEBPrest", "image/webp"),
        (b"\x00\x00\x00\x18ftypheicrest", "image/heic"),
        (b"BM\x00\x00\x00\x00\x00\x00\x00\x00rest", "image/bmp"),
        (b"<html>", "unknown kind"),
        (b"RIFF\x00\x00\x00\x00WAVE", "unknown kind"),
        (b"", "unknown kind"),
    ],
)
def test_pictures_by_their_bytes(tmp_path: Path, data: bytes, kind: str) -> None:
    picture = picture_of(written(tmp_path / "x.png", data))
    assert picture == Picture(
        name="x.png", type=kind, size=len(data), sha256=hashlib.sha256(data).hexdigest()
    )


def test_a_picture_above_10_mb_is_named_and_not_read(tmp_path: Path) -> None:
    path = tmp_path / "x.png"
    with path.open("wb") as file:
        file.truncate(10_000_001)
    assert picture_of(path).sha256 == ""
    assert "larger than 10 MB" in str(picture_of(path))


def test_taken_reports_stay_taken_and_files_stay_where_they_are(tmp_path: Path) -> None:
    path = written(tmp_path / "a.txt", "one")
    first = fetch(tmp_path)
    assert fetch(tmp_path, first.cursor).unchanged
    written(tmp_path / "b.txt", "two")
    assert [post.text for post in fetch(tmp_path, first.cursor).posts] == ["two"]
    assert path.read_text() == "one"


def test_a_changed_file_is_a_new_report(tmp_path: Path) -> None:
    written(tmp_path / "a.txt", "one")
    first = fetch(tmp_path)
    written(tmp_path / "a.txt", "two", at=5)
    (post,) = fetch(tmp_path, first.cursor).posts
    assert post.external_id != first.posts[0].external_id


def test_the_same_report_in_two_files_is_one(tmp_path: Path) -> None:
    written(tmp_path / "a.txt", "one")
    written(tmp_path / "b.txt", "one")
    first = fetch(tmp_path)
    assert len(first.posts) == 1
    assert fetch(tmp_path, first.cursor).unchanged


def test_the_newest_come_first_and_the_rest_next_time(tmp_path: Path) -> None:
    for n in range(3):
        written(tmp_path / f"{n}.txt", f"report {n}", at=n)
    first = fetch(tmp_path, limit=2)
    assert [post.text for post in first.posts] == ["report 2", "report 1"]
    assert [post.text for post in fetch(tmp_path, first.cursor, limit=2).posts] == ["report 0"]


def test_what_is_no_ordinary_file_is_left_out_and_said(tmp_path: Path) -> None:
    folder = tmp_path / "drop"
    folder.mkdir()
    secret = written(tmp_path / "secret", "not to be read")
    (folder / "link.txt").symlink_to(secret)
    (folder / "dir.txt").mkdir()
    os.mkfifo(folder / "pipe.txt")
    with (folder / "huge.txt").open("wb") as file:
        file.truncate(1_000_001)
    written(folder / "empty.txt", " \n")
    batch = fetch(folder)
    assert (batch.posts, batch.notices) == ((), (Notice.SKIPPED,))
    assert fetch(folder, batch.cursor).notices == ()


def test_other_files_are_not_looked_at(tmp_path: Path) -> None:
    for name in (".hidden.txt", "a.part", "notes.pdf", "chat.zip"):
        written(tmp_path / name, "x")
    assert fetch(tmp_path) == Batch(cursor={"v": 1, "taken": {}}, unchanged=True)


def test_a_missing_folder_is_a_fault_for_a_person(tmp_path: Path) -> None:
    with pytest.raises(FetchError) as failure:
        fetch(tmp_path / "nowhere")
    assert (failure.value.reason, failure.value.retry) == (Reason.NOT_FOUND, False)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00\xd8", b"\x00\x01", "\ufeffwords".encode(), b"\x80" * 100])
def test_any_bytes_are_taken(tmp_path: Path, content: bytes) -> None:
    written(tmp_path / "a.txt", content)
    assert len(fetch(tmp_path).posts) <= 1


def test_a_cursor_that_cannot_be_read_starts_anew(tmp_path: Path) -> None:
    written(tmp_path / "a.txt", "one")
    assert len(fetch(tmp_path, {"taken": 3}).posts) == 1


def test_the_command_line_takes_one_file(tmp_path: Path) -> None:
    post, notices = read_report(written(tmp_path / "a.txt", "one"), where="facebook", now=NOW)
    assert (post.platform, post.text, notices) == ("facebook", "one", ())
    assert post.external_id == report_post(text="one", now=NOW).external_id
    with pytest.raises(ReportError, match=r"b\.txt"):
        read_report(tmp_path / "b.txt", now=NOW)


def test_long_words_are_cut_and_it_is_said(tmp_path: Path) -> None:
    written(tmp_path / "a.json", json.dumps({"text": "x" * 70_000}))
    batch = fetch(tmp_path)
    assert (len(batch.posts[0].text), batch.notices) == (65_536, (Notice.CUT,))


def test_a_link_that_is_none_is_kept_as_words() -> None:
    post = report_post(url="app.example/@someone", note="saw it", now=NOW)
    assert (post.url, post.context) == ("", "saw it\nLink as given: app.example/@someone")
