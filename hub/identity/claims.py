"""What a push must have to itself, from its decision to its commit, where several are written at the same time.

Of two first pushes of one person, two creates under one condition, two tries under one Idempotency-Key, the second
must see what the first made.  The names are read off the push alone, before anything is looked up.
"""

from collections.abc import Iterator

from hub.draft import Change, Draft
from hub.identity.match import person
from hub.store.lane import RULES
from profiles.resource import reference_of


def claims(draft: Draft) -> tuple[str, ...]:
    """The names of everything that this push looks for and may be the first to make, or changes."""
    key = [f"key {draft.key}"] if draft.key else []
    return tuple(dict.fromkeys([*key, *(name for change in draft.changes for name in _of(change))]))


def _of(change: Change) -> Iterator[str]:
    if change.type == "Consent" or (change.type in ("CareTeam", "RelatedPerson") and change.method != "POST"):
        yield RULES  # a new relation or proxy takes nothing away
    if change.id:
        yield f"{change.type}/{change.id}"
    if change.full_url.startswith("http"):
        yield change.full_url
    if change.condition is not None:
        yield from _looked_for(change.type, change.condition)
    if change.type == "Consent" and change.resource is not None:
        yield f"consents of {reference_of(change.resource.get('patient'))}"  # a desk saves beside those that it showed
    if change.type == "Patient" and change.resource is not None:
        who = person(change.resource, "")
        yield from (f"person {key.system}|{key.value}" for key in who.keys)
        yield f"born {who.birth_date} {who.sex}"  # so that of two namesakes the second finds the first


def _looked_for(type_: str, condition: tuple[tuple[str, str], ...]) -> Iterator[str]:
    """By identifier in nearly every case; any other condition claims the whole type."""
    values = [one for name, value in condition if name == "identifier" for one in value.split(",")]
    for value in values:
        yield f"{type_}?{value.rpartition('|')[2]}"
    if not values:
        yield f"{type_}?"
