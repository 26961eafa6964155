"""Times as feeds write them, read by ourselves.

Feed libraries read `BST` as UTC, which is one hour wrong all British summer,
and make a year 1763 out of a count of seconds (connectors-feeds.md section 5,
measured). So: RFC 822 and RFC 3339 with their usual misspellings, known zone
names only, and nothing outside 1995 to two days from now. What cannot be read
is None; an entry is never left out because of its date.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

EARLIEST = datetime(1995, 1, 1, tzinfo=UTC)  # before feeds, so a wrong clock or an empty field
FUTURE = timedelta(hours=48)  # a wrong zone is at most a day off; further ahead is an error
_LONGEST = 100  # characters; no date needs more

# Hours east of UTC. IST is Irish: this product reads Irish and British sites.
_ZONES = {
    **dict.fromkeys(("", "z", "ut", "utc", "gmt", "wet"), 0.0),
    **dict.fromkeys(("bst", "ist", "west", "cet"), 1.0),
    "cest": 2.0,
    "eet": 2.0,
    "eest": 3.0,
    "aest": 10.0,
    "aedt": 11.0,
    "edt": -4.0,
    "est": -5.0,
    "cdt": -5.0,
    "cst": -6.0,
    "mdt": -6.0,
    "mst": -7.0,
    "pdt": -7.0,
    "pst": -8.0,
}
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = rf"(?P<month>{'|'.join(_MONTHS)})[a-z]*\.?"
_TIME = r"(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,]\d{1,9})?)?"
_ZONE = r"(?:(?:gmt|utc)?(?P<sign>[+-])(?P<zone_hour>\d\d):?(?P<zone_minute>\d\d)?|(?P<zone>[a-z]{0,4}))"
_NUMERIC_MONTH = r"(?P<month>\d\d)"
_SHAPES = tuple(
    re.compile(shape, re.ASCII)
    for shape in (
        # 2026-03-29T01:30:00+01:00, 2026-03-29 01:30, 20260329T013000Z, 2026-03-29
        rf"(?P<year>\d{{4}})-{_NUMERIC_MONTH}-(?P<day>\d\d)(?:[t ]+{_TIME} ?{_ZONE})?",
        rf"(?P<year>\d{{4}}){_NUMERIC_MONTH}(?P<day>\d\d)"
        rf"(?:t(?P<hour>\d\d)(?P<minute>\d\d)(?P<second>\d\d)? ?{_ZONE})?",
        # Sun, 29 Mar 2026 01:30:00 BST, 29th March 2026, and 29-Mar-26 01:30 GMT
        rf"(?P<day>\d{{1,2}})(?:st|nd|rd|th)?[ -]+(?:of )?{_MONTH}[ ,-]+(?P<year>\d{{4}}|\d\d)"
        rf"(?:,? +(?:at )?{_TIME} *{_ZONE})?",
        # Mar 29 01:30:00 2026 and March 29, 2026 01:30 GMT
        rf"{_MONTH} +(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,? +{_TIME} *{_ZONE} +(?P<year>\d{{4}})",
        rf"{_MONTH} +(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,? +(?P<year>\d{{4}})(?:,? +(?:at )?{_TIME} *{_ZONE})?",
    )
)
_NOISE = re.compile(r"^(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*[,.]?\s+|\s*\([^()]*\)$")


def parse_date(raw: str, *, now: datetime) -> datetime | None:
    """The time in UTC, or None when it cannot be read or lies outside 1995 to `now` + 48 h.

    A time without a zone is taken as UTC, as all readers do. Never raises.
    """
    when = _read(raw)
    return when if when is not None and plausible(when, now=now) else None


def plausible(when: datetime, *, now: datetime) -> bool:
    """Whether a post can have been written then."""
    return EARLIEST <= when <= now + FUTURE


def _read(raw: str) -> datetime | None:
    text = " ".join(raw[: _LONGEST + 1].lower().split())
    if len(text) > _LONGEST:
        return None
    text = _NOISE.sub("", text)
    for shape in _SHAPES:
        found = shape.fullmatch(text)
        if found:
            return _built(found.groupdict())
    return None


def _built(part: dict[str, str | None]) -> datetime | None:
    zone = _zone(part)
    if zone is None:
        return None
    month = part["month"] or ""
    year = int(part["year"] or 0)
    if year < 100:
        year += 2000 if year < 70 else 1900  # RFC 822 wrote two digits
    second = min(int(part.get("second") or 0), 59)  # a leap second is no reason to lose the time
    try:
        local = datetime(
            year,
            _MONTHS.index(month) + 1 if month in _MONTHS else int(month),
            int(part["day"] or 0),
            int(part.get("hour") or 0),
            int(part.get("minute") or 0),
            second,
            tzinfo=timezone(zone),
        )
        return local.astimezone(UTC)
    except (ValueError, OverflowError):  # 31 February, 25:00, an offset of 99 hours
        return None


def _zone(part: dict[str, str | None]) -> timedelta | None:
    """Distance from UTC; None for a zone name that is not known, because a guess would be hours off."""
    if part.get("sign"):
        ahead = timedelta(hours=int(part["zone_hour"] or 0), minutes=int(part.get("zone_minute") or 0))
        signed = ahead if part["sign"] == "+" else -ahead
        return signed if abs(signed) < timedelta(hours=24) else None
    hours = _ZONES.get(part.get("zone") or "")
    return None if hours is None else timedelta(hours=hours)
