"""Step 5 of the way in: may this caller publish this about these people? (CONSENT.md §3.5, §5)"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hub.access import recording, rules
from hub.access.facts import facts_of
from hub.auth.scopes import Interaction, allows, read_scopes
from hub.context import Caller, Context
from hub.draft import Bound, Facts
from hub.errors import NOT_FOR_ROLE, Problem, Refused, not_found
from hub.projections.care_team import Own
from hub.store import registry, relations
from hub.store.database import Tx

_SCOPE: dict[str, Interaction] = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}


@dataclass(frozen=True, slots=True)
class WriteGrant:
    """Leave to write: the facts to stamp on each change, in their order.

    ``teams_count`` says for each whether, as a CareTeam, it makes relations: it is the municipality's, or
    a care manager's who looks after the patient already; to ``own``, who wrote it, it gives none.
    ``organisations`` says which organisation has which (identifier system, number), for the members whom a CareTeam
    names by number.
    """

    facts: tuple[Facts, ...]
    teams_count: tuple[bool, ...]
    organisations: Mapping[tuple[str, str], str]
    today: str
    own: Own | None = None


def write(
    tx: Tx, caller: Caller, bounds: Sequence[Bound], first_contacts: frozenset[str], context: Context
) -> WriteGrant:
    """Leave for all changes of a push; ``first_contacts`` are the patients whom the push itself registers.

    Raises ``Refused`` with the reason of CONSENT.md §4, ``NotFound`` for patients the caller may not know of.
    """
    if not caller.in_force:
        raise Refused("Your organisation's membership or your role is not in force.", reason="not-in-force")
    if caller.profession == "auditor":
        raise Refused("An auditor reads the access log, and writes nothing.", reason=NOT_FOR_ROLE)
    scopes, table = read_scopes(caller.scopes), rules.of_city(tx, caller.rules).policy
    asker = rules.asker(caller)
    facts: list[Facts] = []
    counting: list[bool] = []
    near: dict[str, tuple[bool, bool]] = {}
    problems: list[Problem] = []
    for bound in bounds:
        where = f"Bundle.entry[{bound.change.place}]" if len(bounds) > 1 else bound.change.type
        if not allows(scopes, bound.change.type, _SCOPE[bound.change.method]):
            raise Refused(f"The token's scopes do not cover writing {bound.change.type}.", reason="scope")
        stamp = _stamp(bound, caller)
        if bound.resource is None and stamp.category == "consent":
            # Deleting a refusal would bring back the consent before it: a consent is ended by saying so.
            text = "A Consent is revoked, not deleted: write it with status inactive."
            problems.append(Problem("error", "forbidden", where, text))
        # A subscription publishes nothing: it is the writer's own business with the hub.
        if bound.change.type != "Subscription" and not table.may_write(caller.organisation_kind, stamp.category):
            text = f"A {caller.organisation_kind} may not publish {stamp.category} ({bound.change.type}) in this city."
            problems.append(Problem("error", "forbidden", where, text))
        for patient in bound.patients:
            if patient not in near:
                rows = relations.of_caller_to(tx, caller.organisation, caller.person, patient)
                related = any(rules.relation(row).relates(asker, context.now) for row in rows)
                # Who looked after somebody may still send what belongs to that time; reading ended with the relation.
                near[patient] = related, bool(rows) or patient in first_contacts
            if not near[patient][1] and bound.previous is None:
                raise not_found("no-relation")
        if bound.change.type == "Consent":
            is_related = bool(bound.patients) and all(near[patient][0] for patient in bound.patients)
            recording.check(tx, caller, bound, bounds, context.now, is_related=is_related)
        facts.append(stamp)
        looks_after = bool(bound.patients) and near[bound.patients[0]][0]
        is_manager = caller.organisation_kind in ("care-management", "support-center")
        counting.append(caller.organisation_kind == "municipality" or (is_manager and looks_after))
    if problems:
        raise Refused("Some of this may not be published by you.", reason="not-publishable", problems=problems)
    teams = any(bound.change.type == "CareTeam" for bound in bounds)
    numbers = registry.organisation_numbers(tx) if teams else dict[tuple[str, str], str]()
    today = context.now.astimezone(registry.JST).date().isoformat()
    return WriteGrant(tuple(facts), tuple(counting), numbers, today, own_of(tx, caller) if teams else None)


def own_of(tx: Tx, caller: Caller) -> Own | None:
    """The caller's organisation, whose own teams give it no relation; none for the municipality's, which gives them."""
    if caller.organisation_kind == "municipality":
        return None
    return Own(caller.organisation, registry.staff(tx, caller.organisation))


def _stamp(bound: Bound, caller: Caller) -> Facts:
    if bound.resource is None:
        assert bound.previous is not None
        return bound.previous.facts
    return facts_of(bound.resource, bound.patients, caller)
