"""A mail server that takes every mail, delivers none, and keeps each as a file.

It listens on 127.0.0.1 only. The demo reads it in its own process; the command
`mentionwatch mailsink` serves it alone, for trying out a real configuration.
"""

from __future__ import annotations

import asyncio
import email
import email.policy
import logging
import signal
import socket
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

from aiosmtpd.smtp import SMTP

STORE_AGAIN = "451 the mail could not be kept, try again later"


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail that arrived: for whom (of the envelope), its words, and where it is kept."""

    to: str
    subject: str
    text: str
    at: datetime
    file: Path


class Mailbox:
    """The server; use it in a `with` block. `then` is called with each letter, in the server's thread."""

    def __init__(self, folder: Path, port: int = 0, then: Callable[[Letter], None] | None = None) -> None:
        """Take the port (0: a free one) and make the folder. Raises OSError when either can not be had."""
        folder.mkdir(parents=True, exist_ok=True)
        logging.getLogger("mail.log").setLevel(logging.WARNING)  # aiosmtpd tells each step of each session
        self.folder = folder
        self._then = then
        self._letters: tuple[Letter, ...] = ()
        self._socket = socket.create_server(("127.0.0.1", port))
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    @property
    def port(self) -> int:
        return int(self._socket.getsockname()[1])

    @property
    def letters(self) -> tuple[Letter, ...]:
        """All letters so far, oldest first."""
        return self._letters

    def __enter__(self) -> Mailbox:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._open(), self._loop).result()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        """aiosmtpd's hook: a whole mail has come; its answer goes back to the sender."""
        try:
            letter = self._keep(bytes(envelope.content), ", ".join(envelope.rcpt_tos))
        except OSError:
            return STORE_AGAIN
        self._letters = (*self._letters, letter)
        if self._then is not None:
            self._then(letter)
        return "250 kept, and delivered to nobody"

    def _keep(self, raw: bytes, to: str) -> Letter:
        mail = email.message_from_bytes(raw, _class=EmailMessage, policy=email.policy.default)
        body = mail.get_body(("plain",))
        number = 1 + sum(1 for _ in self.folder.glob("*.eml"))
        file = self.folder / f"{number:04d}.eml"
        with file.open("xb") as out:
            out.write(raw)
        words = body.get_content() if body is not None else ""
        subject = " ".join(str(mail["Subject"] or "").split())  # a long one comes folded
        return Letter(to, subject, words, datetime.now(UTC), file)

    async def _open(self) -> None:
        def protocol() -> SMTP:
            return SMTP(self, hostname="localhost", enable_SMTPUTF8=True, loop=self._loop)

        self._server = await self._loop.create_server(protocol, sock=self._socket)

    async def _close(self) -> None:
        self._server.close()
        for task in asyncio.all_tasks(self._loop) - {asyncio.current_task()}:
            task.cancel()  # sessions that a client has left open
        await asyncio.sleep(0)


def serve(port: int, folder: Path) -> None:
    """Take mail until SIGINT or SIGTERM; one line on standard output for each letter."""
    stop = threading.Event()

    def end(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    with Mailbox(
        folder, port, then=lambda letter: _say(f"{letter.file}  to {letter.to}: {letter.subject}")
    ) as box:
        before = {one: signal.signal(one, end) for one in (signal.SIGINT, signal.SIGTERM)}
        try:
            _say(f"Taking mail at 127.0.0.1:{box.port}, keeping it in {folder}. Stop with Ctrl-C.")
            stop.wait()
        finally:
            for one, handler in before.items():
                signal.signal(one, handler)
    _say(f"{len(box.letters)} mail(s) kept.")


def _say(words: str) -> None:
    """A line for a person; what a stranger's subject could do to a terminal is taken out."""
    sys.stdout.write("".join(c for c in words if c.isprintable()) + "\n")
    sys.stdout.flush()
