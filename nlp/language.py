"""In what language a post mostly is, as far as a simple count can say.

The rules read English (and a little Welsh); of a post in another language a
person must be told that it was not judged. Scripts are counted by Unicode
blocks, Latin languages by their commonest small words; where the count is
unclear, nothing is said.
"""

from __future__ import annotations

import re
from collections import Counter

from nlp.findings import Reading
from nlp.view import View
from nlp.words import word_set

_LETTERS = re.compile(r"[^\W\d_]")
_SCRIPTS = (
    (0x0370, 0x03FF, "el"),
    (0x0400, 0x052F, "und-Cyrl"),
    (0x0590, 0x05FF, "he"),
    (0x0600, 0x077F, "und-Arab"),
    (0x0900, 0x097F, "und-Deva"),
    (0x0980, 0x09FF, "bn"),
    (0x0A00, 0x0A7F, "pa"),
    (0x0A80, 0x0AFF, "gu"),
    (0x0B80, 0x0BFF, "ta"),
    (0x1200, 0x137F, "und-Ethi"),
    (0x3040, 0x30FF, "ja"),
    (0x4E00, 0x9FFF, "und-Hani"),
    (0xAC00, 0xD7A3, "ko"),
)
"""[first, last] code point of a block and the BCP 47 tag; "und-" where several languages share a script."""
_TELLING = (("und-Arab", "ur", re.compile("[ٹڈڑںہےھ]")), ("und-Cyrl", "uk", re.compile("[іїєґ]")))
"""Letters that one language of a script has and its neighbours there have not."""
_ENGLISH = word_set(
    """the a and to of in is it that was for on with he she they you we my our this be at not have has his her
        are as but so me him what who from all just been will your their there if or an about when no do"""
)
_COMMON = {
    "cy": word_set(
        """yn mae ar wedi gan ond hefyd roedd oedd ydy ydi iawn gyda dim nid beth pam sydd sy eu ei fy mewn
        dros pob hwn hon dyn ni chi nhw fel bydd bod yr ir oedden maen maer nad yng dyma eto wrth cael"""
    ),
    "pl": word_set(
        """jest nie sie na ze dla ktory ktora bardzo tak ale czy jak przez tylko byl byla sa moje moja nasz
        naszych nigdy zawsze ma tego dzieci od juz po jej jego oraz gdy kiedy sa mi w z i"""
    ),
    "fr": word_set(
        "le la les et est une des dans pour pas que qui nous vous elle avec sont mais sur ce cette"
    ),
    "es": word_set("el la los las y es una que por para con no muy pero como mi su sus esta ella nunca"),
    "pt": word_set("o os as e uma que para com nao muito mas como meu minha sua ela nunca esta dos das"),
    "ro": word_set("si este nu la cu pentru care foarte dar sunt nostru mea lui ei niciodata din pe copii"),
    "lt": word_set("ir yra ne su kad labai bet mano jis ji apie vaikai musu niekada kaip visi"),
    "so": word_set("waa oo iyo ka ku uu ay la aan waxaa inay wuxuu carruurta aad"),
}
_LEAST_LETTERS = 12
_LEAST_WORDS = 6


def language_of(reading: Reading, view: View) -> str:
    """The BCP 47 tag of a post that is mostly not English, from title and text; "" for English or unsure."""
    written = f"{reading.title} {reading.text}"
    return (_by_script(written) if not written.isascii() else "") or _by_words(view)


def notes_of(reading: Reading, view: View) -> tuple[str, ...]:
    """What a person must know: "not judged: language cy"; empty for English."""
    language = language_of(reading, view)
    return (f"not judged: language {language}",) if language else ()


def _by_script(written: str) -> str:
    letters = _LETTERS.findall(written.lower())
    found = Counter(tag for letter in letters if ord(letter) > 0x036F and (tag := _script(ord(letter))))
    if not found:
        return ""
    tag, count = found.most_common(1)[0]
    if count < _LEAST_LETTERS or count * 2 < len(letters):
        return ""
    return next(
        (own for script, own, sign in _TELLING if script == tag and sign.search(written.lower())), tag
    )


def _script(code: int) -> str:
    return next((tag for first, last, tag in _SCRIPTS if first <= code <= last), "")


def _by_words(view: View) -> str:
    words = [
        word.word
        for word, field in zip(view.words, view.fields, strict=True)
        if field in ("text", "title") and word.word.isalpha()
    ]
    if len(words) < _LEAST_WORDS:
        return ""
    english = sum(word in _ENGLISH for word in words)
    if english * 6 > len(words):
        return ""
    counts = {language: sum(word in common for word in words) for language, common in _COMMON.items()}
    best = max(counts, key=lambda language: counts[language])
    clear = counts[best] >= max(3, 2 * english + 1) and counts[best] * 6 >= len(words)
    return best if clear else ""


__all__ = ["language_of", "notes_of"]
