"""The term linter: a watch term may be a school, or a member of staff in role, and nobody else (PBD-09).

Pure rules on words; `config.termwords` holds the words. A refusal says what is
wrong and what to do. School names with saints, kings and surnames pass: a term
that names a place of learning, or is a part of the school's own name, is none
of a person. Reading places with their lines is the work of `config.linting`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from config.termwords import (
    GIVEN,
    GLUED,
    IN_A_NAME_TOO,
    INSTITUTION,
    NETWORKS,
    PLACE_WORDS,
    PLACES_TOO,
    REFUSED,
    TITLES,
)

_MAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
_PHONE = re.compile(r"(?:\+\d|\b0)[\d ()./-]{7,}\d")
_ADDRESS = re.compile(r"https?://|\bwww\.", re.IGNORECASE)
_HANDLE = re.compile(r"(?<![\w.])@\w")
_PROFILE = re.compile(
    r"^/(?:@[^/]+|users?/[^/]+|u/[^/]+|profile(?:\.php|/[^/]+)|author/[^/]+|members?/[^/]+)", re.IGNORECASE
)
_PROFILE_THERE = {
    "linkedin.com": re.compile(r"^/(?:in|pub|company)/[^/]+"),
    "youtube.com": re.compile(r"^/(?:channel|c)/[^/]+"),
    "snapchat.com": re.compile(r"^/add/[^/]+"),
    "facebook.com": re.compile(r"^/people/[^/]+"),
}
_FIRST_PART_IS_A_PROFILE = (
    "facebook.com",
    "instagram.com",
    "x.com",
    "twitter.com",
    "nitter.net",
    "tiktok.com",
    "t.me",
)
_FEEDS = ("feed", "rss", "atom", "feed.xml", "rss.xml", "index.xml")
_NO_PROFILE = re.compile(
    r"^/(?:groups|pages|hashtag|search|explore|events|watch|i|home)?(?:/|$|\?)", re.IGNORECASE
)
_WORD = re.compile(r"[^\W\d_][\w'’-]*")
_CAMEL = re.compile(r"[A-Z][a-z'’]+|[A-Z]+(?![a-z])|[a-z]+|\d+")


@dataclass(frozen=True)
class Known:
    """What a term of one school is held against."""

    name: str = ""
    places: tuple[str, ...] = ()
    persons: tuple[str, ...] = ()
    """Names that are somebody's: staff of the register, people who are told."""
    searchable: tuple[str, ...] = ()
    """Of these, staff who are watched for now: a search may hold them."""

    @property
    def words(self) -> frozenset[str]:
        return frozenset(_words(" ".join((self.name, *self.places))))

    @property
    def own(self) -> frozenset[str]:
        """Words of the school's own name, when that name is one of a place of learning."""
        return frozenset(_words(self.name)) if INSTITUTION.search(self.name) else frozenset()


def _words(text: str) -> list[str]:
    return [word.casefold().replace("’", "'").removesuffix("'s") for word in _WORD.findall(text)]


def contact_reason(term: str) -> str:
    """Why a term is refused that is a way to reach somebody and no name; "" when it is none."""
    if _MAIL.search(term) and not term.startswith("@"):
        return "is an e-mail address; a term is a name: delete it"
    if _PHONE.search(term):
        return "is a telephone number; a term is a name: delete it"
    if _ADDRESS.search(term):
        return "is a web address; a term is a name: delete it, or read the page as a [[source]]"
    if _HANDLE.search(term):
        return (
            "is an account's handle; the school's own stand in handles and accounts, those of people nowhere"
        )
    return ""


def purpose_reason(term: str, known: Known, *, is_name: bool = False) -> str:
    """Why a term is refused that would show whom this tool may not watch; "" when it shows nobody."""
    for who, pattern in REFUSED.items():
        if who in IN_A_NAME_TOO and is_name and INSTITUTION.search(term):
            continue
        for found in pattern.finditer(term):
            if who in IN_A_NAME_TOO and set(_words(found[0])) <= known.own:
                continue
            return (
                f"would watch {who} ('{found[0]}'); this tool watches for the school and its staff in role, "
                "for nobody and nothing else: delete it"
            )
    return ""


def person_reason(term: str, known: Known, *, searched: bool = False) -> str:
    """Why a term is refused that is or looks like a person's name; "" when it does not."""
    folded = " ".join(_words(term))
    for person in known.persons:
        if folded and folded == " ".join(_words(person)):
            if searched and person in known.searchable:
                return ""
            return (
                "is a person's name and no name of the school; staff stand in staff = [...], told and with their "
                "role, and nobody else is watched: delete it"
            )
    words = _words(term)
    if searched:  # a search may put the school's name beside a person's
        rest = [w for w in _WORD.findall(INSTITUTION.sub(" ", term)) if not set(_words(w)) <= known.words]
        if rest and len(rest) < len(words):
            return person_reason(" ".join(rest), known, searched=True)
    if not words or INSTITUTION.search(term) or set(words) <= known.own:
        return ""
    if _looks_personal(term, words, known):
        return (
            "looks like a person's name; only staff are watched, by the register (staff = [...]). If it is a name "
            'of the school, write it with what it is, for example "… School": change or delete it'
        )
    return ""


def _looks_personal(term: str, words: list[str], known: Known) -> bool:
    if words[0] in TITLES and len(words) > 1:
        return True
    if not 2 <= len(words) <= 4 or any(letter.isdigit() for letter in term):
        return False
    if set(words[1:]) & PLACE_WORDS and len(words) > 2:
        return False
    own = words[0] in known.words
    if words[0] in GIVEN and not (own and words[-1] in known.words):
        return words[-1] not in PLACE_WORDS or not (own or words[0] in PLACES_TOO)
    capitals = [word for word in _WORD.findall(term) if word[0].isupper() and not word[1:].isupper()]
    return len(capitals) == len(words) <= 3 and not set(words) & (known.words | PLACE_WORDS)


def glued_reason(term: str, known: Known) -> str:
    """Why a hashtag or a handle is refused, whose words stand without spaces; "" when it is not."""
    bare = term.lstrip("#@").split("@")[0].split(".bsky.")[0]
    plain = re.sub(r"[\W_]", "", bare).casefold()
    own = re.sub(r"[\W_]", "", known.name).casefold()
    if (found := GLUED.search(plain)) and found[0] not in own:
        return f"would watch a group, a person or a protest ('{found[0]}'); only the school's own name may be one"
    parts = [part.casefold() for part in _CAMEL.findall(re.sub(r"[._-]", " ", bare))]
    for person in known.persons:
        names = _words(person)
        whole = "".join(names)
        initial = names[0][:1] + names[-1] if len(names) > 1 else ""
        if len(names) > 1 and plain.strip("0123456789") in (whole, names[-1] + names[0], initial):
            return (
                "is a person's; only the school's own names, handles and hashtags may stand here: delete it"
            )
    if len(parts) < 2 or set(parts) & known.words or INSTITUTION.search(" ".join(parts)):
        return ""
    if parts[0] in TITLES or (parts[0] in GIVEN and len(parts) == 2 and parts[1] not in PLACE_WORDS):
        return "looks like a person's; only the school's own may stand here: delete it, or use the school's name in it"
    return ""


def domain_reason(domain: str) -> str:
    """Why a host is none of the school's own; "" when it may be."""
    host = domain.casefold().strip().removeprefix("www.")
    if not re.fullmatch(r"[\w-]+(?:\.[\w-]+)+", host):
        return 'is not a domain; write the host alone, for example "school.example"'
    if host in NETWORKS:
        return "belongs to everybody, so every post there would be about the school; delete it"
    return ""


def profile_handle(address: str) -> str:
    """The part of a web address that names one account of a network; "" when it is no profile's address."""
    parts = urlsplit(address)
    host = (parts.hostname or "").removeprefix("www.").removeprefix("old.").removeprefix("m.")
    path = unquote(parts.path)
    there = _PROFILE_THERE.get(host)
    if found := _PROFILE.match(path) or (there and there.match(path)):
        name = found[0].strip("/").rpartition("/")[2].removesuffix(".rss").removesuffix(".atom")
        return "" if name in _FEEDS else name
    if host in _FIRST_PART_IS_A_PROFILE and not _NO_PROFILE.match(path):
        return path.strip("/").split("/")[0]
    return ""


def is_own_handle(handle: str, own: Iterable[str]) -> bool:
    """Whether a handle is one of the school's own (`handles`, or `accounts` as "platform:handle")."""

    def bare(given: str) -> str:
        return given.rpartition(":")[2].strip().lstrip("@").casefold()

    wanted = bare(handle)
    return bool(wanted) and any(wanted in (bare(o), bare(o).split("@")[0]) for o in own)
