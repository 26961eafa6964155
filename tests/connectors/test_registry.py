"""Which connectors there are: ours by a table, outside ones by entry point, and what is refused."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import connectors
from connectors import KINDS, RefusedConnector, UnknownKind, connector, kinds, shadows

GOOD = """
from datetime import timedelta
from connectors.base import Batch, Options

class Empty(Options):
    pass

class Carrier:
    kind = "{kind}"
    options = Empty
    expected_every = timedelta(days=1)
    default_every = timedelta(hours=1)
    access = "{access}"

    def fetch(self, options, cursor, http, *, limit, now):
        return Batch(unchanged=True)
"""


class Packages:
    """Installs invented packages into a folder that Python looks through."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.modules: list[str] = []

    def install(self, package: str, kind: str, source: str) -> None:
        module = f"{package.replace('-', '_')}_for_tests"
        about = self.folder / f"{package.replace('-', '_')}-1.dist-info"
        about.mkdir()
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1\n")
        (about / "entry_points.txt").write_text(f"[{connectors.GROUP}]\n{kind} = {module}:Carrier\n")
        (self.folder / f"{module}.py").write_text(source)
        self.modules.append(module)


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Packages]:
    monkeypatch.syspath_prepend(tmp_path)
    packages = Packages(tmp_path)
    yield packages
    for module in packages.modules:
        sys.modules.pop(module, None)


def carrier(kind: str, access: str = "public-unauthenticated") -> str:
    return GOOD.format(kind=kind, access=access)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_ours_load_and_carry_their_name(kind: str) -> None:
    assert connector(kind).kind == kind


def test_unknown_kinds_are_refused_with_the_known_ones() -> None:
    with pytest.raises(UnknownKind, match=r"'fede'.*feed, .*report"):
        connector("fede")


def test_importing_the_table_imports_no_connector() -> None:
    code = (
        "import sys, connectors; connectors.kinds(); "
        "assert not {'connectors.feed', 'feedparser', 'httpx', 'pydantic'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_an_outside_connector_is_loaded_when_asked_for(packages: Packages) -> None:
    packages.install("carrier-one", "pigeon", carrier("pigeon"))
    assert "pigeon" in kinds()
    assert packages.modules[0] not in sys.modules
    assert connector("pigeon").kind == "pigeon"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (carrier("pigeon", access="logged-in"), "'logged-in'"),
        (carrier("dove"), "calls itself 'dove'"),
        (carrier("pigeon").replace("(Options)", ""), "options"),
        (carrier("pigeon").replace("timedelta(days=1)", "1"), "expected_every"),
        (carrier("pigeon").replace("def fetch", "def fecht"), "no fetch"),
        ("raise RuntimeError('secret words')", "RuntimeError"),
        ("x = 1", "AttributeError"),
    ],
)
def test_outside_connectors_that_are_not_right_are_refused(
    packages: Packages, source: str, said: str
) -> None:
    packages.install("carrier-two", "pigeon", source)
    with pytest.raises(RefusedConnector, match=said) as refusal:
        connector("pigeon")
    assert "carrier-two" in str(refusal.value)
    assert "secret" not in str(refusal.value)


def test_an_outside_connector_cannot_take_the_place_of_ours(packages: Packages) -> None:
    packages.install("carrier-three", "feed", carrier("feed"))
    assert type(connector("feed")).__module__ == "connectors.feed"
    (sentence,) = shadows()
    assert "'feed'" in sentence
    assert "carrier-three" in sentence


def test_two_packages_with_one_kind_are_refused(packages: Packages) -> None:
    packages.install("carrier-four", "pigeon", carrier("pigeon"))
    packages.install("carrier-five", "pigeon", carrier("pigeon"))
    with pytest.raises(RefusedConnector, match="carrier-five, carrier-four"):
        connector("pigeon")
