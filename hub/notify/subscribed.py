"""What a Subscription asks for (FHIR R4 §2.46; Subscriptions R5 Backport), as the deliverer goes by it.  Pure.

Two kinds: the classic one, whose criteria is a search, and the one on a topic, whose criteria is a canonical URL.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias
from urllib.parse import parse_qsl

from hub.notify.topics import Topic

BACKPORT = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition"
CONTENTS = ("empty", "id-only", "full-resource")
LONGEST_TIMEOUT = 60
"""Seconds that a message may be on its way."""

Headers: TypeAlias = tuple[tuple[str, str], ...]
Search: TypeAlias = tuple[str, tuple[tuple[str, str], ...]]


@dataclass(frozen=True, slots=True)
class Subscribed:
    """A subscription that can be served.

    ``searches`` are (type, parameters): a resource must be of one of these types, when there are any, and match all
    those of its type.  ``patients``, ``categories`` and ``types`` are a topic's own filters, empty for no limit.
    ``timeout`` and ``heartbeat`` are in seconds; ``most`` is how many events one notification may have.
    """

    topic: Topic | None
    searches: tuple[Search, ...]
    patients: frozenset[str]
    categories: frozenset[str]
    types: frozenset[str]
    endpoint: str
    content: str
    heartbeat: int
    timeout: int
    most: int
    ends: datetime | None

    def may_concern(self, type_: str, patient: str, kind: str) -> bool:
        """A first look, without the store: whether a change of this kind can be meant."""
        searched = {searched for searched, _ in self.searches}
        if self.topic is None:
            return type_ in searched and kind != "deleted"
        by_type = (not self.types or type_ in self.types) and (not searched or type_ in searched)
        return by_type and self.topic.is_about(type_, patient)

    def wants(self, patients: tuple[str, ...], category: str) -> bool:
        """Whether the filters on whose it is and of what kind let it through."""
        of_them = not self.patients or not self.patients.isdisjoint(patients)
        return of_them and (not self.categories or category in self.categories)

    def searches_on(self, type_: str) -> list[list[tuple[str, str]]]:
        """The parameters of every search that a resource of this type must match."""
        found = [list(pairs) for searched, pairs in self.searches if searched == type_]
        if self.topic is not None and self.topic.search:
            found.append(parse_qsl(self.topic.search))
        return found
