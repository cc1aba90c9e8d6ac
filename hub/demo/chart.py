"""One resident's chart at one organisation: what all resources made from it have in common."""

from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import quote

from connectors.transaction import create, uuid_url
from hub.demo.city import Catalogue, City, Organisation
from hub.demo.elements import INSTITUTION_PATIENT, MEMBER_ID
from hub.demo.lives import Life
from profiles.canonical import KAIGO_INSURED_NO
from profiles.resource import Resource

KAIGO_INSURER = "019990"
PHARMACY = "pharmacy"


@dataclass(frozen=True, slots=True)
class Demo:
    """The demo city as data: organisations, people, systems, short names, residents."""

    city: City
    catalogue: Catalogue
    lives: tuple[Life, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """What one organisation knows of one resident, on the day ``today``."""

    demo: Demo
    organisation: Organisation
    life: Life
    today: date

    @property
    def subject(self) -> Resource:
        """The Reference to the person: to the Patient of the same bundle, or by an identifier that the city knows."""
        return {"reference": self.patient_url if self.introduces else conditional(self.life)}

    @property
    def patient_url(self) -> str:
        """The fullUrl of the Patient of this bundle."""
        return uuid_url("demo", self.organisation.id, self.life.id, "patient")

    @property
    def introduces(self) -> bool:
        """Whether this organisation pushes its own Patient: the city, and where the person has a patient number."""
        return self.organisation.kind == "municipality" or self.organisation.id in self.life.numbers

    @property
    def own_number(self) -> Resource | None:
        """The Identifier of the person in this organisation's books."""
        number = self.life.numbers.get(self.organisation.id)
        system = INSTITUTION_PATIENT + self.organisation.identifiers.medical_institution
        return {"system": system, "value": number} if number else None

    @property
    def itself(self) -> Resource:
        """The Reference to the organisation."""
        return organisation(self.organisation)

    def date(self, day: int) -> str:
        """The date ``day`` days from today."""
        return (self.today + timedelta(days=day)).isoformat()

    def moment(self, day: int, at: str) -> str:
        """That day at ``HH:MM`` in Japan, as a FHIR dateTime.

        What is told of today happened in its first hours: the city may be founded in the morning, and nothing in
        it should lie in the future.
        """
        if day == 0:
            minutes = (int(at[:2]) * 60 + int(at[3:])) // 2
            at = f"{minutes // 60:02}:{minutes % 60:02}"
        return f"{self.date(day)}T{at}:00+09:00"

    def author(self, name: str) -> Resource:
        """The Reference to a person by id; to the organisation when no person is named."""
        return practitioner(self.demo.city, name) if name else self.itself

    def entry(self, resource: Resource, *words: str) -> Resource:
        """The transaction entry that stores ``resource``; ``words`` tell it from the others of the chart."""
        kind = str(resource["resourceType"])
        return create(resource, uuid_url("demo", self.organisation.id, self.life.id, kind, *words))


def organisation(one: Organisation) -> Resource:
    """The Reference to an organisation of the city file."""
    return {"reference": f"Organization/{one.id}", "display": one.name}


def practitioner(city: City, name: str) -> Resource:
    """The Reference to a person of the city file."""
    return {"reference": f"Practitioner/{name}", "display": city.person_of(name).name}


def identifiers(life: Life) -> list[Resource]:
    """The Identifiers that mean the same to everybody: long-term care, medical insurance."""
    found: list[Resource] = []
    if life.care:
        found.append({"system": KAIGO_INSURED_NO, "value": f"{KAIGO_INSURER}-{life.care.insured}"})
    if life.insurance.insurer:
        found.append({"system": MEMBER_ID, "value": member_id(life)})
    return found


def member_id(life: Life) -> str:
    """被保険者個人識別子: insurer, symbol, number, branch; the last colon is kept (FACTS §1.6)."""
    card = life.insurance
    return f"{card.insurer}:{card.symbol}:{card.number}:{card.branch}"


def shared_identifier(life: Life) -> str:
    """``system|value`` of an identifier that the city has linked."""
    first = identifiers(life)[0]
    return f"{first['system']}|{first['value']}"


def conditional(life: Life) -> str:
    """The conditional reference to the person (FHIR R4 §3.1.0.11.2)."""
    return f"Patient?identifier={quote(shared_identifier(life), safe='')}"
