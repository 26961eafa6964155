"""Who is told besides the people of the leading category: what concerns a child, and a serious threat."""

from __future__ import annotations

import pytest

from monitor.cases import told_too, weighed
from nlp.findings import Flag, Severity

LOW, MEDIUM, HIGH = Severity.LOW, Severity.MEDIUM, Severity.HIGH


@pytest.mark.parametrize(
    ("findings", "told"),
    [
        ({Flag.ABUSIVE: HIGH, Flag.PUPIL_IDENTIFYING: MEDIUM}, ("pupil_identifying",)),
        ({Flag.ABUSIVE: HIGH, Flag.PUPIL_IDENTIFYING: LOW}, ()),  # a proud parent's post (rulings 12)
        ({Flag.SAFEGUARDING: HIGH, Flag.THREATENING: HIGH}, ("threatening",)),
        ({Flag.SAFEGUARDING: HIGH, Flag.THREATENING: MEDIUM}, ()),
        ({Flag.ABUSIVE: HIGH, Flag.DEFAMATORY: MEDIUM}, ()),
        ({Flag.THREATENING: HIGH, Flag.COMPLAINT: LOW}, ()),
        ({Flag.THREATENING: HIGH}, ()),
        ({}, ()),
    ],
)
def test_the_childs_people_and_the_sites_people_are_told_too(
    findings: dict[Flag, Severity], told: tuple[str, ...]
) -> None:
    assert told_too(weighed(findings, ())) == told


def test_an_allegation_is_weighed_as_its_graver_half() -> None:
    found = weighed({Flag.DEFAMATORY: MEDIUM, Flag.SAFEGUARDING: HIGH, Flag.ABUSIVE: LOW}, ("pell",))
    assert list(found.items()) == [("allegation_against_staff", HIGH), ("abusive_harassing", LOW)]
