"""Whatever a person writes in the place of a value: settings or a ConfigError, never anything else."""

from __future__ import annotations

import copy
import tempfile
import tomllib
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import tomlkit
from hypothesis import given, settings
from hypothesis import strategies as st

from config.answers import write_from_answers
from config.document import parse
from config.faults import ConfigError, Fault
from config.packfile import read_pack, shipped

EXAMPLE = Path(__file__).parents[2] / "examples" / "primary" / "answers.toml"
ANSWERS = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))
PACK = tomllib.loads(shipped("larkhill-primary").decode().replace('= "?"', '= "none"'))

anything = st.recursive(
    st.one_of(st.integers(), st.booleans(), st.text(max_size=5), st.dates(), st.floats(allow_nan=False)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.text("abc?-", min_size=1, max_size=3), inner, max_size=3),
    ),
    max_leaves=4,
)


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if path:
        yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in inner:
        yield from places(part, (*path, key))


def changed(data: Any, path: tuple[str | int, ...], value: Any) -> str:
    data = copy.deepcopy(data)
    here = data
    for part in path[:-1]:
        here = here[part]
    here[path[-1]] = value
    return tomlkit.dumps(data)


def faults_of_answers(path: tuple[str | int, ...], value: Any) -> tuple[Fault, ...]:
    with tempfile.TemporaryDirectory() as name:
        answers = Path(name) / "answers.toml"
        answers.write_text(changed(ANSWERS, path, value), encoding="utf-8")
        try:
            write_from_answers(answers, Path(name) / "config")
        except ConfigError as e:
            return e.faults
    return ()


def faults_of_policy(path: tuple[str | int, ...], value: Any) -> tuple[Fault, ...]:
    faults: list[Fault] = []
    doc = parse(changed(PACK, path, value).encode(), "policy.toml", faults)
    if doc is not None:
        read_pack(doc, faults, [], today=date(2026, 11, 20))
    return tuple(faults)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(list(places(ANSWERS))), anything)
def test_any_value_in_the_answers(path: tuple[str | int, ...], value: Any) -> None:
    assert all(fault.message for fault in faults_of_answers(path, value))


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(list(places(PACK))), anything)
def test_any_value_in_the_policy(path: tuple[str | int, ...], value: Any) -> None:
    assert all(fault.file == "policy.toml" for fault in faults_of_policy(path, value))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("schools",), 1),
        (("schools", "larkhill"), []),
        (("schools", "larkhill", "staff", 0), "x"),
        (("person",), {}),
        (("person", 0, "id"), ["x"]),
        (("roles",), []),
        (("roles", "larkhill"), "head"),
        (("roles", "larkhill", "headteacher"), {}),
        (("contact", 0, "id"), {"a": 1}),
        (("source", 0), 5),
        (("source", 0, "kind"), []),
        (("service", "data_dir"), "a\0b"),
        (("service", "data_dir"), "~/data"),
        (("pack",), [1]),
        (("policy",), "x"),
    ],
)
def test_a_value_of_the_wrong_shape_is_a_fault(path: tuple[str | int, ...], value: Any) -> None:
    assert faults_of_answers(path, value)


@pytest.mark.parametrize("section", ["pack", "roles", "routes", "escalation", "paths", "notice", "prohibit"])
def test_a_section_that_is_no_table_is_a_fault(section: str) -> None:
    assert any("must be a section" in fault.message for fault in faults_of_policy((section,), 3))
