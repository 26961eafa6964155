"""Secrets: named in the configuration, kept outside it (contracts.md section 3).

`{ credential = "slack_token" }` is looked for in three places, in this order:

1. a systemd credential, the file `$CREDENTIALS_DIRECTORY/slack_token` (or
   `mentionwatch_slack_token`, as systemd calls it when it hands over a folder);
2. the environment variable `MENTIONWATCH_SLACK_TOKEN`;
3. the file `secrets/slack_token` of the configuration folder, mode 0600.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from config.faults import Fault, SecretMissing

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
"""What a credential may be called: it becomes a file name and an environment variable."""

TELLTALE = re.compile(r"(?:^|_)(?:password|passwd|passphrase|token|secret|api_?key)$", re.IGNORECASE)
"""Names of keys whose value is a secret, and may therefore never be written out."""


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret by name. Neither `repr` nor `str` shows its value; only `reveal` does.

    Calling it reveals it, so that a connector may declare `Callable[[], str]`
    without importing this package.
    """

    name: str
    folder: Path = field(default=Path(), repr=False)

    def __str__(self) -> str:
        return f"(secret {self.name})"

    def __call__(self) -> str:
        return self.reveal()

    def reveal(self, environ: Mapping[str, str] | None = None) -> str:
        """Give the secret's value, without a line end at its end.

        Raises:
            SecretMissing: it stands in none of the three places, is empty, or
                its file can be read by others.
        """
        env = os.environ if environ is None else environ
        given = env.get("CREDENTIALS_DIRECTORY", "")
        # systemd calls the files of a credential folder ID_FILE (systemd.exec(5), LoadCredential=)
        for name in (self.name, f"mentionwatch_{self.name}"):
            if given and (value := _read(Path(given) / name)):
                return value
        if value := env.get(self.variable, "").strip("\r\n"):
            return value
        _refuse_open_file(self.file)
        if value := _read(self.file):
            return value
        raise SecretMissing([Fault(self.name, None, self._where_to_put_it())])

    @property
    def variable(self) -> str:
        """Name of the environment variable that may hold it."""
        return "MENTIONWATCH_" + self.name.upper().replace("-", "_")

    @property
    def file(self) -> Path:
        """The file of the configuration folder that may hold it."""
        return self.folder / "secrets" / self.name

    def _where_to_put_it(self) -> str:
        return (
            f"the secret '{self.name}' was not found; put it in one of three places: "
            f"a systemd credential (the file /etc/mentionwatch/credentials/{self.name} of the service), "
            f"the environment variable {self.variable}, "
            f"or the file {self.file} with mode 0600"
        )


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip("\r\n")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as e:
        message = (
            f"the secret's file {file} can not be read ({type(e).__name__}); give it to the service's user"
        )
        raise SecretMissing([Fault(str(file), None, message)]) from e


def _refuse_open_file(file: Path) -> None:
    """A secret that other users of the machine can read is no secret: say how to close it."""
    try:
        mode = file.stat().st_mode
    except OSError:
        return  # absent or unreadable: the reading that follows says so
    if mode & 0o077:
        message = f"other users of this machine can read the secret; run: chmod 600 {file}"
        raise SecretMissing([Fault(str(file), None, message)])
