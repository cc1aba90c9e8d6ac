"""patch (FHIR R4 §3.1.0.10): JSON Patch, FHIRPath Patch and JSON Merge Patch of what is current.

The patch document is read and checked before the lane; it is applied inside the transaction, to the caller's own
current version, and what comes out is validated and normalised like the body of an update.
"""

from base64 import b64decode
from binascii import Error as NotBase64

from hub.draft import Amend, Change
from hub.errors import Invalid, Malformed, Problem
from hub.interactions.receive import parse, read_value, refuse_kept, valid
from profiles import Issue, write_json
from profiles.patch import Patch, PatchFailed, apply, read_fhirpath_patch, read_json_patch, read_merge_patch
from profiles.resource import Json, Resource, as_object, as_text

JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
_PLAIN = ("application/json", "text/json")
"""Of these some clients send a merge patch, though Parameters are possible too."""


def patching(
    type_: str,
    body: bytes,
    *,
    media_type: str,
    strict: bool,
    id_: str = "",
    if_match: str = "",
    condition: tuple[tuple[str, str], ...] | None = None,
) -> Change:
    """The change of a PATCH of one resource.  Raises ``Malformed`` for what is no patch document."""
    refuse_kept(type_)
    amend = _amend(_read(read_value(body), "", media_type), "", strict=strict)
    return Change("PATCH", type_, id_, if_match=if_match, condition=condition, amend=amend)


def amend_of_entry(resource: Json, where: str, *, strict: bool) -> Amend:
    """The patch in an entry of a Bundle: Parameters with a FHIRPath Patch, or a Binary with one of the others."""
    held, where = as_object(resource), f"{where}.resource"
    if held.get("resourceType") == "Parameters":
        return _amend(_read(held, where), where, strict=strict)
    media_type = as_text(held.get("contentType"))
    if held.get("resourceType") != "Binary" or media_type not in (JSON_PATCH, MERGE_PATCH):
        text = f"A PATCH entry holds Parameters (FHIRPath Patch) or a Binary of {JSON_PATCH} or {MERGE_PATCH}."
        raise Malformed(text, problems=[Problem("error", "structure", where, text)])
    try:
        document = read_value(b64decode(as_text(held.get("data")), validate=True))
    except NotBase64 as error:
        raise Malformed(f"{where}.data is not base64.") from error
    return _amend(_read(document, where, media_type), where, strict=strict)


def _read(document: Json, where: str, media_type: str = "") -> Patch:
    is_parameters = as_object(document).get("resourceType") == "Parameters"
    try:
        if media_type == JSON_PATCH:
            return read_json_patch(document)
        if media_type == MERGE_PATCH or (media_type in _PLAIN and not is_parameters):
            return read_merge_patch(document)
        return read_fhirpath_patch(document)
    except PatchFailed as failure:
        text = f"This is no patch: {failure}."
        raise Malformed(text, problems=[Problem("error", "structure", where, text)]) from failure


def _amend(patch: Patch, where: str, *, strict: bool) -> Amend:
    def amend(stored: Resource) -> tuple[Resource, tuple[Issue, ...]]:
        try:
            patched = apply(patch, stored)
        except PatchFailed as failure:
            text = f"The patch does not apply: {failure}."
            raise Invalid(text, problems=[Problem("error", "processing", where, text)]) from failure
        # Read again as if it had been sent: what may not come in by an update cannot be made by a patch.
        return valid(parse(write_json(patched)), strict=strict, where=where)

    return amend
