"""The topics to which a system may subscribe (Subscriptions R5 Backport): data, and its form in R4, a Basic."""

from dataclasses import dataclass

from profiles.canonical import BASE
from profiles.resource import Json, Resource

_R5 = "http://hl7.org/fhir/5.0/StructureDefinition/extension-SubscriptionTopic"
_PUBLISHED = "2026-11-22"


@dataclass(frozen=True, slots=True)
class Topic:
    """``types`` are the resource types it is about, none for all that is about a person; ``search`` a condition
    on them; ``filters`` what a subscription may narrow it by, besides a search on one of the types."""

    id: str
    title: str
    description: str
    types: tuple[str, ...] = ()
    search: str = ""
    filters: tuple[str, ...] = ("patient",)

    @property
    def url(self) -> str:
        return f"{BASE}/SubscriptionTopic/{self.id}"

    def is_about(self, type_: str, patient: str) -> bool:
        """Whether what happens to such a resource of this patient ("" for none) can belong here."""
        return type_ in self.types if self.types else bool(patient)


TOPICS: dict[str, Topic] = {
    topic.url: topic
    for topic in (
        Topic(
            "patient-changed",
            "担当する方の情報の変化",
            "Anything new, amended or retracted about the people whom the subscriber looks after, as far as it may see"
            " it. Filters: patient (Patient/id), category (a code of the information categories), _type.",
            filters=("patient", "category", "_type"),
        ),
        Topic(
            "admission-discharge",
            "入院・退院",
            "An inpatient Encounter was written, amended or retracted: an admission, a transfer, a discharge.",
            types=("Encounter",),
            search="class=IMP,ACUTE,NONAC,OBSENC",
        ),
        Topic(
            "consent-changed",
            "同意の変化",
            "A Consent was written, amended or revoked, of those that the subscriber may see.",
            types=("Consent",),
        ),
    )
}


def as_basic(topic: Topic, base_url: str) -> Resource:
    """A topic as R4 knows it: a Basic with the elements of R5's SubscriptionTopic as extensions."""
    triggers: list[Json] = [_trigger(topic, type_) for type_ in topic.types or ("Resource",)]
    filters: list[Json] = [
        _complex("canFilterBy", [{"url": "filterParameter", "valueString": name}]) for name in topic.filters
    ]
    extensions: list[Json] = [
        {"url": f"{_R5}.url", "valueUri": topic.url},
        {"url": f"{_R5}.title", "valueString": topic.title},
        {"url": f"{_R5}.date", "valueDateTime": _PUBLISHED},
        {"url": f"{_R5}.description", "valueMarkdown": topic.description},
        *triggers,
        *filters,
    ]
    return {
        "resourceType": "Basic",
        "id": topic.id,
        "meta": {"source": f"{base_url}/fhir"},
        "extension": extensions,
        "modifierExtension": [{"url": f"{_R5}.status", "valueCode": "active"}],
        "code": {"coding": [{"system": "http://hl7.org/fhir/fhir-types", "code": "SubscriptionTopic"}]},
    }


def _trigger(topic: Topic, type_: str) -> Resource:
    parts: list[Json] = [
        {"url": "resource", "valueUri": f"http://hl7.org/fhir/StructureDefinition/{type_}"},
    ]
    for code in ("create", "update", "delete"):
        parts.append({"url": "supportedInteraction", "valueCode": code})
    if topic.search:
        parts.append({"url": "queryCriteria", "extension": [{"url": "current", "valueString": topic.search}]})
    return _complex("resourceTrigger", parts)


def _complex(name: str, parts: list[Json]) -> Resource:
    return {"url": f"{_R5}.{name}", "extension": parts}
