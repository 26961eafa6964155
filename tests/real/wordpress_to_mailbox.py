"""A comment on a real WordPress becomes a mail in the right mailbox of a real Postfix: the acceptance run.

    .venv/bin/python tests/real/wordpress_to_mailbox.py [--scratch DIR] [--keep]

Needs root on a machine for trying things out, and the Debian packages that
README.md beside this file names. Everything listens on loopback; nothing leaves
the machine, and all words and people are invented. Takes about four minutes,
most of them waiting for the next poll (30 s is the fastest that the
configuration allows). Exit code 0: all of it held; 1: something did not, and
the report says what; 2: the machine lacks something.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import postfix
import wordpress
from comments import DOMAIN, MAILBOXES
from postfix import Postfix
from processes import Broken, missing_commands
from report import Report
from service import Service, point_at
from story import Story
from wordpress import WordPress


def main() -> int:
    """Set up, run the story, print the report, clear away."""
    asked = _arguments()
    os.environ["PATH"] += ":/usr/sbin:/sbin"  # `su` without a dash leaves the administrators' folders out
    lacking = missing_commands([*wordpress.COMMANDS, *postfix.COMMANDS])
    if lacking or os.geteuid() != 0:
        print(f"This needs root and the packages of tests/real/README.md; missing: {lacking or 'root'}")
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that everything started is stopped then too
    folder = Path(tempfile.mkdtemp(prefix="mw-real-", dir=asked.scratch))
    report = Report()
    try:
        _run(folder, report)
    except Broken as fault:
        report.failed(str(fault))
    finally:
        if not asked.keep:
            shutil.rmtree(folder)
    report.show()
    if asked.keep:
        print(f"Kept: {folder}")
    return 0 if report.held else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--scratch", type=Path, help="where the run's folder is made; the system's own by default"
    )
    parser.add_argument(
        "--keep", action="store_true", help="leave the run's folder, logs and mailboxes behind"
    )
    return parser.parse_args()


def _run(folder: Path, report: Report) -> None:
    folder.chmod(0o755)  # Postfix works as users of its own below this folder
    site, mail, service = (
        WordPress(_made(folder, "site")),
        Postfix(_made(folder, "mail"), MAILBOXES),
        Service(folder),
    )
    began = time.monotonic()
    with ExitStack() as stack:
        stack.callback(mail.stop)
        stack.callback(site.stop)
        stack.callback(service.stop)
        site.start()
        mail.start()
        report.versions = {**site.versions(), "Postfix": mail.version(), "Python": sys.version.split()[0]}
        service.init()
        service.trust(mail.authority)
        service.secret("smtp_password", postfix.PASSWORD)
        point_at(site.url, site.host, _mail_settings(mail), service)
        report.note(f"site, mail server and configuration stand after {time.monotonic() - began:.1f} s")
        Story(site, mail, service, report).tell()


def _made(folder: Path, name: str) -> Path:
    path = folder / name
    path.mkdir(mode=0o755)
    return path


def _mail_settings(mail: Postfix) -> dict[str, object]:
    return {
        "host": mail.host,
        "port": mail.port,
        "security": "starttls",
        "username": postfix.USER,
        "password": {"credential": "smtp_password"},
        "sender": f"mentionwatch@{DOMAIN}",
    }


if __name__ == "__main__":
    sys.exit(main())
