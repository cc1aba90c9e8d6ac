"""Conditional read, create, update and delete (FHIR R4 §3.1.0.2, §3.1.0.4–6), HEAD, and what the headers say."""

import pytest

from tests.fhir_answers import issues
from tests.hub_in_test import BASE_URL, City, observation

pytestmark = pytest.mark.one_hub

NUMBER = "http://hosp.test/obs"
NOBODY = "0" * 32


# -- read


def test_what_the_client_has_is_not_sent_again(city: City, person: str) -> None:
    stored = city.created("hosp-ehr", observation(person))
    place = f"/fhir/Observation/{stored['id']}"
    etag = f'W/"{stored["meta"]["versionId"]}"'
    for headers in (
        {"if_none_match": etag},
        {"if_none_match": f'"x", {etag}'},
        {"if_none_match": "*"},
        {"if_modified_since": "Sun, 22 Nov 2026 03:00:00 GMT"},
        {"if_modified_since": "Mon, 23 Nov 2026 03:00:00 GMT"},
        {"if_none_match": etag, "if_modified_since": "Sun, 22 Nov 2020 03:00:00 GMT"},
    ):
        answer = city.get("hosp-ehr", place, **headers)
        assert (answer.status_code, answer.content) == (304, b""), headers
        assert answer.headers["ETag"] == etag
        assert answer.headers["Last-Modified"] == "Sun, 22 Nov 2026 03:00:00 GMT"
    for headers in (
        {"if_none_match": 'W/"other"'},
        {"if_modified_since": "Sun, 22 Nov 2026 02:59:59 GMT"},
        {"if_modified_since": "yesterday"},
        {"if_none_match": 'W/"other"', "if_modified_since": "Mon, 23 Nov 2026 03:00:00 GMT"},
    ):
        assert city.get("hosp-ehr", place, **headers).json() == stored, headers


@pytest.mark.promise("hidden-answers-as-never-existed")
def test_what_one_may_not_know_of_is_no_less_unknown_under_a_condition(city: City, person: str) -> None:
    """TRUST T-082."""
    stored = city.created("hosp-ehr", observation(person))
    for headers in ({"if_none_match": "*"}, {"if_modified_since": "Mon, 23 Nov 2026 03:00:00 GMT"}):
        hidden = city.get("clinic-emr", f"/fhir/Observation/{stored['id']}", **headers)
        unknown = city.get("clinic-emr", f"/fhir/Observation/{NOBODY}", **headers)
        assert (hidden.status_code, hidden.content) == (404, unknown.content)


def test_head_is_get_without_the_body(city: City, person: str) -> None:
    stored = city.created("hosp-ehr", observation(person))
    place = f"/fhir/Observation/{stored['id']}"
    paths = [
        place,
        f"{place}/_history/{stored['meta']['versionId']}",
        f"{place}/_history",
        f"/fhir/Observation?patient={person}",
        f"/fhir/Observation/{NOBODY}",
    ]
    headers = {**city.headers("hosp-ehr"), "Accept-Encoding": "identity"}
    for path in paths:
        get, head = (city.client.request(method, path, headers=headers) for method in ("GET", "HEAD"))
        assert (head.status_code, head.content) == (get.status_code, b"")
        assert head.headers["Content-Length"] == str(len(get.content))
        for name in ("ETag", "Last-Modified", "Content-Type"):
            assert head.headers.get(name) == get.headers.get(name)
    assert city.log(patient=person)[0]["interaction"] == "search-type"
    assert city.client.head(place).status_code == 401


# -- create, update, delete


def test_a_conditional_create_makes_one(city: City, person: str) -> None:
    once = f"identifier={NUMBER}|C-1"
    made = city.post("hosp-ehr", "/fhir/Observation", observation(person, number="C-1"), if_none_exist=once)
    found = city.post("hosp-ehr", "/fhir/Observation", observation(person, number="C-1"), if_none_exist=f"?{once}")
    assert (made.status_code, found.status_code) == (201, 200)
    assert made.headers["Location"] == found.headers["Location"]
    assert made.headers["ETag"] == found.headers["ETag"]
    city.created("hosp-ehr", observation(person, number="C-1"))
    issues(city.post("hosp-ehr", "/fhir/Observation", observation(person), if_none_exist=once), 412)
    issues(city.post("hosp-ehr", "/fhir/Observation", observation(person), if_none_exist="nonsense=1"), 400)


def test_a_conditional_update_makes_changes_or_refuses(city: City, person: str) -> None:
    where = f"/fhir/Observation?identifier={NUMBER}|U-1"
    made = city.put("hosp-ehr", where, observation(person, 1, number="U-1"))
    assert (made.status_code, made.headers["Location"].startswith(f"{BASE_URL}/fhir/Observation/")) == (201, True)
    changed = city.put("hosp-ehr", f"{where}&_format=json", observation(person, 2, number="U-1"))
    assert (changed.status_code, changed.json()["id"]) == (200, made.json()["id"])
    stale = city.put("hosp-ehr", where, observation(person, 3, number="U-1"), if_match=made.headers["ETag"])
    issues(stale, 412)
    nothing = f"/fhir/Observation?identifier={NUMBER}|U-none"
    issues(city.put("hosp-ehr", nothing, observation(person), if_match=made.headers["ETag"]), 412)
    city.created("hosp-ehr", observation(person, number="U-1"))
    issues(city.put("hosp-ehr", where, observation(person, number="U-1")), 412)


def test_a_body_with_the_id_of_another_is_no_update_of_what_matches(city: City, person: str) -> None:
    one, other = (city.created("hosp-ehr", observation(person, number=number)) for number in ("U-2", "U-3"))
    where = f"/fhir/Observation?identifier={NUMBER}|U-2"
    issues(city.put("hosp-ehr", where, {**other, "status": "amended"}), 400)
    issues(city.put("hosp-ehr", f"/fhir/Observation?identifier={NUMBER}|U-none", other), 400)
    assert city.put("hosp-ehr", where, {**one, "status": "amended"}).json()["id"] == one["id"]
    # An id of the client's own making is not heeded, as in a create.
    assert city.put("hosp-ehr", where, {**one, "id": "local-7", "status": "corrected"}).json()["id"] == one["id"]


def test_a_conditional_delete_takes_one_and_never_several(city: City, person: str) -> None:
    stored = city.created("hosp-ehr", observation(person, number="D-1"))
    where = f"/fhir/Observation?identifier={NUMBER}|D-1"
    gone = city.delete("hosp-ehr", where)
    assert (gone.status_code, gone.content) == (204, b"")
    assert gone.headers["ETag"] != f'W/"{stored["meta"]["versionId"]}"'
    assert gone.headers["Last-Modified"]
    assert city.get("hosp-ehr", f"/fhir/Observation/{stored['id']}").status_code == 410
    again = city.delete("hosp-ehr", where)
    assert (again.status_code, "ETag" in again.headers) == (204, False)
    two = [city.created("hosp-ehr", observation(person, number="D-2")) for _ in range(2)]
    issues(city.delete("hosp-ehr", f"/fhir/Observation?identifier={NUMBER}|D-2"), 412)
    assert all(city.get("hosp-ehr", f"/fhir/Observation/{one['id']}").status_code == 200 for one in two)
    for wrong in ("/fhir/Observation", "/fhir/Observation?_format=json", "/fhir/Observation?nonsense=1"):
        issues(city.delete("hosp-ehr", wrong), 400)


@pytest.mark.promise("only-the-source-changes-its-own")
def test_a_conditional_delete_is_for_ones_own_alone(city: City, person: str) -> None:
    """TRUST T-081: nobody learns by it whether there is something of others."""
    city.consent(person)
    city.team(person, "Organization/clinic")
    stored = city.created("hosp-ehr", observation(person, number="D-3"))
    assert city.get("clinic-emr", f"/fhir/Observation?identifier={NUMBER}|D-3").json()["entry"]
    answer = city.delete("clinic-emr", f"/fhir/Observation?identifier={NUMBER}|D-3")
    assert (answer.status_code, answer.content) == (204, b"")
    assert city.get("hosp-ehr", f"/fhir/Observation/{stored['id']}").status_code == 200


# -- what the client prefers


def test_an_outcome_says_that_all_is_well(city: City, person: str) -> None:
    answer = city.post("hosp-ehr", "/fhir/Observation", observation(person), prefer="return=OperationOutcome")
    assert answer.json()["issue"]
    organisation = {"resourceType": "Organization", "name": "試験"}
    answer = city.post("hosp-ehr", "/fhir/Organization", organisation, prefer='return="OperationOutcome"')
    assert answer.status_code == 201
    assert {one["severity"] for one in answer.json()["issue"]} <= {"information", "warning"}
    issues(city.post("hosp-ehr", "/fhir/Organization", organisation, prefer="return=everything"), 400)


@pytest.mark.parametrize(
    ("asked", "kept", "left_out"),
    [
        ("_summary=true", {"status", "code", "subject", "valueQuantity"}, {"category", "text"}),
        ("_summary=text", {"status", "code", "text"}, {"subject", "valueQuantity"}),
        ("_summary=data", {"status", "category", "subject"}, {"text"}),
        ("_elements=subject,Observation.value", {"status", "code", "subject", "valueQuantity"}, {"category", "text"}),
    ],
)
def test_a_part_of_a_resource(city: City, person: str, asked: str, kept: set[str], left_out: set[str]) -> None:
    narrative = {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">x</div>'}
    stored = city.created("hosp-ehr", observation(person, text=narrative))
    place = f"/fhir/Observation/{stored['id']}"
    for path in (place, f"{place}/_history/{stored['meta']['versionId']}"):
        answer = city.get("hosp-ehr", f"{path}?{asked}")
        assert answer.status_code == 200
        assert answer.headers["ETag"] == f'W/"{stored["meta"]["versionId"]}"'
        part = answer.json()
        assert kept <= part.keys()
        assert not left_out & part.keys()
        assert [one["code"] for one in part["meta"]["tag"]] == ["SUBSETTED"]
        assert {name: stored[name] for name in kept} == {name: part[name] for name in kept}
    assert city.get("hosp-ehr", f"{place}?_summary=false").json() == stored


@pytest.mark.parametrize("asked", ["_summary=count", "_summary=nonsense", "_summary=true&_elements=status"])
def test_what_is_no_part_is_refused(city: City, person: str, asked: str) -> None:
    stored = city.created("hosp-ehr", observation(person))
    issues(city.get("hosp-ehr", f"/fhir/Observation/{stored['id']}?{asked}"), 400)
