"""Which identifier of a foreign resource names it alone, so that sending it again replaces it."""

from collections import Counter
from collections.abc import Iterable, Iterator

from profiles import Resource, canonical_system, parameters_of
from profiles.resource import as_text, objects

# These number the parts of a prescription or the prescription itself: many resources share one value.
_SHARED = (
    "http://jpfhir.jp/fhir/core/mhlw/IdSystem/Medication-RPGroupNumber",
    "http://jpfhir.jp/fhir/core/mhlw/IdSystem/MedicationAdministrationIndex",
    "urn:oid:1.2.392.100495.20.3.11",
    "urn:oid:1.2.392.100495.20.3.12",
)

Key = tuple[str, str, str]


class OwnIdentifiers:
    """The identifiers that name exactly one of ``resources``, which are all that is sent together."""

    def __init__(self, resources: Iterable[Resource]) -> None:
        self._uses = Counter(key for resource in resources for key in _keys(resource))

    def of(self, resource: Resource) -> tuple[str, str] | None:
        """(system, value) of the first identifier that no other resource of its type has."""
        for key in _keys(resource):
            if self._uses[key] == 1:
                return key[1:]
        return None


def _keys(resource: Resource) -> Iterator[Key]:
    kind = as_text(resource.get("resourceType"))
    if not any(parameter.name == "identifier" for parameter in parameters_of(kind)):
        return
    for identifier in objects(resource.get("identifier")):
        system, value = as_text(identifier.get("system")), as_text(identifier.get("value"))
        if system and value and identifier.get("use") != "old" and not canonical_system(system).startswith(_SHARED):
            yield kind, system, value
