"""One case as `show` prints it: what happened, who was told, what the policy suggests; no words of a post."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from config.settings import Settings
from monitor.wording.alert import TITLES, Told, suggested
from nlp.findings import Severity


def lines(case: Mapping[str, Any], settings: Settings | None) -> list[str]:
    """The case (of `lookups.case`) as lines of text; without settings, without the policy's steps."""
    title = TITLES.get(case["category"], case["category"])
    shown = [
        f"Case {case['id']}: {title}, {case['severity']} ({case['status']})",
        f"School {case['school']}; {case['post_count']} post(s); about {len(case['subjects'])} member(s) of staff",
        f"Posted {case['posted_at'] or 'at a time that its source does not say'}, found {case['found_at']}",
        "",
        "Posts",
        *(_post(post) for post in case["posts"]),
        "",
        "What happened",
        *(_event(event) for event in case["events"]),
        "",
        "Messages",
        *(_delivery(delivery) for delivery in case["deliveries"]),
    ]
    return shown if settings is None else [*shown, "", *suggested(_told(case), settings)]


def _told(case: Mapping[str, Any]) -> Told:
    """The case as an alert knows it, so that both show the same steps, with the same people and numbers."""
    posted = case["posted_at"]
    return Told(
        id=case["id"],
        school=case["school"],
        category=case["category"],
        also=tuple(case["also"]),
        severity=Severity[case["severity"].upper()],
        post_count=case["post_count"],
        subjects=tuple(case["subjects"]),
        posted_at=datetime.fromisoformat(posted) if posted else None,
        found_at=datetime.fromisoformat(case["found_at"]),
        kind="",
        role="",
    )


def _post(post: Mapping[str, Any]) -> str:
    flags = ", ".join(f"{flag['flag']} {flag['severity']} ({flag['rule']})" for flag in post["flags"])
    gone = ", gone at its source" if post["deleted"] else ""
    return f"  {post['fetched_at']}  {post['platform']}  {post['url'] or 'no link'}{gone}\n      {flags}"


def _event(event: Mapping[str, Any]) -> str:
    reason = event["data"].get("reason", "")
    return f"  {event['at']}  {event['kind']}{': ' + reason if reason else ''}"


def _delivery(delivery: Mapping[str, Any]) -> str:
    when = f" at {delivery['sent_at']}" if delivery["sent_at"] else ""
    why = f" ({delivery['reason']})" if delivery["reason"] else ""
    return f"  {delivery['channel']} to {delivery['role'] or 'the terminal'}: {delivery['state']}{when}{why}"
