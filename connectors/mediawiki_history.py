"""Which pages of a MediaWiki moved since the last poll, and every revision in between.

Two steps (connectors-feeds.md section 10): one question tells the newest
revision of up to 50 pages; then each page that moved is asked for its history
from the last known revision on, text included, since vandalism is often taken
back within minutes and is screened all the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from connectors.base import Notice
from connectors.mediawiki_api import Api, ApiError
from connectors.mediawiki_memory import Mark, Memory
from connectors.mediawiki_pages import Page, Revision, pages, resolved

AT_ONCE = 50  # titles or revisions of one question: the API's limit for strangers
HIDDEN_IN_A_ROW = 3  # revisions looked behind for one whose text is shown
ADDRESS_LENGTH = 5000  # characters of titles in one address; servers commonly refuse 8 KB
_WHOLE = {"rvprop": "ids|timestamp|user|comment|size|flags|tags|sha1|content", "rvslots": "main"}
_MARK_GONE = ("badid_rvstartid", "nosuchrevid", "badid")


@dataclass(frozen=True, slots=True)
class Moved:
    """A page to be read: `mark` is where it was left; without one, `since` says from when, or "" for newest only."""

    title: str
    page: Page
    mark: Mark | None
    since: str = ""

    @property
    def newest(self) -> Revision:
        return self.page.revisions[0]


@dataclass(frozen=True, slots=True)
class History:
    """New revisions of a page, oldest first, and the one before them, if it can be had."""

    base: Revision | None
    revisions: Sequence[Revision]


@dataclass(frozen=True, slots=True)
class Overview:
    """What one look at all watched pages told: those that moved, and titles that stand for nothing."""

    moved: list[Moved]
    absent: list[str]
    at: str


def talk_pages(api: Api, titles: Sequence[str]) -> dict[str, str]:
    """The talk page of each title, as this wiki calls it."""
    found: dict[str, str] = {}
    for some in _some(titles):
        for answer in api.ask(prop="info", inprop="associatedpage", titles="|".join(some)):
            named = {page.title: page for page in pages(answer)}
            for title in some:
                page = named.get(resolved(title, answer))
                if page is not None and page.associatedpage:
                    found[title] = page.associatedpage
    return {title: found.get(title) or f"Talk:{title}" for title in titles}


def overview(api: Api, titles: Sequence[str], memory: Memory) -> Overview:
    """Look at all titles at once, and by their ids at known pages that no title leads to any more."""
    moved: dict[int, Moved] = {}
    absent: list[str] = []
    seen: set[int] = set()
    at = ""
    for some in _some(titles):
        for answer in api.ask(prop="revisions", redirects=1, titles="|".join(some), rvprop="ids|timestamp"):
            at = at or str(answer.get("curtimestamp") or "")
            named = {page.title: page for page in pages(answer)}
            for title in some:
                page = named.get(resolved(title, answer))
                if page is not None and page.revisions:
                    seen.add(page.pageid)
                    _note(moved, title, page, memory)
                elif page is not None and (page.missing or page.invalid):
                    absent.append(title)
    _look_by_id(api, seen, memory, moved)
    return Overview(list(moved.values()), absent, at)


def history(api: Api, moved: Moved) -> History:
    """Every revision since the page's mark; of a page never read before, the newest one only."""
    if moved.mark is not None:
        try:
            return _from_mark(api, moved.page.pageid, moved.mark)
        except ApiError as e:
            if e.code not in _MARK_GONE:
                raise
        api.notices.append(Notice.GAP)  # the marked revision was deleted: go by time
        return _since(api, moved.page.pageid, moved.mark.at, leave=moved.mark.rev)
    if moved.since:
        return _since(api, moved.page.pageid, moved.since)
    first = next(api.ask(prop="revisions", pageids=moved.page.pageid, rvlimit=2, rvdir="older", **_WHOLE))
    newest, *before = _revisions(api, first) or [moved.newest]
    return History(_standing(api, before[0] if before else None), [newest])


def _note(moved: dict[int, Moved], title: str, page: Page, memory: Memory) -> None:
    mark = memory.mark(page.pageid)
    if mark is not None and mark.rev == page.revisions[0].revid:
        memory.learn(title, page.pageid, mark)
        return
    # A page new under a title that was looked at before was made, or moved here, since then.
    since = memory.checked if title in memory.titles else ""
    moved.setdefault(page.pageid, Moved(title, page, mark, since))


def _look_by_id(api: Api, seen: set[int], memory: Memory, moved: dict[int, Moved]) -> None:
    """Pages that were moved without a redirect, or that were made a redirect themselves."""
    lost = {i: title for title, ids in memory.titles.items() for i in ids if i not in seen}
    for some in _some(sorted(lost)):
        for answer in api.ask(prop="revisions", pageids="|".join(map(str, some)), rvprop="ids|timestamp"):
            for page in pages(answer):
                if page.pageid in lost and page.revisions:
                    _note(moved, lost[page.pageid], page, memory)


def _from_mark(api: Api, pageid: int, mark: Mark) -> History:
    found = list(_walk(api, pageid, rvstartid=mark.rev))
    new = [r for r in found if r.revid != mark.rev]
    base = next((r for r in found if r.revid == mark.rev), None)
    if base is None and new and new[0].parentid:
        base = _one(api, new[0].parentid)
    return History(_standing(api, base) if new else base, new)


def _since(api: Api, pageid: int, at: str, *, leave: int = 0) -> History:
    found = [r for r in _walk(api, pageid, rvstart=at) if r.revid != leave]
    base = _one(api, found[0].parentid) if found and found[0].parentid else None
    return History(_standing(api, base), found)


def _standing(api: Api, base: Revision | None) -> Revision | None:
    """The revision to compare with: when its text is hidden, the one before it, so that a page is not all new."""
    for _ in range(HIDDEN_IN_A_ROW):
        if base is None or base.content is not None or not base.parentid:
            break
        base = _one(api, base.parentid)
    return base


def _walk(api: Api, pageid: int, **start: object) -> Iterator[Revision]:
    for answer in api.ask(
        prop="revisions", pageids=pageid, rvlimit=AT_ONCE, rvdir="newer", **start, **_WHOLE
    ):
        yield from _revisions(api, answer)


def _one(api: Api, revid: int) -> Revision | None:
    """A single revision; None when it is gone, as an addition against nothing is too much rather than too little."""
    try:
        found = next(api.ask(prop="revisions", revids=revid, **_WHOLE))
    except ApiError:
        return None
    return next(iter(_revisions(api, found)), None)


def _revisions(api: Api, answer: Mapping[str, Any]) -> list[Revision]:
    found = pages(answer)
    if any(page.skipped for page in found):
        api.notices.append(Notice.SKIPPED)
    return [revision for page in found for revision in page.revisions]


def _some(all_of_them: Sequence[Any]) -> Iterator[list[Any]]:
    """Portions for one question each: not too many, and no address longer than servers take."""
    portion: list[Any] = []
    length = 0
    for one in all_of_them:
        size = len(quote(str(one))) + 3
        if portion and (len(portion) == AT_ONCE or length + size > ADDRESS_LENGTH):
            yield portion
            portion, length = [], 0
        portion.append(one)
        length += size
    if portion:
        yield portion
