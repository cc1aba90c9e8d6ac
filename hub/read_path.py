"""THE way out (DESIGN §2).  Every door that shows anything (FHIR, feed, pages, handoff, the log itself) ends here.

One transaction of the lane: the rules are read in the snapshot that is shown (CONSENT.md §8), and what
was shown is in the access log, on disk, before the answer leaves.  No audit, no answer.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Generic, Protocol, TypeVar

from hub.access import decide
from hub.access.caller import authenticate, nobody
from hub.access.decide import Grant
from hub.context import Caller, Context, Credential
from hub.errors import HubError, Unauthenticated
from hub.projections.rows import record
from hub.store import audit
from hub.store.database import Tx
from hub.store.sql import Row

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Shown(Generic[T]):
    """An answer, and for each patient in it what was shown: versioned references, kinds, rules."""

    answer: T
    patients: dict[str, tuple[str, ...]]
    reason: str = "consent"
    rules: tuple[str, ...] = ()
    category: str = ""


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
        """Whose rules decide: these patients, or ``None`` for all whom the caller looks after."""

    def answer(self, tx: Tx, grant: Grant, context: Context) -> "Shown[T]":
        """Query under the grant's predicate and assemble; raises ``NotFound`` for what may not be known."""


def read(tx: Tx, credential: Credential, question: Question[T], context: Context) -> T:
    """Answer a question, or raise and show nothing.

    Raises ``Unauthenticated``, ``Refused``, ``NotFound`` and what the question raises for bad input.
    """
    # 1 authenticate
    return show(tx, authenticate(tx, credential, context), question, context)


def show(tx: Tx, caller: Caller, question: Question[T], context: Context) -> T:
    """The way out for a caller who is known: of ``read``, and of what the hub tells a system by itself."""
    # 2 decide: a grant, with the predicate for every query of this answer
    grant = decide.read(tx, caller, question.interaction, question.type, question.patients(tx), context)

    # 3 query with the grant's predicate, 4 assemble
    shown = question.answer(tx, grant, context)

    # 5 audit what was shown, one record for each patient (BALP PatientQuery)
    about = shown.patients or {"": ()}
    audit.put(
        tx,
        [
            record(
                caller,
                context,
                interaction=question.interaction,
                patient=patient or None,
                what=what,
                query=question.query,
                reason=shown.reason,
                rules=shown.rules,
                category=shown.category,
            )
            for patient, what in about.items()
        ],
    )
    return shown.answer


def refused(
    tx: Tx,
    credential: Credential,
    interaction: str,
    query: str,
    error: HubError,
    context: Context,
    patients: Callable[[Tx], tuple[str, ...] | None] | None = None,
) -> None:
    """Write down that something was asked and not given; runs after the lane has undone the attempt.

    ``patients`` says whose it would have been: the log of each of them has the attempt.
    """
    about: tuple[str, ...] = ()
    try:
        caller = authenticate(tx, replace(credential, purpose=""), context)
        about = (patients(tx) if patients else None) or ()
    except Unauthenticated:
        caller = nobody(credential)
    outcome = "8" if error.status in (401, 403, 404) else "4"
    audit.put(
        tx,
        [
            record(
                caller,
                context,
                interaction=interaction,
                patient=patient or None,
                query=query,
                outcome=outcome,
                reason=error.reason,
            )
            for patient in about or ("",)
        ],
    )
