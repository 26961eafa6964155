"""Options from KEY=VALUE words, and posts in the shape that `ingest` takes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from builders import NOW, post, settings

from config.faults import ConfigError
from connectors.base import Options
from monitor.dryrun import options_from, post_values
from monitor.intake import read


class Wanted(Options):
    url: str = ""
    count: int = 0
    fast: bool = False
    names: tuple[str, ...] = ()


def test_values() -> None:
    words = ["url=http://127.0.0.1:80/a=b?c=d", "count=3", "fast=true", 'names=["a", "b"]']
    found = options_from(Wanted, words)
    assert found == Wanted(url="http://127.0.0.1:80/a=b?c=d", count=3, fast=True, names=("a", "b"))


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["url"], "'url' is not KEY=VALUE"),
        (["=x"], "'=x' is not KEY=VALUE"),
        (["nothing=1"], "nothing: "),
        (["count=many"], "count: "),
    ],
)
def test_refused(words: list[str], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        options_from(Wanted, words)


def test_every_fault_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        options_from(Wanted, ["a=1", "b=2", "count=x"])
    assert len(caught.value.faults) == 3


def test_what_fetch_prints_ingest_takes(tmp_path: Path) -> None:
    given = post("words", "7", url="https://a.example/7", title="t", published_at=NOW, author_name="A")
    file = tmp_path / "posts.jsonl"
    file.write_text(json.dumps(post_values(given)))
    (line,) = read(file, settings(tmp_path))
    assert (line.external_id, line.text, line.published_at, line.url) == ("7", "words", NOW, given.url)
