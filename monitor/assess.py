"""Step 2: post -> assessment, and the end of the words of posts that mention nobody.

One post that can not be assessed must not hold up the others: it is tried three
times and then becomes a case for a person ("could not be read by the program").
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from threading import Event
from typing import TYPE_CHECKING, Any

from sqlalchemy import Row

from monitor.cases import NOT_JUDGED, categories_of
from monitor.store import Store
from nlp.findings import Assessment, Finding, Reading, Severity

if TYPE_CHECKING:
    from nlp.assessor import Assessor

BATCH = 100
LOG = logging.getLogger(__name__)


def reading(row: Row[Any]) -> Reading:
    """The fields that the language stage may read of a stored post."""
    return Reading(
        text=row.text,
        title=row.title,
        author_name=row.author_name,
        author_handle=row.author_handle,
        context=row.context,
        url=row.url,
        platform=row.platform,
        own=row.own,
    )


def finding_values(finding: Finding) -> dict[str, Any]:
    """A finding ready for JSON; places, not words."""
    return {
        "flag": str(finding.flag),
        "score": round(finding.score, 4),
        "severity": finding.severity.word,
        "evidence": [{"field": e.field, "start": e.start, "end": e.end} for e in finding.evidence],
        "reason": finding.reason,
        "rule": finding.rule,
    }


def assessment_values(row: Row[Any], assessment: Assessment, now: datetime) -> dict[str, Any]:
    """The row to keep for one assessed version."""
    staff = assessment.mention.staff
    categories = categories_of(
        {f.flag: f.severity for f in assessment.findings}, staff, [f.rule for f in assessment.findings]
    )
    return _common(row, now) | {
        "mention": assessment.mention.mention,
        "possible": assessment.mention.possible,
        "confidence": round(assessment.mention.confidence, 4),
        "staff": list(staff),
        "findings": [finding_values(finding) for finding in assessment.findings],
        "severity": int(assessment.severity),
        "category": categories[0] if categories else "",
        "also": list(categories[1:]),
        "notes": list(assessment.notes),
        "made_by": assessment.version,
    }


def unjudged_values(row: Row[Any], now: datetime) -> dict[str, Any]:
    """The row for a version that three tries could not assess: a person must look."""
    return _common(row, now) | {
        "mention": False,
        "possible": True,
        "confidence": 0.0,
        "staff": [],
        "findings": [],
        "severity": int(Severity.MEDIUM),
        "category": NOT_JUDGED,
        "also": [],
        "notes": ["could not be read by the program; look yourself"],
        "made_by": "nobody",
    }


def _common(row: Row[Any], now: datetime) -> dict[str, Any]:
    return {"post_id": row.id, "version": row.version, "assessed_at": now}


def run(store: Store, assessor: Assessor, now: datetime, stop: Event | None = None) -> int:
    """Assess every version that waits, until `stop`; gives how many assessments were kept."""
    total = 0
    passed: set[tuple[int, int]] = set()  # failed in this run; tried again in the next
    while rows := [
        row for row in store.to_assess(BATCH + len(passed)) if (row.id, row.version) not in passed
    ]:
        kept: list[Mapping[str, Any]] = []
        for row in rows:
            if stop is not None and stop.is_set():
                break
            try:
                kept.append(assessment_values(row, assessor.assess(reading(row), row.school), now))
            except Exception as error:  # noqa: BLE001 - the step's one outer handler; the others go on
                LOG.error("post %d could not be assessed: %s", row.id, type(error).__name__)
                passed.add((row.id, row.version))
                if store.keep_setback("assess", row.id, row.version, type(error).__name__, now):
                    kept.append(unjudged_values(row, now))
        if kept:
            total += store.keep_assessments(kept)
        if stop is not None and stop.is_set():
            break
    return total
