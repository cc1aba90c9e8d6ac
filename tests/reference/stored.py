"""The rows of a random city in a real store, and what is read back from them."""

import json
from collections.abc import Sequence

from consent import SOURCE_ONLY, ConsentRecord, Facts, Scope
from consent.compiled import READER
from hub.access import compiled
from hub.access.filter import patient_record, predicate
from hub.access.labels import bits
from hub.access.rules import CityRules, known
from hub.store import consents, fence
from hub.store.database import Tx
from hub.store.sql import Record, add, query
from hub.store.tables import AlsoAbout, ResourceRow
from profiles.json import read_json
from profiles.resource import Json, as_object, as_text, objects
from tests.unit.consent.case import Case

PEOPLE = ("hana", "taro")


def put(tx: Tx, resources: Sequence[Facts], deleted: Sequence[bool]) -> None:
    """The resources as rows; where one stands in the list is its version."""
    rows: list[Record] = []
    further: list[Record] = []
    for number, facts in enumerate(resources):
        type_, _, id_ = facts.reference.partition("/")
        patient, *others = facts.patients or ("",)
        stamped: Record = {
            **{"source": facts.source, "publication": f"{facts.source_kind}/{facts.category}"},
            **{"category": facts.category, "label_bits": bits(facts.labels), "clinical_date": facts.clinical_date},
            **{"withheld": int(facts.withheld or SOURCE_ONLY in facts.labels), "directory": int(facts.directory)},
            "also_about": len(others),
        }
        rows.append({**_rule(patient, type_, id_), **stamped, "version": str(number), "deleted": int(deleted[number])})
        further += [
            {"patient": patient, "type": type_, "id": id_, "source": facts.source, "other": other} for other in others
        ]
    add(tx, ResourceRow, rows)
    add(tx, AlsoAbout, further)


def put_consents(tx: Tx, case: Case) -> None:
    """The Consents and the proxies of a city, compiled as they are when they are written."""
    for proxy in objects(as_object(_json(case.content["known"]))["proxies"]):
        patient, id_ = str(proxy["patient"]), str(proxy["proxy"])
        add(tx, ResourceRow, [_rule(patient, "RelatedPerson", id_)])
        consents.put_proxy(tx, patient, id_, "1")
    for resource in objects(_json(case.content["consents"])):
        patient = as_text(as_object(resource["patient"])["reference"]).removeprefix("Patient/")
        id_ = as_text(resource["id"])
        add(tx, ResourceRow, [_rule(patient, "Consent", id_)])
        consents.put(tx, compiled.consent_row(patient, id_, "1", resource))


def read_consents(tx: Tx, case: Case) -> list[ConsentRecord]:
    """The consents as a decision reads them."""
    registry = case.known()
    assert isinstance(registry.organisations, frozenset)
    assert isinstance(registry.persons, frozenset)
    city = CityRules(case.policy(), registry.organisations, registry.persons)
    return known(tx, compiled.records(tx, consents.of(tx, PEOPLE, READER)), city)


def found(tx: Tx, scope: Scope) -> set[int]:
    """Which resources a query under the scope's predicate finds."""
    made = predicate(scope, "r")
    statement = f"SELECT r.version FROM resource r WHERE r.type NOT IN ('Consent', 'RelatedPerson') AND {made.sql}"  # noqa: S608
    return {int(row.version) for row in query(tx, statement, made.parameters)}


def records_found(tx: Tx, scope: Scope) -> set[int]:
    """The same of Patient resources, where only one record of each is shown."""
    made = patient_record(scope, "r")
    statement = f"SELECT r.version FROM resource r WHERE r.type = 'Patient' AND {made.sql}"  # noqa: S608
    return {int(row.version) for row in query(tx, statement, made.parameters)}


def found_within_the_fence(tx: Tx, scope: Scope, organisation: str) -> set[int]:
    """The same with PostgreSQL's second fence around what the caller may reach; without it on the embedded store."""
    reach = frozenset[str]().union(*(patients for patients, _ in scope.groups))
    with fence.reaching(tx, organisation, reach):
        return found(tx, scope)


def _json(value: object) -> Json:
    return read_json(json.dumps(value).encode())


def _rule(patient: str, type_: str, id_: str) -> Record:
    """A row of something that is a rule and not asked for."""
    return {
        **{"patient": patient, "type": type_, "id": id_, "source": "city", "version": "1", "body": b"{}"},
        **{"publication": "municipality/consent", "category": "consent", "label_bits": 0, "clinical_date": None},
        **{"withheld": 0, "directory": 0, "also_about": 0, "recorded": "2026-11-01T00:00:00.000Z", "deleted": 0},
        "key": None,
    }
