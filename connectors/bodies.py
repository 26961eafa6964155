"""Bodies within limits: bytes off the wire become at most `max_bytes` of content.

httpx unpacks a whole network chunk at once, and one layer after the other: 257
bytes became 315 MB (connectors-feeds.md section 3). Here one layer at most is
unpacked, a bounded piece at a time.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from connectors.base import FetchError, Reason

PIECE = 64 * 1024  # bytes unpacked in one step
MEMBERS = 16  # gzip allows several members in a row (RFC 1952 section 2.2); more is an attack
GZIP_START = 0x1F
WINDOWS = {"gzip": 31, "x-gzip": 31, "deflate": 15}  # zlib's wbits


@dataclass(frozen=True, slots=True)
class BodyLimits:
    """Bytes allowed after and before unpacking; `cut` keeps the start of a longer body."""

    unpacked: int = 10_000_000
    wire: int = 5_000_000
    cut: bool = False


def read_body(chunks: Iterable[bytes], coding: str, limits: BodyLimits, *, host: str) -> bytes:
    """Read and unpack a body. `coding` is the Content-Encoding header, as sent.

    Raises:
        FetchError: over a limit, more than one layer, an unknown coding, or
            damaged compressed data. Names the host only.
    """
    layers = [name for name in (part.strip().lower() for part in coding.split(",")) if name]
    layers = [name for name in layers if name != "identity"]
    if len(layers) > 1 or any(name not in WINDOWS for name in layers):
        raise FetchError(Reason.UNREADABLE, f"{host}: packed in a way that is not accepted", retry=False)
    wire = _within(chunks, limits.wire, limits, host)
    if layers:
        wire = _unpacked(wire, WINDOWS[layers[0]], host)
    return b"".join(_within(wire, limits.unpacked, limits, host))


def _within(chunks: Iterable[bytes], limit: int, limits: BodyLimits, host: str) -> Iterator[bytes]:
    seen = 0
    for chunk in chunks:
        seen += len(chunk)
        if seen > limit and not limits.cut:
            raise FetchError(Reason.TOO_LARGE, host, retry=False)
        yield chunk if seen <= limit else chunk[: limit - seen]
        if seen >= limit and limits.cut:
            return


def _unpacked(chunks: Iterable[bytes], window: int, host: str) -> Iterator[bytes]:
    unpacker = None
    members = 0
    for chunk in chunks:
        waiting, full = chunk, False
        while waiting or full:
            if unpacker is None or (unpacker.eof and waiting):
                if members and (window != WINDOWS["gzip"] or waiting[0] != GZIP_START or members == MEMBERS):
                    return  # what follows the end of the data is not content
                unpacker, members = zlib.decompressobj(_window(window, waiting[0])), members + 1
            piece = _step(unpacker, waiting)
            if piece is None:
                raise FetchError(Reason.UNREADABLE, f"{host}: the packed data is damaged", retry=True)
            yield piece
            waiting, full = unpacker.unconsumed_tail or unpacker.unused_data, len(piece) == PIECE
    if unpacker is not None and not unpacker.eof:
        raise FetchError(Reason.UNREADABLE, f"{host}: the packed data is cut off", retry=True)


def _window(window: int, first: int) -> int:
    # Some servers send deflate without its zlib wrapper, whose first byte ends in 8 (RFC 1950, 9110).
    return -15 if window == WINDOWS["deflate"] and first & 0x0F != 8 else window


def _step(unpacker: zlib._Decompress, waiting: bytes) -> bytes | None:
    try:
        return unpacker.decompress(waiting, PIECE)
    except zlib.error:
        return None
