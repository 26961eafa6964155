"""Bytes of a web page to plain text: what is read, what is left out and why.

Runs in the child process of `connectors.isolated`. The tree is only used to
choose and to remove; the text itself is made by `connectors.plain`, as for all
posts. selectolax (lexbor) keeps text at any depth, where lxml drops what lies
deeper than 256 elements (connectors-feeds.md section 11, 2; measured again here
with 1.0.2: depth 20,000 reads in 0.4 s, 100,000 in 8.7 s, growing with the
square). So the child's 5 s are the limit, and a page that does not fit in them
is read by `read_flat`, without a tree and so without selectors: nobody can
hide words by nesting them.
"""

from __future__ import annotations

import codecs
import re

import msgspec
from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from connectors.base import SHORT_LIMIT, TEXT_LIMIT
from connectors.links import same_page, web_link
from connectors.plain import from_html, one_line

ITEMS = 1000  # of one page; a guest book with more is read at both ends
LITTLE_TEXT = 200  # characters; with much script beside them, the page is drawn by it (section 11, 6)
MUCH_SCRIPT = 2000  # characters; a script that is loaded counts as that many
_SAMPLE = 80  # characters of what was ignored, shown by `try-page`
_BANNER_LIMIT = 3000  # characters; a cookie banner is short, and a class name must not take a whole page away

_NEVER_SHOWN = (
    ("script", "script"),
    ("style", "style"),
    ("template", "template"),
    ("noscript", "only for browsers without script"),
    ("[hidden]", "hidden"),
    ('[style*="display:none" i], [style*="display: none" i]', "hidden"),
    ('[style*="visibility:hidden" i], [style*="visibility: hidden" i]', "hidden"),
)
_BANNERS = ", ".join(
    f'[{name}*="{word}" i]'
    for name in ("id", "class", "aria-label")
    for word in ("cookie", "consent", "gdpr", "onetrust")
)
_WHOLE = ("html", "body", "main", "article")
_PERMALINKS = ('a[rel~="bookmark"]', 'a[class*="permalink" i]', "a:has(time)", 'a[href*="#comment"]')
_META_CHARSET = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?([\w:.-]{1,40})""", re.IGNORECASE)
_CHARSET = re.compile(r"""charset\s*=\s*["']?([\w:.-]{1,40})""", re.IGNORECASE)
_TITLE = re.compile(r"<title[^>]*>([^<]*)", re.IGNORECASE)
# As browsers do (WHATWG Encoding): the old Latin names mean Windows's table; others by Python's name.
_LATIN = re.compile(r"(us-)?ascii|iso-?8859-?1|iso_8859-1|latin-?1|windows-1252|cp1252", re.IGNORECASE)
_KNOWN = re.compile(
    r"utf-?8|utf-?16(le|be)?|iso-8859-\d+|windows-\d+|cp\d+|koi8-[ru]|gb\w+|big5|shift_jis|euc-\w+",
    re.IGNORECASE,
)
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


class Found(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One item of a page, such as a comment. `id` is the element's own id or its permalink, or ""."""

    id: str = ""
    link: str = ""
    author: str = ""
    date: str = ""
    text: str = ""
    cut: bool = False


class Ignored(msgspec.Struct, frozen=True):
    """What was left out: why, and how it begins."""

    reason: str
    sample: str


class Page(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One page. `matched` is False when a selector of the settings found nothing."""

    title: str = ""
    text: str = ""
    items: list[Found] = []
    items_left_out: int = 0
    matched: bool = True
    drawn_by_script: bool = False
    flat: bool = False
    """Read without a tree: no selector was applied."""
    ignored: list[Ignored] = []


class Selectors(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """CSS selectors of the settings; "" for none."""

    include: str = ""
    exclude: str = ""
    item: str = ""
    author: str = ""
    date: str = ""
    text: str = ""


def selector_fault(selector: str) -> str:
    """What is wrong with a CSS selector, in words; "" when it can be used."""
    try:
        LexborHTMLParser("<p>").css(selector)
    except SelectolaxError:
        return f"{selector!r} is no CSS selector that is understood here"
    return ""


def read(
    body: bytes, *, url: str = "", content_type: str = "", selectors: dict[str, str] | None = None
) -> Page:
    """The page in `body`, fetched from `url`."""
    wanted = Selectors(**(selectors or {}))
    tree = LexborHTMLParser(decoded(body, content_type))
    root = tree.body or tree.root
    if root is None:
        return Page(matched=not (wanted.include or wanted.item))
    title = tree.css_first("title")
    scripts = _script_weight(tree)
    ignored = _cleaned(root, wanted.exclude)
    drawn = len(one_line(root.text())) < LITTLE_TEXT and scripts >= MUCH_SCRIPT
    parts = _outermost(root.css(wanted.include)) if wanted.include else [root]
    items, left_out = _items(parts, wanted, url) if wanted.item else ([], 0)
    return Page(
        title=_short(title),
        text="\n".join(_text(part) for part in parts) if not wanted.item else "",
        items=items,
        items_left_out=left_out,
        matched=bool(items) if wanted.item else bool(parts),
        drawn_by_script=drawn,
        ignored=ignored,
    )


def read_flat(body: bytes, *, content_type: str = "") -> Page:
    """The same without a tree: every word of the page that is not script or style."""
    markup = decoded(body, content_type)
    title = _TITLE.search(markup)
    return Page(
        title=one_line(from_html(title[1][:SHORT_LIMIT]))[:SHORT_LIMIT] if title else "",
        text=from_html(markup),
        flat=True,
    )


def decoded(body: bytes, content_type: str) -> str:
    """Bytes to text as a browser would: byte-order mark, header, meta element, else UTF-8, else Windows-1252."""
    for mark, name in _MARKS:
        if body.startswith(mark):
            return body.decode(name, "replace")
    header, meta = _CHARSET.search(content_type), _META_CHARSET.search(body[:4096])
    for said in (header[1] if header else "", meta[1].decode("ascii", "replace") if meta else ""):
        if _LATIN.fullmatch(said):
            return body.decode("cp1252", "replace")
        if _KNOWN.fullmatch(said):
            try:
                return body.decode(said, "replace")
            except (LookupError, ValueError):  # a name that only looks like one
                continue
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return body.decode("cp1252", "replace")


def _script_weight(tree: LexborHTMLParser) -> int:
    """Characters of script on the page."""
    return sum(MUCH_SCRIPT if node.attributes.get("src") else len(node.text()) for node in tree.css("script"))


def _cleaned(root: LexborNode, exclude: str) -> list[Ignored]:
    """Take out what is never shown, cookie banners, and what the settings exclude."""
    ignored: list[Ignored] = []
    for selector, reason in (*_NEVER_SHOWN, (exclude, "excluded by the settings")):
        for node in _outermost(root.css(selector)) if selector else []:
            if node.tag in ("html", "body"):
                continue  # pages hide themselves until their script has run; we read them all the same
            ignored.append(Ignored(reason, _sample(node)))
            node.decompose()
    for node in _outermost([n for n in root.css(_BANNERS) if n.tag not in _WHOLE]):
        said = _text(node)
        if len(said) <= _BANNER_LIMIT and "cookie" in said.lower():
            ignored.append(Ignored("cookie banner", _cut(said)))
            node.decompose()
    return ignored


def _outermost(nodes: list[LexborNode]) -> list[LexborNode]:
    """Those that lie in no other of them: removing one twice would crash, reading one twice would double it."""
    known = {node.mem_id for node in nodes}
    inner: set[int] = set()
    for node in nodes:
        if node.mem_id in inner:
            continue
        below = node.css("*")
        inner.update(n.mem_id for n in below if n.mem_id != node.mem_id and n.mem_id in known)
    return [node for node in nodes if node.mem_id not in inner]


def _items(parts: list[LexborNode], wanted: Selectors, url: str) -> tuple[list[Found], int]:
    nodes = [node for part in parts for node in part.css(wanted.item)]
    half = ITEMS // 2
    left_out = range(half, len(nodes) - half)
    found: list[Found] = []
    for n in reversed(range(len(nodes))):  # inner ones first: an answer is no part of what it answers
        if n not in left_out:
            found.append(_item(nodes[n], wanted, url))
        nodes[n].decompose()
    return [item for item in reversed(found) if item.text or item.author], len(left_out)


def _item(node: LexborNode, wanted: Selectors, url: str) -> Found:
    text_node = node.css_first(wanted.text) if wanted.text else None
    text = _text(text_node) if text_node is not None else ""
    text = text or _text(node)  # a text selector that misses must not hide the words
    date = node.css_first(wanted.date) if wanted.date else None
    author = node.css_first(wanted.author) if wanted.author else None
    link = _permalink(node, url)
    own = one_line(node.attributes.get("id") or "")
    return Found(
        id=f"#{own[:SHORT_LIMIT]}" if own else _identity(link, url),
        link=link or (web_link(f"#{own}", base=url) if own else ""),
        author=_short(author),
        date=_date_words(date),
        text=text[:TEXT_LIMIT],
        cut=len(text) > TEXT_LIMIT,
    )


def _permalink(node: LexborNode, url: str) -> str:
    for selector in _PERMALINKS:
        found = node.css_first(selector)
        link = web_link(found.attributes.get("href") or "", base=url) if found is not None else ""
        if link and link != url and not link.endswith("#"):
            return link
    return ""


def _identity(link: str, url: str) -> str:
    if not link:
        return ""
    place = link.partition("#")[2]
    page = same_page(link.partition("#")[0])
    if not place and page == same_page(url):
        return ""  # it points at the page itself, as all its items do
    return f"{page}#{place}"[:SHORT_LIMIT] if place else page[:SHORT_LIMIT]


def _date_words(node: LexborNode | None) -> str:
    if node is None:
        return ""
    inner = node if node.attributes.get("datetime") else (node.css_first("[datetime]") or node)
    return one_line(inner.attributes.get("datetime") or _text(node))[:SHORT_LIMIT]


def _text(node: LexborNode) -> str:
    return from_html(node.html or "")


def _short(node: LexborNode | None) -> str:
    return one_line(_text(node))[:SHORT_LIMIT] if node is not None else ""


def _sample(node: LexborNode) -> str:
    return _cut(node.text() or node.attributes.get("src") or "")


def _cut(said: str) -> str:
    line = one_line(said)
    return line if len(line) <= _SAMPLE else line[: _SAMPLE - 1] + "…"
