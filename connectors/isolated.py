"""Runs a parser on a stranger's bytes in a child process, with limits on time and memory.

feedparser can raise anything or burn a core for 20 s (connectors-feeds.md
sections 5 and 14, 4: feedparser #599, #562), so nothing of it runs in the
service itself. One child is kept and used again, because starting one costs
more than most parses; it is started afresh (never forked: the service holds
threads and a language model) and replaced whenever it was killed. Questions
and answers are length-prefixed bytes over pipes, answers are JSON decoded to a
stated type: nothing from the child is ever unpickled.
"""

from __future__ import annotations

import atexit
import importlib
import os
import resource
import signal
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any, TypeVar

import msgspec

SECONDS = 5.0  # of processor time for one parse (connectors-feeds.md section 14, 4)
PATIENCE = 4.0  # times SECONDS by the clock, because the machine may be busy with something else
MEMORY = 1 << 30  # bytes of address space; 10 MB of feed needs about 200 MB
ANSWER_LIMIT = 64 << 20  # bytes; the largest feed is 10 MB, and JSON escapes some of it
_SIZE = struct.Struct(">QQ")
_BOOT = "import sys; sys.path.append(sys.argv[1]); from connectors.isolated import serve; serve()"
_T = TypeVar("_T")


class Failed(Exception):
    """The parse brought nothing. The message says why, in words, without any of the input."""


class _Answer(msgspec.Struct):
    value: msgspec.Raw = msgspec.Raw(b"null")
    error: str = ""


class Child:
    """One child process; it may be used from many threads, one parse at a time."""

    def __init__(self, *, seconds: float = SECONDS, memory: int = MEMORY) -> None:
        self._limits = (str(seconds), str(memory))
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def run(self, task: str, body: bytes, wanted: type[_T], **options: Any) -> _T:
        """What `task` ("module:function") makes of `body`, as the type `wanted`.

        Raises:
            Failed: the task raised, took too long, used too much memory, or
                answered something else. The child is replaced where needed.
        """
        question = msgspec.json.encode([task, options])
        with self._lock:
            process = self._running()
            try:
                raw = _ask(process, question, body)
            except OSError:
                raw = b""
            if not raw:
                raise Failed(_last_words(self._stop()))
        answer = msgspec.json.decode(raw, type=_Answer)
        if answer.error:
            raise Failed(answer.error)
        try:
            return msgspec.json.decode(answer.value, type=wanted)
        except (msgspec.DecodeError, RecursionError) as e:
            raise Failed("the parser answered in a shape that is not its own") from e

    def close(self) -> None:
        """End the child; the next `run` starts another."""
        with self._lock:
            self._stop()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is not None:
            self._stop()
        if self._process is None:
            root = str(Path(__file__).resolve().parents[1])
            self._process = subprocess.Popen(  # our own interpreter, no word of it from outside
                [sys.executable, "-I", "-c", _BOOT, root, *self._limits],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,  # a traceback would put the stranger's text into our log
                env={k: v for k, v in os.environ.items() if k == "LD_LIBRARY_PATH"},  # no secrets
                process_group=0,  # Ctrl-C is for the service, which then ends the child in order
            )
        return self._process

    def _stop(self) -> int:
        process, self._process = self._process, None
        if process is None:
            return 0
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                _close(pipe)
        try:
            return process.wait(timeout=1.0)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait()


_child = Child()
atexit.register(_child.close)


def run(task: str, body: bytes, wanted: type[_T], **options: Any) -> _T:
    """`Child.run` in the one child of this service."""
    return _child.run(task, body, wanted, **options)


def _ask(process: subprocess.Popen[bytes], question: bytes, body: bytes) -> bytes:
    """The raw answer; empty when the child ended instead, or answers without measure."""
    if process.stdin is None or process.stdout is None:
        return b""
    process.stdin.write(_SIZE.pack(len(question), len(body)) + question + body)
    process.stdin.flush()
    head = process.stdout.read(_SIZE.size)
    if len(head) < _SIZE.size:
        return b""
    length = _SIZE.unpack(head)[0]
    raw = process.stdout.read(length) if length <= ANSWER_LIMIT else b""
    return raw if len(raw) == length else b""


def _close(pipe: IO[bytes]) -> None:
    try:
        pipe.close()
    except BrokenPipeError:  # the child had ended before it read everything
        return


def _last_words(code: int) -> str:
    if code in (-signal.SIGPROF, -signal.SIGALRM):
        return "the parser took too long and was stopped"
    return "the parser ended without an answer"


# ---- the child's side ------------------------------------------------------------------------


def serve() -> None:
    """The child: answers questions from standard input until it closes."""
    seconds, memory = float(sys.argv[2]), int(sys.argv[3])
    questions, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # a parser that prints must not speak into the answers
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # writes no file
    tasks: dict[str, Callable[..., Any]] = {}
    while len(head := questions.read(_SIZE.size)) == _SIZE.size:
        length, body_length = _SIZE.unpack(head)
        task, options = msgspec.json.decode(questions.read(length), type=tuple[str, dict[str, Any]])
        body = questions.read(body_length)
        if task not in tasks:
            tasks[task] = _named(task)  # before the clock runs: importing is not parsing
        _alarm(seconds)
        answer = _answer(tasks[task], body, options)
        _alarm(0)
        answers.write(_SIZE.pack(len(answer), 0) + answer)
        answers.flush()


def _named(task: str) -> Callable[..., Any]:
    module, _, name = task.partition(":")
    found: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return found


def _alarm(seconds: float) -> None:
    """The kernel ends the child when time is up, whatever loop it is in; 0 calls it off."""
    signal.setitimer(signal.ITIMER_PROF, seconds)
    signal.setitimer(signal.ITIMER_REAL, seconds * PATIENCE)


def _answer(task: Callable[..., Any], body: bytes, options: Mapping[str, Any]) -> bytes:
    try:
        return msgspec.json.encode({"value": task(body, **options)})
    except Exception as e:  # noqa: BLE001 - a stranger's bytes make these parsers raise anything at all
        return msgspec.json.encode({"error": f"the parser failed ({type(e).__name__})"})
