"""Which addresses may be asked: the guard against reaching into private networks.

A URL comes from an administrator, a feed or a forwarded mail and may point
inside the school's network (connectors-feeds.md section 3, "Addresses"). Two
checks belong together: `checked_url` looks at what the URL says, `refusal` at
the address that is about to be connected to. What is unknown is refused.

`ipaddress.is_global` alone is not enough: in Python 3.11 it calls multicast,
6to4, Teredo, NAT64 and IPv4-compatible forms global, so the ranges stand here
(IANA special-purpose registries, RFC 6890, and RFC 3056, 4380, 6052, 8215).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

import httpx

from connectors.base import FetchError, Reason

SPECIAL_V4 = (
    IPv4Network("0.0.0.0/8"),
    IPv4Network("10.0.0.0/8"),
    IPv4Network("100.64.0.0/10"),
    IPv4Network("127.0.0.0/8"),
    IPv4Network("169.254.0.0/16"),
    IPv4Network("172.16.0.0/12"),
    IPv4Network("192.0.0.0/24"),
    IPv4Network("192.0.2.0/24"),
    IPv4Network("192.88.99.0/24"),
    IPv4Network("192.168.0.0/16"),
    IPv4Network("198.18.0.0/15"),
    IPv4Network("198.51.100.0/24"),
    IPv4Network("203.0.113.0/24"),
    IPv4Network("224.0.0.0/4"),
    IPv4Network("240.0.0.0/4"),
)
# Only 2000::/3 has ever been given out for public use; the rest of IPv6 is refused as a whole.
PUBLIC_V6 = IPv6Network("2000::/3")
SPECIAL_V6 = (
    IPv6Network("2001::/23"),  # holds Teredo, 2001::/32
    IPv6Network("2001:db8::/32"),
    IPv6Network("2002::/16"),
    IPv6Network("3fff::/20"),
)
# What a listed host may have besides a public address. Link-local (cloud metadata), multicast and
# the disguises stay refused for listed hosts too.
INSIDE_V4 = (
    IPv4Network("10.0.0.0/8"),
    IPv4Network("100.64.0.0/10"),
    IPv4Network("127.0.0.0/8"),
    IPv4Network("172.16.0.0/12"),
    IPv4Network("192.168.0.0/16"),
)
INSIDE_V6 = (IPv6Network("::1/128"), IPv6Network("fc00::/7"))

ENTRY = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^\s:/?#@\[\]]+):(?P<port>[0-9]{1,5})", re.ASCII)
HOST = re.compile(r"[0-9a-z._-]+|[0-9a-f:.]+", re.ASCII)  # a name on the wire, or IPv6
DEFAULT_PORTS = {"http": 80, "https": 443}


class AllowList:
    """The hosts that an administrator allows to lie inside, written `host:port`.

    The name **and** the port in the URL must be listed just so: `localhost:8080`
    does not cover `127.0.0.1:8080`, nor another port. A listed host may have a
    private or loopback address and any port; each address is still tested and
    the connection goes to the tested one. An unlisted name that resolves to a
    listed address stays refused. IPv6 is written `[::1]:8080`.

    Raises:
        ValueError: an entry is not `host:port`.
    """

    def __init__(self, entries: Iterable[str] = ()) -> None:
        self._pairs = frozenset(map(_pair, entries))

    def lists(self, host: str, port: int) -> bool:
        """Say whether this name and port were listed."""
        return (_plain_host(host), port) in self._pairs


def _pair(entry: str) -> tuple[str, int]:
    found = ENTRY.fullmatch(entry.strip())
    host = _wire_host(found["host"]) if found else ""
    if found is None or not host or not 0 < int(found["port"]) < 65536:
        raise ValueError(f"an allowed host is written host:port, not {entry!r}")
    return host, int(found["port"])


def _wire_host(host: str) -> str:
    try:
        return host_of(httpx.URL(f"http://{host}"))
    except httpx.InvalidURL:
        return ""


def _plain_host(host: str) -> str:
    return host.strip("[]").rstrip(".").lower()


def host_of(url: httpx.URL) -> str:
    """Give the host name as it goes over the wire: lower case, ASCII, no brackets."""
    return _plain_host(url.raw_host.decode("ascii"))


def port_of(url: httpx.URL) -> int:
    """Give the port that a connection for this URL uses."""
    return DEFAULT_PORTS.get(url.scheme, 0) if url.port is None else url.port


def origin_of(url: httpx.URL) -> tuple[str, str, int]:
    """Give scheme, host and port: what credentials and robots.txt are bound to (RFC 6454)."""
    return url.scheme, host_of(url), port_of(url)


def checked_url(
    url: str | httpx.URL, allowed: AllowList, *, unusable: Reason = Reason.UNREACHABLE
) -> httpx.URL:
    """Read a URL and refuse what needs no look at the network.

    `unusable` is the reason given when it is no address of the web at all.

    Raises:
        FetchError: not http(s), no host, a login in the URL, or a port that is
            neither 80 nor 443 nor listed. Never repeats the URL.
    """
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, ValueError):
        parsed = httpx.URL("")
    host = host_of(parsed)
    if parsed.scheme not in DEFAULT_PORTS or not HOST.fullmatch(host):
        raise FetchError(unusable, "this is not an http or https address", retry=False)
    if parsed.userinfo:
        raise FetchError(Reason.UNSAFE_ADDRESS, f"{host}: the address holds a login", retry=False)
    if port_of(parsed) not in (80, 443) and not allowed.lists(host, port_of(parsed)):
        raise FetchError(Reason.UNSAFE_ADDRESS, f"{host}: this port is not allowed", retry=False)
    return parsed.copy_with(fragment=None)


def refusal(address: str, *, listed: bool = False) -> str:
    """Say why this numeric address must not be connected to; empty when it may be."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return "not a numeric address"
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    if listed and _is_inside(parsed):
        return ""
    return "" if _is_public(parsed) else "not a public address"


def _is_inside(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv4Address):
        return any(address in block for block in INSIDE_V4)
    return any(address in block for block in INSIDE_V6)


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    if isinstance(address, IPv4Address):
        return not any(address in block for block in SPECIAL_V4)
    return address in PUBLIC_V6 and not any(address in block for block in SPECIAL_V6)
