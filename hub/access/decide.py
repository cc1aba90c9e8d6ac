"""Step 2 of the way out: the grant, made of the rules as they stand in this transaction."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from consent import Decision, Emergency, Facts, Reason, Refusal, Scope, scope_for
from hub.access import disasters, emergencies, rules, unreadable
from hub.access.filter import OF_CITY, patient_record, predicate
from hub.access.labels import labels
from hub.access.redact import without_address, without_addresses_within
from hub.auth.scopes import Interaction, allows, read_scopes
from hub.context import Caller, Context
from hub.errors import NOT_FOR_ROLE, Refused
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
    "operation:emergency-sheet": "read",
    "operation:disaster-find": "read",
    "operation:disaster-sheet": "read",
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
    "operation:what-if": "search-type",
}
_LOG_READERS = frozenset({"auditor", "municipal-officer"})


_FURTHEST: tuple[Reason, ...] = ("emergency", "disaster", "consent", "own", "directory")
"""Of several rights, the one that needs most explaining stands in the log."""


@dataclass(frozen=True, slots=True)
class Basis:
    """By what right something of a patient was shown: reason code, ids of the rules."""

    reason: str
    rules: tuple[str, ...] = ()

    @property
    def purpose(self) -> str:
        """What the log says whatever purpose was named, where only an emergency or a disaster opened it; else ""."""
        return {"emergency": "ETREAT", "disaster": "DISASTER"}.get(self.reason, "")


@dataclass(frozen=True, slots=True)
class Grant:
    """What this caller may see now.

    ``patients`` are those among the ``asked``, whose rules were read, whom the caller looks after, or for whom an
    emergency of the caller's, or a disaster in which it helps, is in force; ``related`` those whom it looks after.
    """

    caller: Caller
    scope: Scope
    patients: tuple[str, ...]
    asked: tuple[str, ...]
    related: frozenset[str]

    @property
    def reach(self) -> frozenset[str]:
        """All patients of whom this grant may show what others published (``hub.store.fence``)."""
        return frozenset[str]().union(*(patients for patients, _ in self.scope.groups))

    def basis(self, patient: str, rows: Sequence[Row] = ()) -> Basis | None:
        """By what right ``rows`` of one patient were shown; without rows, by what right any would be.

        None when this grant, which knows the rules of those asked about, does not permit all of them.
        """
        if not rows:
            return Basis(*self.scope.basis(patient))
        if all(row.source == self.scope.organisation for row in rows):
            return Basis("own")
        if (rule := self.scope.sole_rule(patient)) is not None:
            return Basis("consent", (rule,))
        shown = [self.permits(row, ()) for row in rows]
        if not all(one.permit for one in shown):
            return None
        furthest = min((one.reason for one in shown), key=_FURTHEST.index)
        rules = dict.fromkeys(rule for one in shown if one.reason == furthest for rule in one.rules)
        return Basis(furthest, tuple(rules))

    def permits(self, row: Row, further: Sequence[str]) -> Permit:
        """The decision about one stored row, with its reason; ``further`` patients must all admit it."""
        patients = (row.patient, *further) if row.patient else ()
        return self.scope.admits(stored_facts(row, patients, f"{row.type}/{row.id}"))

    def predicate(self, alias: str, *, patient_records: bool = False) -> tuple[str, dict[str, Value]]:
        """The same decision as SQL over ``alias``, and its parameters.

        ``patient_records``: of each Patient only the record that is shown, the city's before the own.
        """
        mine = patient_record(self.scope, alias) if patient_records else predicate(self.scope, alias)
        return mine.sql, dict(mine.parameters)

    def standing(self, records: Sequence[Row]) -> list[Row]:
        """Of the Patient records of one person those of which the first that is permitted may be shown (DESIGN §3).

        The municipality's, then the caller's own.  Another's only where nobody else keeps one: it may tell what the
        municipality protects.
        """
        own = self.caller.organisation
        kept = [row for row in records if not row.deleted]
        of_city = [row for row in kept if row.publication.startswith(OF_CITY) and row.source != own]
        alone = [row for row in kept if len(kept) == 1 and row not in of_city and row.source != own]
        return [*of_city, *(row for row in records if row.source == own), *alone]

    def covers(self, type_: str) -> bool:
        """Whether the token, and the caller's role, allow to search resources of the type at all (rules 1, 2)."""
        allowed = allows(read_scopes(self.caller.scopes), type_, "search-type")
        return allowed and (not _is_auditing(self.caller) or may_be_directory(type_)) and type_ != "AuditEvent"

    def redacted(self, row: Row, current: Row | None = None) -> bytes:
        """The bytes to send: as stored, but a protected address is in no form of a Patient (CONSENT.md §5)."""
        body = bytes(row.body)
        at_home = self.caller.organisation_kind == "municipality" or row.source == self.caller.organisation
        if at_home or "ADDRESS-PROTECTED" in self.scope.cleared:
            return body
        if row.type != "Patient":
            return without_addresses_within(body) if b'"contained"' in body and b'"Patient"' in body else body
        protected = any(b"ADDRESS-PROTECTED" in one.body for one in (row, current) if one)
        return without_address(body) if protected else body


def stored_facts(row: Row, patients: tuple[str, ...], reference: str) -> Facts:
    """The facts that are stamped on a row, as the engine takes them."""
    source_kind, _, category = row.publication.partition("/")
    return Facts(
        patients=patients,
        source=row.source,
        source_kind=source_kind,
        category=category,
        reference=reference,
        labels=labels(row.label_bits),
        clinical_date=row.clinical_date,
        withheld=bool(row.withheld),
        directory=bool(row.directory),
    )


def read(
    tx: Tx,
    caller: Caller,
    interaction: str,
    type_: str,
    patients: Sequence[str] | None,
    context: Context,
    *,
    among: Sequence[str] | None = None,
    supposing: Sequence[Emergency] = (),
) -> Grant:
    """The grant for one question about ``patients``, or (``None``) about all whom the caller looks after.

    ``among`` says of such a question whose rules are needed: what it shows is about nobody else.
    ``supposing``: emergencies of the caller that count as if they were declared, for an answer that shows nothing but
    decisions (``hub.interactions.why``).
    ``type_`` is "" for a question that shows nothing that is stored: it needs no scope.

    Raises ``Refused`` when the token's scopes, or the caller's role, allow nothing of the kind (rules 1, 2).
    """
    may_ask = not type_ or allows(read_scopes(caller.scopes), type_, _AS_FHIR[interaction])
    of_the_log = type_ == "AuditEvent" or interaction in ("history-type", "history-system")
    if of_the_log and not _reads_the_log(caller):
        raise Refused("The access log is read by the municipality's auditors.", reason=NOT_FOR_ROLE)
    if may_ask and _is_auditing(caller) and not of_the_log and type_ and not may_be_directory(type_):
        raise Refused("An auditor reads the access log, never its subjects' data.", reason=NOT_FOR_ROLE)
    asked = patients if patients is not None else among
    if asked is None:
        rows = relations.relating(tx, caller.organisation, caller.person)
    else:
        rows = relations.of_caller_to(tx, caller.organisation, caller.person, *asked)
    related = [rules.relation(row) for row in rows]
    about = tuple(asked) if asked is not None else rules.patients_of(related)
    asker, city = rules.asker(caller), rules.of_city(tx, caller.rules)
    looked_after = frozenset(one.patient for one in related if one.relates(asker, context.now))
    near = set(looked_after)
    declared = [*emergencies.counting(tx, caller, interaction, patients, context.now), *supposing]
    near |= {one.patient for one in declared}
    opened = disasters.counting(tx, caller, interaction, patients, context.now)
    near |= {resident for one in opened for resident in one.residents}
    within = tuple(patient for patient in about if patient in near)  # of nobody else there is anything to decide
    consents = rules.consents(tx, within, city)
    unreadable.found(tx, consents, context)
    scope = scope_for(
        asker,
        city.policy,
        patients=within,
        relations=related,
        consents=consents,
        emergencies=declared,
        disasters=opened,
        now=context.now,
        token_allows=may_ask,
    )
    if isinstance(scope, Refusal):
        texts = {
            "scope": f"The token's scopes do not cover {interaction} of {type_}.",
            "not-in-force": "Your role, or your organisation's membership, is not in force.",
        }
        raise Refused(texts[scope.reason], reason=scope.reason)
    return Grant(caller, scope, within, about, looked_after)


def bases(
    tx: Tx,
    grant: Grant,
    interaction: str,
    type_: str,
    patients: Iterable[str],
    shown: Sequence[Row],
    context: Context,
) -> dict[str, Basis]:
    """For each of the patients of an answer, by what right it was shown, as the ``shown`` rows say."""
    rows: dict[str, list[Row]] = {}
    for row in shown:
        rows.setdefault(row.patient, []).append(row)
    found = {}
    for patient in patients:
        basis = grant.basis(patient, rows.get(patient, ()))
        if basis is None:  # shown by the rules of somebody who came along: those of this grant do not know them
            basis = read(tx, grant.caller, interaction, type_, (patient,), context).basis(patient, rows[patient])
        found[patient] = basis or Basis("consent")
    return found


def _is_auditing(caller: Caller) -> bool:
    return caller.profession == "auditor" or caller.purpose == "AUDIT"


def _reads_the_log(caller: Caller) -> bool:
    return caller.organisation_kind == "municipality" and caller.profession in _LOG_READERS
