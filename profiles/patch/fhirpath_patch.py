"""FHIRPath Patch (FHIR R4 §3.1.0.10.2): add, insert, delete, replace, move.

An operation is read from its Parameters into one object: ``type``, ``path``, ``name``, ``index``, ``source`` and
``destination`` as they are written, and ``value``, the whole part that holds it.
"""

from collections.abc import Callable
from copy import deepcopy

from profiles.definitions.elements import Element, choices_of
from profiles.patch.failure import PatchFailed
from profiles.patch.locate import Place, check_path, locate
from profiles.resource import Json, Resource, as_list, as_text, objects

_NEEDED = {
    "add": ("path", "name", "value"),
    "insert": ("path", "value", "index"),
    "delete": ("path",),
    "replace": ("path", "value"),
    "move": ("path", "source", "destination"),
}
_NUMBERS = ("index", "source", "destination")


def operation(parameter: Resource) -> Resource:
    """An ``operation`` parameter as one object."""
    read: Resource = {}
    for part in objects(parameter.get("part")):
        name = as_text(part.get("name"))
        if name in read:
            raise PatchFailed(f"an operation has {name} twice")
        read[name] = part if name == "value" else next((part[key] for key in part if key.startswith("value")), None)
    return read


def check(read: Resource) -> None:
    """Raises ``PatchFailed`` for an operation that is not well formed, whatever it would be applied to."""
    kind = as_text(read.get("type"))
    if kind not in _NEEDED:
        raise PatchFailed(f"type {kind!r} is not one of {', '.join(_NEEDED)}")
    for name in _NEEDED[kind]:
        value = read.get(name)
        expected = int if name in _NUMBERS else dict if name == "value" else str
        if type(value) is not expected:
            raise PatchFailed(f"{kind} needs {name}{', a whole number' if name in _NUMBERS else ''}")
    check_path(as_text(read["path"]))


def perform(root: Json, read: Resource) -> Json:
    """The tree after the operation.  Raises ``PatchFailed`` where it does not apply."""
    assert isinstance(root, dict)
    _OPERATIONS[as_text(read["type"])](root, read)
    return root


def _add(root: Resource, read: Resource) -> None:
    place, name, part = _only(root, read), as_text(read["name"]), _part(read)
    holder = place.value
    if not isinstance(holder, dict):
        raise PatchFailed(f"{read['path']} has no elements")
    element = _chosen(place.type, name, part)
    if element.is_list:
        holder[element.name] = [*as_list(holder.get(element.name)), _value(part, element)]
    elif any(one.name in holder for one in choices_of(place.type, name)):
        raise PatchFailed(f"{read['path']}.{name} is there already, and it does not repeat")
    else:
        holder[element.name] = _value(part, element)


def _insert(root: Resource, read: Resource) -> None:
    place, items = _list(root, read)
    items.insert(_index(read, "index", len(items)), _value(_part(read), place.element))


def _delete(root: Resource, read: Resource) -> None:
    found = locate(root, as_text(read["path"]))
    if found:
        _remove(_only(root, read))


def _replace(root: Resource, read: Resource) -> None:
    place, part = _only(root, read), _part(read)
    if place.index is not None:
        as_list(place.holder[place.element.name])[place.index] = _value(part, place.element)
        return
    # Another type of the same value[x] stands under another name.
    element = _chosen(place.owner, place.element.choice, part) if place.element.choice else place.element
    _remove(place)
    place.holder[element.name] = _value(part, element)


def _move(root: Resource, read: Resource) -> None:
    _, items = _list(root, read)
    source = _index(read, "source", len(items) - 1)
    items.insert(_index(read, "destination", len(items) - 1), items.pop(source))


_OPERATIONS: dict[str, Callable[[Resource, Resource], None]] = {
    "add": _add,
    "insert": _insert,
    "delete": _delete,
    "replace": _replace,
    "move": _move,
}


def _only(root: Resource, read: Resource) -> Place:
    found = locate(root, as_text(read["path"]))
    if len(found) != 1:
        raise PatchFailed(f"{read['path']} names {len(found) or 'no'} elements; it must be one")
    if found[0].value is root and read["type"] != "add":
        raise PatchFailed("the whole resource cannot be changed at once")
    return found[0]


def _list(root: Resource, read: Resource) -> tuple[Place, list[Json]]:
    """The one list whose elements ``path`` names."""
    found = locate(root, as_text(read["path"]))
    if not found or any(one.holder is not found[0].holder or one.element != found[0].element for one in found):
        raise PatchFailed(f"{read['path']} is not one list")
    items = found[0].holder[found[0].element.name]
    if not isinstance(items, list) or len(items) != len(found):
        raise PatchFailed(f"{read['path']} is not a whole list")
    return found[0], items


def _index(read: Resource, name: str, last: int) -> int:
    number = read[name]
    assert isinstance(number, int)
    if not 0 <= number <= last:
        raise PatchFailed(f"{name} {number} is not between 0 and {last}")
    return number


def _remove(place: Place) -> None:
    for name in (place.element.name, f"_{place.element.name}"):
        items = place.holder.get(name)
        if place.index is None or not isinstance(items, list) or len(items) == 1:
            place.holder.pop(name, None)
        else:
            items.pop(place.index)
            if all(item is None for item in items):
                del place.holder[name]


def _part(read: Resource) -> Resource:
    part = read["value"]
    assert isinstance(part, dict)
    return part


def _chosen(type_: str, name: str, part: Resource) -> Element:
    """The element that a value goes to: of ``value[x]`` the one of the value's own type."""
    found = choices_of(type_, name)
    said = next((key.removeprefix("value").lower() for key in part if key.startswith("value")), "")
    fitting = found if len(found) == 1 else [one for one in found if one.type.lower() == said]
    if not fitting:
        raise PatchFailed(
            f"{type_} has no element {name} of type {said}" if found else f"{type_} has no element {name}"
        )
    return fitting[0]


def _value(part: Resource, element: Element) -> Json:
    """The value of a part as it stands in a resource; ``part``s within make an object of the element's type."""
    if inner := objects(part.get("part")):
        made: Resource = {}
        for one in inner:
            child = _chosen(element.type, as_text(one.get("name")), one)
            if child.name in made and not child.is_list:
                raise PatchFailed(f"{child.name} does not repeat")
            value = _value(one, child)
            made[child.name] = [*as_list(made.get(child.name)), value] if child.is_list else value
        return made
    given = [value for key, value in part.items() if key.startswith("value") or key == "resource"]
    if len(given) != 1:
        raise PatchFailed("a value is one value[x], a resource or parts")
    return deepcopy(given[0])
