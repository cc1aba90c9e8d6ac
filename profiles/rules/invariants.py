"""Invariants of R4 that matter to the hub: of which type, what must hold, and the sentence for when it does not.

They are the FHIRPath invariants of the definitions in Python; the rule ids are HL7's own.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from profiles.instants import instants_of
from profiles.issues import Issue, error
from profiles.resource import Json, Resource, as_object, as_text, codings, objects
from profiles.rules.surroundings import Rule, Surroundings

_ENTERED_IN_ERROR = "entered-in-error"
_SCOPES_WITH_PATIENT = frozenset({"patient-privacy", "research", "adr", "treatment"})


@dataclass(frozen=True, slots=True)
class Invariant:
    """``holds`` of every object of type ``kind``; ``text`` is the sentence for when it does not."""

    kind: str
    rule: str
    holds: Callable[[Resource], bool]
    text: str


def _has_value(resource: Resource) -> bool:
    return any(name.startswith("value") for name in resource)


def _any_of(*names: str) -> Callable[[Resource], bool]:
    return lambda value: any(name in value for name in names)


def _not_before(later: str, earlier: str) -> Callable[[Resource], bool]:
    def holds(value: Resource) -> bool:
        low, high = instants_of(as_text(value.get(earlier))), instants_of(as_text(value.get(later)))
        return low is None or high is None or low[0] < high[1]

    return holds


def _codes(concept: Json) -> set[str]:
    return {code for _, code in codings(concept)}


def _component_repeats_code(observation: Resource) -> bool:
    own = set(codings(observation.get("code")))
    return any(own & set(codings(one.get("code"))) for one in objects(observation.get("component")))


def _low_to_high(value: Resource) -> bool:
    low, high = as_object(value.get("low")).get("value"), as_object(value.get("high")).get("value")
    return not isinstance(low, int | Decimal) or not isinstance(high, int | Decimal) or low <= high


def _consent_names_patient(consent: Resource) -> bool:
    return "patient" in consent or not (_codes(consent.get("scope")) & _SCOPES_WITH_PATIENT)


def _ends_as_inactive(condition: Resource) -> bool:
    ended = any(name.startswith("abatement") for name in condition)
    return not ended or bool(_codes(condition.get("clinicalStatus")) & {"inactive", "resolved", "remission"})


def _retracted(resource: Resource) -> bool:
    return _ENTERED_IN_ERROR in _codes(resource.get("verificationStatus"))


def _work_contacts(name: str) -> Callable[[Resource], bool]:
    return lambda organization: all(one.get("use") != "home" for one in objects(organization.get(name)))


INVARIANTS: tuple[Invariant, ...] = (
    Invariant(
        "Observation",
        "obs-6",
        lambda one: "dataAbsentReason" not in one or not _has_value(one),
        "dataAbsentReason is only for an observation without a value.",
    ),
    Invariant(
        "Observation",
        "obs-7",
        lambda one: not _has_value(one) or not _component_repeats_code(one),
        "An observation with a value may not repeat its own code in a component.",
    ),
    Invariant(
        "Observation.referenceRange",
        "obs-3",
        _any_of("low", "high", "text"),
        "A reference range needs low, high or text.",
    ),
    Invariant(
        "Patient.contact",
        "pat-1",
        _any_of("name", "telecom", "address", "organization"),
        "A contact needs a name, a telecom, an address or an organization.",
    ),
    Invariant("Period", "per-1", _not_before("end", "start"), "The start of a period may not be after its end."),
    Invariant("Range", "rng-2", _low_to_high, "The low of a range may not be above its high."),
    Invariant("ContactPoint", "cpt-2", lambda one: "value" not in one or "system" in one, "A value needs a system."),
    Invariant(
        "Extension",
        "ext-1",
        lambda one: ("extension" in one) != any(name.startswith(("value", "_value")) for name in one),
        "An extension has either a value or further extensions.",
    ),
    Invariant("Quantity", "qty-3", lambda one: "code" not in one or "system" in one, "A unit code needs its system."),
    Invariant(
        "Condition", "con-4", _ends_as_inactive, "A condition that has ended is inactive, resolved or in remission."
    ),
    Invariant(
        "Condition",
        "con-5",
        lambda one: not _retracted(one) or "clinicalStatus" not in one,
        "A condition entered in error has no clinical status.",
    ),
    Invariant(
        "AllergyIntolerance",
        "ait-1",
        lambda one: _retracted(one) or "clinicalStatus" in one,
        "An allergy needs a clinical status unless it was entered in error.",
    ),
    Invariant(
        "AllergyIntolerance",
        "ait-2",
        lambda one: not _retracted(one) or "clinicalStatus" not in one,
        "An allergy entered in error has no clinical status.",
    ),
    Invariant("Consent", "ppc-1", _any_of("policy", "policyRule"), "A consent needs a policy or a policyRule."),
    Invariant("Consent", "ppc-2", _consent_names_patient, "A consent of this scope needs its patient."),
    Invariant(
        "CarePlan.activity",
        "cpl-3",
        lambda one: not ("detail" in one and "reference" in one),
        "An activity has a reference or a detail, not both.",
    ),
    Invariant(
        "MedicationDispense",
        "mdd-1",
        _not_before("whenHandedOver", "whenPrepared"),
        "A medicine cannot be handed over before it was prepared.",
    ),
    Invariant("Organization", "org-1", _any_of("identifier", "name"), "An organization needs a name or an identifier."),
    Invariant("Organization", "org-2", _work_contacts("address"), "The address of an organization is never 'home'."),
    Invariant("Organization", "org-3", _work_contacts("telecom"), "The telecom of an organization is never 'home'."),
)


def _rule(invariant: Invariant) -> Rule:
    def check(value: Resource, place: str, _around: Surroundings) -> Iterator[Issue]:
        if not invariant.holds(value):
            yield error(place, invariant.rule, invariant.text)

    return check


def invariant_rules() -> dict[str, tuple[Rule, ...]]:
    """The invariants as rules, by type."""
    found: dict[str, tuple[Rule, ...]] = {}
    for invariant in INVARIANTS:
        found[invariant.kind] = (*found.get(invariant.kind, ()), _rule(invariant))
    return found
