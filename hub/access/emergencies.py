"""Who may declare an emergency, and the emergencies of a caller that a decision counts (CONSENT.md §4 rule 5, §6)."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from consent import Emergency
from hub.context import Caller, instant
from hub.store import emergencies
from hub.store.database import Tx
from hub.store.sql import Row

_PROFESSIONS = frozenset({"physician", "nurse", "paramedic"})
_KINDS = frozenset({"hospital", "clinic", "home-nursing", "fire-department"})
# What leaves with many at once has nothing to do with one person's emergency.
_NEVER = "operation:export"
_CLOCKS_DIFFER = timedelta(minutes=1)
"""So far ahead it may have been declared: by another process."""


def may_declare(caller: Caller) -> bool:
    """Whether the caller's role is one of those that declare; a system has none."""
    known = caller.person is not None and caller.profession in _PROFESSIONS
    return known and caller.organisation_kind in _KINDS and caller.in_force


def who(caller: Caller) -> tuple[str, str, str]:
    """By whom an emergency is: the person, in this role alone."""
    return caller.person or "", caller.organisation, caller.profession or ""


def counting(
    tx: Tx, caller: Caller, interaction: str, patients: Sequence[str] | None, now: datetime
) -> list[Emergency]:
    """The caller's emergencies in force for ``patients``, whom the question names: none for a question about all."""
    if not patients or interaction.startswith(_NEVER) or not may_declare(caller):
        return []
    rows = emergencies.in_force(tx, who(caller), patients, instant(now), instant(now + _CLOCKS_DIFFER))
    return [emergency(row) for row in rows]


def emergency(row: Row) -> Emergency:
    """A row of ``emergency`` as the decision takes it."""
    until = datetime.fromisoformat(row.until)
    return Emergency(f"Emergency/{row.id}", row.patient, row.organisation, row.person, until)
