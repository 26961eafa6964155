"""Every requirement of privacy by design is joined, by name, to a test or to the reason why there is none yet.

`docs/privacy.md` holds one table of the PBD numbers and one of the 17 refusals. A row is

    | PBD-01 | met | `tests/privacy/test_x.py::test_y` |
    | PBD-22 | deferred | digest: why |
    | PBD-14 | ruled out | ruling 14: why |

and `partly` wants both a test and a later part. Tests say which number they show by
`@pytest.mark.pbd("PBD-01")` or `@pytest.mark.refusal(1)`, on the test, its class or as `pytestmark`; both
sides are read here and have to agree.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "docs" / "privacy.md"
PBD = tuple(f"PBD-{n:02}" for n in range(1, 48))
DUE = PBD[:35]  # sections A to E: each has a test, a later part, or a ruling
REFUSALS = tuple(range(1, 18))
RULINGS = range(1, 26)
LATER = {"cases", "channels", "console", "digest", "own pages", "platforms", "rights", "release", "trust"}
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
DEFERRED = re.compile(r"(?:^|[.;] )(?P<part>[a-z ]+): \S")


@dataclass(frozen=True, slots=True)
class Row:
    number: str
    state: str
    words: str

    @property
    def tests(self) -> list[str]:
        return [f"{file}::{name}" for file, name in NAMED.findall(self.words)]


def table(words: str) -> list[Row]:
    found = re.findall(r"(?m)^\| *(PBD-\d+|\d+) *\| *(met|partly|deferred|ruled out) *\| *(.+?) *\|$", words)
    return [Row(*cells) for cells in found]


@cache
def rows() -> tuple[Row, ...]:
    return tuple(table(TABLE.read_text(encoding="utf-8")))


def marks(decorators: list[ast.expr], name: str) -> Iterator[object]:
    """Arguments of `pytest.mark.NAME(...)` among decorators or in a list of marks."""
    for node in decorators:
        for call in ast.walk(node):
            if isinstance(call, ast.Call) and ast.unparse(call.func) == f"pytest.mark.{name}":
                yield from (ast.literal_eval(argument) for argument in call.args)


def marked(source: str, name: str) -> dict[str, set[object]]:
    """Test function -> numbers of one kind of mark that it carries, its class's and its file's included."""
    tree = ast.parse(source)
    every = [
        n.value for n in tree.body if isinstance(n, ast.Assign) and ast.unparse(n.targets[0]) == "pytestmark"
    ]
    found: dict[str, set[object]] = {}

    def visit(body: list[ast.stmt], above: list[ast.expr]) -> None:
        for node in body:
            if isinstance(node, ast.ClassDef):
                visit(node.body, [*above, *node.decorator_list])
            elif isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                found[node.name] = set(marks([*above, *node.decorator_list], name))

    visit(tree.body, every)
    return found


@cache
def everywhere(name: str) -> Mapping[str, set[object]]:
    """`tests/x/test_y.py::test_z` -> its numbers, over all tests."""
    found: dict[str, set[object]] = {}
    for file in sorted((ROOT / "tests").rglob("test_*.py")):
        source = file.read_text(encoding="utf-8")
        numbers, refusals = marked(source, "pbd"), marked(source, "refusal")
        for test in numbers:
            also = {
                n for n in numbers[test] if str(n).startswith("refusal-")
            }  # pbd("refusal-16") is refusal(16)
            whole = (
                numbers[test] - also if name == "pbd" else refusals[test] | {int(str(n)[8:]) for n in also}
            )
            found[f"{file.relative_to(ROOT)}::{test}"] = whole
    return found


def faults(row: Row, shown: Mapping[str, set[object]], number: object) -> list[str]:
    """What is wrong with a row, in words."""
    wrong = [f"{test} is no test" for test in row.tests if test not in shown]
    wrong += [f"{t} does not carry the mark" for t in row.tests if t in shown and number not in shown[t]]
    if row.state in ("met", "partly") and not row.tests:
        wrong.append("names no test")
    if row.state in ("partly", "deferred") and not {m["part"] for m in DEFERRED.finditer(row.words)} & LATER:
        wrong.append(f"names no later part, one of {', '.join(sorted(LATER))}")
    if row.state == "ruled out":
        rulings = [int(n) for n in re.findall(r"\bruling (\d+)", row.words)]
        if not rulings or not set(rulings) <= set(RULINGS):
            wrong.append("names no ruling")
    return wrong


def by_number(wanted: re.Pattern[str]) -> dict[str, Row]:
    chosen = [row for row in rows() if wanted.fullmatch(row.number)]
    numbers = [row.number for row in chosen]
    assert len(numbers) == len(set(numbers)), "a number stands there twice"
    return {row.number: row for row in chosen}


def test_the_table_holds_each_number_once() -> None:
    assert tuple(by_number(re.compile(r"PBD-\d+"))) == PBD
    assert tuple(map(int, by_number(re.compile(r"\d+")))) == REFUSALS


@pytest.mark.parametrize("number", PBD)
def test_a_requirement_is_shown_by_a_test_or_stands_open_with_its_reason(number: str) -> None:
    row = by_number(re.compile(r"PBD-\d+"))[number]
    assert faults(row, everywhere("pbd"), number) == []


@pytest.mark.parametrize("number", REFUSALS)
def test_a_refusal_is_shown_by_a_test(number: int) -> None:
    """None of them may wait for a later part."""
    row = by_number(re.compile(r"\d+"))[str(number)]
    assert row.state == "met"
    assert faults(row, everywhere("refusal"), number) == []


def test_marks_carry_known_numbers_only() -> None:
    for name, known in (("pbd", set(PBD)), ("refusal", set(REFUSALS))):
        unknown = {test: numbers - known for test, numbers in everywhere(name).items() if numbers - known}
        assert unknown == {}


def test_what_is_deferred_whole_is_not_marked_as_shown() -> None:
    """A mark without a place in the table: the table is behind, and says less than is true."""
    open_ones = {row.number for row in rows() if row.state in ("deferred", "ruled out")}
    shown = {number for numbers in everywhere("pbd").values() for number in numbers}
    assert open_ones & shown == set()


ONE = {"tests/a/test_b.py::test_c": {"PBD-01"}, "tests/a/test_b.py::test_d": set[object]()}


@pytest.mark.parametrize(
    ("state", "words", "wrong"),
    [
        ("met", "`tests/a/test_b.py::test_c`", 0),
        ("met", "`tests/a/test_b.py::test_gone`", 1),
        ("met", "`tests/a/test_b.py::test_d`", 1),
        ("met", "because we say so", 1),
        ("partly", "`tests/a/test_b.py::test_c`; console: who looks", 0),
        ("partly", "`tests/a/test_b.py::test_c`", 1),
        ("deferred", "digest: not built yet", 0),
        ("deferred", "some day: perhaps", 1),
        ("ruled out", "ruling 14: no register", 0),
        ("ruled out", "ruling 99: there is none", 1),
        ("ruled out", "nobody wants it", 1),
    ],
)
def test_a_row_that_does_not_hold_is_found(state: str, words: str, wrong: int) -> None:
    """The join itself can fail."""
    found = table(f"| number | state | where |\n| PBD-01 | {state} | {words} |")
    assert len(found) == 1
    assert len(faults(found[0], ONE, "PBD-01")) == wrong


def test_marks_are_found_wherever_they_stand() -> None:
    source = (
        "pytestmark = [pytest.mark.pbd('PBD-01'), pytest.mark.slow]\n"
        "@pytest.mark.pbd('PBD-02', 'PBD-03')\ndef test_a(): ...\n"
        "@pytest.mark.pbd('PBD-04')\nclass TestB:\n    def test_c(self): ...\n"
        "@pytest.mark.parametrize('x', [pytest.param(1, marks=pytest.mark.pbd('PBD-05'))])\ndef test_d(x): ...\n"
    )
    assert marked(source, "pbd") == {
        "test_a": {"PBD-01", "PBD-02", "PBD-03"},
        "test_c": {"PBD-01", "PBD-04"},
        "test_d": {"PBD-01", "PBD-05"},
    }
