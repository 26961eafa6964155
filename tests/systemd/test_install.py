"""The installer, into a folder of its own: what it puts there, and that what it put there works.

The packages are not fetched again: the Python that the installer is handed makes
virtual environments that see this one's packages, so pip finds every pinned
package satisfied. Our own package is built, installed and run for real.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path

import pytest

CLONE = Path(__file__).resolve().parents[2]
INSTALL = CLONE / "systemd" / "install"
PYTHON = """#!/bin/sh
# a Python whose virtual environments see the packages that are here already
set -eu
if [ "${{1:-}}" != -m ] || [ "${{2:-}}" != venv ]; then exec {python} "$@"; fi
{python} -m venv --without-pip "$3"
echo {packages} >"$3/lib/python{version}/site-packages/here.pth"
"""
PROGRAM_FILES = {
    "etc/systemd/system/mentionwatch.service",
    "etc/sysusers.d/mentionwatch.conf",
    "etc/tmpfiles.d/mentionwatch.conf",
    "usr/local/bin/mentionwatch",
}
DATA_FOLDERS = ("etc/mentionwatch", "var/lib/mentionwatch", "var/spool/mentionwatch")


def run(
    *words: str | Path, cwd: Path, stdin: str = "", environ: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    drop = ("PYTHONPATH", "MENTIONWATCH_CONFIG")
    env = {name: value for name, value in os.environ.items() if name not in drop} | dict(environ or {})
    command = [str(word) for word in words]
    return subprocess.run(command, capture_output=True, text=True, input=stdin, cwd=cwd, env=env, timeout=300)


def python(folder: Path) -> Path:
    """The Python to hand to the installer."""
    program = folder / "python3"
    version = "{}.{}".format(*sys.version_info)
    packages = sysconfig.get_path("purelib")
    program.write_text(PYTHON.format(python=sys.executable, packages=packages, version=version))
    program.chmod(0o755)
    return program


def install(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    done = run(INSTALL, "--root", root, "--python", python(root.parent), *words, cwd=root.parent)
    assert done.returncode == 0, done.stderr
    return done


def remove(root: Path, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return run(INSTALL, "remove", "--root", root, *words, cwd=root.parent, stdin=stdin)


def files(root: Path) -> set[str]:
    """Every file and link outside the program's own folder."""
    found = (path for path in root.rglob("*") if not path.is_dir() or path.is_symlink())
    return {str(path.relative_to(root)) for path in found} - {
        str(path.relative_to(root)) for path in (root / "opt").rglob("*")
    }


def environments(root: Path) -> list[Path]:
    return sorted((root / "opt/mentionwatch").glob("venv.*"))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    made = tmp_path / "root"
    made.mkdir()
    return made


@pytest.mark.slow
def test_what_is_installed_works_without_the_clone(root: Path) -> None:
    before = {path.name for path in CLONE.iterdir()}
    said = install(root).stderr
    assert f"{root}/usr/local/bin/mentionwatch init {root}/etc/mentionwatch" in said
    assert {path.name for path in CLONE.iterdir()} == before  # no build folder, no metadata
    assert files(root) == PROGRAM_FILES | {"etc/mentionwatch/data"}
    for folder in DATA_FOLDERS:
        assert (root / folder).stat().st_mode & 0o007 == 0, folder
    command = root / "usr/local/bin/mentionwatch"
    answers = root / "opt/mentionwatch/examples/primary/answers.toml"
    away = root.parent
    init = run(command, "init", root / "etc/mentionwatch", "--answers", answers, cwd=away)
    assert init.returncode == 0, init.stderr
    check = run(command, "check", "--json", cwd=away)
    assert json.loads(check.stdout)["schools"][0]["key"] == "larkhill", check.stderr
    post = json.dumps({"text": "Mrs Venn at Larkhill Primary is a disgrace and a liar"}) + "\n"
    assess = run(command, "assess", "--schools", root / "etc/mentionwatch/schools.toml", cwd=away, stdin=post)
    assert json.loads(assess.stdout)["mention"] is True, assess.stderr
    demo = run(command, "demo", "--for", "8", cwd=away)
    assert "alert" in demo.stdout + demo.stderr, demo.stderr
    cases = run(command, "cases", "--json", cwd=away)  # makes the database where the unit keeps state
    assert json.loads(cases.stdout) == [], cases.stderr
    assert (root / "var/lib/mentionwatch/mentionwatch.db").exists()
    where = run(
        root / "opt/mentionwatch/current/bin/python",
        "-c",
        "import monitor; print(monitor.__file__)",
        cwd=away,
    )
    assert where.stdout.startswith(str(root)), where.stdout


@pytest.mark.slow
def test_an_upgrade_keeps_what_is_not_its_own_and_removing_too(root: Path) -> None:
    install(root)
    first = environments(root)
    kept = {
        "etc/mentionwatch/mentionwatch.toml": "# ours\n",
        "etc/mentionwatch/credentials/smtp_password": "invented\n",
        "var/lib/mentionwatch/mentionwatch.db": "rows\n",
        "var/spool/mentionwatch/seen.txt": "words\n",
    }
    for name, words in kept.items():
        (root / name).write_text(words, encoding="utf-8")
    said = install(root).stderr
    assert "Next" not in said  # it is configured already
    second = environments(root)
    assert len(second) == 1
    assert second != first
    assert (root / "opt/mentionwatch/current").resolve() == second[0]

    assert remove(root).returncode == 0
    assert files(root) == {*kept, "etc/mentionwatch/data"}
    assert not (root / "opt/mentionwatch").exists()
    assert {name: (root / name).read_text(encoding="utf-8") for name in kept} == kept
    assert remove(root).returncode == 0  # nothing left to remove is no fault


@pytest.mark.slow
def test_a_failed_upgrade_leaves_the_old_program(root: Path, tmp_path: Path) -> None:
    install(root)
    before = environments(root)
    broken = tmp_path / "broken"
    broken.mkdir()
    shim = broken / "python3"
    shim.write_text(
        f'#!/bin/sh\nif [ "$1" = -m ]; then mkdir -p "$3/bin"; exit 1; fi\nexec {sys.executable} "$@"\n'
    )
    shim.chmod(0o755)
    done = run(INSTALL, "--root", root, "--python", shim, cwd=tmp_path)
    assert done.returncode != 0
    assert environments(root) == before
    assert run(root / "usr/local/bin/mentionwatch", "--help", cwd=tmp_path).returncode == 0


@pytest.mark.parametrize(
    ("words", "stdin", "gone"),
    [
        (["--purge"], "yes\n", True),
        (["--purge", "--yes"], "", True),
        (["--purge"], "", False),
        (["--purge"], "y\n", False),
        ([], "yes\n", False),
    ],
)
def test_data_goes_only_when_a_person_is_sure(root: Path, words: list[str], stdin: str, gone: bool) -> None:
    for folder in DATA_FOLDERS:
        (root / folder).mkdir(parents=True)
    unit = root / "etc/systemd/system/mentionwatch.service"
    unit.parent.mkdir(parents=True)
    unit.write_text("", encoding="utf-8")
    done = remove(root, *words, stdin=stdin)
    refused = "--purge" in words and not gone
    assert (done.returncode != 0) == refused, done.stderr
    assert unit.exists() == refused  # all or nothing
    assert [(root / folder).exists() for folder in DATA_FOLDERS] == [not gone] * 3


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--python", "/bin/false"], "/bin/false is not Python 3.11, 3.12 or 3.13."),
        (["--python", "no-such-python"], "no-such-python is not Python"),
        (["--python"], "--python needs a value"),
        (["--force"], "'--force' is not understood."),
        (["install", "remove"], "one of install and remove"),
        (["--purge"], "--purge goes with remove."),
    ],
)
def test_faults_are_sentences(root: Path, words: list[str], sentence: str) -> None:
    done = run(INSTALL, "--root", root, *words, cwd=root)
    assert done.returncode == 1
    assert sentence in done.stderr
    assert list(root.iterdir()) == []


def shims(folder: Path, **programs: str) -> Mapping[str, str]:
    """An environment in which these programs come first."""
    for name, script in programs.items():
        (folder / name).write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        (folder / name).chmod(0o755)
    return {"PATH": f"{folder}:{os.environ['PATH']}"}


def test_who_is_not_root_is_told_so(tmp_path: Path) -> None:
    done = run(INSTALL, cwd=tmp_path, environ=shims(tmp_path, id="echo 1000"))
    assert done.returncode == 1
    assert "needs root; try: sudo" in done.stderr


def test_a_python_without_venv_is_named_with_its_remedy(root: Path, tmp_path: Path) -> None:
    away = f'case "$*" in *ensurepip*) exit 1 ;; esac\nexec {sys.executable} "$@"'
    shims(tmp_path, bare=away)
    done = run(INSTALL, "--root", root, "--python", tmp_path / "bare", cwd=tmp_path)
    assert done.returncode == 1
    assert "apt-get install python3-venv" in done.stderr
    assert list(root.iterdir()) == []


def test_no_python_at_all_is_told_with_its_remedy(root: Path, tmp_path: Path) -> None:
    old = dict.fromkeys(("python3", "python3.11", "python3.12", "python3.13"), "exit 1")
    done = run(INSTALL, "--root", root, cwd=tmp_path, environ=shims(tmp_path, **old))
    assert done.returncode == 1
    assert "Python 3.11, 3.12 or 3.13 was not found" in done.stderr


def test_help_names_every_option(tmp_path: Path) -> None:
    done = run(INSTALL, "--help", cwd=tmp_path)
    assert done.returncode == 0
    for option in ("install", "remove", "--purge", "--yes", "--python", "--postgres", "--root"):
        assert option in done.stdout
