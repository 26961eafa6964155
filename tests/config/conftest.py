"""A small invented configuration, and a way to write it with one thing changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict

from config.load import load
from config.packfile import shipped
from config.settings import Settings

TODAY = date(2026, 11, 20)

MAIN = """\
[service]
contact = "office@brindleford.example"

[email]
host = "127.0.0.1"
port = 8025
security = "none"
sender = "alerts@brindleford.example"
"""

SCHOOLS = """\
[brindle]
name = "Brindleford Primary School"
aliases = ["Brindleford"]
places = ["Brindleford"]
staff = [
  { id = "amble", name = "Constance Amble", title = "Mrs", role = "Headteacher", told_on = 2026-09-02 },
  { id = "trott", name = "Wilfred Trott", title = "Mr", role = "Teacher", told_on = 2026-09-02 },
]
"""

SOURCES = """\
[[source]]
name = "own news"
kind = "feed"
school = "brindle"
every = "30m"
own = true
url = "https://www.brindleford.example/feed"

[[source]]
name = "handed in"
kind = "report"
folder = "reports"
"""

PEOPLE = """\
[[person]]
id = "head"
name = "Constance Amble"
email = "head@brindleford.example"
staff = "amble"

[[person]]
id = "cp"
name = "Jocelyn Marl"
email = "cp@brindleford.example"

[[person]]
id = "deputy"
name = "Edmund Sorrel"
email = "deputy@brindleford.example"

[[person]]
id = "chair"
name = "Beatrix Fenn"
email = "chair@brindleford.example"

[roles.brindle]
headteacher = "head"
child_protection_person = "cp"
deputy_child_protection_person = "deputy"
chair_of_governors = "chair"
designated_person = "head"
deputy_designated_person = "deputy"
data_protection_officer = "chair"
whistleblowing_officer = "chair"
equality_lead = "none"
communications_officer = "none"
"""

POLICY = (
    shipped("larkhill-primary")
    .decode()
    .replace('approved_on = "?"', "approved_on = 2026-09-01")
    .replace('review_due = "?"', "review_due = 2027-09-01")
    .replace('= "?"', '= "per school"')
)

FILES: Mapping[str, str] = {
    "mentionwatch.toml": MAIN,
    "schools.toml": SCHOOLS,
    "sources.toml": SOURCES,
    "people.toml": PEOPLE,
    "policy.toml": POLICY,
}


class FeedOptions(BaseModel):
    """What a feed connector would declare."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str
    platform: str = "news"
    own_site: bool = False
    token: Callable[[], str] | None = None


class ReportOptions(BaseModel):
    """What the report folder would declare."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    folder: Path


def options_of(kind: str) -> type[BaseModel] | None:
    kinds: dict[str, type[BaseModel]] = {"feed": FeedOptions, "report": ReportOptions}
    return kinds.get(kind)


class Folder:
    """A configuration folder in the making."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.files = dict(FILES)

    def swap(self, file: str, old: str, new: str) -> Folder:
        """Replace one passage, which must be there, so that a table row can not rot in silence."""
        assert self.files[file].count(old) >= 1, f"{old!r} is not in {file}"
        self.files[file] = self.files[file].replace(old, new, 1)
        return self

    def line(self, file: str, passage: str) -> int:
        """Line on which a passage of a file stands."""
        before, found, _ = self.files[file].partition(passage)
        assert found, f"{passage!r} is not in {file}"
        return before.count("\n") + 1

    def load(self) -> Settings:
        for name, text in self.files.items():
            (self.path / name).write_text(text, encoding="utf-8")
        return load(self.path, options_of, kinds=("feed", "report"), today=TODAY)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)
