"""$validate: would this be taken? (FHIR R4, Resource operation).  Nothing of it is stored; that it was asked is.

The content is checked before the lane, like that of a push (``hub/interactions/receive.py``).  In the lane stands what
only the store knows: whose it would be, what its references mean, and whether this caller may write it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from hub.access import authorise
from hub.access.decide import Grant
from hub.context import Context
from hub.draft import Change, Draft
from hub.errors import HubError, NotFound, Problem, not_found
from hub.identity.bind import bind
from hub.interactions.read import Read
from hub.interactions.receive import KEPT_BY_THE_HUB, problem
from hub.question import Shown
from hub.store import resources
from hub.store.database import Tx
from profiles import normalise
from profiles.json import read_json, write_json
from profiles.resource import Resource, as_object
from profiles.validate import check

Mode: TypeAlias = Literal["", "create", "update", "delete", "profile"]
_NOTHING = Problem("information", "informational", "", "Nothing is wrong with it. Nothing was stored.")


def content(resource: Resource, profile: str, mode: Mode, *, strict: bool) -> list[Problem]:
    """What is wrong with the content itself, or worth a warning."""
    kind = str(resource["resourceType"])
    of_mode = mode if mode in ("create", "update") else ""
    found = [problem(one) for one in check(resource, write_json(resource), profile or None, of_mode, strict=strict)]
    if kind in KEPT_BY_THE_HUB and mode in ("create", "update"):
        found.append(Problem("error", "not-supported", kind, f"{kind} cannot be written here."))
    return found


@dataclass(frozen=True, slots=True)
class Validate:
    """A resource that was sent: ``found`` is what its content has; with a mode, what the caller may do is added.

    ``id`` is that of the resource that would be changed.  ``asked`` is the request, for the log.
    """

    resource: Resource | None
    resource_type: str
    id: str
    mode: Mode
    found: Sequence[Problem]
    asked: str
    interaction: str = "operation:validate"
    type: str = ""

    @property
    def query(self) -> str:
        return self.asked

    def patients(self, tx: Tx) -> tuple[str, ...]:
        return ()

    def answer(self, tx: Tx, grant: Grant, context: Context) -> Shown[list[Problem]]:
        found = list(self.found)
        if self.mode in ("update", "delete"):
            previous = resources.own(tx, self.resource_type, self.id, grant.caller.organisation)
            if previous is None or previous.deleted:
                raise not_found("not-own")
        if self.mode in ("create", "update", "delete") and not any(one.severity == "error" for one in found):
            found += self._refusals(tx, grant, context)
        return Shown(found or [_NOTHING], {}, "own")

    def _refusals(self, tx: Tx, grant: Grant, context: Context) -> Sequence[Problem]:
        """Why the write would be refused: its own steps are taken, up to the one that stores."""
        resource = normalise(self.resource) if self.resource is not None else None
        method: Literal["POST", "PUT", "DELETE"] = "POST" if self.mode == "create" else "PUT"
        change = Change("DELETE" if self.mode == "delete" else method, self.resource_type, self.id, resource)
        try:
            binding = bind(tx, grant.caller, Draft((change,), self.mode), context)
            registered = frozenset(resident.patient for resident in binding.residents)
            authorise.write(tx, grant.caller, binding.bounds, registered, context)
        except NotFound:
            text = "There is no such patient here, or none about whom you may write."
            return (Problem("error", "not-found", self.resource_type, text),)
        except HubError as error:
            return error.outcome()
        return ()


@dataclass(frozen=True, slots=True)
class ValidateStored:
    """A resource that is stored, against a profile: for whoever may read it."""

    type: str
    id: str
    profile: str
    asked: str
    interaction: str = "operation:validate"

    @property
    def query(self) -> str:
        return self.asked

    def patients(self, tx: Tx) -> tuple[str, ...]:
        return Read(self.type, self.id).patients(tx)

    def answer(self, tx: Tx, grant: Grant, context: Context) -> Shown[list[Problem]]:
        shown = Read(self.type, self.id).answer(tx, grant, context)
        found = content(as_object(read_json(shown.answer.body)), self.profile, "profile", strict=grant.caller.strict)
        return shown.saying(found or [_NOTHING])
