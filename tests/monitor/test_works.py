"""Settings become the language stage's values, and kinds of source are known or not."""

from __future__ import annotations

from pathlib import Path

from builders import school, settings

from connectors.report import ReportOptions
from monitor.works import build, options_of, profile
from nlp.findings import Profile, Reading, Staff


def test_a_profile_is_plain_and_whole() -> None:
    made = profile(school(accounts=("mastodon:@marrowby",)))
    assert isinstance(made, Profile)
    assert (made.key, made.places) == ("marrowby", ("Marrowby",))
    assert made.staff[0] == Staff("farrant", "Odette Farrant", "Mrs", "Headteacher", ())
    assert hash(made)  # tuples all the way down: it can be a key


def test_options_of_a_kind() -> None:
    assert options_of("report") is ReportOptions
    assert options_of("carrier-pigeon") is None


def test_gate_and_assessor_are_of_these_settings(tmp_path: Path) -> None:
    works = build(settings(tmp_path))
    reading = Reading(text="Marrowby Community School is fine")
    assert works.gate.match([reading]) == [("marrowby",)]
    assert works.assessor.assess(reading, "marrowby").mention.mention
