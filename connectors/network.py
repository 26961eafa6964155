"""The wire below httpx: guarded names and addresses, and one deadline for everything.

httpx's own time-outs are per read, so a server that drips bytes is never
stopped; and only the code that connects knows the address that is really
connected to (connectors-feeds.md section 3). Both are put right here, with
public parts of httpcore only: a network backend that tests each address, and
streams that watch the deadline of the exchange on every read and write.

One connection serves one exchange, so the deadline of the connection is the
deadline of the exchange. With a gap of seconds between two requests to a host,
keeping connections open would gain nothing.
"""

from __future__ import annotations

import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import httpcore
import httpx

from connectors.addresses import AllowList, refusal
from connectors.base import FetchError, Reason
from connectors.stopping import GLANCE, go_on

Resolver = Callable[[str, int], Sequence[str]]
"""Name and port to numeric addresses; raises OSError or UnicodeError when there are none."""

CONNECT_PATIENCE = 4.0  # seconds for one address or one TLS handshake: neither can be interrupted
CONNECTIONS = 64  # far above the number of polling threads, so that none waits for another
SocketOptions = Iterable[
    tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]
]


def system_resolve(host: str, port: int) -> Sequence[str]:
    """Ask the machine's resolver; this also reads disguises such as `0x7f.1`."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass(frozen=True, slots=True)
class Limit:
    """Until when (monotonic seconds) an exchange may last, and the service's stop event."""

    until: float
    stop: threading.Event

    def left(self) -> float:
        """Give the seconds left; raise httpcore.ReadTimeout when none are, Stopped on stop."""
        go_on(self.stop)
        left = self.until - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("the deadline of the exchange has passed")
        return left


class WatchedStream(httpcore.NetworkStream):
    """A connection whose every read and write ends at the limit of the exchange."""

    def __init__(self, stream: httpcore.NetworkStream, limit: Limit) -> None:
        self._stream = stream
        self._limit = limit

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        while True:
            glance = min(self._limit.left(), GLANCE)
            try:
                return self._stream.read(max_bytes, glance)
            except httpcore.ReadTimeout:
                continue  # only this glance is over; `left` raises when the exchange is

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        # Requests are small and fit the socket's buffer: no need to glance.
        self._stream.write(buffer, min(self._limit.left(), CONNECT_PATIENCE))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        try:
            patience = min(self._limit.left(), CONNECT_PATIENCE)
            stream = self._stream.start_tls(ssl_context, server_hostname, patience)
        except httpcore.ConnectError as error:
            if not isinstance(error.__cause__, ssl.SSLCertVerificationError):
                raise
        except (httpcore.ReadTimeout, FetchError):
            self.close()  # httpcore closes only what it has been handed
            raise
        else:
            return WatchedStream(stream, self._limit)
        # Raised out here so that no other exception is chained to it.
        raise FetchError(
            Reason.UNREACHABLE, f"{server_hostname}: the server's certificate is not accepted", retry=True
        )

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class GuardedBackend(httpcore.NetworkBackend):
    """Resolves a name, tests every address, and connects only to one that passed."""

    def __init__(self, allowed: AllowList, stop: threading.Event, resolve: Resolver) -> None:
        self._allowed = allowed
        self._stop = stop
        self._resolve = resolve
        self._plain = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: SocketOptions | None = None,
    ) -> httpcore.NetworkStream:
        limit = Limit(time.monotonic() + (timeout or 0.0), self._stop)
        addresses = self._resolved(host, port, limit)
        if not addresses:
            raise FetchError(Reason.UNREACHABLE, f"{host}: no such host", retry=True)
        listed = self._allowed.lists(host, port)
        safe = [address for address in addresses if not refusal(address, listed=listed)]
        if not safe:
            raise FetchError(Reason.UNSAFE_ADDRESS, host, retry=False)
        return WatchedStream(self._connected(safe, port, limit, socket_options), limit)

    def _connected(
        self, safe: Sequence[str], port: int, limit: Limit, options: SocketOptions | None
    ) -> httpcore.NetworkStream:
        for address in safe[:-1]:
            try:
                return self._connect(address, port, limit, options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return self._connect(safe[-1], port, limit, options)

    def _connect(
        self, address: str, port: int, limit: Limit, options: SocketOptions | None
    ) -> httpcore.NetworkStream:
        patience = min(limit.left(), CONNECT_PATIENCE)
        return self._plain.connect_tcp(address, port, timeout=patience, socket_options=options)

    def _resolved(self, host: str, port: int, limit: Limit) -> Sequence[str]:
        """Resolve in a thread of its own: the system's resolver knows no deadline."""
        answers: queue.SimpleQueue[Sequence[str]] = queue.SimpleQueue()

        def ask() -> None:
            found: Sequence[str] = ()
            try:
                found = self._resolve(host, port)
            except (OSError, UnicodeError):
                found = ()
            finally:
                answers.put(found)

        threading.Thread(target=ask, name="resolve", daemon=True).start()
        while True:
            try:
                return answers.get(timeout=min(limit.left(), GLANCE))
            except queue.Empty:
                continue


class _Body(httpx.SyncByteStream):
    """The body as it comes over the wire; closing it closes the connection."""

    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    def __iter__(self) -> Any:
        return self._response.iter_stream()

    def close(self) -> None:
        self._response.close()


class GuardedTransport(httpx.BaseTransport):
    """httpx over our own network backend. Raises httpcore's exceptions as they are."""

    def __init__(
        self,
        allowed: AllowList,
        *,
        stop: threading.Event,
        resolve: Resolver = system_resolve,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=tls or httpx.create_ssl_context(trust_env=False),
            max_connections=CONNECTIONS,
            max_keepalive_connections=0,
            network_backend=GuardedBackend(allowed, stop, resolve),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url = httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        answer = self._pool.handle_request(
            httpcore.Request(request.method, url, headers=request.headers.raw, extensions=request.extensions)
        )
        return httpx.Response(answer.status, headers=answer.headers, stream=_Body(answer))

    def close(self) -> None:
        self._pool.close()
