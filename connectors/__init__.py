"""The connectors: which kinds of source there are, and where each is declared.

Ours stand in `KINDS` and are imported on first use. Outside packages add theirs
by an entry point in the group `mentionwatch.connectors` (name = kind, value =
"module:Class"); such a package is imported only when a source asks for its
kind. Nothing is found by scanning folders or by guessed names (style.md section
10), and an outside connector that would read what is not public, the school's
own or handed in is refused (PBD-06).
"""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from connectors.base import Connector

GROUP = "mentionwatch.connectors"
ACCESS = ("public-unauthenticated", "own-property-token", "handed-in")

KINDS = {
    "feed": "connectors.feed:Feed",
    "dokuwiki": "connectors.dokuwiki:DokuWiki",
    "mastodon": "connectors.mastodon:Mastodon",
    "mediawiki": "connectors.mediawiki:MediaWiki",
    "page": "connectors.page:WebPage",
    "report": "connectors.report:Report",
    "wordpress": "connectors.wordpress:WordPress",
}


class UnknownKind(LookupError):
    """No connector of this kind; the message lists those that there are."""

    def __init__(self, kind: str) -> None:
        super().__init__(f"there is no connector of the kind {kind!r}; known kinds: {', '.join(kinds())}")


class RefusedConnector(Exception):
    """An outside connector that is not used; the message says why and what to do."""


def kinds() -> tuple[str, ...]:
    """All kinds, ours and those of installed packages, in order; nothing is imported for it."""
    return tuple(sorted({*KINDS, *(point.name for point in _outside())}))


def connector(kind: str) -> Connector:
    """A connector of this kind.

    Raises:
        UnknownKind: there is none.
        RefusedConnector: an installed package offers it, but may not be used.
    """
    if kind in KINDS:
        module, _, name = KINDS[kind].partition(":")
        return cast("Connector", getattr(import_module(module), name)())
    offered = [point for point in _outside() if point.name == kind]
    if not offered:
        raise UnknownKind(kind)
    if len({point.value for point in offered}) > 1:
        raise RefusedConnector(
            f"several installed packages offer a connector {kind!r} ({_packages(offered)}): remove all but one"
        )
    return _admitted(offered[0])


def shadows() -> tuple[str, ...]:
    """One sentence for each outside connector that carries the name of one of ours, and is never loaded."""
    return tuple(
        f"the connector {point.name!r} of {_packages([point])} has the name of one of ours and is not used: "
        "give it another name"
        for point in _outside()
        if point.name in KINDS
    )


def _outside() -> tuple[EntryPoint, ...]:
    return tuple(entry_points(group=GROUP))


def _packages(points: list[EntryPoint]) -> str:
    return ", ".join(sorted({point.dist.name if point.dist else point.value for point in points}))


def _admitted(point: EntryPoint) -> Connector:
    made: Any
    try:
        made = point.load()()
    except Exception as e:  # a stranger's package may fail in any way, and must be named for it
        raise RefusedConnector(
            f"the connector {point.name!r} of {_packages([point])} cannot be loaded ({type(e).__name__})"
        ) from e
    fault = _fault(made, point.name)
    if fault:
        raise RefusedConnector(f"the connector {point.name!r} of {_packages([point])} is not used: {fault}")
    return cast("Connector", made)


def _fault(made: Any, kind: str) -> str:
    """What is wrong with an outside connector; "" when nothing is."""
    from connectors.base import Options

    access, options = getattr(made, "access", None), getattr(made, "options", None)
    if access not in ACCESS:
        return f"its access is {access!r}, and only {', '.join(ACCESS)} are allowed"
    if getattr(made, "kind", None) != kind:
        return f"it calls itself {getattr(made, 'kind', None)!r}"
    if not (isinstance(options, type) and issubclass(options, Options)):
        return "its options are no subclass of connectors.base.Options"
    if not all(
        isinstance(getattr(made, name, None), timedelta) for name in ("expected_every", "default_every")
    ):
        return "it does not say how often it expects something (expected_every, default_every)"
    return "" if callable(getattr(made, "fetch", None)) else "it has no fetch"
