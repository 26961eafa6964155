"""Wrong configurations: the exact file, line and words; and all of them at once."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from config.load import ConfigError, load, load_schools

# file, what stands there, what is written instead, where the fault is seen (a passage), words
WRONG = [
    (
        "mentionwatch.toml",
        "port = 8025",
        'port = "8025"',
        "port",
        "'port' must be a whole number, without quotes",
    ),
    ("mentionwatch.toml", "port = 8025", "port = 80250", "port", "'port' must be at most 65535"),
    ("mentionwatch.toml", "host = ", "hots = ", "hots", "unknown key 'hots'; did you mean 'host'?"),
    ("mentionwatch.toml", "host = ", "hots = ", "[email]", "'host' is missing; add a line host = …"),
    (
        "mentionwatch.toml",
        "127.0.0.1",
        "mail.brindleford.example",
        "[email]",
        "plain text to mail.brindleford.example",
    ),
    ("mentionwatch.toml", '"none"', '"startls"', "security", "did you mean 'starttls'?"),
    ("mentionwatch.toml", "[email]", "[mail]", "[mail]", "unknown key 'mail'; did you mean 'email'?"),
    (
        "mentionwatch.toml",
        "office@",
        "office-",
        "contact",
        "'office-brindleford.example' is not an e-mail address",
    ),
    ("mentionwatch.toml", "[email]", 'timezone = "London"\n[email]', "timezone", "write Europe/London"),
    (
        "mentionwatch.toml",
        "[email]",
        'allow_hosts = ["a:1", "b"]\n[email]',
        '"b"',
        "'b' is not a host and a port",
    ),
    (
        "mentionwatch.toml",
        "[email]",
        'console_url = "school.example"\n[email]',
        "console_url",
        "begins with https://",
    ),
    (
        "mentionwatch.toml",
        "[email]",
        "console_from_home = 1\n[email]",
        "console_from_home",
        "must be true or false",
    ),
    (
        "mentionwatch.toml",
        "[email]",
        'database = "postgresql://u:pw@h/d"\n[email]',
        "database",
        "a password stands in",
    ),
    (
        "mentionwatch.toml",
        "[email]",
        'database = "state.db"\n[email]',
        "database",
        "is not a database address",
    ),
    (
        "mentionwatch.toml",
        "port = 8025",
        'password = "hunter2"',
        "password",
        'write password = { credential = "NAME" }',
    ),
    (
        "mentionwatch.toml",
        "port = 8025",
        'password = { credential = "a/b" }',
        "password",
        "a secret is named by letters",
    ),
    (
        "mentionwatch.toml",
        "port = 8025",
        'password = { credential = "p" }',
        "[email]",
        "username and password belong",
    ),
    ("mentionwatch.toml", "[email]", "[gates.dpia]\ndate = 2026\n[email]", "date =", "2026 is not a date"),
    (
        "mentionwatch.toml",
        "[email]",
        "[gates.dpai]\ndate = 2026-01-01\n[email]",
        "[gates.dpai]",
        "did you mean 'dpia'?",
    ),
    (
        "mentionwatch.toml",
        "[email]",
        '[alerts]\nfrom_severity = "hihg"\n[email]',
        "hihg",
        "did you mean 'high'?",
    ),
    ("schools.toml", 'id = "trott"', 'id = "amble"', "[brindle]", "two members of staff have the id 'amble'"),
    ("schools.toml", 'id = "trott"', 'id = "Mr T"', "Mr T", "'staff[2].id': 'Mr T' is not a short id"),
    (
        "schools.toml",
        'title = "Mr"',
        'tilte = "Mr"',
        "tilte",
        "unknown key 'staff[2].tilte'; did you mean 'title'?",
    ),
    (
        "schools.toml",
        'places = ["Brindleford"]',
        'places = "Brindleford"',
        "places",
        "'places' must be a list",
    ),
    (
        "schools.toml",
        "places",
        'jurisdiction = "northern_ireland"\nplaces',
        "_ire",
        "did you mean 'northern-ireland'?",
    ),
    (
        "schools.toml",
        "[brindle]",
        'name = "lost"\n[brindle]',
        "lost",
        "'name' stands outside a school's table",
    ),
    ("schools.toml", "aliases", "alaises", "alaises", "did you mean 'aliases'?"),
    ("sources.toml", "every = ", "evry = ", "evry", "unknown key 'evry'; did you mean 'every'?"),
    ("sources.toml", '"30m"', '"half an hour"', "every", "is not a length of time"),
    ("sources.toml", '"30m"', "30", "every", "is not a length of time"),
    (
        "sources.toml",
        'kind = "feed"',
        'kind = "fed"',
        "fed",
        "unknown kind of source 'fed'; did you mean 'feed'?",
    ),
    ("sources.toml", 'kind = "feed"', "", "[[source]]", "'kind' is missing"),
    ("sources.toml", 'school = "brindle"', 'school = "brindel"', "brindel", "did you mean 'brindle'?"),
    (
        "sources.toml",
        '"handed in"',
        '"own news"',
        '"own news"\nkind = "report"',
        "two sources have the name 'own news'",
    ),
    ("sources.toml", "folder = ", "foldre = ", "foldre", "unknown key 'foldre'; did you mean 'folder'?"),
    ("sources.toml", "own = true", 'own = "yes"', "own = ", "'own' must be true or false"),
    ("sources.toml", "own = true", 'token = "abc"', "token", "'token' stands here in plain text"),
    (
        "sources.toml",
        "[[source]]",
        "[[sources]]",
        "[[sources]]",
        "unknown key 'sources'; did you mean 'source'?",
    ),
    ("people.toml", 'staff = "amble"', 'staff = "ambel"', "ambel", "did you mean 'amble'?"),
    (
        "people.toml",
        'id = "cp"',
        'id = "head"',
        'id = "head"\nname = "Jo',
        "two entries [[person]] have the id 'head'",
    ),
    (
        "people.toml",
        'headteacher = "head"',
        'headteacher = "haed"',
        "haed",
        "there is no person 'haed'; did you mean 'head'?",
    ),
    (
        "people.toml",
        'headteacher = "head"',
        'headteacher = "?"',
        '= "?"',
        "role 'headteacher' is still \"?\"",
    ),
    (
        "people.toml",
        'headteacher = "head"',
        'headteacher = "none"',
        '= "none"',
        "'brindle' has no headteacher",
    ),
    ("people.toml", 'headteacher = "head"', "", "[roles.brindle]", "'brindle' has no headteacher"),
    (
        "people.toml",
        'chair_of_governors = "chair"',
        'chair_of_govs = "chair"',
        "chair_of_govs",
        "'chair_of_governors'?",
    ),
    (
        "people.toml",
        'protection_person = "deputy"',
        'protection_person = "cp"',
        "deputy_child",
        "must be someone else",
    ),
    (
        "people.toml",
        'designated_person = "deputy"',
        'designated_person = "head"',
        "deputy_designated",
        "someone else",
    ),
    ("people.toml", "[roles.brindle]", "[roles.brindel]", "[roles.brindel]", "did you mean 'brindle'?"),
    ("people.toml", "head@", "head ", "email = ", "is not an e-mail address"),
    ("policy.toml", "restricted = true", "restricted = false", "restricted = false", "is always restricted"),
    (
        "policy.toml",
        'headteacher = "per school"',
        'headteacher = "?"',
        'headteacher = "?"',
        "but a route needs it",
    ),
    (
        "policy.toml",
        'press = ["headteacher"]',
        'press = ["headmaster"]',
        "headmaster",
        "did you mean 'headteacher'?",
    ),
    (
        "policy.toml",
        'press = ["headteacher"]',
        'pres = ["headteacher"]',
        "pres =",
        "unknown route 'pres'; did you mean 'press'?",
    ),
    (
        "policy.toml",
        'press = ["headteacher"]',
        'pres = ["headteacher"]',
        "[routes]\nchild",
        "route 'press' is missing",
    ),
    ("policy.toml", 'press = ["headteacher"]', "press = []", "press = []", "route 'press' must list roles"),
    (
        "policy.toml",
        'contact = "lado"',
        'contact = "ladoo"',
        "ladoo",
        "there is no contact 'ladoo'; did you mean 'lado'?",
    ),
    ("policy.toml", "Thank them.", "Say that it is libel.", "libel", "a step may not say 'libel'"),
    (
        "policy.toml",
        "[notice]\nrequired = true",
        "[notice]\nrequired = false",
        "required = false",
        "must be true",
    ),
    ("policy.toml", "max_months = 12", "max_months = 18", "max_months", "needs dpia_reference"),
    ("policy.toml", "non_actionable_days = 30", "non_actionable_days = 31", "non_action", "must be 1 to 30"),
    (
        "policy.toml",
        '"police_if_threatening", ',
        "",
        "options = ",
        "options must also hold police_if_threatening",
    ),
    (
        "policy.toml",
        "[retention]",
        "[retentoin]",
        "[retentoin]",
        "unknown section [retentoin]; did you mean 'retention'?",
    ),
    (
        "policy.toml",
        "[escalation.low]",
        "[escalation.lo]",
        "[escalation.lo]",
        "unknown severity 'lo'; did you mean 'low'?",
    ),
    (
        "policy.toml",
        "[paths.press]",
        "[paths.pres]",
        "[paths.pres]",
        "unknown path 'pres'; did you mean 'press'?",
    ),
    (
        "policy.toml",
        'school_type = "community"',
        'school_type = "?"',
        "school_type",
        "'school_type' is still \"?\"",
    ),
    (
        "policy.toml",
        "Larkhill Primary School: what",
        "[School]: what",
        "title = ",
        "holds the placeholder [School]",
    ),
    (
        "policy.toml",
        'jurisdiction = "england"',
        'jurisdiction = "wales"',
        "jurisdiction",
        "'brindle' is in england",
    ),
    ("policy.toml", 'version = "1.0.0"', "", "[pack]", "'version' is missing"),
]


@pytest.mark.parametrize(("file", "old", "new", "where", "words"), WRONG)
def test_a_wrong_line_is_found_and_explained(
    folder: Any, file: str, old: str, new: str, where: str, words: str
) -> None:
    folder.swap(file, old, new)
    with pytest.raises(ConfigError) as caught:
        folder.load()
    line = folder.line(file, where)
    assert [f for f in caught.value.faults if f.file == file and f.line == line and words in f.message], str(
        caught.value
    )
    assert len(caught.value.faults) <= 3, "one slip must not bury its reader"
    assert "hunter2" not in str(caught.value)


def test_criticism_is_never_removed(folder: Any) -> None:
    path = folder.files["policy.toml"].index("[paths.legitimate_complaint]")
    head, tail = folder.files["policy.toml"][:path], folder.files["policy.toml"][path:]
    folder.files["policy.toml"] = head + tail.replace("removal_option = false", "removal_option = true", 1)
    with pytest.raises(ConfigError, match="criticism is never removed"):
        folder.load()


def test_all_faults_of_all_files_are_told_at_once_in_order(folder: Any) -> None:
    folder.swap("mentionwatch.toml", "port = 8025", 'port = "x"')
    folder.swap("schools.toml", "aliases", "alias")
    folder.swap("sources.toml", "evry" if "evry" in folder.files["sources.toml"] else "every", "evry")
    folder.swap("people.toml", 'headteacher = "head"', 'headteacher = "?"')
    folder.swap("policy.toml", "max_months = 12", "max_months = 99")
    with pytest.raises(ConfigError) as caught:
        folder.load()
    files = [fault.file for fault in caught.value.faults]
    assert files == ["mentionwatch.toml", "people.toml", "policy.toml", "schools.toml", "sources.toml"]
    assert str(caught.value).splitlines()[4] == "sources.toml:5: unknown key 'evry'; did you mean 'every'?"


@pytest.mark.parametrize(
    "absent", ["mentionwatch.toml", "schools.toml", "sources.toml", "people.toml", "policy.toml"]
)
def test_a_missing_file_is_one_fault(folder: Any, absent: str) -> None:
    del folder.files[absent]
    with pytest.raises(ConfigError) as caught:
        folder.load()
    assert [(f.file, f.line) for f in caught.value.faults] == [(absent, None)]
    assert "run: mentionwatch init" in str(caught.value)


def test_a_missing_folder_says_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no such folder"):
        load(tmp_path / "absent", lambda kind: None)


def test_a_right_configuration_loads_with_its_values(folder: Any) -> None:
    settings = folder.load()
    assert settings.folder == folder.path
    assert settings.service.data_dir == folder.path / "data"
    assert settings.service.database_url() == f"sqlite:///{folder.path}/data/mentionwatch.db"
    news, report = settings.sources
    assert (news.every, news.own, news.school) == (timedelta(minutes=30), True, "brindle")
    assert (news.options.url, news.options.own_site) == ("https://www.brindleford.example/feed", True)
    assert (report.every, report.own, report.school, report.enabled) == (None, False, "", True)
    assert report.options.folder == folder.path / "reports"
    assert settings.people.holder("brindle", "headteacher").id == "head"
    assert settings.people.holder("brindle", "equality_lead") is None
    assert settings.people.holder("nowhere", "headteacher") is None
    assert settings.alerts.from_severity == "medium"
    assert len(settings.pack.sha256) == 64


def test_gates_hold_back_strangers_and_not_the_schools_own(folder: Any) -> None:
    settings = folder.load()
    assert settings.gates.missing == ("dpia", "notice", "test_message")
    assert [settings.may_poll(source) for source in settings.sources] == [True, False]
    done = 'date = 2026-10-01\nby = "someone"\nplace = "the web site"\n'
    folder.files["mentionwatch.toml"] += "".join(
        f"[gates.{g}]\n{done}" for g in ("dpia", "notice", "test_message")
    )
    settings = folder.load()
    assert settings.gates.missing == ()
    assert all(settings.may_poll(source) for source in settings.sources)


def test_a_credential_reaches_the_connector_unread(folder: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.swap("sources.toml", "own = true", 'own = true\ntoken = { credential = "feed_token" }')
    settings = folder.load()
    monkeypatch.setenv("MENTIONWATCH_FEED_TOKEN", "hush")
    assert settings.sources[0].options.token() == "hush"
    assert "hush" not in repr(settings)


def test_an_example_shaped_schools_file_loads_alone(tmp_path: Path) -> None:
    file = tmp_path / "watch.toml"
    file.write_text(
        '[fern]\nname = "Fernside Trust"\naliases = ["Fernside"]\nplaces = []\npostcode = "ZE1 1XX"\n'
        'domains = ["fernside.example"]\nhandles = ["@fernside"]\nhashtags = []\nphase = "trust"\n'
        'schools = ["Upper Fern", "Lower Fern"]\njurisdiction = "northern-ireland"\n'
        'staff = [\n  { id = "a", name = "Una O\'Fern", title = "Dr", role = "Chief", aliases = [] },\n]\n'
        '[glade]\nname = "Glade School"\n',
        encoding="utf-8",
    )
    fern, glade = load_schools(file)
    assert (fern.key, fern.jurisdiction, fern.schools, fern.staff[0].name) == (
        "fern", "northern-ireland", ("Upper Fern", "Lower Fern"), "Una O'Fern",
    )  # fmt: skip
    assert (glade.jurisdiction, glade.staff, glade.is_trust) == ("england", (), False)


def test_a_wrong_schools_file_names_its_own_name(tmp_path: Path) -> None:
    file = tmp_path / "watch.toml"
    file.write_text('[fern]\nnmae = "Fernside"\n', encoding="utf-8")
    with pytest.raises(ConfigError, match=r"watch.toml:2: unknown key 'nmae'; did you mean 'name'\?"):
        load_schools(file)
