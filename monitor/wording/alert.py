"""The words of an alert: complete for a reader who can not open the console, and content-free.

Category, severity, school, count, times, link and the whole numbered path with
telephone numbers (rulings 8). No post text, no name, no pupil (house rule 3):
nothing here ever sees the words of a post.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from config.pack import DISCLAIMER, ROLE_TITLES, PolicyPath, Step
from config.settings import Settings
from monitor.cases import RESTRICTED
from monitor.channels.base import Message
from monitor.routing import first_allowed
from nlp.findings import Severity

NO_BREAK = "\N{NO-BREAK SPACE}"
WIDTH = 76  # readable in every mail program, and on a phone held sideways
TITLES = {
    "child_at_risk": "a child may be at risk",
    "allegation_against_staff": "allegation about a member of staff",
    "threatening": "threatening",
    "pupil_identifying": "a pupil can be recognised",
    "impersonation": "somebody may be posing as the school or its staff",
    "discriminatory_hate": "hateful",
    "defamatory_possible": "possibly defamatory",
    "abusive_harassing": "abusive",
    "not_judged": "the program could not read it; please look yourself",
    "possible_mention": "may be about you",
    "legitimate_complaint": "complaint or criticism",
}
KINDS = {
    "opened": "New",
    "severity-rose": "More serious than before",
    "new-kind": "A new kind of harm in a known story",
}
IMMEDIATE = "If anyone is in immediate danger, call 999 first."


@dataclass(frozen=True, slots=True)
class Told:
    """What an alert may say of a case; the case's row, without anything that was posted."""

    id: int
    school: str
    category: str
    also: tuple[str, ...]
    severity: Severity
    post_count: int
    subjects: tuple[str, ...]
    """Staff ids: counted, and kept out of the steps; never shown."""
    posted_at: datetime | None
    found_at: datetime
    kind: str
    role: str


def alert(told: Told, settings: Settings, to: str) -> Message:
    """The message for one reader."""
    school = settings.school(told.school)
    name = school.name if school else told.school
    title = TITLES.get(told.category, told.category.replace("_", " "))
    subject = f"[mentionwatch] {told.severity.word.upper()}: {title} - {name} - case {told.id}"
    opening = [*_opening(told, name, title), *_when(told, ZoneInfo(settings.service.timezone))]
    link = f"{settings.service.console_url}/cases/{told.id}"
    parts = [
        *opening,
        "",
        *suggested(told, settings),
        "",
        f"Open the case:  {link}",
        f"Or on the school's machine:  mentionwatch show {told.id}",
        "",
        *_filled(_why_you(told)),
        *_filled(
            "This message holds no names and no words of the post, on purpose. "
            "The post was found by a program and nobody has checked it yet."
        ),
    ]
    brief = "\n".join((*opening, "", "The steps of your policy are in the e-mail about this case."))
    return Message(to, subject, "\n".join(parts) + "\n", brief, link)


def _opening(told: Told, name: str, title: str) -> list[str]:
    lines = []
    if told.severity >= Severity.HIGH:
        lines += [IMMEDIATE, ""]
    lines += _filled(f"{KINDS.get(told.kind, 'New')}: a public post about {name} was marked as: {title}.")
    also = [TITLES.get(category, category) for category in told.also]
    if also:
        lines += _filled(f"Also marked as: {', '.join(also)}.")
    people = {0: "nobody in particular", 1: "one member of staff"}.get(
        len(told.subjects), f"{len(told.subjects)} members of staff"
    )
    return [
        *lines,
        "",
        f"Severity:        {told.severity.word}",
        f"Posts so far:    {told.post_count}",
        f"About:           {people}",
    ]


def _when(told: Told, zone: ZoneInfo) -> list[str]:
    found = f"Found:           {_time(told.found_at, zone)}"
    if told.posted_at is None:
        return ["Posted:          the source does not say when", found]
    late = max(told.found_at - told.posted_at, timedelta(0))
    lines = _filled(f"{found}, {spoken(late)} after it was posted", later=" " * len("Found:           "))
    return [f"Posted:          {_time(told.posted_at, zone)}", *lines]


def suggested(told: Told, settings: Settings) -> list[str]:
    """The leading path whole, then each further path's own steps, numbered on and none of them "first".

    Where a child's safety leads, only the path of a threat is added: "tell nobody else" and
    "invite them in" must not stand in one message.
    """
    paths = settings.pack.paths
    lead = paths.get(told.category)
    lines = [f"What your policy suggests ({settings.pack.title}, version {settings.pack.version})", ""]
    number = 0
    seen: set[str] = set()
    added = [c for c in told.also if told.category not in RESTRICTED or c == "threatening"]
    for path in (lead, *(paths.get(category) for category in added)):
        if path is None:
            continue
        if path is not lead:
            lines += ["", f"Because it is also marked as {TITLES.get(path.category, path.title)}:", ""]
        number, shown = _steps(path, told, settings, number, seen, leads=path is lead)
        lines += shown
    if not number:
        lines += _filled(
            "Your policy pack has no steps for this yet. Look at the post and decide with the headteacher."
        )
    return [*lines, "", *_filled(DISCLAIMER)]


def _steps(
    path: PolicyPath, told: Told, settings: Settings, number: int, seen: set[str], *, leads: bool
) -> tuple[int, list[str]]:
    lines = []
    for step in path.steps:
        if step.text in seen:
            continue
        seen.add(step.text)
        number += 1
        first = "FIRST: " if step.first and leads else ""
        head = f"{number}. "
        indent = " " * len(head)
        lines += _filled(f"{head}{first}{step.text}", later=indent)
        for detail in _details(step, told, settings):
            lines += _filled(f"{indent}{detail}", later=f"{indent}  ")
    return number, lines


def _details(step: Step, told: Told, settings: Settings) -> list[str]:
    # A step of the one whom the case is about is done by the next in line (refusal 16).
    doer = first_allowed(settings.people, settings.pack.routes, told.school, step.who, told.subjects)
    role = doer.role if doer is not None else step.who
    who = ROLE_TITLES.get(role, role.replace("_", " "))
    phone = f" ({_whole(doer.person.phone)})" if doer is not None and doer.person.phone else ""
    clause = f" - policy {step.clause}" if step.clause else ""
    lines = [f"{who}{phone}, {step.by}{clause}"]
    contact = settings.people.contacts.get(step.contact) if step.contact else None
    if contact is not None:
        ways = [way for way in (_whole(contact.phone), contact.email, contact.url) if way]
        checked = (
            f", number as of {contact.verified_on:%-d %b %Y}"
            if contact.verified_on
            else ", check this number"
        )
        hours = f", {contact.hours}" if contact.hours else ""
        lines.append(
            f"Call {contact.name}: {', '.join(ways)}{hours}{checked}"
            if contact.phone
            else f"{contact.name}: {', '.join(ways)}{hours}{checked}"
        )
    return lines


def _why_you(told: Told) -> str:
    title = ROLE_TITLES.get(told.role, told.role.replace("_", " "))
    return (
        f"You are told as: {title}."
        if told.role
        else "Nobody could be told by name; see: mentionwatch health."
    )


def _time(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%a %-d %b %Y, %H:%M %Z}"


def spoken(length: timedelta) -> str:
    """A length of time as a person says it, in its one or two largest units."""
    minutes = int(length.total_seconds()) // 60
    if minutes < 1:
        return "less than a minute"
    days, rest = divmod(minutes, 24 * 60)
    hours, minutes = divmod(rest, 60)
    parts = [(days, "day"), (hours, "hour"), (minutes, "minute")]
    said = [f"{count} {unit}{'s' if count != 1 else ''}" for count, unit in parts if count]
    return " and ".join(said[:2])


def _filled(words: str, *, later: str = "") -> list[str]:
    """Lines of at most `WIDTH`; telephone numbers (see `_whole`) and links are never broken."""
    lines = textwrap.wrap(
        words, WIDTH, subsequent_indent=later, break_on_hyphens=False, break_long_words=False
    )
    return [line.replace(NO_BREAK, " ") for line in lines]


def _whole(number: str) -> str:
    """A telephone number that a line break does not part."""
    return number.replace(" ", NO_BREAK)
