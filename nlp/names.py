"""Children's names in a view: where a first name (and a surname or initial) seems to stand."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from nlp.shapes import NOT_NAMES, OWN, Name, is_class, name_by_shape
from nlp.view import View
from nlp.words import ORDINARY, TITLES, word_set

_ALSO_WORDS = word_set(
    """will rose grace may mark jack hope faith summer poppy daisy lily ivy holly amber ruby jade dean
    frank rob bill grant skye chase angel robin miles max ray pat sue dawn joy iris heather harper penny
    violet willow phoenix eden bailey taylor star logan tom ali ana jan jay lee lou asha ola tia rio
    rowan bonnie precious olive bryn eira alan stan victoria quinn kitty luna aurora aria harris"""
)
_ADULT_BEFORE = (
    TITLES
    | word_set(
    """cllr councillor mum dad mother father mam da teacher author actor actress singer mp governor chair
    coach caretaker driver head cook pcso sergeant pc detective inspector principal headteacher
    secretary campaigner spokesman spokeswoman resident editor councillor minister organiser founder
    director reporter photographer parent owner manager chef aunt auntie uncle grandad husband wife"""
)
)  # fmt: skip


@cache
def first_names() -> frozenset[str]:
    text = files("nlp").joinpath("patterns", "first_names.txt").read_text("utf-8")
    return frozenset(word for line in text.splitlines() if not line.startswith("#") for word in line.split())


def names_in(view: View, start: int, end: int, places: frozenset[str] = frozenset()) -> list[Name]:
    """All names that may be a child's among the words of [start, end); titles and staff are left out,
    and so are `places`: words that name the school's surroundings."""
    found: list[Name] = []
    index, stop = view.index(start), view.index(max(start, end - 1))
    while index <= stop:
        name = _name_at(view, index) or name_by_shape(view, index, places)
        if name is None:
            index += 1
            continue
        if not _adult(view, name):
            found.append(name)
        index = name.last + 1
    return found


def _name_at(view: View, index: int) -> Name | None:
    token = view.words[index]
    if view.fields[index] not in ("text", "title") or not _first_name(view, index):
        return None
    last = index
    after = view.words[index + 1] if index + 1 < len(view.words) else None
    if after is not None and after.word.isalpha() and 0 < after.start - token.end <= 1:
        initial = len(after.word) == 1 and after.word not in ("a", "i", "n", "u", "r", "y", "x", "o")
        initial = initial or (
            len(after.word) == 1 and after.capital and token.capital and after.word not in ("a", "i")
        )
        surname = after.capital and token.capital and len(after.word) > 1 and after.word not in NOT_NAMES
        low = (
            not token.capital
            and len(after.word) > 3
            and after.word not in ORDINARY
            and _named_low(view, index + 2)
        )
        if after.word not in ("STAFF", "SCHOOL") and (initial or surname or low):
            last = index + 1
    return Name(index, last, last > index)


def _named_low(view: View, index: int) -> bool:
    """ "harvey lunn in y5": the lower-case word after a first name is a surname if a class follows."""
    following = [word.word for word in view.words[index : index + 2]]
    return any(is_class(word) for word in following)


def _first_name(view: View, index: int) -> bool:
    token, before = view.words[index], view.words[index - 1] if index else None
    word = token.word.removesuffix("s") if token.word not in first_names() else token.word
    if word not in first_names():
        after = view.words[index + 1] if index + 1 < len(view.words) else None
        if after is not None and (after.capital or after.word == "of"):  # "our Summer Fair"
            return False
        own = before is not None and before.word in OWN and token.capital and len(token.word) > 2
        return (
            own
            and token.word.isalpha()
            and token.word not in NOT_NAMES
            and token.word not in ("STAFF", "SCHOOL")
        )
    starts = before is None or before.word in (".", "|", "?", '"')
    if word in _ALSO_WORDS or token.word != word:
        return token.capital and (
            not starts or (index + 1 < len(view.words) and view.words[index + 1].capital)
        )
    return True


def _adult(view: View, name: Name) -> bool:
    before = [word.word for word in view.words[max(0, name.first - 2) : name.first]]
    if any(word in _ADULT_BEFORE for word in before[-1:]):
        return True
    after = [word.word for word in view.words[name.last + 1 : name.last + 3]]
    return any(word.isdigit() and 19 <= int(word[:4]) <= 99 for word in after[:1])
