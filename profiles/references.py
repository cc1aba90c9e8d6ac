"""The References of a resource (FHIR R4 §2.3): finding them, and giving them new targets."""

from collections.abc import Callable, Iterator

from profiles.resource import Json, Resource, walk


def references(resource: Resource) -> Iterator[tuple[str, Resource]]:
    """Every Reference that has a ``reference``: its FHIRPath location and the object that holds the string.

    Contained resources and extensions are included.  The holder is the resource's own object: who
    writes to it changes the resource.
    """
    for path, holder in walk(resource):
        if isinstance(holder.get("reference"), str):
            yield path, holder


def rewrite(resource: Resource, mapping: Callable[[str], str | None]) -> Resource:
    """A copy of ``resource`` in which each reference is ``mapping(reference)``; ``None`` keeps it.

    The ``url`` of an Attachment may name an entry of the same transaction too (``urn:uuid:…``, FHIR R4
    §3.1.0.11.2), so ``urn:`` urls are mapped as well.  Untouched parts are shared with the original.
    """
    return dict(_object_rewritten(resource, mapping))


def _object_rewritten(value: Resource, mapping: Callable[[str], str | None]) -> Resource:
    changed: Resource = {}
    for name, child in value.items():
        new = child
        if isinstance(child, str):
            if name == "reference" or (name == "url" and child.startswith("urn:")):
                new = mapping(child) or child
        elif isinstance(child, dict):
            new = _object_rewritten(child, mapping)
        elif isinstance(child, list):
            new = _list_rewritten(child, mapping)
        if new is not child:
            changed[name] = new
    return {**value, **changed} if changed else value


def _list_rewritten(value: list[Json], mapping: Callable[[str], str | None]) -> list[Json]:
    changed: list[Json] | None = None
    for place, child in enumerate(value):
        new = child
        if isinstance(child, dict):
            new = _object_rewritten(child, mapping)
        elif isinstance(child, list):
            new = _list_rewritten(child, mapping)
        if new is not child:
            changed = changed or list(value)
            changed[place] = new
    return value if changed is None else changed


def target_type(reference: str) -> str:
    """The resource type that a reference names, ``""`` when it names none.

    ``Patient/1``, ``Patient/1/_history/2``, ``https://example.org/fhir/Patient/1`` and the conditional
    ``Patient?identifier=…`` give ``Patient``.
    """
    if reference.startswith(("#", "urn:")):
        return ""
    address, question, _ = reference.partition("?")
    parts = address.partition("/_history/")[0].split("/")
    if len(parts) > 1:
        return parts[-2]
    return address if question else ""
