"""Mutants that the definitions of the elements forbid: types, cardinality, codes, references, forms of values."""

from collections.abc import Iterator

from profiles import RESOURCE_TYPES
from profiles.definitions import definitions
from profiles.definitions.elements import Element
from profiles.resource import Json, as_text, objects
from tests.properties.mutations.broken import Mutant, broken
from tests.properties.mutations.spot import Spot, element

_NUMBERS = frozenset({"decimal", "integer", "positiveInt", "unsignedInt"})
_URIS = frozenset({"uri", "url", "canonical"})
_BAD_DATES = {
    "date": ("2026-02-30", "2026-13-01", "2026/01/01", "令和8年1月1日"),
    "dateTime": ("2026-02-30", "2026-01-01T10:00:00", "2026-01-01 10:00", "0000"),
    "instant": ("2026-01-01", "2026-02-30T10:00:00Z", "2026-01-01T10:00:00"),
    "time": ("25:00:00", "9:00"),
}
_BAD_VALUES = {
    "positiveInt": (0, -1),
    "unsignedInt": (-1,),
    "integer": (1.5, 99999999999),
    "base64Binary": ("###", "YQ="),
    "code": (" x", "x  y"),
    "id": ("a b", "x" * 65),
    "oid": ("urn:oid:x",),
    "uuid": ("urn:uuid:x",),
}


def element_mutants(spot: Spot) -> Iterator[Mutant]:
    """The mutants of the members of one object."""
    yield broken("unknown element", spot, spot.having(surprise="x"), spot.path("surprise"), name="surprise")
    for name, child in spot.value.items():
        known = element(spot.kind, name)
        if known is not None:
            yield from _shape(spot, name, child, known)
            for steps, item in _items(child):
                yield from _content(spot, name, steps, item, known)
    if "id" in spot.value and not spot.steps:
        for bad in ("a b", "x" * 65, "名前", "../etc", ""):
            yield broken("id", spot, spot.having(id=bad), spot.path("id"), name="id")


def _items(child: Json) -> list[tuple[tuple[int, ...], Json]]:
    """The values of an element with their position, the first and the last when there are many."""
    if not isinstance(child, list):
        return [((), child)]
    return [((index,), child[index]) for index in sorted({0, len(child) - 1}) if child]


def _shape(spot: Spot, name: str, child: Json, known: Element) -> Iterator[Mutant]:
    here = spot.path(name)
    if known.is_mandatory and f"_{name}" not in spot.value and len(spot.value) > 1:
        missing = spot.path(f"{known.choice}[x]") if known.choice else here
        yield broken("required element missing", spot, spot.without(name), here, missing, name=name)
    yield broken("null", spot, spot.having(**{name: None}), here, name=name)
    if isinstance(child, list) and child:
        yield broken("one instead of a list", spot, spot.having(**{name: child[0]}), here, name=name)
        yield broken("empty array", spot, spot.having(**{name: []}), here, name=name)
    elif not known.is_list:
        yield broken("list instead of one", spot, spot.having(**{name: [child]}), here, name=name)
    if known.choice and not known.type[:1].isupper():
        other = f"{known.choice}Surprise"
        yield broken("type of a choice", spot, spot.having(**{other: child}), spot.path(other), name=name)


def _with(spot: Spot, name: str, steps: tuple[int, ...], value: Json) -> Json:
    child = spot.value[name]
    if not steps or not isinstance(child, list):
        return spot.having(**{name: value})
    index = steps[0]
    return spot.having(**{name: [*child[:index], value, *child[index + 1 :]]})


def _content(spot: Spot, name: str, steps: tuple[int, ...], item: Json, known: Element) -> Iterator[Mutant]:
    here = spot.path(name, *steps)

    def put(what: str, value: Json, *paths: str) -> Mutant:
        changed = _with(spot, name, steps, value)
        assert isinstance(changed, dict)
        return broken(what, spot, changed, *(paths or (here,)), name=name)

    if isinstance(item, dict):
        yield put("text instead of an object", "x")
        yield put("empty object", {})
        yield from _coded(spot, name, steps, item, known)
        if known.type == "Reference":
            yield from _reference(spot, name, steps, item)
        return
    if isinstance(item, str):
        yield put("empty text", "")
        yield put("number instead of a text", 7)
        if known.type in ("string", "markdown"):
            yield put("control character", f"{item}\u0001", here, spot.path(name))
    elif isinstance(item, bool):
        yield put("text instead of a boolean", "true")
    elif known.type in _NUMBERS:
        yield put("text instead of a number", str(item))
    if known.type in _URIS or (spot.kind == "Extension" and name == "url"):
        yield put("uri", "not a uri")
    for bad in _BAD_DATES.get(known.type, ()):
        yield put(known.type, bad)
    for bad_value in _BAD_VALUES.get(known.type, ()):
        yield put(known.type, bad_value)
    if known.type == "code" and _value_set(spot, name):
        yield put("code of a required value set", "no-such-code")


def _value_set(spot: Spot, name: str) -> str:
    detail = definitions()["types"].get(spot.kind, {}).get(name, "").partition(" ")[2]
    return detail if detail in definitions()["valueSets"] else ""


def _coded(spot: Spot, name: str, steps: tuple[int, ...], item: dict[str, Json], known: Element) -> Iterator[Mutant]:
    if known.type not in ("CodeableConcept", "Coding") or not _value_set(spot, name):
        return
    if known.type == "Coding":
        wrong: dict[str, Json] = {**item, "code": "no-such-code"}
    else:
        wrong = {**item, "coding": [{**coding, "code": "no-such-code"} for coding in objects(item.get("coding"))]}
    changed = _with(spot, name, steps, wrong)
    assert isinstance(changed, dict)
    yield broken("code of a required value set", spot, changed, spot.path(name, *steps), name=name)


def _reference(spot: Spot, name: str, steps: tuple[int, ...], item: dict[str, Json]) -> Iterator[Mutant]:
    here = spot.path(name, *steps, "reference")

    def named(what: str, reference: str) -> Mutant:
        changed = _with(spot, name, steps, {**item, "reference": reference})
        assert isinstance(changed, dict)
        return broken(what, spot, changed, here, name=name)

    if not isinstance(item.get("reference"), str):
        return
    for bad in ("../Patient/1", "Surprise/1", "just text", "Patient/a b", "#nothing-there", "ftp://x/Patient/1"):
        yield named("reference", bad)
    detail = definitions()["types"].get(spot.kind, {}).get(name, "").partition(" ")[2]
    targets = set(detail.split(",")) if detail else RESOURCE_TYPES
    other = next((one for one in ("Basic", "Location", "Slot") if one not in targets), "")
    if other and detail:
        yield named("reference to another type", f"{other}/1")
        yield named("reference to another type", f"https://example.org/fhir/{other}/1")
    if as_text(item["reference"]).startswith(tuple(f"{one}/" for one in targets)):
        changed = _with(spot, name, steps, {**item, "type": "Slot"})
        assert isinstance(changed, dict)
        yield broken("type of a reference", spot, changed, spot.path(name, *steps, "type"), name=name)
