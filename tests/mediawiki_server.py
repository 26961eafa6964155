"""A wiki that answers `api.php` as MediaWiki 1.39 does, on loopback: for tests of the connector.

    with ScriptedServer() as server:
        wiki = Wiki(server)
        wiki.edit("Larkhill", "It is a school.", by="Tam", comment="first")

Only what the connector asks is answered: `prop=info` and `prop=revisions`, by
titles, page ids or revision ids, forwards and backwards, in parts. `broken`
answers in the wiki's place. The real MediaWiki is tried by tests/real/wikis.py.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

from servers import Peer, Reply, Request, ScriptedServer

START = datetime(2026, 3, 4, 9, tzinfo=UTC)


@dataclass
class Wiki:
    """Pages by id; a page is its title and its revisions, oldest first."""

    server: ScriptedServer
    part: int = 50
    """Revisions in one part of an answer."""
    broken: Reply | None = None
    path: str = "/api.php"
    titles: dict[str, int] = field(default_factory=dict)
    pages: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    redirects: dict[str, str] = field(default_factory=dict)
    warnings: dict[str, Any] | None = None
    made: int = 0

    def __post_init__(self) -> None:
        self.server.on(self.path, self._answer)

    @property
    def url(self) -> str:
        return self.server.url(self.path)

    @property
    def asked(self) -> list[dict[str, str]]:
        """The questions so far, oldest first."""
        return [dict(parse_qsl(r.target.partition("?")[2])) for r in self.server.asked(self.path)]

    def edit(self, title: str, text: str, *, by: str = "Tam", comment: object = "", **fields: Any) -> int:
        """A new revision; the page is made when there is none. Gives the revision's id."""
        self.made += 1
        page = self.titles.setdefault(title, 100 + self.made)
        revisions = self.pages.setdefault(page, [])
        revisions.append(
            {
                "revid": self.made,
                "parentid": revisions[-1]["revid"] if revisions else 0,
                "minor": False,
                "user": by,
                "timestamp": self.time(self.made),
                "size": len(text),
                "comment": comment,
                "sha1": hashlib.sha1(text.encode()).hexdigest(),
                "tags": [],
                "slots": {"main": {"contentmodel": "wikitext", "content": text}},
                **fields,
            }
        )
        return self.made

    def hide(self, revid: int, *parts: str) -> None:
        """Hide text, user or comment of a revision, as moderators do."""
        revision = next(r for rs in self.pages.values() for r in rs if r["revid"] == revid)
        for part in parts:
            revision[f"{part}hidden"] = True
            revision.pop("slots" if part == "text" else part, None)
        if "text" in parts:
            revision["slots"] = {"main": {"texthidden": True}}

    def move(self, old: str, new: str, *, redirect: bool) -> None:
        """Give a page another title, with or without a redirect behind it."""
        self.titles[new] = self.titles.pop(old)
        if redirect:
            self.redirects[old] = new

    def time(self, minutes: int, seconds: int = 0) -> str:
        return (START + timedelta(minutes=minutes, seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")

    def _answer(self, request: Request, _peer: Peer) -> Reply:
        if self.broken is not None:
            return self.broken
        asked = dict(parse_qsl(request.target.partition("?")[2]))
        answer: dict[str, Any] = {"batchcomplete": True, "curtimestamp": self.time(self.made, seconds=30)}
        if self.warnings:
            answer["warnings"] = self.warnings
        try:
            answer["query"] = self._query(asked, answer)
        except LookupError as refused:
            return error(str(refused.args[0]))
        return Reply(json.dumps(answer).encode(), headers={"Content-Type": "application/json"})

    def _query(self, asked: dict[str, str], answer: dict[str, Any]) -> dict[str, Any]:
        if "titles" in asked:
            return self._by_title(asked)
        if "revids" in asked:
            ids = {int(i) for i in asked["revids"].split("|")}
            found = {p: [r for r in rs if r["revid"] in ids] for p, rs in self.pages.items()}
            return {"pages": [self._page(p, rs) for p, rs in found.items() if rs]}
        pages = []
        for page in (int(i) for i in asked["pageids"].split("|")):
            known = self.pages.get(page)
            if not known or page not in self.titles.values():
                pages.append({"pageid": page, "missing": True})
            else:
                pages.append(self._page(page, self._history(known, asked, answer)))
        return {"pages": pages}

    def _by_title(self, asked: dict[str, str]) -> dict[str, Any]:
        query: dict[str, Any] = {"pages": [], "normalized": [], "redirects": []}
        for title in asked["titles"].split("|"):
            proper = title.replace("_", " ")
            if proper != title:
                query["normalized"].append({"from": title, "to": proper})
            if "redirects" in asked and proper in self.redirects:
                query["redirects"].append({"from": proper, "to": self.redirects[proper]})
                proper = self.redirects[proper]
            page = self.titles.get(proper)
            about = (
                {"title": proper, "missing": True}
                if page is None
                else self._page(page, self.pages[page][-1:])
            )
            if asked["prop"] == "info":
                prefix, colon, rest = proper.rpartition(":")
                about = {k: v for k, v in about.items() if k != "revisions"}
                about["associatedpage"] = f"{prefix} talk:{rest}" if colon else f"Talk:{rest}"
            query["pages"].append(about)
        return query

    def _page(self, page: int, revisions: list[dict[str, Any]]) -> dict[str, Any]:
        title = next((t for t, p in self.titles.items() if p == page), "")
        return {"pageid": page, "ns": 0, "title": title, "revisions": revisions}

    def _history(
        self, known: list[dict[str, Any]], asked: dict[str, str], answer: dict[str, Any]
    ) -> list[dict[str, Any]]:
        if asked.get("rvdir") == "older" or "rvdir" not in asked:
            return known[::-1][: int(asked.get("rvlimit", 1))]
        start = 0
        if "rvstartid" in asked:
            ids = [r["revid"] for r in known]
            if int(asked["rvstartid"]) not in ids:
                raise LookupError("badid_rvstartid")
            start = ids.index(int(asked["rvstartid"]))
        if "rvstart" in asked:
            start = sum(r["timestamp"] < asked["rvstart"] for r in known)
        start = int(asked.get("rvcontinue", start))
        if start + self.part < len(known):
            answer["continue"] = {"rvcontinue": str(start + self.part), "continue": "||"}
        return known[start : start + self.part]


def error(code: str, **headers: str) -> Reply:
    """MediaWiki's way to refuse: status 200."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    body = json.dumps({"error": {"code": code, "info": "words that are not for us"}})
    return Reply(body.encode(), headers={"MediaWiki-API-Error": code, **named})
