"""Taking a protected address (DV等支援措置) out of a Patient, in every form of it (CONSENT.md §5).  Pure."""

from profiles.json import read_json, write_json
from profiles.resource import Json

_TELLING = frozenset({"address", "text", "telecom", "contained", "valueAddress", "valueContactPoint"})


def without_address(body: bytes) -> bytes:
    """The Patient without addresses, phones, narrative and contained resources, wherever they stand, extensions too."""
    return write_json(_without(read_json(body), top=True))


def _without(value: Json, *, top: bool = False) -> Json:
    if isinstance(value, list):
        return [_without(item) for item in value]
    if not isinstance(value, dict):
        return value
    # ``text`` of a HumanName is the name itself: only the resource's own is the narrative.
    hidden = _TELLING if top else _TELLING - {"text"}
    return {name: _without(child) for name, child in value.items() if name not in hidden}
