"""One walk over a resource: what there is to check of each type is compiled once, then each object is visited once.

A plan has the rules of an object as a whole and, by JSON name, the checks of its elements; an element that has nothing
to check has no entry.  Structure itself (names, types, cardinality) is fhirkit's.
"""

from functools import lru_cache
from threading import RLock
from typing import TypeAlias

from profiles.definitions import definitions
from profiles.definitions.elements import Element, elements_of
from profiles.resource import Json, Resource
from profiles.rules import elements
from profiles.rules.attachments import check_attachment
from profiles.rules.bundles import check_bundle
from profiles.rules.identity import check_contained, check_element_id, check_id
from profiles.rules.invariants import Invariant, invariants_of
from profiles.rules.jp_core import Asked, Severity, profiles_asked, requirements, when_absent, when_present
from profiles.rules.narrative import check_narrative
from profiles.rules.references import TYPES
from profiles.rules.requirements import Requirement
from profiles.rules.surroundings import Check, Place, Rule, Surroundings

_OF_PRIMITIVE = "Element"  # what stands beside a primitive value, as in _birthDate
_EXTENSION = Element("extension", "Extension", is_list=True, is_mandatory=False, is_summary=False)
_NEVER_EMPTY = frozenset({_OF_PRIMITIVE})
_OWN_RULES: dict[str, tuple[Rule, ...]] = {"Bundle": (check_bundle,), "Attachment": (check_attachment,)}


class Plan:
    """What there is to check of one type or backbone element (``Patient.contact``)."""

    __slots__ = ("checks", "invariants", "kind", "may_be_id_alone", "rules", "where_present")

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.rules: tuple[Rule, ...] = ()
        self.invariants: tuple[Invariant, ...] = ()
        self.where_present: dict[str, tuple[Invariant, ...]] = {}
        """The invariants that only an object with a certain element can break, by its name."""
        self.checks: dict[str, Check] = {}
        self.may_be_id_alone = kind in TYPES or kind in _NEVER_EMPTY

    def visit(self, value: Resource, place: Place, around: Surroundings) -> None:
        """Find the issues of an object and of all below it."""
        if len(value) < 2 and (not value or ("id" in value and not self.may_be_id_alone)):
            around.error(place, "ele-1", "An empty object is not allowed; leave the element out.")
        for rule in self.rules:
            rule(value, place, around)
        for invariant in self.invariants:
            if invariant.holds(value, around.resource) is False:
                around.report(invariant.severity, place, invariant.rule, invariant.text)
        if self.where_present:
            for name in value:
                for invariant in self.where_present.get(name, ()):
                    if invariant.holds(value, around.resource) is False:
                        around.report(invariant.severity, place, invariant.rule, invariant.text)
        checks = self.checks
        for name, child in value.items():
            if name in checks:
                checks[name](child, place, around)


class _Plans:
    """The plans of all types, compiled when first asked for; another thread sees only finished ones."""

    def __init__(self) -> None:
        self.finished: dict[str, Plan] = {}
        self.begun: dict[str, Plan] = {}
        self.lock = RLock()

    def of(self, kind: str) -> Plan:
        """The plan of a type.  Within the compiling of another it may be one that is not finished yet."""
        if kind in self.finished:
            return self.finished[kind]
        with self.lock:
            if kind in self.begun:  # its own elements lead back to it
                return self.begun[kind]
            is_outermost = not self.begun
            self.begun[kind] = plan = Plan(kind)
            plan.rules = _OWN_RULES.get(kind, ())
            plan.invariants = tuple(one for one in invariants_of(kind) if not one.needs)
            plan.where_present = _by_name(invariants_of(kind))
            plan.checks = _checks(kind)
            if is_outermost:
                self.finished = self.finished | self.begun
                self.begun = {}
            return plan


plan_of = _Plans().of


def _by_name(invariants: tuple[Invariant, ...]) -> dict[str, tuple[Invariant, ...]]:
    found: dict[str, tuple[Invariant, ...]] = {}
    for invariant in invariants:
        for name in invariant.needs:
            found[name] = (*found.get(name, ()), invariant)
    return found


def _checks(kind: str) -> dict[str, Check]:
    is_resource = kind in TYPES
    checks: dict[str, Check] = {
        "extension": elements.objects("extension", plan_of("Extension").visit),
        "modifierExtension": elements.objects("modifierExtension", plan_of("Extension").visit),
        "id": check_id if is_resource else check_element_id,
        "fhir_comments": elements.unknown("fhir_comments"),
    }
    details = definitions()["types"].get(kind, {})
    for name, element in elements_of(kind).items():
        detail = details.get(name, "").partition(" ")[2]
        check = _check(kind, name, element, detail)
        if check is not None:
            checks.setdefault(name, check)
        if element.type[:1].islower():
            beside = plan_of(_OF_PRIMITIVE).visit
            checks[f"_{name}"] = (
                elements.objects(f"_{name}", beside) if element.is_list else elements.one(f"_{name}", beside)
            )
    if is_resource:
        checks["contained"] = _check_contained
    return checks


def _check(kind: str, name: str, element: Element, detail: str) -> Check | None:
    if kind == "Narrative" and name == "div":
        return check_narrative
    if kind == "Extension" and name == "url":
        return elements.url
    if kind == "ElementDefinition" and name == "max":
        return elements.most
    if element.type == "Resource":
        return elements.resources(name, _visit_entry)
    if element.type == "Reference":
        return elements.references(name, frozenset(detail.split(",")) if detail else TYPES, plan_of("Reference").visit)
    if element.type[:1].islower():
        return elements.primitive(name, element.type, detail, is_list=element.is_list)
    return _complex(kind, name, element, detail)


def _complex(kind: str, name: str, element: Element, detail: str, visit: Rule | None = None) -> Check:
    visit = visit or plan_of(element.type).visit
    if detail in definitions()["valueSets"]:
        visit = elements.bound(element.type, detail, visit)
    if own := invariants_of(f"{kind}.{name}") if element.type != f"{kind}.{name}" else ():
        visit = elements.with_invariants(own, visit)
    return elements.objects(name, visit) if element.is_list else elements.one(name, visit)


_Asking: TypeAlias = tuple[str, Severity, Requirement]
"""A requirement, of which profile it is and how severe."""


@lru_cache(maxsize=512)  # combinations of known profiles, which the sender chooses
def _plan_asking(kind: str, asked: Asked) -> Plan:
    severity, profiles = asked
    asking = [(profile, severity, one) for profile in profiles for one in requirements()[profile]]
    return _extended(kind, asking, 0)


def _extended(kind: str, asking: list[_Asking], depth: int) -> Plan:
    """The plan of a type together with what profiles require of it and, deeper, of its elements."""
    known, plan = plan_of(kind), Plan(kind)
    plan.invariants, plan.where_present, plan.checks = known.invariants, known.where_present, dict(known.checks)
    here = [one for one in asking if len(one[2].above) == depth]
    plan.rules = (*known.rules, *(when_absent(*one) for one in here if one[2].must_be))
    below: dict[str, list[_Asking]] = {}
    for one in asking:
        if len(one[2].above) > depth:
            below.setdefault(one[2].above[depth], []).append(one)
    for name, deeper in below.items():
        element = elements_of(kind).get(name, _EXTENSION)
        detail = definitions()["types"].get(kind, {}).get(name, "").partition(" ")[2]
        plan.checks[name] = _complex(kind, name, element, detail, _extended(element.type, deeper, depth + 1).visit)
    for profile, severity, required in here:
        if required.broken:
            for name in required.names:
                plan.checks[name] = when_present(profile, severity, required, name, plan.checks.get(name))
    return plan


def _check_contained(value: Json, place: Place, around: Surroundings) -> None:
    check_contained(around.resource, place, around)
    for index, inner in enumerate(value if isinstance(value, list) else ()):
        if isinstance(inner, dict):
            walk(inner, ((place, "contained"), index), around.of_contained(inner))


def _visit_entry(resource: Resource, place: Place, around: Surroundings) -> None:
    """The resource of a Bundle's entry or of a parameter: judged by itself."""
    walk(resource, place, Surroundings(resource, around.found, strict=around.strict))


def walk(resource: Resource, place: Place, around: Surroundings) -> None:
    """Find the issues of a resource; nothing when its type is unknown, which fhirkit says."""
    kind = resource.get("resourceType")
    if isinstance(kind, str) and kind in TYPES:
        asked = profiles_asked(resource, kind, place, around)
        plan = _plan_asking(kind, asked) if asked[1] else plan_of(kind)
        plan.visit(resource, place, around)
