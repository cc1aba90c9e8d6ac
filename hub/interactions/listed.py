"""Whom a list is about: known by looking, and not before it is known that the list may be shown at all."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from hub.access import decide
from hub.access.decide import Grant
from hub.context import Context
from hub.question import Question, T
from hub.store import fence
from hub.store.database import Tx


@contextmanager
def about(tx: Tx, grant: Grant, question: Question[T], patients: Sequence[str], context: Context) -> Iterator[Grant]:
    """The grant of the same question for those whom its list names; within, the second fence is theirs.

    A list whose question named them itself would have its refusal in the record of everybody who is on it.
    """
    with fence.lifted(tx):  # whose rules decide
        wider = decide.read(tx, grant.caller, question.interaction, question.type, patients, context)
        with fence.reaching(tx, grant.caller.organisation, wider.reach):
            yield wider
