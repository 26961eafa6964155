"""Unpacking within limits: one layer, bounded, whatever the pieces."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterable
from itertools import repeat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.base import FetchError, Reason
from connectors.bodies import BodyLimits, read_body

SMALL = BodyLimits(unpacked=200_000, wire=50_000)
TEXT = b"<rss>" + b"word " * 500 + b"</rss>"


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "": bytes,
}


@given(
    st.binary(max_size=4000),
    st.sampled_from(["", "identity", "gzip", "GZIP", "x-gzip, ", "identity, gzip", "deflate", "raw"]),
    st.integers(1, 700),
)
def test_what_was_packed_comes_out_whatever_the_pieces(body: bytes, coding: str, size: int) -> None:
    name = coding.lower().replace("identity", "").strip(", ")
    packed = raw_deflate(body) if coding == "raw" else PACKERS[name](body)
    pieces = [packed[start : start + size] for start in range(0, len(packed), size)]
    header = "deflate" if coding == "raw" else coding
    assert read_body(pieces, header, SMALL, host="h") == body


@pytest.mark.parametrize("size", [64 * 1024, 64 * 1024 + 1, 128 * 1024, 128 * 1024 + 100])
def test_output_that_waits_inside_the_unpacker_is_not_lost(size: int) -> None:
    packed = raw_deflate(bytes(size))  # it has no check sum behind the data that would push it out
    assert read_body([packed[:1], packed[1:]], "deflate", SMALL, host="h") == bytes(size)
    assert read_body([gzip.compress(bytes(size))], "gzip", SMALL, host="h") == bytes(size)


@given(st.binary(max_size=300), st.sampled_from(["gzip", "deflate"]))
def test_any_bytes_give_a_body_or_a_failure(noise: bytes, coding: str) -> None:
    result: bytes | FetchError
    try:
        result = read_body([noise], coding, SMALL, host="h")
    except FetchError as error:
        result = error
    assert result.__context__ is None if isinstance(result, FetchError) else len(result) <= SMALL.unpacked


@pytest.mark.parametrize(
    "coding", ["gzip, gzip", "gzip,gzip,gzip", "deflate, gzip", "br", "zstd", "compress", "*"]
)
def test_more_layers_and_other_codings_are_refused_before_reading(coding: str) -> None:
    with pytest.raises(FetchError) as caught:
        read_body(repeat(b"never read"), coding, SMALL, host="h")
    assert caught.value.reason is Reason.UNREADABLE


@pytest.mark.parametrize(
    ("pieces", "coding"),
    [
        ([gzip.compress(bytes(200_001))], "gzip"),
        ([gzip.compress(bytes(40_000_000))], "gzip"),
        ([gzip.compress(bytes(150_000)) * 2], "gzip"),
        ([raw_deflate(bytes(40_000_000))], "deflate"),
        (repeat(b"x" * 1000), ""),
        ([b"x" * 50_001], ""),
    ],
)
def test_too_much_is_a_failure_and_not_a_cut_body(pieces: Iterable[bytes], coding: str) -> None:
    with pytest.raises(FetchError) as caught:
        read_body(pieces, coding, SMALL, host="h")
    assert caught.value.reason is Reason.TOO_LARGE


def test_just_within_the_limits_is_fine() -> None:
    assert len(read_body([gzip.compress(bytes(200_000))], "gzip", SMALL, host="h")) == 200_000
    assert len(read_body([b"x" * 50_000], "", SMALL, host="h")) == 50_000


def test_several_members_are_joined_and_what_follows_is_left() -> None:
    two = gzip.compress(b"one ") + gzip.compress(b"two")
    assert read_body([two], "gzip", SMALL, host="h") == b"one two"
    assert read_body([two + b"padding"], "gzip", SMALL, host="h") == b"one two"
    assert read_body([zlib.compress(b"one") + b"padding"], "deflate", SMALL, host="h") == b"one"


def test_endless_members_are_not_followed() -> None:
    assert read_body([gzip.compress(b"a") * 1000], "gzip", SMALL, host="h") == b"a" * 16


@pytest.mark.parametrize("body", [gzip.compress(TEXT)[:-9], gzip.compress(TEXT)[:5], b"plain text"])
def test_damaged_data_is_a_failure(body: bytes) -> None:
    with pytest.raises(FetchError) as caught:
        read_body([body], "gzip", SMALL, host="h")
    assert caught.value.reason is Reason.UNREADABLE


def test_the_start_is_kept_where_cutting_is_asked_for() -> None:
    cut = BodyLimits(unpacked=10, cut=True)
    assert read_body(repeat(b"abc"), "", cut, host="h") == b"abcabcabca"
    assert read_body([gzip.compress(bytes(10_000_000))], "gzip", cut, host="h") == bytes(10)
    assert read_body([b"short"], "", cut, host="h") == b"short"
