"""The service unit and the files beside it, read by systemd's own programs."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "systemd"
UNIT = FOLDER / "mentionwatch.service"
EXPOSURE = 15  # tenths, systemd-analyze's own scale: 0 is shut, 100 is open
SETTING = re.compile(r"^([A-Z]\w+)=(.*)$")


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, capture_output=True, text=True, timeout=60)


def settings() -> list[tuple[str, str, str]]:
    """(the line above, key, value) of every setting."""
    lines = UNIT.read_text(encoding="utf-8").splitlines()
    found = ((above, SETTING.match(line)) for above, line in zip(["", *lines], lines, strict=False))
    return [(above, match[1], match[2]) for above, match in found if match]


def values() -> dict[str, str]:
    return {key: value for _, key, value in settings()}


@pytest.mark.needs("systemd-analyze")
def test_systemd_finds_nothing_to_say_about_the_unit(tmp_path: Path) -> None:
    words = UNIT.read_text(encoding="utf-8")
    # it would look for the program, which is installed on no machine that tests run on
    words = re.sub(r"(?m)^ExecStart=\S+", "ExecStart=/bin/true", words)
    copy = tmp_path / UNIT.name
    copy.write_text(words, encoding="utf-8")
    done = run("systemd-analyze", "verify", "--man=no", "--recursive-errors=no", str(copy))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.needs("systemd-analyze")
def test_little_of_the_machine_is_open_to_it() -> None:
    done = run("systemd-analyze", "security", "--offline=true", f"--threshold={EXPOSURE}", str(UNIT))
    assert done.returncode == 0, done.stdout[-200:]


def test_every_line_of_hardening_says_what_it_denies() -> None:
    lines = UNIT.read_text(encoding="utf-8").splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith("# -- whom"))
    last = lines.index("[Install]")
    for number in range(first, last):
        if SETTING.match(lines[number]):
            above = lines[number - 1]
            assert re.match(r"# \S", above), f"{lines[number]}: no comment above"
            assert not above.startswith("# --"), lines[number]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("Type", "notify"),  # notify-reload came with systemd 253, Debian 12 has 252
        ("User", "mentionwatch"),
        ("ProtectSystem", "strict"),
        ("PrivateTmp", "yes"),
        ("NoNewPrivileges", "yes"),
        ("CapabilityBoundingSet", ""),
        ("LimitCORE", "0"),
        ("RestrictAddressFamilies", "AF_INET AF_INET6 AF_UNIX"),
        ("UMask", "0077"),
        ("MemoryMax", "400M"),
        ("MemorySwapMax", "0"),
        ("Restart", "always"),
    ],
)
def test_the_unit_holds_what_was_promised(key: str, value: str) -> None:
    assert values()[key] == value


def test_the_service_is_given_more_time_to_stop_than_it_takes() -> None:
    from monitor.daemon import STOP_WITHIN

    assert int(values()["TimeoutStopSec"]) > STOP_WITHIN


def test_nothing_that_it_may_write_can_be_run() -> None:
    assert {"/var/lib/mentionwatch", "/tmp", "/var/tmp"} <= set(values()["NoExecPaths"].split())


@pytest.mark.needs("systemd-analyze")
def test_the_user_can_be_made(tmp_path: Path) -> None:
    made = run("systemd-sysusers", "--dry-run", f"--root={tmp_path}", str(FOLDER / "mentionwatch.sysusers"))
    assert made.returncode == 0, made.stderr
    assert "user 'mentionwatch'" in made.stderr
    assert "group 'mentionwatch-intake'" in made.stderr


@pytest.mark.needs("systemd-analyze")
def test_the_folders_are_made_closed(tmp_path: Path) -> None:
    us, ours = str(os.getuid()), str(os.getgid())
    lines = (FOLDER / "mentionwatch.tmpfiles").read_text(encoding="utf-8").splitlines()
    rules = [line.split() for line in lines if line and not line.startswith("#")]
    # owners who exist here: only root can give folders away, and nobody is called mentionwatch
    for rule in rules:
        rule[3:5] = [us, ours] if rule[0] == "d" else ["-", "-"]
    copy = tmp_path / "mentionwatch.conf"
    copy.write_text("".join(" ".join(rule) + "\n" for rule in rules), encoding="utf-8")
    root = tmp_path / "root"
    root.mkdir()
    for _ in range(2):  # the second time, as at every boot, nothing is to do
        made = run("systemd-tmpfiles", "--create", f"--root={root}", str(copy))
        assert made.returncode == 0, made.stderr
    modes = {path: (root / path[1:]).stat().st_mode & 0o7777 for kind, path, *_ in rules if kind == "d"}
    assert modes == {
        "/etc/mentionwatch": 0o2750,
        "/etc/mentionwatch/credentials": 0o700,
        "/var/lib/mentionwatch": 0o700,
        "/var/spool/mentionwatch": 0o3730,
    }
    assert (root / "etc/mentionwatch/data").readlink() == Path("/var/lib/mentionwatch")
