"""Settings: everything a person has decided about this installation, as frozen values.

Built once by `config.load.load` and handed down; nothing reads a global. Times
and paths are resolved: `data_dir` and `folder` are absolute.
"""

from __future__ import annotations

import ipaddress
from datetime import date
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    Field,
    InstanceOf,
    SerializeAsAny,
    StringConstraints,
    field_validator,
    model_validator,
)

from config.faults import ConfigError, Fault, SecretMissing
from config.gates import Dpia, Gates, Recording
from config.pack import Escalation, Pack, PolicyPath, Step, fallback
from config.people import Contact, People, Person
from config.schools import School, StaffMember
from config.secrets import Secret
from config.shapes import Address, Duration, Key, OnOff, Text, Value, Whole
from config.watch import Switches, Watch

__all__ = [
    "Alerts",
    "ConfigError",
    "Contact",
    "Dpia",
    "Email",
    "Escalation",
    "Fault",
    "Gates",
    "Pack",
    "People",
    "Person",
    "PolicyPath",
    "Recording",
    "School",
    "Secret",
    "SecretMissing",
    "Service",
    "Settings",
    "Slack",
    "Source",
    "StaffMember",
    "Step",
    "Switches",
    "Watch",
]


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (OSError, ValueError, KeyError) as e:  # ZoneInfoNotFoundError is a KeyError
        raise ValueError(f"'{name}' is not a time zone; for the UK write Europe/London") from e
    return name


def _web_address(given: str) -> str:
    parts = urlsplit(given)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"'{given}' is not a web address; it begins with https:// or http://")
    return given.rstrip("/")


def _host_and_port(given: str) -> str:
    host, colon, port = given.rpartition(":")
    if not (colon and host and port.isdigit() and 0 < int(port) < 65536):
        raise ValueError(f"'{given}' is not a host and a port; write for example \"127.0.0.1:8080\"")
    return given


def _writable_name(given: Path) -> Path:
    if "\0" in str(given) or str(given).startswith("~"):
        raise ValueError(
            f"{str(given)!r} is not a folder's name; write a full path, or one below this folder"
        )
    return given


HostPort = Annotated[Text, AfterValidator(_host_and_port)]


class Service(Value):
    """What the service is, where it keeps its state, and how it shows itself to others."""

    data_dir: Annotated[Path, AfterValidator(_writable_name)] = Path("data")
    database: str | InstanceOf[Secret] = ""
    """SQLAlchemy address, or a secret that holds one; empty: SQLite in `data_dir`."""
    timezone: Annotated[Text, AfterValidator(_known_zone)] = "Europe/London"
    contact: Address
    """The school's address; goes into the User-Agent, so that a site can complain."""
    console_url: Annotated[Text, AfterValidator(_web_address)] = "http://127.0.0.1:8765"
    console_from_home: OnOff = False
    allow_hosts: tuple[HostPort, ...] = ()
    """`host:port` of addresses inside a private network that a connector may read all the same."""
    poll_gap: Annotated[float, Field(ge=0, le=600)] = 2.0
    """Seconds between two requests to one host."""

    @field_validator("database")
    @classmethod
    def _no_password_in_address(cls, given: str | Secret) -> str | Secret:
        if isinstance(given, Secret) or not given:
            return given
        if "://" not in given:
            raise ValueError(f"'{given}' is not a database address; leave the line out for SQLite")
        if urlsplit(given).password:
            raise ValueError(
                "a password stands in the database address; keep the whole address as a secret and "
                'write database = { credential = "database" }'
            )
        return given

    def database_url(self) -> str:
        """The SQLAlchemy address. Raises SecretMissing when it is a secret that is not there."""
        if isinstance(self.database, Secret):
            return self.database.reveal()
        return self.database or f"sqlite:///{self.data_dir / 'mentionwatch.db'}"


class Email(Value):
    """How alerts leave by mail. No `username`: the server takes mail without a login."""

    host: Text
    port: Annotated[Whole, Field(ge=1, le=65535)] = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: Text | None = None
    password: InstanceOf[Secret] | None = None
    sender: Address
    timeout: Annotated[float, Field(gt=0, le=300)] = 20.0

    @model_validator(mode="after")
    def _safe_and_whole(self) -> Email:
        if self.security == "none" and not _is_loopback(self.host):
            raise ValueError(
                f'security = "none" would send alerts in plain text to {self.host}; write "starttls" or "tls" '
                '("none" is only for a mail server on this machine)'
            )
        if (self.username is None) != (self.password is None):
            raise ValueError("username and password belong together; give both or neither")
        return self


class Slack(Value):
    """One private Slack channel that is told too; content-free like every message."""

    token: InstanceOf[Secret]
    channel: Annotated[str, StringConstraints(pattern=r"^[CG][A-Z0-9]{2,20}$")]
    """The channel's id (its name can change): in Slack, the last line of "View channel details"."""
    readers: Annotated[tuple[Key, ...], Field(min_length=1)]
    """Ids of the people of people.toml who are in the channel. A case about one of them is not shown there."""
    base_url: Annotated[Text, AfterValidator(_web_address)] = "https://slack.com/api"
    timeout: Annotated[float, Field(gt=0, le=300)] = 20.0

    @model_validator(mode="after")
    def _token_travels_safely(self) -> Slack:
        parts = urlsplit(self.base_url)
        if parts.scheme == "http" and not _is_loopback(parts.hostname or ""):
            raise ValueError(
                f"base_url would send the token in plain text to {parts.hostname}; write https://"
            )
        return self


def _is_loopback(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False  # a name other than localhost


class Alerts(Value):
    """What is worth interrupting someone for; below it, posts wait in the queue and the digest."""

    from_severity: Literal["low", "medium", "high", "critical"] = "medium"
    printer: OnOff = False
    """Also print each alert, without post text, on standard output."""


class Source(Value):
    """One place that is read. `options` is the connector's own, already validated by its class."""

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]
    kind: Text
    school: Key | Literal[""] = ""
    """Key of the school it is read for; empty: for all."""
    every: Duration | None = None
    """How often to ask; None: as the connector proposes. Politeness is the client's: it keeps two seconds
    between requests to a stranger's host and obeys what the host wishes, whatever stands here."""
    own: OnOff = False
    """The school's own site or page; needs the head's tick only, not the three gates."""
    enabled: OnOff = True
    options: SerializeAsAny[InstanceOf[BaseModel]]


class Settings(Value):
    """The whole configuration. `warnings` are sentences that `check`, health and the digest show."""

    folder: Path
    service: Service
    email: Email | None = None
    slack: Slack | None = None
    alerts: Alerts = Alerts()
    gates: Gates = Gates()
    watch: Watch = Watch()
    schools: tuple[School, ...] = ()
    sources: tuple[Source, ...] = ()
    people: People = People()
    pack: Pack
    warnings: tuple[str, ...] = ()

    def school(self, key: str) -> School | None:
        """The school with this key, or None."""
        return next((school for school in self.schools if school.key == key), None)

    def idle_reason(self, source: Source) -> str:
        """Why a source is not read at all; "" when it is (rulings 2 and 19). A sentence for every page."""
        if not source.enabled:
            return "switched off in sources.toml"
        return "" if source.own else self.gates.reason_against(source.kind)

    def may_poll(self, source: Source) -> bool:
        """Whether this source may be read: switched on, and its own or opened by the gates."""
        return not self.idle_reason(source)

    def school_terms(self, school: str) -> bool:
        """Whether a post that names the school alone, and none of its staff, is a mention."""
        return self.watch.for_school(school)[0]

    def watched_staff(self, school: str, today: date) -> tuple[StaffMember, ...]:
        """The staff of a school whose names may be matched today; nobody when staff terms are off.

        Told, not objecting, between start and the day after end (PBD-11). The day
        matters: what is built from it must be built again when it changes.
        """
        known = self.school(school)
        return known.watched_staff(today) if known and self.watch.for_school(school)[1] else ()

    def told(self, school: str, route: str) -> tuple[Person, ...]:
        """Who is told first at a school on a route of the pack, nobody twice; never empty after `load`.

        A route whose roles are all "none" falls back to a role that always has a
        holder (ruling 19). The caller leaves out whoever a post is about.
        """
        for roles in (self.pack.recipients(route), fallback(route)):
            held = (self.people.holder(school, role) for role in roles)
            if found := tuple({person.id: person for person in held if person}.values()):
                return found
        return ()

    def overdue(self, today: date) -> bool:
        """Whether the policy's review date has passed (warns only, ruling 2)."""
        return self.pack.review_due is not None and self.pack.review_due < today
