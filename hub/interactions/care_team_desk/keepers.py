"""Who keeps the care team of a resident: the municipality's secretariat, and whoever manages the resident's care."""

from collections.abc import Iterable

from hub.access import rules
from hub.context import Caller, Context
from hub.errors import NOT_FOR_ROLE, Refused, not_found
from hub.store import relations
from hub.store.database import Tx
from hub.store.sql import Row

MANAGING = frozenset({"care-management", "support-center"})
"""The organisations whose care teams make relations, beside the municipality (``authorise.WriteGrant``)."""
_MANAGERS = frozenset({"care-manager", "social-worker", "public-health-nurse"})


def keeps_all(caller: Caller) -> bool:
    """Whether the care teams of all residents are the caller's business."""
    return caller.organisation_kind == "municipality" and caller.profession == "secretariat" and _is_at_work(caller)


def keeps_some(caller: Caller) -> bool:
    """Whether those of the residents are whom the caller looks after."""
    return caller.organisation_kind in MANAGING and caller.profession in _MANAGERS and _is_at_work(caller)


def keeps(caller: Caller) -> bool:
    """Whether any care team is."""
    return keeps_all(caller) or keeps_some(caller)


def check_role(caller: Caller) -> None:
    """Raises ``Refused`` for everybody whose work this is not."""
    if not keeps(caller):
        text = "Care teams are kept by the secretariat and by care managers."
        raise Refused(text, reason=NOT_FOR_ROLE if caller.in_force else "not-in-force")


def check(tx: Tx, caller: Caller, patient: str, context: Context) -> None:
    """Raises ``Refused`` as ``check_role``, ``NotFound`` for a resident whom there is not, or who is others' care."""
    check_role(caller)
    if keeps_all(caller):
        if not relations.of_patient(tx, patient):
            raise not_found()
    elif not looked_after(caller, relations.of_caller_to(tx, caller.organisation, caller.person, patient), context):
        raise not_found("no-relation")


def looked_after(caller: Caller, rows: Iterable[Row], context: Context) -> tuple[str, ...]:
    """The residents to whom these rows of ``relation`` relate the caller now.  An emergency relates nobody."""
    asker = rules.asker(caller)
    found = [row.patient for row in rows if rules.relation(row).relates(asker, context.now)]
    return tuple(dict.fromkeys(found))


def concerned(tx: Tx, patient: str) -> tuple[str, ...]:
    """Whose log has what was tried in vain: the resident's, if there is one."""
    return (patient,) if relations.of_patient(tx, patient) else ()


def right_of(caller: Caller) -> str:
    """For the log: by what right a keeper acts."""
    return "care-manager" if keeps_some(caller) else "desk"


def _is_at_work(caller: Caller) -> bool:
    return caller.person is not None and caller.in_force and caller.purpose != "AUDIT"
