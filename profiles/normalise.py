"""Old and new names of Japanese code and identifier systems, and identifiers in one comparable form."""

import re
import unicodedata
from collections.abc import Callable
from functools import cache

from profiles import canonical
from profiles.folding import plain_text
from profiles.resource import Json, Resource, as_list, as_object, as_text, objects
from profiles.tables import rows

_ID = "http://jpfhir.jp/fhir/core/mhlw/IdSystem"
_NOT_ALPHANUMERIC = re.compile(r"[^0-9A-Za-z]")


def normalise(resource: Resource) -> Resource:
    """The resource with the URL names of its Japanese systems (FACTS §1.6: accept OID and URL, emit URL).

    Rule: a resource that claims a JP profile (a ``meta.profile`` below ``http://jpfhir.jp/``) is rewritten, because
    the profile fixes the URL names; one that claims none keeps its systems as sent.  The search index lists
    both names in either case.  Contained resources follow the resource, entries of a Bundle each their own claim.
    An untouched resource is returned as it is.
    """
    if resource.get("resourceType") == "Bundle":
        return _normalised_bundle(resource)
    return _rewritten_object(resource) if _claims_jp_profile(resource) and _names_old_system(resource) else resource


@cache
def _urls() -> dict[str, str]:
    return {row["sent"]: row["url"] for row in rows("systems.csv")}


def canonical_system(system: str) -> str:
    """The URL of a system that is known by an older name too; any other system as it is."""
    return _urls().get(system, system)


@cache
def old_systems(system: str) -> tuple[str, ...]:
    """The older names of a system."""
    return tuple(sent for sent, url in _urls().items() if url == system)


def canonical_identifier(system: str, value: str) -> str:
    """``value`` in the one form in which identifiers of ``system`` are compared (DESIGN §3).

    Everywhere: full-width to half-width, no invisible characters, no spaces at the ends, ``-`` for a ``ー``.  Where
    the system is numeric: no hyphens or spaces, and leading zeros to the full length.  Never for display.
    """
    plain = unicodedata.normalize("NFKC", plain_text(value)).strip().replace("ー", "-")
    return _FORMS.get(canonical_system(system), str)(plain)


def _claims_jp_profile(resource: Resource) -> bool:
    claimed = as_list(as_object(resource.get("meta")).get("profile"))
    return any(as_text(one).startswith(canonical.JPFHIR) for one in claimed)


def _normalised_bundle(bundle: Resource) -> Resource:
    entries: list[Json] = []
    changed = False
    for entry in objects(bundle.get("entry")):
        inner = entry.get("resource")
        new = normalise(inner) if isinstance(inner, dict) else inner
        changed = changed or new is not inner
        entries.append(entry if new is inner else {**entry, "resource": new})
    return {**bundle, "entry": entries} if changed else bundle


def _names_old_system(resource: Resource) -> bool:
    """A look before the rewriting, which costs several times as much and is seldom needed."""
    known = _urls()
    waiting: list[Json] = [resource]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            system = one.get("system")
            if isinstance(system, str) and system in known:
                return True
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one)
    return False


def _rewritten(value: Json) -> Json:
    if isinstance(value, dict):
        return _rewritten_object(value)
    return [_rewritten(item) for item in value] if isinstance(value, list) else value


def _rewritten_object(value: Resource) -> Resource:
    copy = {name: _rewritten(child) for name, child in value.items()}
    system = value.get("system")
    if isinstance(system, str):
        copy["system"] = canonical_system(system)
    return copy


def _digits(length: int) -> Callable[[str], str]:
    return lambda value: _NOT_ALPHANUMERIC.sub("", value).upper().zfill(length)


def _kaigo_insured(value: str) -> str:
    insurer, _, insured = value.partition("-")
    return f"{_digits(6)(insurer)}-{_digits(10)(insured)}" if insured else value


def _member_id(value: str) -> str:
    """``insurer(8):symbol:number:branch(2)`` from that form, or from the quoted form of the insurers' files."""
    parts = [part.strip().strip('"') for part in re.split(r":" if ":" in value else r",", value)]
    if len(parts) != 4:
        return value
    insurer, symbol, number, branch = parts
    return f"{_digits(8)(insurer)}:{symbol}:{number}:{_digits(2)(branch) if branch else ''}"


_FORMS: dict[str, Callable[[str], str]] = {
    canonical.KAIGO_INSURED_NO: _kaigo_insured,
    canonical.KAIGO_INSURER_NO: _digits(6),
    canonical.CARE_OFFICE_NO: _digits(10),
    canonical.CARE_MANAGER_NO: _digits(8),
    canonical.MEDICAL_INSTITUTION_NO: _digits(10),
    f"{_ID}/MedicalOrganizationID": _digits(7),
    f"{_ID}/InsurerNumber": _digits(8),
    f"{_ID}/InsuredPersonSubnumber": _digits(2),
    f"{_ID}/PublicPayerNumber": _digits(8),
    f"{_ID}/PublicInsuredPersonNumber": _digits(7),
    f"{_ID}/medicalRegistrationNumber": _digits(0),
    "http://jpfhir.jp/fhir/clins/Idsystem/JP_Insurance_memberID": _member_id,
    "http://jpfhir.jp/fhir/core/IdSystem/JP_Coverage_id": _member_id,
}
