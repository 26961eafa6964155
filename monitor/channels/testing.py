"""The conformance suite of channels: what each must do whatever server it speaks to.

A test hands in a function that makes the channel for a server in a given mood
and gets back what is wrong, in words; an empty list is a pass.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from monitor.channels.base import Channel, Failed, Message, Retry, Sent

PROBE = Message(to="reader@school.example", subject="probe", text="probe")
MOODS: Mapping[str, type] = {
    "well": Sent,
    "busy": Retry,
    "unreachable": Retry,
    "refuses the reader": Failed,
    "refuses the login": Retry,
}


def faults_of(make: Callable[[str], Channel], moods: tuple[str, ...], secrets: tuple[str, ...]) -> list[str]:
    """What a channel does wrong: an exception, a wrong outcome, a secret in a reason."""
    faults = []
    for mood in moods:
        outcome = make(mood).send(PROBE, "key-1")
        if not isinstance(outcome, MOODS[mood]):
            faults.append(f"server {mood}: gave {outcome!r}, not {MOODS[mood].__name__}")
        faults += [f"server {mood}: a secret stands in {outcome!r}" for s in secrets if s in repr(outcome)]
    return faults
