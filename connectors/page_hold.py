"""What makes a change of a page suspicious, and how long it is then held back.

Most false alarms of page watchers are error pages, login pages and half-drawn
ones (connectors-feeds.md section 11, 5: changedetection.io #962, #908, #1432).
Such an answer is held, asked for again after ten minutes, and only then taken.
Pure: memory and page in, verdict out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from connectors.feed_profiles import short_hash

WAIT = timedelta(minutes=10)
SHRUNK_TO = 0.3  # of the text taken last time; less than that is suspicious
NO_MATCH = "no match"
_ODD_TITLE = re.compile(
    r"\b(?:errors?|not found|40[0-9]|50[0-9]|forbidden|access denied|denied|maintenance|unavailable|suspended|"
    r"expired|log ?-?in|log ?-?on|sign ?-?in|password|just a moment|attention required|captcha|"
    r"are you human|verify|verification|security check|be right back|coming soon|under construction|"
    r"welcome to nginx|default (?:web )?page|domain|parked)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Oddity:
    """One suspicious thing: a mark that can be stored (no words of the page), and words for a person."""

    mark: str
    words: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the page is taken; if not, since when it is held and when to ask again."""

    take: bool
    held_since: int = 0
    """Seconds since 1970; 0 when nothing is held."""
    ask_again_at: datetime | None = None


def oddities(*, status: int, title: str, matched: bool, size: int, size_before: int) -> tuple[Oddity, ...]:
    """What is suspicious about an answer. Sizes are in characters of text."""
    shrunk = bool(size_before) and size < size_before * SHRUNK_TO
    said = _ODD_TITLE.search(title)
    found = (
        (status != 200, f"status {status}", f"the server answered with status {status}, not 200"),
        (not matched, NO_MATCH, "the selectors of the settings match nothing on the page"),
        (shrunk, "shrunk", f"the text shrank from {size_before} to {size} characters"),
        (
            said is not None,
            f"title {short_hash(title)}",
            f"the title has the word “{said[0] if said else ''}”, as error, maintenance and login pages have",
        ),
    )
    return tuple(Oddity(mark, words) for holds, mark, words in found if holds)


def decide(odd: Sequence[Oddity], *, accepted: Sequence[str], held_since: int, now: datetime) -> Verdict:
    """Take the page, or hold it for ten minutes from when it was first held.

    `accepted` are the marks of oddities that were taken last time: a page that
    always has “login” in its title is held once and not for ever.
    """
    marks = {oddity.mark for oddity in odd} - set(accepted)
    if not marks:
        return Verdict(take=True)
    second = int(now.timestamp())
    since = held_since if 0 < held_since <= second else second  # the clock may have jumped
    again = datetime.fromtimestamp(since, now.tzinfo) + WAIT
    if now < again:
        return Verdict(take=False, held_since=since, ask_again_at=again)
    return Verdict(take=NO_MATCH not in marks, held_since=since if NO_MATCH in marks else 0)
