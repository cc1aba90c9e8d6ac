"""Rules about a resource as a whole: its id, and what contained resources may be (dom-2 to dom-5)."""

from collections.abc import Iterator

from profiles.issues import Issue, error
from profiles.resource import Resource, as_object, as_text, objects, walk
from profiles.rules.references import is_id
from profiles.rules.surroundings import Surroundings


def check_identity(resource: Resource, place: str, _around: Surroundings) -> Iterator[Issue]:
    """The form of ``id``, and the rules for contained resources (FHIR R4 §2.4.3)."""
    if "id" in resource and not is_id(resource["id"]):
        yield error(f"{place}.id", "id", "An id is 1 to 64 letters, digits, '-' and '.'.")
    if "contained" in resource:
        yield from _check_contained(resource, place)


def _check_contained(resource: Resource, place: str) -> Iterator[Issue]:
    named = _fragments(resource)
    seen: set[str] = set()
    for index, inner in enumerate(objects(resource["contained"])):
        where = f"{place}.contained[{index}]"
        identity = as_text(inner.get("id"))
        if not identity:
            yield error(where, "contained-id", "A contained resource needs an id.")
        elif identity in seen:
            yield error(f"{where}.id", "contained-id", f"The id {identity[:64]!r} is used twice.")
        seen.add(identity)
        if "contained" in inner:
            yield error(f"{where}.contained", "dom-2", "A contained resource may not contain others.")
        if identity and identity not in named and not _names_container(inner):
            yield error(where, "dom-3", "Nothing in the resource refers to this contained resource.")
        meta = as_object(inner.get("meta"))
        if "versionId" in meta or "lastUpdated" in meta:
            yield error(f"{where}.meta", "dom-4", "A contained resource has no version and no date of update.")
        if "security" in meta:
            yield error(f"{where}.meta.security", "dom-5", "A contained resource has no security label of its own.")


def _fragments(resource: Resource) -> set[str]:
    """Every ``#id`` that any string of the resource is (references, canonicals, uris)."""
    return {
        value[1:]
        for _, holder in walk(resource)
        for value in holder.values()
        if isinstance(value, str) and value.startswith("#")
    }


def _names_container(inner: Resource) -> bool:
    return any(holder.get("reference") == "#" for _, holder in walk(inner))
