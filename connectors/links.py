"""Web links: which are let through, what hides behind a tracking link, one form for one page.

Facts: connectors-feeds.md sections 5 (links pass only as http or https), 6
(canonical form) and 7 (search services wrap the target in `url=`). Everything
here works on the text of a link alone; nothing is ever fetched to find out.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qs, unquote, urljoin, urlsplit, urlunsplit

LINK_LIMIT = 4096  # characters; longer ones are data or an attack, and no browser needs them
_UNWRAP_DEPTH = 5  # a forwarded alert seen through Safe Links is two deep; five is plenty
_JUNK = re.compile(r"[\x00-\x20\x7f-\xa0\ud800-\udfff]")
_TRACKING = re.compile(r"utm_.*|fbclid|gclid|at_medium|at_campaign|sid", re.IGNORECASE)
_KEPT_FRAGMENT = re.compile(r"comment-[\w-]+|p\d+")  # a comment's or a forum post's own place
_DEFAULT_PORTS = {"http": 80, "https": 443}

# (host, path, parameter that holds the target)
_WRAPPERS: tuple[tuple[re.Pattern[str], re.Pattern[str], tuple[str, ...]], ...] = (
    (re.compile(r"(www\.)?google\.[a-z.]{2,6}"), re.compile(r"/url"), ("url", "q")),
    (re.compile(r"(www\.)?bing\.com"), re.compile(r"/news/apiclick\.aspx"), ("url",)),
    (re.compile(r"[\w-]+\.safelinks\.protection\.outlook\.com"), re.compile(r"/.*"), ("url",)),
    (re.compile(r"(lm?|www|m)\.facebook\.com|facebook\.com"), re.compile(r"/l\.php"), ("u",)),
)


def web_link(raw: str, *, base: str = "") -> str:
    """The link if it is http or https and can be read, resolved against `base`; else ""."""
    tidy = _JUNK.sub("", raw[: LINK_LIMIT + 1])
    if len(tidy) > LINK_LIMIT:
        return ""
    try:
        link = urljoin(base, tidy)
        parts = urlsplit(link)
        readable = parts.scheme in _DEFAULT_PORTS and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a bad port or a bad IPv6 address
        return ""
    return link if readable else ""


def unwrapped(url: str) -> str:
    """The target behind Google, Bing, Safe Links and Facebook redirect links, else the link itself."""
    for _ in range(_UNWRAP_DEPTH):
        inner = _target(url)
        if not inner:
            break
        url = inner
    return url


def _target(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    host = (parts.hostname or "").lower()
    for hosts, paths, names in _WRAPPERS:
        if hosts.fullmatch(host) and paths.fullmatch(parts.path.lower()):
            found = parse_qs(parts.query[:LINK_LIMIT], max_num_fields=None)
            return next((link for name in names for link in map(web_link, found.get(name, [])) if link), "")
    return ""


def canonical(url: str) -> str:
    """One form for one page, for showing and for grouping; "" if it is no web link.

    Unwrapped, host in lower case, no user part, no default port, no tracking
    parameters, the others sorted, no fragment but a comment's or a post's own.
    The scheme is kept, so that the link still opens. `canonical(canonical(x))`
    is `canonical(x)`.
    """
    url = web_link(unwrapped(web_link(url)))
    if not url:
        return ""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    if ":" in host:
        host = f"[{host}]"
    if parts.port and parts.port != _DEFAULT_PORTS[parts.scheme]:
        host = f"{host}:{parts.port}"
    kept = sorted(
        p for p in parts.query.split("&") if p and not _TRACKING.fullmatch(unquote(p.split("=")[0]))
    )
    fragment = parts.fragment if _KEPT_FRAGMENT.fullmatch(parts.fragment) else ""
    return web_link(urlunsplit((parts.scheme, host, parts.path or "/", "&".join(kept), fragment)))


def same_page(url: str) -> str:
    """A key for "is this the same page": the canonical form, blind to http or https and to `www.`."""
    link = canonical(url)
    return re.sub(r"^https?://(www\.)?", "", link)
