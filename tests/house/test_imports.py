"""Who may import whom, read from the source with `ast`: packages, layers, and no circles."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("config", "connectors", "monitor", "nlp")
STEPS = ("assess", "deliver", "poll", "triage")

# From the ground up; a module imports only what stands on an earlier line, or what is named beside it.
LAYERS: tuple[tuple[str, ...], ...] = (
    ("errors", "records", "notify", "journal", "channels.base", "own", "plainwords", "audit_records"),
    ("cases", "routing", "database", "keys"),
    ("minimise", "settling", "access", "audit"),
    ("words", "accounts"),
    ("candidates", "works", "wording", "channels"),
    ("store", "lookups"),
    ("vault", "erasing", "holds"),
    ("viewing",),
    (*STEPS, "retention", "acting"),
    ("health", "intake", "predict", "dryrun"),
    ("cli_people",),
    ("daemon",),
    ("demo", "cli_sources"),
    ("cli",),
    ("__main__",),
)
WITHIN_A_LAYER: Mapping[str, set[str]] = {
    "records": set(),
    "audit_records": {"records"},
    "channels.email": {"channels.base"},
    "channels.printer": {"channels.base"},
    "channels.slack": {"channels.base"},
    "channels.testing": {"channels.base"},
    "wording.show": {"wording.alert"},
}


def modules(package: str) -> Iterator[tuple[str, Path]]:
    """(dotted name, file) of every module of a package; migrations are loaded by Alembic and stand apart."""
    for file in sorted((ROOT / package).rglob("*.py")):
        parts = file.relative_to(ROOT).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        yield name, file


NAMES = {name for package in PACKAGES for name, _ in modules(package)}
FILES = [(name, file) for package in PACKAGES for name, file in modules(package)]


def imported(file: Path, *, everywhere: bool = True) -> set[str]:
    """Our modules that a file imports; without `everywhere` only those that it imports when it is loaded."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    found: set[str] = set()
    for node in ast.walk(tree) if everywhere else loaded(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: imports are written in full"
            found |= {node.module or ""}
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name for name in found if name in NAMES or name in PACKAGES}


def loaded(tree: ast.Module) -> Iterator[ast.AST]:
    """Statements that run when a module is loaded: not in functions, not under TYPE_CHECKING."""
    waiting: list[ast.AST] = list(tree.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            continue
        yield node
        waiting += ast.iter_child_nodes(node)


@pytest.mark.parametrize(("name", "file"), FILES, ids=[name for name, _ in FILES])
def test_packages_keep_apart(name: str, file: Path) -> None:
    package = name.partition(".")[0]
    others = {found.partition(".")[0] for found in imported(file)} - {package}
    if package != "monitor":
        assert others == set(), f"{name} imports {others}; only monitor knows the others"
    elif ".migrations" in name:
        assert imported(file) == set(), "a migration imports nothing of ours"


def layer(name: str) -> int:
    """The line of `LAYERS` that a module of monitor stands on; the longest name wins."""
    short = name.removeprefix("monitor.")
    fits = [
        (len(entry), number)
        for number, line in enumerate(LAYERS)
        for entry in line
        if short == entry or short.startswith(f"{entry}.")
    ]
    assert fits, f"{name} stands on no line of LAYERS; give it its place"
    return max(fits)[1]


INNER = [(name, file) for name, file in modules("monitor") if ".migrations" not in name and name != "monitor"]


@pytest.mark.parametrize(("name", "file"), INNER, ids=[name for name, _ in INNER])
def test_monitor_is_built_in_layers(name: str, file: Path) -> None:
    short = name.removeprefix("monitor.")
    for other in imported(file):
        if not other.startswith("monitor."):
            continue
        known = other.removeprefix("monitor.")
        if (short.startswith("demo") and known.startswith("demo")) or name == other:
            continue
        if known in WITHIN_A_LAYER.get(short, set()) or name.startswith(f"{other}."):
            continue
        assert layer(other) < layer(name), f"{name} imports {other}, which does not stand below it"


@pytest.mark.parametrize("step", STEPS)
def test_steps_meet_in_the_store_only(step: str) -> None:
    others = {f"monitor.{other}" for other in STEPS if other != step}
    assert imported(ROOT / "monitor" / f"{step}.py") & others == set()


def test_no_circle() -> None:
    edges = {name: imported(file, everywhere=False) - {name} for name, file in FILES}
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, " -> ".join((*path, name))
        if name not in done:
            for other in edges.get(name, ()):
                # a package's own __init__ is loaded before its modules and is no import of theirs
                if not name.startswith(f"{other}."):
                    visit(other, (*path, name))
            done.add(name)

    for name in edges:
        visit(name, ())


def test_our_package_names_are_ours_alone() -> None:
    owners = packages_distributions()
    assert {package: set(owners.get(package, [])) - {"mentionwatch"} for package in PACKAGES} == {
        package: set() for package in PACKAGES
    }
