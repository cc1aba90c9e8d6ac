"""Roles, scopes and membership at the doors (CONSENT.md §2 and rules 1, 2, 7 of §4), read from the registry now."""

import pytest

from tests.api.changing import change_city
from tests.api.looking import DOORS, prescription, shown
from tests.hub_in_test import Body, City, note, observation, patient, transaction
from tests.hub_in_test import entry as put_in

MARK = "ヒミツマル錠"
NOTHING: set[str] = set()
TEAM = ("Organization/hosp", "Organization/clinic", "Organization/pharm", "Organization/day", "Practitioner/cm-ito")


@pytest.fixture
def person(city: City) -> str:
    """A resident with a whole care team who consents to everything."""
    person = city.resident()
    city.team(person, *TEAM)
    city.consent(person)
    return person


@pytest.mark.promise("own-data-stays-readable")
def test_a_system_without_a_profession_reads_what_its_own_organisation_published(city: City, person: str) -> None:
    others = city.created("hosp-ehr", prescription(person, MARK))
    assert shown(city, "pharm-rx", others, MARK, person) == NOTHING
    assert city.get("pharm-rx", f"/fhir/Patient/{person}").status_code == 404
    own = city.created("pharm-rx", note(person))
    for path in (f"Communication/{own['id']}", f"Communication/{own['id']}/_history", "Communication"):
        answer = city.get("pharm-rx", f"/fhir/{path}")
        assert answer.status_code == 200
        assert own["id"] in answer.text
    assert [item["resource"].split("/")[1] for item in city.get("pharm-rx", "/feed").json()["items"]] == [own["id"]]


@pytest.mark.promise("an-auditor-sees-no-content")
def test_an_auditor_gets_the_log_and_never_content_not_even_of_the_municipality(city: City, person: str) -> None:
    one = city.created("hosp-ehr", prescription(person, MARK))
    home = city.created(
        "city-registry", {"resourceType": "RelatedPerson", "patient": {"reference": f"Patient/{person}"}}
    )
    paths = [
        f"/fhir/Patient/{person}",
        f"/fhir/MedicationRequest/{one['id']}",
        f"/fhir/MedicationRequest/{one['id']}/_history",
        f"/fhir/MedicationRequest/{one['id']}/_history/{one['meta']['versionId']}",
        f"/fhir/RelatedPerson/{home['id']}",
        f"/fhir/MedicationRequest?patient={person}",
        "/fhir/Patient?_total=accurate",
        "/fhir/Consent",
        "/feed",
        f"/feed?patient={person}",
    ]
    for path in paths:
        assert city.get("aud-kondo", path).status_code == 403, path
    assert city.post("aud-kondo", f"/fhir/Patient/{person}/$handoff", {}).status_code == 403
    assert shown(city, "aud-kondo", one, MARK, person) == NOTHING
    log = city.get("aud-kondo", f"/fhir/AuditEvent?patient={person}")
    assert log.status_code == 200
    assert len(log.json()["entry"]) >= 4
    for who in ("cm-ito", "hosp-ehr", "city-registry", "dr-sato", "sec-noda"):
        assert city.get(who, "/fhir/AuditEvent").status_code == 403, who
        assert city.get(who, f"/fhir/AuditEvent/{log.json()['entry'][0]['resource']['id']}").status_code == 403, who


@pytest.mark.promise("an-auditor-sees-no-content")
def test_no_purpose_that_an_auditor_names_opens_content(city: City, person: str) -> None:
    for purpose in ("CAREMGT", "TREAT", "COC", "AUDIT"):
        answer = city.get("aud-kondo", f"/fhir/Patient/{person}", X_Purpose_Of_Use=purpose)
        assert answer.status_code == 403, purpose
    for purpose, status in (("COC", 200), ("AUDIT", 403), ("ETREAT", 400), ("DISASTER", 400), ("NOSINESS", 400)):
        answer = city.get("cm-ito", f"/fhir/Patient/{person}", X_Purpose_Of_Use=purpose)
        assert answer.status_code == status, purpose


@pytest.mark.promise("roles-are-read-now")
def test_a_person_whose_role_ended_reads_nothing_though_their_place_is_in_the_team(city: City, person: str) -> None:
    one = city.created("hosp-ehr", prescription(person, MARK))
    assert shown(city, "cw-suzuki", one, MARK, person) == DOORS
    assert city.get("cw-left", f"/fhir/MedicationRequest/{one['id']}").status_code == 403
    assert city.get("cw-left", "/feed").status_code == 403
    assert city.get("cw-left", "/fhir/Organization/hosp").status_code == 403


@pytest.mark.promise("roles-are-read-now")
def test_the_end_of_a_role_counts_for_tokens_that_live_on(city: City, person: str) -> None:
    one = city.created("hosp-ehr", prescription(person, MARK))
    path = f"/fhir/MedicationRequest/{one['id']}"
    role = 'roles = [{ organisation = "day", profession = "care-worker", from = 2020-04-01 }]'
    assert city.get("cw-suzuki", path).status_code == 200
    change_city(city, (role, role.replace("2020-04-01", "2020-04-01, to = 2026-11-21")))
    assert city.get("cw-suzuki", path).status_code == 403
    change_city(city, (role, role.replace("2020-04-01", "2020-04-01, to = 2026-11-22")))
    assert city.get("cw-suzuki", path).status_code == 200  # the last day is a day of work


@pytest.mark.promise("roles-are-read-now")
def test_another_profession_is_another_reader(city: City, person: str) -> None:
    one = city.created("hosp-ehr", prescription(person, MARK))
    path = f"/fhir/MedicationRequest/{one['id']}"
    role = 'roles = [{ organisation = "day", profession = "care-worker", from = 2020-04-01 }]'
    assert city.get("cw-suzuki", path).status_code == 200
    change_city(city, (role, role.replace("care-worker", "clerk")))
    assert city.get("cw-suzuki", path).status_code == 403  # the token is of a care worker, which she is no more


@pytest.mark.promise("roles-are-read-now")
def test_an_organisation_that_has_left_reads_and_writes_nothing(city: City, person: str) -> None:
    one = city.created("hosp-ehr", prescription(person, MARK))
    own = city.created("clinic-emr", observation(person))
    member = 'kind = "clinic"\nidentifiers'
    for days, status in (("to = 2026-11-21", 403), ("from = 2026-11-23", 403), ("to = 2026-11-22", 200)):
        change_city(city, (member, f'kind = "clinic"\n{days}\nidentifiers'))
        assert city.get("clinic-emr", f"/fhir/MedicationRequest/{one['id']}").status_code == status, days
        assert city.get("clinic-emr", f"/fhir/Observation/{own['id']}").status_code == status, days
        created = city.post("clinic-emr", "/fhir/Observation", observation(person))
        assert created.status_code == (201 if status == 200 else status), days


@pytest.mark.promise("roles-are-read-now")
def test_the_share_policy_in_force_decides_and_a_new_one_works_at_once(city: City, person: str) -> None:
    one = city.created("hosp-ehr", prescription(person, MARK))
    assert shown(city, "cm-ito", one, MARK, person) == DOORS
    row = 'organisation-kind = ["care-management", "care-service"]\nspaces = ["team"]'
    change_city(city, (row, f'{row}\nexclude = ["prescription"]'))
    assert shown(city, "cm-ito", one, MARK, person) == NOTHING


@pytest.mark.promise("a-token-is-good-for-its-scopes")
def test_scopes_limit_what_a_token_is_good_for(city: City, person: str) -> None:
    one = city.created("hosp-ehr", observation(person))
    drug = city.created("hosp-ehr", prescription(person, MARK))
    expected = {
        f"/fhir/Observation/{one['id']}": 200,
        f"/fhir/Observation/{one['id']}/_history": 200,
        f"/fhir/Observation?patient={person}": 200,
        f"/fhir/MedicationRequest/{drug['id']}": 403,
        f"/fhir/MedicationRequest?patient={person}": 403,
        "/fhir/Communication": 403,
        "/fhir/Patient": 403,
        "/feed": 403,
    }
    assert {path: city.get("day-app", path).status_code for path in expected} == expected
    assert city.post("day-app", f"/fhir/Patient/{person}/$handoff", {}).status_code == 403


@pytest.mark.promise("a-token-is-good-for-its-scopes")
@pytest.mark.parametrize(
    ("scopes", "allowed"),
    [
        ("system/Observation.r", {"read", "vread", "history"}),
        ("system/Observation.s", {"search", "search by post"}),
        ("system/Observation.c", {"create"}),
        ("system/Observation.u", {"update"}),
        ("system/Observation.d", {"delete"}),
        ("system/Observation.rs system/Communication.cud", {"read", "vread", "history", "search", "search by post"}),
        ("system/MedicationRequest.cruds", set()),
        ("patient/Observation.cruds", set()),
    ],
)
def test_each_scope_letter_opens_its_interactions_alone(
    city: City, person: str, scopes: str, allowed: set[str]
) -> None:
    one = city.created("hosp-ehr", observation(person))
    here, changed = f"/fhir/Observation/{one['id']}", {**one, "status": "amended"}
    sent = {"Authorization": f"Bearer {city.token('hosp-ehr', scopes=scopes)}"}
    if "patient/" in scopes:  # a token cannot hold what its registration does not: it is no token any more
        assert city.client.get(here, headers=sent).status_code == 401
        return
    batch = transaction(put_in(observation(person)))
    answers = {
        "read": city.client.get(here, headers=sent),
        "vread": city.client.get(f"{here}/_history/{one['meta']['versionId']}", headers=sent),
        "history": city.client.get(f"{here}/_history", headers=sent),
        "search": city.client.get("/fhir/Observation", headers=sent),
        "search by post": city.client.post("/fhir/Observation/_search", data={"_count": "1"}, headers=sent),
        "create": city.client.post("/fhir/Observation", json=observation(person), headers=sent),
        "update": city.client.put(here, json=changed, headers=sent),
        "delete": city.client.delete(here, headers=sent),
    }
    assert {name for name, answer in answers.items() if answer.status_code < 400} == allowed
    assert {answer.status_code for name, answer in answers.items() if name not in allowed} == {403}
    whole = city.client.post("/fhir", json=batch, headers=sent)
    assert whole.status_code == (200 if "create" in allowed else 403)
    each = city.client.post("/fhir", json={**batch, "type": "batch"}, headers=sent).json()
    assert each["entry"][0]["response"]["status"].startswith("201" if "create" in allowed else "403")


@pytest.mark.promise("roles-are-read-now")
def test_scopes_that_are_taken_from_a_registration_are_taken_from_its_living_tokens(city: City, person: str) -> None:
    one = city.created("hosp-ehr", observation(person))
    here = f"/fhir/Observation/{one['id']}"
    registered = 'id = "clinic-emr"\norganisation = "clinic"\nscopes = "system/*.cruds"'
    assert city.get("clinic-emr", here).status_code == 200
    change_city(city, (registered, registered.replace("*.cruds", "Patient.rs")))
    assert city.get("clinic-emr", here).status_code == 403
    assert city.get("clinic-emr", f"/fhir/Patient/{person}").status_code == 200


@pytest.mark.promise("pending-reads-nothing")
def test_a_first_contact_may_publish_and_reads_nothing_of_others_until_it_is_confirmed(city: City) -> None:
    person = city.resident()
    city.team(person, "Organization/hosp")
    city.consent(person)
    others = city.created("hosp-ehr", prescription(person, MARK))
    push = transaction(
        put_in(patient(), full_url="urn:uuid:0b1f6a5e-0000-4000-8000-000000000001"),
        put_in(observation("x", subject={"reference": "urn:uuid:0b1f6a5e-0000-4000-8000-000000000001"})),
    )
    answer = city.post("clinic-emr", "/fhir", push)
    assert answer.status_code == 200, answer.text
    assert answer.json()["entry"][0]["response"]["location"].startswith(f"Patient/{person}/")
    own = answer.json()["entry"][1]["response"]["location"]

    assert shown(city, "clinic-emr", others, MARK, person) == NOTHING
    assert city.get("clinic-emr", f"/fhir/{own}").status_code == 200
    record = city.get("clinic-emr", f"/fhir/Patient/{person}").json()
    assert record["meta"]["source"].endswith("Organization/clinic")  # its own record, not the city's
    assert city.post("clinic-emr", "/fhir/Observation", observation(person)).status_code == 201

    city.team(person, "Organization/clinic")
    assert shown(city, "clinic-emr", others, MARK, person) == DOORS
    record = city.get("clinic-emr", f"/fhir/Patient/{person}").json()
    assert record["meta"]["source"].endswith("Organization/city")


def test_nobody_reads_without_a_token(city: City, person: str) -> None:
    one: Body = city.created("hosp-ehr", observation(person))
    for path in (f"/fhir/Observation/{one['id']}", "/fhir/Observation", "/feed", "/fhir/AuditEvent"):
        answer = city.get(None, path)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        for bad in ("x", "Bearer", "Bearer " + "a" * 43, "Basic aGk6aG8="):
            assert city.client.get(path, headers={"Authorization": bad}).status_code == 401, bad
    assert city.client.get(f"/fhir/Observation?access_token={city.token('hosp-ehr')}").status_code == 400
