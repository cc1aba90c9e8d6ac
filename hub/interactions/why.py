"""Why could they, why can they not: a recorded decision, and the decision as it would be made now (CONSENT.md §9).

For the municipality.  Auditors are told of what is in the log; only those who work with residents, and the officers
who answer for it, may ask about what is not shown: such an answer counts what there is, and an auditor learns nothing
of that.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from hub.access import decide, emergencies
from hub.access.decide import Grant
from hub.access.emergencies import Declared, Refusals
from hub.access.explaining import Decision, Reason
from hub.context import Caller, Context, instant
from hub.errors import NOT_FOR_ROLE, Malformed, Refused, not_found
from hub.interactions import desk
from hub.interactions.deciding import NamedRule, named_rules
from hub.interactions.emergency import declare as emergency
from hub.interactions.my_people import Person, shown_people, today
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
"""Rules 1 and 2 decide about everything at once."""
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
    """What is decided alike: so many resources that one organisation published ("" for whatever there is).

    ``decision`` is none where no rule is asked: the role reads nothing of residents.  ``refusing``: ids of the rules
    by which the resident keeps this from an emergency.
    """

    source: str
    decision: Decision | None
    refusing: tuple[str, ...]
    count: int

    @property
    def permit(self) -> bool:
        return self.decision is not None and self.decision.permit


@dataclass(frozen=True, slots=True)
class Now:
    """The decision as the rules stand at ``moment``; ``complete`` is false when there was more than was decided on.

    ``supposed``: it is the decision as if the viewer had declared an emergency.
    """

    viewer: Caller
    category: str
    moment: str
    verdicts: list[Verdict]
    complete: bool
    supposed: bool
    rules: Mapping[str, NamedRule]


@dataclass(frozen=True, slots=True)
class WhyPage:
    """``roles`` and ``systems``: all who may be asked about; ``person`` and ``now`` once they were chosen."""

    roles: Sequence[Row]
    systems: Sequence[Row]
    organisations: dict[str, str]
    person: Person | None = None
    now: Now | None = None


@dataclass(frozen=True, slots=True)
class WhyNow:
    """``GET /why``: what somebody may see of a resident now.

    ``who`` is a role ("person/organisation/profession"), or a system ("system/id") as it is registered; ``scopes`` and
    ``purpose`` are those with which a person would be signed in.  ``in_emergency``: what they would see if they
    declared an emergency for the resident now.
    """

    patient: str = ""
    who: str = ""
    category: str = ""
    scopes: str = ""
    purpose: str = ""
    in_emergency: bool = False
    interaction: str = "operation:why"
    type: str = ""

    @property
    def query(self) -> str:
        purpose = emergency.PURPOSE if self.in_emergency else self.purpose
        return f"why?patient={self.patient}&who={self.who}&category={self.category}&purpose={purpose}"

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
        shown = replace(page, person=person, now=now)
        return Shown(shown, {self.patient: (person.record,) if person.record else ()}, "why", category=self.category)

    def _now(self, tx: Tx, context: Context) -> Now:
        viewer = self._viewer(tx, context)
        if viewer is None or self.category not in category_names():
            raise Malformed("There is nobody in this role, or no such category.")
        supposing = emergencies.supposed(viewer, self.patient, context.now) if self.in_emergency else []
        with fence.lifted(tx):
            rows = store.of_category(tx, self.patient, self.category, MOST + 1)
            asking = _Asking(tx, viewer, self.patient, supposing, context)
            decided = asking.decided(rows[:MOST])
        moment = instant(context.now)
        named = named_rules(tx, [(_rules(one, refusing), moment) for _, one, refusing in decided])
        return Now(
            viewer=viewer,
            category=self.category,
            moment=moment,
            verdicts=[Verdict(*one, count) for one, count in Counter(decided).most_common()],
            complete=len(rows) <= MOST,
            supposed=bool(supposing),
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


_Decided: TypeAlias = tuple[str, Decision | None, tuple[str, ...]]
"""Source, decision, and the rules by which the resident keeps it from an emergency."""


@dataclass(frozen=True, slots=True)
class _Asking:
    """What is asked about each row of a resident: by whom, and in which emergency that nobody has declared."""

    tx: Tx
    viewer: Caller
    patient: str
    supposing: Declared
    context: Context

    def decided(self, rows: Sequence[Row]) -> list[_Decided]:
        """The decision about each of the rows, by the very grant that the viewer would get.

        Of a person that is the one of a page; a system reads type by type, as far as its scopes go.
        """
        if self.viewer.system is None:
            return self._granted("page", "*", rows)
        by_type = {type_: [row for row in rows if row.type == type_] for type_ in sorted({row.type for row in rows})}
        return [one for type_, of_it in by_type.items() for one in self._granted("read", type_, of_it)]

    def _granted(self, interaction: str, type_: str, rows: Sequence[Row]) -> list[_Decided]:
        further = [resources.further_patients(self.tx, row.type, row.id) if row.also_about else () for row in rows]
        everybody = [self.patient, *(row.patient for row in rows), *(one for more in further for one in more)]
        patients = tuple(dict.fromkeys(everybody))
        try:
            grant = decide.read(
                self.tx, self.viewer, interaction, type_, patients, self.context, supposing=self.supposing
            )
        except Refused as refusal:
            whole = _WHOLE.get(refusal.reason)
            return [("", Decision(False, whole) if whole else None, ())] * max(1, len(rows))
        refusals = emergencies.refusals(self.tx, self.viewer, self.patient, self.context.now) if self.supposing else []
        return [
            (row.source, decision, _refusing(grant, self.patient, row, refusals) if _asks_rule_5(decision) else ())
            for row, decision in zip(rows, map(_told, map(grant.permits, rows, further)), strict=True)
        ]


def _refusing(grant: Grant, patient: str, row: Row, refusals: Refusals) -> tuple[str, ...]:
    """By which rules the resident keeps from an emergency what else it would show."""
    facts = decide.stored_facts(row, (patient,), f"{row.type}/{row.id}")
    overrides = [one for one in grant.scope.of(patient).overrides if one.reason == "emergency"]
    if any(one.shows(facts) for one in overrides) or not any(one.match.matches(facts) for one in overrides):
        return ()
    return tuple(rule for rule, match in refusals if match.matches(facts))


def _asks_rule_5(decision: Decision) -> bool:
    return decision.reason not in ("own", "withheld-by-source")


def _told(decision: Decision) -> Decision:
    """The same, without the rule that is none."""
    return replace(decision, rules=tuple(rule for rule in decision.rules if rule != emergencies.SUPPOSED))


def _rules(decision: Decision | None, refusing: tuple[str, ...]) -> tuple[str, ...]:
    return (*(decision.rules if decision is not None else ()), *refusing)
