"""The invariants of R4: all of them are checked, and as another FHIRPath engine understands them."""

import json
from collections.abc import Iterator

import pytest

from profiles import Resource
from profiles.definitions import definitions
from profiles.resource import Json
from profiles.rules.fhirpath import Untranslatable, translate
from profiles.rules.invariants import ELSEWHERE, invariants_of
from tests.properties.mutations import mutants
from tests.properties.mutations.corpus import own
from tests.properties.mutations.spot import Spot, spots

KINDS = ("Patient.contact", "Timing.repeat", "Quantity", "ContactPoint", "CarePlan.activity", "Attachment", "Condition")
CHOICES = {"value": frozenset({"valueString", "valueQuantity"})}


def holds(expression: str, value: Resource) -> bool | None:
    predicate, needs = translate(expression, CHOICES)
    return predicate(value, value) if not needs or needs & value.keys() else None


@pytest.mark.parametrize(
    ("expression", "value", "answer"),
    [
        ("name.exists()", {"name": "x"}, True),
        ("name.exists()", {"_name": {"extension": []}}, True),
        ("name.exists()", {}, False),
        ("value.empty() or code.exists()", {"valueString": "x"}, False),
        ("value.empty() or code.exists()", {"code": "x"}, None),
        ("start.exists() = end.exists()", {"start": "2026"}, False),
        ("kind != 'a' or use.exists()", {"kind": "a"}, False),
        ("kind != 'a' or use.exists()", {"use": "b"}, True),
        ("kind = 'a' implies use.exists()", {"kind": "b"}, True),
        ("low.exists() xor high.exists()", {"low": 1, "high": 2}, False),
        ("item.count() > 1", {"item": [1]}, False),
        ("period.exists() implies period >= 0", {"period": -1}, False),
        ("status in ('a' | 'b')", {"status": "c"}, False),
        ("coding.where(system = 's' and code = 'c').exists()", {"coding": [{"system": "s", "code": "c"}]}, True),
        ("coding.where(system = 's' and code = 'c').exists()", {"coding": [{"system": "s", "code": "d"}]}, False),
        ("item.select(id).isDistinct()", {"item": [{"id": "a"}, {"id": "a"}]}, False),
        ("item.all(id.exists())", {"item": [{"id": "a"}, {}]}, False),
        ("name.matches('[A-Z][a-z]*')", {"name": "Abc"}, True),
        ("name.matches('[A-Z][a-z]*')", {"name": "abc"}, False),
        ("entry.first().resource.is(Patient)", {"entry": [{"resource": {"resourceType": "Basic"}}]}, False),
        ("(a.exists() and b.exists()).not()", {"a": 1, "b": 1}, False),
        ("iif(max != '*', min <= max.toInteger())", {"min": 2, "max": "1"}, False),
        ("type.startsWith('data-') implies data.exists()", {"type": "data-x"}, False),
    ],
)
def test_translates(expression: str, value: Resource, answer: bool | None) -> None:
    assert holds(expression, value) is answer


@pytest.mark.parametrize("expression", ["a.resolve()", "%context.a", "a +", "(a", "a ? b", "a.b c"])
def test_says_what_it_cannot_translate(expression: str) -> None:
    with pytest.raises(Untranslatable):
        translate(expression, {})


def test_every_invariant_of_the_definitions_is_checked() -> None:
    left_out = {
        rule
        for path, rows in definitions()["invariants"].items()
        for rule, *_ in rows
        if rule not in {one.rule for one in invariants_of(path)}
    }

    assert left_out == (ELSEWHERE | {"ppc-3", "ppc-4", "ppc-5"}) & left_out
    assert len(left_out) < 20


def test_another_engine_agrees() -> None:
    """For each kind of object and rule, on valid objects and on broken ones."""
    fhirpathpy = pytest.importorskip("fhirpathpy", reason="the second opinion is not installed")
    compiled = {
        (kind, rule): fhirpathpy.compile(expression)
        for kind in KINDS
        for rule, _, expression, _ in definitions()["invariants"].get(kind, ())
        if rule not in ("con-3", "con-4")  # by hand; a choice, which the other resolves only with a model
    }
    answers = {True: 0, False: 0}
    for spot in some_spots():
        for invariant in invariants_of(spot.kind):
            if other := compiled.get((spot.kind, invariant.rule)):
                value: Json = json.loads(json.dumps(spot.value, default=float))
                ours = invariant.is_broken(spot.value, spot.root)
                assert ours == (other(value) == [False]), (invariant.rule, spot.value)
                answers[ours] += 1

    assert min(answers.values()) > 20


def some_spots() -> Iterator[Spot]:
    for number, resource in enumerate(own()):
        if number % 4 == 0 and resource["resourceType"] != "Bundle":
            for mutant in mutants(resource):
                if mutant.where in KINDS:
                    yield from (spot for spot in spots(mutant.resource) if spot.kind in KINDS)
