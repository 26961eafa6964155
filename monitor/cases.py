"""What a case may be and how a post finds its story. Pure: no database, clock or network.

A *story* is a group of posts about one thing at one school; a row in `cases` is
a story that a person should look at. It starts as `queued` (low, borderline or
old: for the review queue) or `alerted` (somebody was told). A later post joins
a story when it shares a key with it: the same words, or the same thread, of the
same category about the same people. Later work adds more kinds of key; the
look-up stays the same.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import blake2b
from typing import Any

from connectors.links import same_page
from nlp.findings import Flag, Severity
from nlp.text import fold_plain


class Status(StrEnum):
    """Where a case stands; derived from its events, kept for quick lists."""

    QUEUED = "queued"
    ALERTED = "alerted"


class Outcome(StrEnum):
    """What triage made of one assessment."""

    OPENED = "opened"
    JOINED = "joined"
    MENTION = "mention"  # nothing wrong with it: counted, and kept masked for the miss estimate
    CRITICISM = "criticism"  # complaint and nothing else: never escalated (house rule 6)
    POSSIBLE = "possible"  # perhaps about the school, and mild: for the tray of possible mentions
    NOBODY = "nobody"  # not about the school: its words are gone


# Path ids of response-paths.md section 1, most pressing first where severities are equal.
CATEGORIES = (
    "child_at_risk",
    "allegation_against_staff",
    "threatening",
    "pupil_identifying",
    "impersonation",
    "discriminatory_hate",
    "defamatory_possible",
    "abusive_harassing",
    "not_judged",
    "possible_mention",
    "legitimate_complaint",
)
NOT_JUDGED = "not_judged"  # three tries could not read it
POSSIBLE = "possible_mention"  # perhaps about the school; it reaches a case only with grave words
COMPLAINT = "legitimate_complaint"
OVERRIDING = ("child_at_risk", "allegation_against_staff")  # leave the communications queue at once
RESTRICTED = (*OVERRIDING, "pupil_identifying")  # PBD-25; rulings 12 sets the low pupil case free
JOINED_BY_PLACE = ("abusive_harassing", "discriminatory_hate", "defamatory_possible", "impersonation")
CHILD_HARM_RULES = frozenset({"defamatory.child-harm"})  # words such as "nonce" of a named adult
BY_FLAG = {
    Flag.SAFEGUARDING: "child_at_risk",
    Flag.THREATENING: "threatening",
    Flag.PUPIL_IDENTIFYING: "pupil_identifying",
    Flag.IMPERSONATION: "impersonation",
    Flag.DEFAMATORY: "defamatory_possible",
    Flag.ABUSIVE: "abusive_harassing",
    Flag.COMPLAINT: "legitimate_complaint",
}


def weighed(
    findings: Mapping[Flag, Severity], staff: Sequence[str], rules: Collection[str] = ()
) -> dict[str, Severity]:
    """Path ids that apply with the severity of each, the leading one first (response-paths.md section 1).

    A claim that a member of staff hurt a child is an allegation, not a matter of
    reputation: the child-protection role and the head decide, not the comms team.
    """
    severity_of = {BY_FLAG[flag]: severity for flag, severity in findings.items()}
    graver = Flag.SAFEGUARDING in findings or not CHILD_HARM_RULES.isdisjoint(rules)
    if staff and Flag.DEFAMATORY in findings and graver:
        harm = severity_of.pop("child_at_risk", Severity.NONE)
        severity_of["allegation_against_staff"] = max(harm, severity_of.pop("defamatory_possible"))

    def rank(category: str) -> tuple[bool, int, int]:
        return (category not in OVERRIDING, -severity_of[category], CATEGORIES.index(category))

    return {category: severity_of[category] for category in sorted(severity_of, key=rank)}


def categories_of(
    findings: Mapping[Flag, Severity], staff: Sequence[str], rules: Collection[str] = ()
) -> tuple[str, ...]:
    """Path ids that apply, the leading one first; `rules` are the ids of the rules that found something."""
    return tuple(weighed(findings, staff, rules))


def is_restricted(category: str, severity: Severity) -> bool:
    """Whether only the child-protection role (and for allegations the head) may read the case."""
    if category == "pupil_identifying":
        return severity >= Severity.MEDIUM  # rulings 12: a proud parent's post is an ordinary low item
    return category in RESTRICTED


def told_too(severity_of: Mapping[str, Severity]) -> tuple[str, ...]:
    """Categories besides the leading one whose own people must be told as well.

    What concerns a child reaches the child-protection role even where abuse leads
    (PBD-17), and a serious threat reaches those who keep the site safe even where a
    child's risk leads (rulings 1).
    """
    return tuple(
        category
        for category, severity in list(severity_of.items())[1:]
        if is_restricted(category, severity) or (category == "threatening" and severity >= Severity.HIGH)
    )


def story_keys(
    *,
    category: str,
    subjects: Iterable[str],
    url: str,
    title: str,
    text: str,
    context: str,
    post: str = "",
) -> frozenset[bytes]:
    """Keys under which a post finds, or founds, its story: 16 bytes each.

    Category and people are part of every key, so that a case can not gain a
    reader that it must not have by a post that joins it. `post` is the post's own
    id: its edits find its story again whatever else they change. Standing in one
    thread or on one page is enough only where many voices make one story (abuse,
    claims): two threats under one news item are two threats, and two pupils two pupils.
    """
    common = "\0".join((category, *sorted(subjects)))
    words, thread, _ = fold_plain([f"{title} {text}", context, ""])
    link = same_page(url).partition("#")[0] if url else ""
    parts = {"words": words.strip(), "post": post}
    if category in JOINED_BY_PLACE:
        parts |= {"thread": thread.strip(), "link": link}
    return frozenset(
        blake2b(f"{kind}\0{common}\0{value}".encode("utf-8", "replace"), digest_size=16).digest()
        for kind, value in parts.items()
        if value
    )


@dataclass(frozen=True, slots=True)
class OpenCase:
    """The story that a post would join."""

    id: int
    status: str
    severity: Severity
    also: tuple[str, ...]
    holds_post: bool
    """True when an earlier version of the same post belongs to it already."""


@dataclass(frozen=True, slots=True)
class Owed:
    """A message that a person is owed over one channel."""

    channel: str
    person: str
    role: str
    kind: str


@dataclass(frozen=True, slots=True)
class Ruling:
    """What triage decided for one assessment, with the reason that log, event and reviewer read."""

    outcome: Outcome
    reason: str
    opens: Mapping[str, Any] | None = None
    joins: int | None = None
    adds_post: bool = True
    """False when the case holds an earlier version of the same post already."""
    changes: Mapping[str, Any] = field(default_factory=dict)
    event: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    deliveries: tuple[Owed, ...] = ()
