"""A resource as one line of the timeline (DESIGN §6, the feed item): its scene, its moment, its words."""

from typing import NamedTuple

from hub.projections.changes import changed
from hub.projections.describe import describe, discharged
from hub.projections.wording import is_moment, plain, referred
from profiles import occurred
from profiles.canonical import DEMENTIA_INDEPENDENCE, SCENE
from profiles.resource import Resource, as_object, as_text, codings, objects, walk

__all__ = ["TimelineText", "changed", "timeline_item"]

TITLE_LENGTH = 80
TEXT_LENGTH = 400


class TimelineText(NamedTuple):
    """``occurred`` is the FHIR date or dateTime as the source wrote it; ``title`` and ``text`` are plain text."""

    scene: str
    occurred: str | None
    title: str
    text: str
    link: str | None
    author_name: str | None


def timeline_item(resource: Resource, category: str) -> TimelineText:
    """What a care manager reads of ``resource``, whose information category (DESIGN §4) is ``category``."""
    said = describe(resource, category)
    line = f"{said.head}：{said.body}" if said.body else said.head
    whole = said.body if len(line) > TITLE_LENGTH else ""
    return TimelineText(
        scene=_scene(resource, category),
        occurred=occurred_at(resource),
        title=plain(line, TITLE_LENGTH),
        text=plain("／".join(part for part in (whole, said.more) if part), TEXT_LENGTH),
        link=_link(resource) if category == "update-notice" else None,
        author_name=_author(resource),
    )


_SCENES = {"admission-discharge", "daily", "emergency", "end-of-life", "dementia", "infection", "disaster"}
_SCENE_OF_CATEGORY = {"acp": "end-of-life", "emergency-plan": "emergency"}
_SCENE_OF_VISIT = {"IMP": "admission-discharge", "ACUTE": "admission-discharge", "NONAC": "admission-discharge",
                   "EMER": "emergency"}  # fmt: skip
# Referral, discharge and transfer documents: LOINC and the national document types, which share the codes.
_MOVING_DOCUMENTS = {"57133-1", "18842-5", "28655-9", "34745-0", "18761-7", "28651-8", "ADMISSION", "DISCHARGE"}
_INFECTION_TESTS = "JP_CLINS_ObsLabResult_InfectionLabo_CS"


def _scene(resource: Resource, category: str) -> str:
    """The scene that the source's own tag names (``CodeSystem/scene``), else the one that the kind of news has."""
    for tag in objects(as_object(resource.get("meta")).get("tag")):
        if tag.get("system") == SCENE and tag.get("code") in _SCENES:
            return as_text(tag.get("code"))
    if category in _SCENE_OF_CATEGORY:
        return _SCENE_OF_CATEGORY[category]
    if category == "encounter":
        return _SCENE_OF_VISIT.get(as_text(as_object(resource.get("class")).get("code")), "daily")
    if category == "clinical-document":
        kinds = {code for element in ("type", "category") for _, code in codings(resource.get(element))}
        return "admission-discharge" if kinds & _MOVING_DOCUMENTS else "daily"
    return _scene_of_codes(resource)


def _scene_of_codes(resource: Resource) -> str:
    stated = [one for name in ("code", "category", "valueCodeableConcept") for one in codings(resource.get(name))]
    if any(system == DEMENTIA_INDEPENDENCE or code == "cognitive-status" for system, code in stated):
        return "dementia"
    if any(system.endswith(_INFECTION_TESTS) for system, _ in stated):
        return "infection"
    return "daily"


def occurred_at(resource: Resource) -> str | None:
    """The FHIR date or dateTime at which the news happened, as the source wrote it."""
    # A stay that has ended is news of the discharge, not of the admission.
    ended = as_object(resource.get("period")).get("end") if _is_discharge(resource) else None
    moment = ended if isinstance(ended, str) else occurred(resource)
    return moment if moment and is_moment(moment) else None


def _is_discharge(resource: Resource) -> bool:
    return resource.get("resourceType") == "Encounter" and discharged(resource)


def _link(resource: Resource) -> str | None:
    """The page of the source system that an update notice opens; only the web's own schemes."""
    for content in objects(resource.get("content")):
        url = as_text(as_object(content.get("attachment")).get("url"))
        if url.startswith(("https://", "http://")):
            return url
    return None


_AUTHORS = ("author", "performer", "requester", "sender", "recorder", "asserter", "informationSource", "source",
            "expressedBy", "participant")  # fmt: skip


def _author(resource: Resource) -> str | None:
    if resource.get("resourceType") in ("CareTeam", "Consent"):
        return None
    for element in (resource[name] for name in _AUTHORS if name in resource):
        for _, one in walk(element):
            name = referred(one, resource) if "reference" in one or "identifier" in one else ""
            if name:
                return name
    return None
