"""Messages to systemd over its notification socket (sd_notify(3)).

Fifteen lines of our own: the protocol is one datagram, and the packages that
offer it are unmaintained or need system headers to build.
"""

from __future__ import annotations

import os
import socket
import time


def notify(*lines: str) -> bool:
    """Send state lines such as `READY=1`; False when systemd did not start us or does not listen."""
    where = os.environ.get("NOTIFY_SOCKET", "")
    if not where:
        return False
    if where.startswith("@"):  # Linux abstract socket
        where = "\0" + where[1:]
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out:
            out.sendto("\n".join(lines).encode(), where)
    except OSError:
        return False
    return True


def reloading() -> bool:
    """`RELOADING=1` with the time that systemd wants beside it (Type=notify-reload)."""
    return notify("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")


def watchdog_every() -> float | None:
    """Seconds between two signs of life: half of what the unit allows; None without a watchdog."""
    usec = os.environ.get("WATCHDOG_USEC", "")
    if not usec.isdigit() or os.environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    return int(usec) / 2_000_000
