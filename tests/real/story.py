"""The story of the acceptance run, stage by stage: post, wait for the mail, look at everything around it."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from comments import (
    DOMAIN,
    EDITED,
    HELD,
    LOUD,
    MENDED,
    NAMES,
    PASSER_BY,
    QUIET,
    WHILE_BROKEN,
    WHILE_DEAD,
    Comment,
    leaked,
)
from postfix import Mail, Postfix
from processes import Broken, until
from report import Report
from service import Service
from wordpress import BROWSER, Request, WordPress

PATIENCE = 90.0  # seconds for a poll (27 to 33 s), a slow machine, and the way to the mailbox
FEEDS = ("/feed/", "/comments/feed/")
PHONE = re.compile(r"\b(?:0\d{3,4}\s\d{3}\s?\d{3,4}|999|101)\b")


class Story:
    """One run; `tell` goes through it from the first start to the last stop."""

    def __init__(self, site: WordPress, mail: Postfix, service: Service, report: Report) -> None:
        self.site, self.mail, self.service, self.report = site, mail, service, report
        self.page = ""
        self.posted: dict[int, tuple[Comment, float]] = {}
        self.owed = 0
        self._subjects: dict[str, str] = {}

    def tell(self) -> None:
        self.page = self.site.publish("Autumn fair", "The autumn fair is on Saturday at two.")
        self._first_polls()
        self._comments_become_mails()
        self._killed_and_started_again()
        self._broken_configuration()
        self._mended_configuration()
        self._stops_in_time()
        self._what_is_left_behind()

    # -- stages -------------------------------------------------------------------

    def _first_polls(self) -> None:
        self.report.claim("the configuration is sound", not (said := self.service.check()), said)
        self.report.note(f"service ready {self.service.start():.1f} s after its start")
        self._wait(lambda: all(self._ours(path=feed) for feed in FEEDS), "both feeds are read")

    def _comments_become_mails(self) -> None:
        for comment in (*QUIET, *LOUD):
            self._post(comment)
        self._mails_come(*LOUD)
        decided = self.service.ask("health")["decisions"]
        self.report.note(f"decisions by then: {decided}")
        self._nobody_hears(*QUIET)
        for mail in self.mail.mails():
            self._is_content_free(mail)
            self._is_complete(mail)

    def _killed_and_started_again(self) -> None:
        """SIGKILL; a start that does not trust the mail server's certificate; a start that does."""
        self.service.kill()
        self._post(WHILE_DEAD)
        restart = time.time()
        seconds = self.service.start(trusting=False)
        self.report.note(f"ready again {seconds:.1f} s after SIGKILL and a new start")
        self.service.hears("its certificate is not valid", 0, PATIENCE)
        withheld = len(self.mail.mails()) == self.owed
        self.report.claim("nothing is sent to a mail server whose certificate is not trusted", withheld)
        self.service.terminate()
        self.service.start()
        self._mails_come(WHILE_DEAD)
        self._wait(lambda: all(self._unchanged(feed, restart) for feed in FEEDS), "both feeds answer 304")
        after = [f"{feed} {[r.status for r in self._ours(restart, feed)]}" for feed in FEEDS]
        self.report.claim("after the restart the feeds are asked conditionally: 304", True, "; ".join(after))
        self._nothing_twice()

    def _broken_configuration(self) -> None:
        sound = self._sources.read_text(encoding="utf-8")
        self._sources.write_text(sound.replace("every =", "evry =", 1), encoding="utf-8")
        said = self.service.check()
        self.report.claim(
            "`check` names file and line of the fault", bool(re.search(r"sources\.toml:\d+", said))
        )
        self.service.reload("the old one stays")
        self._post(HELD, held=True)
        time.sleep(1.1)  # WordPress dates comments by the second: the next one must be newer
        self._post(WHILE_BROKEN)
        self._arrive(WHILE_BROKEN)
        self._sources.write_text(
            sound, encoding="utf-8"
        )  # the commands that look at cases refuse a broken one
        self._reached_exactly(WHILE_BROKEN)
        self._nobody_hears(HELD)

    def _mended_configuration(self) -> None:
        """The site is now read as a stranger's: robots.txt first, and who mentions nobody is not kept.

        What WordPress's feed hides (a comment edited, or approved late) is seen
        to stay hidden, and to come to light with the next new comment.
        """
        robots = self._ours(path="/robots.txt")
        self.report.claim("robots.txt was not asked for while the site was the school's own", not robots)
        self.service.change("sources.toml", _as_a_strangers)
        since = time.time()
        self.service.reload("configuration read again")
        self._hidden_until_the_next_comment()
        self._post(PASSER_BY)
        self._post(MENDED)
        self._mails_come(MENDED, EDITED, HELD)
        self._nobody_hears(PASSER_BY)
        order = [r.path for r in self._ours(since)]
        self.report.claim(
            "read as a stranger's, the site's robots.txt is asked for once, before any feed",
            order[0] == "/robots.txt" and order.count("/robots.txt") == 1,
            " ".join(order),
        )

    def _hidden_until_the_next_comment(self) -> None:
        praise = next(number for number, (comment, _) in self.posted.items() if comment.key == "praise")
        held = next(number for number, (comment, _) in self.posted.items() if comment.key == "held")
        self.site.edit(praise, EDITED.words)
        self.posted[praise] = (EDITED, time.time())
        self.site.approve(held)
        self.posted[held] = (HELD, time.time())
        before = len(self.mail.mails())
        since = time.time()
        self._wait(lambda: self._ours(since, "/comments/feed/"), "the comments are asked for again")
        statuses = [r.status for r in self._ours(since, "/comments/feed/")]
        told = len(self.mail.mails()) - before
        self.report.note(
            f"known limit of WordPress's feed: after an edit and a late approval it answered {statuses}, {told} mail(s)"
        )

    def _stops_in_time(self) -> None:
        health = self.service.ask("health")
        self.report.claim("`health` finds nothing to do", health["ok"], "; ".join(health["problems"]))
        notices = {source["name"]: source["notices"] for source in health["sources"]}
        self.report.note(f"notices on the sources: {notices}")
        seconds, code = self.service.terminate()
        self.report.claim(
            "SIGTERM ends the service inside 10 s with code 0", seconds < 10 and code == 0, code
        )
        self.report.note(f"stopped {seconds:.1f} s after SIGTERM")

    def _what_is_left_behind(self) -> None:
        self._nothing_twice()
        self._nobody_hears(*(c for c in QUIET if c.key != "praise"))
        self.report.claim("nothing waits in the mail queue", not self.mail.waiting())
        by_login = self.mail.log().count("sasl_username=")
        protected = all("ESMTPSA" in mail.raw for mail in self.mail.mails())
        self.report.claim("every mail came over TLS and after a login", protected, f"{by_login} logins")
        requests = self._ours()
        agents = {r.agent for r in requests}
        named = all(a.startswith("mentionwatch/") and f"office@{DOMAIN}" in a for a in agents)
        self.report.claim("every request names us and the school's address", named, " | ".join(agents))
        paths = Counter(f"{r.method} {r.path} {r.status}" for r in requests)
        only = {r.path for r in requests} <= {*FEEDS, "/robots.txt"}
        self.report.claim("nothing but feeds and robots.txt was asked for", only, dict(paths))
        found = leaked(PASSER_BY, self.service.kept().decode("utf-8", "replace"))
        self.report.claim(
            "of a stranger's comment that mentions nobody no word was ever kept", not found, found
        )
        self._log_is_content_free()

    # -- posting and waiting ---------------------------------------------------------

    def _post(self, comment: Comment, *, held: bool = False) -> None:
        if held:
            self.site.inside('update_option("comment_moderation","1");')
        number = self.site.comment(self.page, comment.author, comment.words)
        self.posted[number] = (comment, time.time())
        if held:
            self.site.inside('update_option("comment_moderation","0");')

    def _mails_come(self, *comments: Comment) -> None:
        """Wait for all the mails owed; then each comment must have reached its mailboxes and no other."""
        self._arrive(*comments)
        for comment in comments:
            self._reached_exactly(comment)

    def _arrive(self, *comments: Comment) -> None:
        self.owed += sum(len(comment.to) for comment in comments)
        names = ", ".join(comment.key for comment in comments)
        try:
            until(
                lambda: len(self.mail.mails()) >= self.owed, PATIENCE, f"{self.owed} mails, at last {names}"
            )
        except Broken as late:
            self.report.failed(str(late))
            self.owed = len(self.mail.mails())

    def _reached_exactly(self, comment: Comment) -> None:
        mails = [m for m in self.mail.mails() if self._about(m) == comment.key]
        reached = tuple(sorted(m.address for m in mails))
        shown = ", ".join(sorted(comment.to)) or "nobody"
        self.report.claim(f"{comment.what}: exactly {shown}", reached == tuple(sorted(comment.to)), reached)
        self.report.came_of(comment.what, reached, self._how_long(comment, mails))
        for mail in mails:
            category = self.service.ask("show", str(mail.case))["category"]
            self.report.claim(f"{comment.what}: the case is {comment.category}", category == comment.category)

    def _how_long(self, comment: Comment, mails: Sequence[Mail]) -> str:
        """From the posting to the last mail, and from the poll that found it."""
        if not mails:
            return ""
        arrived = max(mail.arrived_at for mail in mails)
        posted = next(at for known, at in self.posted.values() if known.key == comment.key)
        polls = [r.at for r in self._ours(posted, "/comments/feed/") if r.status == 200]
        return f"{arrived - posted:.1f} s after posting, {arrived - min(polls):.1f} s after the poll that found it"

    def _nobody_hears(self, *comments: Comment) -> None:
        for comment in comments:
            mails = [m.address for m in self.mail.mails() if self._about(m) == comment.key]
            self.report.claim(f"{comment.what}: nobody is told", not mails, mails)
            self.report.came_of(comment.what, mails, "")

    def _about(self, mail: Mail) -> str:
        """Which comment a mail is about, as the case says where its newest post stands."""
        key = str(mail.parsed["Message-ID"])
        if key not in self._subjects:
            urls = [post["url"] for post in self.service.ask("show", str(mail.case))["posts"]]
            numbers = [int(url.rpartition("-")[2]) for url in urls if "#comment-" in url]
            known = [self.posted[number][0].key for number in numbers if number in self.posted]
            self._subjects[key] = known[-1] if known else "nothing that was posted"
        return self._subjects[key]

    def _wait(self, what: Callable[[], object], words: str) -> None:
        until(lambda: bool(what()), PATIENCE, words)

    # -- looking at mails, log and requests --------------------------------------------

    def _is_content_free(self, mail: Mail) -> None:
        words = f"{mail.subject}\n{mail.text}"
        found = [w for comment, _ in self.posted.values() for w in leaked(comment, words)]
        found += [name for name in NAMES if name in words]
        self.report.claim(f"mail to {mail.address}: no word of a comment, no name", not found, found)

    def _is_complete(self, mail: Mail) -> None:
        steps = re.findall(r"(?m)^(\d+)\. ", mail.text)
        phones = sorted(set(PHONE.findall(mail.text)))
        late = re.search(r"less\s+than\s+a\s+minute\s+after\s+it\s+was\s+posted", mail.text)
        whole = steps[:2] == ["1", "2"] and bool(phones) and late is not None and "/cases/" in mail.text
        detail = f"{len(steps)} steps, telephone numbers {', '.join(phones)}"
        self.report.claim(
            f"mail to {mail.address}: numbered path, telephone numbers, times, link", whole, detail
        )

    def _nothing_twice(self) -> None:
        mails = self.mail.mails()
        keys = Counter(str(m.parsed["X-Mentionwatch-Delivery"]) for m in mails)
        ids = Counter(str(m.parsed["Message-ID"]) for m in mails)
        once = set(keys.values()) == {1} and set(ids.values()) == {1}
        self.report.claim("no mail arrived twice", once, f"{len(mails)} mails so far")

    def _log_is_content_free(self) -> None:
        log = self.service.log()
        everything = (*QUIET, *LOUD, WHILE_DEAD, HELD, WHILE_BROKEN, EDITED, PASSER_BY, MENDED)
        found = [w for comment in everything for w in leaked(comment, log)]
        self.report.claim("the service's log and printed alerts hold no word of a comment", not found, found)

    def _ours(self, since: float = 0.0, path: str = "") -> list[Request]:
        """What the service asked the site for; the parents' browsers left out."""
        return [r for r in self.site.requests(path, since) if r.agent != BROWSER]

    def _unchanged(self, path: str, since: float) -> bool:
        return any(r.conditional and r.status == 304 for r in self._ours(since, path))

    @property
    def _sources(self) -> Path:
        return self.service.config / "sources.toml"


def _as_a_strangers(words: Any) -> None:
    """In sources.toml: none of the sources is the school's own any more."""
    for source in words["source"]:
        source["own"] = False
