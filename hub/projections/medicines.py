"""What the four medication resources have in common: the drug, how it is taken, how long it lasts."""

from hub.projections.wording import concept, number, referred
from profiles.resource import Resource, as_object, as_text, objects

_DAY = ("", "日", "d", "day", "days")


def medicine(resource: Resource) -> str:
    """The name of the drug."""
    return concept(resource.get("medicationCodeableConcept")) or referred(resource.get("medicationReference"), resource)


def dosages(resource: Resource) -> list[Resource]:
    """The dosage instructions, whichever name the type gives them."""
    return objects(resource.get("dosageInstruction")) or objects(resource.get("dosage"))


def directions(resource: Resource) -> list[str]:
    """How the drug is taken, in the source's words."""
    return [
        as_text(dosage.get("text")) or concept(as_object(dosage.get("timing")).get("code"))
        for dosage in dosages(resource)
    ]


def days_supplied(resource: Resource) -> str:
    """How many days the drug lasts, as a number; ``""`` when the source does not say it in days."""
    expected = as_object(as_object(resource.get("dispenseRequest")).get("expectedSupplyDuration"))
    repeats = [as_object(as_object(dosage.get("timing")).get("repeat")) for dosage in dosages(resource)]
    bounds = [as_object(repeat.get("boundsDuration")) for repeat in repeats]
    for duration in [as_object(resource.get("daysSupply")), expected, *bounds]:
        units = (as_text(duration.get("code")), as_text(duration.get("unit")))
        if duration.get("value") is not None and all(unit in _DAY for unit in units):
            return number(duration.get("value"))
    return ""
