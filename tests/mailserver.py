"""A real SMTP server on loopback that can be in a bad mood.

    with MailServer("refuses the reader") as server:
        smtplib.SMTP(server.host, server.port)...
        assert server.mails == []

Moods: see `MOODS`. With `tls` it speaks TLS from the first byte, with `starttls`
it offers STARTTLS; `login` is the one user and password that it accepts.
"""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Callable
from email import message_from_bytes, policy
from email.message import EmailMessage
from types import TracebackType
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

MOODS = (
    "well",
    "busy",  # 450 to the reader
    "full",  # 452: no room
    "refuses the reader",  # 550
    "refuses the mail",  # 554 after the words
    "refuses the login",
    "wants a login",  # 530 to the sender, RFC 4954
    "drops after the words",  # takes the mail and hangs up instead of saying so
    "drops at goodbye",
    "odd at goodbye",  # 421 to QUIT
    "turns everybody away",  # 554 as its greeting
    "silent",  # accepts the connection and says nothing
)


class MailServer:
    """Collects mails; each with-block is one server on a free port."""

    host = "127.0.0.1"

    def __init__(
        self,
        mood: str = "well",
        *,
        tls: ssl.SSLContext | None = None,
        starttls: ssl.SSLContext | None = None,
        login: tuple[str, str] | None = None,
        on_words: Callable[[EmailMessage], None] = lambda mail: None,
    ) -> None:
        assert mood in MOODS, mood
        self.mood = mood
        self.mails: list[EmailMessage] = []
        self.readers: list[str] = []
        self.safe: list[bool] = []
        self._tls, self._starttls, self._login, self._on_words = tls, starttls, login, on_words
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="mailserver")
        self._open: set[asyncio.BaseTransport] = set()

    def __enter__(self) -> MailServer:
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(10)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    @property
    def ids(self) -> list[str]:
        """Message-IDs of all mails, in order."""
        return [str(mail["Message-ID"]) for mail in self.mails]

    def text(self, number: int = -1) -> str:
        """The words of one mail."""
        return str(self.mails[number].get_content()).replace("\r\n", "\n")

    async def _listen(self) -> asyncio.Server:
        return await self._loop.create_server(self._protocol, self.host, 0, ssl=self._tls)

    async def _close(self) -> None:
        self._server.close()
        for transport in self._open:
            transport.abort() if isinstance(transport, asyncio.WriteTransport) else transport.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self._loop.shutdown_default_executor()

    def _protocol(self) -> asyncio.BaseProtocol:
        if self.mood in ("turns everybody away", "silent"):
            return _Rude(self.mood, self._open)
        return SMTP(
            _Handler(self),
            hostname="localhost",
            loop=self._loop,
            tls_context=self._starttls,
            authenticator=self._check,
            auth_require_tls=False,
            auth_exclude_mechanism=[] if self._login else ["LOGIN", "PLAIN"],
        )

    def _check(self, server: Any, session: Any, envelope: Any, mechanism: str, given: Any) -> AuthResult:
        assert isinstance(given, LoginPassword)
        right = self.mood != "refuses the login" and self._login == (
            given.login.decode(),
            given.password.decode(),
        )
        return AuthResult(success=right, handled=right)


class _Rude(asyncio.Protocol):
    def __init__(self, mood: str, still_open: set[asyncio.BaseTransport]) -> None:
        self._mood, self._open = mood, still_open

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._open.add(transport)
        if self._mood == "turns everybody away" and isinstance(transport, asyncio.WriteTransport):
            transport.write(b"554 no mail today\r\n")
            transport.close()


def _hang_up(server: SMTP) -> None:
    assert isinstance(server.transport, asyncio.WriteTransport)
    server.transport.abort()


class _Handler:
    """What aiosmtpd asks; the names of the methods are its own."""

    def __init__(self, server: MailServer) -> None:
        self._server = server

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self._server.mood == "wants a login":
            return "530 5.7.0 login first"
        envelope.mail_from = address
        return "250 ok"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        says = {"busy": "450 later", "full": "452 no room", "refuses the reader": "550 nobody of that name"}
        if self._server.mood in says:
            return says[self._server.mood]
        envelope.rcpt_tos.append(address)
        return "250 ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self._server.mood == "refuses the mail":
            return "554 we do not like it"
        mail = message_from_bytes(envelope.content or b"", policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self._server.mails.append(mail)
        self._server.readers += envelope.rcpt_tos
        self._server.safe.append(session.ssl is not None)
        self._server._on_words(mail)
        if self._server.mood == "drops after the words":
            _hang_up(server)
        return "250 taken"

    async def handle_QUIT(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self._server.mood == "drops at goodbye":
            _hang_up(server)
        return "421 whatever" if self._server.mood == "odd at goodbye" else "221 bye"
