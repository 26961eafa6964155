"""The connectors `page` and `wordpress` before a real WordPress: what the reference says must be seen, is seen.

    .venv/bin/python tests/real/page_and_wordpress.py [--scratch DIR] [--keep]

Needs root on a machine for trying things out, and Debian's packages wordpress,
mariadb-server and php (README.md beside this file). Everything listens on
loopback, and all words and people are invented. Takes about half a minute: the
clock that the connectors are given is moved on instead of waiting. Exit code 0:
all of it held; 1: something did not; 2: the machine lacks something.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import httpx
import wordpress
from processes import Broken, missing_commands
from report import Report
from wordpress import WordPress

from connectors import connector
from connectors.base import Batch, FetchError, Notice, Post
from connectors.http import PoliteClient
from connectors.page_preview import preview

MINUTES = timedelta(minutes=1)
NEEDS_LOGIN = """<?php add_filter('rest_authentication_errors', function ($r) {
  return new WP_Error('rest_login_required', 'Only for members.', ['status' => 401]); });"""
# Another theme: what was class "comment" is now called otherwise.
OTHER_CLASSES = """<?php add_action('template_redirect', function () { ob_start(function ($page) {
  return preg_replace('/(<li[^>]*class=")comment /', '$1remark ', $page); }); });"""
ITEMS = {
    "item": "li.comment",
    "author": ".wp-block-comment-author-name",
    "text": ".wp-block-comment-content",
    "date": "time",
}


@dataclass
class Clock:
    """The time that everything is told; it only moves when it is told to."""

    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def pass_by(self, span: timedelta) -> None:
        self.now += span


class Reader:
    """One source as the service keeps it: its cursor goes through JSON between two fetches."""

    def __init__(self, kind: str, settings: Mapping[str, Any], http: PoliteClient, clock: Clock) -> None:
        self._connector = connector(kind)
        self._options = self._connector.options(**settings)
        self.http = http
        self._clock = clock
        self.cursor: dict[str, Any] | None = None

    def poll(self, after: timedelta = 15 * MINUTES) -> Batch:
        self._clock.pass_by(after)
        batch = self._connector.fetch(self._options, self.cursor, self.http, limit=500, now=self._clock.now)
        if batch.cursor is not None:
            self.cursor = json.loads(json.dumps(batch.cursor))
        return batch


class Story:
    """What happens on the site, and what each connector must see of it."""

    def __init__(self, site: WordPress, report: Report, http: PoliteClient, clock: Clock) -> None:
        self.site, self.report, self.http, self.clock = site, report, http, clock
        self.page = site.publish("Sports day", "The running track is open from nine.")
        own = {"own_site": True}
        self.whole = Reader("wordpress", {"url": site.url, **own}, http, clock)
        self.items = Reader("page", {"url": self.page, **ITEMS, **own}, http, clock)
        self.lines = Reader("page", {"url": self.page, **own}, http, clock)

    def tell(self) -> None:
        self.posted_normally()
        self.approved_late_and_edited()
        self.beyond_the_newest_hundred()
        self.deleted()
        self.lists_refused()
        self.plain_links()
        self.selector_vanished()
        self.maintenance()

    def posted_normally(self) -> None:
        first = self.site.comment(self.page, "Perdita", "What a fine day it was!")
        batch = self.whole.poll()
        self.sees("wordpress: a comment and the news item, at the first fetch", batch, f"comment-{first}")
        self.claim(
            "wordpress: the news item is an article", any(p.title == "Sports day" for p in batch.posts)
        )
        self.claim("wordpress: nothing new is nothing", self.whole.poll().unchanged)
        self.items.poll()
        self.lines.poll()
        second = self.site.comment(self.page, "Ottoline", "The sack race was rigged.")
        seen = self.sees("wordpress: a comment posted normally", self.whole.poll(), f"comment-{second}")
        self.claim(
            "wordpress: it carries its page's title", seen is not None and seen.context == "Sports day"
        )
        item = self.sees("page: the same comment as an item", self.items.poll(), f"#comment-{second}")
        self.claim(
            "page: with author, date and words",
            item is not None
            and (item.author_name, item.text) == ("Ottoline", "The sack race was rigged.")
            and item.published_at is not None,
        )
        added = self.lines.poll().posts
        self.claim(
            "page: without selectors, the added lines and no others",
            len(added) == 1 and "rigged" in added[0].text and "fine day" not in added[0].text,
            [post.text for post in added],
        )

        answer = self.site.comment(self.page, "Theodora", "It was not!")
        self.site.inside(f'wp_update_comment(["comment_ID" => {answer}, "comment_parent" => {second}]);')
        seen = self.sees("wordpress: an answer to a comment", self.whole.poll(), f"comment-{answer}")
        self.claim(
            "wordpress: with the words that it answers",
            seen is not None and seen.context == "Sports day\nThe sack race was rigged.",
            seen and seen.context,
        )

    def approved_late_and_edited(self) -> None:
        held = self.site.comment(self.page, "Cornelius", "I will find out who moved the rope.")
        self.site.hold(held)
        # WordPress takes one comment in fifteen seconds from one name's mail address: so, many names.
        newer = self.site.comment(self.page, "Barnaby", "See you all next year.")
        self.sees("wordpress: a comment posted while another is held", self.whole.poll(), f"comment-{newer}")
        self.feed_unchanged_while("approved late", lambda: self.site.approve(held))
        self.sees("wordpress: the comment that was approved late", self.whole.poll(), f"comment-{held}")
        words = "See none of you next year."
        self.feed_unchanged_while("edited", lambda: self.site.edit(newer, words))
        seen = self.sees("wordpress: the comment that was edited", self.whole.poll(), f"comment-{newer}")
        self.claim("wordpress: with its new words", seen is not None and seen.text == words)
        found = {post.external_id: post.text for post in self.items.poll().posts}
        self.claim(
            "page: both as well", found.get(f"#comment-{newer}") == words and f"#comment-{held}" in found
        )

    def beyond_the_newest_hundred(self) -> None:
        held = self.site.comment(self.page, "Lysander", "Nobody asked the parents.")
        self.site.hold(held)
        self.site.inside(
            '$p = get_posts()[0]->ID; for ($i = 0; $i < 120; $i++) wp_insert_comment(["comment_post_ID" => $p,'
            ' "comment_author" => "Many", "comment_content" => "Remark number $i.", "comment_approved" => 1]);'
        )
        batch = self.whole.poll(61 * MINUTES)
        self.claim(
            "wordpress: 120 comments at once, over two pages", len(batch.posts) == 120, len(batch.posts)
        )
        self.site.approve(held)
        self.claim("wordpress: not on the newest page, so not yet", self.whole.poll().unchanged)
        self.sees(
            "wordpress: found by the hourly second reading", self.whole.poll(60 * MINUTES), f"comment-{held}"
        )
        self.last_held = held

    def deleted(self) -> None:
        self.site.inside(f"wp_delete_comment({self.last_held}, true);")
        seen = self.sees(
            "wordpress: a deleted comment is reported",
            self.whole.poll(61 * MINUTES),
            f"comment-{self.last_held}",
        )
        self.claim(
            "wordpress: as deleted, without words", seen is not None and seen.deleted and not seen.text
        )
        self.claim("wordpress: once", self.whole.poll(61 * MINUTES).unchanged)
        newest = self.site.comment(self.page, "Ignatius", "The bunting was splendid.")
        self.whole.poll()
        self.site.hold(newest)
        seen = self.sees(
            "wordpress: a comment taken back into moderation",
            self.whole.poll(61 * MINUTES),
            f"comment-{newest}",
        )
        self.claim("wordpress: is reported as no longer public", seen is not None and seen.deleted)
        self.site.approve(newest)
        self.sees("wordpress: and again when it is let through", self.whole.poll(), f"comment-{newest}")

    def lists_refused(self) -> None:
        plugin = self.plugin(NEEDS_LOGIN)
        self.claim("site: its lists answer 401", self.status("/wp-json/wp/v2/comments") == 401)
        batch = self.whole.poll()
        self.claim("wordpress: refused, it says reduced coverage", Notice.REDUCED in batch.notices)
        self.claim("wordpress: and gives nothing a second time", not batch.posts, _ids(batch))
        through_feed = self.site.comment(self.page, "Clementina", "Is anybody still reading this?")
        self.sees("wordpress: a comment seen through the feed", self.whole.poll(), f"comment-{through_feed}")
        before = len(self.site.requests())
        self.whole.poll()
        asked = [r.path for r in self.site.requests()[before:]]
        self.claim(
            "wordpress: does not knock at the lists again at once", not any("wp-json" in p for p in asked)
        )
        plugin.unlink()
        batch = self.whole.poll(timedelta(hours=6))
        self.claim("wordpress: six hours later the lists again", Notice.REDUCED not in batch.notices)
        self.claim("wordpress: and nothing a second time", not batch.posts, _ids(batch))

    def plain_links(self) -> None:
        self.links("")
        fresh = Reader("wordpress", {"url": self.site.url, "own_site": True}, self.http, self.clock)
        batch = fresh.poll()
        self.claim(
            "wordpress: with plain links, the lists are found at rest_route",
            Notice.REDUCED not in batch.notices and len(batch.posts) > 120,
            len(batch.posts),
        )
        self.links("/%year%/%monthnum%/%postname%/")

    def selector_vanished(self) -> None:
        self.items.poll()
        plugin = self.plugin(OTHER_CLASSES)
        batch = self.items.poll()
        self.claim(
            "page: the theme changed, the answer is held", batch.notices == (Notice.HELD,), batch.notices
        )
        wait = (batch.not_before or self.clock.now) - self.clock.now
        self.claim("page: for ten minutes", timedelta(0) <= 10 * MINUTES - wait < timedelta(seconds=1), wait)
        batch = self.items.poll(10 * MINUTES)
        self.claim(
            "page: then it says that the layout changed", batch.notices == (Notice.LAYOUT,), batch.notices
        )
        new = self.site.comment(self.page, "Hepzibah", "I cannot see a thing.")
        plugin.unlink()
        batch = self.items.poll()
        self.claim(
            "page: the old theme again, and only what is new", _ids(batch) == [f"#comment-{new}"], _ids(batch)
        )

    def maintenance(self) -> None:
        self.lines.poll()
        file = self.site.folder / "wp" / ".maintenance"
        file.write_text("<?php $upgrading = time();", encoding="utf-8")
        failure: FetchError | None = None
        try:
            self.lines.poll()
        except FetchError as e:
            failure = e
        self.claim("page: a site under maintenance is a failure and no news", "503" in str(failure), failure)
        wish = failure.not_before if failure else None
        self.claim("page: to be asked again when the site says", wish == self.clock.now + 10 * MINUTES, wish)
        file.unlink()
        with self.another_client() as http:
            self.lines.http = (
                http  # ours leaves the host alone for ten real minutes; a restarted service does not
            )
            self.claim("page: and afterwards nothing is new", self.lines.poll().unchanged)
            self.tried_out(http)

    @contextmanager
    def another_client(self) -> Iterator[PoliteClient]:
        http = client(self.site, self.clock)
        try:
            yield http
        finally:
            http.close()

    def tried_out(self, http: PoliteClient) -> None:
        found = preview(self.page, {**ITEMS, "own_site": "true"}, http, self.clock.now)
        self.claim("try-page: shows items and what was left out", bool(found.taken and found.ignored))
        for part in found.ignored[:4]:
            self.report.note(f"try-page left out ({part.reason}): {part.sample}")
        kept = json.dumps([self.whole.cursor, self.items.cursor, self.lines.cursor])
        words = ("sack", "rigged", "Ottoline", "Perdita", "remark number")
        self.claim("no cursor holds a word of the pages", not any(w.lower() in kept.lower() for w in words))
        self.report.note(f"all three cursors together: {len(kept):,} bytes")

    # ---- what the steps share ----------------------------------------------------------------

    def claim(self, words: str, holds: bool, detail: object = "") -> None:
        self.report.claim(words, holds, "" if holds else detail)

    def sees(self, words: str, batch: Batch, id_: str) -> Post | None:
        found = next((post for post in batch.posts if post.external_id == id_), None)
        self.claim(words, found is not None, f"{id_} is not among {_ids(batch)}; {batch.notices}")
        return found

    def feed_unchanged_while(self, what: str, act: Callable[[], None]) -> None:
        """The site's own comment feed calls itself unchanged over this: a reader of feeds sees nothing."""
        address = f"{self.site.url}/comments/feed/"
        mark = httpx.get(address).headers["etag"]
        act()
        status = httpx.get(address, headers={"if-none-match": mark}).status_code
        self.claim(f"site: a comment is {what}, and its feed answers 304", status == 304, status)

    def plugin(self, code: str) -> Path:
        folder = self.site.folder / "wp" / "wp-content" / "mu-plugins"
        folder.mkdir(exist_ok=True)
        path = folder / "acceptance.php"
        path.write_text(code, encoding="utf-8")
        return path

    def links(self, structure: str) -> None:
        self.site.inside(
            f'global $wp_rewrite; $wp_rewrite->set_permalink_structure("{structure}"); $wp_rewrite->flush_rules(false);'
        )

    def status(self, path: str) -> int:
        return httpx.get(self.site.url + path).status_code


def main() -> int:
    """Set up, tell the story, print the report, clear away."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--scratch", type=Path, help="where the run's folder is made; the system's own by default"
    )
    parser.add_argument("--keep", action="store_true", help="leave the run's folder and logs behind")
    asked = parser.parse_args()
    lacking = missing_commands(wordpress.COMMANDS)
    if lacking or os.geteuid() != 0:
        print(f"This needs root and the packages of tests/real/README.md; missing: {lacking or 'root'}")
        return 2
    folder = Path(tempfile.mkdtemp(prefix="mw-real-", dir=asked.scratch))
    report = Report()
    try:
        _run(folder, report)
    except Broken as fault:
        report.failed(str(fault))
    finally:
        if not asked.keep:
            shutil.rmtree(folder)
    report.show()
    return 0 if report.held else 1


def _run(folder: Path, report: Report) -> None:
    site, clock = WordPress(folder), Clock()
    with ExitStack() as stack:
        stack.callback(site.stop)
        site.start()
        report.versions = {**site.versions(), "Python": sys.version.split()[0]}
        http = client(site, clock)
        stack.callback(http.close)
        Story(site, report, http, clock).tell()


def client(site: WordPress, clock: Clock) -> PoliteClient:
    """The service's own client, allowed to ask this one host on loopback."""
    return PoliteClient(user_agent="t", allow_hosts=[site.host], gap=0, now=lambda: clock.now)


def _ids(batch: Batch) -> list[str]:
    return [post.external_id for post in batch.posts]


if __name__ == "__main__":
    sys.exit(main())
