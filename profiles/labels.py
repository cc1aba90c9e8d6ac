"""Security labels of a resource, in the words that the consent rules use (CONSENT §4)."""

from collections.abc import Iterator

from profiles.canonical import ACT_CODE, CONFIDENTIALITY, EHRSHRS_INDICATION, LABEL
from profiles.resource import Json, Resource, as_object, as_text, objects

UNKNOWN = "UNKNOWN-LABEL"
OWN = frozenset({"SOURCE-ONLY", "UNINFORMED", "UNDELIVERED", "WELFARE", "PSY", "HIV", "ADDRESS-PROTECTED"})

# What a coding of meta.security means; "" is a label that closes nothing.  Whatever is not here is unknown.
_MEANING: dict[tuple[str, str], str] = {
    **{(LABEL, code): code for code in OWN},
    **{(CONFIDENTIALITY, code): "" for code in "NMLU"},
    (CONFIDENTIALITY, "R"): "R",
    (CONFIDENTIALITY, "V"): "V",
    (ACT_CODE, "PSY"): "PSY",
    (ACT_CODE, "PSYTHPN"): "PSY",
    (ACT_CODE, "HIV"): "HIV",
}
_TAGS = frozenset({"UNINFORMED", "UNDELIVERED"})
_NONE = frozenset[str]()


def labels_of(resource: Resource) -> frozenset[str]:
    """The labels of the resource and of what it contains.

    ``meta.security`` codes of our label system, confidentiality ``R`` and ``V``, and the sensitivities ``PSY``
    and ``HIV``; the national ``meta.tag`` codes ``UNINFORMED`` and ``UNDELIVERED``.  Every other security label,
    one that cannot be read included, is ``UNKNOWN-LABEL``: the rules clear nobody for it.
    """
    if "contained" not in resource:
        meta = resource.get("meta")
        return frozenset(_labels(as_object(meta))) if meta else _NONE
    parts = [resource, *objects(resource.get("contained"))]
    return frozenset(label for part in parts for label in _labels(as_object(part.get("meta"))))


def is_entered_in_error(resource: Resource) -> bool:
    """Whether the source has taken the resource back: its (document, verification) status says entered-in-error."""
    if resource.get("status") == "entered-in-error" or resource.get("docStatus") == "entered-in-error":
        return True
    if "verificationStatus" not in resource:
        return False
    verification = as_object(resource["verificationStatus"])
    return any(coding.get("code") == "entered-in-error" for coding in objects(verification.get("coding")))


def _labels(meta: Resource) -> Iterator[str]:
    security = meta.get("security")
    if security is not None:
        for coding in security if isinstance(security, list) else [security]:
            label = _meaning(coding)
            if label:
                yield label
    for tag in objects(meta.get("tag")):
        code = as_text(tag.get("code"))
        if (tag.get("system") == EHRSHRS_INDICATION and code in _TAGS) or (tag.get("system") == LABEL and code in OWN):
            yield code


def _meaning(coding: Json) -> str:
    member = as_object(coding)
    return _MEANING.get((as_text(member.get("system")), as_text(member.get("code"))), UNKNOWN)
