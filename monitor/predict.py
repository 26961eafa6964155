"""`assess` on the command line: one JSON line in, one prediction out, in order; nothing is stored.

The shapes are those of contracts.md section 3. Whatever the bytes, a line gets
an answer: a prediction, or `{"id": …, "error": "…"}` with the reason.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from config.schools import School
from monitor.cases import categories_of
from monitor.works import profiles
from nlp.findings import FLAGS, Assessment, Finding, Reading
from nlp.gate import Gate

FIELDS = ("text", "title", "author_name", "author_handle", "context", "url", "platform")
OWN_PLATFORMS = (
    "school_site",
    "email_report",
)  # under the school's own pages, or sent to its reporting address
BATCH = 200  # lines that pass the gate together; also the most that one answer waits for


class Unreadable(ValueError):
    """A line that holds no post; its text says why, without quoting the line."""

    def __init__(self, post_id: Any, reason: str) -> None:
        super().__init__(reason)
        self.post_id = post_id


class Predictor:
    """Gate and assessor for the schools of one file."""

    def __init__(self, schools: Sequence[School]) -> None:
        from nlp.assessor import Assessor  # brings spaCy; see works.build

        known = profiles(schools)
        self._keys = {school.key for school in schools}
        self._only = schools[0].key if len(schools) == 1 else None
        self._gate = Gate(known)
        self._assessor = Assessor(known)

    def lines(self, lines: Iterable[bytes]) -> Iterator[str]:
        """An answer for each line, in order, as JSON text without a line end."""
        batch: list[bytes] = []
        for line in lines:
            batch.append(line)
            if len(batch) == BATCH:
                yield from self._answers(batch)
                batch = []
        yield from self._answers(batch)

    def _answers(self, batch: Sequence[bytes]) -> Iterator[str]:
        posts = [self._post(line) for line in batch]
        good = [post for post in posts if not isinstance(post, Unreadable)]
        passed = iter(self._gate.match([r for _, _, r in good], [school for _, school, _ in good]))
        for post in posts:
            if isinstance(post, Unreadable):
                yield json.dumps({"id": post.post_id, "error": str(post)})
            else:
                yield json.dumps(self._answer(post, next(passed)))

    def _post(self, line: bytes) -> tuple[Any, str | None, Reading] | Unreadable:
        try:
            values = parse(line)
            words = reading(values)
            school = values.get("school") or self._only
            if school is not None and school not in self._keys:
                known = ", ".join(sorted(self._keys))
                raise Unreadable(values.get("id"), f"'school' names no school of the file; it has: {known}")
            return values.get("id"), school, words
        except Unreadable as error:
            return error

    def _answer(self, post: tuple[Any, str | None, Reading], schools: Sequence[str]) -> dict[str, Any]:
        post_id, _, words = post
        try:
            found = [self._assessor.assess(words, school) for school in schools]
        except Exception as error:  # noqa: BLE001 - every line gets an answer; the class says what to report to us
            return {
                "id": post_id,
                "error": f"this post could not be assessed ({type(error).__name__}); please report it",
            }
        if not found:
            return {"id": post_id} | nobody(self._assessor.version)
        best = max(found, key=lambda a: (a.mention.mention, a.mention.confidence))
        return {"id": post_id} | prediction(best, words)


def parse(line: bytes) -> dict[str, Any]:
    """The JSON object of a line.

    Raises:
        Unreadable: it is not UTF-8, not JSON or not an object.
    """
    try:
        values = json.loads(line.decode("utf-8-sig"), parse_constant=_no_json)
    except UnicodeDecodeError:
        raise Unreadable(None, "the line is not UTF-8") from None
    except (ValueError, RecursionError):  # the parser's message would quote the line
        raise Unreadable(None, "the line is not JSON") from None
    if not isinstance(values, dict):
        raise Unreadable(None, "the line is not a JSON object")
    if not isinstance(values.get("id"), str | int | None):
        raise Unreadable(None, "'id' is neither text nor a whole number")
    return values


def _no_json(word: str) -> float:
    """NaN and Infinity are Python's, not JSON's."""
    raise ValueError(word)


def reading(values: Mapping[str, Any]) -> Reading:
    """The fields that the language stage reads; unknown keys are ignored (rulings 24).

    Raises:
        Unreadable: a field is not text, or the id or school is neither text nor number.
    """
    words = dict(values)
    if "author_name" not in words and "author" in words:
        words["author_name"] = words["author"]
    for name in (*FIELDS, "school"):
        if not isinstance(words.get(name, ""), str | None):
            raise Unreadable(values.get("id"), f"'{name}' is not text")
    given: dict[str, Any] = {name: words.get(name) or "" for name in FIELDS}
    return Reading(**given, own=given["platform"] in OWN_PLATFORMS)


def prediction(assessment: Assessment, words: Reading) -> dict[str, Any]:
    """An assessment in the contract's shape, with the evidence's words."""
    mention = assessment.mention
    categories = categories_of(
        {f.flag: f.severity for f in assessment.findings},
        mention.staff,
        [f.rule for f in assessment.findings],
    )
    by_flag = {finding.flag: finding for finding in assessment.findings}
    return {
        "mention": mention.mention,
        "possible": mention.possible,
        "confidence": round(mention.confidence, 4),
        "staff": list(mention.staff),
        "flags": {str(flag): flag_values(by_flag[flag], words) for flag in FLAGS if flag in by_flag},
        "signals": {
            str(flag): round(finding.score, 4) for flag, finding in by_flag.items() if flag not in FLAGS
        },
        "severity": assessment.severity.word,
        "response": ("possible_mention" if mention.possible and not mention.mention else categories[0])
        if categories
        else None,
        "reasons": list(mention.reasons),
        "notes": list(assessment.notes),
        "version": assessment.version,
    }


def nobody(version: str) -> dict[str, Any]:
    """The prediction for a post that the name gate did not let through."""
    return {
        "mention": False,
        "possible": False,
        "confidence": 0.0,
        "staff": [],
        "flags": {},
        "signals": {},
        "severity": "none",
        "response": None,
        "reasons": ["no name of a watched school or of its staff stands in the post"],
        "notes": [],
        "version": version,
    }


def flag_values(finding: Finding, words: Reading) -> dict[str, Any]:
    return {
        "score": round(finding.score, 4),
        "severity": finding.severity.word,
        "evidence": [
            {
                "field": e.field,
                "start": e.start,
                "end": e.end,
                "text": getattr(words, e.field)[e.start : e.end],
            }
            for e in finding.evidence
        ],
        "reason": finding.reason,
        "rule": finding.rule,
    }
