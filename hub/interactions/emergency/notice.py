"""Telling a patient's care team of an emergency access (CONSENT.md §6), in the commit of the declaration.

The team must hear of it whatever the resident consented to, and nobody else may.  So every organisation of the team
gets a Communication of its own, which it alone sees (label ``SOURCE-ONLY``): on its timeline, in its feed and its
subscriptions, as anything else.  It says who, for whom and when; the reason is for the municipality's review.
"""

from collections.abc import Iterator

from hub.access import rules
from hub.access.facts import facts_of
from hub.context import Caller, Context, instant
from hub.draft import Bound, Change
from hub.projections.professions import PROFESSIONS
from hub.projections.rows import outbox_rows, record, search_rows, timeline_rows
from hub.projections.version import Outcome, outcome
from hub.store import audit, outbox, registry, relations, resources, search, timeline
from hub.store.database import Tx
from hub.store.sql import Row
from profiles.canonical import LABEL, SCENE
from profiles.instants import in_japan
from profiles.resource import Resource

_HUB = "renkei-hub"
_TOPIC = "緊急アクセス"


def tell_the_team(tx: Tx, patient: str, emergency: str, until: str, by: Caller, context: Context) -> None:
    """Tell every organisation in ``patient``'s care team that ``by`` declared an emergency, which ends ``until``."""
    places = {row.id: row for row in registry.organisations(tx)}
    team = sorted(set(_team(tx, patient, context)) & places.keys())
    if not team:
        return
    city = places.get(registry.municipality(tx))
    told = [(_hub_for(places[one]), _notice(patient, places[one], city, until, by, context)) for one in team]
    outcomes = [_outcome(receiver, notice, patient, context) for receiver, notice in told]
    key = resources.put(tx, [one.version for one in outcomes], [])
    search.put(tx, search_rows(outcomes, key))
    lines = [
        row
        for (receiver, _), one in zip(told, outcomes, strict=True)
        for row in timeline_rows([one], receiver, context)
    ]
    timeline.put(tx, lines, ())
    outbox.put(tx, outbox_rows(outcomes, context))
    written = tuple(one.written.location for one in outcomes)
    sender = _hub_for(city) if city is not None else by
    rule = (f"Emergency/{emergency}",)
    said = record(sender, context, interaction="create", patient=patient, what=written, reason="declared", rules=rule)
    audit.put(tx, [said._replace(category="progress-note", query="operation:declare-emergency")])


def _team(tx: Tx, patient: str, context: Context) -> Iterator[str]:
    """The organisations that look after the patient now, and those at which a person works who does."""
    for row in relations.of_patient(tx, patient):
        relation = rules.relation(row)
        if relation.pending or not relation.period.covers(context.now):
            continue
        if relation.organisation:
            yield relation.organisation
        elif relation.person:
            yield from registry.workplaces(tx, relation.person, context.now)


def _hub_for(place: Row) -> Caller:
    """The hub itself, as it writes into what is an organisation's own."""
    return Caller(place.id, place.name, place.kind, _HUB, None, "", None, "", "ETREAT", True, False, "")


def _notice(patient: str, receiver: Row, city: Row | None, until: str, by: Caller, context: Context) -> Resource:
    sender: Resource = {"sender": {"reference": f"Organization/{city.id}", "display": city.name}} if city else {}
    now = in_japan(instant(context.now))
    who = f"{by.organisation_name}の{PROFESSIONS.get(by.profession or '', '職員')} {by.person_name}"
    text = (
        f"{_TOPIC}：{now[11:16]} に、{who} さんが宣言しました。{in_japan(until)[11:16]} まで、この方の"
        "救急に要る情報を見られます。お心あたりのないときは、市の事務局へお知らせください。"
    )
    return {
        "resourceType": "Communication",
        "meta": {
            "security": [{"system": LABEL, "code": "SOURCE-ONLY"}],
            "tag": [{"system": SCENE, "code": "emergency"}],
        },
        "status": "completed",
        "priority": "urgent",
        "subject": {"reference": f"Patient/{patient}"},
        "topic": {"text": _TOPIC},
        "sent": now,
        "recipient": [{"reference": f"Organization/{receiver.id}", "display": receiver.name}],
        **sender,
        "payload": [{"contentString": text}],
    }


def _outcome(receiver: Caller, notice: Resource, patient: str, context: Context) -> Outcome:
    id_ = context.resource_id()
    bound = Bound(Change("POST", "Communication"), id_, {**notice, "id": id_}, None, (patient,))
    return outcome(bound, facts_of(notice, (patient,), receiver), context)
