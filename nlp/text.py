"""Folding: one form for posts and patterns, with a way back to the original characters.

A folded text is lower case, without accents, apostrophes and invisible
characters; everything that is neither a letter nor a digit is one single space,
and a space stands at each end, so that " name " finds whole words only
(performance notes, section 3). Offsets are Unicode code points.
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

POST_BREAK = 0x1E
"""The byte between two folded posts of a batch (ASCII "record separator")."""
FIELD_BREAK = "\x1d"
"""Stands between two fields of one post; folding turns it into a space, so nobody can type it."""

_APOSTROPHES = frozenset("'`´‘’‚‛′‵ʹʼʻʽ＇`")
_INVISIBLE_LETTERS = frozenset("\u115f\u1160\u3164\uffa0")  # Hangul fillers: letters that show nothing
_STROKES = {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ħ": "h", "ı": "i"}
_OUTSIDE_ASCII = re.compile(r"[^\x00-\x7f]+")


@dataclass(frozen=True, slots=True)
class Folded:
    """A folded text and, for each of its characters, where that came from in the original."""

    text: str
    starts: array[int]
    ends: array[int]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The [start, end) of the original that folded to [start, end) here; empty stays empty."""
        while start < end and self.text[start] == " ":
            start += 1
        while end > start and self.text[end - 1] == " ":
            end -= 1
        if start >= end:
            where = self.starts[start] if start < len(self.starts) else 0
            return where, where
        return self.starts[start], self.ends[end - 1]


def _deleted(char: str) -> bool:
    return (
        char in _APOSTROPHES
        or char in _INVISIBLE_LETTERS
        or unicodedata.category(char) in ("Cf", "Mn", "Mc", "Me")
    )


@lru_cache(maxsize=8192)
def fold_char(char: str) -> str:
    """What one character folds to: nothing, a space, or letters and digits (Unicode TR15, NFKD)."""
    if _deleted(char):
        return ""
    wide = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", char).casefold())
    pieces = (_STROKES.get(piece, piece if piece.isalnum() else " ") for piece in wide if not _deleted(piece))
    return "".join(pieces)


def fold(text: str) -> Folded:
    """Folds with the map back: the slow, plain reference that `fold_plain` must equal."""
    out, starts, ends = [" "], array("L", [0]), array("L", [0])
    for index, char in enumerate(text):
        piece = fold_char(char)
        if not piece and unicodedata.category(char).startswith("M") and out[-1] != " ":
            ends[-1] = index + 1  # an accent belongs to the letter before it
        for letter in piece:
            if letter == " " and out[-1] == " ":
                continue
            out.append(letter)
            starts.append(index)
            ends.append(index + 1)
    if out[-1] != " ":
        out.append(" ")
        starts.append(len(text))
        ends.append(len(text))
    return Folded("".join(out), starts, ends)


def _byte_table() -> bytes:
    """ASCII as `fold_char` folds it; the two breaks and all bytes of other characters stay."""
    kept = {POST_BREAK, ord(FIELD_BREAK)}
    return bytes(
        byte if byte > 0x7F or byte in kept else ord(fold_char(chr(byte)) or " ") for byte in range(256)
    )


_TABLE = _byte_table()
_DELETED_BYTES = bytes(byte for byte in range(128) if not fold_char(chr(byte)))
_BREAKS_TO_SPACE = {POST_BREAK: " ", ord(FIELD_BREAK): " "}


@lru_cache(maxsize=8192)
def _fold_run(run: str) -> str:
    return "".join(map(fold_char, run))


def _ascii_first(text: str) -> str:
    """Folds what is outside ASCII (few characters in most posts); ASCII waits for the byte table."""
    if text.isascii():
        return text
    return _OUTSIDE_ASCII.sub(_fold_match, text)


def _fold_match(match: re.Match[str]) -> str:
    run = match.group()
    return _fold_run(run) if len(run) < 32 else "".join(map(fold_char, run))


def without_breaks(text: str) -> str:
    """The text with both break characters made spaces, for callers that join fields themselves."""
    return text.translate(_BREAKS_TO_SPACE) if "\x1d" in text or "\x1e" in text else text


def fold_batch(texts: Sequence[str]) -> bytes:
    """All texts folded into one UTF-8 string, each padded by spaces, `POST_BREAK` between them.

    A `FIELD_BREAK` in a text stays, with a space each side; texts must hold no `POST_BREAK`.
    """
    joined = " \x1e ".join([_ascii_first(text) for text in texts])
    if FIELD_BREAK in joined:
        joined = joined.replace(FIELD_BREAK, f" {FIELD_BREAK} ")
    raw = f" {joined} ".encode().translate(_TABLE, _DELETED_BYTES)
    letters = np.frombuffer(raw, dtype=np.uint8)
    spaces = letters == 0x20
    spaces[1:] &= spaces[:-1]
    spaces[0] = False
    return bytes(letters[~spaces].tobytes())


def fold_plain(texts: Sequence[str]) -> list[str]:
    """Folds many texts fast, without a map; equals `fold(text).text` for each."""
    if not texts:
        return []
    cleaned = [without_breaks(text) for text in texts]
    return fold_batch(cleaned).decode().split("\x1e")
