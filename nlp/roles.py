"""Role phrases: "the head of the school", "the Year 4 teacher", "our DSL" as patterns over a view."""

from __future__ import annotations

import re
from collections.abc import Iterator

from nlp.findings import Profile, Staff
from nlp.words import folded, school_names

_HEAD = "headteacher|head teacher|headmaster|headmistress|head mistress|head master|pennaeth|bhennaeth|brifathro|brifathrawes|prifathro"
_THE = "(?:the|our|your|ur|their|that|this|this|my|ye|yer|dear|new|to|fao|y|a)"
_NOT_PRESENT = "(?<!former)(?<!old)(?<!ex)(?<!previous)(?<!last)(?<!retired)"
_OF_OURS = "(?! (?:of|in|at|on|for|y|yr) (?!SCHOOL|this|the place|your|our|here|ours|that))"


def _plain(role: str) -> Iterator[str]:
    """Regular expressions (over folded words) of how one role is spoken of."""
    year = re.search(r"\b(?:year|yr|y|p|s) ?(\d{1,2})\b", role)
    if year and "teacher" in role:
        number = year.group(1)
        letter = "p" if re.search(r"\bp ?\d", role) else "s" if re.search(r"\bs ?\d", role) else "y"
        yield rf"(?:year {number}|yr ?{number}|{letter}{number}) (?:class )?teacher"
    head_of = re.fullmatch(r"head of (?:year|yr) (\d{1,2})", role)
    if head_of:
        yield rf"(?:head of (?:year|yr|y) ?{head_of.group(1)}|(?:year|yr) {head_of.group(1)} head|y{head_of.group(1)} head)"
    if role in ("chief executive officer", "chief executive", "ceo"):
        yield r"(?:ceo|chief exec|chief executive|chief executive officer)"
    if "safeguarding" in role or "dsl" in role.split() or "child protection" in role:
        yield r"(?:dsl|safeguarding lead|safeguarding officer|child protection officer|designated safeguarding lead)"
    if "deputy" in role or "vice principal" in role:
        yield r"(?:deputy head|deputy headteacher|deputy head teacher|deputy|vice principal|deputy principal)"
    if "executive head" in role:
        yield r"(?:executive head|exec head|executive headteacher|executive principal)"
    if "business manager" in role:
        yield r"(?:business manager|bursar)"
    if "senco" in role:
        yield r"(?:senco|sendco|send co|inclusion lead)"
    if "caretaker" in role or "site manager" in role:
        yield r"(?:caretaker|site manager|janitor|jannie)"
    if "teacher" in role and not year and role not in ("teacher", "headteacher", "head teacher"):
        subject = re.sub(r" teacher.*", "", role)
        yield rf"{re.escape(subject)} (?:teacher|sir|master)"
    if re.match(
        r"(?:attendance|cook|secretary|school secretary|office|receptionist|librarian|chaplain)", role
    ):
        yield re.escape(role).replace("school\\ ", "(?:school )?")


def _is_head(role: str) -> bool:
    return role in (
        "headteacher",
        "head teacher",
        "headmaster",
        "headmistress",
        "principal",
        "head",
        "pennaeth",
        "rector",
    )


def _parts(staff: Staff) -> list[str]:
    out = []
    for part in re.split(r"/|,| and | & ", staff.role):
        role = folded(part)
        out.append(role)
    return out


def _compiled(pattern: str, profile: Profile) -> re.Pattern[str]:
    names = "|".join(re.escape(name) for name in school_names(profile))
    return re.compile(pattern.replace("SCHOOL", f"(?:{names}|the school|this school|our school)s?"))


def role_patterns(staff: Staff, profile: Profile) -> list[re.Pattern[str]]:
    """Patterns for one member of staff; a role that two people share names nobody."""
    out: list[re.Pattern[str]] = []
    others = [role for person in profile.staff if person.id != staff.id for role in _parts(person)]
    for role in _parts(staff):
        if role in others:
            continue
        if _is_head(role):
            out += [_compiled(pattern, profile) for pattern in _head_patterns(role)]
        trust_school = re.fullmatch(r"(?:head|headteacher|principal) of (.+)", role)
        if trust_school and not re.match(r"year|yr|dep", trust_school.group(1)):
            out += _trust_patterns(trust_school.group(1), profile)
        out += [re.compile(rf"{_NOT_PRESENT} (?:{phrase})s?(?= )") for phrase in _plain(role)]
    return out


def _head_patterns(role: str) -> list[str]:
    words = "principal|rector" if role in ("principal", "rector") else _HEAD
    return [
        rf"{_NOT_PRESENT}(?<!deputy)(?<!vice)(?<!assistant)(?<!executive)(?<!exec) (?:{words})s?(?= ){_OF_OURS}",
        rf"(?<! in)(?<! on)(?<! over)(?<! by)(?<! to) {_THE} (?:head|heid|heads)(?= ){_OF_OURS}(?! (?:boy|girl|lice|office|start|coach|chef|count|torch|injury|injuries|hit|line|case|over|down|first|off|on))",
        r"(?<= [.|?]) head (?=rang|said|says|told|is|was|has|wont|refuses|refused|never|just|sent|stood|knows|knew|thinks)",
        r" SCHOOL (?:head|boss|heads)(?= )(?! (?:boy|girl|lice))",
        r" head (?:of|at|in) (?:the )?SCHOOL(?= )",
    ]


def _trust_patterns(name: str, profile: Profile) -> list[re.Pattern[str]]:
    forms = {name} | {school for school in school_names(profile) if school.startswith(name)}
    alternatives = "|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True))
    return [
        re.compile(rf" (?:head|headteacher|principal|heads) (?:of|at) (?:{alternatives})(?= )"),
        re.compile(rf" (?:{alternatives})s? (?:head|headteacher|principal|boss)(?= )"),
    ]
