"""The first look at a mutant: without pytest, because most of them it notices at once.

What is expected, the reference (``tests/reference``) says before the hub is imported, once for all mutants.
"""

from random import Random

from tests.reference.decision import City, decide
from tests.reference.spoiling import Json
from tests.reference.strategies import question

CITIES = 250

Asked = tuple[Json, tuple[Json, ...], list[tuple[bool, str]]]


def asked() -> list[Asked]:
    """What is asked of a mutant: a case without its resource, resources, and how each decision goes."""
    found: list[Asked] = []
    for seed in range(CITIES):
        made = question(Random(seed))
        for asker in made.askers:
            content = made.case(asker)
            city = City(content)
            found.append((content, made.resources, [decide(city, resource) for resource in made.resources]))
    return found


def notices(expected: list[Asked]) -> bool:
    """Whether a case file, or a random city, is decided in another way than it should be."""
    try:
        return _of_case_files() or any(_of_city(*one) for one in expected)
    except Exception:  # whatever breaks is noticed
        return True


def _of_case_files() -> bool:
    from consent import Decision, Refusal
    from tests.unit.consent.case import cases
    from tests.unit.consent.rows import admitted

    for _, case in cases():
        if "writer" in case.content:
            if case.recording() != case.expected["not-recorded"]:
                return True
            continue
        scope = case.scope()
        decision = Decision(False, scope.reason) if isinstance(scope, Refusal) else scope.admits(case.facts())
        said = {"permit": decision.permit, "reason": decision.reason, "rules": list(decision.rules)}
        if {key: said[key] for key in case.expected} != dict(case.expected):
            return True
        if admitted(scope, [case.facts()]) != [case.expected["permit"]]:
            return True
    return False


def _of_city(content: Json, resources: tuple[Json, ...], expected: list[tuple[bool, str]]) -> bool:
    from consent import Refusal
    from tests.unit.consent.case import Case, facts_of
    from tests.unit.consent.rows import admitted

    scope = Case(content).scope()
    facts = [facts_of(resource) for resource in resources]
    if isinstance(scope, Refusal):
        return any(one != (False, scope.reason) for one in expected)
    said = [(one.permit, one.reason) for one in map(scope.admits, facts)]
    return said != expected or admitted(scope, facts) != [permit for permit, _ in expected]
