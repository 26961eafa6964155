"""What a server says about time: validators for the next request, and when to come again.

Validators are RFC 9110 section 8.8; hints are RFC 9111 (`Cache-Control`,
`Expires`) and RFC 9110 section 10.2.3 (`Retry-After`). Rules and caps:
connectors-feeds.md section 4. Everything here is pure: `now` is an argument.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

HINT_CAP = timedelta(hours=6)  # a bad header must not put a safeguarding tool to sleep
RETRY_CAP = timedelta(hours=48)
ABSURD = timedelta(days=366)  # nobody means this: the header is broken, so it is ignored
TRUST_304_FOR = timedelta(hours=6)  # stuck validators are common: ask without them that often

# What may stand in a header, at most 1 KB of it: stored values go out again.
VALIDATOR = re.compile(r"[\x21-\x7e\x80-\xff](?:[\x20-\x7e\x80-\xff]{0,1022}[\x21-\x7e\x80-\xff])?")
SECONDS = re.compile(r"[0-9]{1,12}", re.ASCII)


def new_validators(
    url: str, headers: Mapping[str, str], now: datetime, known: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Collect what to hand in next time: JSON-ready, empty when the server gives none.

    Keys: `etag` and `last_modified` as sent, `url` (the final URL, to which they
    are bound) and `full_at` (when the whole body was last had). `known` are the
    validators that brought a 304: newer ones in its headers replace them, and
    `full_at` stays.
    """
    kept = dict(known or {})
    for key, header in (("etag", "etag"), ("last_modified", "last-modified")):
        value = headers.get(header, "")
        if VALIDATOR.fullmatch(value):
            kept[key] = value
    if not kept.keys() & {"etag", "last_modified"}:
        return {}
    return {"full_at": now.isoformat()} | kept | {"url": url}


def conditional_headers(validators: Mapping[str, str] | None, url: str, now: datetime) -> dict[str, str]:
    """Give the headers of a conditional request, or none if the validators do not apply.

    They apply to the URL that they came with, and until the last whole body is
    six hours old (or claims to come from the future, as after a clock jump).
    """
    if not validators or validators.get("url") != url:
        return {}
    try:
        age = now - datetime.fromisoformat(validators.get("full_at", ""))
    except (ValueError, TypeError):
        return {}
    if not timedelta(0) <= age < TRUST_304_FOR:
        return {}
    pairs = (
        ("if-none-match", validators.get("etag", "")),
        ("if-modified-since", validators.get("last_modified", "")),
    )
    return {name: value for name, value in pairs if VALIDATOR.fullmatch(value)}


def retry_after(headers: Mapping[str, str], now: datetime) -> datetime | None:
    """Read `Retry-After` (seconds, or a date against the answer's `Date`); None if it says nothing useful."""
    value = headers.get("retry-after", "").strip()
    if SECONDS.fullmatch(value):
        wait: timedelta | None = timedelta(seconds=int(value))
    else:
        wait = _until(value, headers, now)
    return _capped(wait, RETRY_CAP, now)


def limit_reset(headers: Mapping[str, str], now: datetime) -> datetime | None:
    """Read when a used-up rate limit opens again: an ISO time (Mastodon) or seconds since 1970 (Bluesky, GitHub)."""
    value = (headers.get("x-ratelimit-reset") or headers.get("ratelimit-reset") or "").strip()
    try:
        at = (
            datetime.fromtimestamp(int(value), UTC)
            if SECONDS.fullmatch(value)
            else datetime.fromisoformat(value)
        )
    except (ValueError, OverflowError, OSError):
        return None
    return _capped(at - now, RETRY_CAP, now) if at.tzinfo is not None else None


def caching_hint(headers: Mapping[str, str], now: datetime) -> datetime | None:
    """Read `max-age`, else `Expires`, as the earliest useful next request; at most six hours away."""
    directives = _directives(headers.get("cache-control", ""))
    if directives.keys() & {"no-cache", "no-store"}:
        return None
    if "max-age" not in directives:
        return _capped(_until(headers.get("expires", ""), headers, now), HINT_CAP, now, absurd=timedelta.max)
    age = directives["max-age"]
    wait = timedelta(seconds=int(age)) if SECONDS.fullmatch(age) else None
    return _capped(wait, HINT_CAP, now, absurd=timedelta.max)


def _directives(value: str) -> dict[str, str]:
    parts = (part.partition("=") for part in value.lower().split(","))
    return {name.strip(): rest.strip().strip('"') for name, _, rest in parts}


def _until(value: str, headers: Mapping[str, str], now: datetime) -> timedelta | None:
    target = _http_date(value)
    if target is None:
        return None
    return target - (_http_date(headers.get("date", "")) or now)


def _http_date(value: str) -> datetime | None:
    try:
        parsed = parsedate_to_datetime(value)
        return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _capped(
    wait: timedelta | None, cap: timedelta, now: datetime, *, absurd: timedelta = ABSURD
) -> datetime | None:
    if wait is None or wait <= timedelta(0) or wait > absurd:
        return None
    return now + min(wait, cap)
