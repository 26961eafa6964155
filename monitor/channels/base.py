"""What every channel takes and gives: Message in; Sent, Retry or Failed out.

A channel makes one attempt. It loops over nothing, sleeps nowhere, knows no
database and raises nothing: an outcome is a value. No secret and no address
ever stands in a reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Message:
    """One alert for one reader: content-free (house rule 3), complete without the console."""

    to: str
    """Where this channel finds the reader: a mail address, "" for the printer."""
    subject: str
    text: str
    brief: str = ""
    """The first part of the text, for channels that are read on a phone in passing."""
    link: str = ""


class Trouble(StrEnum):
    """Why a message could not be handed over, in words for the person who looks after the service."""

    AUTH = "the login to the server is not accepted"
    RATE_LIMITED = "the server asks us to send less often"
    SERVER = "the server reported a fault of its own"
    REFUSED = "the server refuses this message or this reader"
    TIMEOUT = "the server took too long"
    UNREACHABLE = "the server can not be reached"
    INSECURE = "the server offers no safe connection, or its certificate is not valid"
    OPEN_CHANNEL = "the channel is open to others; make it private and keep it to this workspace"
    SETTINGS = "this channel or reader is no longer in the configuration"


@dataclass(frozen=True, slots=True)
class Sent:
    """Handed over; `ref` is the server's own word for it, where it gives one."""

    ref: str = ""


@dataclass(frozen=True, slots=True)
class Retry:
    """Not now; worth trying again, at `not_before` when the server said so."""

    trouble: Trouble
    not_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """Not ever: another try would end the same way."""

    trouble: Trouble


Outcome = Sent | Retry | Failed


class Channel(Protocol):
    """One way to reach a person."""

    @property
    def name(self) -> str:
        """What deliveries call this channel."""
        ...

    def send(self, message: Message, key: str) -> Outcome:
        """Try once. `key` is the same for every try of one delivery, so that a repeat can be recognised."""
        ...
