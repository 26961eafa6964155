"""Nobody is searched for and nobody is watched as a person: refusals 5 to 8, and 9 where it meets the tables.

Read from the commands as they are offered, the tables as they are made, and the settings as they load.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from installation import ROOT, Installation

from config.people import Person
from config.schools import StaffMember
from monitor.cli import app
from monitor.records import metadata

PACKAGES = ("config", "connectors", "monitor", "nlp")


def sources(*packages: str) -> Iterator[tuple[str, ast.Module]]:
    for package in packages:
        for file in sorted((ROOT / package).rglob("*.py")):
            yield str(file.relative_to(ROOT)), ast.parse(file.read_text(encoding="utf-8"))


def texts(tree: ast.AST) -> set[str]:
    return {n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)}


def requirements() -> set[str]:
    """Every distribution that a running installation holds, direct or not."""
    words = (ROOT / "requirements" / "run.txt").read_text(encoding="utf-8")
    return {name.lower() for name in re.findall(r"(?m)^([A-Za-z0-9._-]+)==", words)}


def commands(group: Any = None, before: str = "") -> dict[str, Any]:
    """Every command by its whole name; Typer's and Click's groups look alike."""
    found: dict[str, Any] = {}
    for name, command in (group or typer.main.get_command(app)).commands.items():
        inner = hasattr(command, "commands")
        found |= commands(command, f"{before}{name} ") if inner else {before + name: command}
    return found


# --- 5, 6 and 7: nobody is searched for, nobody is watched as a person ----------------------------

FINDS = re.compile(
    r"search|find|lookup|look-up|query|author|handle|profile|applicant|candidate|vet|background"
)
OF_READERS = {"as_person", "person", "as", "who", "by"}  # one of people.toml, who reads or signs


@pytest.mark.refusal(5)
@pytest.mark.refusal(6)
@pytest.mark.pbd("PBD-08", "PBD-10")
def test_5_6_no_command_and_no_option_looks_for_a_person() -> None:
    """Breaks when a command or option is called after searching, authors, handles, profiles or applicants."""
    found = commands()
    assert {"check", "ingest", "show"} <= set(found)
    for name, command in found.items():
        assert not FINDS.search(name), name
        for parameter in command.params:
            words = " ".join([parameter.name or "", *parameter.opts])
            assert parameter.name in OF_READERS or not FINDS.search(words.casefold()), f"{name} {words}"


@pytest.mark.refusal(5)
@pytest.mark.pbd("PBD-08")
def test_5_nothing_kept_can_be_searched_by_words_or_author() -> None:
    """Breaks with a full-text index, a LIKE, or a condition on who wrote something."""
    assert not [t for t in metadata.tables if re.search(r"fts|search|author|person_index", t)]
    for name, tree in sources("monitor"):
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and node.attr in (
                "like",
                "ilike",
                "icontains",
                "regexp_match",
            ):
                raise AssertionError(f"{name}:{node.lineno} searches words")
            if isinstance(node, ast.Compare) and re.search(r"\.c\.author_(name|handle)", ast.unparse(node)):
                raise AssertionError(f"{name}:{node.lineno} asks who wrote something")
        for text in texts(tree):
            assert not re.search(r"\bfts[345]\b|\bLIKE '", text), name


@pytest.mark.refusal(5)
@pytest.mark.refusal(9)
@pytest.mark.pbd("PBD-08")
def test_5_9_no_table_column_or_index_is_by_author() -> None:
    """Breaks when a table is keyed by, or a column counts or ranks, those who write."""
    counted = re.compile(
        r"(author|writer|handle|poster|account|profile).*(count|score|rank|seen|first|last|history)"
    )
    for table in metadata.tables.values():
        keys = [*table.primary_key.columns, *(c for index in table.indexes for c in index.columns)]
        assert not [c for c in keys if re.search(r"author|writer|handle|profile", c.name)], table.name
        assert not [c for c in table.columns if counted.search(c.name)], table.name


@pytest.mark.refusal(6)
@pytest.mark.refusal(7)
@pytest.mark.pbd("PBD-10", "PBD-11")
@pytest.mark.parametrize(
    "column",
    ["accounts", "handles", "profile", "email", "photo", "home_town", "facebook", "applied_for", "religion"],
)
def test_6_7_the_staff_register_has_no_column_to_watch_a_person_by(tmp_path: Path, column: str) -> None:
    """Breaks when a member of staff may have an account, address or trait beside role and public name."""
    assert column not in StaffMember.model_fields
    assert column == "email" or column not in Person.model_fields  # where that person's own alerts go
    house = Installation(tmp_path, mail_port=1)
    house.edit("schools.toml", r'id = "moxon",', f'id = "moxon", {column} = "x",')
    done = house.mentionwatch("check", check=False)
    assert done.returncode == 2
    assert column.encode() in done.stderr


@pytest.mark.refusal(6)
@pytest.mark.pbd("PBD-10")
@pytest.mark.parametrize(
    "role", ["Applicant for Year 3 teacher", "Candidate for headteacher", "Job applicant"]
)
def test_6_an_applicant_is_no_watch_term(tmp_path: Path, role: str) -> None:
    """Breaks when somebody who has only applied can be put on the register."""
    house = Installation(tmp_path, mail_port=1)
    house.edit("schools.toml", r'role = "Office"', f'role = "{role}"')
    assert house.mentionwatch("check", check=False).returncode == 2


@pytest.mark.refusal(7)
def test_7_an_approval_does_not_open_it() -> None:
    """Breaks when any switch, gate or field speaks of covert or approved watching of staff."""
    words = re.compile(r"covert|surveil|staff_account|monitor_staff|approved_watch")
    for name, tree in sources("config", "monitor"):
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                fields = [
                    n.target.id
                    for n in node.body
                    if isinstance(n, ast.AnnAssign) and isinstance(n.target, ast.Name)
                ]
                assert not [f for f in (node.name, *fields) if words.search(f.casefold())], name


# --- 8: no device, no browser ---------------------------------------------------------------------

TAPS = {
    *(
        "scapy",
        "pyshark",
        "pcapy",
        "pypcap",
        "dpkt",
        "mitmproxy",
        "pynput",
        "keyboard",
        "mouse",
        "mss",
        "pyautogui",
    ),
    *("browserhistory", "browser-cookie3", "psutil", "python-xlib", "evdev", "netfilterqueue", "pyusb"),
}


@pytest.mark.refusal(8)
def test_8_nothing_listens_to_a_device_or_a_browser() -> None:
    """Breaks with a capturing library, a raw or packet socket, a browser's files, or a wider service unit."""
    assert requirements() & TAPS == set()
    for name, tree in sources(*PACKAGES):
        used = {n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute)}
        assert used & {"AF_PACKET", "SOCK_RAW", "SIO_RCVALL", "AF_NETLINK"} == set(), name
        assert not [
            t for t in texts(tree) if re.search(r"/dev/input|places\.sqlite|Chrome/|\.mozilla|/etc/hosts", t)
        ]
    unit = (ROOT / "systemd/mentionwatch.service").read_text()
    for line in (
        "CapabilityBoundingSet=",
        "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX",
        "PrivateDevices=yes",
        "ProtectHome=yes",
        "ProtectProc=invisible",
    ):
        assert line in unit.splitlines()
