"""The drafts: made from the configuration and nothing else, kept when they change, and easy to read for children."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from config.answers import write_from_answers
from config.drafts import NAMES, drafts, write_drafts
from config.drafts.facts import fingerprint
from config.faults import ConfigError
from config.load import load
from config.settings import Settings, Source
from config.watch import Watch
from monitor.works import options_of

EXAMPLES = Path(__file__).parents[3] / "examples"
TODAY = date(2026, 11, 20)
GOING = ("primary", "secondary", "trust", "northern-ireland", "wales")


def settings_of(name: str, folder: Path) -> Settings:
    write_from_answers(EXAMPLES / name / "answers.toml", folder, options_of, today=TODAY)
    return load(folder, options_of, today=TODAY)


@pytest.fixture
def primary(tmp_path: Path) -> Settings:
    return settings_of("primary", tmp_path / "config")


@pytest.mark.pbd("PBD-03")
@pytest.mark.pbd("PBD-04")
@pytest.mark.parametrize("name", GOING)
def test_init_writes_the_drafts_of_this_very_configuration(name: str, tmp_path: Path) -> None:
    settings = settings_of(name, tmp_path)
    made = drafts(settings)
    assert tuple(made) == NAMES
    for draft, text in made.items():
        assert (tmp_path / "drafts" / f"{draft}.md").read_text(encoding="utf-8") == text
        assert text.endswith(f"---\nConfiguration: {fingerprint(settings)}\n")
        assert all(school.name in text for school in settings.schools)
        assert not re.search(r"\{[{%]|undefined|None|\n\n\n\n", text), draft
    assert re.search(r"[a-z.]+\.example", made["dpia"]), "each source is named with its host"
    everything = "\n".join(made.values())
    for person in settings.people.persons.values():
        assert person.name not in everything
        assert person.email not in everything


def test_the_same_configuration_gives_the_same_words(tmp_path: Path) -> None:
    one, two = settings_of("primary", tmp_path / "one"), settings_of("primary", tmp_path / "two")
    assert drafts(one) == drafts(two)


def source(**changes: Any) -> Source:
    options = options_of("feed")
    assert options is not None
    values = {"name": "new", "kind": "feed", "options": options(url="https://talk.example/feed")}
    return Source(**(values | changes))


@pytest.mark.pbd("PBD-03")
@pytest.mark.parametrize(
    ("change", "marks"),
    [
        (lambda s: {"sources": (*s.sources, source())}, True),
        (lambda s: {"sources": (*s.sources, source(enabled=False))}, False),
        (lambda s: {"watch": Watch(staff_terms=False)}, True),
        (lambda s: {"email": s.email.model_copy(update={"host": "mail.school.example"})}, True),
        (lambda s: {"email": s.email.model_copy(update={"port": 26})}, False),
        (lambda s: {"service": s.service.model_copy(update={"data_dir": Path("/srv")})}, False),
        (lambda s: {"folder": Path("/elsewhere")}, False),
        (lambda s: {"warnings": ("x",)}, False),
        (lambda s: {"schools": tuple(x.model_copy(update={"staff": ()}) for x in s.schools)}, False),
    ],
)
def test_the_mark_changes_with_what_an_assessment_rests_on(
    primary: Settings, change: Any, marks: bool
) -> None:
    changed = primary.model_copy(update=change(primary))
    assert (fingerprint(changed) != fingerprint(primary)) is marks
    assert (drafts(changed) != drafts(primary)) is marks


@pytest.mark.pbd("PBD-03")
def test_a_change_shows_as_a_difference_and_loses_nothing(primary: Settings, tmp_path: Path) -> None:
    assert write_drafts(primary, primary.folder).difference == "", "init has written them"
    dpia = primary.folder / "drafts" / "dpia.md"
    dpia.write_text(dpia.read_text(encoding="utf-8") + "a word of the head\n", encoding="utf-8")
    changed = primary.model_copy(update={"sources": (*primary.sources, source())})
    written = write_drafts(changed, primary.folder)
    assert [p.name for p in written.paths] == [f"{name}.md" for name in NAMES]
    assert "--- dpia.previous.md\n+++ dpia.md\n" in written.difference
    assert "\n+| new | public web feed | talk.example | strangers' |\n" in written.difference
    assert "a word of the head" in dpia.with_name("dpia.previous.md").read_text(encoding="utf-8")
    write_drafts(primary, primary.folder)
    assert "talk.example" in dpia.with_name("dpia.previous-2.md").read_text(encoding="utf-8")
    assert "a word of the head" in dpia.with_name("dpia.previous.md").read_text(encoding="utf-8")


@pytest.mark.pbd("PBD-03")
def test_a_dpia_of_another_configuration_is_asked_about(primary: Settings) -> None:
    file = primary.folder / "mentionwatch.toml"
    words = file.read_text(encoding="utf-8")
    file.write_text(
        words.replace("[gates.notice]", f'hash = "{fingerprint(primary)}"\n\n[gates.notice]'), "utf-8"
    )
    assert load(primary.folder, options_of, today=TODAY).warnings == primary.warnings
    sources = primary.folder / "sources.toml"
    more = '\n[[source]]\nname = "new"\nkind = "feed"\nurl = "https://talk.example/feed"\n'
    sources.write_text(sources.read_text(encoding="utf-8") + more, encoding="utf-8")
    config = load(primary.folder, options_of, today=TODAY)
    (said,) = set(config.warnings) - set(primary.warnings)
    assert (
        f"recorded for another configuration ({fingerprint(primary)}, this one is {fingerprint(config)})"
        in said
    )
    assert all(config.may_poll(source) for source in config.sources), "it asks, and silences nothing"


def test_switches_show_in_every_notice(primary: Settings) -> None:
    on, off = drafts(primary), drafts(primary.model_copy(update={"watch": Watch(staff_terms=False)}))
    assert "You can object" in on["notice-staff"]
    assert "You can object" not in off["notice-staff"]
    assert "It does\nnot look for the name of any member of staff." in off["notice-staff"]
    assert "staff" in on["notice-children"]
    assert "staff" not in off["notice-children"]


@pytest.mark.pbd("PBD-04")
@pytest.mark.parametrize("name", ["notice-staff", "notice-parents"])
def test_a_notice_says_what_it_must(primary: Settings, name: str) -> None:
    text = drafts(primary)[name]
    for needed in (
        "Version of", "published at", "looks for posts", "www.thornwickcourier.example", "Who sees it", "12 months",
        "30 days", "Your rights", "object", "complain to us", "Information Commissioner's Office", "basis",
    ):  # fmt: skip
        assert needed in text, needed


def test_the_basis_follows_the_type_of_school_and_the_school_decides(primary: Settings) -> None:
    state = drafts(primary)["dpia"]
    pack = primary.pack.model_copy(update={"school_type": "independent"})
    independent = drafts(primary.model_copy(update={"pack": pack}))["dpia"]
    assert '"state school" is the one' in state
    assert '"independent school" is the one' in independent
    assert "The school decides." in state


def test_a_name_can_not_break_a_table(primary: Settings) -> None:
    odd = source(name="a | b\n<script>")
    text = drafts(primary.model_copy(update={"sources": (odd,)}))["dpia"]
    assert "| a \\| b &lt;script> | public web feed |" in text


def syllables(word: str) -> int:
    return max(1, len(re.findall(r"[aeiouy]+", re.sub(r"e$", "", word))))


@pytest.mark.pbd("PBD-04")
def test_the_notice_for_children_is_for_children(primary: Settings) -> None:
    text = drafts(primary)["notice-children"].split("## What we do\n")[1].split("---")[0]
    sentences = [
        re.findall(r"[a-z']+", s) for s in re.split(r"[.?!:]\s|^#+ .*$|^- ", text.lower(), flags=re.M)
    ]
    sentences = [words for words in sentences if words]
    words = [word for sentence in sentences for word in sentence]
    assert max(map(len, sentences)) <= 18
    grade = 0.39 * len(words) / len(sentences) + 11.8 * sum(map(syllables, words)) / len(words) - 15.59
    assert grade <= 4, "Flesch-Kincaid grade: to be read at the age of nine"


def test_a_folder_that_can_not_be_written_is_a_fault(primary: Settings, tmp_path: Path) -> None:
    (tmp_path / "drafts").write_text("", encoding="utf-8")
    with pytest.raises(ConfigError, match="can not be written here"):
        write_drafts(primary, tmp_path)


def test_init_takes_its_files_away_when_the_drafts_can_not_be_written(tmp_path: Path) -> None:
    (tmp_path / "drafts").write_text("", encoding="utf-8")
    with pytest.raises(ConfigError, match="can not be written here"):
        write_from_answers(EXAMPLES / "primary" / "answers.toml", tmp_path)
    assert [p.name for p in tmp_path.iterdir() if p.is_file()] == ["drafts"]
