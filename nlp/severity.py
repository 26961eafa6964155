"""How bad a post is altogether (labelling guide, sections 4 and 7): pure functions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from nlp.findings import Finding, Flag, Severity


def overall(findings: Iterable[Finding]) -> Severity:
    """The worst of all findings; `complaint` alone counts for nothing (guide 7.2)."""
    return max((one.severity for one in findings if one.flag is not Flag.COMPLAINT), default=Severity.NONE)


def balanced(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings whose levels depend on each other, put right.

    A named child with danger now is critical; abuse of a child who can be worked
    out is high (guide 7.6, 7.10).
    """
    found = list(findings)
    flags = {one.flag: one for one in found}
    safe, pupil = flags.get(Flag.SAFEGUARDING), flags.get(Flag.PUPIL_IDENTIFYING)
    out = []
    for one in found:
        level = one.severity
        if one is pupil and safe is not None and safe.severity is Severity.CRITICAL:
            level = Severity.CRITICAL
        elif (one is pupil and (Flag.ABUSIVE in flags or safe is not None)) or (
            one.flag is Flag.ABUSIVE and pupil is not None and one.rule.startswith("abusive.pupil")
        ):
            level = max(level, Severity.HIGH)
        out.append(replace(one, severity=level))
    return tuple(out)
