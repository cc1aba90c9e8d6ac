"""What goes down the way in: changes that are parsed, normalised and valid, but not yet allowed."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from profiles import Issue
from profiles.resource import Resource

Method = Literal["POST", "PUT", "PATCH", "DELETE"]
Amend: TypeAlias = Callable[[Resource], tuple[Resource, tuple[Issue, ...]]]
"""From the resource as it is stored to a valid one in its normal form, with what is worth a warning."""


@dataclass(frozen=True, slots=True)
class Change:
    """One thing to write.

    ``resource`` is valid R4 (none for DELETE), ``findings`` what is worth a warning.  A PATCH has ``amend`` instead:
    only inside the transaction it is known what is current.  ``condition`` is the query of a conditional interaction:
    ``ifNoneExist`` of a POST, else the search in the URL.  ``full_url`` is the entry's own name inside its bundle,
    ``place`` where it stands there.
    """

    method: Method
    type: str
    id: str = ""
    resource: Resource | None = None
    findings: tuple[Issue, ...] = ()
    full_url: str = ""
    if_match: str = ""
    condition: tuple[tuple[str, str], ...] | None = None
    amend: Amend | None = None
    place: int = 0


@dataclass(frozen=True, slots=True)
class Draft:
    """A whole push: all of it is stored, or nothing.

    ``key`` is the Idempotency-Key ("" for none) and ``request_hash`` the SHA-256 of the request.
    """

    changes: tuple[Change, ...]
    interaction: str
    key: str = ""
    request_hash: str = ""

    @property
    def query(self) -> str:
        """What was to be written, for the log: ``Type/id`` of the one change, nothing of its content."""
        alone = self.changes[0] if len(self.changes) == 1 else None
        return "" if alone is None else "/".join(filter(None, (alone.type, alone.id)))


class Facts(NamedTuple):
    """What access to one row is decided by, as columns (CONSENT.md §1)."""

    patient: str
    source: str
    publication: str
    category: str
    label_bits: int
    clinical_date: str | None
    withheld: int
    directory: int
    also_about: int

    def columns(self) -> dict[str, str | int | bytes | None]:
        """The facts by the names of their columns; written out, because it runs for every row that is stored."""
        return {
            "patient": self.patient,
            "source": self.source,
            "publication": self.publication,
            "category": self.category,
            "label_bits": self.label_bits,
            "clinical_date": self.clinical_date,
            "withheld": self.withheld,
            "directory": self.directory,
            "also_about": self.also_about,
        }


class Version(NamedTuple):
    """One version of a resource as it is stored; ``others`` are further patients it is about.

    ``key`` is what the search index calls it by, 0 before it is stored.
    """

    facts: Facts
    type: str
    id: str
    version: str
    recorded: str
    deleted: int
    body: bytes
    others: tuple[str, ...] = ()
    key: int = 0

    @property
    def reference(self) -> str:
        return f"{self.type}/{self.id}"


class Bound(NamedTuple):
    """A change that has its place: ``previous`` is the source's own current version, if there is one.

    ``found`` says that an ``ifNoneExist`` matched: nothing is to be written.
    """

    change: Change
    id: str
    resource: Resource | None
    previous: Version | None
    patients: tuple[str, ...]
    found: bool = False

    @property
    def reference(self) -> str:
        return f"{self.change.type}/{self.id}"


class Written(NamedTuple):
    """What became of one change: HTTP status 200, 201 or 204, and the version as it is stored."""

    status: int
    type: str
    id: str
    version: str
    recorded: str
    body: bytes
    findings: tuple[Issue, ...] = ()

    @property
    def location(self) -> str:
        return f"{self.type}/{self.id}/_history/{self.version}"
