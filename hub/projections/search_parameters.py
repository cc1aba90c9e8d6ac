"""The search parameters that are mounted, as SearchParameter resources: computed from the table that search follows."""

from collections.abc import Iterator

from profiles import RESOURCE_TYPES, Parameter, parameters_of
from profiles.resource import Json, Resource
from profiles.search import modifiers_of

_COMPARATORS: tuple[Json, ...] = ("eq", "ne", "gt", "ge", "lt", "le", "sa", "eb", "ap")
_ORDERED = frozenset({"date", "number", "quantity"})


def search_parameters() -> Iterator[Resource]:
    """One resource for each definition, with every type that it serves."""
    defined: dict[str, list[Parameter]] = {}
    common = {one.name for one in parameters_of("Resource")}
    for type_ in ("Resource", *sorted(RESOURCE_TYPES)):
        for one in parameters_of(type_):
            if type_ == "Resource" or one.name not in common:
                defined.setdefault(one.definition, []).append(one)
    for url, alike in defined.items():
        yield _resource(url, alike)


def _resource(url: str, alike: list[Parameter]) -> Resource:
    first = alike[0]
    types: list[Json] = [one.type for one in alike]
    expressions = dict.fromkeys(one.expression for one in alike if one.expression)
    targets: list[Json] = [*dict.fromkeys(target for one in alike for target in one.targets)]
    modifiers: list[Json] = [*dict.fromkeys(_written(word) for one in alike for word in modifiers_of(one))]
    return {
        "resourceType": "SearchParameter",
        "id": url.rpartition("/")[2].replace("_", "-"),
        "url": url,
        "name": first.name,
        "status": "active",
        "description": f"{first.name} of {', '.join(one.type for one in alike)}, as this hub searches by it.",
        "code": first.name,
        "base": types,
        "type": first.kind,
        **({"expression": " | ".join(expressions), "xpathUsage": "normal"} if expressions else {}),
        **({"target": targets} if targets else {}),
        "multipleOr": True,
        "multipleAnd": True,
        **({"comparator": [*_COMPARATORS]} if first.kind in _ORDERED else {}),
        "modifier": modifiers,
    }


def _written(modifier: str) -> Json:
    """FHIR's code for a modifier (ValueSet search-modifier-code)."""
    return {"of-type": "ofType"}.get(modifier, modifier)
