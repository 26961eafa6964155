"""`fetch` on the command line: options from KEY=VALUE words, posts in the contract's shape."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any, TypeVar

from pydantic import ValidationError

from config.faults import ConfigError, Fault
from connectors.base import Options, Post
from monitor.lookups import iso

OptionsType = TypeVar("OptionsType", bound=Options)


def options_from(wanted: type[OptionsType], words: Sequence[str]) -> OptionsType:
    """A connector's options. Lists, tables and quoted values are read as TOML, the rest as it stands.

    Raises:
        ConfigError: a word is not KEY=VALUE, or the connector refuses a value.
    """
    values: dict[str, Any] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals or not key:
            raise ConfigError([Fault("--set", None, f"'{word}' is not KEY=VALUE")])
        values[key] = _value(value)
    try:
        return wanted.model_validate(values)
    except ValidationError as error:
        faults = [
            Fault("--set", None, f"{'.'.join(map(str, fault['loc'])) or 'options'}: {fault['msg']}")
            for fault in error.errors(include_input=False, include_url=False)
        ]
        raise ConfigError(faults) from error


def _value(word: str) -> Any:
    if word[:1] not in ('"', "'", "[", "{"):
        return word  # the option's own type reads numbers, true and false out of it
    try:
        found = tomllib.loads(f"v = {word}")
    except tomllib.TOMLDecodeError:
        return word
    return found["v"] if len(found) == 1 else word


def post_values(post: Post) -> dict[str, Any]:
    """A post as `fetch` prints it and `ingest` takes it (contracts.md section 3)."""
    values = {field.name: getattr(post, field.name) for field in fields(post)}
    return {
        name: iso(value) if isinstance(value, datetime) else value
        for name, value in values.items()
        if value not in ("", None)
    }
