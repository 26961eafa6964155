"""What the demo shows: a screen of any size, plain lines without control characters, and an honest summary."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from rich.console import Console

from monitor.demo import picture as drawing
from monitor.demo import summary
from monitor.demo.mailbox import Letter
from monitor.demo.script import End, Slack, load
from monitor.demo.slack import SlackMessage
from monitor.demo.stage import Published
from monitor.demo.view import Lines, Scene, became, mailboxes, picture
from monitor.demo.watch import Fate

AT = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
SCRIPT = load()


def fate(number: int) -> Fate:
    """Post `number` of the script, ended as it should."""
    post = SCRIPT[number]
    shown = Published(post, AT + timedelta(seconds=post.at))
    if post.expect is End.LEFT_ALONE:
        return Fate(shown, End.LEFT_ALONE, "nothing wrong in it")
    sent_at = shown.at + timedelta(seconds=2) if post.told else None
    return Fate(shown, post.expect, "", number, "high", "threatening", post.told, post.slack, sent_at=sent_at)


ALL = tuple(fate(number) for number in range(len(SCRIPT)))
LETTERS = tuple(
    Letter(
        "head@school.example",
        f"[mentionwatch] HIGH: threatening - School - case {one.case}",
        "\n".join(f"line {n}" for n in range(60)),
        AT + timedelta(seconds=5),
        Path("0001.eml"),
    )
    for one in ALL
    for _ in one.told
)
MESSAGES = tuple(
    SlackMessage(
        f"[mentionwatch] HIGH: threatening - School - case {one.case}", "words", AT + timedelta(seconds=5)
    )
    for one in ALL
    if one.slack is Slack.TOLD
)
SENT = summary.Messages(LETTERS, MESSAGES)
SCENE = Scene(30.0, "127.0.0.1:8091", Path("mails"), "posts arrive", ALL, LETTERS, MESSAGES)
ON_ITS_WAY = Fate(ALL[0].shown)


def drawn(scene: Scene, width: int, height: int) -> list[str]:
    out = io.StringIO()
    console = Console(file=out, width=width, height=height, color_system=None, force_terminal=False)
    console.print(picture(scene, width, height))
    return out.getvalue().splitlines()


@pytest.mark.parametrize("size", [(104, 45), (80, 40), (100, 30), (170, 50), (200, 30)])
def test_the_screen_fits(size: tuple[int, int]) -> None:
    lines = drawn(SCENE, *size)
    assert len(lines) <= size[1]
    assert max(map(len, lines)) <= size[0]
    assert any("line 0" in line for line in lines)


def test_the_screen_keeps_its_height_from_the_first_moment_on() -> None:
    empty = replace(SCENE, fates=(), letters=())
    assert len(drawn(empty, 104, 45)) == len(drawn(SCENE, 104, 45))


def test_the_mail_scrolls_to_its_end_and_no_further() -> None:
    assert any("line 59" in line for line in drawn(replace(SCENE, mail_shown_for=1000), 104, 45))


def test_lines_are_plain_and_say_each_thing_once() -> None:
    out = io.StringIO()
    rude = replace(LETTERS[0], subject="\x1b[2Jgone\x07 case 3", text="one\n\x1b[31mtwo\n")
    with Lines(out) as face:
        face.show(replace(SCENE, fates=(ON_ITS_WAY,), letters=()))
        face.show(replace(SCENE, letters=(rude,)))
        once = out.getvalue()
        face.show(replace(SCENE, letters=(rude,)))
    assert out.getvalue() == once
    assert all(c.isprintable() or c == "\n" for c in once)
    assert f"{SCRIPT[0].label:<42} on its way" in once
    assert "| [31mtwo" in once
    assert once.count("Slack, private channel: ") == len(MESSAGES)
    assert all(post.text not in once for post in SCRIPT)


@pytest.mark.parametrize(
    ("end", "words"),
    [
        (None, "on its way"),
        (End.LEFT_ALONE, "left alone: nothing wrong in it"),
        (End.QUEUED, "queue for review: high"),
        (End.JOINED, "joins case 7, no second mail"),
        (End.ALERTED, "alert: high, case 7"),
    ],
)
def test_what_became_of_a_post_in_words(end: End | None, words: str) -> None:
    assert became(Fate(ALL[0].shown, end, "nothing wrong in it", 7, "high")) == words


def test_mailboxes_of_a_case_are_not_those_of_a_longer_number() -> None:
    other = replace(
        LETTERS[0], to="chair@school.example", subject="[mentionwatch] HIGH: x - School - case 11"
    )
    mine = replace(other, to="head@school.example", subject="[mentionwatch] HIGH: x - School - case 1")
    assert mailboxes((other, mine, mine), 1) == ["head"]


def test_a_run_as_scripted_has_no_faults() -> None:
    assert summary.faults(ALL, SENT) == []
    assert summary.remarks(ALL) == []
    rows = {row.sort: row for row in summary.rows(ALL)}
    assert (rows["threat"].sent, rows["threat"].alerted, rows["threat"].told) == (2, 2, "designated person")
    assert (rows["abuse"].alerted, rows["abuse"].in_slack, rows["abuse"].joined) == (2, 2, 1)
    assert (rows["pupil named"].alerted, rows["pupil named"].in_slack) == (1, 0)
    assert rows["praise and news"].left_alone == rows["praise and news"].sent
    first, second, *_ = summary.findings(ALL, SENT, AT)
    assert first.endswith("rightly left alone.")
    assert second == (
        "6 Slack messages; restricted cases: none of 2; cases about a reader: none of 1, as it must be."
    )


def index(expect: End) -> int:
    return next(n for n, post in enumerate(SCRIPT) if post.expect is expect)


@pytest.mark.parametrize(
    ("expect", "became", "fault"),
    [
        (End.ALERTED, {"end": End.LEFT_ALONE, "told": frozenset()}, "MISSED: "),
        (End.ALERTED, {"end": End.QUEUED, "told": frozenset()}, "MISSED: "),
        (End.ALERTED, {"told": frozenset({"headteacher"})}, "WRONG READER: "),
        (End.ALERTED, {"told": frozenset()}, "WRONG READER: "),
        (End.ALERTED, {"slack": None}, "SLACK: "),
        (End.ALERTED, {"slack": Slack.RESTRICTED}, "SLACK: "),
        (End.ALERTED, {"owed": 1}, "NOT DEALT WITH: "),
        (End.ALERTED, {"end": None}, "NOT DEALT WITH: "),
        (End.JOINED, {"end": End.LEFT_ALONE}, "MISSED: "),
        (End.JOINED, {"end": End.ALERTED, "told": frozenset({"headteacher"})}, "FALSE ALARM: "),
        (End.LEFT_ALONE, {"end": End.ALERTED, "told": frozenset({"headteacher"})}, "FALSE ALARM: "),
        (End.QUEUED, {"end": End.ALERTED, "told": frozenset({"headteacher"})}, "FALSE ALARM: "),
    ],
)
def test_what_went_wrong_is_said(expect: End, became: dict[str, object], fault: str) -> None:
    number = index(expect)
    wrong = replace(ALL[number], **became)  # type: ignore[arg-type]
    found = summary.faults((*ALL[:number], wrong, *ALL[number + 1 :]), SENT)
    assert any(line.startswith(fault) and wrong.shown.post.label in line for line in found)


def test_a_harmless_difference_is_a_remark_and_no_fault() -> None:
    number = index(End.QUEUED)
    other = replace(ALL[number], end=End.LEFT_ALONE)
    fates = (*ALL[:number], other, *ALL[number + 1 :])
    assert summary.faults(fates, SENT) == []
    assert len(summary.remarks(fates)) == 1


def test_a_mail_too_many_or_too_few_is_said() -> None:
    for letters in (LETTERS[:-1], (*LETTERS, LETTERS[0])):
        assert any(
            line.startswith("MAILS: ") for line in summary.faults(ALL, summary.Messages(letters, MESSAGES))
        )


@pytest.mark.parametrize("apart", [Slack.RESTRICTED, Slack.ABOUT_READER])
def test_a_case_that_slack_may_not_see_is_found_in_the_channel_itself(apart: Slack) -> None:
    """Even when the service says that it told nobody there."""
    leaked = next(one for one in ALL if one.slack is apart)
    slack = (*MESSAGES, replace(MESSAGES[0], subject=f"[mentionwatch] x - School - case {leaked.case}"))
    found = summary.faults(ALL, summary.Messages(LETTERS, slack))
    assert any(
        line.startswith("SLACK: ") and leaked.shown.post.label in line and str(apart) in line
        for line in found
    )
    assert "as it must be" not in summary.findings(ALL, summary.Messages(LETTERS, slack), AT)[1]


@pytest.mark.parametrize("messages", [MESSAGES[:-1], (*MESSAGES, MESSAGES[0])])
def test_a_slack_message_too_many_or_too_few_is_said(messages: tuple[SlackMessage, ...]) -> None:
    found = summary.faults(ALL, summary.Messages(LETTERS, messages))
    assert any(line.startswith("SLACK: the service says") for line in found)


def test_a_run_that_was_cut_short_may_have_messages_about_posts_that_are_not_through() -> None:
    through = tuple(one for one in ALL if one.end is not End.ALERTED)
    assert summary.faults(through, SENT, whole=False) == []
    assert len(summary.faults(through, SENT)) == 2
    few = summary.Messages(LETTERS[:1], MESSAGES[:1])
    assert len(summary.faults(ALL, few, whole=False)) == 2


def test_alerts_show_what_slack_was_told() -> None:
    lines = drawn(replace(SCENE, fates=tuple(one for one in ALL if one.end is End.ALERTED)), 170, 60)
    assert sum("told too" in line for line in lines) == len(MESSAGES)
    assert sum("no: restricted" in line for line in lines) == 2
    assert sum("no: about a reader" in line for line in lines) == 1


def test_the_picture_loads_nothing_from_anywhere(tmp_path: Path) -> None:
    drawing.draw(SCENE, tmp_path / "demo.svg")
    words = (tmp_path / "demo.svg").read_text("utf-8")
    assert "url(" not in words.replace("url(#", "")
    assert "@font-face" not in words
    assert "</svg>" in words
