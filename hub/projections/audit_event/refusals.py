"""What was not done, in the log: a refused look at a resident's information, or something else; and why."""

from hub.errors import NOT_FOR_ROLE
from hub.projections.audit_event.kinds import acts
from hub.projections.audit_event.record import AuditRecord

JUDGING = frozenset({"read", "vread", "history-instance", "operation:meta"})
"""What asks for one resource, to which rules 3 to 12 of CONSENT.md §4 are applied."""
UNTOLD = "role-untold"
"""Rule 9, or a refusal of everything by who asked: an older entry does not tell which."""
DELETED = "deleted"
_PERMITS = frozenset({"own", "directory", "emergency", "disaster", "consent"})


def is_refused_look(interaction: str, outcome: str) -> bool:
    """Whether what did not succeed was a look that was refused; else it was an act, or failed."""
    return outcome != "4" and not acts(interaction)


def reason_of(record: AuditRecord) -> str:
    """The reason code, as far as the entry tells what was decided.

    ``role`` is rule 9 where the entry names the table that decided.  Before ``not-for-role`` was told apart, it stood
    for both: where no single resource was asked for, and of an auditor, it cannot have been rule 9; else ``UNTOLD``.
    """
    if record.reason == "role" and not record.rules:
        is_auditing = record.profession == "auditor" or record.purpose == "AUDIT"
        of_one = record.interaction in JUDGING and not record.query.startswith("AuditEvent")
        return UNTOLD if of_one and not is_auditing else NOT_FOR_ROLE
    if record.reason in _PERMITS and not record.succeeded:
        return DELETED
    return record.reason
