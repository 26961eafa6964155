"""Words that tell a school's name from a person's, and the purposes that no term may serve.

The refused purposes are those of privacy-by-design.md (PBD-09, PBD-10, PBD-15)
and features.md 7.6. The lists stand in termwords.toml and are small on purpose: what
they miss, the shape of a term still shows.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

_FILE = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))


def _list(name: str) -> frozenset[str]:
    return frozenset(_FILE[name].split())


INSTITUTION = re.compile(
    r"\b(?:schools?|academy|academies|primary|primaries|infants?|juniors?|secondary|high|grammar|college|nursery|"
    r"nurseries|pre-?school|kindergarten|prep|preparatory|trust|federation|mat|prus?|(?:referral|hospital) units?|"
    r"sixth form|utc|studio|learning|education|campus|comprehensive|ps|cp|ce|rc|c ?of ?e|cofe|ysgol(?:ion)?|"
    r"ysgoldy|coleg|meithrin|bunscoil|gaelscoil|naiscoil|coláiste|coláistí|sgoil)\b",
    re.IGNORECASE,
)
"""A term that holds one of these names a place of learning, not a person."""

PLACE_WORDS = _list("place_words")
"""Words of places and dedications: beside one of them two capitals are no person's name."""

TITLES = _list("titles")
GIVEN = _list("given")
PLACES_TOO = _list("places_too")
"""Given names that places bear as often: beside a word of a place they are one ("Victoria Park")."""

_STREET = r"(?!\s+(?:street|road|lane|avenue|mills?|place|terrace|close|way|drive|square|park|hill)\b)"


def _words(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{pattern})\b{_STREET}", re.IGNORECASE)


REFUSED: Mapping[str, re.Pattern[str]] = {
    "applicants for a post": _words(
        r"applicants?|candidates?|interviewees?|shortlist(?:ed)?|job applications?|new recruits?"
    ),
    "former pupils": _words(
        r"ex[- ]?(?:pupils?|students?)|(?:former|past) (?:pupils?|students?)|alumn(?:i|us|a|ae)|school leavers?"
    ),
    "pupils": re.compile(
        r"\bpupils?\b(?!['’]?\s+(?:referral|support|reengagement|re-engagement)\b)"
        rf"{_STREET}|\bstudents?\b(?!\s+(?:support|union building)\b){_STREET}|\bclassmates?\b",
        re.IGNORECASE,
    ),
    "parents": _words(r"parents?['’]?|mums?|mothers|dads?|fathers|carers?|guardians|pta|ptfa"),
    "journalists": _words(r"journalists?|reporters?|columnists?|correspondents?|newsroom"),
    "councillors and members of parliament": _words(
        r"councillors?|cllrs?|alderm[ae]n|members? of parliament|mps"
    ),
    "trade unions": _words(
        r"(?:trade |teachers['’]? |teaching )?unions?|unioni[sz](?:e|ed|ing|m|ts?)|shop stewards?|"
        r"neu|nasuwt|unison|gmb|nahts?|ascl|eis|ucac|voice the union"
    ),
    "strikes": _words(r"strik(?:es?|ing|ers?)|industrial action|walk-?outs?|walking out|pickets?|picketing"),
    "protests and campaigns": _words(
        r"protest(?:s|ers?|ing)?|demonstrat(?:ions?|ors?)|boycotts?|petitions?|campaign(?:s|ers?|ing)?|rall(?:y|ies)"
    ),
    "complaints": _words(r"complain(?:s|ts?|ing|ers?|ants?)?|whistle-?blow(?:s|ers?|ing)?"),
}
"""What a term would show -> the words that show it; a word before "Street" or "Lane" is a place."""

IN_A_NAME_TOO = ("trade unions", "strikes", "complaints")
"""Purposes whose words a school's own name may hold ("Union Mills Primary School")."""

GLUED = re.compile(
    r"(?:parents|mums|dads|expupils|pupils|students|alumni|journalists|councillors|applicants|strikes?|striking|"
    r"walkouts?|protests?|boycott|petition|campaign|complaints?|(?<!re)(?<!comm)unions?|nasuwt)$"
    r"|^(?:sack|fire|boycott|strike|protest|parents|savethe|justicefor|expupils|exposed?)",
)
"""The same in a hashtag or a handle, where words stand without spaces; "reunion" and "communion" are none."""

NETWORKS = _list("networks")
"""Hosts that belong to everybody: as a school's domain, one of them would make every post there a mention."""
