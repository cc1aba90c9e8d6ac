"""JSON Patch (RFC 6902) on our JSON values: decimals keep the characters that they were written in.

A function for each of the six operations; each changes the tree that it is given, which is the caller's own copy.
"""

import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from decimal import Decimal
from itertools import islice

from profiles.patch.failure import PatchFailed
from profiles.resource import Json, Resource, as_text

_INDEX = re.compile(r"0|[1-9][0-9]{0,5}")
_NAMES = re.compile(r"~(?![01])")
MAX_COPIED = 1000


def check(operation: Resource) -> None:
    """Raises ``PatchFailed`` for an operation that is not well formed, whatever it would be applied to."""
    name = as_text(operation.get("op"))
    if name not in _OPERATIONS:
        raise PatchFailed(f"op {name!r} is not one of {', '.join(sorted(_OPERATIONS))}")
    for member in ("path", "from") if name in ("move", "copy") else ("path",):
        pointer = operation.get(member)
        if not isinstance(pointer, str) or (pointer and not pointer.startswith("/")) or _NAMES.search(pointer):
            raise PatchFailed(f"{name} needs {member}, a JSON Pointer such as /name/0")
    if name in ("add", "replace", "test") and "value" not in operation:
        raise PatchFailed(f"{name} needs a value")


def perform(root: Json, operation: Resource) -> Json:
    """The tree after ``operation``.  Raises ``PatchFailed`` where it does not apply."""
    return _OPERATIONS[as_text(operation["op"])](root, operation)


def _add(root: Json, operation: Resource) -> Json:
    return _put(root, _steps(operation["path"]), deepcopy(operation["value"]))


def _remove(root: Json, operation: Resource) -> Json:
    _take(root, _steps(operation["path"]))
    return root


def _replace(root: Json, operation: Resource) -> Json:
    steps, value = _steps(operation["path"]), deepcopy(operation["value"])
    if not steps:
        return value
    parent = _at(root, steps[:-1])
    _at(parent, steps[-1:])
    if isinstance(parent, list):
        parent[int(steps[-1])] = value
    elif isinstance(parent, dict):
        parent[steps[-1]] = value
    return root


def _move(root: Json, operation: Resource) -> Json:
    source, target = _steps(operation["from"]), _steps(operation["path"])
    if target[: len(source)] == source and target != source:
        raise PatchFailed(f"{_written(source)} cannot be moved into itself")
    return _put(root, target, _take(root, source))


def _copy(root: Json, operation: Resource) -> Json:
    copied = _at(root, _steps(operation["from"]))
    # Each copy of a copy would double the resource: a short patch could fill the memory.
    weights = (1 + len(one) // 64 if isinstance(one, str) else 1 for one in _values(copied))
    if sum(islice(weights, MAX_COPIED + 1)) > MAX_COPIED:
        raise PatchFailed(f"one copy takes at most {MAX_COPIED} values, and 64 characters a value")
    return _put(root, _steps(operation["path"]), deepcopy(copied))


def _test(root: Json, operation: Resource) -> Json:
    steps = _steps(operation["path"])
    if not equal(_at(root, steps), operation["value"]):
        raise PatchFailed(f"the test of {_written(steps)} failed: there is another value")
    return root


_OPERATIONS: dict[str, Callable[[Json, Resource], Json]] = {
    "add": _add,
    "remove": _remove,
    "replace": _replace,
    "move": _move,
    "copy": _copy,
    "test": _test,
}


def equal(one: Json, other: Json) -> bool:
    """Equality of RFC 6902 §4.6: numbers by value, and never equal to a truth value."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(equal(value, other[name]) for name, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(equal(value, there) for value, there in zip(one, other, strict=True))
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, int | Decimal) and isinstance(other, int | Decimal):
        return one == other
    return type(one) is type(other) and one == other


def _values(value: Json) -> Iterator[Json]:
    yield value
    for child in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _values(child)


def _steps(pointer: Json) -> list[str]:
    """RFC 6901: ``/a~1b/0`` → ``["a/b", "0"]``."""
    return [step.replace("~1", "/").replace("~0", "~") for step in as_text(pointer).split("/")[1:]]


def _written(steps: list[str]) -> str:
    return "".join(f"/{step.replace('~', '~0').replace('/', '~1')}" for step in steps)


def _at(root: Json, steps: list[str]) -> Json:
    found = root
    for depth, step in enumerate(steps):
        if isinstance(found, dict) and step in found:
            found = found[step]
        elif isinstance(found, list) and _INDEX.fullmatch(step) and int(step) < len(found):
            found = found[int(step)]
        else:
            raise PatchFailed(f"there is nothing at {_written(steps[: depth + 1])}")
    return found


def _put(root: Json, steps: list[str], value: Json) -> Json:
    if not steps:
        return value
    parent, last = _at(root, steps[:-1]), steps[-1]
    if isinstance(parent, dict):
        parent[last] = value
    elif isinstance(parent, list) and last == "-":
        parent.append(value)
    elif isinstance(parent, list) and _INDEX.fullmatch(last) and int(last) <= len(parent):
        parent.insert(int(last), value)
    else:
        raise PatchFailed(f"nothing can be put at {_written(steps)}")
    return root


def _take(root: Json, steps: list[str]) -> Json:
    if not steps:
        raise PatchFailed("the whole resource cannot be taken away")
    taken, parent = _at(root, steps), _at(root, steps[:-1])
    if isinstance(parent, list):
        parent.pop(int(steps[-1]))
    elif isinstance(parent, dict):
        del parent[steps[-1]]
    return taken
