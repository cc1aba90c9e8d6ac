"""What fails, made small: a case file that a person can read."""

from collections.abc import Callable, Iterator, Mapping

from tests.reference.spoiling import Json

_NEEDED = {"now", "policy", "publish", "read", "known", "organisations", "people", "proxies", "asker", "resource"}


def smallest(case: Json, fails: Callable[[Json], bool]) -> Json:
    """The case without anything that can be left out of it so that it still fails."""
    while (smaller := next((one for one in _smaller(case) if _fails(one, fails)), None)) is not None:
        assert isinstance(smaller, dict)
        case = smaller
    return case


def _fails(case: object, fails: Callable[[Json], bool]) -> bool:
    assert isinstance(case, dict)
    try:
        return fails(case)
    except (AssertionError, KeyError, ValueError):
        return False  # it is no case any more


def _smaller(value: object) -> Iterator[object]:
    """The value without one of its parts, the largest parts first."""
    if isinstance(value, Mapping):
        for name in value:
            if name not in _NEEDED:
                yield {other: part for other, part in value.items() if other != name}
        for name, part in value.items():
            for smaller in _smaller(part):
                yield {**value, name: smaller}
    elif isinstance(value, list):
        for place in range(len(value)):
            yield value[:place] + value[place + 1 :]
        for place, part in enumerate(value):
            for smaller in _smaller(part):
                yield [*value[:place], smaller, *value[place + 1 :]]
