"""What the language stage gives: frozen values that know no post, no case, no database.

The meaning of every flag and signal is in the labelling guide; the shape of a
printed prediction in contracts.md section 3.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum


class Flag(StrEnum):
    """The four flags and three signals (labelling guide sections 2 and 3)."""

    ABUSIVE = "abusive"
    THREATENING = "threatening"
    DEFAMATORY = "defamatory"
    PUPIL_IDENTIFYING = "pupil_identifying"
    SAFEGUARDING = "safeguarding"
    IMPERSONATION = "impersonation"
    COMPLAINT = "complaint"


FLAGS = (Flag.ABUSIVE, Flag.THREATENING, Flag.DEFAMATORY, Flag.PUPIL_IDENTIFYING)
SIGNALS = (Flag.SAFEGUARDING, Flag.IMPERSONATION, Flag.COMPLAINT)


class Severity(IntEnum):
    """The guide's five words; the number only orders them."""

    NONE = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4

    @property
    def word(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Profile:
    """What tells one school: its names, places, addresses and the staff it may be told about."""

    key: str
    name: str
    aliases: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    postcode: str = ""
    domains: tuple[str, ...] = ()
    handles: tuple[str, ...] = ()
    hashtags: tuple[str, ...] = ()
    phase: str = ""
    jurisdiction: str = ""
    schools: tuple[str, ...] = ()
    staff: tuple[Staff, ...] = ()


@dataclass(frozen=True, slots=True)
class Staff:
    """One named member of staff, in that capacity only."""

    id: str
    name: str
    title: str = ""
    role: str = ""
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """The fields of one post that the language stage may read."""

    text: str = ""
    title: str = ""
    author_name: str = ""
    author_handle: str = ""
    context: str = ""
    url: str = ""
    platform: str = ""
    own: bool = False
    """True when the post stands on the school's own page or account (a comment under its own news)."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Words that carry a finding: [start, end) in characters of the original field."""

    field: str  # text | title | author_name
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Finding:
    """One flag or signal: how sure (0 to 1), how bad, which words, why, and by which rule."""

    flag: Flag
    score: float
    severity: Severity
    evidence: tuple[Evidence, ...]
    reason: str
    rule: str


@dataclass(frozen=True, slots=True)
class Mention:
    """Whether the post is about the watched school, how sure (0 to 1), whom of its staff, and why."""

    mention: bool
    confidence: float
    staff: tuple[str, ...] = ()
    possible: bool = False
    """Not sure enough to alert, too likely to throw away: shown as "may be about you"."""
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Assessment:
    """Everything that the language stage has to say about one post and one school."""

    mention: Mention
    findings: tuple[Finding, ...] = ()
    severity: Severity = Severity.NONE
    version: str = ""
    notes: tuple[str, ...] = field(default=())
    """What could not be judged, in words for a person ("not judged: language cy")."""

    def finding(self, flag: Flag) -> Finding | None:
        return next((finding for finding in self.findings if finding.flag is flag), None)
