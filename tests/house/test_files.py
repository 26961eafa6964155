"""What every file of the repository keeps to: size, no machine's paths, no registry, hashes, mirrored tests."""

from __future__ import annotations

import re
import statistics
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("config", "connectors", "monitor", "nlp")
SKIPPED = {".venv", ".git", "__pycache__", "build", "dist", ".hypothesis", ".mypy_cache", ".ruff_cache"}
LONGEST = 500  # lines
TYPICAL = 150
APART = {
    "contract",
    "house",
    "journey",
    "real",
    "privacy",
}  # test folders that stand for a promise, not a package
NOT_OURS = (
    re.compile(r"/wo" + r"rk/[a-z.]"),
    re.compile(r"--(?:extra-)?index" + r"-url|--find" + r"-links|py" + r"pi\.org|pythonhosted" + r"\.org"),
)


def repository() -> list[Path]:
    """Every file that is or would be committed; git knows what is ignored."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listed.returncode == 0:
        return [
            ROOT / name for name in listed.stdout.decode().split("\0") if name and (ROOT / name).is_file()
        ]
    return [f for f in ROOT.rglob("*") if f.is_file() and not SKIPPED & set(f.relative_to(ROOT).parts)]


FILES = repository()


def lines(file: Path) -> int:
    return file.read_text(encoding="utf-8").count("\n")


def test_no_source_file_is_long() -> None:
    sources = [f for f in FILES if f.suffix == ".py"]
    assert sources
    assert {str(f.relative_to(ROOT)): lines(f) for f in sources if lines(f) > LONGEST} == {}


def test_files_are_short_as_a_rule() -> None:
    ours = [f for f in FILES if f.suffix == ".py" and f.relative_to(ROOT).parts[0] in PACKAGES]
    assert statistics.median(map(lines, filter(lines, ours))) <= TYPICAL


def test_nothing_names_a_machine_or_a_registry() -> None:
    found = []
    for file in FILES:
        try:
            words = file.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [(str(file.relative_to(ROOT)), m[0]) for wanted in NOT_OURS for m in wanted.finditer(words)]
    assert found == []


@pytest.mark.parametrize("name", ["build.txt", "dev.txt", "run.txt"])
def test_requirements_are_pinned_with_hashes(name: str) -> None:
    words = (ROOT / "requirements" / name).read_text(encoding="utf-8").replace("\\\n", " ")
    entries = [line for line in words.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    assert entries
    for entry in entries:
        assert re.match(r"[A-Za-z0-9._\[\],-]+==\S+(?: ; .*?)? .*--hash=sha256:[0-9a-f]{64}", entry), entry


def test_tests_mirror_the_packages() -> None:
    for file in (ROOT / "tests").rglob("test_*.py"):
        parts = file.relative_to(ROOT / "tests").parts
        if parts[0] in APART:
            continue
        inside = ROOT.joinpath(*parts[:-1])
        home = inside if inside.is_dir() else ROOT / "monitor" / parts[0]
        assert home.is_dir(), f"{file} mirrors no folder of ours"


def test_tests_have_no_packages() -> None:
    assert list((ROOT / "tests").rglob("__init__.py")) == []
