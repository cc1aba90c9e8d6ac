"""Names: how one thing of a file is called, so that sending it again updates it and a correction replaces it."""

from collections.abc import Mapping
from dataclasses import dataclass

from connectors.careplan.parse import Row
from connectors.careplan.to_fhir.elements import office, without_blanks
from connectors.conversion import SourceContext
from connectors.transaction import by_identifier, create, update, uuid_url
from profiles.canonical import BASE, KAIGO_INSURED_NO
from profiles.resource import Json, Resource

# A record is one resource of one sender; a sheet is all that one form of one person and day (or month) has given.
RECORD = f"{BASE}/NamingSystem/careplan-record"
SHEET = f"{BASE}/NamingSystem/careplan-sheet"


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the transaction, and the line it comes from."""

    line: int
    content: Resource


@dataclass(frozen=True, slots=True)
class Record:
    """The name of one resource; ``sheet`` is the name of the sheet it stands on, ``""`` when it outlives the sheet."""

    resource_type: str
    value: str
    sheet: str = ""

    @property
    def full_url(self) -> str:
        """Its ``urn:uuid:`` in the bundle."""
        return uuid_url(RECORD, self.resource_type, self.value)

    @property
    def reference(self) -> Resource:
        """A Reference to it from another entry of the same bundle."""
        return {"reference": self.full_url}

    @property
    def named(self) -> Resource:
        """A Reference to it by its name alone, for a bundle that may not hold it."""
        return {"type": self.resource_type, "identifier": {"system": RECORD, "value": self.value}}

    def put(self, line: int, body: Resource) -> Entry:
        """The entry that stores ``body`` under this name; elements of ``body`` without a value are left out."""
        identifiers: list[Json] = [{"system": RECORD, "value": self.value}]
        if self.sheet:
            identifiers.append({"system": SHEET, "value": self.sheet})
        resource: Resource = {
            "resourceType": self.resource_type,
            # QuestionnaireResponse alone has room for one identifier only.
            "identifier": identifiers[0] if self.resource_type == "QuestionnaireResponse" else identifiers,
            **body,
        }
        return Entry(line, update(without_blanks(resource), self.full_url, RECORD, self.value))


@dataclass(frozen=True, slots=True)
class Origin:
    """Who sends the file, and how the people in it are referred to (insured number → Reference)."""

    source: SourceContext
    people: Mapping[str, Resource]

    @property
    def sender(self) -> Resource:
        """A Reference to the sending office."""
        return office(self.source.care_office_number or "", self.source.organisation_name)

    def patient(self, row: Row) -> Resource:
        """A Reference to the person of the row."""
        return self.people[row.insured]

    def sheet(self, row: Row, *words: str) -> str:
        """The name of a sheet: sender, person and ``words``."""
        return ":".join([self.source.care_office_number or self.source.organisation_id, row.insured, *words])

    def record(self, resource_type: str, sheet: str, *words: str) -> Record:
        """The name of a resource that stands on ``sheet``."""
        return Record(resource_type, ":".join([sheet, *words]), sheet)

    def lasting(self, resource_type: str, row: Row, *words: str) -> Record:
        """The name of a resource about the person that a later sheet updates."""
        return Record(resource_type, self.sheet(row, *words))


def origin_of(rows: list[Row], source: SourceContext, introduced: frozenset[str]) -> Origin:
    """``introduced`` are the people for whom the bundle has a Patient entry.

    Others are referred to by a search on their insured number; all of them as ``source.patient`` when it is given.
    """
    people: dict[str, Resource] = {}
    for row in rows:
        if source.patient:
            people[row.insured] = {"reference": source.patient}
        elif row.insured in introduced:
            people[row.insured] = {"reference": person_url(row.insured)}
        else:
            people[row.insured] = {"reference": f"Patient?{by_identifier(KAIGO_INSURED_NO, row.insured)}"}
    return Origin(source, people)


def person_url(insured: str) -> str:
    """The ``urn:uuid:`` of a person's Patient entry."""
    return uuid_url(KAIGO_INSURED_NO, insured)


def patient_entry(row: Row, body: Resource) -> Entry:
    """The entry that makes the person known; the hub answers with the one Patient when it knows the person already."""
    identifier: Resource = {"system": KAIGO_INSURED_NO, "value": row.insured}
    patient = without_blanks({"resourceType": "Patient", "identifier": [identifier], **body})
    return Entry(row.line, create(patient, person_url(row.insured)))
