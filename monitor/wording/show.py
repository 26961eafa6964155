"""One case as `show` prints it: what happened, who was told, what the policy suggests; no words of a post."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from config.pack import DISCLAIMER, ROLE_TITLES
from config.settings import Settings
from monitor.wording.alert import TITLES


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
    path = settings.pack.paths.get(case["category"]) if settings is not None else None
    if settings is not None and path is not None:
        shown += ["", f"What your policy suggests ({settings.pack.title}, version {settings.pack.version})"]
        shown += [
            f"{number:>3}. {'FIRST: ' if step.first else ''}{step.text} "
            f"({ROLE_TITLES.get(step.who, step.who)}, {step.by})"
            for number, step in enumerate(path.steps, 1)
        ]
        shown += ["", DISCLAIMER]
    return shown


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
