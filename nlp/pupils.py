"""Pupils: words that let a reader work out who a child at the school is (guide, sections 2 and 7.6).

A first name counts with something that ties it to a child: a class, an age, a
family word, an award, a list under a picture. Own children in a happy context
are low, health, needs, family and exclusion high.
"""

from __future__ import annotations

from spacy.language import Language
from spacy.tokens import Doc

from nlp.case import Case
from nlp.component import run
from nlp.findings import Flag, Severity
from nlp.names import names_in
from nlp.rules import Hit, Rule, any_match, find, load, sentence
from nlp.shapes import OWN, RELATION, Name, is_class
from nlp.view import View
from nlp.words import word_set

_REACH = 8
_YEAR_WORDS = word_set("year yr class primary bl blwyddyn flwyddyn dosbarth form")
_CLASS_WORDS = word_set("reception derbyn nursery")
_AGES = word_set(
    """four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"""
)
_PUPIL = word_set("pupil pupils student schoolboy schoolgirl classmate classmates disgybl ddisgybl")
_TIES = word_set(
    """award awards certificate medal prize winner won wins winning excluded expelled suspended detention
    isolation bullied bullying bully bus toilets bogs fight fought stinks smells inhaler wheelchair
    autistic adhd seizures foster jumper blazer changing_room lunch playtime playground assembly trip
    captain class sats gcse results grade grades mums mum dads dad da mam mammy mother father kicked
    punched broke bit cried crying wets"""
)  # fmt: skip
_MARKS = (".", "?", "|")

NAMED = Rule("pupils.named", Severity.MEDIUM, 0.75, "names a child with a class, an age or what happened", ())
OWN_CHILD = Rule("pupils.own", Severity.LOW, 0.65, "a family names its own child", ())
LISTED = Rule("pupils.listed", Severity.MEDIUM, 0.6, "lists children by name", ())


def decide(case: Case) -> list[tuple[Hit, Severity]]:
    """The hits that count and how bad each is."""
    view, window = case.view, case.window
    rules = load("pupils")
    words = frozenset(view.text[window[0] : window[1]].split())
    if any_match(rules.extra["grown"], view.text, words, *window):
        return []
    names = names_in(view, *window, case.school.own_words)
    hits = [hit for name in names if (hit := _tied(view, name)) is not None]
    hits += _listed(view, names)
    hits += find(rules.rules, view.text, case.context.text, window)
    return [(hit, _level(case, hit, words)) for hit in hits]


def _level(case: Case, hit: Hit, words: frozenset[str]) -> Severity:
    extra = load("pupils").extra
    if hit.rule.severity is Severity.HIGH:
        return Severity.HIGH
    begin, end = sentence(case.view.text, hit.start, hit.end)
    if any_match(extra["sensitive"], case.view.text, words, begin, min(len(case.view.text), end + 120)):
        return Severity.HIGH
    return hit.rule.severity


def _at(view: View, first: int, last: int) -> tuple[int, int]:
    return view.at[first], view.at[last] + len(view.words[last].word)


def _tied(view: View, name: Name) -> Hit | None:
    """The hit for one name with what ties it to a child; None when nothing does."""
    own = _own(view, name)
    last = _class_after(view, name)
    if last is not None:
        return Hit(OWN_CHILD if own else NAMED, *_at(view, name.first, last))
    first = _class_before(view, name)
    if first is not None:
        return Hit(OWN_CHILD if own else NAMED, *_at(view, first, name.last))
    if own:
        return Hit(OWN_CHILD, *_at(view, max(0, name.first - 1), name.last))
    if name.full and _tie_near(view, name):
        return Hit(NAMED, *_at(view, name.first, name.last))
    return None


def _own(view: View, name: Name) -> bool:
    before = [word.word for word in view.words[max(0, name.first - 4) : name.first]]
    after = view.words[name.last + 1].word if name.last + 1 < len(view.words) else ""
    return (
        bool(before and before[-1] in OWN)
        or bool(set(before) & OWN and set(before) & RELATION)
        or after in ("ni", "fi")
    )


def _class_after(view: View, name: Name) -> int | None:
    """The last word of "in Year 6", "(9)", ", 13", "11b" soon after a name, in the same sentence."""
    for index in range(name.last + 1, min(name.last + 1 + _REACH, len(view.words))):
        word = view.words[index].word
        if word in _MARKS:
            return None
        near = index - name.last
        following = view.words[index + 1].word if index + 1 < len(view.words) else ""
        if word in _YEAR_WORDS and (following[:2].strip("abcdefghjkmrw").isdigit() or following in _AGES):
            return index + 1
        if (
            is_class(word)
            or (near == 1 and is_class(word.replace("k", "b")))
            or (word in _CLASS_WORDS and near <= 4)
        ):
            return index
        age = (word.isdigit() and 3 <= int(word[:3]) <= 18 and len(word) < 3) or word in _AGES
        if age and (near == 1 or view.words[index - 1].word in ("aged", "is", "hes", "shes", "age", "only")):
            return index
    return None


def _class_before(view: View, name: Name) -> int | None:
    for index in range(name.first - 1, max(-1, name.first - 5), -1):
        word = view.words[index].word
        if word in _MARKS:
            return None
        if is_class(word) or word in _PUPIL:
            return index
        if word in ("old", "oed") and view.words[max(0, index - 1)].word == "year":
            return max(0, index - 2)
        if word.isdigit() and index and view.words[index - 1].word in _YEAR_WORDS:
            return index - 1
        if word in RELATION and name.first - index == 1:
            return index
    return None


def _tie_near(view: View, name: Name) -> bool:
    begin, end = sentence(view.text, *_at(view, name.first, name.last))
    return not _TIES.isdisjoint(view.text[begin:end].split())


def _listed(view: View, names: list[Name]) -> list[Hit]:
    """Three or more names close together in one post that speaks of a class, a team, a trip."""
    run: list[Name] = []
    hits: list[Hit] = []
    for name in [*names, None]:
        if name is not None and run and name.first - run[-1].last <= 4:
            run.append(name)
            continue
        if len(run) >= 3:
            hits.append(Hit(LISTED, *_at(view, run[0].first, run[-1].last)))
        run = [name] if name is not None else []
    return hits


@Language.component("pupils", assigns=["doc.spans"])
def pupils(doc: Doc) -> Doc:
    """Writes the finding to the case and the spans to `doc.spans["pupil_identifying"]`."""
    return run(doc, Flag.PUPIL_IDENTIFYING, decide)
