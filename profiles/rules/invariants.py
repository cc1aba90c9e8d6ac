"""The invariants of R4, by type: those of the definitions, translated from FHIRPath, and a few by hand.

By hand are those whose expression compares dates or quantities, needs another resource, or is not what its sentence
says.  The rule ids are HL7's own; the sentences too, where there is none here.
"""

from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Literal

from profiles.definitions import definitions
from profiles.definitions.elements import elements_of
from profiles.instants import instants_of
from profiles.references import target_type
from profiles.resource import Resource, as_list, as_object, as_text, codings, objects
from profiles.rules.fhirpath import Predicate, translate

# Elsewhere: what a Reference and a Bundle must be, and the one rule of a primitive element.
ELSEWHERE = frozenset({"ref-1", "eld-3", *(f"bdl-{number}" for number in range(1, 13))})
_ONLY_WARN = frozenset({"con-3"})
_VALUE = ("value", "_value")
_SCOPES_WITH_PATIENT = frozenset({"patient-privacy", "research", "adr", "treatment"})


@dataclass(frozen=True, slots=True)
class Invariant:
    """``holds`` is ``False`` of an object, within its resource, that breaks it; ``text`` is the sentence for that.

    ``needs`` are names of which an object must have one to be asked at all; empty: every object is asked.
    """

    rule: str
    severity: Literal["error", "warning"]
    holds: Predicate
    text: str
    needs: frozenset[str] = frozenset()

    def is_broken(self, value: Resource, resource: Resource) -> bool:
        """Whether an object breaks it."""
        is_asked = not self.needs or not self.needs.isdisjoint(value)
        return is_asked and self.holds(value, resource) is False


def _not_before(later: str, earlier: str) -> Predicate:
    def holds(value: Resource, _: Resource) -> bool:
        if earlier not in value or later not in value:
            return True
        start, end = as_text(value[earlier]), as_text(value[later])
        if len(start) == len(end) == 10:  # two days: the usual case
            return start <= end
        low, high = instants_of(start), instants_of(end)
        return low is None or high is None or low[0] < high[1]

    return holds


def _component_repeats_code(observation: Resource) -> bool:
    own = set(codings(observation.get("code")))
    return any(not own.isdisjoint(codings(one.get("code"))) for one in objects(observation.get("component")))


def _has_value(value: Resource) -> bool:
    return any(name.startswith("value") for name in value)


def _obs_7(observation: Resource, _: Resource) -> bool:
    return "component" not in observation or not _has_value(observation) or not _component_repeats_code(observation)


def _ext_1(extension: Resource, _: Resource) -> bool:
    has_value = False
    for name in extension:
        if name.startswith(_VALUE):
            has_value = True
            break
    return has_value != ("extension" in extension)


def _low_to_high(value: Resource, _: Resource) -> bool:
    low, high = as_object(value.get("low")), as_object(value.get("high"))
    lowest, highest = low.get("value"), high.get("value")
    if not isinstance(lowest, int | Decimal) or not isinstance(highest, int | Decimal):
        return True
    return low.get("code", low.get("unit")) != high.get("code", high.get("unit")) or lowest <= highest


def _consent_names_patient(consent: Resource, _: Resource) -> bool:
    return "patient" in consent or _SCOPES_WITH_PATIENT.isdisjoint(code for _, code in codings(consent.get("scope")))


def _problem_has_status(condition: Resource, _: Resource) -> bool:
    if "clinicalStatus" in condition:
        return True
    is_retracted = any(code == "entered-in-error" for _, code in codings(condition.get("verificationStatus")))
    return is_retracted or all(code != "problem-list-item" for _, code in codings(condition.get("category")))


def _represents_as_practitioner(participant: Resource, _: Resource) -> bool:
    member = target_type(as_text(as_object(participant.get("member")).get("reference")))
    return "onBehalfOf" not in participant or member in ("", "Practitioner")


def _groupings_are_defined(definition: Resource, _: Resource) -> bool:
    defined = [None, *(one.get("id") for one in objects(definition.get("grouping")))]
    return all(one.get("groupingId") in defined for one in objects(definition.get("resource")))


def _versions_are_of_the_guide(guide: Resource, _: Resource) -> bool:
    resources = objects(as_object(guide.get("definition")).get("resource"))
    named = [version for one in resources for version in as_list(one.get("fhirVersion"))]
    return all(version in as_list(guide.get("fhirVersion")) for version in named)


def _paths_are_of_one_type(differential: Resource, structure: Resource) -> bool:
    paths = [as_text(one.get("path")) for one in objects(differential.get("element"))]
    begin = f"{paths[0].partition('.')[0]}." if paths else ""
    is_of_type = structure.get("kind") == "logical" or not paths or paths[0].startswith(as_text(structure.get("type")))
    return is_of_type and all(path.startswith(begin) for path in paths[1:])


def _by_hand(rule: str, holds: Predicate, text: str, *needs: str) -> Invariant:
    return Invariant(rule, "warning" if rule in _ONLY_WARN else "error", holds, text, frozenset(needs))


_HAND_WRITTEN: dict[str, tuple[Invariant, ...]] = {
    "Observation": (
        _by_hand(
            "obs-7", _obs_7, "An observation with a value may not repeat its own code in a component.", "component"
        ),
    ),
    "Extension": (_by_hand("ext-1", _ext_1, "An extension has either a value or further extensions."),),
    "Period": (
        _by_hand("per-1", _not_before("end", "start"), "The start of a period may not be after its end.", "end"),
    ),
    "Range": (_by_hand("rng-2", _low_to_high, "The low of a range may not be above its high.", "high"),),
    "Consent": (_by_hand("ppc-2", _consent_names_patient, "A consent of this scope needs its patient."),),
    "Condition": (_by_hand("con-3", _problem_has_status, "A condition of the problem list needs a clinicalStatus."),),
    "CareTeam.participant": (
        _by_hand(
            "ctm-1",
            _represents_as_practitioner,
            "Only a Practitioner can act on behalf of an organization.",
            "onBehalfOf",
        ),
    ),
    "MedicationDispense": (
        _by_hand(
            "mdd-1",
            _not_before("whenHandedOver", "whenPrepared"),
            "A medicine cannot be handed over before it was prepared.",
            "whenHandedOver",
        ),
    ),
    "Task": (
        _by_hand(
            "inv-1",
            _not_before("lastModified", "authoredOn"),
            "A task cannot be changed before it was written.",
            "lastModified",
        ),
    ),
    "ImplementationGuide": (
        _by_hand(
            "ig-2", _versions_are_of_the_guide, "A resource of a guide is of a FHIR version of the guide.", "definition"
        ),
    ),
    "ImplementationGuide.definition": (
        _by_hand("ig-1", _groupings_are_defined, "A resource of a guide is in a grouping of the guide.", "resource"),
    ),
    "StructureDefinition.differential": (
        _by_hand("sdf-8a", _paths_are_of_one_type, "All elements of a differential are of one type.", "element"),
    ),
}
_REPLACED = {("Consent", f"ppc-{number}") for number in (3, 4, 5)}
# Where the definitions describe the rule rather than say what to do.
_SENTENCES = {
    "obs-6": "dataAbsentReason is only for an observation without a value.",
    "obs-3": "A reference range needs low, high or text.",
    "pat-1": "A contact needs a name, a telecom, an address or an organization.",
    "cpt-2": "A value needs a system.",
    "qty-3": "A unit code needs its system.",
    "con-4": "A condition that has ended is inactive, resolved or in remission.",
    "con-5": "A condition entered in error has no clinical status.",
    "ait-1": "An allergy needs a clinical status unless it was entered in error.",
    "ait-2": "An allergy entered in error has no clinical status.",
    "ppc-1": "A consent needs a policy or a policyRule.",
    "cpl-3": "An activity has a reference or a detail, not both.",
    "org-1": "An organization needs a name or an identifier.",
    "org-2": "The address of an organization is never 'home'.",
    "org-3": "The telecom of an organization is never 'home'.",
    "att-1": "An attachment with data needs a contentType.",
}


@cache
def invariants_of(path: str) -> tuple[Invariant, ...]:
    """The invariants of a type (``Observation``), backbone element or element (``Organization.address``)."""
    by_hand = _HAND_WRITTEN.get(path, ())
    done = {one.rule for one in by_hand}
    translated = (
        _translated(path, *row)
        for row in definitions()["invariants"].get(path, ())
        if row[0] not in done and (path, row[0]) not in _REPLACED
    )
    return (*(one for one in translated if one), *by_hand)


def _translated(path: str, rule: str, severity: str, expression: str, sentence: str) -> Invariant | None:
    if rule in ELSEWHERE:
        return None
    names: dict[str, set[str]] = {}
    for element in elements_of(path).values():
        if element.choice:
            names.setdefault(element.choice, set()).add(element.name)
    choices = {choice: frozenset(found) for choice, found in names.items()}
    text = _SENTENCES.get(rule, f"{sentence.strip().rstrip('.')}.")
    holds, needs = translate(expression, choices)
    return Invariant(rule, "warning" if severity == "warning" else "error", holds, text, needs)
