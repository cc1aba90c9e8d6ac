"""Step 2 of the way out: the grant, made of the rules as they stand in this transaction."""

from collections.abc import Sequence
from dataclasses import dataclass

from consent import Decision, Facts, Refusal, Scope, scope_for
from hub.access import rules
from hub.access.filter import patient_record, predicate
from hub.access.labels import labels
from hub.access.redact import without_address
from hub.auth.scopes import Interaction, allows, read_scopes
from hub.context import Caller, Context
from hub.errors import Refused
from hub.store import relations
from hub.store.database import Tx
from hub.store.sql import Row, Value
from profiles.categories import may_be_directory

Permit = Decision

# What a question that is no FHIR interaction does, in the words of a scope.
_AS_FHIR: dict[str, Interaction] = {
    "read": "read",
    "vread": "vread",
    "history-instance": "history-instance",
    "history-type": "history-type",
    "history-system": "history-system",
    "search-type": "search-type",
    "search-system": "search-system",
    "feed": "search-type",
    "page": "search-type",
    "operation:handoff": "read",
    "operation:subscription-status": "read",
    "notification": "read",
    "operation:export": "search-type",
    "operation:export-status": "search-type",
    "operation:export-file": "search-type",
    "operation:export-cancel": "search-type",
    "operation:everything": "search-type",
    "operation:match": "search-type",
    "operation:meta": "read",
    "operation:validate": "read",
}
_LOG_READERS = frozenset({"auditor", "municipal-officer"})


@dataclass(frozen=True, slots=True)
class Grant:
    """What this caller may see now.

    ``patients`` are those among the ``asked``, whose rules were read, whom the caller looks after.
    """

    caller: Caller
    scope: Scope
    patients: tuple[str, ...]
    asked: tuple[str, ...]

    def permits(self, row: Row, further: Sequence[str]) -> Permit:
        """The decision about one stored row, with its reason; ``further`` patients must all admit it."""
        source_kind, _, category = row.publication.partition("/")
        facts = Facts(
            patients=(row.patient, *further) if row.patient else (),
            source=row.source,
            source_kind=source_kind,
            category=category,
            reference=f"{row.type}/{row.id}",
            labels=labels(row.label_bits),
            clinical_date=row.clinical_date,
            withheld=bool(row.withheld),
            directory=bool(row.directory),
        )
        return self.scope.admits(facts)

    def predicate(self, alias: str, *, patient_records: bool = False) -> tuple[str, dict[str, Value]]:
        """The same decision as SQL over ``alias``, and its parameters.

        ``patient_records``: of each Patient only the record that is shown, the city's before the own.
        """
        mine = patient_record(self.scope, alias) if patient_records else predicate(self.scope, alias)
        return mine.sql, dict(mine.parameters)

    def covers(self, type_: str) -> bool:
        """Whether the token, and the caller's role, allow to search resources of the type at all (rules 1, 2)."""
        allowed = allows(read_scopes(self.caller.scopes), type_, "search-type")
        return allowed and (not _is_auditing(self.caller) or may_be_directory(type_)) and type_ != "AuditEvent"

    def redacted(self, row: Row, current: Row | None = None) -> bytes:
        """The bytes to send: as stored, but a protected address is in no form of a Patient (CONSENT.md §5)."""
        body = bytes(row.body)
        protected = row.type == "Patient" and any(b"ADDRESS-PROTECTED" in one.body for one in (row, current) if one)
        at_home = self.caller.organisation_kind == "municipality" or row.source == self.caller.organisation
        if not protected or at_home or "ADDRESS-PROTECTED" in self.scope.cleared:
            return body
        return without_address(body)


def read(
    tx: Tx, caller: Caller, interaction: str, type_: str, patients: Sequence[str] | None, context: Context
) -> Grant:
    """The grant for one question about ``patients``, or about all whom the caller looks after.

    ``type_`` is "" for a question that shows nothing that is stored: it needs no scope.

    Raises ``Refused`` when the token's scopes, or the caller's role, allow nothing of the kind (rules 1, 2).
    """
    may_ask = not type_ or allows(read_scopes(caller.scopes), type_, _AS_FHIR[interaction])
    of_the_log = type_ == "AuditEvent" or interaction in ("history-type", "history-system")
    if of_the_log and not _reads_the_log(caller):
        raise Refused("The access log is read by the municipality's auditors.", reason="role")
    if may_ask and _is_auditing(caller) and not of_the_log and type_ and not may_be_directory(type_):
        raise Refused("An auditor reads the access log, never its subjects' data.", reason="role")
    if patients is None:
        rows = relations.of_caller(tx, caller.organisation, caller.person)
    else:
        rows = [
            row
            for patient in patients
            for row in relations.of_caller_to(tx, caller.organisation, caller.person, patient)
        ]
    related = [rules.relation(row) for row in rows]
    about = tuple(patients) if patients is not None else rules.patients_of(related)
    asker, city = rules.asker(caller), rules.of_city(tx, caller.rules)
    near = {one.patient for one in related if one.relates(asker, context.now)}
    scope = scope_for(
        asker,
        city.policy,
        patients=about,
        relations=related,
        consents=rules.consents(tx, [patient for patient in about if patient in near], city),
        emergencies=(),
        disasters=(),
        now=context.now,
        token_allows=may_ask,
    )
    if isinstance(scope, Refusal):
        texts = {
            "scope": f"The token's scopes do not cover {interaction} of {type_}.",
            "not-in-force": "Your role, or your organisation's membership, is not in force.",
        }
        raise Refused(texts[scope.reason], reason=scope.reason)
    return Grant(caller, scope, tuple(patient for patient in about if patient in near), about)


def _is_auditing(caller: Caller) -> bool:
    return caller.profession == "auditor" or caller.purpose == "AUDIT"


def _reads_the_log(caller: Caller) -> bool:
    return caller.organisation_kind == "municipality" and caller.profession in _LOG_READERS
