"""Patch documents: read and checked once, applied to whatever is current."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass

from profiles.json import MAX_DEPTH
from profiles.patch import fhirpath_patch, json_patch, merge_patch
from profiles.patch.failure import PatchFailed
from profiles.resource import Json, Resource, as_object, as_text, objects

MAX_OPERATIONS = 200


@dataclass(frozen=True, slots=True)
class Patch:
    """A well-formed patch: what its operations are, and how one of them is performed on a tree."""

    operations: tuple[Resource, ...]
    perform: Callable[[Json, Resource], Json]


def read_json_patch(document: Json) -> Patch:
    """A JSON Patch document, an array of operations.  Raises ``PatchFailed`` with the place of the one at fault."""
    if not isinstance(document, list) or not document or not all(isinstance(one, dict) for one in document):
        raise PatchFailed("a JSON Patch is an array of operations, with one at least")
    return _checked(objects(document), json_patch.check, json_patch.perform)


def read_merge_patch(document: Json) -> Patch:
    """A JSON Merge Patch, an object with what shall be otherwise.  Raises ``PatchFailed``."""
    if not isinstance(document, dict) or not document:
        raise PatchFailed("a JSON Merge Patch is an object, with one member at least")
    return _checked([document], merge_patch.check, merge_patch.perform)


def read_fhirpath_patch(parameters: Json) -> Patch:
    """A FHIRPath Patch, a Parameters resource of ``operation`` parameters.  Raises ``PatchFailed``."""
    resource = as_object(parameters)
    found = objects(resource.get("parameter"))
    if resource.get("resourceType") != "Parameters" or not found:
        raise PatchFailed("a FHIRPath Patch is a Parameters resource with one operation at least")
    unknown = [as_text(one.get("name")) for one in found if one.get("name") != "operation"]
    if unknown:
        raise PatchFailed(f"a FHIRPath Patch has parameters named operation, not {unknown[0]!r}")
    return _checked([fhirpath_patch.operation(one) for one in found], fhirpath_patch.check, fhirpath_patch.perform)


def apply(patch: Patch, resource: Resource) -> Resource:
    """The resource after all operations, in their order; ``resource`` itself stays as it is.

    Raises ``PatchFailed``, with the place of the operation that does not apply, and when the result is no resource of
    the same type and id.
    """
    tree: Json = deepcopy(resource)
    for place, operation in enumerate(patch.operations):
        try:
            tree = patch.perform(tree, operation)
        except PatchFailed as failure:
            raise PatchFailed(f"operation {place}: {failure}") from failure
        except RecursionError as error:
            raise PatchFailed(f"operation {place}: the result is nested too deeply") from error
    if not isinstance(tree, dict) or _is_deeper(tree, MAX_DEPTH):
        raise PatchFailed("the result is no resource, or is nested too deeply")
    for name in ("resourceType", "id"):
        if tree.get(name) != resource.get(name):
            raise PatchFailed(f"a patch cannot change {name}")
    return tree


def _is_deeper(value: Json, levels: int) -> bool:
    level: list[Json] = [value]
    for _ in range(levels):
        inner = [one.values() if isinstance(one, dict) else one for one in level if isinstance(one, dict | list)]
        level = [child for one in inner for child in one]
    return any(isinstance(one, dict | list) for one in level)


def _checked(
    operations: list[Resource], check: Callable[[Resource], None], perform: Callable[[Json, Resource], Json]
) -> Patch:
    if len(operations) > MAX_OPERATIONS:
        raise PatchFailed(f"a patch has at most {MAX_OPERATIONS} operations")
    for place, operation in enumerate(operations):
        try:
            check(operation)
        except PatchFailed as failure:
            raise PatchFailed(f"operation {place}: {failure}") from failure
    return Patch(tuple(operations), perform)
