"""Wiki markup to plain text, and what a revision added: pure, for MediaWiki and DokuWiki alike.

Screened are the added words, not the page (connectors-feeds.md section 10).
They are taken sentence by sentence, since a wiki keeps a paragraph on one line:
whole lines would repeat old sentences at every edit, and single words would
lose the name that they stand beside. Sentences are counted as a set, so that
moving a paragraph adds nothing (section 11, rule 4).
"""

from __future__ import annotations

import html
import re
from collections import Counter

from connectors.plain import from_text

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n+")
_PIECE = 2000  # characters compared at once; text without full stops is cut at words
# [[Page|words]] and [[Page]]; one level, as inner links end first. DokuWiki writes the same.
_LINK = re.compile(r"\[\[(?:[^\[\]|]*+\|)?([^\[\]]*+)\]\]")
_OUTSIDE_LINK = re.compile(r"\[(https?://[^\s\[\]]++)(?:\s++([^\[\]]*+))?\]")
_EMPHASIS = re.compile(r"'{2,5}")
_SWITCH = re.compile(r"__[A-Z]+__")
_COMMENT_ENDS = re.compile(r"<!--|-->")
_EXTENSION_TAG = re.compile(
    r"</?(?:ref|nowiki|small|gallery|poem|noinclude|includeonly)\b[^<>]*+>", re.IGNORECASE
)
_LINK_DEPTH = 4  # a picture's caption holds links


def plain(markup: str) -> str:
    """The words of wiki markup, those of hidden comments and unknown tags too: too much rather than too little."""
    text = _COMMENT_ENDS.sub(" ", markup)
    text = _EXTENSION_TAG.sub(" ", text)
    for _ in range(_LINK_DEPTH):
        text, found = _LINK.subn(r"\1", text)
        if not found:
            break
    text = _OUTSIDE_LINK.sub(lambda link: f"{link[2] or ''} {link[1]}", text)
    text = _SWITCH.sub("", _EMPHASIS.sub("", text))
    return from_text(html.unescape(text))


def added(before: str, after: str, *, known: str = "") -> str:
    """The sentences of plain text `after` that are not in `before`, in order, on lines of their own.

    What stands in `known`, an older text, is no addition either: so the repair
    of a page that was emptied gives nothing.
    """
    left = Counter(sentences(before))
    old = set(sentences(known))
    new: list[str] = []
    for sentence in sentences(after):
        if left[sentence] > 0:
            left[sentence] -= 1
        elif sentence not in old:
            new.append(sentence)
    return "\n".join(new)


def sentences(text: str) -> list[str]:
    """The text's sentences and lines, none empty, none without measure."""
    parts = (part.strip() for part in _SENTENCE_END.split(text))
    return [piece for part in parts for piece in _cut(part)]


def _cut(part: str) -> list[str]:
    pieces = []
    while len(part) > _PIECE:
        space = part.rfind(" ", 1, _PIECE)
        at = space if space > 0 else _PIECE
        pieces.append(part[:at].strip())
        part = part[at:].strip()
    return [piece for piece in [*pieces, part] if piece]
