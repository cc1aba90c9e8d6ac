"""Whether a resource may be stored (DESIGN §8): R4 structure, what the structure check leaves out, and JP Core."""

from functools import cache

import fhirkit

from profiles.issues import Issue, error
from profiles.resource import Resource, as_text
from profiles.rules.attachments import check_attachment
from profiles.rules.bundles import check_bundle
from profiles.rules.identity import check_identity
from profiles.rules.invariants import invariant_rules
from profiles.rules.jp_core import jp_core_rule
from profiles.rules.narrative import check_narrative
from profiles.rules.references import TYPES, check_reference
from profiles.rules.surroundings import Rule
from profiles.rules.walk import walk


def validate(resource: Resource, body: bytes, strict: bool = False) -> list[Issue]:
    """Every finding about ``resource``, whose JSON is ``body``; empty when there is none.

    An ``error`` means: not valid R4, or against a JP Core profile that the resource claims in ``meta.profile``.
    A ``warning`` means: against the main JP Core profile of its type, which it does not claim; with ``strict``
    (a system registered so) that is an error too.  Paths are FHIRPath, ``Patient.name[0].use``.  The resources of a
    Bundle are judged each by its own claim.
    """
    kind = as_text(resource.get("resourceType"))
    try:
        found = [_structure(one) for one in fhirkit.validate(body)]
    except fhirkit.ParseError as malformed:
        return [error(kind, "json", f"{malformed}.")]
    if kind in TYPES:
        found.extend(walk(resource, kind, _table(strict)))
    return found


def _structure(problem: fhirkit.Issue) -> Issue:
    return Issue("warning" if problem.severity == "warning" else "error", problem.path, "r4-structure", problem.message)


@cache
def _table(strict: bool) -> dict[str, tuple[Rule, ...]]:
    """The rules of each type."""
    table = invariant_rules()
    for kind in TYPES:
        table[kind] = (check_identity, *table.get(kind, ()), jp_core_rule(strict=strict))
    table["Bundle"] = (*table["Bundle"], check_bundle)
    table["Reference"] = (check_reference,)
    table["Narrative"] = (check_narrative,)
    table["Attachment"] = (check_attachment,)
    return table
