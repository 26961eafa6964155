"""How a fetch learns that the service is stopping, so that it never waits past it."""

from __future__ import annotations

import threading

from connectors.base import FetchError, Reason

GLANCE = 0.25  # seconds between two looks at the stop event; the service must end within 10 s


class Stopped(FetchError):
    """The service is stopping: not the source's fault, so the caller counts no failure."""

    def __init__(self) -> None:
        super().__init__(Reason.UNREACHABLE, "the service is stopping", retry=True)


def go_on(stop: threading.Event) -> None:
    """Raise Stopped once the stop event is set."""
    if stop.is_set():
        raise Stopped
