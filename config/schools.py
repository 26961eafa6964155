"""The schools watched for and the staff a school is told about (contracts.md, "Schools file")."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, model_validator

from config.shapes import Day, Jurisdiction, Key, OnOff, Text, Value

PHASES = ("nursery", "infant", "junior", "primary", "middle", "secondary", "all-through", "special", "trust")


def _platform_and_handle(given: str) -> str:
    platform, colon, handle = given.partition(":")
    if not (colon and platform.strip() and handle.strip("@ ")):
        raise ValueError(
            f"'{given}' is not an account; write the platform too, for example \"mastodon:@name@server\""
        )
    return given


REGISTER_ONLY = ("start", "end", "told_on", "objects")
"""Keys of a member of staff that the language stage never sees."""


class StaffMember(Value):
    """One person of the staff register; `id` is what predictions and cases call them by.

    Minimal on purpose (PBD-11): role and public form of the name, from when to
    when, when they were told, whether they object. No other column is taken.
    """

    id: Key
    name: Text
    title: str = ""
    role: str = ""
    aliases: tuple[Text, ...] = ()
    start: Day | None = None
    end: Day | None = None
    """Last day at the school; the name is watched for until the day after it."""
    told_on: Day | None = None
    """When this person was told that their name is watched for; None: not yet, so it is not."""
    objects: OnOff = False
    """They have objected: matching is off at once, while the school decides."""

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> StaffMember:
        if self.start and self.end and self.end < self.start:
            raise ValueError(
                f"'{self.id}' ends ({self.end}) before they start ({self.start}); check both dates"
            )
        return self

    def is_told(self, today: date) -> bool:
        return self.told_on is not None and self.told_on <= today

    def is_over(self, today: date) -> bool:
        """Whether the day after the last day has passed: never matched, and the entry must go."""
        return self.end is not None and today > self.end + timedelta(days=1)

    def is_watched(self, today: date) -> bool:
        """Told, not objecting, begun, and not gone (PBD-11, PBD-33)."""
        begun = self.start is None or self.start <= today
        return self.is_told(today) and not self.objects and begun and not self.is_over(today)


class School(Value):
    """One school, or a trust whose members are named in `schools`."""

    key: Key
    name: Text
    aliases: tuple[Text, ...] = ()
    places: tuple[Text, ...] = ()
    postcode: str = ""
    domains: tuple[Text, ...] = ()
    handles: tuple[Text, ...] = ()
    hashtags: tuple[Text, ...] = ()
    accounts: tuple[Annotated[Text, AfterValidator(_platform_and_handle)], ...] = ()
    """The school's own accounts as "platform:handle": their posts never alert, comments under them do."""
    phase: str = ""
    jurisdiction: Jurisdiction = "england"
    schools: tuple[Text, ...] = ()
    staff: tuple[StaffMember, ...] = ()

    @model_validator(mode="after")
    def _staff_ids_differ(self) -> School:
        seen: set[str] = set()
        for member in self.staff:
            if member.id in seen:
                raise ValueError(
                    f"two members of staff have the id '{member.id}'; give each an id of their own"
                )
            seen.add(member.id)
        return self

    @property
    def is_trust(self) -> bool:
        """A trust is led by a chief executive and trustees; it has no headteacher of its own."""
        return self.phase == "trust"

    def watched_staff(self, today: date) -> tuple[StaffMember, ...]:
        """Those of the register whose names may be matched on this day."""
        return tuple(member for member in self.staff if member.is_watched(today))

    def profile(
        self, today: date | None = None, *, staff: Sequence[StaffMember] | None = None
    ) -> dict[str, Any]:
        """The plain values, for the language stage, which knows nothing of this package.

        With `today` only the staff who may be matched on that day; with `staff`
        exactly these (an installation asks `Settings.watched_staff`). With
        neither all of them, as a schools file without a register has it (`assess`).
        """
        known = self.staff if today is None else self.watched_staff(today)
        values = self.model_dump(exclude={"accounts", "staff"})
        members = known if staff is None else staff
        return values | {"staff": [member.model_dump(exclude={*REGISTER_ONLY}) for member in members]}
