"""`fetch` on the command line: options from KEY=VALUE words, posts in the contract's shape."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from textwrap import shorten
from typing import Any, TypeVar

from pydantic import ValidationError

from config.faults import ConfigError, Fault
from connectors.base import Options, Post
from connectors.page import PageOptions
from connectors.page_preview import Preview
from monitor.lookups import iso

OptionsType = TypeVar("OptionsType", bound=Options)


def options_from(wanted: type[OptionsType], words: Sequence[str]) -> OptionsType:
    """A connector's options. Lists, tables and quoted values are read as TOML, the rest as it stands.

    Raises:
        ConfigError: a word is not KEY=VALUE, or the connector refuses a value.
    """
    try:
        return wanted.model_validate(values_of(words))
    except ValidationError as error:
        faults = [
            Fault("--set", None, f"{'.'.join(map(str, fault['loc'])) or 'options'}: {fault['msg']}")
            for fault in error.errors(include_input=False, include_url=False)
        ]
        raise ConfigError(faults) from error


def values_of(words: Sequence[str]) -> dict[str, Any]:
    """KEY=VALUE words as a table. Raises ConfigError."""
    values: dict[str, Any] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals or not key:
            raise ConfigError([Fault("--set", None, f"'{word}' is not KEY=VALUE")])
        values[key] = _value(value)
    return values


def page_options(url: str, words: Sequence[str]) -> dict[str, Any]:
    """The options of a page to be tried, checked. Raises ConfigError."""
    given = values_of(words)
    options_from(PageOptions, [f"url={url}", *words])
    return given


def preview_lines(found: Preview) -> list[str]:
    """What a page gave, for a person: the posts with the beginning of each, then what was left out and why."""
    lines = [f"{found.title or 'a page without a title'}: {len(found.taken)} post(s) would be taken"]
    for post in found.taken:
        when = f", {post.published_at:%d %b %Y}" if post.published_at else ""
        who = f", by {post.author_name}" if post.author_name else ""
        lines.append(f"  taken ({post.kind}{who}{when}): {shorten(post.title + ' ' + post.text, 100)}")
    lines += [f"  ignored, {what.reason}: {shorten(what.sample, 80)}" for what in found.ignored]
    lines += [f"  odd: {oddity}" for oddity in found.oddities]
    return lines + [f"  notice: {notice}" for notice in found.notices]


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
