"""Whether a resource may be stored (DESIGN §8): R4 structure, what the structure check leaves out, and JP Core."""

import re
from typing import Literal

import fhirkit

from profiles.issues import Issue, error
from profiles.resource import Resource, as_text
from profiles.resource import walk as all_objects
from profiles.rules.jp_core import is_known_profile
from profiles.rules.plan import walk
from profiles.rules.surroundings import Surroundings

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
MAX_STRING = 1024 * 1024  # characters (FHIR R4 §2.24.0.1)


def validate(resource: Resource, body: bytes, strict: bool = False, profile: str | None = None) -> list[Issue]:
    """Every finding about ``resource``, whose JSON is ``body``; empty when there is none.

    An ``error`` means: not valid R4, or against a JP Core profile that the resource claims in ``meta.profile``.
    A ``warning`` means: against the main JP Core profile of its type, which it does not claim; with ``strict``
    (a system registered so) that is an error too.  ``profile`` is judged as if the resource claimed it.  Paths are
    FHIRPath, ``Patient.name[0].use``.  The resources of a Bundle are judged each by its own claim.
    """
    kind = as_text(resource.get("resourceType"))
    try:
        found = [_structure(one) for one in fhirkit.validate(body)]
    except fhirkit.ParseError as malformed:
        return [error(kind, "json", f"{malformed}.")]
    claimed = (profile,) if profile else ()
    walk(resource, kind, Surroundings(resource, found, strict=strict, claimed=claimed))
    if b"\\u00" in body or len(body) > MAX_STRING:
        found.extend(_strings(resource, kind))
    return found


def check(
    resource: Resource,
    body: bytes,
    profile: str | None = None,
    mode: Literal["create", "update", ""] = "",
    *,
    strict: bool = False,
) -> list[Issue]:
    """The findings that ``$validate`` returns (FHIR R4 §3.1.0.7.1): those of ``validate`` and those of the ``mode``.

    A profile that is not known here is a warning: the rest is checked without it.
    """
    kind = as_text(resource.get("resourceType"))
    found = validate(resource, body, strict, profile)
    if mode == "update" and "id" not in resource:
        found.append(error(kind, "id", "An update needs the id of the resource."))
    if profile and not is_known_profile(profile):
        text = f"The profile {profile[:200]} is not known here; only FHIR R4 was checked."
        found.append(Issue("warning", kind, "profile", text))
    return found


_SENTENCES = {
    "required element missing": "The element is required; add it.",
    "unknown element": "FHIR R4 has no such element here; correct its name or leave it out.",
}


def _structure(problem: fhirkit.Issue) -> Issue:
    message = problem.message
    text = _SENTENCES.get(message) or f"{message[:1].upper()}{message[1:].rstrip('.')}."
    return Issue("warning" if problem.severity == "warning" else "error", problem.path, "r4-structure", text)


def _strings(resource: Resource, kind: str) -> list[Issue]:
    """Control characters, and strings that are too long; looked for only where the body may have some."""
    found: list[Issue] = []
    for path, holder in all_objects(resource, kind):
        for name, value in holder.items():
            for one in value if isinstance(value, list) else [value]:
                if isinstance(one, str) and _CONTROL.search(one):
                    found.append(error(f"{path}.{name}", "string", "A text may not contain control characters."))
                elif isinstance(one, str) and len(one) > MAX_STRING and name != "data":
                    found.append(error(f"{path}.{name}", "string", "A text has at most 1,048,576 characters."))
    return found
