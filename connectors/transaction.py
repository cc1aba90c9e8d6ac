"""Entries of a transaction Bundle (FHIR R4 §3.1.0.11): what a connector asks the hub to do.

``full_url`` names an entry inside the bundle, so that other entries can refer to it.
"""

import re
from collections.abc import Iterable
from urllib.parse import quote
from uuid import NAMESPACE_URL, uuid5

from profiles.resource import Resource, as_text

_SEARCH_SIGNS = re.compile(r"([\\$,|])")


def transaction(entries: Iterable[Resource]) -> Resource:
    """The transaction Bundle of ``entries``; a Bundle without entries has no ``entry`` (FHIR R4 §2.6.2)."""
    found = list(entries)
    bundle: Resource = {"resourceType": "Bundle", "type": "transaction"}
    return {**bundle, "entry": [*found]} if found else bundle


def create(resource: Resource, full_url: str, *, if_none_exist: str = "") -> Resource:
    """An entry that stores ``resource`` as new; with ``if_none_exist`` (a search) only when nothing matches."""
    request: Resource = {"method": "POST", "url": as_text(resource.get("resourceType"))}
    if if_none_exist:
        request["ifNoneExist"] = if_none_exist
    return {"fullUrl": full_url, "resource": resource, "request": request}


def update(resource: Resource, full_url: str, system: str, value: str) -> Resource:
    """An entry that replaces the resource of this identifier, or stores it as new: sent twice, it has one effect."""
    url = f"{as_text(resource.get('resourceType'))}?{by_identifier(system, value)}"
    return {"fullUrl": full_url, "resource": resource, "request": {"method": "PUT", "url": url}}


def by_identifier(system: str, value: str) -> str:
    """The search ``identifier=system|value``, escaped (FHIR R4 §3.1.1.4.0.1) and percent-encoded."""
    return "identifier=" + "|".join(quote(_SEARCH_SIGNS.sub(r"\\\1", part), safe=":/") for part in (system, value))


def uuid_url(*words: str) -> str:
    """A ``urn:uuid:`` made of ``words``: the same words give the same URL."""
    return f"urn:uuid:{uuid5(NAMESPACE_URL, chr(31).join(words))}"
