"""Markup to plain text that hides nothing a reader of the page would see.

What is matched, stored and shown is text without tags, entities resolved, NFC,
no control characters (connectors-feeds.md section 5: feedparser's own cleaning
is no safety barrier, measured).

A scanner of tags, not a tree: 100,000 nested `<div>` cost a tree parser
(selectolax 1.0.2) 10.8 s here, lxml drops what lies deeper than 256 elements
(section 14, 27), and a tree is not needed to take tags away. Where a browser
would hide the rest of the page (a tag, a comment or a script that is never
closed) we keep it: too much text is better than a threat that is not read.
"""

from __future__ import annotations

import html
import re
import unicodedata

_TAG = re.compile(
    r"""<(?P<close>/?)(?P<name>[a-zA-Z][^\s/>]*+)
        (?>[\s/]++ | [^\s/>][^\s/>=]*+ (?: \s*+ = \s*+ (?: "[^"]*+" | '[^']*+' | [^\s"'>][^\s>]*+ )?+ )?+ )*+
        >""",
    re.VERBOSE,
)
_ALT = re.compile(r"""\salt\s*+=\s*+(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
_BLOCK = re.compile(
    r"address|article|aside|blockquote|br|caption|center|dd|details|div|dl|dt|fieldset|figcaption|figure|footer|"
    r"form|h[1-6]|header|hr|legend|li|main|nav|ol|option|p|pre|section|summary|table|tbody|td|tfoot|th|thead|"
    r"title|tr|ul"
)
_RAW = ("script", "style")  # never shown by any browser
_ENDS = {
    ">": re.compile(">"),
    "-->": re.compile("-->"),
    "</script>": re.compile(r"</script(?:[\s/][^<>]*)?>", re.IGNORECASE),
    "</style>": re.compile(r"</style(?:[\s/][^<>]*)?>", re.IGNORECASE),
}
_LITERAL_TAG = re.compile(r"<(/?[a-zA-Z!?][^<>]*+)>")
_PLAIN_MARKUP = re.compile(
    r"/?(?:a|abbr|b|big|blockquote|br|cite|code|del|div|em|font|h[1-6]|hr|i|iframe|img|ins|li|ol|p|pre|q|s|script|"
    r"small|span|strike|strong|style|sub|sup|table|tbody|td|th|tr|tt|u|ul)"
    r"""(?:\s+[\w:-]+\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'<>]+))*\s*/?""",
    re.IGNORECASE,
)
_LITERAL_ROUNDS = 8  # `<<b>b>` needs two; who nests deeper loses the angle brackets
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_NEWLINE = re.compile(r"\r\n?|[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_SPACES = re.compile(r"[^\S\n]+")
_GAPS = re.compile(r"\n{3,}")


def from_html(markup: str) -> str:
    """The text of a piece of HTML: blocks on lines of their own, pictures as their `alt` text.

    Markup that was escaped twice (Google Alerts does it) is taken away as well;
    a bracketed word that is no markup, such as `<kill>`, keeps its word.
    """
    return from_text("".join(_pieces(_NEWLINE.sub(" ", markup).replace("\n", " "))))


def from_text(text: str) -> str:
    """Plain text made safe: entities stay as they are (`5 < 6`, `AT&amp;T`), tags and control characters go."""
    text = _SURROGATE.sub("\ufffd", _NEWLINE.sub("\n", text))
    text = _without_literal_tags(_CONTROL.sub("", text))
    text = unicodedata.normalize("NFC", text)
    lines = (_SPACES.sub(" ", line).strip() for line in text.split("\n"))
    return _GAPS.sub("\n\n", "\n".join(lines)).strip()


def one_line(text: str) -> str:
    """The same text without line breaks: for titles and names."""
    return " ".join(text.split())


def _pieces(markup: str) -> list[str]:
    """Text between tags, with a line break for each block."""
    pieces: list[str] = []
    unclosed: set[str] = set()  # searched for once and not there: keeps this linear
    at = 0
    while (start := markup.find("<", at)) >= 0:
        pieces.append(html.unescape(markup[at:start]))
        at, piece = _after(markup, start, unclosed)
        pieces.append(piece)
    pieces.append(html.unescape(markup[at:]))
    return pieces


def _after(markup: str, start: int, unclosed: set[str]) -> tuple[int, str]:
    """Where the construct that begins at `start` ends, and what it stands for."""
    if markup.startswith("<!--", start):
        return _skip(markup, start + 2, "-->", unclosed)
    if markup.startswith("<![CDATA[", start):
        return start + len("<![CDATA["), ""
    if markup.startswith(("<!", "<?"), start):
        return _skip(markup, start, ">", unclosed)
    tag = None if "tag" in unclosed else _TAG.match(markup, start)
    if tag is None:
        if markup[start + 1 : start + 2].isalpha():
            unclosed.add("tag")  # a tag without an end: from here on all is text
        return start + 1, "<"
    name = tag["name"].lower()
    if name in _RAW and not tag["close"]:
        return _skip(markup, tag.end(), f"</{name}>", unclosed)
    if name == "img":
        alt = _ALT.search(tag[0])
        return tag.end(), f" {html.unescape(alt[1] or alt[2] or '')} " if alt else ""
    return tag.end(), "\n" if _BLOCK.fullmatch(name) else ""


def _skip(markup: str, start: int, end: str, unclosed: set[str]) -> tuple[int, str]:
    """Past the next `end`; if there is none, past the opening alone."""
    found = -1
    if end not in unclosed:
        match = _ENDS[end].search(markup, start)
        found = match.end() if match else -1
    if found < 0:
        unclosed.add(end)
        return start + 1 if markup[start : start + 1] == "<" else start, ""
    return found, ""


def _without_literal_tags(text: str) -> str:
    for _ in range(_LITERAL_ROUNDS):
        if not _LITERAL_TAG.search(text):
            return text
        text = _LITERAL_TAG.sub(_literal, text)
    return text.replace("<", " ")


def _literal(found: re.Match[str]) -> str:
    inner = found[1]
    if not _PLAIN_MARKUP.fullmatch(inner):
        return inner
    name = re.sub(r"\W.*", "", inner.lstrip("/"), flags=re.DOTALL).lower()
    return "\n" if _BLOCK.fullmatch(name) else ""
