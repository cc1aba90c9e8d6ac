"""Who may declare an emergency, and the emergencies of a caller that a decision counts (CONSENT.md §4 rule 5, §6)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TypeAlias

from consent import Emergency, Match, emergency_refusals
from hub.access import rules
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
Declared: TypeAlias = list[Emergency]
Refusals: TypeAlias = list[tuple[str, Match]]
"""What a patient has forbidden in an emergency: ids of the rules, and what they match."""
SUPPOSED = "Emergency/supposed"
"""The rule of an emergency that nobody has declared."""


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


def supposed(caller: Caller, patient: str, now: datetime) -> Declared:
    """The emergency that would be in force if the caller declared one for the patient now; none for who may not."""
    if not may_declare(caller):
        return []
    return [Emergency(SUPPOSED, patient, caller.organisation, caller.person or "", now + _CLOCKS_DIFFER)]


def refusals(tx: Tx, caller: Caller, patient: str, now: datetime) -> Refusals:
    """What the patient has forbidden the caller."""
    consents = rules.consents(tx, (patient,), rules.of_city(tx, caller.rules))
    return emergency_refusals(rules.asker(caller), consents, now)


def emergency(row: Row) -> Emergency:
    """A row of ``emergency`` as the decision takes it."""
    until = datetime.fromisoformat(row.until)
    return Emergency(f"Emergency/{row.id}", row.patient, row.organisation, row.person, until)
