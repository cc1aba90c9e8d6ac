"""Why could they, why can they not: a recorded decision, and the decision as it would be made now (CONSENT.md §9).

For the municipality.  Auditors are told of what is in the log; only those who work with residents, and the officers
who answer for it, may ask about what is not shown: such an answer counts what there is, and an auditor learns nothing
of that.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from hub.access import decide
from hub.access.agreements import agreements
from hub.access.decide import Grant
from hub.access.explaining import Decision, Reason
from hub.context import Caller, Context, instant
from hub.errors import NOT_FOR_ROLE, Malformed, Refused, not_found
from hub.interactions import desk
from hub.interactions.deciding import NamedRule, named_rules
from hub.interactions.my_people import Person, shown_people, today
from hub.projections.agreement import forbids_emergency
from hub.projections.audit_event import AuditRecord
from hub.question import Shown
from hub.store import access_record as store
from hub.store import audit, fence, registry, resources
from hub.store.database import Tx
from hub.store.sql import Row
from profiles.categories import category_names

READERS_OF_THE_LOG = frozenset({"auditor", "municipal-officer"})
ASKERS = desk.PROFESSIONS | {"municipal-officer"}
_WHOLE: dict[str, Reason] = {"scope": "scope", "not-in-force": "not-in-force"}
"""Rules 1 and 2 decide about everything at once; what else does is the role."""
SYSTEM = "system"
MOST = 5000
"""So many resources of a category are decided on, the last recorded ones."""


@dataclass(frozen=True, slots=True)
class Explained:
    """A recorded decision; ``rules`` by their ids, ``kind`` the kind of organisation that asked."""

    record: AuditRecord
    rules: Mapping[str, NamedRule]
    kind: str


@dataclass(frozen=True, slots=True)
class WhyThen:
    """``GET /why/{id}``: the decision that an entry of the access log tells of."""

    id: str
    interaction: str = "operation:why"
    type: str = ""

    @property
    def query(self) -> str:
        return f"why/{self.id}"

    def patients(self, tx: Tx) -> tuple[str, ...]:
        return tuple(row.patient for row in audit.find(tx, {"id": self.id}, count=1) if row.patient)

    def answer(self, tx: Tx, grant: Grant, context: Context) -> Shown[Explained]:
        of_all = _is_of_the_city(grant.caller) and grant.caller.profession in READERS_OF_THE_LOG
        if not of_all:
            desk.at_the_desk(grant.caller)
        row = next(iter(audit.find(tx, {"id": self.id}, count=1)), None)
        if row is None or not (of_all or row.patient):
            raise not_found()
        record = audit.record_of(row, context.base_url)
        named = named_rules(tx, [(record.rules, record.recorded)])
        place = registry.organisation(tx, record.organisation)
        explained = Explained(record, {rule: one for (rule, _), one in named.items()}, place.kind if place else "")
        return Shown(explained, {row.patient: (f"AuditEvent/{self.id}",)} if row.patient else {}, "why")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is decided alike: so many resources that one organisation published ("" for whatever there is)."""

    source: str
    decision: Decision
    count: int


@dataclass(frozen=True, slots=True)
class Now:
    """The decision as the rules stand at ``moment``; ``complete`` is false when there was more than was decided on."""

    viewer: Caller
    category: str
    moment: str
    verdicts: list[Verdict]
    complete: bool
    rules: Mapping[str, NamedRule]


@dataclass(frozen=True, slots=True)
class WhyPage:
    """``roles`` and ``systems``: all who may be asked about; ``person`` and ``now`` once they were chosen.

    ``no_emergency``: the resident does not want more to be seen in an emergency either.
    """

    roles: Sequence[Row]
    systems: Sequence[Row]
    organisations: dict[str, str]
    person: Person | None = None
    now: Now | None = None
    no_emergency: bool = False


@dataclass(frozen=True, slots=True)
class WhyNow:
    """``GET /why``: what somebody may see of a resident now.

    ``who`` is a role ("person/organisation/profession"), or a system ("system/id") as it is registered; ``scopes`` and
    ``purpose`` are those with which a person would be signed in.
    """

    patient: str = ""
    who: str = ""
    category: str = ""
    scopes: str = ""
    purpose: str = ""
    interaction: str = "operation:why"
    type: str = ""

    @property
    def query(self) -> str:
        return f"why?patient={self.patient}&who={self.who}&category={self.category}&purpose={self.purpose}"

    def patients(self, tx: Tx) -> tuple[str, ...]:
        return (self.patient,) if self.patient else ()

    def answer(self, tx: Tx, grant: Grant, context: Context) -> Shown[WhyPage]:
        may_ask_now(grant.caller)
        page = WhyPage(registry.people(tx), registry.systems(tx), registry.organisation_names(tx))
        if not self.patient:
            return Shown(page, {}, "why")
        with fence.lifted(tx):
            known = bool(resources.records_of(tx, [self.patient]))
        if not known:
            raise not_found()
        source = grant.caller.organisation
        person = shown_people(tx, grant, [self.patient], today(context), source=source)[self.patient]
        now = self._now(tx, context) if self.category else None
        refused = forbids_emergency(agreements(tx, grant.caller, self.patient, context.now))
        shown = replace(page, person=person, now=now, no_emergency=refused)
        return Shown(shown, {self.patient: (person.record,) if person.record else ()}, "why", category=self.category)

    def _now(self, tx: Tx, context: Context) -> Now:
        viewer = self._viewer(tx, context)
        if viewer is None or self.category not in category_names():
            raise Malformed("There is nobody in this role, or no such category.")
        with fence.lifted(tx):
            rows = store.of_category(tx, self.patient, self.category, MOST + 1)
            decided = _decided(tx, viewer, self.patient, rows[:MOST], context)
        moment = instant(context.now)
        named = named_rules(tx, [(decision.rules, moment) for _, decision in decided])
        return Now(
            viewer=viewer,
            category=self.category,
            moment=moment,
            verdicts=[Verdict(*one, count) for one, count in Counter(decided).most_common()],
            complete=len(rows) <= MOST,
            rules={rule: one for (rule, _), one in named.items()},
        )

    def _viewer(self, tx: Tx, context: Context) -> Caller | None:
        first, _, rest = self.who.partition("/")
        organisation, is_role, profession = rest.partition("/")
        if first == SYSTEM and not is_role:
            return registry.system_caller(tx, rest, context.now)
        return registry.role_caller(tx, (first, organisation, profession), self.scopes, self.purpose, context.now)


def asks_now(caller: Caller) -> bool:
    """Whether the caller is one of those at the municipality who answer for what is shown, in force."""
    return _is_of_the_city(caller) and caller.profession in ASKERS


def may_ask_now(caller: Caller) -> None:
    """Raises ``Refused`` for everybody else."""
    if not asks_now(caller):
        reason = NOT_FOR_ROLE if caller.in_force else "not-in-force"
        raise Refused("Why something is not shown is told to those who answer for it.", reason=reason)


def _is_of_the_city(caller: Caller) -> bool:
    return caller.organisation_kind == "municipality" and caller.in_force


def _decided(tx: Tx, viewer: Caller, patient: str, rows: Sequence[Row], context: Context) -> list[tuple[str, Decision]]:
    """The decision about each of the rows, with its source, by the very grant that the viewer would get.

    Of a person that is the one of a page; a system reads type by type, as far as its scopes go.
    """
    if viewer.system is None:
        return _granted(tx, viewer, "page", "*", patient, rows, context)
    by_type = {type_: [row for row in rows if row.type == type_] for type_ in sorted({row.type for row in rows})}
    return [
        one for type_, of_it in by_type.items() for one in _granted(tx, viewer, "read", type_, patient, of_it, context)
    ]


def _granted(
    tx: Tx, viewer: Caller, interaction: str, type_: str, patient: str, rows: Sequence[Row], context: Context
) -> list[tuple[str, Decision]]:
    further = [resources.further_patients(tx, row.type, row.id) if row.also_about else () for row in rows]
    everybody = dict.fromkeys([patient, *(row.patient for row in rows), *(one for more in further for one in more)])
    try:
        grant = decide.read(tx, viewer, interaction, type_, tuple(everybody), context)
    except Refused as refusal:
        return [("", Decision(False, _WHOLE.get(refusal.reason, "role")))] * max(1, len(rows))
    return [(row.source, grant.permits(row, more)) for row, more in zip(rows, further, strict=True)]
