"""What may be said of a post, what can not be handed in, what is not kept: refusals 10, 11, 12 and 17 by their words.

Labels, reasons and texts are data; these tests read all of them, so whoever adds one comes past here.
"""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from builders import NOW, judged, later, pack, rows, settings
from installation import ROOT, Installation
from sqlalchemy import Engine

from monitor import triage
from monitor.cases import CATEGORIES, Outcome, Status
from monitor.errors import CaseError
from monitor.holds import place
from monitor.records import CASE
from monitor.retention import limits
from monitor.store import Store
from nlp.findings import Flag

EVERY_WORD = "Marrowby Community School"


def texts(folder: str) -> Iterator[tuple[str, set[str]]]:
    """Every string of every file below a folder of ours."""
    for file in sorted((ROOT / folder).rglob("*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        found = {n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)}
        yield file.name, found


# --- 10, 11 and 12: what a post may be called -------------------------------------------------------

LABELS = {*Flag, *CATEGORIES, *Outcome, *Status}


@pytest.mark.refusal(10)
@pytest.mark.refusal(11)
@pytest.mark.pbd("PBD-15")
def test_10_11_the_labels_are_these_and_no_others() -> None:
    """Breaks with any new label: whoever adds one must come past this test and say that it is about the words."""
    assert {str(flag) for flag in Flag} == {
        *(
            "abusive",
            "threatening",
            "defamatory",
            "pupil_identifying",
            "safeguarding",
            "impersonation",
            "complaint",
        )
    }
    about = re.compile(
        r"politic|union|strike|protest|relig|faith|health|disab|sexual|orient|race|ethnic|\bage\b|adult|face|voice"
    )
    assert not [label for label in LABELS if about.search(label)]
    for file in sorted((ROOT / "nlp").rglob("*.toml")):
        found = tomllib.loads(file.read_text(encoding="utf-8"))
        ids = [rule["id"] for rule in found.get("rule", ())]
        reasons = [rule.get("reason", "") for rule in found.get("rule", ())]
        assert not [
            i for i in ids if re.search(r"politic|union|strike|protest|relig|faith|orient|\bage\b", i)
        ], file
        author = re.compile(r"the (author|writer|poster) (is|seems|may be|looks)")
        assert not [reason for reason in reasons if author.search(reason)], file


CALM = (
    "Staff at Larkhill Primary School are on strike on Thursday, the union says.",
    "Join the protest about the cuts outside Larkhill Primary School on Saturday at ten.",
    "The governors of Larkhill Primary School all vote for the same party, it seems.",
    "Mrs Venn of Larkhill Primary School prays at our church on Sundays.",
    "Mr Adeyinka from Larkhill Primary School married his husband in June, congratulations!",
    "Miss Crossley of Larkhill Primary School is off with her back again, poor thing.",
)


@pytest.mark.refusal(11)
@pytest.mark.pbd("PBD-15")
def test_11_politics_unions_faith_health_and_love_are_no_findings(tmp_path: Path) -> None:
    """Breaks when a post about any of them gets a flag or a severity."""
    house = Installation(tmp_path, mail_port=1)
    lines = "".join(json.dumps({"id": n, "text": text}) + "\n" for n, text in enumerate(CALM))
    done = subprocess.run(
        [sys.executable, "-m", "monitor", "assess", "--schools", str(house.config / "schools.toml")],
        input=lines.encode(),
        capture_output=True,
        cwd=ROOT,
        check=True,
    )
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(a["id"], a["severity"], a["flags"]) for a in answers] == [
        (n, "none", {}) for n in range(len(CALM))
    ]


@pytest.mark.refusal(12)
@pytest.mark.pbd("PBD-19")
def test_12_no_outcome_and_no_step_punishes_anybody() -> None:
    """Breaks when a case can come to a sanction, or a shipped policy suggests one."""
    sanction = re.compile(
        r"disciplin|sanction|suspen|dismiss(?! it)|exclusion|exclude|expel|detention|warning letter|sack|ban the|ban them",
        re.IGNORECASE,
    )
    assert not [label for label in (*Outcome, *Status) if sanction.search(label)]
    assert {str(status) for status in Status} == {"queued", "alerted"}
    packs = sorted((ROOT / "config/packs").glob("*.toml"))
    assert packs
    for file in packs:
        paths = tomllib.loads(file.read_text(encoding="utf-8"))["paths"]
        said = [step["text"] for path in paths.values() for step in path["steps"]]
        assert not [text for text in said if sanction.search(text)], file


# --- what the shipped words may not say; what can not be handed in -------------------------------------


@pytest.mark.pbd("PBD-16")
def test_no_shipped_text_calls_a_post_a_crime() -> None:
    """Breaks with "crime", "offence", "libel", "illegal" or "offender" in a label, a reason or a text for people."""
    word = re.compile(r"\b(crimes?|criminal|offen[cs]es?|offenders?|libel\w*|illegal\w*)\b", re.IGNORECASE)
    body = re.compile(r"National Crime Agency")  # what a body is called
    assert not [label for label in LABELS if word.search(label)]
    for file in sorted((ROOT / "nlp").rglob("*.toml")):
        for rule in tomllib.loads(file.read_text(encoding="utf-8")).get("rule", ()):
            assert not word.search(f"{rule['id']} {rule.get('reason', '')}"), f"{file.name}: {rule['id']}"
    for file in (*(ROOT / "config/packs").glob("*.toml"), ROOT / "config/contacts.toml"):
        shown = "\n".join(line for line in file.read_text().splitlines() if not line.startswith("#"))
        assert not word.search(body.sub("", shown)), file
    for folder in ("monitor/wording", "monitor/channels"):
        for name, found in texts(folder):
            assert not [text for text in found if word.search(text)], name


@pytest.mark.pbd("PBD-18")
@pytest.mark.parametrize(
    "key", ["pupil", "pupils", "upn", "year_group", "parent", "date_of_birth", "applicant"]
)
def test_no_list_of_pupils_parents_or_applicants_comes_in(tmp_path: Path, key: str) -> None:
    """Breaks when a file of posts, or the register, takes a column about a child, a parent or an applicant."""
    house = Installation(tmp_path, mail_port=1)
    posts = house.file("posts.jsonl", [{"id": "1", "text": EVERY_WORD, key: "x"}])
    assert house.mentionwatch("ingest", str(posts), check=False).returncode == 2
    house.edit("schools.toml", r"(?m)^staff = \[", f'{key} = ["x"]\nstaff = [')
    assert house.mentionwatch("check", check=False).returncode == 2


@pytest.mark.refusal(17)
@pytest.mark.pbd("PBD-28")
def test_17_no_setting_keeps_anything_longer_than_the_limit(tmp_path: Path) -> None:
    """Breaks when a policy may say more than twelve months, or more than thirty days for what nobody acted on."""
    house = Installation(tmp_path, mail_port=1)
    whole = (house.config / "policy.toml").read_text()
    for key, value in (("max_months", 13), ("non_actionable_days", 31)):
        house.edit("policy.toml", rf"(?m)^{key} = \d+$", f"{key} = {value}")
        assert house.mentionwatch("check", check=False).returncode == 2, key
        house.write("policy.toml", whole)


@pytest.mark.refusal(17)
@pytest.mark.pbd("PBD-30")
@pytest.mark.parametrize("days", [None, 0, -1, 185, 365, 36500])
def test_17_a_hold_without_a_near_date_is_refused(engine: Engine, tmp_path: Path, days: int | None) -> None:
    """Breaks when a case can be kept past its limit without an end, or for ever by one far away."""
    config = settings(tmp_path)
    judged(engine)
    store = Store(engine)
    triage.run(store, config, NOW)
    case = rows(engine, CASE)[0].id
    ends_at = None if days is None else later(days=days)
    with pytest.raises(CaseError):
        place(store, case, person="head", reason="a letter", ends_at=ends_at, now=NOW)
    place(store, case, person="head", reason="a letter", ends_at=later(days=90), now=NOW)


@pytest.mark.refusal(17)
@pytest.mark.pbd("PBD-28")
def test_17_no_class_is_kept_beyond_the_table(tmp_path: Path) -> None:
    """Breaks when a class of privacy-by-design.md section E is kept for longer without a DPIA's reference."""
    table = {"unmatched": 0, "possible": 7, "mention": 30, "queued": 30, "words": 365, "skeleton": 365}
    table |= {"moved": 30, "delivery": 30, "exports": 30, "backups": 35}
    found = limits(settings(tmp_path, pack=pack()))
    assert {name: days for name, days in table.items() if found[name] > timedelta(days=days)} == {}
