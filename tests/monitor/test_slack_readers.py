"""Slack is told of ordinary cases only, and never about somebody who reads the channel."""

from __future__ import annotations

from pathlib import Path

import pytest
from builders import people, settings

from config.secrets import Secret
from config.settings import Slack
from monitor.routing import slack_may_read


@pytest.mark.parametrize(
    ("readers", "restricted", "subjects", "told"),
    [
        (("office",), False, ("pell",), True),
        (("office", "head"), False, ("pell",), False),
        (("office", "head"), False, (), True),
        (("office",), True, (), False),
        (("office", "left"), False, (), False),
    ],
)
def test_who_may_read(
    readers: tuple[str, ...], restricted: bool, subjects: tuple[str, ...], told: bool, tmp_path: Path
) -> None:
    slack = Slack(token=Secret("slack", tmp_path), channel="C0INVENTED", readers=readers)
    house = settings(tmp_path, slack=slack, people=people(head="pell"))
    assert slack_may_read(house, restricted=restricted, subjects=subjects) is told


def test_without_slack_nobody_is_told_there(tmp_path: Path) -> None:
    assert not slack_may_read(settings(tmp_path), restricted=False, subjects=())
