"""Forged and swapped names (TRUST T-054, T-066 … T-069): nothing is moved, taken over or opened by a name."""

import json
from collections.abc import Callable
from itertools import count
from urllib.parse import quote

import httpx2
import pytest

from profiles.canonical import KAIGO_INSURED_NO
from tests.api.looking import NEVER_USED, prescription
from tests.fhir_answers import ids
from tests.hub_in_test import (
    MR,
    NOON,
    Body,
    City,
    care_team,
    consent,
    entry,
    note,
    observation,
    patient,
    transaction,
)

pytestmark = pytest.mark.one_hub
NUMBERS = count(9_700_000_001)
NOTHING: set[str] = set()
TEAM = ("Organization/hosp", "Organization/kyotaku", "Practitioner/cm-ito")


@pytest.fixture
def other(city: City) -> str:
    """Another resident, who is looked after by the same and agrees to everything."""
    resident = city.resident(f"{next(NUMBERS):010d}", name="別人 一郎")
    city.team(resident, *TEAM)
    city.consent(resident)
    return resident


@pytest.fixture
def person(city: City) -> str:
    """A resident who is looked after, and has agreed to nothing."""
    city.clock.now = NOON
    resident = city.resident(f"{next(NUMBERS):010d}")
    city.team(resident, *TEAM)
    return resident


@pytest.fixture
def secret(city: City, person: str) -> Body:
    return city.created("hosp-ehr", prescription(person, mark(person)))


def mark(person: str) -> str:
    """What stands in this resident's secret alone."""
    return f"ヒミツマル錠{person}"


def seen(city: City, who: str, secret: Body) -> set[str]:
    """Which of three kinds of doors show somebody the secret; tests/api/test_consent_at_the_doors.py asks at all."""
    person = secret["subject"]["reference"].removeprefix("Patient/")
    paths = {
        "read": f"/fhir/MedicationRequest/{secret['id']}",
        "search": f"/fhir/MedicationRequest?patient={person}",
        "feed": f"/feed?patient={person}",
    }
    return {door for door, path in paths.items() if mark(person) in city.get(who, path).text}


# -- T-066: what a client says for the hub


MEMBERS: dict[str, Body] = {
    "another source": {"source": "http://hub.test/fhir/Organization/clinic"},
    "its own version": {"versionId": "1"},
    "its own time": {"lastUpdated": "2001-01-01T00:00:00Z"},
    "a tag of the hub": {
        "tag": [{"system": "https://renkei.example/fhir/CodeSystem/publication", "code": "city/team"}]
    },
}


@pytest.mark.promise("the-hub-says-who-and-when")
@pytest.mark.parametrize("name", MEMBERS)
def test_what_a_client_says_for_the_hub_makes_no_difference(city: City, person: str, name: str) -> None:
    said = MEMBERS[name]
    plain = city.created("hosp-ehr", note(person))
    named = {**note(person), "id": "mine", "meta": said}
    answers = [
        city.post("hosp-ehr", "/fhir/Communication", named),
        city.put(
            "hosp-ehr", f"/fhir/Communication/{plain['id']}", {**note(person, "変更"), "id": plain["id"], "meta": said}
        ),
    ]
    [created, updated] = [answer.json() for answer in answers]
    for stored in (created, updated):
        assert stored["meta"]["source"] == "http://hub.test/fhir/Organization/hosp"
        assert stored["meta"]["lastUpdated"].startswith("2026-11-22")
        assert stored["meta"]["versionId"] not in ("1", plain["meta"]["versionId"])
        assert stored["id"] != "mine"
    assert city.get("clinic-emr", f"/fhir/Communication/{created['id']}").status_code == 404


# -- T-067: another's name in one's own resource


def patched(city: City, who: str, resource: Body, *operations: Body) -> httpx2.Response:
    here = f"/fhir/{resource['resourceType']}/{resource['id']}"
    headers = city.headers(who, content_type="application/json-patch+json")
    return city.client.patch(here, content=json.dumps(operations).encode(), headers=headers)


@pytest.mark.promise("nothing-is-moved-to-a-stranger")
@pytest.mark.parametrize("form", ["Patient/{}", "http://hub.test/fhir/Patient/{}", "Patient/{}/_history/1"])
@pytest.mark.parametrize("door", ["put", "patch", "transaction", "batch"])
def test_a_subject_is_moved_to_no_stranger_by_any_door(city: City, person: str, form: str, door: str) -> None:
    stranger = city.resident(f"{next(NUMBERS):010d}")
    one = city.created("hosp-ehr", observation(person))
    here = f"Observation/{one['id']}"

    def moved(to_whom: str) -> httpx2.Response:
        subject = {"reference": form.format(to_whom)}
        bundle = transaction(entry({**one, "subject": subject}, "PUT", here))
        asks = {
            "put": lambda: city.put("hosp-ehr", f"/fhir/{here}", {**one, "subject": subject}),
            "patch": lambda: patched(city, "hosp-ehr", one, {"op": "replace", "path": "/subject", "value": subject}),
            "transaction": lambda: city.post("hosp-ehr", "/fhir", bundle),
            "batch": lambda: city.post("hosp-ehr", "/fhir", {**bundle, "type": "batch"}),
        }
        return asks[door]()

    refused, nobody = moved(stranger), moved(NEVER_USED)
    assert refused.text.replace(stranger, "?") == nobody.text.replace(NEVER_USED, "?")
    status = refused.json()["entry"][0]["response"]["status"] if door == "batch" else str(refused.status_code)
    assert status[:3] == "422"
    assert city.get("hosp-ehr", f"/fhir/{here}").json() == one
    assert ids(city.get("city-registry", f"/fhir/Observation?patient={stranger}")) == []


@pytest.mark.promise("only-the-source-changes-its-own")
def test_an_id_of_another_source_is_nobodys(city: City, person: str, secret: Body) -> None:
    """PUT, PATCH and DELETE of what another published, and of what nobody did, are one answer, and change nothing."""
    city.consent(person)
    theirs = {**secret, "status": "stopped"}
    status: Body = {"op": "replace", "path": "/status", "value": "stopped"}
    for there in (secret["id"], NEVER_USED):
        body = {**theirs, "id": there}
        answers = [
            city.put("care-plan-app", f"/fhir/MedicationRequest/{there}", body),
            patched(city, "care-plan-app", body, status),
            city.delete("care-plan-app", f"/fhir/MedicationRequest/{there}"),
            city.post("care-plan-app", "/fhir", transaction(entry(body, "PUT", f"MedicationRequest/{there}"))),
        ]
        assert [one.status_code for one in answers] == [404] * 4
    assert city.get("hosp-ehr", f"/fhir/MedicationRequest/{secret['id']}").json() == secret


@pytest.mark.promise("only-the-source-changes-its-own")
def test_a_custodian_that_is_named_makes_nobody_the_source(city: City, person: str) -> None:
    content = [{"attachment": {"contentType": "text/plain", "data": "eA=="}}]
    document: Body = {
        "resourceType": "DocumentReference",
        "status": "current",
        "subject": {"reference": f"Patient/{person}"},
        "custodian": {"reference": "Organization/kyotaku"},
        "author": [{"reference": "Organization/kyotaku"}],
        "content": content,
    }
    stored = city.created("hosp-ehr", document)
    here = f"/fhir/DocumentReference/{stored['id']}"
    assert stored["meta"]["source"].endswith("Organization/hosp")
    assert city.get("care-plan-app", here).status_code == 404
    assert city.put("care-plan-app", here, stored).status_code == 404


# -- T-068: the same number from another source


@pytest.mark.promise("only-the-source-changes-its-own")
@pytest.mark.parametrize("door", ["conditional update", "conditional create", "fullUrl", "conditional delete"])
def test_a_number_that_another_source_gave_takes_nothing_of_theirs(city: City, person: str, door: str) -> None:
    city.team(person, "Organization/clinic")
    city.consent(person)
    number = f"B-{next(NUMBERS)}"
    where = f"identifier=http://hosp.test/obs|{number}"
    url = f"http://hosp.test/fhir/Observation/{number}"
    about: Body = {"subject": {"reference": f"http://hub.test/fhir/Patient/{person}"}}
    first = observation(person, number=number, **about)
    pushed = city.post("hosp-ehr", "/fhir", transaction(entry(first, full_url=url)))
    theirs = pushed.json()["entry"][0]["response"]["location"].split("/")[1]
    before = city.get("hosp-ehr", f"/fhir/Observation/{theirs}").json()
    mine = observation(person, 9.9, number=number, **about)
    answers: dict[str, Callable[[], httpx2.Response]] = {
        "conditional update": lambda: city.put("clinic-emr", f"/fhir/Observation?{where}", mine),
        "conditional create": lambda: city.post("clinic-emr", "/fhir/Observation", mine, if_none_exist=where),
        "fullUrl": lambda: city.post("clinic-emr", "/fhir", transaction(entry(mine, full_url=url))),
        "conditional delete": lambda: city.delete("clinic-emr", f"/fhir/Observation?{where}"),
    }
    answer = answers[door]()
    assert answer.status_code in (200, 201, 204), answer.text  # one's own is made, or there is nothing to delete
    assert city.get("hosp-ehr", f"/fhir/Observation/{theirs}").json() == before
    assert ids(city.get("hosp-ehr", f"/fhir/Observation?{where}&_source=http://hub.test/fhir/Organization/hosp")) == [
        theirs
    ]


# -- T-069: links between people


@pytest.mark.promise("a-link-gives-no-right")
@pytest.mark.parametrize("kind", ["seealso", "refer", "replaces", "replaced-by"])
@pytest.mark.parametrize("who", ["clinic-emr", "hosp-ehr", "city-registry"])
def test_a_link_between_two_people_opens_nothing(city: City, person: str, other: str, kind: str, who: str) -> None:
    """The clinic looks after another person, who is said to be the same as this one."""
    city.team(other, "Organization/clinic")
    city.consent(person)
    secret = city.created("hosp-ehr", prescription(person, mark(person)))
    assert seen(city, "clinic-emr", secret) == NOTHING
    known = city.get(who, f"/fhir/Patient/{other}").json()
    linked = {**known, "link": [{"other": {"reference": f"Patient/{person}"}, "type": kind}]}
    if who != "city-registry":
        linked = {**patient(name="別人 一郎"), "id": other, "identifier": known["identifier"], "link": linked["link"]}
    answer = city.put(who, f"/fhir/Patient/{other}", linked)
    assert answer.status_code in ((200, 201, 422) if who != "clinic-emr" else (422,)), answer.text
    assert seen(city, "clinic-emr", secret) == NOTHING
    assert mark(person) not in city.get("clinic-emr", f"/fhir/Patient/{other}/$everything").text


# -- T-054: an id in another place


PLACES = (
    "/fhir/Patient/{}",
    "/fhir/Patient/{}/_history",
    "/fhir/Patient?_id={}",
    "/fhir/Patient?_id={},{}",
    "/fhir/Patient?link={}",
    "/fhir/Patient/{}/MedicationRequest",
    "/fhir/Patient/{}/*",
    "/fhir/Patient/{}/$everything",
    "/fhir/MedicationRequest?patient={}",
    "/fhir/MedicationRequest?patient=Patient/{}",
    "/fhir/MedicationRequest?patient=http://hub.test/fhir/Patient/{}",
    "/fhir/MedicationRequest?subject={}",
    "/fhir/MedicationRequest?subject:Patient={}",
    "/fhir/MedicationRequest?subject:Patient._id={}",
    "/fhir/MedicationRequest?patient.identifier={number}",
    "/fhir/MedicationRequest?patient:identifier={number}",
    "/fhir/Patient?identifier={number}",
    "/fhir/Patient?_has:MedicationRequest:patient:status=active&_id={}",
    "/fhir?_type=Patient,MedicationRequest&_id={}",
    "/feed?patient={}",
)


@pytest.mark.promise("hidden-answers-as-never-existed")
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("who", ["clinic-emr", "pharm-rx", "cm-ueda"])
def test_an_id_is_of_no_use_in_any_place(city: City, person: str, secret: Body, place: str, who: str) -> None:
    """Somebody who does not look after the resident has learnt the id, and the number."""
    city.consent(person)
    record = city.get("city-registry", f"/fhir/Patient/{person}").json()
    number = f"{KAIGO_INSURED_NO}|{record['identifier'][0]['value']}"
    unknown = f"{KAIGO_INSURED_NO}|011234-9999999999"

    def ask(id_: str, value: str) -> httpx2.Response:
        return city.get(who, place.format(id_, id_, number=quote(value, safe="|:/")))

    def plain(answer: httpx2.Response, id_: str, value: str) -> str:
        return answer.text.replace(id_, "?").replace(quote(value, safe=":/,"), "?").replace(quote(value), "?")

    hidden, never = ask(person, number), ask(NEVER_USED, unknown)
    assert hidden.status_code == never.status_code
    assert hidden.status_code in (200, 404)
    assert plain(hidden, person, number) == plain(never, NEVER_USED, unknown)
    assert mark(person) not in hidden.text


WRITES: dict[str, Callable[[str], Body]] = {
    "a subject": lambda who: observation(who),
    "a second subject": lambda who: note("{mine}", recipient=[{"reference": f"Patient/{who}"}]),
    "a care team": lambda who: care_team(who, "Organization/clinic"),
    "a consent": lambda who: consent(who, "medical", organization=[{"reference": "Organization/clinic"}]),
    "a group": lambda who: {
        "resourceType": "Group",
        "type": "person",
        "actual": True,
        "member": [{"entity": {"reference": f"Patient/{who}"}}],
    },
    "a list": lambda who: {
        "resourceType": "List",
        "status": "current",
        "mode": "working",
        "subject": {"reference": f"Patient/{who}"},
    },
}


@pytest.mark.promise("hidden-answers-as-never-existed")
@pytest.mark.parametrize("name", WRITES)
def test_an_id_is_of_no_use_in_what_is_written(city: City, person: str, name: str) -> None:
    number = {"identifier": [{"system": MR, "value": f"{next(NUMBERS)}"}]}
    mine = str(city.created("clinic-emr", {**patient(name="自院 患者"), **number})["id"])

    def written(who: str) -> tuple[httpx2.Response, httpx2.Response]:
        body = json.loads(json.dumps(WRITES[name](who)).replace("{mine}", mine))
        return (
            city.post("clinic-emr", f"/fhir/{body['resourceType']}", body),
            city.post("clinic-emr", "/fhir", transaction(entry(note(mine)), entry(body))),
        )

    hidden, never = written(person), written(NEVER_USED)
    for one, other in zip(hidden, never, strict=True):
        assert one.status_code == other.status_code == 422, one.text
        assert one.text.replace(person, "?") == other.text.replace(NEVER_USED, "?")
