"""The demo's closing words: for each sort of post what was sent, alerted and left alone, and what went wrong."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from rich import box
from rich.table import Table

from monitor.demo.mailbox import Letter
from monitor.demo.script import End, Slack
from monitor.demo.slack import SlackMessage
from monitor.demo.view import role_words
from monitor.demo.watch import Fate

EXPECT_MAIL = (End.ALERTED, End.JOINED)  # a repost that joins nothing was not recognised as abuse


@dataclass(frozen=True, slots=True)
class Messages:
    """What reached people: the mails in the mailbox, and what stands in the Slack channel."""

    letters: Sequence[Letter]
    slack: Sequence[SlackMessage]


@dataclass(frozen=True, slots=True)
class Row:
    """One sort of post, counted."""

    sort: str
    sent: int
    alerted: int
    told: str
    in_slack: int
    joined: int
    queued: int
    left_alone: int


def rows(fates: Sequence[Fate]) -> tuple[Row, ...]:
    """A row for each sort, in the order in which the sorts first appeared."""
    sorts = dict.fromkeys(fate.shown.post.sort for fate in fates)
    return tuple(_row(sort, [fate for fate in fates if fate.shown.post.sort == sort]) for sort in sorts)


def _row(sort: str, fates: Sequence[Fate]) -> Row:
    def count(end: End) -> int:
        return sum(fate.end is end for fate in fates)

    roles = dict.fromkeys(role_words(role) for fate in fates for role in sorted(fate.told))
    return Row(
        sort,
        len(fates),
        count(End.ALERTED),
        ", ".join(roles),
        sum(fate.slack is Slack.TOLD for fate in fates),
        count(End.JOINED),
        count(End.QUEUED),
        count(End.LEFT_ALONE),
    )


def table(counted: Iterable[Row]) -> Table:
    """The rows for people; nothing stands where nothing is to say."""
    shown = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    shown.add_column("sort of post", no_wrap=True)
    for name in ("sent", "alerted"):
        shown.add_column(name, justify="right")
    shown.add_column("told")
    for name in ("Slack", "joined", "queued", "left alone"):
        shown.add_column(name, justify="right")
    for row in counted:
        counts = (row.alerted, row.in_slack, row.joined, row.queued, row.left_alone)
        numbers = [str(n) if n else "" for n in counts]
        shown.add_row(row.sort, str(row.sent), numbers[0], row.told, *numbers[1:])
    return shown


def faults(fates: Sequence[Fate], sent: Messages, *, whole: bool = True) -> list[str]:
    """What should not have happened, each in a line; empty when all is well.

    Unless it is the `whole` script, messages about posts that are not among `fates` may have come as well.
    """
    found = [line for fate in fates if (line := _fault(fate))]
    mails, told = sum(len(fate.told) for fate in fates), sum(fate.slack is Slack.TOLD for fate in fates)
    for what, said, holder, kept in (
        ("MAILS", mails, "mailbox", len(sent.letters)),
        ("SLACK", told, "channel", len(sent.slack)),
    ):
        if kept < said or (whole and kept > said):
            found.append(f"{what}: the service says that it sent {said}, the {holder} holds {kept}")
    for fate in _kept_from_slack(fates):
        if in_slack(fate, sent.slack):
            found.append(
                f"SLACK: {fate.shown.post.label}: stands in the channel, and is {fate.shown.post.slack}"
            )
    return found


def _kept_from_slack(fates: Sequence[Fate]) -> list[Fate]:
    """Alerts that the channel may not see, by the script and not by the word of the service."""
    apart = (Slack.RESTRICTED, Slack.ABOUT_READER)
    return [fate for fate in fates if fate.shown.post.slack in apart and fate.case]


def in_slack(fate: Fate, messages: Sequence[SlackMessage]) -> bool:
    """Whether the channel holds a message about the post's case, looked up in the messages themselves."""
    return any(message.subject.endswith(f" case {fate.case}") for message in messages)


def _fault(fate: Fate) -> str:
    post = fate.shown.post
    if not fate.is_settled:
        return f"NOT DEALT WITH: {post.label}"
    if fate.end is End.ALERTED and post.expect is not End.ALERTED:
        return f"FALSE ALARM: {post.label}: {fate.severity} {fate.category.replace('_', ' ')}"
    if post.expect in EXPECT_MAIL and fate.end is not post.expect:
        return f"MISSED: {post.label}: should be {post.expect}, was {fate.end}"
    if fate.told != post.told:
        told, wanted = (" and ".join(sorted(map(role_words, r))) or "nobody" for r in (fate.told, post.told))
        return f"WRONG READER: {post.label}: told {told}, should be {wanted}"
    if fate.slack is not post.slack:
        return f"SLACK: {post.label}: should be {post.slack}, was {fate.slack or 'not told'}"
    return ""


def remarks(fates: Sequence[Fate]) -> list[str]:
    """What went otherwise than the script says, and harms nobody."""
    return [
        f"otherwise: {fate.shown.post.label}: should be {fate.shown.post.expect}, was {fate.end}"
        for fate in fates
        if fate.is_settled and not fate.as_expected and not _fault(fate)
    ]


def findings(fates: Sequence[Fate], sent: Messages, began: datetime) -> list[str]:
    """The sentences above the faults: how many, how fast."""
    alerted = [fate for fate in fates if fate.end is End.ALERTED]
    alone = [fate for fate in fates if fate.end is End.LEFT_ALONE]
    right = [fate for fate in alone if fate.as_expected]
    wrongly = f", {len(alone) - len(right)} wrongly" if len(alone) > len(right) else ""
    mails = _counted(len(sent.letters), "mail")
    lines = [
        f"{len(fates)} posts: {len(alerted)} alerted with {mails}, {len(right)} rightly left alone{wrongly}.",
        _slack_finding(fates, sent.slack),
    ]
    waits = [(f.sent_at - f.shown.at).total_seconds() for f in alerted if f.sent_at is not None]
    if sent.letters:
        first = (sent.letters[0].at - began).total_seconds()
        lines.append(f"The first alert came {first:.1f} s after the start.")
    if waits:
        lines.append(
            f"From a post's appearance to its mail: {sum(waits) / len(waits):.1f} s on average, {max(waits):.1f} s at most."
        )
    return lines


def _slack_finding(fates: Sequence[Fate], messages: Sequence[SlackMessage]) -> str:
    """How many messages, and how many of the cases that the channel may not see: none, as it must be."""
    parts = [_counted(len(messages), "Slack message")]
    leaked = 0
    for kind, words in ((Slack.RESTRICTED, "restricted cases"), (Slack.ABOUT_READER, "cases about a reader")):
        apart = [fate for fate in _kept_from_slack(fates) if fate.shown.post.slack is kind]
        shown = sum(in_slack(fate, messages) for fate in apart)
        leaked += shown
        if apart:
            parts.append(f"{words}: {shown or 'none'} of {len(apart)}")
    as_it_must_be = ", as it must be" if len(parts) > 1 and not leaked else ""
    return f"{'; '.join(parts)}{as_it_must_be}."


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
