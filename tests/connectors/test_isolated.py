"""The child process: time, memory, crashes, and that it comes back after each.

`builtins:eval` stands for a parser: it does to the child whatever the body says.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from connectors.isolated import Child, Failed

ENDLESS = b"sum(iter(int, 1))"


@pytest.fixture(scope="module")
def child() -> Iterator[Child]:
    child = Child(seconds=0.3, memory=400_000_000)
    yield child
    child.close()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (ENDLESS, "took too long"),
        (b"__import__('time').sleep(60)", "took too long"),
        (b"bytearray(10**10)", "MemoryError"),
        (b"1/0", "ZeroDivisionError"),
        (b"'secret words' + 1", "TypeError"),
        (b"__import__('os')._exit(3)", "without an answer"),
        (b"__import__('os').kill(__import__('os').getpid(), 9)", "without an answer"),
        (b"object()", "TypeError"),
        (b"'not a number'", "shape"),
        (b"open('written-by-the-parser', 'wb', 0).write(b'x')", "OSError"),
    ],
)
def test_a_parser_that_goes_wrong_is_a_failure_with_a_reason(body: bytes, said: str, tmp_path: Path) -> None:
    child = Child(seconds=0.3, memory=400_000_000)
    try:
        with contextlib.chdir(tmp_path), pytest.raises(Failed, match=said) as failure:
            child.run("builtins:eval", body, int)
        assert "secret" not in str(failure.value)
        assert child.run("builtins:eval", b"1 + 1", int) == 2
    finally:
        child.close()


def test_one_child_serves_many_questions(child: Child) -> None:
    pids = {child.run("builtins:eval", b"__import__('os').getpid()", int) for _ in range(3)}
    assert len(pids) == 1


def test_the_child_sees_no_secrets_of_the_service(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_TOKEN", "invented")
    child = Child()
    try:
        assert not child.run("builtins:eval", b"'SLACK_TOKEN' in __import__('os').environ", bool)
    finally:
        child.close()


def test_what_a_parser_prints_does_not_speak_into_the_answers(child: Child) -> None:
    assert child.run("builtins:eval", b"print('noise', flush=True) or 7", int) == 7


def test_closing_ends_the_child_and_the_next_question_starts_another() -> None:
    child = Child()
    first = child.run("builtins:eval", b"__import__('os').getpid()", int)
    child.close()
    assert child.run("builtins:eval", b"__import__('os').getpid()", int) != first
    child.close()


def test_many_threads_share_one_child(child: Child) -> None:
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda n: child.run("builtins:eval", f"{n} * 2".encode(), int), range(40)))
    assert answers == [n * 2 for n in range(40)]
