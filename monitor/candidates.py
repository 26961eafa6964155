"""Candidates into the store: new posts, new versions of known ones, posts that are gone.

Looked up, then inserted and updated apart: the same statements on every
database, and the counts of what was new. "ON CONFLICT" is not known to all of
them, and the one writer (`database.writing`) makes it unnecessary.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from connectors.base import Post as FoundPost
from monitor.records import CONTENT, POST
from monitor.words import gone_at_source

UNSTORABLE = re.compile("[\0\ud800-\udfff]")
CHUNK = 500  # keys in one IN list; SQLite's default limit of parameters is far above


@dataclass(frozen=True, slots=True)
class Candidate:
    """A post that passed the name gate, for one school."""

    school: str
    post: FoundPost
    own: bool = False
    backlog: bool = False


@dataclass(frozen=True, slots=True)
class Kept:
    """How many candidates of a batch were new, changed since last time, or known already."""

    new: int = 0
    changed: int = 0
    known: int = 0


def post_key(school: str, platform: str, external_id: str) -> bytes:
    """What makes a candidate the same candidate again: 16 bytes."""
    joined = "\0".join((school, platform, external_id)).encode("utf-8", "surrogatepass")
    return blake2b(joined, digest_size=16).digest()


def fingerprint(post: FoundPost) -> bytes:
    """What makes a version the same version again: the words and who is shown as saying them."""
    words = "\0".join((post.author_name, post.title, post.text, post.context))
    return blake2b(words.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def upsert(connection: Connection, unique: Mapping[bytes, Candidate], source: str) -> Kept:
    """Keep unique candidates by key; repeats of what is stored change nothing."""
    stored: dict[bytes, Any] = {}
    keys = list(unique)
    for start in range(0, len(keys), CHUNK):
        query = select(
            POST.c.id, POST.c.key, POST.c.version, POST.c.fingerprint, POST.c.deleted, POST.c.platform
        ).where(POST.c.key.in_(keys[start : start + CHUNK]))
        stored |= {bytes(row.key): row for row in connection.execute(query)}
    new = {key: c for key, c in unique.items() if key not in stored and not c.post.deleted}
    gone = {
        stored[key].id: c.post.fetched_at
        for key, c in unique.items()
        if key in stored and c.post.deleted and not stored[key].deleted
    }
    changed = {
        key: c
        for key, c in unique.items()
        if key in stored and not c.post.deleted and _differs(stored[key], c.post)
    }
    if new:
        connection.execute(insert(POST), [_post_values(key, c, source) for key, c in new.items()])
        ids: dict[bytes, int] = {}
        fresh = list(new)
        for start in range(0, len(fresh), CHUNK):
            rows = connection.execute(
                select(POST.c.key, POST.c.id).where(POST.c.key.in_(fresh[start : start + CHUNK]))
            )
            ids |= {bytes(row.key): row.id for row in rows}
        connection.execute(insert(CONTENT), [_content_values(ids[key], 1, c.post) for key, c in new.items()])
    if changed:
        _new_versions(connection, {stored[key].id: (stored[key].version, c) for key, c in changed.items()})
    if gone:
        connection.execute(update(POST).where(POST.c.id.in_(gone)).values(deleted=True))
        platforms = {row.id: row.platform for row in stored.values()}
        gone_at_source(connection, gone, platforms, min(gone.values()))
    return Kept(len(new), len(changed) + len(gone), len(unique) - len(new) - len(changed) - len(gone))


def _differs(row: Any, post: FoundPost) -> bool:
    """Other words than those stored; or a post that was gone, whose words are erased, is back."""
    return row.deleted or bytes(row.fingerprint) != fingerprint(post)


def _new_versions(connection: Connection, changed: Mapping[int, tuple[int, Candidate]]) -> None:
    connection.execute(
        update(POST)
        .where(POST.c.id == bindparam("row_id"))
        .values(
            version=bindparam("next_version"),
            fingerprint=bindparam("new_fingerprint"),
            edited_at=bindparam("new_edited_at"),
            fetched_at=bindparam("new_fetched_at"),
            deleted=False,
            url=bindparam("new_url"),  # a post that retention had emptied is found again by its key
            external_id=bindparam("new_external_id"),
            emptied_at=None,
        ),
        [
            {
                "row_id": post_id,
                "next_version": version + 1,
                "new_fingerprint": fingerprint(c.post),
                "new_edited_at": c.post.edited_at or c.post.fetched_at,
                "new_fetched_at": c.post.fetched_at,
                "new_url": _storable(c.post.url),
                "new_external_id": _storable(c.post.external_id),
            }
            for post_id, (version, c) in changed.items()
        ],
    )
    connection.execute(
        insert(CONTENT),
        [_content_values(post_id, version + 1, c.post) for post_id, (version, c) in changed.items()],
    )


def _post_values(key: bytes, candidate: Candidate, source: str) -> dict[str, Any]:
    post = candidate.post
    return {
        "key": key,
        "school": candidate.school,
        "source": source,
        "platform": _storable(post.platform),
        "external_id": _storable(post.external_id),
        "url": _storable(post.url),
        "kind": str(post.kind),
        "language": _storable(post.language),
        "published_at": post.published_at,
        "fetched_at": post.fetched_at,
        "edited_at": post.edited_at,
        "deleted": False,
        "own": candidate.own,
        "backlog": candidate.backlog,
        "version": 1,
        "fingerprint": fingerprint(post),
    }


def _content_values(post_id: int, version: int, post: FoundPost) -> dict[str, Any]:
    words = {
        "author_name": post.author_name,
        "author_handle": post.author_handle,
        "title": post.title,
        "text": post.text,
        "context": post.context,
    }
    return {"post_id": post_id, "version": version, **{name: _storable(w) for name, w in words.items()}}


def _storable(words: str) -> str:
    """Half surrogates and NUL can be typed into JSON but stored in no database; one for one, so offsets hold."""
    return UNSTORABLE.sub("\ufffd", words)
