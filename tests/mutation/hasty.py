"""A pytest plugin for the tests of a mutant: one failure is enough, nobody reads it."""

from tests.reference import smallest
from tests.reference.spoiling import Json


def _as_it_is(case: Json, fails: object) -> Json:
    return case


smallest.smallest = _as_it_is
