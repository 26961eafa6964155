"""What is posted in the acceptance run: who should hear of it, and which of its words may go no further.

Everything is invented. The mailboxes are those of the invented primary school
in examples/primary: its headteacher Harriet Venn is the designated person too,
the child-protection person is Tobias Adeyinka, the chair of governors Leopold
Harkness.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

DOMAIN = "larkhillprimary.example"
HEAD = f"head@{DOMAIN}"
CHILD_PROTECTION = f"safeguarding@{DOMAIN}"
DEPUTY = f"b.crossley@{DOMAIN}"
CHAIR = f"chair@{DOMAIN}"
MAILBOXES = (HEAD, CHILD_PROTECTION, DEPUTY, CHAIR, f"office@{DOMAIN}")
NAMES = ("Venn", "Adeyinka", "Crossley", "Moxon", "Harkness", "Whitcombe", "Hattie", "Bryony")
WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")


@dataclass(frozen=True, slots=True)
class Comment:
    """One comment and what the school's pack says about it."""

    key: str
    what: str
    author: str
    words: str
    to: tuple[str, ...] = ()
    """The only mailboxes that may hear of it; none: nobody is told."""
    category: str = ""
    telling: tuple[str, ...] = ()
    """Words of it that may stand in no mail and no log."""


QUIET = (
    Comment(
        "complaint",
        "a plain complaint",
        "Orla",
        "We have waited three weeks for an answer about the after-school club fees and nobody at "
        "Larkhill Primary School has rung us back. Please look into it.",
        telling=("after-school", "fees", "Orla"),
    ),
    Comment(
        "praise",
        "warm praise of a teacher",
        "Benedikt",
        "Thank you so much to Mr Adeyinka and everyone at Larkhill Primary School for a wonderful "
        "sports day. We loved every minute!",
        telling=("wonderful", "sports day", "Benedikt"),
    ),
    Comment(
        "stranger",
        "words that mention nobody, on the school's own page",
        "Lettice",
        "Does anybody know whether the number 12 bus to Quillhampton runs on bank holidays?",
        telling=("Quillhampton", "Lettice"),
    ),
)
LOUD = (
    Comment(
        "threat",
        "a threat to a member of staff, with time and weapon",
        "Ingo",
        "I will be waiting for Miss Crossley outside Larkhill Primary School at 3pm on Friday with a knife.",
        (HEAD,),
        "threatening",
        ("knife", "3pm", "Ingo"),
    ),
    Comment(
        "head",
        "abuse of the headteacher herself",
        "Marlon",
        "Mrs Venn is a vile stupid cow and the most pathetic headteacher Larkhill Primary School has "
        "ever had. Nasty ugly old witch.",
        (CHAIR,),
        "abusive_harassing",
        ("stupid cow", "witch", "Marlon"),
    ),
    Comment(
        "pupil",
        "a pupil named with class and injury",
        "Perpetua",
        "So sorry to hear that Ella Whitcombe in Year 4 broke her arm at Larkhill Primary School on Tuesday.",
        (CHILD_PROTECTION,),
        "pupil_identifying",
        ("Ella", "Year 4", "broke", "Perpetua"),
    ),
)
WHILE_DEAD = Comment(
    "dead",
    "abuse of a teacher, posted while the service was dead (and at first no mail server to trust)",
    "Rufus",
    "That Mr Adeyinka at Larkhill Primary School is a useless fat pig.",
    (HEAD,),
    "abusive_harassing",
    ("fat pig", "useless", "Rufus"),
)
HELD = Comment(
    "held",
    "abuse of the secretary, held by the moderator and let through late",
    "Cordelia",
    "Mrs Moxon at Larkhill Primary School is a disgusting lazy slag.",
    (HEAD,),
    "abusive_harassing",
    ("lazy slag", "disgusting", "Cordelia"),
)
WHILE_BROKEN = Comment(
    "broken",
    "a threat to the secretary, posted while sources.toml was broken",
    "Dashiell",
    "I am going to break Mrs Moxon's legs when she leaves the school office.",
    (HEAD,),
    "threatening",
    ("legs", "Dashiell"),
)
EDITED = Comment(
    "edited",
    "the praise of above, edited into a threat",
    "Benedikt",
    "I will be waiting for Mr Adeyinka at the gate of Larkhill Primary School at 3pm with a hammer.",
    (HEAD,),
    "threatening",
    ("hammer", "3pm", "Benedikt"),
)
PASSER_BY = Comment(
    "passer-by",
    "words that mention nobody, on a page that is not the school's",
    "Zebulonmarker",
    "Selling three second-hand bicycles in Upper Quagmore, collection only, no time wasters.",
    telling=("bicycles", "Quagmore", "Zebulonmarker"),
)
MENDED = Comment(
    "mended",
    "abuse of a teacher, posted after sources.toml was mended",
    "Fenella",
    "Miss Crossley is a disgusting ugly slag and everybody at Larkhill Primary School knows it.",
    (HEAD,),
    "abusive_harassing",
    ("ugly slag", "Fenella"),
)


def leaked(comment: Comment, words: str) -> list[str]:
    """What of the comment stands in `words`: telling words, or any four of its words in a row."""
    plain = " ".join(WORD.findall(words.casefold()))
    mine = WORD.findall(comment.words.casefold())
    runs = (" ".join(mine[i : i + 4]) for i in range(len(mine) - 3))
    return [w for w in comment.telling if w.casefold() in words.casefold()] + [r for r in runs if r in plain]
