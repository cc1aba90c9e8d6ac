"""``POST /ingest/{format}`` (DESIGN §6): native files through the door, whole or not at all, once, with a report."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import httpx2
import pytest

from hub.demo import Push
from hub.demo.files import load
from hub.demo.push import pushes
from hub.store.sql import query
from profiles.canonical import KAIGO_INSURED_NO
from tests.api.looking import DOORS, NEVER_USED, prescription, shown
from tests.hub_in_test import City, patient

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "connectors"
DEMO = ROOT / "deploy" / "demo-city"
INSURED = "019990-0000100011"
DELETED = "DLT1KYO"


@pytest.fixture
def person(city: City) -> str:
    """The resident of the sample files, who consents; their care team."""
    known = {**patient(name="田中 ハナ"), "identifier": [{"system": KAIGO_INSURED_NO, "value": INSURED}]}
    person = str(city.created("city-registry", known)["id"])
    city.team(person, "Organization/hosp", "Organization/pharm", "Organization/kyotaku")
    city.consent(person)
    return person


def send(
    city: City, who: str, format_: str, data: bytes, *, key: str = "k1", name: str = "", patient: str = ""
) -> httpx2.Response:
    query = {name: value for name, value in {"file-name": name, "patient": patient}.items() if value}
    headers = city.headers(who, **({"idempotency_key": key} if key else {}))
    return city.client.post(f"/ingest/{format_}", content=data, params=query, headers=headers)


def stored(city: City) -> tuple[int, int]:
    """How many resources and timeline items the store has."""

    def count(table: str) -> int:
        rows = city.store.lane.do(lambda tx: query(tx, f"SELECT count(*) AS n FROM {table}", {}))  # noqa: S608
        return int(rows[0].n)

    return count("resource"), count("timeline")


SENDERS = {"jahis": "pharm-rx", "careplan": "care-plan-app", "fhir": "hosp-ehr"}


@pytest.mark.parametrize("format_", SENDERS)
def test_every_sample_is_stored_whole_and_reported(city: City, person: str, format_: str) -> None:
    who = SENDERS[format_]
    whose = f"Patient/{person}" if format_ == "jahis" else ""
    files = [path for path in sorted((SAMPLES / format_ / "samples").glob("[!.]*")) if DELETED not in path.name]
    assert len(files) >= 2
    for path in files:
        answer = send(city, who, format_, path.read_bytes(), key=path.name, name=path.name, patient=whose)
        assert answer.status_code == 200, (path.name, answer.text)
        bundle = answer.json()
        *entries, report = bundle["entry"]
        assert bundle["type"] == "transaction-response"
        assert {one["response"]["status"] for one in entries} <= {"200 OK", "201 Created", "204 No Content"}
        assert {issue["severity"] for issue in report["response"]["outcome"]["issue"]} == {"information"}
        for one in entries:
            assert city.get(who, f"/fhir/{one['response']['location']}").status_code == 200, (path.name, one)
    assert {row["query"] for row in city.log(system=who) if row["interaction"] == "create"} == {"ingest"}


def test_a_file_of_which_nothing_has_a_place_is_reported_and_in_the_log(city: City, person: str) -> None:
    path = next((SAMPLES / "careplan/samples").glob("UPSIKYU_*"))
    before = stored(city)
    answer = send(city, "care-plan-app", "careplan", path.read_bytes(), name=path.name)
    assert answer.status_code == 200
    (report,) = answer.json()["entry"]
    assert "was not mapped" in report["response"]["outcome"]["issue"][0]["diagnostics"]
    assert stored(city) == before
    assert city.log()[0]["interaction"] == "ingest"


def test_a_retry_has_one_effect_and_the_first_answer(city: City, person: str) -> None:
    data = (SAMPLES / "jahis/samples/dispensing.txt").read_bytes()
    first = send(city, "pharm-rx", "jahis", data, patient=f"Patient/{person}")
    before = stored(city)
    again = send(city, "pharm-rx", "jahis", data, patient=f"Patient/{person}")
    assert (again.status_code, again.json()) == (200, first.json())
    assert stored(city) == before
    # the same file under another key finds its own resources unchanged
    same = send(city, "pharm-rx", "jahis", data, key="k2", patient=f"Patient/{person}")
    assert {one["response"]["status"] for one in same.json()["entry"]} == {"200 OK"}
    assert stored(city) == before
    # and the key is the file's: another file under it is refused
    other = (SAMPLES / "jahis/samples/handed-on.txt").read_bytes()
    assert send(city, "pharm-rx", "jahis", other, patient=f"Patient/{person}").status_code == 422
    assert stored(city) == before


def test_a_key_is_needed(city: City, person: str) -> None:
    data = (SAMPLES / "fhir/samples/patient-summary.json").read_bytes()
    for key in ("", "k" * 256):
        refused = send(city, "hosp-ehr", "fhir", data, key=key)
        assert refused.status_code == 400
        assert "Idempotency-Key" in refused.text
    assert city.get("hosp-ehr", "/fhir/AllergyIntolerance").json().get("entry") is None


@pytest.mark.parametrize(
    ("format_", "name", "spoil"),
    [
        ("jahis", "dispensing.txt", lambda data: data.replace(b"20261120,1", b"20261399,1", 1)),
        ("jahis", "dispensing.txt", lambda data: data.replace(b"20261101,20261104", b"20261101\x81,20261104", 1)),
        ("jahis", "dispensing.txt", lambda data: data.replace(b"JAHISTC08", b"JAHISTC", 1)),
        ("careplan", "UP1KYO_0171200018_43_0171200026_15_20261101090000.CSV", lambda data: data.replace(b'"', b"", 1)),
        ("careplan", "UP1KYO_0171200018_43_0171200026_15_20261101090000.CSV", lambda data: data[:-200]),
        ("careplan", "UP1KYO_0171200018_43_0171200026_15_20261101090000.CSV", lambda data: b"\xff\xfe" + data),
        ("fhir", "patient-summary.json", lambda data: data[:-20]),
        ("fhir", "patient-summary.json", lambda data: data.replace(b'"type"', b'"type": "x", "type"', 1)),
        ("fhir", "export.ndjson", lambda data: data + b"{\n"),
    ],
)  # fmt: skip
def test_a_damaged_file_is_refused_with_its_place_and_nothing_of_it_is_stored(
    city: City, person: str, format_: str, name: str, spoil: Callable[[bytes], bytes]
) -> None:
    good = (SAMPLES / format_ / "samples" / name).read_bytes()
    bad = spoil(good)
    assert bad != good
    who = SENDERS[format_]
    whose = f"Patient/{person}" if format_ == "jahis" else ""
    before = stored(city)
    refused = send(city, who, format_, bad, name=name, patient=whose)
    assert refused.status_code == 400, refused.text
    (issue,) = refused.json()["issue"]
    assert issue["severity"] == "error"
    assert issue["expression"][0].startswith("line ")
    assert ", column " in issue["expression"][0]
    assert stored(city) == before
    assert send(city, who, format_, good, name=name, patient=whose).status_code == 200  # and the key is still free


def test_what_the_door_does_not_take(city: City, person: str) -> None:
    data = (SAMPLES / "jahis/samples/dispensing.txt").read_bytes()
    assert send(city, "pharm-rx", "nsips", data).status_code == 404
    assert send(city, "pharm-rx", "jahis", b"").status_code == 400
    assert send(city, "pharm-rx", "jahis", data, patient=f"Patient/{NEVER_USED}").status_code == 422
    assert send(city, "pharm-rx", "jahis", data, patient="somebody").status_code in (400, 422)
    assert city.client.post("/ingest/jahis", content=data, headers={"Idempotency-Key": "k"}).status_code == 401
    assert city.get("pharm-rx", "/fhir/MedicationDispense").json().get("entry") is None


def test_a_file_may_only_hold_what_its_sender_may_publish(city: City, person: str) -> None:
    data = (SAMPLES / "jahis/samples/dispensing.txt").read_bytes()
    before = stored(city)
    refused = send(city, "care-plan-app", "jahis", data, patient=f"Patient/{person}")
    assert refused.status_code == 403
    assert "dispensing" in refused.text
    assert stored(city) == before


def test_a_deletion_file_takes_back_what_its_office_sent(city: City, person: str) -> None:
    plan, deletion = (next((SAMPLES / "careplan/samples").glob(f"{kind}_*.CSV")) for kind in ("UP1KYO", DELETED))
    sent = send(city, "care-plan-app", "careplan", plan.read_bytes(), name=plan.name).json()
    kinds = {one["response"]["location"].split("/")[0] for one in sent["entry"][:-1]}
    assert "CarePlan" in kinds
    gone = send(city, "care-plan-app", "careplan", deletion.read_bytes(), key="k2", name=deletion.name)
    assert gone.status_code == 200, gone.text
    assert [one["response"]["status"] for one in gone.json()["entry"]] == ["204 No Content", "204 No Content", "200 OK"]
    located = [one["response"]["location"] for one in sent["entry"][:-1]]
    plan_itself = next(one for one in located if one.startswith("CarePlan/")).partition("/_history")[0]
    assert city.get("care-plan-app", f"/fhir/{plan_itself}").status_code == 410
    again = send(city, "care-plan-app", "careplan", deletion.read_bytes(), key="k3", name=deletion.name)
    assert again.status_code == 200  # what is gone stays gone


def test_the_offices_of_a_plan_become_its_care_team_by_their_numbers(city: City, person: str) -> None:
    one = city.created("hosp-ehr", prescription(person, "ヒミツマル錠"))
    before = shown(city, "cw-suzuki", one, "ヒミツマル錠", person)
    plan = next((SAMPLES / "careplan/samples").glob("UP2KYO_*.CSV"))
    assert send(city, "care-plan-app", "careplan", plan.read_bytes(), name=plan.name).status_code == 200
    assert before == set()
    assert shown(city, "cw-suzuki", one, "ヒミツマル錠", person) == DOORS


@pytest.fixture(scope="module")
def planned() -> list[Push]:
    """What the demo city's systems push on a day."""
    return list(pushes(load(DEMO), date(2026, 11, 22)))


def test_the_demo_citys_files_are_taken_once_its_residents_are_known(city: City, planned: list[Push]) -> None:
    files = [push for push in planned if push.door != "fhir"]
    assert {push.door for push in files} == {"ingest/jahis", "ingest/careplan"}
    notebooks = [push for push in files if push.door == "ingest/jahis"]
    for push in notebooks:
        system, _, value = (push.patient_identifier or "").partition("|")
        known = {**patient(), "identifier": [{"system": system, "value": value}]}
        city.team(str(city.created("city-registry", known)["id"]), "Organization/pharm", "Organization/kyotaku")
    for push in [*notebooks[:8], *(push for push in files if push.door == "ingest/careplan")]:
        name, whose = push.file_name or "", push.patient_identifier or ""
        format_ = push.door.rpartition("/")[2]
        answer = send(city, push.system, format_, push.body, key=push.key, name=name, patient=whose)
        assert answer.status_code == 200, (push.description, answer.text[:500])
        assert len(answer.json()["entry"]) > 1
