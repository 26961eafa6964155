"""Each flag from both sides: text -> the exact words that carry it, and near misses that carry nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from nlp.findings import Flag

Words = Callable[[Flag, str], list[str] | None]

HITS = [
    (Flag.ABUSIVE, "Mrs Vane-Ashby is an absolute muppet", "absolute muppet"),
    (Flag.ABUSIVE, "Mr O'Shea you useless m*ppet", "useless m*ppet"),
    (Flag.ABUSIVE, "the secretary is a gormless old battleaxe", "gormless old battleaxe"),
    (Flag.ABUSIVE, "Mrs Vane-Ashby is a b*tch", "b*tch"),
    (Flag.ABUSIVE, "Miss Green 🤡🤡", "🤡🤡"),
    (Flag.ABUSIVE, "Mr O'Shea has a face like a dropped trifle", "face like"),
    (Flag.ABUSIVE, "Miss Green stinks of onions", "Miss Green stinks"),
    (Flag.THREATENING, "I will batter Mr O'Shea", "will batter Mr O'Shea"),
    (Flag.THREATENING, "Mr O'Shea is getting his windows smashed", "windows smashed"),
    (Flag.THREATENING, "hope Mrs Vane-Ashby gets cancer", "hope Mrs Vane-Ashby gets cancer"),
    (Flag.THREATENING, "be a shame if anything happened to your car, Mrs V", "shame if anything"),
    (Flag.THREATENING, "we know where Miss Green lives", "know where Miss Green lives"),
    (Flag.THREATENING, "Mr O'Shea wants to be careful. I know where he lives", "know where he lives"),
    (Flag.THREATENING, "I know which van is his, Mr O'Shea", "know which van is his"),
    (Flag.THREATENING, "Miss Green had better mind her back", "mind her back"),
    (Flag.THREATENING, "burn the school down", "burn the school"),
    (Flag.DEFAMATORY, "Mr O'Shea stole the trip money", "Mr O'Shea stole"),
    (Flag.DEFAMATORY, "Miss Green was drunk at assembly", "drunk at assembly"),
    (Flag.DEFAMATORY, "Mrs Vane-Ashby forged the registers", "forged the registers"),
    (Flag.DEFAMATORY, "Mr O'Shea slapped my son", "Mr O'Shea slapped my son"),
    (
        Flag.DEFAMATORY,
        "she was dismissed from the last place for theft",
        "dismissed from the last place for theft",
    ),
    (Flag.DEFAMATORY, "they covered it up for years", "covered it up"),
    (Flag.DEFAMATORY, "Mrs V screams at the children every morning", "screams at the children"),
    (Flag.PUPIL_IDENTIFYING, "Alfie Marlow in Year 5 came first", "Alfie Marlow in Year 5"),
    (Flag.PUPIL_IDENTIFYING, "well done Niamh, 9, from us all", "Niamh, 9"),
    (Flag.PUPIL_IDENTIFYING, "kayleigh b 7k is so annoying", "kayleigh b 7k"),
    (Flag.PUPIL_IDENTIFYING, "proud of our Osian today", "our Osian"),
    (Flag.PUPIL_IDENTIFYING, "six-year-old Tilly Barnes rang the bell", "six-year-old Tilly Barnes"),
    (Flag.SAFEGUARDING, "my daughter says she wants to die", "wants to die"),
    (Flag.SAFEGUARDING, "a boy in my class hasn't come home since Monday", "hasn't come home"),
    (Flag.SAFEGUARDING, "Mr O'Shea slaps the little ones", "slaps the little ones"),
    (Flag.SAFEGUARDING, "my son is being bullied every day", "bullied"),
    (Flag.IMPERSONATION, "someone has made a fake account in Miss Green's name", "fake account"),
    (Flag.IMPERSONATION, "there is a page pretending to be the school", "page pretending"),
    (Flag.COMPLAINT, "I want to make a formal complaint about lunch", "formal complaint"),
    (Flag.COMPLAINT, "I emailed three times and had no reply", "no reply"),
]
MISSES = [
    (Flag.ABUSIVE, "what a wicked assembly, Mrs V is a legend"),
    (Flag.ABUSIVE, "useless response from the school"),
    (Flag.ABUSIVE, "me, a muppet, forgot the PE kit again"),
    (Flag.ABUSIVE, "whoever called Miss Green a muppet should be ashamed"),
    (Flag.ABUSIVE, "we saw a pig and a goat at the farm"),
    (Flag.ABUSIVE, "the dinosaur in the hall is huge"),
    (Flag.ABUSIVE, "f***ing traffic outside Quillmere"),
    (Flag.ABUSIVE, "Mr O'Shea is not stupid"),
    (Flag.THREATENING, "Year 6 will smash it tomorrow"),
    (Flag.THREATENING, "this homework will kill me"),
    (Flag.THREATENING, "I will ring my solicitor and Ofsted"),
    (Flag.THREATENING, "Mr O'Shea broke a leg at football"),
    (Flag.THREATENING, "see you at the fair on Friday"),
    (Flag.THREATENING, "a man was jailed for threats to stab a teacher, the court heard"),
    (Flag.THREATENING, "someone needs to sort out the printer"),
    (Flag.THREATENING, "Mr O'Shea wants to be careful with that ladder"),
    (Flag.THREATENING, "please be careful on the ice, everyone"),
    (Flag.DEFAMATORY, "worst head ever, the place has gone downhill"),
    (Flag.DEFAMATORY, "Mr O'Shea stole the show in the panto"),
    (Flag.DEFAMATORY, "does anyone know why Miss Green left?"),
    (Flag.DEFAMATORY, "the cooked dinners are fine"),
    (Flag.DEFAMATORY, "the talk on drugs was useful"),
    (Flag.DEFAMATORY, "Mrs V is strict and the children love her"),
    (Flag.PUPIL_IDENTIFYING, "Year 4 went to the museum"),
    (Flag.PUPIL_IDENTIFYING, "some boy in my son's class took his snack"),
    (Flag.PUPIL_IDENTIFYING, "Mr Callum Reid, 41, cut the ribbon"),
    (Flag.PUPIL_IDENTIFYING, "Amy, the author of the book, came to read"),
    (Flag.PUPIL_IDENTIFYING, "will the summer fair go ahead"),
    (Flag.SAFEGUARDING, "the workshop on self-harm was well run"),
    (Flag.SAFEGUARDING, "my daughter's coat is missing again"),
    (Flag.SAFEGUARDING, "the children want to dance"),
    (Flag.SAFEGUARDING, "Mr O'Shea kicks the ball to the children"),
    (Flag.SAFEGUARDING, "Mr O'Shea gets stabbed when he locks up. I have got the blade here"),
    (Flag.IMPERSONATION, "parody page, not the real school"),
    (Flag.IMPERSONATION, "the raffle is for gift cards"),
    (Flag.COMPLAINT, "thank you all for a lovely concert"),
    (Flag.COMPLAINT, "the fair is on Saturday"),
]


@pytest.mark.parametrize(("flag", "text", "carries"), HITS)
def test_hit_with_its_words(words: Words, flag: Flag, text: str, carries: str) -> None:
    found = words(flag, text)
    assert found is not None
    assert any(carries in piece or piece in carries for piece in found), found


@pytest.mark.parametrize(("flag", "text"), MISSES)
def test_near_miss(words: Words, flag: Flag, text: str) -> None:
    assert words(flag, text) is None
