"""An id that was never used, a hidden one, a hidden one that was deleted: in the same time class (TRUST T-056).

The proof is the work: the same statements in the same order.  The clock only bears witness, and is slow to ask.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from math import erfc, sqrt
from time import perf_counter_ns

import pytest
from sqlalchemy import event

from tests.leaks.asking import NEVER_USED
from tests.leaks.facts import FACTS
from tests.leaks.world import World
from tests.leaks.worlds import Pair

THINGS = [fact.id for fact in FACTS if fact.kind == "thing" and fact.id != "emergency"]
SAMPLES = 200
PATHS = ("/fhir/{type}/{id}", "/fhir/{type}/{id}/_history", "/fhir/{type}?_id={id}&_total=accurate")


@contextmanager
def statements(world: World) -> Iterator[list[str]]:
    """Every statement that the world's store executes."""
    seen: list[str] = []

    def note(connection: object, cursor: object, statement: str, *rest: object) -> None:
        seen.append(statement)

    event.listen(world.city.store.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(world.city.store.engine, "before_cursor_execute", note)


def work(world: World, who: str, path: str) -> list[str]:
    with statements(world) as seen:
        world.city.get(who, path)
    return seen


@pytest.mark.promise("hidden-answers-as-never-existed")
@pytest.mark.parametrize("fact", THINGS)
@pytest.mark.parametrize("path", PATHS)
def test_what_is_hidden_takes_the_work_of_what_was_never_there(hidden: Pair, fact: str, path: str) -> None:
    world, matter = hidden.other, hidden.matters[fact]
    type_, id_, _ = next(one for one in matter.hidden if one[0] == "Observation")
    world.city.token(matter.fact.system)
    unused = work(world, matter.fact.system, path.format(type=type_, id=NEVER_USED))
    assert work(world, matter.fact.system, path.format(type=type_, id=id_)) == unused


@pytest.mark.slow
def test_the_clock_does_not_tell_them_apart(hidden: Pair) -> None:
    world = hidden.other
    ids = {
        fact: next(one[1] for one in hidden.matters[fact].hidden if one[0] == "Observation")
        for fact in ("category", "deleted")
    }
    asked = {"never": NEVER_USED, **ids}
    taken: dict[str, list[int]] = {name: [] for name in asked}
    for turn in range(SAMPLES + 10):
        for name, id_ in asked.items():
            began = perf_counter_ns()
            world.city.get("clinic-emr", f"/fhir/Observation/{id_}")
            if turn >= 10:
                taken[name].append(perf_counter_ns() - began)
    for name in ids:
        assert chance(taken["never"], taken[name]) > 0.0001, name


def chance(one: list[int], other: list[int]) -> float:
    """How likely two samples so far apart are if nothing but chance parts them (Mann and Whitney, two-sided)."""
    ranks = {value: rank for rank, value in enumerate(sorted([*one, *other]), 1)}
    score = sum(ranks[value] for value in one) - len(one) * (len(one) + 1) / 2
    spread = sqrt(len(one) * len(other) * (len(one) + len(other) + 1) / 12)
    return erfc(abs(score - len(one) * len(other) / 2) / spread / sqrt(2))
