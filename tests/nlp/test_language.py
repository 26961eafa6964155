"""A post that is mostly not English is said to be not judged; English and mixed posts are not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from nlp.findings import Assessment

Assess = Callable[..., Assessment]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Mae'r plant wedi bod yn brysur iawn heddiw ac roedd pawb yn hapus gyda'r cyngerdd", "cy"),
        ("Szkoła nie odpowiada na maile i to jest bardzo smutne dla naszych dzieci", "pl"),
        ("اسکول کے بچے بہت خوش ہیں اور استاد بھی", "ur"),
        ("Школа сьогодні зачинена через сніг, її відкриють завтра", "uk"),
        ("Школа сегодня закрыта из-за снега", "und-Cyrl"),
        ("Les enfants sont dans la cour et nous avons une fête pour vous", "fr"),
    ],
)
def test_other_languages_are_named(assess: Assess, text: str, language: str) -> None:
    assert assess(text).notes == (f"not judged: language {language}",)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "😀😀😀",
        "The concert was lovely and the children sang in Welsh",
        "Bore da! The choir will sing at the gate on Monday, diolch to all the parents",
        "Quillmere Quillmere Quillmere Quillmere Quillmere Quillmere",
        "Mrs Vane-Ashby sаys hеllo to аll of us",
        "My nan says dziękuję to the cook for the cake",
    ],
)
def test_english_and_unsure_say_nothing(assess: Assess, text: str) -> None:
    assert assess(text).notes == ()
