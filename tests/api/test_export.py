"""Bulk Data $export (STU 2): three levels, the protocol, what is narrowed, what changes while it runs."""

import asyncio
import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import groupby
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from starlette.types import Message, Receive, Scope, Send

from tests.api.exporting import exported, fetched, ids, job, kick_off, manifest, push_slowly
from tests.api.pages_city import CARE_MANAGER, HERE, browser_of
from tests.fhir_answers import issues
from tests.hub_in_test import BASE_URL, QUIET, Body, City, entry, note, observation, small_city, transaction

ONE_ROW = QUIET.model_copy(update={"export_slice": 1})
TEAM = ("Organization/hosp", "Organization/kyotaku", "Practitioner/cm-ito")


@pytest.fixture
def slow(tmp_path: Path, store_kind: str) -> Iterator[City]:
    """A hub that looks at one row at a time."""
    with small_city(tmp_path, ONE_ROW) as city:
        yield city


def person(city: City, number: str = "0000000001", name: str = "山田 花子") -> str:
    """A resident with a team and a consent."""
    patient = city.resident(number, name=name)
    city.team(patient, *TEAM)
    city.consent(patient)
    return patient


def group(city: City, who: str, *patients: str, **more: object) -> str:
    members = [{"entity": {"reference": f"Patient/{one}"}} for one in patients]
    body: Body = {"resourceType": "Group", "type": "person", "actual": True, "member": members, **more}
    return str(city.created(who, body)["id"])


def test_an_export_of_all_whom_one_looks_after(city: City) -> None:
    near, far = person(city), city.resident("0000000002", name="佐々木 一郎")
    result = city.created("hosp-ehr", observation(near))
    hidden = city.created("city-registry", note(far))

    place = job(city, "care-plan-app", "Patient/$export")
    told = manifest(city, "care-plan-app", place)
    assert told["transactionTime"] == "2026-11-22T03:00:00.000Z"
    assert told["request"] == f"{BASE_URL}/fhir/Patient/$export"
    assert (told["requiresAccessToken"], told["error"]) == (True, [])
    assert "deleted" not in told
    assert all(one["url"].startswith(f"{BASE_URL}{place}/") for one in told["output"])
    found = fetched(city, "care-plan-app", told)
    assert ids(found, "Patient") == {near}
    assert ids(found, "Observation") == {result["id"]}
    assert hidden["id"] not in ids(found)
    assert next(one for one in found if one["resourceType"] == "Observation") == result


def test_an_export_of_the_members_of_a_group(city: City) -> None:
    inside, outside = person(city), person(city, "0000000002", "佐々木 一郎")
    left = person(city, "0000000003", "高橋 三郎")
    wanted = city.created("hosp-ehr", observation(inside))
    for other in (outside, left):
        city.created("hosp-ehr", observation(other))
    members = [
        {"entity": {"reference": f"Patient/{inside}"}},
        {"entity": {"reference": f"Patient/{left}"}, "inactive": True},
    ]
    id_ = group(city, "care-plan-app", member=members)
    found = exported(city, "care-plan-app", f"Group/{id_}/$export")
    assert ids(found, "Patient") == {inside}
    assert ids(found, "Observation") == {wanted["id"]}

    # a group that one may not read is one that is not there
    foreign = kick_off(city, "clinic-emr", f"Group/{id_}/$export")
    unknown = kick_off(city, "clinic-emr", f"Group/{'0' * 32}/$export")
    assert foreign.status_code == unknown.status_code == 404
    assert foreign.content == unknown.content


def test_an_export_of_the_whole_system_is_for_the_municipality(city: City) -> None:
    one, other = city.resident(), city.resident("0000000002", name="佐々木 一郎")
    found = exported(city, "city-registry", "$export")
    assert ids(found, "Patient") == {one, other}
    assert {"city", "hosp"} <= ids(found, "Organization")
    assert "cm-ito" in ids(found, "Practitioner")
    [refusal] = issues(kick_off(city, "hosp-ehr", "$export"), 403)
    assert "municipality" in refusal["diagnostics"]


def test_it_is_for_systems_that_may_read_everything(city: City) -> None:
    person(city)
    for who in ("cm-ito", "aud-kondo", "day-app"):
        issues(kick_off(city, who, "Patient/$export"), 403)
    place = job(city, "hosp-ehr", "Patient/$export")
    for path in (
        "Patient/$export",
        "$export",
        "Group/x/$export",
        place.removeprefix("/fhir/"),
        f"{place[6:]}/1.ndjson",
    ):
        issues(city.get(None, f"/fhir/{path}", prefer="respond-async"), 401)


def test_types_narrow_it(city: City) -> None:
    patient = person(city)
    result = city.created("hosp-ehr", observation(patient))
    city.created("hosp-ehr", note(patient))
    found = exported(city, "hosp-ehr", "Patient/$export?_type=Observation,Patient&_outputFormat=ndjson")
    assert ids(found) == {patient, result["id"]}
    assert exported(city, "hosp-ehr", "Patient/$export?_type=Immunization") == []


def test_what_is_new_since_and_what_is_gone(city: City) -> None:
    patient = person(city)
    old, changed, gone, wrong = (city.created("hosp-ehr", observation(patient, value)) for value in (1, 2, 3, 4))
    city.clock.move(minutes=1)
    first = manifest(city, "care-plan-app", job(city, "care-plan-app", "Patient/$export"))
    assert {old["id"], gone["id"], wrong["id"]} <= ids(fetched(city, "care-plan-app", first))

    city.clock.move(minutes=1)
    city.put("hosp-ehr", f"/fhir/Observation/{changed['id']}", observation(patient, 2.5, id=changed["id"]))
    withdrawn = observation(patient, 4, id=wrong["id"], status="entered-in-error")
    assert city.put("hosp-ehr", f"/fhir/Observation/{wrong['id']}", withdrawn).status_code == 200
    assert city.delete("hosp-ehr", f"/fhir/Observation/{gone['id']}").status_code == 204
    new = city.created("hosp-ehr", observation(patient, 5))
    city.clock.move(minutes=1)
    path = f"Patient/$export?_since={first['transactionTime']}"
    second = manifest(city, "care-plan-app", job(city, "care-plan-app", path))
    assert ids(fetched(city, "care-plan-app", second)) == {changed["id"], new["id"]}
    deletions = [one["entry"][0]["request"] for one in fetched(city, "care-plan-app", second, "deleted")]
    assert {one["url"] for one in deletions} == {f"Observation/{gone['id']}", f"Observation/{wrong['id']}"}
    assert {one["method"] for one in deletions} == {"DELETE"}
    assert [(one["type"], one["count"]) for one in second["deleted"]] == [("Bundle", 2)]
    # who could not see it is not told that it is gone
    third = manifest(city, "clinic-emr", job(city, "clinic-emr", path))
    assert (third["output"], third["deleted"]) == ([], [])


def test_a_push_that_was_under_way_meanwhile_is_not_missed(city: City) -> None:
    patient = person(city)
    told: list[Body] = []

    def export() -> None:
        city.clock.move(seconds=1)
        told.append(manifest(city, "hosp-ehr", job(city, "hosp-ehr", "Patient/$export?_type=Observation")))
        city.clock.move(seconds=1)

    late = push_slowly(city, "hosp-ehr", observation(patient), export)
    assert fetched(city, "hosp-ehr", told[0]) == []
    since = told[0]["transactionTime"]
    assert ids(exported(city, "hosp-ehr", f"Patient/$export?_type=Observation&_since={since}")) == {late["id"]}


def test_it_is_as_of_its_moment(city: City) -> None:
    patient = person(city)
    kept, changed, gone = (city.created("hosp-ehr", observation(patient, value)) for value in (1, 2, 3))
    place = job(city, "hosp-ehr", "Patient/$export?_type=Observation")
    city.clock.move(seconds=1)
    city.put("hosp-ehr", f"/fhir/Observation/{changed['id']}", observation(patient, 2.5, id=changed["id"]))
    city.delete("hosp-ehr", f"/fhir/Observation/{gone['id']}")
    city.created("hosp-ehr", observation(patient, 4))
    found = {one["id"]: one for one in fetched(city, "hosp-ehr", manifest(city, "hosp-ehr", place))}
    assert found == {kept["id"]: kept, changed["id"]: changed}


def test_a_big_one_is_counted_and_sent_in_pieces(slow: City) -> None:
    patients = [person(slow, f"000000000{number}", f"試験 {number}") for number in range(1, 4)]
    pushed = [entry(observation(patient, value)) for patient in patients for value in range(30)]
    assert slow.post("hosp-ehr", "/fhir", transaction(*pushed)).status_code == 200
    place = job(slow, "hosp-ehr", "Patient/$export")
    began = slow.get("hosp-ehr", place)
    assert (began.status_code, began.content) == (202, b"")
    assert began.headers["Retry-After"]
    told = manifest(slow, "hosp-ehr", place)
    assert [one["count"] for one in told["output"] if one["type"] == "Observation"] == [60, 30]
    found = fetched(slow, "hosp-ehr", told)
    assert len(ids(found, "Observation")) == 90
    assert ids(found, "Patient") == set(patients)
    # what is asked for before it is finished is not there
    early = job(slow, "hosp-ehr", "Patient/$export")
    issues(slow.get("hosp-ehr", f"{early}/1-Patient.ndjson"), 404)


def test_pages_are_answered_between_the_pieces_of_a_big_one(slow: City) -> None:
    """T-139, by counts instead of time: until the end of the export, no page waits for half of its pieces."""
    patient = person(slow)
    assert slow.post("hosp-ehr", "/fhir", transaction(*(entry(observation(patient)) for _ in range(100)))).is_success
    [file] = manifest(slow, "hosp-ehr", job(slow, "hosp-ehr", "Patient/$export?_type=Observation"))["output"]
    headers = slow.headers("hosp-ehr")
    signed_in = {"Cookie": f"renkei_session={browser_of(slow, CARE_MANAGER).session}"}
    order: list[str] = []

    async def watched(scope: Scope, receive: Receive, send: Send) -> None:
        async def told(message: Message) -> None:
            if "$export" in scope["path"] and message["type"] == "http.response.body":
                order.append("piece")
            await send(message)

        await slow.client.app(scope, receive, told)

    async def both() -> None:
        transport = httpx.ASGITransport(watched, client=("127.0.0.1", 50000))
        async with httpx.AsyncClient(transport=transport, base_url=HERE) as client:
            export = asyncio.ensure_future(client.get(urlsplit(file["url"]).path, headers=headers))
            while not export.done():
                assert (await client.get(f"/people/{patient}", headers=signed_in)).status_code == 200
                order.append("page")
            assert len((await export).text.splitlines()) == 100

    assert slow.client.portal is not None
    slow.client.portal.call(both)
    assert order.count("piece") >= 100
    between = [len(list(pieces)) for what, pieces in groupby(order) if what == "piece"]
    assert max(between) < 50


def test_what_a_worker_began_another_process_finishes(tmp_path: Path) -> None:
    with small_city(tmp_path, ONE_ROW) as city:
        patient = person(city)
        city.post("hosp-ehr", "/fhir", transaction(*(entry(observation(patient, value)) for value in range(80))))
        place = job(city, "hosp-ehr", "Patient/$export?_type=Observation")
        assert city.get("hosp-ehr", place).status_code == 202
    with small_city(tmp_path) as city:
        assert len(ids(fetched(city, "hosp-ehr", manifest(city, "hosp-ehr", place)))) == 80


def test_a_file_can_be_sent_packed(city: City) -> None:
    patient = person(city)
    told = manifest(city, "hosp-ehr", job(city, "hosp-ehr", "Patient/$export?_type=Patient"))
    url = told["output"][0]["url"]
    for accepted, packed in (("gzip, deflate", True), ("identity", False)):
        headers = city.headers("hosp-ehr", accept_encoding=accepted)
        with city.client.stream("GET", url, headers=headers) as answer:
            raw = b"".join(answer.iter_raw())
        assert ("content-encoding" in answer.headers) is packed
        text = gzip.decompress(raw) if packed else raw
        assert text.endswith(b"\n")
        assert json.loads(text)["id"] == patient
    # there is no way around the rules by a part, or by what one has already
    partly = city.get("hosp-ehr", url, range="bytes=0-10", if_none_match="*")
    assert partly.status_code == 200
    assert "etag" not in partly.headers


def test_head_begins_nothing_and_takes_nothing(city: City) -> None:
    person(city)
    url = manifest(city, "hosp-ehr", job(city, "hosp-ehr", "Patient/$export"))["output"][0]["url"]
    headers = city.headers("hosp-ehr", prefer="respond-async")
    assert city.client.head("/fhir/Patient/$export", headers=headers).status_code == 405
    answer = city.client.head(url, headers=headers)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/fhir+ndjson")
    assert city.log(interaction="operation:export-file") == []


def test_a_cancelled_one_is_gone(city: City) -> None:
    person(city)
    place = job(city, "hosp-ehr", "Patient/$export")
    url = manifest(city, "hosp-ehr", place)["output"][0]["url"]
    assert city.delete("hosp-ehr", place).status_code == 202
    for answer in (city.get("hosp-ehr", place), city.get("hosp-ehr", url), city.delete("hosp-ehr", place)):
        issues(answer, 404)


def test_it_expires_after_a_day(city: City) -> None:
    person(city)
    place = job(city, "hosp-ehr", "Patient/$export")
    answer = city.get("hosp-ehr", place)
    assert parsedate_to_datetime(answer.headers["Expires"]) == datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
    url = answer.json()["output"][0]["url"]
    city.clock.move(hours=23, minutes=59)
    assert city.get("hosp-ehr", url).status_code == 200
    city.clock.move(minutes=1)
    issues(city.get("hosp-ehr", url), 404)
    issues(city.get("hosp-ehr", place), 404)


def test_three_at_a_time(slow: City) -> None:
    person(slow)
    places = [job(slow, "hosp-ehr", "Patient/$export") for _ in range(3)]
    refusal = kick_off(slow, "hosp-ehr", "Patient/$export")
    assert [one["code"] for one in issues(refusal, 429)] == ["throttled"]
    assert int(refusal.headers["Retry-After"]) > 0
    assert kick_off(slow, "clinic-emr", "Patient/$export").status_code == 202
    slow.delete("hosp-ehr", places[0])
    manifest(slow, "hosp-ehr", places[1])
    assert [kick_off(slow, "hosp-ehr", "Patient/$export").status_code for _ in range(3)] == [202, 202, 429]


def test_it_can_be_posted(city: City) -> None:
    patient = person(city)
    city.created("hosp-ehr", observation(patient))
    parameters: Body = {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "_type", "valueString": "Patient"},
            {"name": "_outputFormat", "valueString": "application/fhir+ndjson"},
        ],
    }
    answer = city.post("hosp-ehr", "/fhir/Patient/$export", parameters, prefer="respond-async")
    assert answer.status_code == 202, answer.text
    told = manifest(city, "hosp-ehr", answer.headers["Content-Location"].removeprefix(BASE_URL))
    assert ids(fetched(city, "hosp-ehr", told)) == {patient}


def test_the_client_must_be_willing_to_wait(city: City) -> None:
    [refusal] = issues(city.get("hosp-ehr", "/fhir/Patient/$export"), 400)
    assert "Prefer: respond-async" in refusal["diagnostics"]
    issues(city.get("hosp-ehr", "/fhir/Patient/$export", prefer="return=minimal"), 400)
    both = city.get("hosp-ehr", "/fhir/Patient/$export", prefer="handling=strict, respond-async")
    assert both.status_code == 202


@pytest.mark.parametrize(
    ("asked", "place", "code"),
    [
        ("_outputFormat=application/fhir%2Bparquet", "_outputFormat", "not-supported"),
        ("_type=Observation,Cat", "_type", "value"),
        ("_type=AuditEvent", "_type", "value"),
        ("_since=yesterday", "_since", "value"),
        ("_since=2026-11-20", "_since", "value"),
        ("_since=2026-11-20T09:00:00Z&_since=2026-11-21T09:00:00Z", "_since", "value"),
        ("_elements=id", "_elements", "not-supported"),
        ("_typeFilter=Observation%3Fcode%3Dx", "_typeFilter", "not-supported"),
        ("includeAssociatedData=LatestProvenanceResources", "includeAssociatedData", "not-supported"),
        ("_count=3", "_count", "not-supported"),
    ],
)
def test_what_is_not_understood_is_refused(city: City, asked: str, place: str, code: str) -> None:
    [refusal] = issues(kick_off(city, "hosp-ehr", f"Patient/$export?{asked}"), 400)
    assert (refusal["expression"], refusal["code"]) == ([place], code)


@pytest.mark.parametrize(
    "format_", ["application/fhir%2Bndjson", "application/fhir+ndjson", "application/ndjson", "ndjson"]
)
def test_the_three_names_of_the_format(city: City, format_: str) -> None:
    assert kick_off(city, "hosp-ehr", f"Patient/$export?_outputFormat={format_}").status_code == 202


@pytest.mark.parametrize("zone", ["Z", "%2B09:00", "+09:00"])
def test_since_is_an_instant_with_its_zone(city: City, zone: str) -> None:
    assert kick_off(city, "hosp-ehr", f"Patient/$export?_since=2026-11-20T09:00:00{zone}").status_code == 202


def test_the_statement_claims_what_is_there(city: City) -> None:
    statement = city.client.get("/fhir/metadata").json()
    assert statement["instantiates"] == ["http://hl7.org/fhir/uv/bulkdata/CapabilityStatement/bulk-data"]
    rest = statement["rest"][0]
    claims = {
        "": rest["operation"],
        **{one["type"]: one.get("operation", []) for one in rest["resource"] if one["type"] in ("Patient", "Group")},
    }
    named = {
        (type_, one["definition"].rpartition("/")[2])
        for type_, listed in claims.items()
        for one in listed
        if one["name"] == "export"
    }
    assert named == {("", "export"), ("Patient", "patient-export"), ("Group", "group-export")}
