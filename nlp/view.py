"""The words of a post in one text that knows its way back to the fields.

The words of title, text and display name stand in one padded text ("view") with
"|" between the fields; every character of it knows its place in the original
field. Staff and school names are the words STAFF and SCHOOL in it, which no
post can type because everything else is lower case.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from nlp.findings import Evidence, Reading
from nlp.unmask import Lexicon, Token, tokens

FIELDS = ("title", "text", "author_name")
AROUND = ("context", "author_handle", "url")
"""Read to understand the post; evidence never comes from them."""
BREAK = "|"


@dataclass(frozen=True, slots=True)
class View:
    """Words of one or more fields as one padded text; `words[i]` begins at `at[i]`."""

    text: str
    words: tuple[Token, ...]
    at: array[int]
    fields: tuple[str, ...]  # per word
    """The field that each word stands in."""

    def index(self, position: int) -> int:
        """The number of the word that holds a position of the text."""
        return max(0, min(bisect_right(self.at, position) - 1, len(self.words) - 1))

    def evidence(self, start: int, end: int) -> Evidence | None:
        """The original characters behind [start, end) of the text; None when it holds no word."""
        while start < end and self.text[start] == " ":
            start += 1
        while end > start and self.text[end - 1] == " ":
            end -= 1
        if start >= end:
            return None
        first, last = self.index(start), self.index(end - 1)
        field_name = self.fields[first]
        while last > first and self.fields[last] != field_name:
            last -= 1
        if field_name not in FIELDS or self.words[last].end <= self.words[first].start:
            return None
        return Evidence(field_name, self.words[first].start, self.words[last].end)


def make_view(parts: Sequence[tuple[str, Sequence[Token]]]) -> View:
    """One view of the words of several fields, a break after each field."""
    words: list[Token] = []
    names: list[str] = []
    for name, found in parts:
        words.extend(found)
        words.append(Token(BREAK, 0, 0))
        names.extend([name] * len(found) + [""])
    at, position = array("L"), 1
    for word in words:
        at.append(position)
        position += len(word.word) + 1
    return View(" " + "".join([word.word + " " for word in words]), tuple(words), at, tuple(names))


def read(reading: Reading, lexicon: Lexicon) -> tuple[View, View]:
    """The views of the post itself and of what surrounds it."""
    own = [(name, tokens(getattr(reading, name), lexicon)) for name in FIELDS]
    around = [(name, tokens(getattr(reading, name), lexicon)) for name in AROUND]
    return make_view(own), make_view(around)


def marked(view: View, marks: Iterable[tuple[int, int, str]]) -> View:
    """The view with the words of each [start, end) replaced by one marker word; no overlaps."""
    words = list(view.words)
    names = list(view.fields)
    for start, end, marker in sorted(marks, reverse=True):
        first, last = view.index(start), view.index(end - 1)
        words[first : last + 1] = [Token(marker, words[first].start, words[last].end, True)]
        names[first : last + 1] = [names[first]]
    at, position = array("L"), 1
    for word in words:
        at.append(position)
        position += len(word.word) + 1
    return View(" " + "".join([word.word + " " for word in words]), tuple(words), at, tuple(names))
