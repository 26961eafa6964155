"""From answers to a configuration: every example loads, faults name the answers' line, nothing is overwritten."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict

from config.answers import write_from_answers
from config.drafts import NAMES as DRAFTS
from config.load import FILES, ConfigError, load
from config.settings import Settings

EXAMPLES = Path(__file__).parents[2] / "examples"
NAMES = ("primary", "secondary", "trust", "northern-ireland", "wales")


class Feed(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str
    platform: str


class Report(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    folder: Path


KINDS: dict[str, type[BaseModel]] = {"feed": Feed, "report": Report}


def answers_of(name: str) -> Path:
    return EXAMPLES / name / "answers.toml"


def settings_of(name: str, folder: Path) -> Settings:
    write_from_answers(answers_of(name), folder, KINDS.get)
    return load(folder, KINDS.get)


def test_the_examples_are_the_five_that_are_promised() -> None:
    assert sorted(p.parent.name for p in EXAMPLES.glob("*/answers.toml")) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_an_example_becomes_a_configuration_that_loads(name: str, tmp_path: Path) -> None:
    settings = settings_of(name, tmp_path / "new" / "config")
    assert settings.gates.missing == ()
    assert settings.email is not None
    assert (settings.email.host, settings.email.port, settings.email.security) == ("127.0.0.1", 8025, "none")
    assert settings.email.password is None
    assert {source.kind for source in settings.sources} == {"feed", "report"}
    assert any(source.own for source in settings.sources)
    assert any(not source.own for source in settings.sources)
    for school in settings.schools:
        assert school.staff
        for route in settings.pack.routes:
            assert settings.told(school.key, route), (school.key, route)
    drops = [s.options.folder for s in settings.sources if isinstance(s.options, Report)]
    assert drops
    assert all(drop.is_dir() and settings.folder in drop.parents for drop in drops)
    unlinked = [w for w in settings.warnings if "has the name of a member of staff" in w]
    assert unlinked == []


@pytest.mark.parametrize("name", NAMES)
def test_an_example_is_invented_and_holds_no_secret(name: str) -> None:
    text = answers_of(name).read_text(encoding="utf-8")
    assert "credential" not in text
    assert not re.search(r"(?i)password|token", text)
    hosts = set(re.findall(r"@([a-z0-9.-]+)\"", text)) | set(re.findall(r"https?://([^/:\"]+)", text))
    assert all(host.endswith(".example") or host == "127.0.0.1" for host in hosts), hosts
    phones = re.findall(r'phone = "([^"]+)"', text)
    assert phones
    drama = r"01632 960\d{3}|07700 900\d{3}|028 9649 6\d{3}|029 2018 0\d{3}"  # Ofcom's numbers for drama
    assert all(re.fullmatch(drama, phone) for phone in phones), phones


@pytest.mark.parametrize("name", NAMES)
def test_what_was_answered_is_what_is_loaded(name: str, tmp_path: Path) -> None:
    settings = settings_of(name, tmp_path)
    answers = tomllib.loads(answers_of(name).read_text(encoding="utf-8"))
    for part, file in (("schools", "schools.toml"), ("source", "sources.toml"), ("person", "people.toml")):
        written = tomllib.loads((tmp_path / file).read_text(encoding="utf-8"))
        assert (written if part == "schools" else written[part]) == answers[part]
    assert settings.pack.title == answers["policy"]["title"]
    assert settings.pack.jurisdiction == answers["policy"]["jurisdiction"] == settings.schools[0].jurisdiction
    assert settings.pack.approved_on == answers["policy"]["approved_on"]
    assert [school.key for school in settings.schools] == list(answers["schools"])


def test_the_policy_keeps_the_words_of_its_pack(tmp_path: Path) -> None:
    settings = settings_of("primary", tmp_path)
    text = (tmp_path / "policy.toml").read_text(encoding="utf-8")
    assert text.startswith("# Larkhill Primary School's social media policy, as a pack.")
    assert '"?"' not in text.split("[roles]\n")[1]
    assert (settings.pack.id, settings.pack.version) == ("larkhill-primary", "1.0.0")


def test_in_a_trust_a_post_about_a_head_goes_to_the_chief_executive(tmp_path: Path) -> None:
    settings = settings_of("trust", tmp_path)
    for school in ("eastmarsh", "westmarsh"):
        assert [p.id for p in settings.told(school, "subject_is_headteacher")] == ["ceo"]
    own = {settings.told(school, "child_at_risk")[0].id for school in ("saltmarsh", "eastmarsh", "westmarsh")}
    assert len(own) == 3, "no school inherits the child protection person of a sister school"


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "people.toml").write_text("# by hand\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="is not overwritten") as caught:
        write_from_answers(answers_of("primary"), tmp_path)
    assert [fault.file for fault in caught.value.faults] == [str(tmp_path / "people.toml")]
    assert [p.name for p in tmp_path.iterdir()] == ["people.toml"]
    assert (tmp_path / "people.toml").read_text(encoding="utf-8") == "# by hand\n"


def test_a_second_init_names_every_file_that_is_there(tmp_path: Path) -> None:
    written = write_from_answers(answers_of("wales"), tmp_path)
    drafted = [f"{name}.md" for name in DRAFTS]
    assert [path.name for path in written] == [*FILES, *drafted]
    with pytest.raises(ConfigError) as caught:
        write_from_answers(answers_of("wales"), tmp_path)
    assert len(caught.value.faults) == len(FILES)


def test_a_file_in_the_folders_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("", encoding="utf-8")
    with pytest.raises(ConfigError, match="name a folder"):
        write_from_answers(answers_of("primary"), tmp_path / "config")


@pytest.mark.parametrize(
    ("old", "new", "where", "words"),
    [
        ("port = 8025", 'port = "8025"', "port =", "'port' must be a whole number"),
        ('every = "30m"', 'evry = "30m"', "evry", "did you mean 'every'?"),
        ('headteacher = "head"', 'headteacher = "haed"', "haed", "there is no person 'haed'"),
        ('{ id = "venn"', '{ idd = "venn"', 'idd = "venn"', "unknown key 'staff[1].idd'; did you mean 'id'?"),
        ('pack = "larkhill-primary"', 'pack = "larkhil"', "pack =", "did you mean 'larkhill-primary'?"),
        ('pack = "larkhill-primary"', "", "[policy]", ""),
        ('school_type = "community"', 'shcool_type = "community"', "shcool", "did you mean 'school_type'?"),
        ("[gates.dpia]", "[gate.dpia]", "[gate.dpia]", "unknown key 'gate'; did you mean 'gates'?"),
        ('jurisdiction = "england"', 'jurisdiction = "northern_ireland"', "_ireland", "'northern-ireland'?"),
        ("security =", 'token = "x"\nsecurity =', "token", "stands here in plain text"),
    ],
)
def test_a_wrong_answer_names_its_line_and_writes_nothing(
    old: str, new: str, where: str, words: str, tmp_path: Path
) -> None:
    text = answers_of("primary").read_text(encoding="utf-8")
    assert old in text
    text = text.replace(old, new, 1)
    answers = tmp_path / "mine.toml"
    answers.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        write_from_answers(answers, tmp_path / "config", KINDS.get)
    line = text[: text.index(where)].count("\n") + 1
    if words:
        assert [f for f in caught.value.faults if f.line == line and words in f.message], str(caught.value)
    assert {fault.file for fault in caught.value.faults} == {"mine.toml"}
    assert not (tmp_path / "config").exists()


def test_a_folder_that_can_not_be_made_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(ConfigError, match="can not be written here"):
        write_from_answers(answers_of("primary"), tmp_path / "file" / "config")


def test_a_half_written_configuration_is_taken_away(tmp_path: Path) -> None:
    text = answers_of("primary").read_text(encoding="utf-8")
    answers = tmp_path / "mine.toml"
    answers.write_text(text.replace('"reports/larkhill"', '"people.toml"'), encoding="utf-8")
    with pytest.raises(ConfigError, match="can not be written here"):
        write_from_answers(answers, tmp_path / "config")
    assert not [path for path in (tmp_path / "config").iterdir() if path.is_file()]


def test_missing_answers_are_a_fault(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        write_from_answers(tmp_path / "absent.toml", tmp_path / "config")


def test_the_folder_of_secrets_is_closed_to_others(tmp_path: Path) -> None:
    write_from_answers(answers_of("primary"), tmp_path / "config")
    assert (tmp_path / "config" / "secrets").stat().st_mode & 0o077 == 0
    assert (tmp_path / "config" / "calendars").is_dir()


def test_a_named_secret_stays_a_name(tmp_path: Path) -> None:
    text = answers_of("primary").read_text(encoding="utf-8")
    text = text.replace(
        "[alerts]", 'username = "u"\npassword = { credential = "smtp_password" }\n\n[alerts]', 1
    )
    answers = tmp_path / "mine.toml"
    answers.write_text(text, encoding="utf-8")
    write_from_answers(answers, tmp_path / "config")
    written = (tmp_path / "config" / "mentionwatch.toml").read_text(encoding="utf-8")
    assert 'password = {credential = "smtp_password"}' in written
    settings = load(tmp_path / "config", KINDS.get)
    assert settings.email is not None
    assert settings.email.password is not None
    assert settings.email.password.file == tmp_path / "config" / "secrets" / "smtp_password"
