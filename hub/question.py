"""What a door asks, and what it is shown: the shapes that the way out passes on (``hub/read_path.py``)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from hub.access.decide import Grant
from hub.context import Context
from hub.store.database import Tx
from hub.store.sql import Row

T = TypeVar("T")
U = TypeVar("U")


@dataclass(frozen=True, slots=True)
class Shown(Generic[T]):
    """An answer, and for each patient in it what was shown: versioned references, by what right, of what kind.

    Without a ``reason`` the right is what the grant says of the ``rows`` that were shown, or of the patient: that of
    the question, or the ``grant`` that was made while it was answered.
    """

    answer: T
    patients: dict[str, tuple[str, ...]]
    reason: str = ""
    rules: tuple[str, ...] = ()
    category: str = ""
    rows: Sequence[Row] = ()
    grant: Grant | None = None

    @property
    def is_of_nobody(self) -> bool:
        """Whether nothing that is stored was found to be shown."""
        return not self.patients and not self.reason

    def saying(self, answer: U) -> "Shown[U]":
        """The same, said in another way."""
        return Shown(answer, self.patients, self.reason, self.rules, self.category, self.rows, self.grant)


def by_patient(rows: Sequence[Row]) -> dict[str, tuple[str, ...]]:
    """For each patient the versions of theirs among ``rows``: what ``Shown.patients`` wants."""
    shown: dict[str, list[str]] = {}
    for row in rows:
        shown.setdefault(row.patient, []).append(f"{row.type}/{row.id}/_history/{row.version}")
    return {patient: tuple(what) for patient, what in shown.items()}


class Question(Protocol[T]):
    """What a door asks: one class in ``hub/interactions`` for each kind of question."""

    @property
    def interaction(self) -> str:
        """FHIR's word for it, or ours (``feed``, ``page``, ``operation:handoff``): what the log says."""

    @property
    def type(self) -> str:
        """The resource type that the token's scopes must cover; ``*`` for all, "" when nothing stored is shown."""

    @property
    def query(self) -> str:
        """What was asked, for the log."""

    def patients(self, tx: Tx) -> tuple[str, ...] | None:
        """Whose rules decide: these patients, or ``None`` for all whom the caller looks after.

        Nobody's, where it becomes known only by looking: such an answer is made of grants of its own
        (``hub/interactions/stretches.py``).
        """

    def answer(self, tx: Tx, grant: Grant, context: Context) -> "Shown[T]":
        """Query under the grant's predicate and assemble; raises ``NotFound`` for what may not be known."""
