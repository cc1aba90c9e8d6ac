"""$handoff: the 入院時情報提供書 of a person, drafted from what the caller may see (U3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from hub.access.decide import Grant
from hub.context import Context
from hub.errors import not_found
from hub.interactions.read import visible
from hub.projections.handoff import Held, handoff
from hub.question import Shown, by_patient
from hub.store import registry, resources
from hub.store.database import Tx
from hub.store.sql import Row
from profiles.json import read_json
from profiles.resource import Resource, as_object, as_text, objects

MOST = 3000


@dataclass(frozen=True, slots=True)
class Handoff:
    """``POST Patient/id/$handoff`` and its page."""

    id: str
    interaction: str = "operation:handoff"
    type: str = "*"

    @property
    def query(self) -> str:
        return f"Patient/{self.id}/$handoff"

    def patients(self, tx: Tx) -> tuple[str, ...]:
        return resources.with_further(tx, (self.id,))

    def answer(self, tx: Tx, grant: Grant, context: Context) -> Shown[Resource]:
        patient, _ = visible(tx, grant, "Patient", self.id)
        if self.id not in grant.patients:
            raise not_found("no-relation")
        predicate, parameters = grant.predicate("r")
        rows = resources.compartment(tx, self.id, predicate, parameters, MOST)
        told = [row for row in rows if row.type != "Patient"]
        document = handoff(
            as_object(read_json(grant.redacted(patient))),
            held(tx, told),
            now=context.now,
            document_id=str(UUID(context.new_id())),
            base_url=f"{context.base_url}/fhir",
            authors=_authors(tx, grant),
            custodian=_directory(tx, "Organization", registry.municipality(tx)),
            purpose=grant.caller.purpose if grant.caller.purpose in ("TREAT", "CAREMGT", "COC", "ETREAT") else "COC",
        )
        rows = [patient, *told]
        return Shown(document, by_patient(rows), rows=rows)


def held(tx: Tx, rows: Sequence[Row]) -> list[Held]:
    """Rows as a paper is given them, with the names that the city's registry has."""
    names = registry.organisation_names(tx)
    members = {f"Organization/{one}": name for one, name in names.items()}
    members |= {f"Practitioner/{one}": name for one, name in registry.person_names(tx).items()}
    return [_held(row, names, members) for row in rows]


def _held(row: Row, names: dict[str, str], members: dict[str, str]) -> Held:
    kind, resource = row.publication.partition("/")[0], as_object(read_json(row.body))
    if row.type == "CareTeam":
        resource = {**resource, "participant": [_named(one, members) for one in objects(resource.get("participant"))]}
    return Held(resource, row.category, names.get(row.source, row.source), kind, row.recorded)


def _named(participant: Resource, members: dict[str, str]) -> Resource:
    """A member whom a care team names only by reference, with the name that the city's registry has for it."""
    member = as_object(participant.get("member"))
    name = members.get(as_text(member.get("reference")), "")
    return {**participant, "member": {"display": name, **member}} if name else participant


def _authors(tx: Tx, grant: Grant) -> Sequence[Resource]:
    person, organisation = grant.caller.person, grant.caller.organisation
    people = [_directory(tx, "Practitioner", person)] if person else []
    return [*people, _directory(tx, "Organization", organisation)]


def _directory(tx: Tx, type_: str, id_: str) -> Resource:
    """An organisation or person of the registry as the resource that the directory shows."""
    row = next((one for one in resources.current(tx, type_, id_) if one.directory), None)
    return as_object(read_json(row.body)) if row is not None else {"resourceType": type_, "id": id_}
