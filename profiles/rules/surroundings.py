"""What a rule may know about the resource in which an object stands."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from profiles.issues import Issue
from profiles.resource import Resource, as_text, objects


@dataclass(frozen=True, slots=True)
class Surroundings:
    """``contained`` gives the type of each contained resource by id."""

    contained: dict[str, str]

    @classmethod
    def of(cls, resource: Resource) -> "Surroundings":
        """The surroundings of everything inside ``resource``."""
        inner = objects(resource.get("contained"))
        return cls({as_text(one.get("id")): as_text(one.get("resourceType")) for one in inner})


Rule: TypeAlias = Callable[[Resource, str, Surroundings], Iterator[Issue]]
