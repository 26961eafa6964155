"""What a DokuWiki sends, as values: its feed of recent changes, and a page's list of old revisions.

The feed is Atom 1.0 with `content=diff`: a unified diff in `<pre>`, escaped once
more than Atom asks (seen on 2022-07-31). It is read in the child process of
`connectors.isolated`, as every feed is. The list of revisions is HTML and is
searched from one `rev2[]` box to the next, without building a tree.
"""

from __future__ import annotations

import html
import io
import re
from itertools import pairwise
from urllib.parse import parse_qs, unquote, urlsplit

import feedparser
import msgspec

from connectors.base import SHORT_LIMIT, TEXT_LIMIT
from connectors.links import web_link
from connectors.mediawiki_text import added
from connectors.mediawiki_text import plain as wiki_words
from connectors.plain import from_html, from_text, one_line

WINDOW = 500  # entries looked at; we ask for 100
_REV = re.compile(r"[1-9]\d{0,14}", re.ASCII)
_EMPHASIS = re.compile(r"\*\*|__|%%|(?<!:)//")
_BOX = re.compile(r"""<input\b[^<>]*\bname=["']rev2\[\]["'][^<>]*>""", re.IGNORECASE)
_VALUE = re.compile(r"""\bvalue=["']([1-9]\d{0,14})["']""", re.ASCII)
_SUMMARY = re.compile(r"""<span class=["']?sum\b[^<>]*>([^<]{0,4000})""")
_USER = re.compile(r"""<span class=["']?user\b[^<>]*>(.{0,4000}?)</span>""", re.DOTALL)


class Change(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One change of one page. `rev` is when it was made, in seconds since 1970: DokuWiki's own id of it."""

    page: str
    rev: int
    link: str = ""
    summary: str = ""
    author: str = ""
    words: str = ""
    cut: bool = False


class Changes(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The feed. `proper` is False when the bytes are none."""

    proper: bool = False
    changes: list[Change] = []
    skipped: int = 0
    damaged: bool = False


def parse(body: bytes, *, base: str, content_type: str = "") -> Changes:
    """The changes in a feed; `base` is the wiki's address."""
    found = feedparser.parse(
        io.BytesIO(body),
        response_headers={"content-type": content_type} if content_type else {},
        sanitize_html=False,
        resolve_relative_uris=False,
    )
    if not found.get("version"):
        return Changes()
    entries = found.entries[:WINDOW]
    changes = [change for change in (_change(entry, base) for entry in entries) if change is not None]
    return Changes(
        proper=True,
        changes=changes,
        skipped=len(entries) - len(changes),
        damaged=bool(found.bozo) and not isinstance(found.bozo_exception, feedparser.NonXMLContentType),
    )


def revisions(page: str, markup: str) -> list[Change]:
    """The revisions in the HTML of `do=revisions`, oldest first, without their words."""
    ends = [box.start() for box in _BOX.finditer(markup)] + [len(markup)]
    found = []
    for start, end in pairwise(ends):
        row = markup[start : min(end, start + 20_000)]
        value, summary, user = _VALUE.search(row), _SUMMARY.search(row), _USER.search(row)
        if value:
            said = _line(from_html(summary[1])).lstrip("–- ") if summary else ""
            name = _line(from_html(user[1])) if user else ""
            found.append(Change(page=page, rev=int(value[1]), summary=said, author=name))
    return sorted(found, key=lambda change: change.rev)


def words_of(markup: str) -> str:
    """The words of DokuWiki markup."""
    return _EMPHASIS.sub("", wiki_words(markup))


def _change(entry: feedparser.FeedParserDict, base: str) -> Change | None:
    for raw in (str(entry.get("id") or ""), str(entry.get("link") or "")):
        page, rev = _place(raw, base)
        if page and rev:
            break
    else:
        return None
    text = _new_words("\n".join(str(part.get("value") or "") for part in entry.get("content", [])[:1]))
    title = _line(from_text(str(entry.get("title") or "")))
    _, dash, summary = title.partition(" - ")
    return Change(
        page=page,
        rev=rev,
        link=web_link(str(entry.get("link") or ""), base=base),
        summary=summary if dash and title.startswith(f"{page} - ") else title.removeprefix(page),
        author=_line(from_text(str((entry.get("author_detail") or {}).get("name") or ""))),
        words=text[:TEXT_LIMIT],
        cut=len(text) > TEXT_LIMIT,
    )


def _place(link: str, base: str) -> tuple[str, int]:
    """Page and revision of a link, whichever way the wiki writes its addresses."""
    try:
        parts = urlsplit(web_link(link, base=base))
    except ValueError:
        return "", 0
    asked = parse_qs(parts.query[:SHORT_LIMIT])
    below = parts.path.removeprefix(urlsplit(base).path).removeprefix("doku.php").strip("/")
    page = asked.get("id", [unquote(below)])[0]
    rev = asked.get("rev", [""])[0]
    page = _line(from_text(page)).strip("/:").replace("/", ":").lower()
    return page, int(rev) if _REV.fullmatch(rev) else 0


def _new_words(content: str) -> str:
    """The words that a diff adds; all words when this is no diff."""
    lines = content.split("\n")
    if not any(line.startswith("@@ ") for line in lines):
        return from_html(content)
    before = "\n".join(line[2:] for line in lines if line.startswith("- "))
    after = "\n".join(line[2:] for line in lines if line.startswith("+ "))
    return added(words_of(html.unescape(before)), words_of(html.unescape(after)))


def _line(text: str) -> str:
    return one_line(text)[:SHORT_LIMIT]
