"""The schools watched for and the staff a school is told about (contracts.md, "Schools file")."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, model_validator

from config.shapes import Jurisdiction, Key, Text, Value

PHASES = ("nursery", "infant", "junior", "primary", "middle", "secondary", "all-through", "special", "trust")


def _platform_and_handle(given: str) -> str:
    platform, colon, handle = given.partition(":")
    if not (colon and platform.strip() and handle.strip("@ ")):
        raise ValueError(
            f"'{given}' is not an account; write the platform too, for example \"mastodon:@name@server\""
        )
    return given


class StaffMember(Value):
    """One person of the watch list; `id` is what predictions and cases call them by."""

    id: Key
    name: Text
    title: str = ""
    role: str = ""
    aliases: tuple[Text, ...] = ()


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

    def profile(self) -> dict[str, Any]:
        """The plain values, for the language stage, which knows nothing of this package."""
        return self.model_dump(exclude={"accounts"})
