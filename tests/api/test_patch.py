"""patch (FHIR R4 §3.1.0.10): JSON Patch and FHIRPath Patch, alone, under a condition, and within a Bundle."""

import json
from base64 import b64encode
from itertools import count
from typing import Any

import httpx2
import pytest

from tests.fhir_answers import issues, places
from tests.hub_in_test import Body, City, note, observation, transaction

pytestmark = pytest.mark.one_hub

NUMBERS = count(1)
NUMBER = "http://hosp.test/obs"
NOBODY = "0" * 32
MERGE_PATCH = "application/merge-patch+json"
AMENDED = [{"op": "replace", "path": "/status", "value": "amended"}]


def patch(city: City, path: str, document: object, *, who: str = "hosp-ehr", **headers: str) -> httpx2.Response:
    """A PATCH with a JSON Patch, or with the FHIRPath Patch of Parameters."""
    is_parameters = isinstance(document, dict) and document.get("resourceType") == "Parameters"
    kind = "application/fhir+json" if is_parameters else "application/json-patch+json"
    sent = city.headers(who, **{"content_type": kind, **headers})
    content = document if isinstance(document, bytes) else json.dumps(document).encode()
    return city.client.patch(f"/fhir/{path}", content=content, headers=sent)


def replacing(path: str, **value: object) -> Body:
    """The Parameters of a FHIRPath Patch that replaces one element."""
    parts: list[Body] = [
        {"name": "type", "valueCode": "replace"},
        {"name": "path", "valueString": path},
        {"name": "value", **value},
    ]
    return {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": parts}]}


def patching(url: str, document: object, media_type: str = "", **request: str) -> Body:
    """An entry of a Bundle that patches: by a Binary, or by Parameters as they are."""
    resource = document
    if isinstance(document, list) or media_type:
        data = b64encode(json.dumps(document).encode()).decode()
        resource = {"resourceType": "Binary", "contentType": media_type or "application/json-patch+json", "data": data}
    return {"resource": resource, "request": {"method": "PATCH", "url": url, **request}}


@pytest.mark.parametrize("document", [AMENDED, replacing("Observation.status", valueCode="amended")])
def test_a_patch_makes_a_new_version_and_is_answered_as_an_update(city: City, person: str, document: object) -> None:
    stored = city.created("hosp-ehr", observation(person))
    city.clock.move(seconds=1)
    answer = patch(city, f"Observation/{stored['id']}", document)
    assert answer.status_code == 200, answer.text
    changed = answer.json()
    assert changed["status"] == "amended"
    assert {**changed, "status": "final", "meta": stored["meta"]} == stored
    assert answer.headers["ETag"] == f'W/"{changed["meta"]["versionId"]}"'
    assert answer.headers["Last-Modified"] == "Sun, 22 Nov 2026 03:00:01 GMT"
    assert answer.headers["Location"].endswith(f"Observation/{stored['id']}/_history/{changed['meta']['versionId']}")
    assert city.get("hosp-ehr", f"/fhir/Observation/{stored['id']}").content == answer.content
    assert city.log(patient=person)[1]["interaction"] == "patch"
    # Nothing changed: no new version.
    assert patch(city, f"Observation/{stored['id']}", document).json() == changed
    minimal = patch(city, f"Observation/{stored['id']}", document, prefer="return=minimal")
    assert (minimal.status_code, minimal.content, minimal.headers["ETag"]) == (200, b"", answer.headers["ETag"])


def test_decimals_that_are_not_touched_stay_digit_for_digit(city: City, person: str) -> None:
    body = json.dumps(observation(person, "?")).replace('"?"', "1.10").encode()
    stored = city.post("hosp-ehr", "/fhir/Observation", body).json()
    assert b'"value":1.10,' in patch(city, f"Observation/{stored['id']}", AMENDED).content
    exact = b'[{"op":"replace","path":"/valueQuantity/value","value":2.500}]'
    assert b'"value":2.500,' in patch(city, f"Observation/{stored['id']}", exact).content


def test_if_match_protects_what_was_not_seen(city: City, person: str) -> None:
    stored = city.created("hosp-ehr", observation(person))
    place, seen = f"Observation/{stored['id']}", f'W/"{stored["meta"]["versionId"]}"'
    assert patch(city, place, AMENDED, if_match=seen).status_code == 200
    corrected = [{"op": "replace", "path": "/status", "value": "corrected"}]
    issues(patch(city, place, corrected, if_match=seen), 412)
    assert city.get("hosp-ehr", f"/fhir/{place}").json()["status"] == "amended"


@pytest.mark.parametrize(
    ("document", "status"),
    [
        ([{"op": "test", "path": "/status", "value": "amended"}, *AMENDED], 422),
        ([{"op": "remove", "path": "/nonsense"}], 422),
        ([{"op": "remove", "path": "/status"}], 422),
        ([{"op": "add", "path": "/nonsense", "value": 1}], 422),
        ([{"op": "replace", "path": "/id", "value": "other"}], 422),
        ([{"op": "replace", "path": "/resourceType", "value": "Patient"}], 422),
        (replacing("Observation.nonsense", valueCode="x"), 422),
        (replacing("Observation.status", valueCode="nonsense"), 422),
        ([], 400),
        ([{"op": "erase", "path": "/status"}], 400),
        (replacing("Observation.resolve()", valueCode="x"), 400),
        ({"resourceType": "Parameters"}, 400),
        (b'[{"op":"add","path":"/note","value":NaN}]', 400),
        (b'[{"op":"add","op":"remove","path":"/note"}]', 400),
    ],
)
def test_a_patch_that_cannot_be_is_refused_and_nothing_changes(
    city: City, person: str, document: object, status: int
) -> None:
    stored = city.created("hosp-ehr", observation(person))
    issues(patch(city, f"Observation/{stored['id']}", document), status)
    assert city.get("hosp-ehr", f"/fhir/Observation/{stored['id']}").json() == stored


@pytest.mark.parametrize("kind", ["text/plain", "application/xml-patch+xml", ""])
def test_other_kinds_of_patch_are_not_taken(city: City, person: str, kind: str) -> None:
    stored = city.created("hosp-ehr", observation(person))
    issues(patch(city, f"Observation/{stored['id']}", AMENDED, content_type=kind), 415)


def test_a_conditional_patch_changes_the_one_that_matches(city: City, person: str) -> None:
    stored = city.created("hosp-ehr", observation(person, number="P-1"))
    where = f"Observation?identifier={NUMBER}|P-1"
    answer = patch(city, where, AMENDED)
    assert (answer.status_code, answer.json()["id"], answer.json()["status"]) == (200, stored["id"], "amended")
    issues(patch(city, f"Observation?identifier={NUMBER}|P-none", AMENDED), 404)
    issues(patch(city, "Observation", AMENDED), 400)
    issues(patch(city, "Observation?_format=json", AMENDED), 400)
    city.created("hosp-ehr", observation(person, number="P-1"))
    issues(patch(city, where, AMENDED), 412)


@pytest.mark.promise("hidden-answers-as-never-existed")
@pytest.mark.promise("only-the-source-changes-its-own")
def test_the_source_alone_may_patch_and_hidden_is_as_unknown(city: City, person: str) -> None:
    city.consent(person)
    city.team(person, "Organization/clinic")
    stored = city.created("hosp-ehr", observation(person, number="P-2"))
    assert city.get("clinic-emr", f"/fhir/Observation/{stored['id']}").status_code == 200
    foreign = patch(city, f"Observation/{stored['id']}", AMENDED, who="clinic-emr")
    unknown = patch(city, f"Observation/{NOBODY}", AMENDED, who="clinic-emr")
    assert (foreign.status_code, foreign.content) == (404, unknown.content)
    issues(patch(city, f"Observation?identifier={NUMBER}|P-2", AMENDED, who="clinic-emr"), 404)
    # That it would not apply tells nothing either: it is never applied to what is another's.
    wrong = [{"op": "test", "path": "/status", "value": "nonsense"}]
    assert patch(city, f"Observation/{stored['id']}", wrong, who="clinic-emr").content == unknown.content
    reader = city.token("hosp-ehr", scopes="system/Observation.crs")
    sent = {"Authorization": f"Bearer {reader}", "Content-Type": "application/json-patch+json"}
    refused = city.client.patch(f"/fhir/Observation/{stored['id']}", content=json.dumps(AMENDED).encode(), headers=sent)
    assert refused.status_code == 403


def test_a_deleted_resource_cannot_be_patched(city: City, person: str) -> None:
    stored = city.created("hosp-ehr", observation(person))
    city.delete("hosp-ehr", f"/fhir/Observation/{stored['id']}")
    issues(patch(city, f"Observation/{stored['id']}", AMENDED), 410)


@pytest.mark.promise("nothing-is-moved-to-a-stranger")
@pytest.mark.promise("the-hub-says-who-and-when")
def test_what_a_write_may_not_do_a_patch_may_not_either(city: City, person: str) -> None:
    """TRUST T-066, T-067: the hub's own members, another person, the rules of consent."""
    stored = city.created("hosp-ehr", observation(person))
    place = f"Observation/{stored['id']}"
    stranger = city.resident(f"{next(NUMBERS):010d}")
    moved = [{"op": "replace", "path": "/subject/reference", "value": f"Patient/{stranger}"}]
    assert places(issues(patch(city, place, moved), 422)) == ["Observation.subject"]
    nobody = [{"op": "replace", "path": "/subject/reference", "value": f"Patient/{NOBODY}"}]
    assert patch(city, place, moved).text.replace(stranger, "?") == patch(city, place, nobody).text.replace(NOBODY, "?")
    claimed = [
        {"op": "replace", "path": "/meta/source", "value": "http://clinic.test"},
        {"op": "replace", "path": "/meta/versionId", "value": "mine"},
        {"op": "replace", "path": "/meta/lastUpdated", "value": "1999-01-01T00:00:00Z"},
    ]
    assert patch(city, place, claimed).json()["meta"] == stored["meta"]
    # To somebody whom one looks after it can be moved, and leaves the first one's record.
    city.team(stranger, "Organization/hosp")
    assert patch(city, place, moved).json()["subject"] == {"reference": f"Patient/{stranger}"}
    assert "entry" not in city.get("hosp-ehr", f"/fhir/Observation?patient={person}").json()
    consent = city.created("city-registry", {**consent_of(person)})
    favour = [{"op": "replace", "path": "/performer/0/reference", "value": "Organization/city"}]
    assert patch(city, f"Consent/{consent['id']}", favour, who="city-registry").status_code == 403


def consent_of(person: str) -> Body:
    from tests.hub_in_test import consent

    return consent(person, "medical")


def test_a_patched_identifier_is_not_another_persons(city: City) -> None:
    numbers = [f"{next(NUMBERS):010d}" for _ in range(2)]
    mine, other = (city.resident(number) for number in numbers)
    value = city.get("city-registry", f"/fhir/Patient/{other}").json()["identifier"][0]["value"]
    taken = [{"op": "replace", "path": "/identifier/0/value", "value": value}]
    issues(patch(city, f"Patient/{mine}", taken, who="city-registry"), 409)
    renamed = [{"op": "replace", "path": "/name/0/text", "value": "山田 はな"}]
    assert patch(city, f"Patient/{mine}", renamed, who="city-registry").json()["name"][0]["text"] == "山田 はな"


# -- within a Bundle


def test_patches_in_a_transaction_of_each_kind_and_under_a_condition(city: City, person: str) -> None:
    first = city.created("hosp-ehr", observation(person, number="P-3"))
    second, third = (city.created("hosp-ehr", observation(person)) for _ in range(2))
    bundle = transaction(
        patching(f"Observation?identifier={NUMBER}|P-3", AMENDED),
        patching(f"Observation/{second['id']}", replacing("Observation.status", valueCode="corrected")),
        patching(f"Observation/{third['id']}", {"status": "cancelled"}, MERGE_PATCH),
        {"resource": note(person), "request": {"method": "POST", "url": "Communication"}},
    )
    answer = city.post("hosp-ehr", "/fhir", bundle)
    assert answer.status_code == 200, answer.text
    assert [one["response"]["status"] for one in answer.json()["entry"]] == [*["200 OK"] * 3, "201 Created"]
    now = [city.get("hosp-ehr", f"/fhir/Observation/{one['id']}").json()["status"] for one in (first, second, third)]
    assert now == ["amended", "corrected", "cancelled"]


@pytest.mark.parametrize(
    ("entry", "status", "place"),
    [
        (patching("Observation/{id}", AMENDED, ifMatch='W/"old"'), 412, None),
        (patching("Observation/{id}", [{"op": "remove", "path": "/nonsense"}]), 422, "Bundle.entry[1].resource"),
        (patching("Observation/{id}", [{"op": "remove", "path": "/status"}]), 422, "Bundle.entry[1].resource.status"),
        (patching("Observation/{id}", [{"op": "erase"}]), 422, "Bundle.entry[1].resource"),
        (patching("Observation/{id}", note("x")), 422, "Bundle.entry[1].resource"),
        (patching("Observation/{id}", AMENDED, "application/xml-patch+xml"), 422, "Bundle.entry[1].resource"),
        (patching("Observation/{id}", {"status": None}, MERGE_PATCH), 422, "Bundle.entry[1].resource.status"),
        (patching("Observation", AMENDED), 422, "Bundle.entry[1].request.url"),
        (patching(f"Observation/{NOBODY}", AMENDED), 404, None),
    ],
)
def test_one_patch_that_fails_and_nothing_is_stored(
    city: City, person: str, entry: dict[str, Any], status: int, place: str | None
) -> None:
    stored = city.created("hosp-ehr", observation(person))
    request = {**entry["request"], "url": entry["request"]["url"].replace("{id}", stored["id"])}
    good = {"resource": note(person), "request": {"method": "POST", "url": "Communication"}}
    found = issues(city.post("hosp-ehr", "/fhir", transaction(good, {**entry, "request": request})), status)
    if place:
        assert places(found)[0].startswith(place)
    assert "entry" not in city.get("hosp-ehr", f"/fhir/Communication?patient={person}").json()
    assert city.get("hosp-ehr", f"/fhir/Observation/{stored['id']}").json() == stored


def test_a_patch_in_a_batch_and_one_that_fails_alone(city: City, person: str) -> None:
    stored = city.created("hosp-ehr", observation(person))
    wrong = patching(f"Observation/{stored['id']}", [{"op": "remove", "path": "/nonsense"}])
    batch = {**transaction(wrong, patching(f"Observation/{stored['id']}", AMENDED)), "type": "batch"}
    entries = city.post("hosp-ehr", "/fhir", batch).json()["entry"]
    assert [one["response"]["status"][:3] for one in entries] == ["422", "200"]
    assert city.get("hosp-ehr", f"/fhir/Observation/{stored['id']}").json()["status"] == "amended"


def test_a_patch_sent_again_under_its_key_has_one_effect(city: City, person: str) -> None:
    stored = city.created("hosp-ehr", observation(person, note=[{"text": "a"}]))
    appended = [{"op": "add", "path": "/note/-", "value": {"text": "b"}}]
    answers = [patch(city, f"Observation/{stored['id']}", appended, idempotency_key=f"k-{person}") for _ in range(2)]
    assert answers[0].content == answers[1].content
    assert len(answers[0].json()["note"]) == 2
