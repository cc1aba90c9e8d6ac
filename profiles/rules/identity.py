"""Rules about a resource as a whole: its id, and what contained resources may be (dom-2 to dom-5)."""

from profiles.resource import Json, Resource, as_object, as_text, objects, walk
from profiles.rules.references import is_id
from profiles.rules.surroundings import Place, Surroundings


def check_id(value: Json, place: Place, around: Surroundings) -> None:
    """The form of the ``id`` of a resource."""
    if not is_id(value):
        around.error((place, "id"), "id", "An id is 1 to 64 letters, digits, '-' and '.'.")


def check_element_id(value: Json, place: Place, around: Surroundings) -> None:
    """The form of the ``id`` of an element: any text without spaces."""
    if isinstance(value, str) and (not value or value.split() != [value]):
        around.error((place, "id"), "id", "The id of an element is a text without spaces.")


def check_contained(resource: Resource, place: Place, around: Surroundings) -> None:
    """The rules for contained resources (FHIR R4 §2.4.3)."""
    named = _fragments(resource)
    seen: set[str] = set()
    for index, inner in enumerate(objects(resource.get("contained"))):
        where: Place = ((place, "contained"), index)
        identity = as_text(inner.get("id"))
        if not identity:
            around.error(where, "contained-id", "A contained resource needs an id.")
        elif identity in seen:
            around.error((where, "id"), "contained-id", f"The id {identity[:64]!r} is used twice.")
        seen.add(identity)
        if "contained" in inner:
            around.error((where, "contained"), "dom-2", "A contained resource may not contain others.")
        if identity and identity not in named and not _names_container(inner):
            around.error(where, "dom-3", "Nothing in the resource refers to this contained resource.")
        meta = as_object(inner.get("meta"))
        if "versionId" in meta or "lastUpdated" in meta:
            around.error((where, "meta"), "dom-4", "A contained resource has no version and no date of update.")
        if "security" in meta:
            text = "A contained resource has no security label of its own."
            around.error(((where, "meta"), "security"), "dom-5", text)


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
