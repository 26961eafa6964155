"""Names told by their shape and by what stands beside them, for children on no list of first names.

Two capitalised words with a class, an age or "pupil" right beside them, or one
after "my daughter", "poor", "well done", are a child's name; days, subjects,
places, staff and things called by capitals are not.
"""

from __future__ import annotations

from dataclasses import dataclass

from nlp.view import View
from nlp.words import EDUCATION, NOT_A_SCHOOL, TITLES, word_set

NOT_NAMES = word_set(
    """the a i monday tuesday wednesday thursday friday saturday sunday january february march april may
    june july august september october november december year yr school primary academy ofsted mum dad
    nan gran english maths welsh god christmas easter facebook instagram tiktok snapchat youtube gcse
    sats send sen pe pta ta tas dsl uk masked staff school and but or so in on at to for of from with"""
)
_NO_CHILD = (NOT_NAMES | EDUCATION | NOT_A_SCHOOL | TITLES) | word_set(
    """day days week month club team trip fair fete show play choir band cup match final finals award
        awards prize council group times post news gazette guide guides brownie brownies scout scouts park
        museum castle zoo farm church street book books war fire great world national royal big little new
        old happy merry dear poor well done thanks thank congratulations congrats proud best worst good
        bad love lovely amazing star stars fun sports open summer winter spring autumn forest nativity
        panto assembly carol concert bake cake sale car boot parents parent mothers fathers friends all
        everyone every each some our my your his her their its it he she they we you i me this that these
        those what when where why who how if as is are was were be been has have had do does did not no yes
        please just only also then there here now today tonight tomorrow yesterday morning afternoon hello
        hi hey omg lol wow oh ps fao re breaking missing lost found update reminder notice head deputy
        caretaker secretary cook office governor governors nurse police pc art drama music dance history
        geography science spanish french german latin computing reading writing spelling phonics times
        tables vikings viking romans roman tudor tudors victorian egyptians greeks stone iron age black
        white red blue green yellow north south east west united county city town village london england
        britain british royal bbc covid netball hockey rugby football cricket tag swimming world
        cross country duke edinburgh queen king prince princess saint"""
)
_LINKS = word_set("in from of is whos who aged age also at here class group form and now")
_TOPIC = word_set(
    """by about on reading read studying studied study doing did learnt learned learning called named at in
    near the a an author poet artist composer loved visited visiting visit with_the into through around"""
)
_SPOKEN_OF = word_set(
    "poor done little wee congratulations congrats bless proud_of birthday love_to brave lovely"
)
_GROWN = word_set(
    "teacher teachers teaches teaching taught ta tas tutor governor coach author lecturer tutors"
)
_AGES = frozenset(str(age) for age in range(3, 19))
_FORMS = word_set("year yr class primary blwyddyn flwyddyn form")
_PUPIL = word_set("pupil student schoolboy schoolgirl classmate disgybl")
_REACH = 3


@dataclass(frozen=True, slots=True)
class Name:
    """Words [first, last] of a view that look like a person's name."""

    first: int
    last: int
    full: bool


def name_by_shape(view: View, index: int, places: frozenset[str]) -> Name | None:
    """The name that seems to begin at a word although no list knows it; None for anything else."""
    if not _may_name(view, index, places):
        return None
    full = (
        index + 1 < len(view.words)
        and view.words[index + 1].start - view.words[index].end == 1
        and _may_name(view, index + 1, places)
    )
    last = index + 1 if full else index
    before = view.words[index - 1].word if index else ""
    third = last + 1 < len(view.words) and view.words[last + 1].capital and _touches(view, last)
    if third or _grown(view, last):
        return None
    kin = before in RELATION and index > 1
    if kin and (full or _class_right_after(view, last) or _own_kin(view, index)):
        return Name(index, last, full)
    spoken = before in _SPOKEN_OF
    tied = _class_right_after(view, last) or (full and _child_right_before(view, index))
    if tied and (full or spoken) and before not in _TOPIC:
        return Name(index, last, full)
    return None


def _may_name(view: View, index: int, places: frozenset[str]) -> bool:
    token = view.words[index]
    return (
        token.capital
        and view.fields[index] in ("text", "title")
        and len(token.word) > 2
        and token.word.isalpha()
        and token.word.islower()
        and token.word not in _NO_CHILD
        and token.word not in places
    )


def _touches(view: View, index: int) -> bool:
    return view.words[index + 1].start - view.words[index].end == 1


def _own_kin(view: View, index: int) -> bool:
    return any(word.word in OWN for word in view.words[max(0, index - 4) : index])


def _class_right_after(view: View, last: int) -> bool:
    """ "in Year 5", "from 4V", "(9)", "aged 8" with at most three linking words between."""
    for index in range(last + 1, min(last + 2 + _REACH, len(view.words))):
        word = view.words[index].word
        following = view.words[index + 1].word if index + 1 < len(view.words) else ""
        if is_class(word) or (word in _FORMS and following[:2].strip("abcdefghjkmrw").isdigit()):
            return True
        if word == "reception" and index > last + 1:
            return True
        if word in _AGES:
            return view.words[index - 1].word in ("aged", "age", "is") or (
                index == last + 1 and view.words[index].start - view.words[last].end >= 2
            )
        if word not in _LINKS:
            return False
    return False


def _child_right_before(view: View, index: int) -> bool:
    """ "Year 5 pupil ...", "pupil ...", "nine-year-old ...", "4V's ..." """
    words = [word.word for word in view.words[max(0, index - 3) : index]]
    if not words:
        return False
    if words[-1] in _PUPIL or is_class(words[-1]):
        return True
    if words[-2:] == ["year", "old"]:
        return True
    return len(words) > 1 and words[-1].isdigit() and words[-2] in _FORMS


def _grown(view: View, last: int) -> bool:
    """Soon after the name, in the same sentence, stands what only grown-ups are."""
    for word in view.words[last + 1 : last + 10]:
        if word.word in (".", "?", "|"):
            return False
        if word.word in _GROWN:
            return True
    return False


OWN = word_set("my our ma oor")
RELATION = word_set(
    """son daughter grandson granddaughter niece nephew lad lass laddie lassie bairn wean girl boy brother
    sister twins twin youngest eldest grandchild goddaughter godson cousin"""
)


def is_class(word: str) -> bool:
    """ "y5", "yr10", "11b", "p7", "s1", "5b", "11x2": one word that names a class."""
    rest = word
    for lead in ("yr", "year", "y", "p", "s", "bl", "ks"):
        if word.startswith(lead) and word[len(lead) :].isdigit():
            return 0 < int(word[len(lead) :][:4]) <= 13
    digits = rest[: len(rest) - len(rest.lstrip("0123456789"))]
    letters = rest[len(digits) :]
    known = (
        letters.isalpha()
        and len(letters) <= 2
        and letters not in ("am", "pm", "st", "nd", "rd", "th", "k", "m", "x")
    )
    return bool(digits) and known and 0 < int(digits[:4]) <= 13
