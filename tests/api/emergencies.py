"""What the tests about emergencies share: somebody on the street, and those who come."""

from itertools import count
from typing import Any

import httpx2

from hub.store import reviews
from tests.hub_in_test import Body, City

DECLARE = "/fhir/Patient/$declare-emergency"
PARAMEDIC, NURSE, OFFICER, SECOND = "pm-hori", "ns-abe", "off-murata", "off-chiba"
REASON, PLACE = "自宅前で倒れているところを発見", "栄町４丁目"
WHY = [{"name": "reason", "valueString": REASON}, {"name": "place", "valueString": PLACE}]


def declare(city: City, who: str = PARAMEDIC, **said: str) -> httpx2.Response:
    """A declaration; of what is said, ``birthDate`` is a date and all else a text."""
    parameters = [
        {"name": name, "valueDate" if name == "birthDate" else "valueString": value}
        for name, value in {"reason": REASON, "place": PLACE, **said}.items()
    ]
    return city.post(who, DECLARE, {"resourceType": "Parameters", "parameter": parameters})


def declared(city: City, who: str = PARAMEDIC, **said: str) -> dict[str, str]:
    """A declaration that must succeed: ``patient``, ``until``."""
    answer = declare(city, who, **said)
    assert answer.status_code == 200, answer.text
    found = {one["name"]: one for one in answer.json()["parameter"]}
    reference: str = found["patient"]["valueReference"]["reference"]
    return {"patient": reference.removeprefix("Patient/"), "until": found["until"]["valueInstant"]}


def allergy(person: str, **more: Any) -> Body:
    return {
        "resourceType": "AllergyIntolerance",
        "clinicalStatus": {
            "coding": [
                {"system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", "code": "active"}
            ]
        },
        "code": {"text": "ペニシリン"},
        "patient": {"reference": f"Patient/{person}"},
        **more,
    }


def relative(person: str) -> Body:
    return {
        "resourceType": "RelatedPerson",
        "active": True,
        "patient": {"reference": f"Patient/{person}"},
        "relationship": [{"text": "長女"}],
        "name": [{"text": "山田 和子"}],
        "telecom": [{"system": "phone", "value": "0165-00-0001"}],
    }


NUMBERS = count(9_100_000_001)


def somebody(city: City, *team: str, **more: Any) -> tuple[str, str]:
    """A resident who agreed to nothing: the hub's id, and a name that nobody else has.  The hospital is in the team."""
    number = next(NUMBERS)
    name = f"試験 {number}子"
    person = city.resident(f"{number:010d}", name=name, **more)
    city.team(person, "Organization/hosp", *team)
    return person, name


def cases(city: City, **where: str) -> list[Body]:
    """The open cases of the review queue, oldest first."""
    rows = city.store.lane.do(lambda tx: reviews.waiting(tx, 1000))
    found = [dict(row._mapping) for row in rows]
    return [one for one in found if all(one[name] == value for name, value in where.items())]
