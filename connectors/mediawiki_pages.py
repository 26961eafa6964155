"""What a MediaWiki's answers say, as values: pages and their revisions.

Answers are of `action=query&formatversion=2` (connectors-feeds.md section 10;
shapes seen on MediaWiki 1.39.17). A revision that cannot be read is left out
and counted, never the page. Hidden parts have no field, only `texthidden`,
`userhidden` or `commenthidden`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec


class Revision(msgspec.Struct, frozen=True, kw_only=True):
    """One revision as the API gives it. `texthidden` and its sisters: the wiki's moderators took that part away."""

    revid: int
    parentid: int = 0
    timestamp: str = ""
    user: str = ""
    comment: str = ""
    sha1: str = ""
    tags: list[str] = []
    slots: dict[str, dict[str, Any]] = {}
    texthidden: bool = False
    userhidden: bool = False
    commenthidden: bool = False
    suppressed: bool = False

    @property
    def content(self) -> str | None:
        """The page's markup in this revision; None when it is hidden or was not sent."""
        found = self.slots.get("main", {}).get("content")
        return found if isinstance(found, str) else None

    @property
    def hidden(self) -> tuple[str, ...]:
        """Which parts are hidden, in words."""
        text = self.texthidden or bool(self.slots.get("main", {}).get("texthidden"))
        parts = (("text", text), ("author", self.userhidden), ("edit comment", self.commenthidden))
        return tuple(word for word, holds in parts if holds)


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """One page of an answer, its revisions in the answer's order. `pageid` 0: there is no such page."""

    pageid: int = 0
    title: str = ""
    missing: bool = False
    invalid: bool = False
    associatedpage: str = ""
    revisions: list[Revision] = []
    skipped: int = 0


def pages(answer: Mapping[str, Any]) -> list[Page]:
    """The pages of one answer; what is no page is left out."""
    raw = answer["query"].get("pages")
    found = [_page(one) for one in raw] if isinstance(raw, list) else []
    return [page for page in found if page is not None]


def resolved(title: str, answer: Mapping[str, Any]) -> str:
    """The title under which the answer speaks of the page that was asked for by `title`."""
    for step in ("normalized", "converted", "redirects"):
        moves = _moves(answer["query"].get(step))
        for _ in range(3 if step == "redirects" else 1):
            title = moves.get(title, title)
    return title


def reverted(revisions: Sequence[Revision]) -> frozenset[int]:
    """Ids of revisions that a later one undid: told by the wiki's tag, or by a text that came back.

    `revisions` are of one page, oldest first.
    """
    last_seen: dict[str, int] = {}
    undone = {r.revid for r in revisions if "mw-reverted" in r.tags}
    for at, revision in enumerate(revisions):
        if revision.sha1:
            before = last_seen.get(revision.sha1, at)
            undone |= {r.revid for r in revisions[before + 1 : at] if r.sha1 != revision.sha1}
            last_seen[revision.sha1] = at
    return frozenset(undone)


def _page(raw: object) -> Page | None:
    if not isinstance(raw, dict):
        return None
    found = raw.get("revisions")
    given = found if isinstance(found, list) else []
    revisions = [revision for revision in map(_revision, given) if revision is not None]
    rest = {key: value for key, value in raw.items() if key != "revisions"}
    try:
        page = msgspec.convert(rest, type=Page)
    except msgspec.ValidationError:
        return None
    return msgspec.structs.replace(page, revisions=revisions, skipped=len(given) - len(revisions))


def _revision(raw: object) -> Revision | None:
    try:
        found = msgspec.convert(raw, type=Revision)
    except msgspec.ValidationError:
        return None
    return found if found.revid > 0 else None


def _moves(raw: object) -> dict[str, str]:
    steps: Iterable[Any] = raw if isinstance(raw, list) else ()
    pairs = ((s.get("from"), s.get("to")) for s in steps if isinstance(s, dict))
    return {old: new for old, new in pairs if isinstance(old, str) and isinstance(new, str)}
