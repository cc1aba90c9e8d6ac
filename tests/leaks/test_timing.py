"""An id that was never used, a hidden one, a hidden one that was deleted: in the same time class (TRUST T-056).

They do not take the same work: of what is hidden there are rules to read, and an attempt to log for somebody.  So an
answer that shows nothing leaves on the beat.
"""

from math import erfc, sqrt
from time import perf_counter, perf_counter_ns

import pytest

from hub.beat import BEAT
from tests.leaks.asking import NEVER_USED
from tests.leaks.facts import FACTS
from tests.leaks.worlds import Pair

THINGS = [fact.id for fact in FACTS if fact.kind == "thing" and fact.id not in ("emergency", "circle")]
SAMPLES = 200
PATHS = (
    "/fhir/Observation/{id}",
    "/fhir/Observation/{id}/_history",
    "/fhir/Observation/{id}/_history/1",
    "/fhir/Observation?_id={id}&_total=accurate",
)


@pytest.mark.promise("hidden-answers-as-never-existed")
@pytest.mark.parametrize("fact", THINGS)
def test_an_answer_that_shows_nothing_leaves_on_the_beat(hidden: Pair, fact: str) -> None:
    world, matter = hidden.other, hidden.matters[fact]
    id_ = next(one[1] for one in matter.hidden if one[0] == "Observation")
    world.city.token(matter.fact.system)
    for path in (path.format(id=each) for path in PATHS for each in (NEVER_USED, id_)):
        began = perf_counter()
        answer = world.city.get(matter.fact.system, path)
        assert answer.status_code == 404 or answer.json()["total"] == 0
        assert perf_counter() - began >= BEAT


@pytest.mark.slow
def test_the_clock_does_not_tell_them_apart(hidden: Pair) -> None:
    world = hidden.other
    ids = {
        fact: next(one[1] for one in hidden.matters[fact].hidden if one[0] == "Observation")
        for fact in ("category", "deleted")
    }
    asked = {"never": NEVER_USED, **ids}
    taken: dict[str, list[int]] = {name: [] for name in asked}
    names = list(asked)
    for turn in range(SAMPLES + 10):
        for name in names[turn % 3 :] + names[: turn % 3]:  # nobody is always the first
            began = perf_counter_ns()
            world.city.get("clinic-emr", f"/fhir/Observation/{asked[name]}")
            if turn >= 10:
                taken[name].append(perf_counter_ns() - began)
    for name in ids:
        assert chance(taken["never"], taken[name]) > 0.001, name


def chance(one: list[int], other: list[int]) -> float:
    """How likely two samples so far apart are if nothing but chance parts them (Mann and Whitney, two-sided)."""
    ranks = {value: rank for rank, value in enumerate(sorted([*one, *other]), 1)}
    score = sum(ranks[value] for value in one) - len(one) * (len(one) + 1) / 2
    spread = sqrt(len(one) * len(other) * (len(one) + len(other) + 1) / 12)
    return erfc(abs(score - len(one) * len(other) / 2) / spread / sqrt(2))
