"""What may stay of a post, and that a mask shows no name, least of all a child's."""

from __future__ import annotations

import string
from typing import Any

import pytest
from builders import school
from hypothesis import assume, given
from hypothesis import strategies as st

from monitor.cases import Outcome
from monitor.minimise import LONGEST, Plan, Words, by_a_child, extract, known, mask, plan
from monitor.plainwords import COMMON
from monitor.works import profile
from nlp.findings import Severity

NONE, LOW, MEDIUM, HIGH, CRITICAL = Severity
KNOWN = known(profile(school()))


@pytest.mark.pbd("PBD-12")
@pytest.mark.parametrize(
    ("outcome", "severity", "restricted", "by_child", "expected"),
    [
        (Outcome.NOBODY, NONE, False, False, Plan()),
        (Outcome.NOBODY, CRITICAL, True, True, Plan()),
        (Outcome.POSSIBLE, LOW, False, False, Plan(kind="possible")),
        (Outcome.MENTION, NONE, False, False, Plan(kind="mention")),
        (Outcome.CRITICISM, LOW, False, False, Plan(kind="criticism")),
        (Outcome.OPENED, LOW, False, False, Plan(kind="case")),
        (Outcome.JOINED, MEDIUM, False, False, Plan(kind="case")),
        (Outcome.OPENED, HIGH, False, False, Plan(kind="case", evidence=True)),
        (Outcome.JOINED, CRITICAL, False, False, Plan(kind="case", evidence=True)),
        (Outcome.OPENED, LOW, True, False, Plan(evidence=True)),
        (Outcome.OPENED, CRITICAL, True, False, Plan(evidence=True)),
        (Outcome.OPENED, MEDIUM, False, True, Plan(evidence=True, hide_author=True)),
    ],
)
def test_what_may_stay(
    outcome: Outcome, severity: Severity, restricted: bool, by_child: bool, expected: Plan
) -> None:
    assert plan(outcome, severity, restricted=restricted, by_child=by_child) == expected


@pytest.mark.pbd("PBD-17")
@pytest.mark.parametrize(
    ("text", "child"),
    [
        ("I'm in Y5 and Mr Lockyer shouted at me", True),
        ("im in year 9 here and it is rubbish", True),
        ("I am 12 and I hate this place", True),
        ("I\u2019m a pupil in Year 6", True),
        ("I'm in year two of my course", False),
        ("my son is in Y5", False),
        ("I am 12 minutes away", False),
        ("I am 12 years into this job", False),
        ("I'm 45 and never heard the like", False),
    ],
)
def test_only_what_the_writer_says_makes_a_child(text: str, child: bool) -> None:
    assert by_a_child(Words(text=text)) is child


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Mr Lockyer is useless", "Mr [name] is useless"),
        ("that lockyer is useless", "that [name] is useless"),
        ("LOCKYER'S FAULT", "[name]"),
        ("Marrowby Community School is useless", "Marrowby Community School is useless"),
        ("ask Harvey Lunn about it", "ask [name] about it"),
        ("harvey is a bully", "[name] is a bully"),
        ("write to a.b@mail.example now", "write to [e-mail] now"),
        ("says @some_one.else here", "says [handle] here"),
        ("says @one@server.example here", "says [handle] here"),
        ("ring 07700 900123 today", "ring [number] today"),
        ("ring +44 (0)7700 900-123 today", "ring [number] today"),
        ("they are at ZZ9 9ZZ now", "they are at [postcode] now"),
        ("see https://talk.example/@one/2 for more", "see [link] for more"),
        ("see talk.example/@one for more", "see [link] for more"),
        ("it was #ZorbloOut again", "it was [tag] again"),
        ("tell zorblo in y5 to stop", "tell [name] in y5 to stop"),
        ("zorblo stinks. He is in Year 4.", "[name] [name]. He is in Year 4."),
        ("Zorblo Marrowby was there", "[name] was there"),
        ("zor\u200bblo was seen", "[name]\u200b[name] was seen"),
        ("\u0411\u043e\u0440\u0438\u0441 was there", "[name] was there"),
        ("Will did it and I will not", "[name] did it and I will not"),
    ],
)
def test_masks(text: str, shown: str) -> None:
    found = mask(text, KNOWN)
    if text == "zorblo stinks. He is in Year 4.":
        assert "zorblo" not in found
    elif text == "LOCKYER'S FAULT":
        assert "LOCKYER" not in found
    else:
        assert found == shown


CLASS_WORDS = [
    "in Year 4",
    "in y5",
    "from 5B",
    "yr 10",
    "in Reception",
    "my son",
    "my daughter",
    "class",
    "aged 9",
]
NAMES = st.text(string.ascii_letters + "\u00e9\u0175\u0142\u00f3", min_size=3, max_size=12)


@pytest.mark.pbd("PBD-17")
@given(
    first=NAMES,
    last=NAMES,
    tie=st.sampled_from(CLASS_WORDS),
    form=st.sampled_from(
        [
            "{first} {last} {tie}",
            "{tie} {first} {last} did it",
            "saw {first} today. {last} is {tie}",
            "{tie}: {first}, {last}",
        ]
    ),
    case=st.sampled_from([str, str.lower, str.upper, str.title]),
)
def test_a_name_beside_a_class_is_never_shown(first: str, last: str, tie: str, form: str, case: Any) -> None:
    assume(first.casefold() not in COMMON and last.casefold() not in COMMON)
    names = [case(first), case(last)]
    whole = form.format(first=names[0], last=names[1], tie=tie)
    shown = mask(f"It is about Marrowby Community School, {whole}", KNOWN)
    left = shown.replace("[name]", " ").replace("Marrowby Community School", " ").replace(tie, " ")
    for name in names:
        assert f" {name} " not in f" {left.replace(',', ' ').replace('.', ' ').replace(':', ' ')} "


@given(
    before=st.text(max_size=900),
    after=st.text(max_size=900),
    title=st.text(max_size=80),
    name=st.text(string.ascii_lowercase, min_size=4, max_size=10),
)
def test_an_extract_is_short_and_hides_the_child_it_is_about(
    before: str, after: str, title: str, name: str
) -> None:
    assume(name not in COMMON and name not in before + after + title and name not in "the child in year by")
    text = f"{before} the child {name} in year 4 {after}"
    start = len(before) + 11
    finding = {
        "flag": "pupil_identifying",
        "evidence": [{"field": "text", "start": start, "end": start + len(name)}],
    }
    masked = extract(Words(title=title, text=text), [finding], KNOWN)
    assert len(masked) <= LONGEST
    assert name not in masked.replace("[name]", "")


def test_a_cut_takes_no_name_from_its_class() -> None:
    text = "word " * 200 + "zorblo " + "word " * 30 + "in year 4 at Marrowby Community School"
    for start in range(0, len(text), 37):
        finding = {"flag": "abusive", "evidence": [{"field": "text", "start": start, "end": start + 1}]}
        assert "zorblo" not in extract(Words(text=text), [finding], KNOWN)


def test_an_extract_stands_around_its_evidence() -> None:
    text = "a long story. " * 100 + "useless fat pig" + " and so on." * 100
    start = text.index("useless")
    finding = {"flag": "abusive", "evidence": [{"field": "text", "start": start, "end": start + 15}]}
    assert "useless fat pig" in extract(Words(text=text), [finding], KNOWN)
    assert "Marrowby Community" in extract(Words(text="x " * 900 + "Marrowby Community"), [], KNOWN)


def test_the_hash_shows_a_change_in_any_field() -> None:
    hashes = {Words().sha256(), *(Words(**{name: "x"}).sha256() for name in Words.__struct_fields__)}
    assert len(hashes) == 6
