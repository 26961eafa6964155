"""A policy pack: one school's written policy as roles, routes, steps and limits.

Shape and rules from policy-packs.md sections 1 and 2, the paths' categories and
order of steps from response-paths.md sections 1 and 10. A pack never contains
law. Reading a pack from its file is the work of `config.packfile`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Literal

from config.shapes import Duration, Jurisdiction, Text, Value

DISCLAIMER = "Suggestion only, not legal advice. If anyone is in immediate danger call 999."
"""Shown on every path (response-paths.md, first paragraph)."""

CATEGORIES = (
    "child_at_risk",
    "indecent_image_suspected",
    "allegation_against_staff",
    "threatening",
    "self_harm_encouragement",
    "pupil_identifying",
    "abusive_harassing",
    "discriminatory_hate",
    "impersonation",
    "defamatory_possible",
    "legitimate_complaint",
    "press",
    "information_rights_request",
    "possible_whistleblowing",
    "possible_mention",
)
"""Ids of response paths (response-paths.md section 1), and `possible_mention` for low confidence."""

RESTRICTED = frozenset(
    {
        "child_at_risk",
        "indecent_image_suspected",
        "allegation_against_staff",
        "pupil_identifying",
        "possible_whistleblowing",
    }
)
"""Paths that never reach digest, chat or the communications queue (section 1; ruling 12)."""

SPECIAL_ROUTES = (
    "staff_mention",
    "school_mention",
    "subject_is_headteacher",
    "subject_is_chief_executive",
    "safeguarding_concern",
    "unsure_which_school",
)
"""Routes that are chosen by whom a post is about, not by a path."""


def fallback(route: str) -> tuple[str, ...]:
    """Roles told when a route's own roles are all "none": each school has holders for them (ruling 19)."""
    if route in RESTRICTED or route in ("safeguarding_concern", "self_harm_encouragement"):
        return ("child_protection_person",)
    if route.startswith("subject_is_"):
        return ("chair_of_governors", "chair_of_trustees")
    return ("headteacher", "chief_executive_officer")


ROLE_TITLES: Mapping[str, str] = {
    "headteacher": "Headteacher",
    "executive_head": "Executive head",
    "designated_person": "Designated person for mentions of staff",
    "deputy_designated_person": "Deputy designated person",
    "child_protection_person": "Child protection person",
    "deputy_child_protection_person": "Deputy child protection person",
    "chair_of_governors": "Chair of governors",
    "board_of_governors_clerk": "Clerk to the governors",
    "data_protection_officer": "Data protection officer",
    "it_administrator": "IT administrator",
    "business_manager": "Business manager",
    "school_business_manager": "School business manager",
    "communications_officer": "Communications officer",
    "equality_lead": "Equality lead",
    "whistleblowing_officer": "Whistleblowing officer",
    "line_manager": "Line manager",
    "chief_executive_officer": "Chief executive officer",
    "chair_of_trustees": "Chair of trustees",
    "trust_communications": "Trust communications",
    "trust_data_protection_officer": "Trust data protection officer",
    "council_communications_team": "Council communications team",
    "head_of_hr_and_od": "Head of human resources",
}
"""Every role name that a pack may use, with the words that people read."""

DEPUTIES: Mapping[str, str] = {
    "designated_person": "deputy_designated_person",
    "child_protection_person": "deputy_child_protection_person",
}

STAFF_ABUSE_OPTIONS = ("police_if_threatening", "host_removal_request", "legal_if_abusive_and_sustained")
"""Must be weighed in every case of abuse of staff, in every pack (policy-packs.md section 1)."""


class Step(Value):
    """One numbered step: what to do, which role does it, by when, whom to call, under which clause.

    `first` marks what comes before everything else. `only` names the nations
    the step is for; empty means all, and a loaded pack holds only its own.
    """

    text: Text
    who: Text
    by: Text = "when you can"
    contact: str | None = None
    clause: str = ""
    first: bool = False
    only: tuple[Jurisdiction, ...] = ()


class PolicyPath(Value):
    """The suggested response to one category, in order. `restricted` holds at every severity (ruling 7)."""

    category: Text
    title: Text
    restricted: bool = False
    removal_option: bool = False
    steps: tuple[Step, ...] = ()


class Escalation(Value):
    """How fast alerts of one severity move. `to` are roles in order; "deputy" is the deputy of the one told."""

    alert_within: Duration
    seen_within: Duration
    step_up_after: Duration
    to: tuple[Text, ...] = ()


class StaffAbuse(Value):
    """Options weighed in each case of abuse of staff; every unused one needs a reason."""

    options: tuple[Text, ...] = STAFF_ABUSE_OPTIONS
    reason_required_if_not_pursued: Literal[True] = True
    keep_staff_member_informed: bool = True
    steps_first: tuple[Text, ...] = ()
    case_by_case: bool = True
    basis: str = ""
    update_every_working_days: int = 3
    conditions: Mapping[str, str] = {}


class Notice(Value):
    """Staff and parents are told that the school listens; no pack may switch this off."""

    required: Literal[True] = True
    tell_affected_employee: bool = True
    state_reasons: bool = True


class Retention(Value):
    """Limits of keeping. More than 12 months needs the reference of a data protection impact assessment."""

    max_months: int = 12
    non_actionable_days: int = 30
    dpia_reference: str = ""


class Pack(Value):
    """A loaded pack. `sha256` is of the file's bytes, so that a case can name the policy it was under.

    `extra` holds the sections that no step of the service reads yet
    (`approvals`, `visibility`, …) as plain values.
    """

    id: Text
    version: Text
    title: Text
    jurisdiction: Jurisdiction = "england"
    school_type: str = ""
    approved_on: date | None = None
    review_due: date | None = None
    sha256: str = ""
    roles: Mapping[str, str] = {}
    routes: Mapping[str, tuple[str, ...]] = {}
    escalation: Mapping[str, Escalation] = {}
    paths: Mapping[str, PolicyPath] = {}
    staff_abuse: StaffAbuse = StaffAbuse()
    notice: Notice = Notice()
    retention: Retention = Retention()
    prohibit: tuple[str, ...] = ()
    extra: Mapping[str, Any] = {}

    def recipients(self, route: str) -> tuple[str, ...]:
        """Roles told first on a route, in order; empty when the pack has no such route."""
        return self.routes.get(route, ())

    def step_up(self, route: str, severity: str) -> tuple[str, ...]:
        """Roles told next, in order, when nobody on the route acknowledges; nobody twice."""
        told = self.recipients(route)
        found: list[str] = []
        for role in self.escalation[severity].to if severity in self.escalation else ():
            deputies = [DEPUTIES[r] for r in told if r in DEPUTIES]
            found.extend(deputies if role == "deputy" else [role])
        return tuple(dict.fromkeys(role for role in found if role not in told))
