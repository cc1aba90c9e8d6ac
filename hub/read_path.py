"""THE way out (DESIGN §2).  Every door that shows anything (FHIR, feed, pages, handoff, the log itself) ends here.

One transaction of the lane: the rules are read in the snapshot that is shown (CONSENT.md §8), and what
was shown is in the access log, on disk, before the answer leaves.  No audit, no answer.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from hub.access import decide
from hub.access.caller import authenticate, nobody
from hub.access.decide import Basis, Grant
from hub.context import Caller, Context, Credential
from hub.errors import HubError
from hub.projections.rows import record
from hub.question import Question, Shown
from hub.store import audit, fence, registry
from hub.store.database import Tx

T = TypeVar("T")


def read(tx: Tx, credential: Credential, question: Question[T], context: Context) -> Shown[T]:
    """Answer a question, or raise and show nothing.

    Raises ``Unauthenticated``, ``Refused``, ``NotFound`` and what the question raises for bad input.
    """
    # 1 authenticate
    return show(tx, authenticate(tx, credential, context), question, context)


def show(tx: Tx, caller: Caller, question: Question[T], context: Context) -> Shown[T]:
    """The way out for a caller who is known: of ``read``, and of what the hub tells a system by itself."""
    # 2 decide, 3 query, 4 assemble
    grant, shown = _answered(tx, caller, question, context)

    # 5 audit what was shown and by what right, one record for each patient (BALP PatientQuery)
    told = shown.patients or {"": ()}
    if shown.reason or not shown.patients:
        bases = dict.fromkeys(told, Basis(shown.reason, shown.rules))
    else:
        bases = decide.bases(
            tx, shown.grant or grant, question.interaction, question.type, shown.patients, shown.rows, context
        )
    audit.put(
        tx,
        [
            record(
                replace(caller, purpose=bases[patient].purpose) if bases[patient].purpose else caller,
                context,
                interaction=question.interaction,
                patient=patient or None,
                what=what,
                query=question.query,
                reason=bases[patient].reason,
                rules=bases[patient].rules,
                category=shown.category,
            )
            for patient, what in told.items()
        ],
    )
    return shown


def would_show(tx: Tx, credential: Credential, question: Question[T], context: Context) -> bool:
    """Whether ``read`` would show anything now.  Raises what it raises.

    Nothing but this leaves, so nothing is in the log: what there is, ``read`` tells.
    """
    _, shown = _answered(tx, authenticate(tx, credential, context), question, context)
    return bool(shown.patients)


def _answered(tx: Tx, caller: Caller, question: Question[T], context: Context) -> tuple[Grant, Shown[T]]:
    # 2 decide: a grant, with the predicate for every query of this answer
    grant = decide.read(tx, caller, question.interaction, question.type, question.patients(tx), context)

    # 3 query with the grant's predicate, 4 assemble; on PostgreSQL the database fences in what the predicate let out
    with fence.reaching(tx, caller.organisation, grant.reach):
        return grant, question.answer(tx, grant, context)


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
    known = registry.caller(tx, credential, context.now)
    caller = known or nobody(credential)
    about = (patients(tx) if patients and known else None) or ()
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
                rules=error.rules,
            )
            for patient in about or ("",)
        ],
    )
