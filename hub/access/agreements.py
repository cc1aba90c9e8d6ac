"""A resident's consents as people are told of them: what each says, and whether it counts now (CONSENT.md §3)."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from consent import ConsentRecord, ConsentRule, Period
from consent.period import first_day, last_day
from consent.standing import Standing, standing
from hub.access import rules
from hub.access.compiled import read_record
from hub.context import Caller
from hub.projections.agreement import Agreement, State
from hub.projections.consent_form import Rule, Terms
from hub.store import consent_papers, fence, registry
from hub.store.database import Tx
from hub.store.sql import Row
from profiles.json import read_json
from profiles.resource import Json, Resource, as_object, as_text, objects, reference_of


def agreements(tx: Tx, caller: Caller, patient: str, now: datetime) -> list[Agreement]:
    """All privacy consents of a resident, the last signed first, without drafts and what is no rule about sharing."""
    with fence.lifted(tx):
        records = {one.id: one for one in rules.consents(tx, [patient], rules.of_city(tx, caller.rules))}
        stored = consent_papers.consents(tx, patient)
    stands = standing(records.values(), now)
    rows = [row for row in stored if f"Consent/{row.id}" in records]
    found = [_agreement(row, records[f"Consent/{row.id}"], stands, now) for row in rows]
    return sorted(found, key=lambda one: (one.terms.signed, one.recorded), reverse=True)


def speaks_for(
    tx: Tx, caller: Caller, patient: str, consent: Resource, now: datetime
) -> tuple[frozenset[str], frozenset[str]]:
    """For which spaces a consent that is not stored would speak, and for which an earlier or stricter one goes on."""
    record = read_record(patient, "", "", consent)
    if record is None:
        return frozenset(), frozenset()
    with fence.lifted(tx):
        records = [*rules.consents(tx, [patient], rules.of_city(tx, caller.rules)), record]
    latest = standing(records, now).latest
    speaks = frozenset(space for space in record.spaces if latest[space].id == record.id)
    return speaks, record.spaces - speaks


def versions_of_all(tx: Tx, patient: str) -> list[tuple[str, str]]:
    """(id, version) of every consent of a resident, in order: what changes when anybody changes one of them."""
    with fence.lifted(tx):
        return sorted((row.id, row.version) for row in consent_papers.consents(tx, patient))


def may_write_consents(tx: Tx, caller: Caller) -> bool:
    """Whether the city's policy lets the caller's kind of organisation write consents."""
    return rules.of_city(tx, caller.rules).policy.may_write(caller.organisation_kind, "consent")


def _agreement(row: Row, record: ConsentRecord, stands: Standing, now: datetime) -> Agreement:
    body = as_object(read_json(row.body))
    since, until = _days(record.period)
    spaces = tuple(space for space in ("medical", "team") if space in record.spaces)
    terms = Terms(
        signed=as_text(body.get("dateTime")),
        spaces=spaces,
        permits=as_object(body.get("provision")).get("type") == "permit",
        rules=tuple(rule_of(one) for one in record.exceptions),
        since=since,
        until=until,
    )
    speaking = {space: stands.latest[space].id for space in spaces if space in stands.latest}
    spoken = tuple(space for space in spaces if speaking.get(space) == record.id)
    return Agreement(
        id=row.id,
        version=row.version,
        recorded=row.recorded,
        source=row.source,
        taker=_first_reference(body.get("organization")).removeprefix("Organization/") or row.source,
        signer=_first_reference(body.get("performer")),
        form=reference_of(body.get("sourceReference")).removeprefix("DocumentReference/"),
        terms=terms,
        speaks=spoken,
        state=_state(record, spoken, stands, now),
        problem=record.unreadable or "",
        replaced={space: by.removeprefix("Consent/") for space, by in speaking.items() if by != record.id},
        counts=any(one.id == record.id for one in stands.in_force),
    )


def _state(record: ConsentRecord, spoken: Sequence[str], stands: Standing, now: datetime) -> State:
    if record.unreadable:
        return "unreadable"
    if record.revoked:
        return "revoked"
    if record.period.is_over(now):
        return "over"
    if not (record.period.has_begun(now) and record.signed.has_begun(now)):
        return "to-come"
    if not spoken:
        return "replaced"
    # Where the dates leave open which is the latest, a consent may speak for a space and not open it (CONSENT §3.1).
    return "in-force" if not record.permits or all(stands.opening.get(one) == record for one in spoken) else "unclear"


def rule_of(rule: ConsentRule) -> Rule:
    """An exception as its words are made of it (``hub.projections.agreement``)."""
    match = rule.match
    recipients = [f"Organization/{one}" for one in sorted(rule.organisations)]
    recipients += [f"Practitioner/{one}" for one in sorted(rule.persons)]
    recipients += [f"profession/{one}" for one in sorted(rule.professions)]
    since, until = _days(rule.period)
    return Rule(
        permits=rule.permits,
        recipients=tuple(recipients),
        categories=_sorted(match.categories),
        sources=_sorted(match.sources),
        since=since,
        until=until,
        data_since=match.clinical_from or "",
        data_until=match.clinical_to or "",
        purposes=_sorted(rule.purposes),
        labels=_sorted(match.labels),
        records=_sorted(match.references),
    )


def _days(period: Period) -> tuple[str, str]:
    return first_day(period) or "", last_day(period) or ""


def _sorted(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(values))


def _first_reference(value: Json) -> str:
    listed = objects(value)
    return reference_of(listed[0]) if listed else ""


def names(tx: Tx) -> dict[str, str]:
    """What a rule may name, by its reference: organisations, and people with where they work."""
    found = {f"Organization/{row.id}": str(row.name) for row in registry.organisations(tx)}
    for row in registry.people(tx):
        found[f"Practitioner/{row.person}"] = f"{row.name}（{row.organisation_name}）"
    return found
