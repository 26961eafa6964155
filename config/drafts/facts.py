"""The facts of a configuration that a DPIA and the notices rest on, and a short mark of them.

Names of people, addresses of mail boxes, secrets and folders are not among
them: a new colleague is no new assessment, a new kind of source or reader is.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from config.pack import RESTRICTED, ROLE_TITLES
from config.purposes import INDEPENDENT, PURPOSES
from config.settings import Settings, Source

_NATIONS = {
    "england": "England",
    "wales": "Wales",
    "scotland": "Scotland",
    "northern-ireland": "Northern Ireland",
}
_KINDS = {"feed": "public web feed", "report": "reports that people hand in"}
_ROUTES = {
    "child_at_risk": "a child who may be in danger",
    "indecent_image_suspected": "what may be an indecent picture of a child",
    "allegation_against_staff": "an allegation against a member of staff",
    "threatening": "a threat",
    "self_harm_encouragement": "somebody who may harm themselves",
    "pupil_identifying": "a post by which a pupil can be known",
    "abusive_harassing": "abuse",
    "discriminatory_hate": "hate",
    "impersonation": "somebody who pretends to be the school or its staff",
    "defamatory_possible": "a claim that may be false and do harm",
    "legitimate_complaint": "a complaint, if it is looked at",
    "press": "a question or report of the press",
    "information_rights_request": "a request about data or information",
    "possible_whistleblowing": "a disclosure in the public interest",
    "safeguarding_concern": "any other worry about a child",
    "school_mention": "a post about the school",
    "staff_mention": "a post about a member of staff",
    "subject_is_headteacher": "a post about the headteacher",
    "subject_is_chief_executive": "a post about the chief executive",
    "possible_mention": "a post that may be about the school",
    "unsure_which_school": "a post that may be about one of several schools",
}


def facts(settings: Settings) -> Mapping[str, Any]:
    """Everything that the drafts say of this installation, as plain values in a fixed order."""
    sources = [_source(source) for source in sorted(settings.sources, key=lambda s: s.name) if source.enabled]
    retention = settings.pack.retention
    return {
        "schools": [
            {
                "name": school.name,
                "nation": _NATIONS[school.jurisdiction],
                "school_terms": settings.watch.for_school(school.key)[0],
                "staff_terms": settings.watch.for_school(school.key)[1],
            }
            for school in settings.schools
        ],
        "staff_terms": any(settings.watch.for_school(s.key)[1] for s in settings.schools),
        "school_terms": any(settings.watch.for_school(s.key)[0] for s in settings.schools),
        "school_type": settings.pack.school_type,
        "independent": settings.pack.school_type.casefold().replace("-", "_") in INDEPENDENT,
        "policy": settings.pack.title,
        "sources": sources,
        "strangers": [source for source in sources if not source["own"]],
        "kinds": sorted({source["kind"] for source in sources if not source["own"]}),
        "channels": _channels(settings),
        "told": _told(settings),
        "alerts_from": settings.alerts.from_severity,
        "months": retention.max_months,
        "days": retention.non_actionable_days,
        "dpia_reference": retention.dpia_reference,
        "console_from_home": settings.service.console_from_home,
        "purposes": [
            {
                "key": p.key,
                "words": p.words,
                "state": p.state,
                "independent": p.independent,
                "special": p.special,
            }
            for p in PURPOSES.values()
        ],
    }


def fingerprint(settings: Settings) -> str:
    """Sixteen hexadecimal digits that change when one of the facts does."""
    text = json.dumps(facts(settings), sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:16]


def _source(source: Source) -> dict[str, Any]:
    return {
        "name": source.name,
        "kind": source.kind,
        "what": _KINDS.get(source.kind, source.kind),
        "host": _host(source),
        "own": source.own,
        "school": source.school,
    }


def _host(source: Source) -> str:
    """The host that is read, without port, path or query; "" for what people hand in."""
    values = source.options.model_dump()
    for key in ("url", "base_url", "server", "instance", "host"):
        if isinstance(given := values.get(key), str) and given:
            return urlsplit(given if "://" in given else f"//{given}").hostname or ""
    return ""


def _channels(settings: Settings) -> list[dict[str, Any]]:
    """Ways by which an alert leaves the machine; mail to this machine itself leaves nothing."""
    found: list[dict[str, Any]] = []
    if settings.email is not None:
        found.append({"name": "mail", "host": settings.email.host})
    if settings.slack is not None:
        found.append({"name": "Slack", "host": urlsplit(settings.slack.base_url).hostname})
    return found


def _told(settings: Settings) -> list[dict[str, Any]]:
    """Who is told of what: routes of the policy with the titles of the roles that somebody holds, at any school."""
    found = []
    for route in settings.pack.routes:
        holders = {p.id for school in settings.schools for p in settings.told(school.key, route)}
        roles = [
            ROLE_TITLES.get(role, role)
            for role in settings.pack.recipients(route)
            if any(settings.people.holder(school.key, role) for school in settings.schools)
        ]
        if holders:
            what = _ROUTES.get(route, route.replace("_", " "))
            found.append({"what": what, "roles": roles or ["Headteacher"], "restricted": route in RESTRICTED})
    return found
