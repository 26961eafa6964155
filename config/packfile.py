"""Reading a policy pack (policy.toml, or a shipped one) into `config.pack.Pack`.

Every rule of policy-packs.md sections 1 and 2 that needs only the pack itself
is checked here; what needs people, schools or contacts is in `config.checks`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from config.document import Document, parse
from config.faults import Fault, did_you_mean
from config.lines import KeyPath
from config.pack import (
    CATEGORIES,
    RESTRICTED,
    ROLE_TITLES,
    SPECIAL_ROUTES,
    STAFF_ABUSE_OPTIONS,
    Escalation,
    Notice,
    Pack,
    PolicyPath,
    Retention,
    StaffAbuse,
)
from config.sentences import checked
from config.shapes import Jurisdiction, Text, UnknownDay, Value

PACKS = Path(__file__).with_name("packs")

DEFAULT_PACK = "larkhill-primary"
"""Its steps, without its clauses, stand in for a path that a school's pack leaves out."""

SEVERITIES = ("low", "medium", "high", "critical")
READ = ("pack", "roles", "routes", "escalation", "paths", "staff_abuse", "notice", "retention", "prohibit")
KEPT = (
    "approvals",
    "complaint",
    "confidential",
    "connectors",
    "disclaimer",
    "matching",
    "not_alerts",
    "own_page_removal",
    "parents_section",
    "publishing",
    "removal_request_to_employee",
    "support",
    "units",
    "visibility",
)
"""Sections that a pack may hold and that no step reads yet; kept as they are."""

PER_SCHOOL = ("per school", "per unit")
"""Value of a role whose holder people.toml names for each school."""

_BANNED = re.compile(r"\b(crimes?|libel(?:lous|s)?|offenders?)\b", re.IGNORECASE)
_PLACEHOLDER = re.compile(r"\[[A-Za-z][^\]]*\]")


class _Head(Value):
    """The [pack] table; all but the first eight only document where a pack comes from."""

    id: Text
    version: Text
    title: Text
    jurisdiction: Jurisdiction
    school_type: str = ""
    approved_on: UnknownDay = None
    review_due: UnknownDay = None
    repealed_law_cited: tuple[str, ...] = ()
    approved_by: str = ""
    audience: tuple[str, ...] = ()
    broken_references: tuple[str, ...] = ()
    contractual: bool = False
    issued: str = ""
    parent_body: str = ""
    policy_version: str = ""
    related_policies: tuple[str, ...] = ()
    review_cycle_months: int | None = None
    revised_on: UnknownDay = None
    source_seed: str = ""
    titles: Mapping[str, str] = {}
    updated: str = ""


class _Prohibit(Value):
    extra: tuple[str, ...] = ()


def shipped(pack_id: str) -> bytes:
    """Text of a pack that comes with the product. Raises FileNotFoundError."""
    if not re.fullmatch(r"[a-z0-9-]+", pack_id):
        raise FileNotFoundError(pack_id)
    return (PACKS / f"{pack_id}.toml").read_bytes()


def shipped_ids() -> tuple[str, ...]:
    """Ids of the packs that come with the product."""
    return tuple(sorted(file.stem for file in PACKS.glob("*.toml")))


def read_pack(doc: Document, faults: list[Fault], warnings: list[str], *, today: date) -> Pack | None:
    """Build the pack of a document; None when its [pack] table or a section can not be used."""
    before = len(faults)
    _refuse_unknown_sections(doc, faults)
    _refuse_placeholders(doc, faults)
    head = checked(_Head, doc, ("pack",), _unasked(doc.data.get("pack", {})), faults)
    roles = _roles(doc, faults)
    routes = _routes(doc, roles, head, faults)
    paths = _paths(doc, roles, head.jurisdiction if head else "england", faults, warnings)
    escalation = _escalation(doc, roles, faults)
    abuse = checked(StaffAbuse, doc, ("staff_abuse",), doc.data.get("staff_abuse", {}), faults)
    notice = checked(Notice, doc, ("notice",), doc.data.get("notice", {}), faults)
    retention = checked(Retention, doc, ("retention",), doc.data.get("retention", {}), faults)
    prohibit = checked(_Prohibit, doc, ("prohibit",), doc.data.get("prohibit", {}), faults)
    if not (head and abuse and notice and retention and prohibit):
        return None
    _fixed_rules(doc, abuse, retention, faults)
    _date_warnings(doc, head, today, warnings)
    if len(faults) > before:
        return None
    return Pack(
        id=head.id,
        version=head.version,
        title=head.title,
        jurisdiction=head.jurisdiction,
        school_type=head.school_type,
        approved_on=head.approved_on,
        review_due=head.review_due,
        sha256=doc.sha256,
        roles=roles,
        routes=routes,
        escalation=escalation,
        paths=paths,
        staff_abuse=abuse,
        notice=notice,
        retention=retention,
        prohibit=prohibit.extra,
        extra={key: doc.data[key] for key in KEPT if key in doc.data},
    )


def _refuse_unknown_sections(doc: Document, faults: list[Fault]) -> None:
    for key in doc.data:
        if key in READ and not isinstance(doc.data[key], Mapping):
            faults.append(
                doc.fault((key,), f"[{key}] must be a section: write [{key}] and its keys below it")
            )
        if key not in READ and key not in KEPT:
            offer = did_you_mean(key, (*READ, *KEPT)) or "; delete it"
            faults.append(doc.fault((key,), f"unknown section [{key}]{offer}"))
    if "pack" not in doc.data:
        faults.append(doc.fault(("pack",), "the section [pack] is missing; begin with id, version and title"))


def _unasked(head: Any) -> Any:
    """Text left at "?" is told once, by `_refuse_placeholders`; a valid stand-in keeps it from a second fault."""
    if isinstance(head, Mapping) and head.get("jurisdiction") == "?":
        return {**head, "jurisdiction": "england"}
    return head


def _refuse_placeholders(doc: Document, faults: list[Fault]) -> None:
    """Ruling 20: an open question is an error, but in a date or an unused role (see there) a warning."""
    for path, text in _texts(doc.data, ()):
        if path[0] == "roles" or path[-1] in ("approved_on", "review_due", "revised_on"):
            continue
        if text.strip() == "?":
            faults.append(doc.fault(path, f'{path[-1]!r} is still "?"; write what your school has decided'))
        elif _PLACEHOLDER.search(text):
            found = _PLACEHOLDER.findall(text)[0]
            faults.append(doc.fault(path, f"{path[-1]!r} holds the placeholder {found}; replace it"))


def _texts(value: Any, path: KeyPath) -> list[tuple[KeyPath, str]]:
    if isinstance(value, str):
        return [(path, value)]
    if isinstance(value, Mapping):
        return [found for key, inner in value.items() for found in _texts(inner, (*path, key))]
    if isinstance(value, list):
        return [found for i, inner in enumerate(value) for found in _texts(inner, (*path, i))]
    return []


def _roles(doc: Document, faults: list[Fault]) -> dict[str, str]:
    table = doc.data.get("roles", {})
    if not isinstance(table, Mapping):
        faults.append(
            doc.fault(("roles",), '[roles] must be a table: role = "per school", "none" or a person\'s id')
        )
        return {}
    found: dict[str, str] = {}
    for role, value in table.items():
        if role not in ROLE_TITLES:
            offer = did_you_mean(role, ROLE_TITLES) or "; use one of the role names of the documentation"
            faults.append(doc.fault(("roles", role), f"unknown role '{role}'{offer}"))
        elif not isinstance(value, str) or not value.strip():
            words = 'must be "per school", "none" or the id of a person'
            faults.append(doc.fault(("roles", role), f"role '{role}' {words}"))
        found[role] = "per school" if value in PER_SCHOOL else str(value)
    return found


def _routes(
    doc: Document, roles: Mapping[str, str], head: _Head | None, faults: list[Fault]
) -> dict[str, tuple[str, ...]]:
    table = doc.data.get("routes", {})
    table = table if isinstance(table, Mapping) else {}
    found: dict[str, tuple[str, ...]] = {}
    for name, told in table.items():
        path = ("routes", name)
        if name == "press_office":
            _press_office(doc, told, head, faults)
        elif name not in CATEGORIES and name not in SPECIAL_ROUTES:
            offer = did_you_mean(name, (*CATEGORIES, *SPECIAL_ROUTES)) or "; delete it"
            faults.append(doc.fault(path, f"unknown route '{name}'{offer}"))
        elif not isinstance(told, list) or not told or not all(isinstance(role, str) for role in told):
            faults.append(doc.fault(path, f"route '{name}' must list roles, for example [\"headteacher\"]"))
        else:
            for role in told:
                _known_role(doc, path, role, roles, faults, in_route=True)
            found[name] = tuple(told)
    for name in CATEGORIES:
        if name not in table:
            faults.append(
                doc.fault(("routes",), f"route '{name}' is missing; say which roles are told first")
            )
    return found


def _press_office(doc: Document, table: Any, head: _Head | None, faults: list[Fault]) -> None:
    """Check 6 of policy-packs.md section 2: a press office belongs to some types of school only."""
    allowed = table.get("only_if_school_type", []) if isinstance(table, Mapping) else []
    if head is not None and allowed and head.school_type not in allowed:
        message = (
            f"a press office is for {', '.join(allowed)} schools, not for '{head.school_type}'; delete it"
        )
        faults.append(doc.fault(("routes", "press_office"), message))


def _known_role(
    doc: Document,
    path: KeyPath,
    role: str,
    roles: Mapping[str, str],
    faults: list[Fault],
    *,
    in_route: bool = False,
) -> None:
    if role not in roles:
        offer = did_you_mean(role, roles) or "; add it to [roles] first"
        faults.append(doc.fault(path, f"'{role}' is not a role of this pack{offer}"))
    elif in_route and roles[role].strip() == "?":
        message = f'role \'{role}\' is still "?" but a route needs it; write "per school" or "none"'
        fault = doc.fault(("roles", role), message)
        if fault not in faults:
            faults.append(fault)


def _paths(
    doc: Document,
    roles: Mapping[str, str],
    jurisdiction: Jurisdiction,
    faults: list[Fault],
    warnings: list[str],
) -> dict[str, PolicyPath]:
    table = doc.data.get("paths", {})
    table = table if isinstance(table, Mapping) else {}
    found: dict[str, PolicyPath] = {}
    for name, value in table.items():
        if name not in CATEGORIES:
            offer = did_you_mean(name, CATEGORIES) or "; delete it"
            faults.append(doc.fault(("paths", name), f"unknown path '{name}'{offer}"))
        elif path := checked(PolicyPath, doc, ("paths", name), _with_category(name, value), faults):
            _path_rules(doc, path, roles, faults)
            found[name] = _for_nation(path, jurisdiction)
    if absent := [name for name in CATEGORIES if name not in table]:
        words = "the product's own steps are shown there, without a clause of your policy"
        warnings.append(doc.warning(("paths",), f"no path for {', '.join(absent)}; {words}"))
        found |= _default_paths(absent, jurisdiction)
    return {name: found[name] for name in CATEGORIES if name in found}


def _with_category(name: str, value: Any) -> Any:
    return {"category": name, **value} if isinstance(value, Mapping) else value


def _path_rules(doc: Document, path: PolicyPath, roles: Mapping[str, str], faults: list[Fault]) -> None:
    at: KeyPath = ("paths", path.category)
    if not path.steps:
        faults.append(doc.fault(at, f"path '{path.category}' has no steps; add steps = […], one line each"))
    if path.category == "legitimate_complaint" and path.removal_option:
        message = "criticism is never removed; delete the line removal_option"
        faults.append(doc.fault((*at, "removal_option"), message))
    if path.category in RESTRICTED and not path.restricted:
        message = f"path '{path.category}' is always restricted; write restricted = true"
        faults.append(doc.fault((*at, "restricted"), message))
    for index, step in enumerate(path.steps):
        _known_role(doc, (*at, "steps", index, "who"), step.who, roles, faults)
        if banned := _BANNED.search(step.text):
            message = f"a step may not say '{banned[0]}'; write \"may be worth police advice\" or the like"
            faults.append(doc.fault((*at, "steps", index, "text"), message))


def _for_nation(path: PolicyPath, jurisdiction: Jurisdiction) -> PolicyPath:
    """Only the steps of the school's own nation; another nation's body would be a wrong number to ring."""
    steps = tuple(step for step in path.steps if not step.only or jurisdiction in step.only)
    return path.model_copy(update={"steps": steps})


def _default_paths(names: list[str], jurisdiction: Jurisdiction) -> dict[str, PolicyPath]:
    doc = parse(shipped(DEFAULT_PACK), f"{DEFAULT_PACK}.toml", [])
    table = doc.data["paths"] if doc else {}
    found = {}
    for name in names:
        path = _for_nation(PolicyPath.model_validate(_with_category(name, table[name])), jurisdiction)
        bare = tuple(step.model_copy(update={"clause": ""}) for step in path.steps)
        found[name] = path.model_copy(update={"steps": bare})
    return found


def _escalation(doc: Document, roles: Mapping[str, str], faults: list[Fault]) -> dict[str, Escalation]:
    table = doc.data.get("escalation", {})
    found: dict[str, Escalation] = {}
    for severity, value in table.items() if isinstance(table, Mapping) else ():
        at = ("escalation", severity)
        if severity not in SEVERITIES:
            offer = did_you_mean(severity, SEVERITIES) or f"; it is one of {', '.join(SEVERITIES)}"
            faults.append(doc.fault(at, f"unknown severity '{severity}'{offer}"))
        elif step_up := checked(Escalation, doc, at, value, faults):
            for role in step_up.to:
                if role != "deputy":
                    _known_role(doc, (*at, "to"), role, roles, faults)
            found[severity] = step_up
    return found


def _fixed_rules(doc: Document, abuse: StaffAbuse, retention: Retention, faults: list[Fault]) -> None:
    """What no pack may switch off (policy-packs.md section 1)."""
    if absent := [option for option in STAFF_ABUSE_OPTIONS if option not in abuse.options]:
        message = f"options must also hold {', '.join(absent)}; each is weighed in every case"
        faults.append(doc.fault(("staff_abuse", "options"), message))
    if retention.max_months > 12 and not retention.dpia_reference:
        message = 'more than 12 months needs dpia_reference = "…", the assessment that allows it'
        faults.append(doc.fault(("retention", "max_months"), message))
    if not 0 < retention.non_actionable_days <= 30:
        message = "non_actionable_days must be 1 to 30"
        faults.append(doc.fault(("retention", "non_actionable_days"), message))


def _date_warnings(doc: Document, head: _Head, today: date, warnings: list[str]) -> None:
    if head.approved_on is None:
        message = "approved_on is not known; write the day the governors approved the policy"
        warnings.append(doc.warning(("pack", "approved_on"), message))
    if head.review_due is None:
        message = "review_due is not known; write the day of the next review"
        warnings.append(doc.warning(("pack", "review_due"), message))
    elif head.review_due < today:
        message = f"the policy's review was due on {head.review_due}; ask the governors for a date"
        warnings.append(doc.warning(("pack", "review_due"), message))
    for law in head.repealed_law_cited:
        message = f"the policy cites a law that no longer holds: {law}; tell the governors"
        warnings.append(doc.warning(("pack", "repealed_law_cited"), message))
