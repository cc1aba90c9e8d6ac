"""create, read, vread, update and delete (FHIR R4 §3.1.0), as a client that knows only the standard sees them."""

import json

import httpx2
import pytest

from tests.fhir_answers import issues
from tests.hub_in_test import BASE_URL, City, observation

pytestmark = pytest.mark.one_hub

NOBODY = "0" * 32  # an id that was never given out
DECIMALS = [
    "1.10",
    "1E3",
    "-0",
    "-0.0",
    "0.0000000000000000000000001",
    "1234567890123456789012345",
    "3.1415926535897932384626433",
    "100",
    "2.50e-7",
]


def plain(response: httpx2.Response) -> tuple[int, bytes, dict[str, str]]:
    """All of an answer but the request id, to compare two answers byte for byte."""
    headers = {name: value for name, value in response.headers.items() if name != "x-request-id"}
    return response.status_code, response.content, headers


# -- create and read


def test_a_created_resource_has_a_place_a_version_and_a_time(city: City, person: str) -> None:
    response = city.post("hosp-ehr", "/fhir/Observation", observation(person))
    stored = response.json()
    assert response.status_code == 201
    assert response.headers["Content-Type"] == "application/fhir+json; charset=utf-8"
    version, id_ = stored["meta"]["versionId"], stored["id"]
    assert response.headers["Location"] == f"{BASE_URL}/fhir/Observation/{id_}/_history/{version}"
    assert response.headers["ETag"] == f'W/"{version}"'
    assert response.headers["Last-Modified"] == "Sun, 22 Nov 2026 03:00:00 GMT"
    assert stored["meta"]["lastUpdated"] == "2026-11-22T03:00:00.000Z"
    read = city.get("hosp-ehr", f"/fhir/Observation/{id_}")
    assert read.content == response.content
    assert read.headers["ETag"] == response.headers["ETag"]
    assert city.get("hosp-ehr", response.headers["Location"]).content == response.content


def test_what_the_client_says_of_id_version_time_and_source_is_not_kept(city: City, person: str) -> None:
    label = {"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}
    claimed = {
        "versionId": "my-version",
        "lastUpdated": "1999-01-01T00:00:00Z",
        "source": "http://clinic.test/",
        "profile": ["http://hosp.test/profile"],
        "security": [label],
        "tag": [{"system": "http://hosp.test", "code": "t"}],
    }
    stored = city.created("hosp-ehr", observation(person, id="my-id", meta=claimed))
    assert stored["id"] != "my-id"
    assert stored["meta"] == {
        **claimed,
        "versionId": stored["meta"]["versionId"],
        "lastUpdated": "2026-11-22T03:00:00.000Z",
        "source": f"{BASE_URL}/fhir/Organization/hosp",
    }
    assert stored["meta"]["versionId"] != "my-version"
    assert city.get("hosp-ehr", "/fhir/Observation/my-id").status_code == 404


@pytest.mark.parametrize("number", DECIMALS)
def test_decimals_come_back_digit_for_digit_from_every_door(city: City, person: str, number: str) -> None:
    body = json.dumps(observation(person, "?")).replace('"?"', number).encode()
    written = f'"value":{number},'.encode()
    created = city.post("hosp-ehr", "/fhir/Observation", body)
    assert created.status_code == 201, created.text
    id_ = created.json()["id"]
    answers = [
        created,
        city.get("hosp-ehr", f"/fhir/Observation/{id_}"),
        city.get("hosp-ehr", f"/fhir/Observation?_id={id_}"),
        city.get("hosp-ehr", f"/fhir/Observation/{id_}/_history"),
    ]
    assert [written in answer.content for answer in answers] == [True] * 4


def test_another_precision_is_another_statement(city: City, person: str) -> None:
    stored = city.created("hosp-ehr", observation(person, 1.1))
    more_exact = json.dumps({**stored, "valueQuantity": "?"}).replace('"?"', '{"value":1.10,"unit":"%"}')
    first = city.put("hosp-ehr", f"/fhir/Observation/{stored['id']}", more_exact.encode())
    less_exact = more_exact.replace("1.10", "1.1")
    second = city.put("hosp-ehr", f"/fhir/Observation/{stored['id']}", less_exact.encode())
    assert b'"value":1.10' in first.content
    assert b'"value":1.1,' in second.content
    assert first.headers["ETag"] != second.headers["ETag"]


def test_everything_wrong_with_a_resource_is_told_at_once_with_its_place(city: City, person: str) -> None:
    wrong = observation(person, status="finished", subject={"reference": "Patient/../x"}, effectiveDateTime="yesterday")
    found = issues(city.post("hosp-ehr", "/fhir/Observation", wrong), 422)
    places = {issue["expression"][0] for issue in found}
    assert {"Observation.status", "Observation.subject.reference", "Observation.effectiveDateTime"} <= {
        place.removesuffix(".value") for place in places
    }


# -- conditional reading


@pytest.mark.parametrize("form", ['W/"{v}"', '"{v}"', 'W/"other", W/"{v}"', "*"])
def test_a_version_that_the_client_has_is_not_sent_again(city: City, person: str, form: str) -> None:
    stored = city.created("hosp-ehr", observation(person))
    place, version = f"/fhir/Observation/{stored['id']}", stored["meta"]["versionId"]
    same = city.get("hosp-ehr", place, if_none_match=form.format(v=version))
    assert (same.status_code, same.content) == (304, b"")
    assert same.headers["ETag"] == f'W/"{version}"'


def test_another_version_than_the_client_has_is_sent(city: City, person: str) -> None:
    stored = city.created("hosp-ehr", observation(person))
    other = city.get("hosp-ehr", f"/fhir/Observation/{stored['id']}", if_none_match='W/"other"')
    assert (other.status_code, other.json()["id"]) == (200, stored["id"])


# -- update


def test_an_update_makes_a_version_and_the_old_one_stays_readable(city: City, person: str) -> None:
    first = city.created("hosp-ehr", observation(person, 6.5))
    place = f"/fhir/Observation/{first['id']}"
    response = city.put("hosp-ehr", place, {**first, "status": "amended"})
    assert response.status_code == 200
    second = response.json()
    assert second["meta"]["versionId"] != first["meta"]["versionId"]
    assert city.get("hosp-ehr", place).json() == second
    assert city.get("hosp-ehr", f"{place}/_history/{first['meta']['versionId']}").json() == first
    assert city.get("hosp-ehr", f"{place}/_history/{second['meta']['versionId']}").json() == second
    issues(city.get("hosp-ehr", f"{place}/_history/{NOBODY}"), 404)


def test_an_update_that_changes_nothing_makes_no_version(city: City, person: str) -> None:
    first = city.created("hosp-ehr", observation(person))
    city.clock.move(seconds=1)
    again = city.put("hosp-ehr", f"/fhir/Observation/{first['id']}", first)
    assert again.status_code == 200
    assert again.json() == first


def test_if_match_protects_from_overwriting_what_was_not_seen(city: City, person: str) -> None:
    first = city.created("hosp-ehr", observation(person))
    place, seen = f"/fhir/Observation/{first['id']}", f'W/"{first["meta"]["versionId"]}"'
    assert city.put("hosp-ehr", place, {**first, "status": "amended"}, if_match=seen).status_code == 200
    [issue] = issues(city.put("hosp-ehr", place, {**first, "status": "corrected"}, if_match=seen), 412)
    assert issue["code"] == "conflict"
    assert city.get("hosp-ehr", place).json()["status"] == "amended"
    assert city.delete("hosp-ehr", place, if_match=seen).status_code == 412
    assert city.get("hosp-ehr", place).status_code == 200
    assert city.put("hosp-ehr", place, {**first, "status": "corrected"}, if_match="*").status_code == 200


def test_body_and_url_must_agree(city: City, person: str) -> None:
    stored = city.created("hosp-ehr", observation(person))
    place = f"/fhir/Observation/{stored['id']}"
    issues(city.put("hosp-ehr", place, {**stored, "id": "other"}), 400)
    issues(city.put("hosp-ehr", place, {name: value for name, value in stored.items() if name != "id"}), 400)
    issues(city.post("hosp-ehr", "/fhir/Condition", stored), 400)
    assert city.get("hosp-ehr", place).json() == stored


@pytest.mark.parametrize(
    ("preference", "body"),
    [
        ("return=minimal", b""),
        ("return=minimal, handling=strict", b""),
        ("respond-async; return=minimal", b""),
        ("return=representation", b'"resourceType":"Observation"'),
        ("return=OperationOutcome", b'"resourceType":"OperationOutcome"'),
        ("handling=lenient", b'"resourceType":"Observation"'),
    ],
)
def test_the_client_says_what_it_wants_back(city: City, person: str, preference: str, body: bytes) -> None:
    response = city.post("hosp-ehr", "/fhir/Observation", observation(person), prefer=preference)
    assert response.status_code == 201, response.text
    assert response.headers["ETag"]
    assert (response.content == b"") if body == b"" else (body in response.content)


def test_an_unknown_return_preference_is_refused(city: City, person: str) -> None:
    issues(city.post("hosp-ehr", "/fhir/Observation", observation(person), prefer="return=nothing"), 400)
    assert "entry" not in city.get("hosp-ehr", f"/fhir/Observation?patient={person}").json()


# -- delete


def test_a_deleted_resource_is_gone_for_its_source_and_unknown_to_others(city: City, person: str) -> None:
    city.consent(person)
    city.team(person, "Organization/clinic")
    stored = city.created("hosp-ehr", observation(person))
    place = f"/fhir/Observation/{stored['id']}"
    assert city.get("clinic-emr", place).status_code == 200
    deleted = city.delete("hosp-ehr", place)
    assert (deleted.status_code, deleted.content) == (204, b"")
    [issue] = issues(city.get("hosp-ehr", place), 410)
    assert issue["code"] == "deleted"
    assert plain(city.get("clinic-emr", place)) == plain(city.get("clinic-emr", f"/fhir/Observation/{NOBODY}"))
    assert "entry" not in city.get("hosp-ehr", f"/fhir/Observation?_id={stored['id']}").json()
    assert city.get("hosp-ehr", f"{place}/_history/{stored['meta']['versionId']}").json() == stored
    issues(city.get("hosp-ehr", f"{place}/_history/{deleted.headers['ETag'][3:-1]}"), 410)
    assert city.delete("hosp-ehr", place).status_code == 204


def test_a_deleted_resource_can_be_brought_back(city: City, person: str) -> None:
    stored = city.created("hosp-ehr", observation(person))
    place = f"/fhir/Observation/{stored['id']}"
    assert city.delete("hosp-ehr", place).status_code == 204
    back = city.put("hosp-ehr", place, stored)
    assert back.status_code == 201
    assert city.get("hosp-ehr", place).content == back.content


# -- what is not one's own


def test_hidden_and_unknown_are_answered_byte_for_byte_alike(city: City, person: str) -> None:
    hidden = city.created("hosp-ehr", observation(person))
    version = hidden["meta"]["versionId"]
    for suffix in ("", f"/_history/{version}", "/_history"):
        seen = city.get("hosp-ehr", f"/fhir/Observation/{hidden['id']}{suffix}")
        assert seen.status_code == 200
        refused = city.get("clinic-emr", f"/fhir/Observation/{hidden['id']}{suffix}")
        unknown = city.get("clinic-emr", f"/fhir/Observation/{NOBODY}{suffix}")
        issues(refused, 404)
        assert plain(refused) == plain(unknown)
    having = city.get("clinic-emr", f"/fhir/Observation/{hidden['id']}", if_none_match=f'W/"{version}"')
    assert plain(having) == plain(city.get("clinic-emr", f"/fhir/Observation/{NOBODY}"))


def test_the_source_alone_may_change_or_delete(city: City, person: str) -> None:
    city.consent(person)
    city.team(person, "Organization/clinic")
    stored = city.created("hosp-ehr", observation(person))
    place, nowhere = f"/fhir/Observation/{stored['id']}", f"/fhir/Observation/{NOBODY}"
    assert city.get("clinic-emr", place).status_code == 200  # it may see it, and yet not touch it
    changed = {**stored, "status": "cancelled"}
    mine = {**changed, "id": NOBODY}
    version = f'W/"{stored["meta"]["versionId"]}"'
    assert plain(city.put("clinic-emr", place, changed)) == plain(city.put("clinic-emr", nowhere, mine))
    assert plain(city.put("clinic-emr", place, changed, if_match=version)) == plain(
        city.put("clinic-emr", nowhere, mine, if_match=version)
    )
    assert plain(city.delete("clinic-emr", place)) == plain(city.delete("clinic-emr", nowhere))
    issues(city.delete("clinic-emr", place), 404)
    assert city.get("hosp-ehr", place).json() == stored
    assert city.put("hosp-ehr", place, changed).status_code == 200


def test_a_patient_whom_one_may_not_know_is_as_unresolvable_as_one_who_does_not_exist(city: City, person: str) -> None:
    assert city.get("hosp-ehr", f"/fhir/Patient?identifier={NOBODY}").status_code == 200
    hidden = city.post("clinic-emr", "/fhir/Observation", observation(person))
    unknown = city.post("clinic-emr", "/fhir/Observation", observation(NOBODY))
    [issue] = issues(hidden, 422)
    assert issue["expression"] == ["Observation.subject"]
    assert hidden.text.replace(person, "?") == unknown.text.replace(NOBODY, "?")
    absolute = observation(person, subject={"reference": f"{BASE_URL}/fhir/Patient/{person}"})
    issues(city.post("clinic-emr", "/fhir/Observation", absolute), 422)
    assert city.post("hosp-ehr", "/fhir/Observation", absolute).json()["subject"]["reference"] == f"Patient/{person}"


def test_what_a_kind_of_organisation_may_not_publish_is_refused_by_name(city: City, person: str) -> None:
    city.team(person, "Organization/pharm")
    [issue] = issues(city.post("pharm-rx", "/fhir/Observation", observation(person)), 403)
    assert "laboratory" in issue["diagnostics"]
    assert city.post("hosp-ehr", "/fhir/Observation", observation(person)).status_code == 201


@pytest.mark.parametrize("type_", ["AuditEvent", "CapabilityStatement", "OperationOutcome"])
def test_what_the_hub_keeps_itself_cannot_be_written(city: City, type_: str) -> None:
    issues(city.post("hosp-ehr", f"/fhir/{type_}", {"resourceType": type_}), 400)


# -- the edge


def test_without_a_token_nothing_is_answered(city: City, person: str) -> None:
    stored = city.created("hosp-ehr", observation(person))
    place = f"/fhir/Observation/{stored['id']}"
    for response in (
        city.get(None, place),
        city.get(None, f"{place}/_history"),
        city.get(None, "/fhir/Observation"),
        city.post(None, "/fhir/Observation", observation(person)),
        city.put(None, place, stored),
        city.delete(None, place),
        city.client.get(place, headers={"Authorization": "Bearer not-a-token"}),
    ):
        [issue] = issues(response, 401)
        assert issue["code"] == "login"
        assert response.headers["WWW-Authenticate"].startswith("Bearer")
    assert city.get("hosp-ehr", place).json() == stored


def test_a_token_in_the_url_is_refused(city: City, person: str) -> None:
    token = city.token("hosp-ehr")
    issues(city.get("hosp-ehr", f"/fhir/Observation?access_token={token}"), 400)


@pytest.mark.parametrize("accept", ["application/fhir+xml", "text/html", "image/png", "text/turtle"])
def test_only_json_is_served(city: City, accept: str) -> None:
    issues(city.get("hosp-ehr", "/fhir/Observation", accept=accept), 406)


@pytest.mark.parametrize("format_", ["xml", "application/fhir%2Bxml", "ttl"])
def test_format_in_the_url_goes_before_accept(city: City, format_: str) -> None:
    issues(city.get("hosp-ehr", f"/fhir/Observation?_format={format_}", accept="application/fhir+json"), 406)


@pytest.mark.parametrize("format_", ["json", "application/fhir+json", "application/json;fhirVersion=4.0"])
def test_json_has_several_names(city: City, format_: str) -> None:
    assert city.get("hosp-ehr", f"/fhir/Observation?_format={format_}", accept="text/html").status_code == 200
    assert city.get("hosp-ehr", "/fhir/Observation", accept="text/html, application/json;q=0.9").status_code == 200


@pytest.mark.parametrize(
    "content_type",
    ["", "text/plain", "application/fhir+xml", "application/fhir+json; charset=utf-7", "multipart/form-data"],
)
def test_only_utf_8_json_is_taken(city: City, person: str, content_type: str) -> None:
    issues(city.post("hosp-ehr", "/fhir/Observation", observation(person), content_type=content_type), 415)
    issues(city.post("hosp-ehr", "/fhir", {"resourceType": "Bundle"}, content_type=content_type), 415)
    good = city.post(
        "hosp-ehr", "/fhir/Observation", observation(person), content_type="application/json;charset=UTF-8"
    )
    assert good.status_code == 201


def test_what_is_no_door_is_answered_as_fhir_too(city: City) -> None:
    issues(city.get("hosp-ehr", "/fhir/Nonsense/1"), 404)
    issues(city.get("hosp-ehr", "/fhir/Patient/1/unknown/path"), 404)
    issues(city.client.delete("/fhir/metadata", headers=city.headers("hosp-ehr")), 404)
    refused = city.client.request("PUT", "/fhir", headers=city.headers("hosp-ehr"))
    [issue] = issues(refused, 405)
    assert issue["code"] == "not-supported"
    assert "POST" in refused.headers["Allow"]


def test_a_body_over_the_limit_is_not_read_to_its_end(city: City, person: str) -> None:
    long = observation(person, note=[{"text": "長" * (6 * 1024 * 1024)}])
    [issue] = issues(city.post("hosp-ehr", "/fhir/Observation", long), 413)
    assert issue["code"] == "too-long"
