"""What a write leaves besides the resource: index, timeline, relations, log, outbox.  Pure."""

from collections.abc import Iterator, Sequence

from hub.context import Caller, Context, instant
from hub.projections.audit_event import AuditRecord
from hub.projections.timeline import changed, timeline_item
from hub.projections.version import Outcome
from profiles import IndexRow, index
from profiles.json import read_json
from profiles.resource import Resource, as_object, as_text, objects, reference_of

Row = dict[str, str | int | bytes | None]

# What nobody waits for on a timeline: who somebody is, who may see what, and the parts of other things.
_SILENT_CATEGORIES = frozenset({"demographics", "consent", "directory", "other"})
_SILENT_TYPES = frozenset({"Patient", "Specimen", "Provenance", "Binary", "List", "Group"})


def search_rows(outcomes: Sequence[Outcome]) -> Iterator[tuple[Row, IndexRow]]:
    """For every new version: whose it is, and one index row."""
    for outcome in outcomes:
        if outcome.is_new and outcome.resource is not None:
            facts = outcome.version.facts
            place: Row = {
                "patient": facts.patient,
                "type": outcome.version.type,
                "id": outcome.version.id,
                "source": facts.source,
            }
            for row in index(outcome.resource):
                yield place, row


def timeline_rows(outcomes: Sequence[Outcome], caller: Caller, context: Context) -> list[Row]:
    """One item for everything new that a care team would want to hear of (DESIGN §6)."""
    return [
        _timeline_row(outcome, caller, context)
        for outcome in outcomes
        if outcome.is_new
        and outcome.version.facts.patient
        and outcome.version.facts.category not in _SILENT_CATEGORIES
        and outcome.version.type not in _SILENT_TYPES
    ]


def _timeline_row(outcome: Outcome, caller: Caller, context: Context) -> Row:
    version, before = outcome.version, outcome.before
    old = as_object(read_json(before.body)) if before is not None and not before.deleted else None
    shown = outcome.resource or old or {"resourceType": version.type}
    item = timeline_item(shown, version.facts.category)
    retracted = version.deleted or version.facts.withheld
    change = "retracted" if retracted else "new" if old is None else "amended"
    recorded = instant(context.now)
    facts = {name: getattr(version.facts, name) for name in version.facts.__slots__}
    return {
        **facts,
        # That something was withdrawn is told to all who could see it; what it was is told no longer.
        "withheld": 0 if change == "retracted" else version.facts.withheld,
        "event": context.new_id(),
        "type": version.type,
        "id": version.id,
        "version": version.version,
        "superseded": 0,
        "scene": item.scene,
        "change": change,
        "occurred": item.occurred or recorded,
        "recorded": recorded,
        "organisation_name": caller.organisation_name,
        "organisation_kind": caller.organisation_kind,
        "author_profession": caller.profession,
        "author_name": item.author_name or caller.person_name or None,
        "title": "取り消されました" if change == "retracted" else item.title,
        "text": "" if change == "retracted" else item.text,
        "changed": changed(old, shown) if change == "amended" else "",
        "link": None if change == "retracted" else item.link,
    }


def relation_rows(outcomes: Sequence[Outcome], counting: Sequence[bool]) -> Iterator[tuple[str, str, list[Row]]]:
    """For every care team that was written and that counts: its patient, itself, its members as relations."""
    for outcome, counts in zip(outcomes, counting, strict=True):
        if outcome.version.type == "CareTeam" and outcome.version.facts.patient:
            team = outcome.resource or {}
            in_use = not outcome.version.facts.withheld and team.get("status") in (None, "active", "proposed")
            members = list(_members(team)) if in_use and counts else []
            yield outcome.version.facts.patient, outcome.version.reference, members


def _members(team: Resource) -> Iterator[Row]:
    whole = as_object(team.get("period"))
    seen: set[tuple[str, str]] = set()
    for participant in objects(team.get("participant")):
        period = as_object(participant.get("period")) or whole
        kind, _, member = reference_of(participant.get("member")).partition("/")
        behalf = reference_of(participant.get("onBehalfOf"))
        organisation = member if kind == "Organization" else behalf.removeprefix("Organization/")
        person = member if kind == "Practitioner" else ""
        if kind in ("Organization", "Practitioner") and (organisation, person) not in seen:
            seen.add((organisation, person))
            role = next((as_text(one.get("text")) for one in objects(participant.get("role"))), "")
            starts, ends = (as_text(period.get(end))[:10] for end in ("start", "end"))
            yield {"organisation": organisation, "person": person, "role": role, "starts": starts, "ends": ends}


def audit_rows(outcomes: Sequence[Outcome], caller: Caller, interaction: str, context: Context) -> list[AuditRecord]:
    """One record for each resource written (BALP create, update, delete)."""
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


def outbox_rows(outcomes: Sequence[Outcome], context: Context) -> list[Row]:
    """One message for each change that others may be told of."""
    return [
        {
            "patient": outcome.version.facts.patient,
            "kind": "deleted" if outcome.version.deleted else "written",
            "reference": outcome.written.location,
            "recorded": instant(context.now),
            "delivered": None,
        }
        for outcome in outcomes
        if outcome.is_new
    ]
