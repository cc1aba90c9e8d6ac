"""Taking a protected address (DV等支援措置) out of a Patient, in every form of it (CONSENT.md §5).  Pure."""

from profiles.json import read_json, write_json
from profiles.resource import Json, as_object, as_text, objects

_TELLING = frozenset({"address", "text", "telecom", "contained", "valueAddress", "valueContactPoint"})
_NOTHING: tuple[Json, ...] = ({}, [])


def without_address(body: bytes) -> bytes:
    """The Patient without addresses, phones, narrative and contained resources, wherever they stand, extensions too.

    Nor is there anything that would tell that they were there: an extension without its value, an element with
    nothing left in it, a reference to what was contained.
    """
    return write_json(_without(read_json(body), top=True))


def without_addresses_within(body: bytes) -> bytes:
    """Another resource whose contained Patients tell no address: who they are nobody can look up, so it is all of them.

    A sender may put the person into each of its records; none of these need bear the label of the person's own.
    """
    resource = as_object(read_json(body))
    inner: list[Json] = [
        _without(one, top=True) if one.get("resourceType") == "Patient" else one
        for one in objects(resource.get("contained"))
    ]
    return write_json({**resource, "contained": inner})


def _without(value: Json, *, top: bool = False) -> Json:
    if isinstance(value, list):
        return [left for item in value if (left := _without(item)) not in _NOTHING]
    if not isinstance(value, dict):
        return value
    if as_text(value.get("reference")).startswith("#"):
        return {}
    # ``text`` of a HumanName is the name itself: only the resource's own is the narrative.
    hidden = _TELLING if top else _TELLING - {"text"}
    found = ((name, _without(child)) for name, child in value.items() if name not in hidden)
    left = {name: child for name, child in found if child not in _NOTHING}
    return {} if left.keys() == {"url"} != value.keys() else left
