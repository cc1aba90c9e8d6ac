"""The facts by which a resource is decided on, stamped on it at write (CONSENT.md §1)."""

from hub.access.labels import bits
from hub.context import Caller
from hub.draft import Facts
from profiles import category_of, clinical_date, is_directory, is_entered_in_error, labels_of
from profiles.resource import Resource


def facts_of(resource: Resource, patients: tuple[str, ...], caller: Caller) -> Facts:
    """Facts of a resource that ``caller``'s organisation publishes; the first patient is the primary one."""
    category = category_of(resource)
    labels = labels_of(resource)
    if resource.get("resourceType") == "Patient":
        labels -= {
            "ADDRESS-PROTECTED"
        }  # it takes the address out of a Patient (hub.access.redact), and closes the rest
    return Facts(
        patient=patients[0] if patients else "",
        source=caller.organisation,
        publication=f"{caller.organisation_kind}/{category}",
        category=category,
        label_bits=bits(labels),
        clinical_date=clinical_date(resource),
        withheld=int(is_entered_in_error(resource) or "SOURCE-ONLY" in labels),
        directory=int(not patients and is_directory(resource)),
        also_about=max(0, len(patients) - 1),
    )
