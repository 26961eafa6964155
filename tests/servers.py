"""A real web server for tests: scripted, on loopback, raw enough to misbehave.

    with ScriptedServer() as server:
        server.reply("/feed", b"<rss/>", headers={"ETag": '"1"'})
        server.reply("/feed", Reply(status=304, headers={"ETag": '"1"'}))   # the second answer, and all later ones
        client = PoliteClient(user_agent="t", allow_hosts=[server.host], gap=0)
        client.get(server.url("/feed"))
        assert server.requests[-1].headers["user-agent"] == "t"

Each connection gets one request and one answer. A path that was not scripted
answers 404, /robots.txt too. Handlers run in threads and may be called at once
from several connections. Nothing here sleeps: pauses end when the server does.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import TracebackType

REASONS = {200: "OK", 301: "Moved Permanently", 302: "Found", 304: "Not Modified", 404: "Not Found"}
HEAD_LIMIT = 200_000


@dataclass(frozen=True, slots=True)
class Request:
    """What a client sent. `path` is without the query, `target` with it; header names are lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    at: float  # monotonic seconds

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]


@dataclass(frozen=True, slots=True)
class Reply:
    """A proper answer. Content-Length is added unless the headers frame the body themselves."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)

    def encoded(self) -> bytes:
        names = {name.lower() for name in self.headers}
        lines = [f"HTTP/1.1 {self.status} {REASONS.get(self.status, 'Whatever')}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        if not names & {"content-length", "transfer-encoding"} and self.status not in (204, 304):
            lines.append(f"Content-Length: {len(self.body)}")
        return "\r\n".join([*lines, "Connection: close", "", ""]).encode("latin-1") + self.body


class Peer:
    """The server's end of one connection, for handlers that misbehave."""

    def __init__(self, sock: socket.socket, closing: threading.Event) -> None:
        self._sock = sock
        self._closing = closing

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self._sock.sendall(data)

    def pause(self, seconds: float) -> bool:
        """Wait, or until the server closes; True while it goes on."""
        return not self._closing.wait(seconds)

    def drip(self, pieces: Iterable[bytes], every: float) -> None:
        """Send one piece after the other with a pause before each."""
        for piece in pieces:
            if not self.pause(every):
                return
            self.send(piece)

    def hang(self) -> None:
        """Say nothing until the server closes."""
        self._closing.wait()


Handler = Callable[[Request, Peer], Reply | None]


class ScriptedServer:
    """Answers by path, remembers every request, and ends with its `with` block."""

    def __init__(self, *, tls: ssl.SSLContext | None = None, name: str = "127.0.0.1") -> None:
        self._tls = tls
        self._name = name
        self._scripts: dict[str, list[Handler]] = {}
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._seen: list[Request] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]

    @property
    def host(self) -> str:
        """`name:port`, as an entry of `allow_hosts`."""
        return f"{self._name}:{self.port}"

    @property
    def requests(self) -> list[Request]:
        """All requests so far, oldest first."""
        with self._lock:
            return list(self._seen)

    def asked(self, path: str) -> list[Request]:
        """The requests for one path (without query), oldest first."""
        return [request for request in self.requests if request.path == path]

    def url(self, path: str = "/") -> str:
        """The address of a path."""
        return f"{'https' if self._tls else 'http'}://{self.host}{path}"

    def reply(
        self,
        path: str,
        reply: Reply | bytes | str = b"",
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Script the next answer of a path; the last one scripted is repeated for ever."""
        if not isinstance(reply, Reply):
            body = reply.encode() if isinstance(reply, str) else reply
            reply = Reply(body, status, headers or {})
        answer = reply
        self.on(path, lambda _request, _peer: answer)

    def redirect(self, path: str, location: str, status: int = 302) -> None:
        """Script a redirect."""
        self.reply(path, status=status, headers={"Location": location})

    def raw(self, path: str, data: bytes) -> None:
        """Script bytes that are sent as they are, then the connection closes."""
        self.on(path, lambda _request, peer: peer.send(data))

    def drip(self, path: str, pieces: Iterable[bytes], every: float) -> None:
        """Script raw bytes sent slowly, piece by piece."""
        kept = list(pieces)
        self.on(path, lambda _request, peer: peer.drip(kept, every))

    def on(self, path: str, handler: Handler) -> None:
        """Script a function: it returns a Reply, or sends by itself and returns None."""
        with self._lock:
            self._scripts.setdefault(path, []).append(handler)

    def forget(self, path: str) -> None:
        """Drop what was scripted for a path, so that it can be scripted anew."""
        with self._lock:
            self._scripts.pop(path, None)

    def __enter__(self) -> ScriptedServer:
        accepter = threading.Thread(target=self._accept, daemon=True)
        self._threads.append(accepter)
        accepter.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection and wait for the threads."""
        self._closing.set()
        _shut(self._listener)  # this wakes accept()
        if self._threads:
            self._threads[0].join()
        self._listener.close()
        with self._lock:
            for sock in self._open:
                _shut(sock)
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(sock,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, plain: socket.socket) -> None:
        sock = plain
        sock.settimeout(20)
        with self._lock:
            self._open.add(sock)
        try:
            if self._tls is not None:
                sock = self._tls.wrap_socket(plain, server_side=True)
                with self._lock:
                    self._open.add(sock)
            request = _read_request(sock)
            if request is not None:
                self._answer(request, Peer(sock, self._closing))
                _finish(sock)
        except OSError:
            pass  # the client hung up, which is often just what the test is about
        finally:
            with self._lock:
                self._open -= {plain, sock}
            sock.close()
            plain.close()

    def _answer(self, request: Request, peer: Peer) -> None:
        with self._lock:
            self._seen.append(request)
            script = self._scripts.get(request.path, [])
            handler = script.pop(0) if len(script) > 1 else (script[0] if script else None)
        reply = handler(request, peer) if handler else Reply(b"nothing here", 404)
        if reply is not None:
            peer.send(reply.encoded())


def _shut(sock: socket.socket) -> None:
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        return


def _finish(sock: socket.socket) -> None:
    """Say that no more will come, and wait for the client to go, so that no bytes are lost to a reset."""
    if isinstance(sock, ssl.SSLSocket):
        return
    sock.shutdown(socket.SHUT_WR)
    while sock.recv(65536):
        continue


def _read_request(sock: socket.socket) -> Request | None:
    data = b""
    while b"\r\n\r\n" not in data:
        piece = sock.recv(65536)
        if not piece or len(data) > HEAD_LIMIT:
            return None
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    pairs = (line.partition(":") for line in lines)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    wanted = int(headers.get("content-length", "0"))
    while len(body) < wanted:
        piece = sock.recv(65536)
        if not piece:
            return None
        body += piece
    method, target, _ = first.split(" ", 2)
    return Request(method, target, headers, body, time.monotonic())
