"""A hundred drill, safety and vacancy posts of the school's own: no alert. A threat under one of them: an alert."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from installation import Installation

NOTICES = (
    "Lockdown drill on {day}: if you hear the alarm, an armed intruder is being practised, not feared.",
    "Fire drill on {day}. The building will be cleared; nobody is in danger.",
    "We will burn the bonfire guy on {day}. Keep children behind the rope.",
    "Police visit on {day}: officers talk to Year 6 about knives and how to stay safe.",
    "Vacancy: midday supervisor, closing on {day}. Kill two birds with one stone and join our kitchen too.",
    "First aid course on {day}: what to do when somebody is stabbed or collapses.",
    "Bomb disposal museum comes on {day}. Real fuses, no explosives.",
    "Online safety evening on {day}: grooming, threats and self-harm, and where to get help.",
    "Rat traps are laid on {day}. Do not touch them; they are poisoned.",
    "Staff football on {day}: Mr Adeyinka will murder the science department, he says.",
)
DAYS = (
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "3 March",
    "9 May",
    "1 June",
    "2 July",
    "half term",
)
SOURCE = '[[source]]\nname = "our site"\nkind = "feed"\nown = true\nschool = "larkhill"\nurl = "https://{host}/feed/"\n'


def own_posts() -> list[dict[str, str]]:
    return [
        {
            "external_id": f"{day}-{number}",
            "school": "larkhill",
            "title": "Larkhill Primary School",
            "text": notice.format(day=day),
            **({"source": "our site", "kind": "article"} if number % 2 else ACCOUNT),
        }
        for day in DAYS
        for number, notice in enumerate(NOTICES)
    ]


ACCOUNT = {"platform": "mastodon", "author_handle": "@larkhill@town.example", "kind": "post"}
THREAT = "I will be at Larkhill Primary School at 3pm with a knife for Mr Adeyinka"


@pytest.mark.slow
def test_own_posts_never_alert_and_comments_under_them_do(tmp_path: Path) -> None:
    house = Installation(tmp_path, mail_port=1)
    house.write("sources.toml", SOURCE.format(host="larkhillprimary.example"))
    house.edit("schools.toml", r"(?m)^phase = ", 'accounts = ["mastodon:@larkhill@town.example"]\nphase = ')
    assert len(own_posts()) == 100
    _run(house, "own.jsonl", own_posts())
    assert json.loads(house.mentionwatch("cases", "--json").stdout) == []

    comment = {
        "external_id": "c1",
        "source": "our site",
        "kind": "comment",
        "context": "Lockdown drill",
        "text": THREAT,
    }
    fake = {"external_id": "f1", "platform": "x", "author_handle": "@larkhill@town.example", "text": THREAT}
    _run(house, "others.jsonl", [comment, fake])
    cases = json.loads(house.mentionwatch("cases", "--json").stdout)
    assert cases, "what others write under an own post, or under the school's name elsewhere, is heard"
    assert sum(case["post_count"] for case in cases) == 2
    assert all(case["severity"] == "critical" for case in cases)


def _run(house: Installation, name: str, posts: list[dict[str, str]]) -> None:
    house.mentionwatch("ingest", str(house.file(name, posts)))
    for step in ("assess", "triage"):
        house.mentionwatch("step", step)
