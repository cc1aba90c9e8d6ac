"""A FHIRPath tree to Python closures.

Conditions are translated to functions that give ``True``, ``False`` or ``None`` (unknown), paths to functions that give
a list.  ``a.exists()`` and ``a.empty()``, of which most invariants are made, become one look into the object.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TypeAlias

from profiles.resource import Json, Resource
from profiles.rules.fhirpath.functions import (
    COMBINATIONS,
    COMPARISONS,
    FUNCTIONS,
    Values,
    is_of,
    truth,
    written,
)
from profiles.rules.fhirpath.parse import Node, Untranslatable, parse

Path: TypeAlias = Callable[[Json, Resource], Values]
Condition: TypeAlias = Callable[[Json, Resource], bool | None]
Predicate: TypeAlias = Callable[[Resource, Resource], bool | None]
"""Of the object on which the invariant stands, and the resource that holds it."""
Choices: TypeAlias = Mapping[str, frozenset[str]]
"""The JSON names that a name of FHIRPath may stand for: ``value`` → ``valueString``, ``valueQuantity``, …"""


def translate(expression: str, choices: Choices) -> tuple[Predicate, frozenset[str]]:
    """The invariant as a function, and JSON names of which one must be there for it to be asked.

    The function is ``False`` where the invariant is certainly broken.  ``a.empty() or …`` and ``a.exists() implies …``
    hold of every object without an ``a``; when no such name is known, every object is asked.  Raises
    ``Untranslatable``.
    """
    translation = _Translation(choices)
    names, rest = translation.divided(parse(expression))
    return translation.condition(rest), names


class _Translation:
    def __init__(self, choices: Choices) -> None:
        self.choices = choices

    def divided(self, node: Node) -> tuple[frozenset[str], Node]:
        """The names that must be there, and what is left to ask when one is."""
        if node.kind == "operation" and node.text == "or":
            return self.divided_or(node)
        if node.kind == "operation" and node.text == "implies":
            left, right = node.of
            if left.kind == "call" and left.text == "exists" and not left.of and (names := self.own(left.focus)):
                return names, right
            return self.assumed(left), node
        return frozenset(), node

    def divided_or(self, node: Node) -> tuple[frozenset[str], Node]:
        for index, operand in enumerate(node.of):
            if operand.kind == "call" and operand.text == "empty" and not operand.of:
                if names := self.own(operand.focus):
                    return names, node.of[1 - index]
            elif operand.kind == "operation" and operand.text == "or":
                names, rest = self.divided_or(operand)
                if names:
                    return names, Node("operation", "or", (rest, node.of[1 - index]))
        return frozenset(), node

    def assumed(self, node: Node) -> frozenset[str]:
        """What must be there for a condition to be true."""
        if node.kind == "operation" and node.text == "and":
            return self.assumed(node.of[0]) or self.assumed(node.of[1])
        if node.kind == "operation" and node.text == "=":
            return self.own(node.of[0])
        return self.own(node.focus) if node.kind == "call" and node.text == "exists" and not node.of else frozenset()

    def own(self, node: Node | None) -> frozenset[str]:
        is_own = node is not None and node.kind == "member" and node.focus is None and node.text[:1].islower()
        return self.names(node.text) if node and is_own else frozenset()

    def condition(self, node: Node) -> Condition:
        if node.kind == "operation" and node.text in _LOGIC:
            return _LOGIC[node.text](self.condition(node.of[0]), self.condition(node.of[1]))
        if node.kind == "operation" and node.text in COMPARISONS:
            return self.comparison(node)
        if node.kind == "operation" and node.text == "is":
            return self.is_type(self.path(node.of[0]), node.of[1].text)
        if node.kind == "call":
            return self.call_as_condition(node)
        path = self.path(node)
        return lambda item, resource: truth(path(item, resource))

    def comparison(self, node: Node) -> Condition:
        compare, left, right = COMPARISONS[node.text], self.path(node.of[0]), self.path(node.of[1])
        return lambda item, resource: compare(left(item, resource), right(item, resource))

    def is_type(self, path: Path, type_: str) -> Condition:
        def check(item: Json, resource: Resource) -> bool | None:
            found = path(item, resource)
            return is_of(found[0], type_) if found else None

        return check

    def call_as_condition(self, node: Node) -> Condition:
        if node.text in ("exists", "empty"):
            is_there = self.existence(node)
            return is_there if node.text == "exists" else lambda item, resource: not is_there(item, resource)
        if node.text == "not":
            inner = self.condition(node.focus) if node.focus else _unknown
            return lambda item, resource: None if (found := inner(item, resource)) is None else not found
        if node.text == "all":
            before, each = self.before(node), self.condition(node.of[0])
            return lambda item, resource: all(each(one, resource) is not False for one in before(item, resource))
        if node.text == "is":
            return self.is_type(self.before(node), node.of[0].text)
        path = self.call(node)
        return lambda item, resource: truth(path(item, resource))

    def existence(self, node: Node) -> Callable[[Json, Resource], bool]:
        if not node.of and node.focus and node.focus.kind == "member" and node.focus.focus is None:
            names = self.names(node.focus.text)
            return lambda item, _: isinstance(item, dict) and not names.isdisjoint(item)
        before = self.before(node)
        if not node.of:
            return lambda item, resource: bool(before(item, resource))
        wanted = self.condition(node.of[0])
        return lambda item, resource: any(wanted(one, resource) for one in before(item, resource))

    def names(self, name: str) -> frozenset[str]:
        """The keys of an object that show that the element is there: its own, or that of its extensions."""
        plain = self.choices.get(name, frozenset({name}))
        return plain | {f"_{one}" for one in plain}

    def before(self, node: Node) -> Path:
        return self.path(node.focus) if node.focus else _this

    def path(self, node: Node) -> Path:
        match node.kind:
            case "string":
                return _constant(node.text)
            case "number":
                return _constant(Decimal(node.text) if "." in node.text else int(node.text))
            case "variable":
                return _variable(node.text)
            case "member":
                return self.member(node)
            case "call":
                return self.call(node)
            case "operation":
                return self.operation(node)

    def operation(self, node: Node) -> Path:
        if node.text in COMBINATIONS:
            combine, left, right = COMBINATIONS[node.text], self.path(node.of[0]), self.path(node.of[1])
            return lambda item, resource: combine(left(item, resource), right(item, resource))
        if node.text == "as":
            return _filtered(self.path(node.of[0]), node.of[1].text)
        condition = self.condition(node)
        return lambda item, resource: written(condition(item, resource))

    def member(self, node: Node) -> Path:
        name = node.text
        if node.focus is None and name in ("true", "false"):
            return _constant(name == "true")
        if node.focus is None and name[:1].isupper():  # the type's own name, as in Appointment.status
            return _this
        before, choice = self.before(node), self.choices.get(name)

        def step(item: Json, resource: Resource) -> Values:
            found: Values = []
            for one in before(item, resource):
                if isinstance(one, dict):
                    key = name if choice is None else next((each for each in one if each in choice), name)
                    child = one[key] if key in one else one.get(f"_{key}")
                    if isinstance(child, list):
                        found.extend(child)
                    elif child is not None:
                        found.append(child)
            return found

        return step

    def call(self, node: Node) -> Path:
        before = self.before(node)
        if node.text in ("where", "select"):
            return self.projection(node, before)
        if node.text in ("as", "ofType"):
            return _filtered(before, node.of[0].text)
        if node.text == "iif":
            condition, then = self.condition(node.of[0]), self.path(node.of[1])
            other = self.path(node.of[2]) if len(node.of) > 2 else _nothing
            return lambda item, resource: (then if condition(item, resource) else other)(item, resource)
        if node.text in ("exists", "empty", "not", "all", "is"):
            answer = self.call_as_condition(node)
            return lambda item, resource: written(answer(item, resource))
        if node.text not in FUNCTIONS:
            raise Untranslatable(f"the function {node.text} is not known")
        function, argument = FUNCTIONS[node.text], self.path(node.of[0]) if node.of else _nothing
        return lambda item, resource: function(before(item, resource), argument(item, resource))

    def projection(self, node: Node, before: Path) -> Path:
        if node.text == "where":
            wanted = self.condition(node.of[0])
            return lambda item, resource: [one for one in before(item, resource) if wanted(one, resource)]
        each = self.path(node.of[0])
        return lambda item, resource: [found for one in before(item, resource) for found in each(one, resource)]


def _this(item: Json, _: Resource) -> Values:
    return [item]


def _nothing(_item: Json, _: Resource) -> Values:
    return []


def _unknown(_item: Json, _: Resource) -> bool | None:
    return None


def _constant(value: Json) -> Path:
    return lambda _item, _: [value]


def _variable(name: str) -> Path:
    if name == "$this":
        return _this
    if name == "%resource":
        return lambda _, resource: [resource]
    if name == "%ucum":
        return _constant("http://unitsofmeasure.org")
    raise Untranslatable(f"the variable {name} is not known")


def _filtered(path: Path, type_: str) -> Path:
    return lambda item, resource: [one for one in path(item, resource) if is_of(one, type_)]


def _and(left: Condition, right: Condition) -> Condition:
    def both(item: Json, resource: Resource) -> bool | None:
        first = left(item, resource)
        if first is False:
            return False
        second = right(item, resource)
        return second if first else (False if second is False else None)

    return both


def _or(left: Condition, right: Condition) -> Condition:
    def either(item: Json, resource: Resource) -> bool | None:
        first = left(item, resource)
        if first:
            return True
        second = right(item, resource)
        return second if first is False else (second or None)

    return either


def _implies(left: Condition, right: Condition) -> Condition:
    return _or(lambda item, resource: None if (first := left(item, resource)) is None else not first, right)


def _xor(left: Condition, right: Condition) -> Condition:
    def one_of_them(item: Json, resource: Resource) -> bool | None:
        first, second = left(item, resource), right(item, resource)
        return None if first is None or second is None else first != second

    return one_of_them


_LOGIC: dict[str, Callable[[Condition, Condition], Condition]] = {
    "and": _and,
    "or": _or,
    "implies": _implies,
    "xor": _xor,
}
