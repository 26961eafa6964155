"""The second reading: words seen through their disguise, still with the way back.

Look-alike letters, digits and signs for letters, starred vowels, letters set
apart, stretched letters and emoji are read as the words that they hide
(labelling guide, section 6). A disguise counts only when a word of the given
lexicon lies behind it, so "year7", "3pm" and "A*" stay what they are.
Sentence ends become ".", quotation marks '"': rules can stop there.
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from nlp.text import Folded, fold
from nlp.words import word_set

_PAIRS = (
    "аa еe оo рp сc уy хx іi јj ѕs ԁd кk мm тt вb нh ԛq ԝw пn гr ӏl ьb οo αa νv εe ρp τt ιi κk βb ηn υu χx γy "
    "ωw ɑa ɡg ᴀa ʙb ᴄc ᴅd ᴇe ɢg ʜh ɪi ᴊj ᴋk ʟl ᴍm ɴn ᴏo ᴘp ʀr ꜱs ᴛt ᴜu ᴠv ᴡw ʏy ᴢz"
)
_LOOKALIKE = {ord(pair[0]): pair[1] for pair in _PAIRS.split()}
_HAS_LOOKALIKE = re.compile("[" + "".join(map(chr, _LOOKALIKE)) + "]")
_LEET = str.maketrans(
    {
        "0": "o",
        "1": "i",
        "3": "e",
        "4": "a",
        "5": "s",
        "7": "t",
        "@": "a",
        "$": "s",
        "!": "i",
        "8": "b",
        "€": "e",
        "+": "t",
    }
)
_LEET_L = str.maketrans({"1": "l", "|": "l"})
_LEETISH = re.compile(r"[0-9@$!€+|*#]")
_CHUNK = re.compile(r"\S+")
_LINK = re.compile(r"(?:https?://|www\.)\S", re.IGNORECASE)
_PIECE = re.compile(
    r"(?P<quote>[\"“”„«»]|(?<![^\W_])['‘’](?=\w)|(?<=[\w.!?,…])['’](?!\w))"
    r"|(?P<stop>[.!?…;:]+(?!\w))"
    r"|(?P<word>(?:[^\W_]|[@$](?=[^\W_])|['‘’`´](?=\w)|(?<=\w)[@$!€+|*#]+(?=[\w*#])|(?<=[^\W_])[*#]{2,}|[\u0300-\u036f\u200b-\u200f\u2060\ufeff])+)"
    r"|(?P<stars>\*{3,})"
    r"|(?P<other>.)",
    re.DOTALL,
)
_ABBREVIATED = word_set("st mr mrs ms dr fr rev prof sr jr no vs eg ie etc")
_WORD_CHARS = 40  # a longer run of letters hides no word


@dataclass(frozen=True, slots=True)
class Token:
    """One word or mark of the second reading and its [start, end) in the original."""

    word: str
    start: int
    end: int
    capital: bool = False


class Lexicon:
    """Words that may stand in disguise; built once from all rules and names."""

    def __init__(self, words: Iterable[str]) -> None:
        self.words = frozenset(word for word in words if len(word) >= 3)
        self._starred: dict[tuple[str, int], list[str]] = defaultdict(list)
        for word in sorted(self.words):
            if len(word) >= 4:
                self._starred[word[0], len(word)].append(word)

    def behind(self, raw: str) -> str | None:
        """The word behind one disguised word, None when there is none."""
        low = raw.lower()
        if "*" in low or "#" in low:
            return self._behind_stars(low)
        for table in (_LEET, _LEET_L):
            plain = low.translate(table).translate(_LEET)
            if plain in self.words:
                return plain
        return None

    def _behind_stars(self, low: str) -> str | None:
        plain = low.replace("#", "*").translate(_LEET)
        letters = plain.replace("*", "")
        if not letters or plain[0] == "*" or len(letters) + 4 < len(plain):
            return None
        shape = re.compile(re.escape(plain).replace(r"\*", "[a-z]"))
        fits = [word for word in self._starred.get((plain[0], len(plain)), ()) if shape.fullmatch(word)]
        if not fits and len(letters) >= 3:
            loose = re.compile(re.sub(r"(\\\*)+", "[a-z]{1,4}", re.escape(plain)))
            fits = [
                w
                for n in range(-2, 4)
                for w in self._starred.get((plain[0], len(plain) + n), ())
                if loose.fullmatch(w)
            ]
        return fits[0] if fits else None

    def unstretched(self, word: str) -> str:
        """ "uselessss" -> "useless": runs of three or more cut to what the lexicon knows, else to two."""
        once = re.sub(r"(.)\1{2,}", r"\1", word)
        twice = re.sub(r"(.)\1{2,}", r"\1\1", word)
        return once if once in self.words and twice not in self.words else twice


@lru_cache(maxsize=4096)
def emoji_word(char: str) -> str:
    """ "🤡" -> ":clown_face": the Unicode name as one word that no post can type; "" for signs that are no pictures."""
    if ord(char) < 0x2190 or unicodedata.category(char) not in ("So", "Sk"):
        return ""
    name = unicodedata.name(char, "")
    return ":" + name.lower().replace(" ", "_").replace("-", "_") if name else ""


def lookalikes_to_latin(word: str) -> str:
    """A folded word with all its foreign look-alikes as Latin letters, if that makes it wholly Latin."""
    if word.isascii():
        return word
    latin = word.translate(_LOOKALIKE)
    return latin if latin.isascii() else word


def tokens(text: str, lexicon: Lexicon) -> list[Token]:
    """The words and marks of a text in order, disguises lifted. Never raises; linear in the text."""
    out: list[Token] = []
    last_end = 0
    for chunk in _CHUNK.finditer(text):
        if "\n" in text[last_end : chunk.start()]:
            out.append(Token(".", last_end, last_end))
        last_end = chunk.end()
        out.extend(_chunk_tokens(text, chunk.start(), chunk.end(), lexicon))
    return _joined_letters(out, lexicon)


def _chunk_tokens(text: str, start: int, end: int, lexicon: Lexicon) -> Iterator[Token]:
    if _LINK.match(text, start, end):
        yield from _plain_words(text, start, end)
        return
    previous = ""
    for match in _PIECE.finditer(text, start, end):
        kind, piece = match.lastgroup, match.group()
        if kind == "word":
            for token in _word_tokens(text, match.start(), match.end(), lexicon):
                previous = token.word
                yield token
        elif kind == "quote":
            yield Token('"', match.start(), match.end())
        elif kind == "stop":
            if not (piece == "." and (previous in _ABBREVIATED or len(previous) == 1)):
                yield Token("." if "?" not in piece else "?", match.start(), match.end())
        elif kind == "stars":
            yield Token("masked", match.start(), match.end())
        elif word := emoji_word(piece):
            yield Token(word, match.start(), match.end())


def _word_tokens(text: str, start: int, end: int, lexicon: Lexicon) -> Iterator[Token]:
    raw = text[start:end]
    if end - start > _WORD_CHARS:
        yield from _plain_words(text, start, end)
        return
    if _LEETISH.search(raw) and not raw.isdigit() and (hidden := lexicon.behind(raw)):
        yield Token(hidden, start, end, raw[0].isupper())
        return
    for token in _plain_words(text, start, end):
        word = lookalikes_to_latin(token.word)
        if len(word) > 3 and re.search(r"([a-z])\1\1", word):
            word = lexicon.unstretched(word)
        yield token if word == token.word else Token(word, token.start, token.end, token.capital)


def _plain_words(text: str, start: int, end: int) -> Iterator[Token]:
    raw = text[start:end]
    if raw.isascii() and raw.isalnum():
        yield Token(raw.lower(), start, end, raw[0].isupper())
        return
    seen = fold(raw)
    at = 1
    for word in seen.text.split():
        at = seen.text.index(word, at)
        first, last = seen.span(at, at + len(word))
        at += len(word)
        yield Token(word, start + first, start + last, raw[first].isupper())


def _joined_letters(found: list[Token], lexicon: Lexicon) -> list[Token]:
    """Letters set apart ("u s e l e s s") become one word where they spell one."""
    out: list[Token] = []
    run: list[Token] = []
    for token in found:
        if len(token.word) == 1 and token.word.isalpha():
            run.append(token)
            continue
        if run and token.word == "." and token.end - token.start == 1 and len(run) < _WORD_CHARS:
            run.append(token)
            continue
        out.extend(_as_word(run, lexicon))
        run = []
        out.append(token)
    out.extend(_as_word(run, lexicon))
    return out


def _as_word(run: list[Token], lexicon: Lexicon) -> list[Token]:
    letters = [token for token in run if token.word.isalpha()]
    if len(letters) < 3:
        return run
    for skip in range(3):  # "a c u n t": an article or two may stand before
        word = "".join(token.word for token in letters[skip:])
        if len(word) >= 3 and word in lexicon.words:
            return [*letters[:skip], Token(word, letters[skip].start, letters[-1].end)]
    return run


def view_of(found: Iterable[Token]) -> Folded:
    """Tokens as one padded text whose every character maps to its whole token."""
    pieces, starts, ends = [" "], array("L", [0]), array("L", [0])
    for token in found:
        size = len(token.word) + 1
        pieces.append(token.word + " ")
        starts.extend([token.start] * size)
        ends.extend([token.end] * size)
    return Folded("".join(pieces), starts, ends)


def unmask(text: str, lexicon: Lexicon) -> Folded:
    """The second reading of a text with its map; the counterpart of `nlp.text.fold`."""
    return view_of(tokens(text, lexicon))


_SET_APART = re.compile(r"(?<![^\W_])[^\W_](?:[ .\-_*][^\W_]){3,}(?![^\W_])")
# Whole words only, and what is in them is looked at afterwards: a look ahead at every place is quadratic.
_LEET_WORD = re.compile(r"(?<![A-Za-z0-9@$!])[A-Za-z0-9@$!]{4,30}(?![A-Za-z0-9@$!])")


def _without_leet(match: re.Match[str]) -> str:
    word = match.group()
    mixed = any(char in "0123456789@$!" for char in word) and any(char.isalpha() for char in word)
    return word.translate(_LEET) if mixed else word


def plain_letters(text: str, thorough: bool = False) -> str:
    """A text with look-alikes (and, when thorough, leet and letters set apart) as plain Latin
    letters, for the gate's second try; "" when that changes nothing."""
    out = text
    if not text.isascii() and _HAS_LOOKALIKE.search(text.lower()):
        out = text.casefold().translate(_LOOKALIKE)
    if thorough:
        out = _SET_APART.sub(lambda match: re.sub(r"[ .\-_*]", "", match.group()), out)
        out = _LEET_WORD.sub(_without_leet, out)
    return "" if out == text else out


__all__ = [
    "Lexicon",
    "Token",
    "emoji_word",
    "lookalikes_to_latin",
    "plain_letters",
    "tokens",
    "unmask",
    "view_of",
]
