"""Severity: the worst finding counts, a complaint alone does not, dependent levels are put right."""

from __future__ import annotations

import pytest

from nlp.findings import Evidence, Finding, Flag, Severity
from nlp.severity import balanced, overall


def _finding(flag: Flag, severity: Severity) -> Finding:
    return Finding(flag, 0.5, severity, (Evidence("text", 0, 1),), "because", f"{flag.value}.rule")


@pytest.mark.parametrize(
    ("levels", "worst"),
    [
        ([], Severity.NONE),
        ([(Flag.COMPLAINT, Severity.LOW)], Severity.NONE),
        ([(Flag.ABUSIVE, Severity.LOW), (Flag.COMPLAINT, Severity.LOW)], Severity.LOW),
        ([(Flag.ABUSIVE, Severity.LOW), (Flag.SAFEGUARDING, Severity.CRITICAL)], Severity.CRITICAL),
        ([(Flag.IMPERSONATION, Severity.MEDIUM)], Severity.MEDIUM),
    ],
)
def test_overall(levels: list[tuple[Flag, Severity]], worst: Severity) -> None:
    assert overall(_finding(*level) for level in levels) is worst


@pytest.mark.parametrize(
    ("beside", "level"),
    [
        (None, Severity.MEDIUM),
        ((Flag.ABUSIVE, Severity.LOW), Severity.HIGH),
        ((Flag.SAFEGUARDING, Severity.HIGH), Severity.HIGH),
        ((Flag.SAFEGUARDING, Severity.CRITICAL), Severity.CRITICAL),
        ((Flag.COMPLAINT, Severity.LOW), Severity.MEDIUM),
    ],
)
def test_a_named_child_beside_something_else(beside: tuple[Flag, Severity] | None, level: Severity) -> None:
    found = [_finding(Flag.PUPIL_IDENTIFYING, Severity.MEDIUM), *([_finding(*beside)] if beside else [])]
    assert balanced(found)[0].severity is level
