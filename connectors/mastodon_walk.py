"""Reading one timeline from where it was left: forwards, without holes, and its newest page again once an hour.

`min_id` walks forward from the mark; `since_id` would give the newest page and
skip what lies between. Posts of other servers can arrive late, below the mark,
and edits do not move a post: so the newest page is read again without a mark,
once an hour (connectors-social.md section 4, "Resume"). Search answers the
newest first, whatever is asked, and is walked backwards.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from connectors.base import TEXT_LIMIT, Notice, Post
from connectors.feed_profiles import short_hash
from connectors.mastodon_api import PAGE, Api, Line, order
from connectors.mastodon_memory import Memory
from connectors.mastodon_status import TAKEN, Found, post_of, read

PAGES = 20  # of one timeline and fetch; the walk goes on at the next fetch
SEARCH_PAGES = 5
REREAD_EVERY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Timeline:
    """One list of statuses. `name` tells it from others in the cursor; `backwards` for search."""

    name: str
    path: str
    words: tuple[tuple[str, str], ...] = ()
    key: str = ""
    inner: str = ""
    backwards: bool = False
    to_us: bool = False
    """Written to the school's own account, or by it: an author's wish not to be indexed does not matter."""

    @property
    def hash(self) -> str:
        return short_hash(self.name)


@dataclass
class Reading:
    """What a fetch has gathered so far; `memory` learns of each line that was taken or passed over."""

    api: Api
    memory: Memory
    now: datetime
    limit: int
    posts: list[Post] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)

    @property
    def full(self) -> bool:
        return len(self.posts) >= self.limit

    def take(self, line: Line, timeline: Timeline) -> bool:
        """Give a line's status if it is new and may be taken; False when there is no room left for it."""
        found = read(line.status)
        if found is None:
            self.notices.append(Notice.SKIPPED)
            return True
        edited_at = found.status.edited(self.now)
        if not self._may_take(found, timeline) or not self.memory.is_new(found.status.uri, edited_at):
            return True
        if self.full:
            return False
        post = post_of(found.status, domain=self.memory.domain or self.api.host, now=self.now)
        self.memory.gave(found.status.uri, edited_at)
        # In one batch an id stands once: the newer words of a status that was edited between two requests.
        self.posts = [p for p in self.posts if p.external_id != post.external_id] + [post]
        if len(post.text) >= TEXT_LIMIT:
            self.notices.append(Notice.CUT)
        return True

    def _may_take(self, found: Found, timeline: Timeline) -> bool:
        if found.status.visibility not in TAKEN:
            return False
        if found.status.account.opted_out and (found.boosted or not timeline.to_us):
            self.notices.append(Notice.REDUCED)
            return False
        return True


def follow(timeline: Timeline, reading: Reading) -> None:
    """Read what is new in a timeline; at its first fetch the newest page."""
    mark = reading.memory.marks.get(timeline.hash)
    if timeline.backwards and mark:
        _take_all(_searched(timeline, reading, mark), timeline, reading)
    elif mark:
        _walk(timeline, reading, mark)
    else:
        _begin(timeline, reading, known=mark is not None)
    _look_again(timeline, reading, first=mark is None)


def _begin(timeline: Timeline, reading: Reading, *, known: bool) -> None:
    page = _page(timeline, reading)
    reading.memory.marks.setdefault(timeline.hash, "")
    if known and len(page) >= PAGE:
        reading.notices.append(Notice.GAP)  # empty last time, and now more than a page
    _take_all(page, timeline, reading)


def _walk(timeline: Timeline, reading: Reading, mark: str) -> None:
    for at in range(PAGES):
        page = reading.api.timeline(
            timeline.path, key=timeline.key, inner=timeline.inner, **dict(timeline.words), min_id=mark
        )
        _count_skipped(page.skipped, reading)
        heeded = all(order(line.id) > order(mark) for line in page.lines)
        if not heeded and at > 0:
            reading.notices.append(Notice.GAP)  # the server does not know min_id, and a page overflowed
        if not _take_all(page.lines, timeline, reading) or not page.lines or not heeded:
            return
        mark = max(page.newest, page.mark, key=order)
        reading.memory.marks[timeline.hash] = mark


def _searched(timeline: Timeline, reading: Reading, mark: str) -> list[Line]:
    """All lines above the mark, oldest first; a notice when there are more than may be walked."""
    found: dict[str, Line] = {}
    below: dict[str, str] = {}
    for _ in range(SEARCH_PAGES):
        page = _page(timeline, reading, min_id=mark, **below)
        fresh = [line for line in page if line.id not in found and order(line.id) > order(mark)]
        if not fresh:
            break
        found |= {line.id: line for line in fresh}
        below = {"max_id": fresh[0].id}
    else:
        reading.notices.append(Notice.GAP)
    return sorted(found.values(), key=lambda line: order(line.id))


def _look_again(timeline: Timeline, reading: Reading, *, first: bool) -> None:
    """Once an hour the newest page, for what came late and what was edited."""
    second = int(reading.now.timestamp())
    last = reading.memory.reread.get(timeline.hash, 0)
    if reading.full or (not first and 0 <= second - last < REREAD_EVERY.total_seconds()):
        return
    if not first:
        page = _page(timeline, reading)
        if not page and reading.memory.marks.get(timeline.hash):
            reading.notices.append(Notice.EMPTY)
        if not all(reading.take(line, timeline) for line in page):
            return
    reading.memory.reread[timeline.hash] = second


def _take_all(lines: list[Line], timeline: Timeline, reading: Reading) -> bool:
    """Take line after line and move the mark along; False when there was no room for all."""
    marks = reading.memory.marks
    for line in lines:
        if not reading.take(line, timeline):
            return False
        marks[timeline.hash] = max(marks.get(timeline.hash, ""), line.id, key=order)
    return True


def _page(timeline: Timeline, reading: Reading, **words: str) -> list[Line]:
    page = reading.api.timeline(
        timeline.path, key=timeline.key, inner=timeline.inner, **dict(timeline.words), **words
    )
    _count_skipped(page.skipped, reading)
    return page.lines


def _count_skipped(count: int, reading: Reading) -> None:
    if count:
        reading.notices.append(Notice.SKIPPED)
