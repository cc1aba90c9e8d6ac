"""What kind of information a resource is (DESIGN §4), read from ``categories.csv``.

A row of the table: the category, its Japanese name, the resource types, and ``when`` it applies: nothing
(always), a named condition (``only-a-link``, ``no-patient``), or an element followed by alternatives.
The elements: ``category`` (also ``type``, and a ``meta.tag`` of our code system, for types that have no
category), ``code``, ``type``, ``scope``, ``identifier`` (systems), ``profile`` (names of JP profiles) and
``questionnaire`` (ours, by name).  Rows are tried in order; the first that matches decides.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from profiles.canonical import BASE, INFORMATION_CATEGORY, JPFHIR
from profiles.references import references, target_type
from profiles.resource import Json, Resource, as_list, as_object, as_text, codings, objects
from profiles.tables import rows

DIRECTORY = "directory"
OTHER = "other"

_QUESTIONNAIRE = f"{BASE}/Questionnaire/"


@dataclass(frozen=True, slots=True)
class _Rule:
    category: str
    element: str  # "" when the row has no condition
    alternatives: frozenset[object]

    def admits(self, resource: Resource, read: dict[str, frozenset[object]]) -> bool:
        if not self.element:
            return True
        if self.element not in read:
            read[self.element] = _READERS[self.element](resource)
        return not self.alternatives.isdisjoint(read[self.element])


def category_of(resource: Resource) -> str:
    """The one category of the resource, ``"other"`` when no row of the table fits."""
    by_type = _rules()
    read: dict[str, frozenset[object]] = {}
    for rule in by_type.get(as_text(resource.get("resourceType")), ()):
        if rule.admits(resource, read):
            return rule.category
    return OTHER


def is_directory(resource: Resource) -> bool:
    """Whether the resource describes institutions, staff or definitions and no resident: every member may read it."""
    return category_of(resource) == DIRECTORY


@cache
def may_be_directory(resource_type: str) -> bool:
    """Whether resources of this type can be of the directory: institutions, staff, definitions."""
    return any(rule.category == DIRECTORY for rule in _rules().get(resource_type, ()))


@cache
def category_names() -> dict[str, str]:
    """Every category with its Japanese name, in the order of the table."""
    return {row["category"]: row["日本語"] for row in rows("categories.csv")}


def category_name(category: str) -> str:
    """The Japanese name of a category, for people; the code itself when it is unknown."""
    return category_names().get(category, category)


@cache
def _rules() -> dict[str, tuple[_Rule, ...]]:
    by_type: dict[str, list[_Rule]] = {}
    for row in rows("categories.csv"):
        element, *alternatives = row["when"].split() or [""]
        rule = _Rule(row["category"], element, frozenset(_meant(element, alternatives)))
        for kind in row["resource type"].split():
            by_type.setdefault(kind, []).append(rule)
    return {kind: tuple(rules) for kind, rules in by_type.items()}


def _meant(element: str, alternatives: list[str]) -> list[object]:
    """The values of the table, in the shape that the element's reader gives."""
    if element in ("only-a-link", "no-patient"):
        return [True]
    if element in ("profile", "questionnaire"):
        return list(alternatives)
    systems = _systems()
    if element == "identifier":
        return [system for alias in alternatives for system in systems[alias]]
    pairs = [alternative.split("#", 1) for alternative in alternatives]
    return [(system, code) for alias, code in pairs for system in systems[alias]]


@cache
def _systems() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for row in rows("code_systems.csv"):
        found[row["alias"]] = (*found.get(row["alias"], ()), row["system"])
    return found


def _of_categories(resource: Resource) -> frozenset[object]:
    tags = codings({"coding": as_object(resource.get("meta")).get("tag")})
    own = [(system, code) for system, code in tags if system == INFORMATION_CATEGORY]
    return frozenset([*codings(resource.get("category")), *codings(resource.get("type")), *own])


def _of(name: str) -> Callable[[Resource], frozenset[object]]:
    return lambda resource: frozenset(codings(resource.get(name)))


def _of_identifiers(resource: Resource) -> frozenset[object]:
    return frozenset(as_text(one.get("system")) for one in objects(resource.get("identifier")))


def _of_profiles(resource: Resource) -> frozenset[object]:
    claimed = [as_text(one) for one in as_list(as_object(resource.get("meta")).get("profile"))]
    return frozenset(one.partition("|")[0].rpartition("/")[2] for one in claimed if one.startswith(JPFHIR))


def _of_questionnaire(resource: Resource) -> frozenset[object]:
    canonical = as_text(resource.get("questionnaire")).partition("|")[0]
    return frozenset([canonical.removeprefix(_QUESTIONNAIRE)] if canonical.startswith(_QUESTIONNAIRE) else [])


def _of_links(resource: Resource) -> frozenset[object]:
    attachments = [as_object(content.get("attachment")) for content in objects(resource.get("content"))]
    return frozenset([bool(attachments) and all(map(_is_link, attachments))])


def _is_link(attachment: Resource) -> bool:
    url: Json = attachment.get("url")
    return "data" not in attachment and as_text(url).startswith(("https://", "http://"))


def _of_patients(resource: Resource) -> frozenset[object]:
    named = any(target_type(as_text(holder["reference"])) == "Patient" for _, holder in references(resource))
    contained = any(one.get("resourceType") == "Patient" for one in objects(resource.get("contained")))
    return frozenset([not named and not contained])


_READERS: dict[str, Callable[[Resource], frozenset[object]]] = {
    "category": _of_categories,
    "code": _of("code"),
    "type": _of("type"),
    "scope": _of("scope"),
    "identifier": _of_identifiers,
    "profile": _of_profiles,
    "questionnaire": _of_questionnaire,
    "only-a-link": _of_links,
    "no-patient": _of_patients,
}
