"""What a rule may know about the resource in which an object stands, and where it reports what it finds."""

from collections.abc import Callable
from typing import Literal, TypeAlias

from profiles.issues import Issue
from profiles.resource import Json, Resource, as_text, objects

Place: TypeAlias = "str | tuple[Place, str | int]"
"""Where an object stands: the name of the resource, or the place above with an element's name or a position.

Written as text only for a finding; most objects have none.
"""


def written(place: Place) -> str:
    """The place as FHIRPath: ``Patient.name[0].use``."""
    if isinstance(place, str):
        return place
    above, step = place
    return f"{written(above)}[{step}]" if isinstance(step, int) else f"{written(above)}.{step}"


class Surroundings:
    """The resource that is walked: its ``contained`` resources by id, what it claims, and the findings so far."""

    __slots__ = ("claimed", "contained", "found", "inside", "resource", "strict")

    def __init__(
        self,
        resource: Resource,
        found: list[Issue],
        *,
        strict: bool,
        claimed: tuple[str, ...] = (),
        inside: bool = False,
    ) -> None:
        self.resource = resource
        self.found = found
        self.strict = strict
        self.claimed = claimed
        """The profile that the caller asks about, besides those that the resource itself names."""
        self.inside = inside
        """Whether this is a contained resource."""
        self.contained: dict[str, str] = (
            {as_text(one.get("id")): as_text(one.get("resourceType")) for one in objects(resource["contained"])}
            if "contained" in resource
            else {}
        )

    def of_contained(self, inner: Resource) -> "Surroundings":
        """Those of a contained resource: it shares the ids, not the claims."""
        around = Surroundings(inner, self.found, strict=self.strict, inside=True)
        around.contained = self.contained
        return around

    def error(self, place: Place, rule: str, text: str) -> None:
        """Report what makes the resource unacceptable."""
        self.found.append(Issue("error", written(place), rule, text))

    def report(self, severity: Literal["error", "warning"], place: Place, rule: str, text: str) -> None:
        """Report a finding."""
        self.found.append(Issue(severity, written(place), rule, text))


Rule: TypeAlias = Callable[[Resource, Place, Surroundings], None]
"""Of an object that stands at a place."""
Check: TypeAlias = Callable[[Json, Place, Surroundings], None]
"""Of the value of an element; the place is that of the object that has the element."""
