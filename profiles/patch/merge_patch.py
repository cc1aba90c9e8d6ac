"""JSON Merge Patch (RFC 7396) on our JSON values: the document is the resource as it shall be, where it differs."""

from copy import deepcopy

from profiles.resource import Json, Resource, as_object


def check(document: Resource) -> None:
    """Every JSON object is a merge patch."""


def perform(target: Json, document: Resource) -> Json:
    """The tree with the members of ``document`` in it; a member that is null takes the target's away."""
    merged = dict(as_object(target))
    for name, value in document.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = perform(merged.get(name), value) if isinstance(value, dict) else deepcopy(value)
    return merged
