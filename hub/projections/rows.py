"""What a write leaves besides the resource: index, timeline, relations, log, outbox.  Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache

from hub.context import Caller, Context, instant
from hub.draft import Facts, Version
from hub.projections.audit_event import AuditRecord
from hub.projections.care_team import IN_USE, Member, Own, members
from hub.projections.timeline import TimelineText, changed, timeline_item
from hub.projections.version import Outcome
from profiles import (
    RESOURCE_TYPES,
    IndexRow,
    index,
    is_entered_in_error,
    labels_of,
    parameters_of,
)
from profiles.instants import in_japan
from profiles.json import read_json
from profiles.resource import Resource, as_object

Row = dict[str, str | int | bytes | None]

# What nobody waits for on a timeline: who somebody is, who may see what, and the parts of other things.
_SILENT_CATEGORIES = frozenset({"demographics", "consent", "directory", "other"})
_SILENT_TYPES = frozenset({"Patient", "Specimen", "Provenance", "Binary", "List", "Group"})
WITHDRAWN = "取り消されました"


# Search parameters that would tell, by a match, where somebody with a protected address is (CONSENT.md §5).
_WHERE_TO_FIND = ("address", "telecom", "phone", "email")

Indexed = tuple[str, int, Sequence[IndexRow]]
"""The patient under whom a version is filed, its key, the rows by which it is found."""


def search_rows(outcomes: Sequence[Outcome], first_key: int) -> Iterator[Indexed]:
    """The rows by which the new versions are found; their keys follow one another from ``first_key``."""
    for key, outcome in enumerate((one for one in outcomes if one.is_new), first_key):
        if outcome.resource is not None:
            patient = outcome.version.facts.patient
            yield patient, key, index_rows(outcome.resource, patient)


def replaced_rows(versions: Iterable[Version]) -> Iterator[Indexed]:
    """The rows by which these versions were found until now."""
    for version in versions:
        if not version.deleted:
            patient = version.facts.patient
            yield patient, version.key, index(as_object(read_json(version.body)), patient)


def index_rows(resource: Resource, patient: str) -> list[IndexRow]:
    """The rows by which a resource filed under ``patient`` is found; a protected address is not found by any."""
    rows = index(resource, patient)
    if "ADDRESS-PROTECTED" not in labels_of(resource):
        return rows
    return [row for row in rows if row.parameter not in _where_to_find()]


@cache
def _where_to_find() -> frozenset[int]:
    return frozenset(
        number
        for type_ in RESOURCE_TYPES
        for parameter in parameters_of(type_)
        if parameter.name.startswith(_WHERE_TO_FIND)
        for number in parameter.numbers
    )


def timeline_rows(outcomes: Sequence[Outcome], caller: Caller, context: Context) -> list[Row]:
    """What a care team would want to hear of everything that was written (DESIGN §6)."""
    return [row for outcome in outcomes if outcome.is_new for row in _news(outcome, caller, context)]


def _news(outcome: Outcome, caller: Caller, context: Context) -> Iterator[Row]:
    """That the earlier version is withdrawn, for those who could see it; and what there is now, if anything."""
    version, resource = outcome.version, outcome.resource
    before = outcome.before if outcome.before is not None and _is_told(outcome.before) else None
    old = as_object(read_json(before.body)) if before is not None else {}
    same_patient = before is not None and before.facts.patient == version.facts.patient
    if before is not None and not (same_patient and _is_told(version) and not version.facts.withheld):
        withdrawn = timeline_item(old, before.facts.category)._replace(title=WITHDRAWN, text="", link=None)
        yield _row(before.facts, version, "retracted", withdrawn, "", caller, context)
    if resource is None or not _is_told(version) or is_entered_in_error(resource):
        return
    item = timeline_item(resource, version.facts.category)
    if before is not None and before.facts == version.facts:
        yield _row(version.facts, version, "amended", item, changed(old, resource), caller, context)
    else:
        # To say "amended", or how, would tell that there was an earlier version: also those who could not see that.
        yield _row(version.facts, version, "new", item, "", caller, context)


def _is_told(version: Version) -> bool:
    """Whether it is of a kind that belongs on a timeline."""
    silent = version.facts.category in _SILENT_CATEGORIES or version.type in _SILENT_TYPES
    return bool(version.facts.patient) and not silent and not version.deleted


def _row(
    facts: Facts,
    version: Version,
    change: str,
    item: TimelineText,
    difference: str,
    caller: Caller,
    context: Context,
) -> Row:
    recorded = instant(context.now)
    return {
        **facts.columns(),
        "event": context.new_id(),
        "type": version.type,
        "id": version.id,
        "version": version.version,
        "superseded": 0,
        "scene": item.scene,
        "change": change,
        "occurred": in_japan(item.occurred or recorded),
        "recorded": recorded,
        "organisation_name": caller.organisation_name,
        "organisation_kind": caller.organisation_kind,
        "author_profession": caller.profession if caller.person else None,
        "author_name": item.author_name or caller.person_name or None,
        "title": item.title,
        "text": item.text,
        "changed": difference,
        "link": item.link,
    }


def relation_rows(
    outcomes: Sequence[Outcome],
    counting: Sequence[bool],
    numbers: Mapping[tuple[str, str], str],
    own: Own | None = None,
) -> Iterator[tuple[str, str, list[Row]]]:
    """For every care team that was written: its patient, itself, and, if it counts, its members as relations.

    A team that was filed under somebody else before gives them none any more.  ``numbers`` gives the organisation of
    an (identifier system, number) by which a team may name it.  ``own`` gets no relation by these teams: it wrote them.
    """
    for outcome, counts in zip(outcomes, counting, strict=True):
        version, before = outcome.version, outcome.before
        if version.type != "CareTeam":
            continue
        if before is not None and before.facts.patient not in ("", version.facts.patient):
            yield before.facts.patient, version.reference, []
        if version.facts.patient:
            team = outcome.resource or {}
            in_use = not version.facts.withheld and team.get("status") in IN_USE
            found = members(team, numbers) if in_use and counts else []
            related = [_relation(one) for one in found if own is None or not own.has(one.key)]
            yield version.facts.patient, version.reference, related


def _relation(member: Member) -> Row:
    who: Row = {"organisation": member.organisation, "person": member.person, "role": member.role}
    return {**who, "starts": member.starts, "ends": member.ends}


def audit_rows(outcomes: Sequence[Outcome], caller: Caller, interaction: str, context: Context) -> list[AuditRecord]:
    """One record for each resource written (BALP create, update, delete), or one for a push of nothing."""
    if not outcomes:
        return [record(caller, context, interaction=interaction, reason="own")]
    return [
        record(
            caller,
            context,
            interaction=_interaction(outcome),
            patient=outcome.version.facts.patient or None,
            what=(outcome.written.location,),
            query=interaction,
            reason="own",
            category=outcome.version.facts.category,
        )
        for outcome in outcomes
    ]


def _interaction(outcome: Outcome) -> str:
    if outcome.version.deleted:
        return "delete"
    if outcome.bound.change.method == "PATCH":
        return "patch"
    return "update" if outcome.before is not None else "create"


def record(
    caller: Caller,
    context: Context,
    *,
    interaction: str,
    patient: str | None = None,
    what: tuple[str, ...] = (),
    query: str = "",
    outcome: str = "0",
    reason: str = "",
    rules: tuple[str, ...] = (),
    category: str = "",
) -> AuditRecord:
    """What the log says of one thing that ``caller`` did now."""
    return AuditRecord(
        id=context.new_id(),
        recorded=instant(context.now),
        request_id=context.request_id,
        interaction=interaction,
        outcome=outcome,
        reason=reason,
        rules=rules,
        purpose=caller.purpose,
        organisation=caller.organisation,
        organisation_name=caller.organisation_name,
        system=caller.system,
        person=caller.person,
        person_name=caller.person_name,
        profession=caller.profession,
        token=caller.token,
        patient=patient,
        category=category,
        what=what,
        query=query,
        address=context.address,
        site=context.base_url,
    )


def _happened(outcome: Outcome) -> str:
    if outcome.version.deleted:
        return "deleted"
    return "created" if outcome.before is None or outcome.before.deleted else "updated"


def outbox_rows(outcomes: Sequence[Outcome], context: Context) -> list[Row]:
    """One message for each change that others may be told of."""
    return [
        {
            "patient": outcome.version.facts.patient,
            "kind": _happened(outcome),
            "reference": outcome.written.location,
            "recorded": instant(context.now),
        }
        for outcome in outcomes
        if outcome.is_new
    ]
