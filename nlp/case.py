"""One post on its way through the language stage: its words, who is in it, what was found."""

from __future__ import annotations

from dataclasses import dataclass, field

from nlp.findings import Finding, Mention, Reading
from nlp.people import School, Sighting
from nlp.view import View


@dataclass(slots=True)
class Case:
    """What the components hand to each other; lives for one post."""

    reading: Reading
    view: View
    context: View
    school: School
    mention: Mention = field(default_factory=lambda: Mention(False, 0.0))
    sightings: list[Sighting] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    window: tuple[int, int] = (0, 0)
    """[start, end) of the view that the present Doc holds."""
