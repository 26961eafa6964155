"""What of a post may stay, and how an extract is masked. Pure: no database, key or clock.

The plan of rows is PBD-12 with rulings 10 and 12: nothing of a post about nobody;
a masked extract of an ordinary one; the full words only sealed, for restricted
categories and for everything high or critical. Masking errs towards too much: a
black bar too many costs a look at the link, one too few shows a child's name.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from itertools import pairwise
from typing import Any

import msgspec

from monitor.cases import Outcome
from monitor.plainwords import COMMON
from nlp.findings import Profile, Severity
from nlp.names import first_names
from nlp.words import word_set

LONGEST = 500  # characters of an extract (PBD-12)
AROUND = 700  # characters on each side that are looked at, so that a cut hides no class word from a name
BEFORE = 180  # characters that an extract begins before its evidence
PERSON = "[name]"
NO_KEY = "there was no key to seal them with"

CHILD_NEAR = re.compile(
    r"\b(?:years?|yrs?|class(?:es|room)?|form|set|group|reception|nursery|primary|pre-?school|derbyn"
    r"|y\d{1,2}\w?|yr\d{1,2}\w?|year\d{1,2}\w?|p[1-7]|s[1-6]|ks\d|\d{1,2}[a-z]{1,2}|blwyddyn|flwyddyn|dosbarth"
    r"|pupils?|students?|classmates?|schoolboys?|schoolgirls?|child(?:ren)?|kids?|bairns?|weans?|boys?|girls?"
    r"|lads?|lass(?:ie)?s?|sons?|daughters?|brothers?|sisters?|twins?|nieces?|nephews?|grand\w+|teen\w*"
    r"|mums?|dads?|mam|da|mother|father|aged?|old|bus|team|trip|award|excluded|suspended|disgybl\w*)\b",
    re.IGNORECASE,
)
"""Words beside which any word that is not quite ordinary may be a child's name."""

BY_A_CHILD = re.compile(
    r"\bi(?:['\u2019]?m| am)(?: (?:only|just|a pupil|a student))?(?: (?:in|from))? "
    r"(?:(?:y(?:ea)?r?)\s?-?\d{1,2}\b|reception\b|p[1-7]\b|s[1-6]\b"
    r"|(?:aged? )?(?:[5-9]|1[0-7])\b(?!\s*(?:minutes?|hours?|days?|weeks?|months?|miles?|years? (?:in|at|into)|%)))",
    re.IGNORECASE,
)
"""The writer says that they are a child: "I'm in Y5", "I am 12" (PBD-17); nothing is inferred beyond it."""

_SHAPES = (  # what must stand in the text for it to be worth a search; the shape; what is shown instead
    ("@", re.compile(r"[^\s@<>()]+@[^\s@<>()]+\.[^\s@<>()]+"), "[e-mail]"),
    ("/", re.compile(r"https?://\S+|\b[\w-]+(?:\.[\w-]+)+/\S*", re.IGNORECASE), "[link]"),
    ("", re.compile(r"\bwww\.\S+", re.IGNORECASE), "[link]"),
    ("@", re.compile(r"(?<!\w)@[\w.\-]+(?:@[\w.\-]+)?", re.IGNORECASE), "[handle]"),
    ("/", re.compile(r"\b[ur]/[\w\-]+", re.IGNORECASE), "[handle]"),
    ("#", re.compile(r"(?<!\w)[#]\w+"), "[tag]"),
    ("", re.compile(r"(?<!\w)\+?\(?\d(?:[\s().\-]*\d){6,}"), "[number]"),
    ("", re.compile(r"\b[A-Z]{1,2}\d[A-Z\d]?\s*\d[A-Z]{2}\b", re.IGNORECASE), "[postcode]"),
)
_WORD = re.compile(r"\w+(?:['\u2019\-]\w+)*")
_SENTENCE = re.compile(r"[.!?\n|;]+")
_HIDDEN = re.compile("[\u00ad\u0300-\u036f\u200b-\u200f\u2060-\u2064\ufe00-\ufe0f\ufeff]")
_SCHOOL_DAY = re.compile(
    r"(?:\d{1,2}(?:st|nd|rd|th|am|pm|[a-z])?|y\d{1,2}|yr\d{1,2}|p[1-7]|s[1-6]|ks\d)", re.I
)


class Words(msgspec.Struct, frozen=True):
    """Everything that was said in one version of a post, and who is shown as saying it."""

    author_name: str = ""
    author_handle: str = ""
    title: str = ""
    text: str = ""
    context: str = ""

    def sha256(self) -> bytes:
        """32 bytes that show later what was said, without saying it."""
        fields = (self.author_name, self.author_handle, self.title, self.text, self.context)
        return sha256("\0".join(fields).encode("utf-8", "surrogatepass")).digest()

    def without_author(self) -> Words:
        return Words(title=self.title, text=self.text, context=self.context)


@dataclass(frozen=True, slots=True)
class Sealed:
    """Words under lock: which key opens them, and the bytes."""

    key_id: str
    blob: bytes


@dataclass(frozen=True, slots=True)
class Staying:
    """What the store keeps of one decided version."""

    kind: str = ""
    """Class of the extract for retention; "" for none."""
    masked: str = ""
    sha256: bytes = b""
    evidence: bool = False
    """An evidence row is due; without `sealed` it holds the hash and the note alone."""
    sealed: Sealed | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """Which rows one decided version may have."""

    kind: str = ""
    evidence: bool = False
    hide_author: bool = False

    @property
    def extract(self) -> bool:
        return bool(self.kind)

    @property
    def kept(self) -> bool:
        return self.extract or self.evidence


def plan(outcome: Outcome, severity: Severity, *, restricted: bool, by_child: bool) -> Plan:
    """The table of what stays: of nobody nothing, of the ordinary an extract, of the grave the sealed words."""
    if outcome is Outcome.NOBODY:
        return Plan()
    if outcome not in (Outcome.OPENED, Outcome.JOINED):
        return Plan(kind=str(outcome))
    if restricted or by_child:
        return Plan(evidence=True, hide_author=by_child)
    return Plan(kind="case", evidence=severity >= Severity.HIGH)


def words_of(row: Any) -> Words:
    """The words of a row of the store's; none are there when they were erased meanwhile."""
    return Words(*(getattr(row, name) or "" for name in Words.__struct_fields__))


def by_a_child(words: Words) -> bool:
    """Whether the words themselves say that a child wrote them."""
    return bool(BY_A_CHILD.search(words.text) or BY_A_CHILD.search(words.title))


@dataclass(frozen=True, slots=True)
class Known:
    """Phrases that may stay because they are the school's, and words that never may."""

    phrases: re.Pattern[str] | None
    staff: frozenset[str]


def known(profile: Profile) -> Known:
    """What masking must know of a school, made once for a round of work."""
    names = [
        profile.name,
        *profile.aliases,
        *profile.places,
        *(f"#{tag.lstrip('#')}" for tag in profile.hashtags),
    ]
    longest = sorted({name.strip() for name in names if len(name.strip()) > 2}, key=len, reverse=True)
    pattern = "|".join(r"\s+".join(map(re.escape, name.split())) for name in longest)
    people = (
        word
        for member in profile.staff
        for form in (member.name, *member.aliases)
        for word in _WORD.findall(form)
    )
    staff = frozenset(folded for word in people if len(folded := _folded(word)) > 1 and folded not in _TITLES)
    return Known(re.compile(rf"(?<!\w)(?:{pattern})(?!\w)", re.IGNORECASE) if pattern else None, staff)


_TITLES = word_set("mr mrs miss ms mx dr sir prof professor rev head headteacher teacher")
_NOBODY = Known(None, frozenset())


def extract(words: Words, findings: Sequence[Mapping[str, Any]], school: Known | None) -> str:
    """At most 500 masked characters around what was found, or around the school's name."""
    school = school or _NOBODY
    whole = f"{words.title}\n{words.text}" if words.title else words.text
    offset = {"title": 0, "text": len(words.title) + 1 if words.title else 0}
    spans = [
        (offset[e["field"]] + e["start"], offset[e["field"]] + e["end"], finding["flag"])
        for finding in findings
        for e in finding["evidence"]
        if e["field"] in offset
    ]
    centre = min((start for start, _, _ in spans), default=-1)
    if centre < 0:
        first = school.phrases.search(whole) if school.phrases else None
        centre = first.start() if first else 0
    begin = max(0, min(centre - BEFORE, len(whole) - LONGEST))
    low, high = max(0, begin - AROUND), min(len(whole), begin + LONGEST + AROUND)
    children = [(start - low, end - low) for start, end, flag in spans if flag == "pupil_identifying"]
    return _cut(masked_pieces(whole[low:high], school, children), begin - low)


def mask(text: str, school: Known | None = None) -> str:
    """The whole text masked; for short texts and for tests of the masking itself."""
    return "".join(shown for _, shown in masked_pieces(text, school or _NOBODY, ()))


def masked_pieces(text: str, school: Known, children: Iterable[tuple[int, int]]) -> list[tuple[int, str]]:
    """(where it begins in the text, what may be shown) of each word and of what stands between words."""
    strict = bytearray(len(text))  # 1 where only ordinary words may stay
    for a, b in _strict(text, children):
        strict[a:b] = b"\1" * (b - a)
    pieces: list[tuple[int, str]] = []
    at = 0
    for start, end, shown in _tokens(text, school, strict):
        if start > at:
            pieces.append((at, text[at:start]))
        _add(pieces, start, shown)
        at = end
    if at < len(text):
        pieces.append((at, text[at:]))
    return pieces


def _add(pieces: list[tuple[int, str]], start: int, shown: str) -> None:
    """One bar for a name of several words, so that their number is not told."""
    twice = (
        shown == PERSON
        and len(pieces) > 1
        and pieces[-2][1] == PERSON
        and not pieces[-1][1].strip(" -'\u2019")
    )
    if twice:
        pieces.pop()
    else:
        pieces.append((start, shown))


def _strict(text: str, children: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Sentences that speak of a child, with their neighbours: there only ordinary words may stay."""
    if _HIDDEN.search(text):
        return [(0, len(text))]  # words taken apart by letters that nobody sees
    bounds = [0, *(found.end() for found in _SENTENCE.finditer(text)), len(text)]
    sentences = list(pairwise(bounds))
    spans = list(children)
    speaks = [
        bool(CHILD_NEAR.search(text, a, b)) or any(start < b and end > a for start, end in spans)
        for a, b in sentences
    ]
    return [pair for n, pair in enumerate(sentences) if any(speaks[max(0, n - 1) : n + 2])]


def _tokens(text: str, school: Known, strict: bytearray) -> Iterable[tuple[int, int, str]]:
    """Spans to look at in order, none inside another, with what is shown for each."""
    fixed = [
        (m.start(), m.end(), sign)
        for needs, shape, sign in _SHAPES
        if needs in text
        for m in shape.finditer(text)
    ]
    if school.phrases:
        fixed += [(m.start(), m.end(), m[0]) for m in school.phrases.finditer(text)]
    fixed.sort(key=lambda span: (span[0], -span[1]))
    chosen: list[tuple[int, int, str]] = []
    for span in fixed:
        if not chosen or span[0] >= chosen[-1][1]:
            chosen.append(span)
    at, found = 0, []
    for start, end, shown in [*chosen, (len(text), len(text), "")]:
        found += [_word(m, school, strict) for m in _WORD.finditer(text, at, start)]
        if end > start:
            found.append((start, end, _phrase(shown, found, text, start)))
        at = end
    return found


def _phrase(shown: str, before: Sequence[tuple[int, int, str]], text: str, start: int) -> str:
    """A place of one word right after a name is that person's surname."""
    single = not shown.startswith("[") and " " not in shown
    follows = bool(before) and before[-1][2] == PERSON and not text[before[-1][1] : start].strip()
    return PERSON if single and follows else shown


def _word(found: re.Match[str], school: Known, strict: bytearray) -> tuple[int, int, str]:
    start, end, word = found.start(), found.end(), found[0]
    stays = _may_stay(word, bool(strict[start])) and _folded(word) not in school.staff
    return start, end, word if stays else PERSON


@lru_cache(maxsize=16384)
def _may_stay(word: str, strict: bool) -> bool:
    """Whether a word is nobody's name, as far as a list can know; staff are checked beside it."""
    plain = _folded(word)
    if _SCHOOL_DAY.fullmatch(word) or (word.isdigit() and len(word) <= 4) or plain in _TITLES:
        return True
    if plain in COMMON:
        return not (plain in first_names() and (strict or word[0].isupper()))
    if strict or word != word.lower() or any(c.isdigit() or ord(c) > 0x24F for c in word if c != "\u2019"):
        return False
    return all(
        part not in first_names() and part.removesuffix("s") not in first_names() for part in _parts(plain)
    )


def _parts(plain: str) -> list[str]:
    return [part for part in re.split(r"['\u2019\-_]", plain) if part]


@lru_cache(maxsize=8192)
def _folded(word: str) -> str:
    """Lower case, without possessive, accents and apostrophes, as the word lists are."""
    word = word[:-2] if word[-2:] in ("'s", "\u2019s", "'S", "\u2019S") else word
    letters = unicodedata.normalize("NFKD", word).casefold()
    return "".join(c for c in letters if not unicodedata.combining(c) and c not in "'\u2019")


def _cut(pieces: Sequence[tuple[int, str]], begin: int) -> str:
    """Whole pieces from `begin` on, while they fit."""
    taken: list[str] = []
    room = LONGEST
    for start, shown in pieces:
        if start < begin:
            continue
        if len(shown) > room:
            break
        taken.append(shown)
        room -= len(shown)
    return "".join(taken).strip()
