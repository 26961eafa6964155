"""Pydantic's errors as sentences for the IT technician of a school.

`checked` builds a value of a class from a table of a document; what does not
fit becomes faults, each with the line of the key that is to blame.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from config.document import Document
from config.faults import Fault, did_you_mean
from config.lines import KeyPath

Model = TypeVar("Model", bound=BaseModel)

_PLAIN = {
    "string_type": "must be text in quotes",
    "string_too_short": "must not be empty",
    "bool_type": "must be true or false, without quotes",
    "int_type": "must be a whole number, without quotes",
    "int_parsing": "must be a whole number, without quotes",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number, without quotes",
    "float_parsing": "must be a number, without quotes",
    "tuple_type": 'must be a list, for example ["a", "b"]',
    "list_type": 'must be a list, for example ["a", "b"]',
    "dict_type": "must be a table, for example { key = value }",
    "mapping_type": "must be a table, for example { key = value }",
    "model_type": "must be a table, for example { key = value }",
    "model_attributes_type": "must be a table, for example { key = value }",
    "path_type": "must be a path in quotes",
    "url_parsing": "must be a web address that begins with https://",
    "url_scheme": "must be a web address that begins with https://",
    "url_type": "must be a web address in quotes",
    "is_instance_of": 'must name a secret, for example { credential = "smtp_password" }',
    "callable_type": 'must name a secret, for example { credential = "smtp_password" }',
}
_LIMITS = {
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "string_too_long": "must have at most {max_length} characters",
    "literal_error": "must be one of {expected}",
    "enum": "must be one of {expected}",
    "too_short": "must have at least {min_length} entries",
    "too_long": "must have at most {max_length} entries",
}


def checked(
    model: type[Model],
    doc: Document,
    path: KeyPath,
    data: Any,
    faults: list[Fault],
    *,
    also_known: Iterable[str] = (),
) -> Model | None:
    """Build `model` from `data`, which stands at `path`; None when faults were added.

    `also_known` are keys that the same table may hold for others; they serve
    the "did you mean" of unknown keys only.
    """
    if not isinstance(data, Mapping):
        faults.append(doc.fault(path, f"{_name(path)} must be a table, for example {{ key = value }}"))
        return None
    try:
        return model.model_validate(dict(data))
    except ValidationError as e:
        for error in _one_each(e.errors(include_url=False)):
            inner = _written(data, error["loc"])
            sentence = _sentence(error, model, also_known)
            faults.append(doc.fault((*path, *inner), sentence))
        return None


def _one_each(errors: list[ErrorDetails]) -> list[ErrorDetails]:
    """Of the branches of a union keep one: the last, which is the more telling form in our classes."""
    seen: dict[KeyPath, ErrorDetails] = {}
    for error in errors:
        loc = tuple(part for part in error["loc"] if not _is_branch(part))
        seen[loc] = {**error, "loc": loc}
    return list(seen.values())


def _is_branch(part: str | int) -> bool:
    """Union members appear in pydantic's paths as words like `is-instance[Secret]` or `str`."""
    return isinstance(part, str) and (part in ("str", "int", "float", "bool") or "[" in part)


def _written(data: Any, loc: tuple[str | int, ...]) -> KeyPath:
    """The part of an error's place that stands in the file."""
    path: list[str | int] = []
    for part in loc:
        if isinstance(part, int):
            if not isinstance(data, (list, tuple)) or part >= len(data):
                break
        elif not isinstance(data, Mapping) or part not in data:
            break
        data = data[part]
        path.append(part)
    return tuple(path)


def _sentence(error: ErrorDetails, model: type[BaseModel], also_known: Iterable[str]) -> str:
    kind, loc, context = error["type"], error["loc"], error.get("ctx", {})
    name = _name(loc)
    if kind == "extra_forbidden":
        known = {*_fields_at(model, loc[:-1]), *(also_known if len(loc) == 1 else ())}
        return f"unknown key {name}{did_you_mean(str(loc[-1]), known) or '; delete the line'}"
    if kind == "missing":
        return f"{name} is missing; add a line {loc[-1]} = …"
    if kind == "value_error":
        return f"{name}: {context['error']}" if loc else str(context["error"])
    if kind == "string_pattern_mismatch":
        return f"{name}: {error['input']!r} {_pattern_words(str(context['pattern']))}"
    if kind == "literal_error" and context["expected"] == "True":
        return f"{name} must be true; no policy may switch this off"
    if kind == "literal_error":
        offer = did_you_mean(str(error["input"]), _literals(str(context["expected"])))
        return f"{name} is {error['input']!r}; it must be one of {context['expected']}{offer}"
    if kind in _LIMITS:
        return f"{name} {_LIMITS[kind].format(**context)}"
    if kind in _PLAIN:
        return f"{name} {_PLAIN[kind]}"
    return f"{name}: {error['msg'][:1].lower()}{error['msg'][1:]}"


def _pattern_words(pattern: str) -> str:
    if "@" in pattern:
        return "is not an e-mail address"
    if pattern.startswith("^[a-z0-9]"):
        return "is not a short id; use small letters, digits, - and _ only, beginning with a letter or digit"
    return f"does not have the form {pattern}"


def _literals(expected: str) -> list[str]:
    return [word.strip(" '") for word in expected.replace(" or ", ",").split(",")]


def _name(path: tuple[str | int, ...]) -> str:
    """`staff[2].name` for people, who count from 1."""
    words = ""
    for part in path:
        words += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if words else part
    return f"'{words}'"


def _fields_at(model: type[BaseModel], loc: tuple[str | int, ...]) -> set[str]:
    """Keys that the table at `loc` may hold."""
    here: type[BaseModel] | None = model
    for part in loc:
        if here is None:
            return set()
        if isinstance(part, str) and part in here.model_fields:
            here = _model_in(here.model_fields[part].annotation)
    return set(here.model_fields) if here else set()


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The model inside `X | None`, `tuple[X, ...]` or `Mapping[str, X]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for arg in get_args(annotation) if (found := _model_in(arg))), None)
