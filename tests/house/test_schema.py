"""House rule 2: no table, column or index counts or finds posts by who wrote them."""

from __future__ import annotations

import re

from monitor.records import metadata

AUTHOR = re.compile(r"author|writer|handle|poster|user")
ALLOWED = {("content", "author_name"), ("content", "author_handle")}  # words of a version, erased with it


def test_only_the_words_of_a_version_name_their_author() -> None:
    found = {
        (table.name, column.name)
        for table in metadata.tables.values()
        for column in table.columns
        if AUTHOR.search(column.name)
    }
    assert found == ALLOWED
    assert not any(AUTHOR.search(name) for name in metadata.tables)


def test_nothing_is_keyed_by_author() -> None:
    for table in metadata.tables.values():
        keyed = [*table.primary_key.columns]
        keyed += [column for index in table.indexes for column in index.columns]
        keyed += [c for constraint in table.constraints for c in getattr(constraint, "columns", ())]
        keyed += [column for column in table.columns if column.unique or column.index]
        assert not [column for column in keyed if AUTHOR.search(column.name)]


def test_words_stand_in_one_table_only() -> None:
    """So that erasing is one delete; decisions, events and deliveries hold none."""
    words = {"text", "title", "context"}
    assert {t.name for t in metadata.tables.values() if words & set(t.columns.keys())} == {"content"}
