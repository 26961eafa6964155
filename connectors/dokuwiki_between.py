"""The changes of a DokuWiki page that its feed does not show: those between the last poll and the newest one.

Read from the page's own list of revisions and from the raw text of each
(connectors-feeds.md section 10: only if robots.txt allows; the caller asks only
where it was configured). What may not be read is said by a notice, and the
newest change is given all the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import msgspec

from connectors.base import TEXT_LIMIT, FetchError, Notice, Reason
from connectors.dokuwiki_parse import Change, revisions, words_of
from connectors.mediawiki_pages import Revision, reverted
from connectors.mediawiki_text import added

if TYPE_CHECKING:
    from connectors.http import PoliteClient

MOST = 20  # revisions of one page and poll; the wiki's list shows as many
_OLDER = "pagenav-next"  # the button below a list that has more
_REFUSALS = frozenset({Reason.ROBOTS, Reason.FORBIDDEN, Reason.AUTH, Reason.NOT_FOUND, Reason.GONE})


@dataclass(frozen=True, kw_only=True)
class Between:
    """Changes of one page, oldest first, the newest last; `undone` holds those taken back again."""

    changes: Sequence[Change]
    undone: frozenset[int] = frozenset()
    notices: tuple[Notice, ...] = ()


def between(newest: Change, since: int, base: str, http: PoliteClient, *, own_site: bool) -> Between:
    """All changes of the page after `since`, in the wiki's seconds, up to `newest`.

    Raises:
        FetchError: the wiki is out of reach. A refusal gives the newest change alone, with a notice.
    """

    def asked(**words: object) -> str:
        address = f"{base}doku.php?{urlencode({'id': newest.page, **words})}"
        return http.get(address, check_robots=not own_site).body.decode("utf-8", "replace")

    try:
        page = asked(do="revisions")
        shown = revisions(newest.page, page)
        listed = [r for r in shown if r.rev < newest.rev]
        new = [r for r in listed if r.rev > since]
        if not new:
            return Between(changes=[newest])
        old = [r for r in listed if r.rev <= since][-1:]
        gap = len(new) > MOST or (not old and (len(shown) >= MOST or _OLDER in page))
        chain = [*old, *new[-MOST:]]
        texts = {r.rev: asked(do="export_raw", rev=r.rev) for r in chain} | {
            newest.rev: asked(do="export_raw")
        }
    except FetchError as e:
        if e.reason not in _REFUSALS:
            raise
        return Between(changes=[newest], notices=(Notice.REDUCED,))
    return Between(
        changes=[*_with_words(chain, texts, given=len(new[-MOST:])), newest],
        undone=reverted([_revision(rev, text) for rev, text in texts.items()]),
        notices=(Notice.GAP,) if gap else (),
    )


def _with_words(chain: Sequence[Change], texts: dict[int, str], *, given: int) -> list[Change]:
    """The last `given` of the chain, each with what it added to the one before."""
    words = [words_of(texts[change.rev]) for change in chain]
    before = ["", *words]
    return [
        msgspec.structs.replace(
            change,
            words=(text := added(old, new, known=words[0] if len(chain) > given else ""))[:TEXT_LIMIT],
            cut=len(text) > TEXT_LIMIT,
        )
        for change, old, new in list(zip(chain, before, words, strict=False))[-given:]
    ]


def _revision(rev: int, text: str) -> Revision:
    return Revision(revid=rev, sha1=hashlib.sha256(text.encode()).hexdigest())
