"""What R4 or JP Core forbids is found, at the right path: broken copies of valid resources (docs/validation.md)."""

from collections.abc import Iterator

import pytest

from profiles import normalise, validate, write_json
from profiles.resource import Json, as_object
from tests.properties.mutations import Mutant, is_caught, mutants
from tests.properties.mutations.agreement import Agreement, measure
from tests.properties.mutations.corpus import cohort, examples, own

AT_LEAST = 0.99
KINDS_OF_MISTAKES = 45  # the generator makes at least so many kinds from our own resources
ANYTHING: tuple[Json, ...] = (
    None,
    True,
    0,
    -1.5,
    "",
    "x",
    "#x",
    [],
    [[]],
    [None],
    {},
    {"": {}},
    {"coding": [{"code": []}]},
)


def missed(found: Agreement) -> str:
    return "\n".join(f"{one.what}, {one.where}: {', '.join(sorted(one.paths))}" for one in found.missed)


def test_every_mistake_in_our_own_resources_is_caught() -> None:
    found = measure(own(), often=1)

    assert found.refused == 0
    assert len(found.made) > KINDS_OF_MISTAKES
    assert found.missed == [], missed(found)


def test_what_is_not_broken_is_not_caught() -> None:
    resource = next(own())
    whole = next(mutants(resource))

    assert is_caught(whole)
    assert not is_caught(Mutant(whole.what, whole.where, resource, whole.paths))


def test_the_same_resource_has_the_same_mutants() -> None:
    assert list(mutants(next(own()))) == list(mutants(next(own())))


@pytest.mark.parametrize("value", ANYTHING, ids=repr)
def test_nothing_in_the_place_of_anything_breaks_the_checks(value: Json) -> None:
    for number, resource in enumerate(own()):
        if number % 10 == 0 and resource["resourceType"] != "Bundle":
            for changed in everywhere(resource, value):
                whole = {**as_object(changed), "resourceType": resource["resourceType"]}
                validate(whole, write_json(whole), strict=True)
                normalise(whole)


def everywhere(whole: Json, value: Json) -> Iterator[Json]:
    """Copies of ``whole`` in each of which one value, at any depth, is ``value``."""
    yield value
    if isinstance(whole, dict):
        for name, child in whole.items():
            yield from ({**whole, name: changed} for changed in everywhere(child, value))
    elif isinstance(whole, list):
        for index, child in enumerate(whole):
            yield from ([*whole[:index], changed, *whole[index + 1 :]] for changed in everywhere(child, value))


@pytest.mark.slow
@pytest.mark.parametrize("often", [5])
def test_mistakes_in_the_published_examples(often: int) -> None:
    agree(measure((resource for _, resource in examples()), often))


@pytest.mark.slow
@pytest.mark.parametrize("often", [10])
def test_mistakes_in_the_cohort(often: int) -> None:
    agree(measure((resource for _, resource in cohort(each=400)), often))


def agree(found: Agreement) -> None:
    if not found.resources:
        pytest.skip("the shared resources are not here")
    assert found.caught >= AT_LEAST, missed(found)
