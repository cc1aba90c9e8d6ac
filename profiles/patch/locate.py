"""The places in a resource that a FHIRPath of a patch names: the simple subset of FHIRPath (FHIR R4 §3.1.0.10.2).

Steps by name, ``[n]``, ``first()``, ``last()``, ``single()``, ``ofType(T)``, ``extension('url')`` and ``where(…)`` with
``=``, ``!=``, ``exists()`` and ``and``.  ``value`` means whichever ``value[x]`` is there.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from profiles.definitions.elements import Element, choices_of
from profiles.patch.failure import PatchFailed
from profiles.resource import FhirDecimal, Json, Resource, as_text

MAX_LENGTH = 1000
_TOKEN = re.compile(
    r"""\s*(?: (?P<name>[A-Za-z_][A-Za-z0-9_]*|`[^`]+`) | (?P<string>'(?:[^'\\]|\\['\\/"`])*') | (?P<date>@[0-9T:.+Z-]+)
      | (?P<number>-?[0-9]+(?:\.[0-9]+)?) | (?P<sign>!=|[.()\[\]=]) )""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Place:
    """One element: the object that holds it, that object's type, its name there, its index when it is in a list."""

    holder: Resource
    owner: str
    element: Element
    index: int | None

    @property
    def value(self) -> Json:
        found = self.holder.get(self.element.name)
        return found[self.index] if isinstance(found, list) and self.index is not None else found

    @property
    def type(self) -> str:
        """The type of what stands here; of a contained resource its own."""
        value = self.value
        if self.element.type == "Resource" and isinstance(value, dict):
            return as_text(value.get("resourceType"))
        return self.element.type


def locate(resource: Resource, path: str) -> list[Place]:
    """Every place that ``path`` names, in document order.  Raises ``PatchFailed`` for what is not in the subset."""
    steps = list(_parsed(path))
    found = [_root(resource)]
    if steps and steps[0] == ("name", resource.get("resourceType")):
        steps = steps[1:]
    for step in steps:
        found = _stepped(found, step)
    return found


def check_path(path: str) -> None:
    """Raises ``PatchFailed`` when ``path`` is not in the subset."""
    _parsed(path)


def _root(resource: Resource) -> Place:
    type_ = as_text(resource.get("resourceType"))
    return Place({"resource": resource}, "", Element("resource", type_, False, True, True), None)


Step = tuple[str, object]
Test = tuple[tuple[Step, ...], str, Json]


def _stepped(found: Sequence[Place], step: Step) -> list[Place]:
    kind, argument = step
    if kind == "name":
        return [child for place in found for child in children(place, str(argument))]
    if kind == "index":
        assert isinstance(argument, int)
        return list(found[argument : argument + 1])
    if kind == "first":
        return list(found[:1])
    if kind == "last":
        return list(found[-1:])
    if kind == "single":
        if len(found) > 1:
            raise PatchFailed(f"single() found {len(found)} elements")
        return list(found)
    if kind == "ofType":
        return [place for place in found if place.type.lower() == str(argument).lower()]
    if kind == "extension":
        extensions = [child for place in found for child in children(place, "extension")]
        return [one for one in extensions if isinstance(one.value, dict) and one.value.get("url") == argument]
    assert isinstance(argument, tuple)
    return [place for place in found if all(_holds(place, test) for test in argument)]


def children(place: Place, name: str) -> Iterator[Place]:
    """The elements called ``name`` (as FHIRPath names them) within ``place``."""
    value = place.value
    if not isinstance(value, dict):
        return
    for element in choices_of(place.type, name):
        child = value.get(element.name)
        if isinstance(child, list):
            yield from (Place(value, place.type, element, index) for index in range(len(child)))
        elif child is not None:
            yield Place(value, place.type, element, None)


def _holds(place: Place, test: Test) -> bool:
    steps, sign, literal = test
    found = [place]
    for step in steps:
        found = _stepped(found, step)
    if sign == "exists":
        return bool(found)
    if len(found) != 1:
        return False
    value = found[0].value
    numbers = isinstance(value, int | Decimal) and not isinstance(value, bool) and isinstance(literal, Decimal)
    same = value == literal if numbers or type(value) is type(literal) else False
    return same is (sign == "=")


# -- reading a path


@lru_cache(maxsize=256)
def _parsed(path: str) -> tuple[Step, ...]:
    if len(path) > MAX_LENGTH:
        raise PatchFailed(f"a path has at most {MAX_LENGTH} characters")
    reader = _Reader(path)
    steps = reader.steps()
    if reader.kind != "end":
        raise PatchFailed(f"{path!r} cannot be read at {reader.text!r}")
    return steps


class _Reader:
    """Recursive descent; ``kind`` and ``text`` are those of the token that comes next."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._tokens = self._split()
        self._next()

    def _split(self) -> Iterator[tuple[str, str]]:
        position, path = 0, self._path.rstrip()
        while position < len(path):
            found = _TOKEN.match(path, position)
            if found is None:
                raise PatchFailed(f"{path!r} cannot be read at {path[position : position + 10]!r}")
            yield str(found.lastgroup), found.group(str(found.lastgroup))
            position = found.end()

    def _next(self) -> None:
        self.kind, self.text = next(self._tokens, ("end", ""))

    def _take(self, kind: str, text: str = "") -> str:
        if self.kind != kind or (text and self.text != text):
            raise PatchFailed(f"{self._path!r}: {text or kind} is missing before {self.text or 'the end'!r}")
        taken = self.text
        self._next()
        return taken

    def steps(self) -> tuple[Step, ...]:
        found = [self._step()]
        while self.kind == "sign" and self.text in (".", "["):
            if self.text == "[":
                self._next()
                found.append(("index", self._index()))
                self._take("sign", "]")
            else:
                self._next()
                found.append(self._step())
        return tuple(found)

    def _index(self) -> int:
        digits = self._take("number")
        if not digits.isdigit():
            raise PatchFailed(f"{self._path!r}: {digits} is no index")
        return int(digits)

    def _step(self) -> Step:
        name = self._take("name").strip("`")
        if (self.kind, self.text) != ("sign", "("):
            return "name", name
        self._next()
        argument: object = None
        if name == "where":
            argument = self._tests()
        elif name == "ofType":
            argument = self._take("name")
        elif name == "extension":
            argument = _unquoted(self._take("string"))
        elif name not in ("first", "last", "single", "exists"):
            raise PatchFailed(f"{self._path!r}: the function {name}() is not supported in a patch")
        self._take("sign", ")")
        return name, argument

    def _tests(self) -> tuple[Test, ...]:
        found = [self._test()]
        while (self.kind, self.text) == ("name", "and"):
            self._next()
            found.append(self._test())
        return tuple(found)

    def _test(self) -> Test:
        steps = self.steps()
        if steps[-1][0] == "exists":
            return steps[:-1], "exists", None
        sign = self._take("sign")
        if sign not in ("=", "!="):
            raise PatchFailed(f"{self._path!r}: {sign} is not supported in where()")
        return steps, sign, self._literal()

    def _literal(self) -> Json:
        kind, text = self.kind, self.text
        self._next()
        if kind == "string":
            return _unquoted(text)
        if kind == "number":
            return FhirDecimal(text)
        if kind == "date":
            return text[1:]
        if kind == "name" and text in ("true", "false"):
            return text == "true"
        raise PatchFailed(f"{self._path!r}: {text or 'the end'!r} is no literal")


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1])
