"""Writing at the doors (CONSENT.md §3.5, §5): who may publish what, about whom, and who may write the rules."""

from uuid import uuid4

import pytest

from profiles.canonical import CARE_OFFICE_NO, LABEL, MEDICAL_INSTITUTION_NO
from tests.api.looking import DOORS, NEVER_USED, prescription, shown
from tests.hub_in_test import (
    Body,
    City,
    care_team,
    consent,
    entry,
    note,
    observation,
    on_paper,
    patient,
    sign_in,
    transaction,
)

MARK = "ヒミツマル錠"
NOTHING: set[str] = set()
PARTICIPATION = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"


@pytest.fixture
def person(city: City) -> str:
    """A resident whom the hospital, the pharmacy, the day service and a care manager's office look after."""
    person = city.resident()
    city.team(person, "Organization/hosp", "Organization/pharm", "Organization/day", "Organization/kyotaku")
    return person


# -- what and about whom


def test_a_system_publishes_the_categories_of_its_kind_alone(city: City, person: str) -> None:
    assert city.post("hosp-ehr", "/fhir/Observation", observation(person)).status_code == 201
    for who in ("pharm-rx", "care-plan-app", "city-registry"):
        refused = city.post(who, "/fhir/Observation", observation(person))
        assert refused.status_code == 403, who
        assert "laboratory" in refused.text
    assert city.post("pharm-rx", "/fhir/Communication", note(person)).status_code == 201


def test_a_push_with_one_entry_that_may_not_be_published_is_refused_whole_and_names_it(city: City, person: str) -> None:
    push = transaction(entry(note(person, "一つめ")), entry(observation(person)), entry(prescription(person, MARK)))
    refused = city.post("pharm-rx", "/fhir", push)
    assert refused.status_code == 403
    assert [one["expression"] for one in refused.json()["issue"]] == [["Bundle.entry[1]"], ["Bundle.entry[2]"]]
    assert city.get("pharm-rx", "/fhir/Communication").json().get("entry") is None
    assert city.get("cm-ito", "/feed").json()["items"] == []


@pytest.mark.promise("hidden-answers-as-never-existed")
def test_about_somebody_whom_one_does_not_know_the_answer_is_as_for_nobody(city: City, person: str) -> None:
    about = [city.post("clinic-emr", "/fhir/Observation", observation(who)) for who in (person, NEVER_USED)]
    assert {one.status_code for one in about} == {422}
    assert about[0].text.replace(person, "*") == about[1].text.replace(NEVER_USED, "*")
    known = city.post("clinic-emr", f"/fhir/Observation?patient={person}", observation(person))
    assert known.status_code == 422
    moved = [
        city.put("clinic-emr", f"/fhir/Patient/{who}", {**patient("0000000009"), "id": who})
        for who in (person, NEVER_USED)
    ]
    assert {one.status_code for one in moved} == {404}
    assert moved[0].content == moved[1].content


@pytest.mark.promise("nothing-is-moved-to-a-stranger")
@pytest.mark.parametrize(
    "reference", ["Patient/{}", "http://hub.test/fhir/Patient/{}", "Patient/{}/_history/1", "Patient?_id={}"]
)
def test_an_own_resource_cannot_be_moved_to_a_stranger(city: City, person: str, reference: str) -> None:
    stranger = city.resident("0000000002", name="山田 太郎")
    one = city.created("hosp-ehr", observation(person))
    moved = {**one, "subject": {"reference": reference.format(stranger)}}
    answer = city.put("hosp-ehr", f"/fhir/Observation/{one['id']}", moved)
    assert answer.status_code in (403, 404, 422), answer.text
    assert city.get("hosp-ehr", f"/fhir/Observation/{one['id']}").json() == one


@pytest.mark.promise("nothing-is-moved-to-a-stranger")
def test_what_was_filed_under_the_wrong_person_leaves_that_persons_timeline(city: City, person: str) -> None:
    right = city.resident("0000000002", name="山田 太郎")
    city.team(right, "Organization/hosp", "Organization/day")
    city.consent(person)
    city.consent(right)
    one = city.created("hosp-ehr", prescription(person, MARK))
    assert shown(city, "cw-suzuki", one, MARK, person) == DOORS
    moved = {**one, "subject": {"reference": f"Patient/{right}"}}
    assert city.put("hosp-ehr", f"/fhir/MedicationRequest/{one['id']}", moved).status_code == 200
    mine = city.get("cw-suzuki", f"/feed?patient={person}").json()["items"]
    assert [item["change"] for item in mine if item["category"] == "prescription"] == ["retracted"]
    assert MARK not in str(mine)
    theirs = city.get("cw-suzuki", f"/feed?patient={right}").json()["items"]
    assert [item["change"] for item in theirs if item["category"] == "prescription"] == ["new"]


@pytest.mark.promise("only-the-source-changes-its-own")
def test_only_the_source_changes_or_deletes(city: City, person: str) -> None:
    city.consent(person)
    one = city.created("hosp-ehr", note(person))
    here = f"/fhir/Communication/{one['id']}"
    assert city.get("care-plan-app", here).status_code == 200
    for who in ("care-plan-app", "pharm-rx", "city-registry"):
        assert city.put(who, here, {**one, "status": "stopped"}).status_code == 404, who
        assert city.delete(who, here).status_code == 404, who
        refused = city.post(who, "/fhir", transaction(entry(one, "PUT", f"Communication/{one['id']}")))
        assert refused.status_code == 404, who
    assert city.get("hosp-ehr", here).json() == one


@pytest.mark.promise("the-hub-says-who-and-when")
def test_a_client_cannot_say_for_the_hub_who_and_when(city: City, person: str) -> None:
    meta = {
        "versionId": "1",
        "lastUpdated": "2001-01-01T00:00:00Z",
        "source": "http://hub.test/fhir/Organization/city",
        "security": [{"system": LABEL, "code": "PSY"}],
    }
    stored = city.created("hosp-ehr", {**note(person), "id": "mine", "meta": meta})
    assert stored["id"] != "mine"
    assert stored["meta"]["versionId"] != "1"
    assert stored["meta"]["lastUpdated"].startswith("2026-11-22T03:00:00")
    assert stored["meta"]["source"] == "http://hub.test/fhir/Organization/hosp"
    assert stored["meta"]["security"] == meta["security"]  # how closed it is, its source does say


@pytest.mark.promise("a-token-is-good-for-its-scopes")
def test_scopes_limit_writing(city: City, person: str) -> None:
    token = sign_in(city, "day-app", scope="system/*.cruds").json()
    assert set(token["scope"].split()) == {"system/Observation.rs", "system/Communication.c"}
    made = city.post("day-app", "/fhir/Communication", note(person))
    assert made.status_code == 201
    here = f"/fhir/Communication/{made.json()['id']}"
    assert city.put("day-app", here, {**made.json(), "status": "stopped"}).status_code == 403
    assert city.delete("day-app", here).status_code == 403
    assert city.post("day-app", "/fhir/Observation", observation(person)).status_code == 403
    push = transaction(entry(note(person, "二つめ")), entry(observation(person)))
    assert city.post("day-app", "/fhir", push).status_code == 403
    for who in ("cm-ito", "dr-sato", "aud-kondo"):  # people read here
        assert city.post(who, "/fhir/Communication", note(person)).status_code in (403, 422), who


def test_nobody_writes_the_log_or_the_directory_of_the_city(city: City, person: str) -> None:
    event: Body = {"resourceType": "AuditEvent"}
    for who in ("city-registry", "hosp-ehr", "aud-kondo"):
        assert city.post(who, "/fhir/AuditEvent", event).status_code in (400, 403, 405), who
    hospital = city.get("hosp-ehr", "/fhir/Organization/hosp").json()
    assert city.put("hosp-ehr", "/fhir/Organization/hosp", {**hospital, "name": "別の病院"}).status_code == 404
    assert city.delete("city-registry", "/fhir/Practitioner/cm-ito").status_code == 404


# -- the resident's rules


def paper(organisation: str) -> Body:
    """What a Consent has that an organisation took on paper."""
    return {"organization": [{"reference": f"Organization/{organisation}"}]}


def recipient(kind: str, reference: str) -> Body:
    role = {"coding": [{"system": PARTICIPATION, "code": "IRCP"}]}
    return {"type": kind, "actor": [{"role": role, "reference": {"reference": reference}}]}


@pytest.mark.promise("a-forged-consent-opens-nothing")
def test_the_municipality_and_the_organisation_that_took_the_paper_may_write_a_consent(city: City, person: str) -> None:
    assert city.post("city-registry", "/fhir/Consent", consent(person, "team")).status_code == 201
    taken = consent(person, "team", **paper("hosp"))
    assert city.post("hosp-ehr", "/fhir", on_paper(taken)).status_code == 200
    for who in ("pharm-rx", "care-plan-app"):
        assert city.post(who, "/fhir", on_paper(taken)).status_code == 403, who
    for who, body in (("hosp-ehr", consent(person, "team")), ("hosp-ehr", consent(person, "team", **paper("clinic")))):
        assert city.post(who, "/fhir", on_paper(body)).status_code == 403


@pytest.mark.promise("a-forged-consent-opens-nothing")
@pytest.mark.parametrize(
    "performer", ["Organization/hosp", "Practitioner/dr-sato", "http://hub.test/fhir/Organization/hosp"]
)
def test_nobody_consents_in_the_residents_place(city: City, person: str, performer: str) -> None:
    named = consent(person, "team", performer=[{"reference": performer}], **paper("hosp"))
    assert city.post("hosp-ehr", "/fhir", on_paper(named)).status_code == 403


@pytest.mark.promise("a-forged-consent-opens-nothing")
def test_a_consent_never_favours_its_writer(city: City, person: str) -> None:
    for reference in ("Organization/hosp", "Practitioner/dr-sato"):
        favour = consent(person, "medical", root="deny", exceptions=[recipient("permit", reference)], **paper("hosp"))
        refused = city.post("hosp-ehr", "/fhir", on_paper(favour))
        assert refused.status_code == 403, reference
        assert city.post("city-registry", "/fhir/Consent", favour).status_code == 201  # the municipality may write it
    against = consent(person, "medical", exceptions=[recipient("deny", "Organization/hosp")], **paper("hosp"))
    written = city.taken("hosp-ehr", against)
    bent = {**written, "provision": {"type": "deny", "provision": [recipient("permit", "Organization/hosp")]}}
    bent["policyRule"] = {"coding": [{**bent["policyRule"]["coding"][0], "code": "OPTOUT"}]}
    assert city.post("hosp-ehr", "/fhir", on_paper(bent, id_=written["id"])).status_code == 403


@pytest.mark.promise("who-was-faster-is-not-overwritten")
def test_a_consent_is_written_by_its_own_writer_and_from_its_newest_version(city: City, person: str) -> None:
    one = city.consent(person)
    here = f"/fhir/Consent/{one['id']}"
    bent = {**one, **paper("hosp")}
    assert city.put("hosp-ehr", here, bent).status_code == 404
    assert city.delete("hosp-ehr", here).status_code == 404
    old = {"if_match": f'W/"{one["meta"]["versionId"]}"'}
    assert city.put("city-registry", here, {**one, "status": "inactive"}, **old).status_code == 200
    assert city.put("city-registry", here, one, **old).status_code == 412


@pytest.mark.promise("a-forged-consent-opens-nothing")
def test_a_consent_of_a_stranger_cannot_be_written(city: City) -> None:
    stranger = city.resident("0000000002", name="山田 太郎")
    assert city.post("hosp-ehr", "/fhir", on_paper(consent(stranger, "team", **paper("hosp")))).status_code == 422


# -- who looks after whom


@pytest.mark.promise("pending-reads-nothing")
@pytest.mark.parametrize("who", ["care-plan-app", "hosp-ehr", "day-app"])
def test_a_care_team_of_whoever_is_not_related_makes_no_relation(city: City, who: str) -> None:
    person = city.resident()
    city.team(person, "Organization/clinic")
    city.consent(person)
    one = city.created("clinic-emr", note(person, MARK))
    uuid = f"urn:uuid:{uuid4()}"
    team = {
        **care_team("x", "Organization/kyotaku", "Organization/hosp", "Organization/day"),
        "subject": {"reference": uuid},
    }
    pushed = city.post(who, "/fhir", transaction(entry(patient(), full_url=uuid), entry(team)))
    assert pushed.status_code == (403 if who == "day-app" else 200), pushed.text
    for reader in ("care-plan-app", "hosp-ehr", "cm-ito"):
        assert shown(city, reader, one, MARK, person) == NOTHING, reader


def test_a_care_manager_who_looks_after_somebody_brings_others_in(city: City, person: str) -> None:
    city.consent(person)
    one = city.created("hosp-ehr", prescription(person, MARK))
    assert shown(city, "clinic-emr", one, MARK, person) == NOTHING
    team = city.created("care-plan-app", care_team(person, "Organization/clinic"))
    assert shown(city, "clinic-emr", one, MARK, person) == DOORS
    assert city.delete("care-plan-app", f"/fhir/CareTeam/{team['id']}").status_code == 204
    assert shown(city, "clinic-emr", one, MARK, person) == NOTHING


@pytest.mark.promise("every-relation-can-be-ended")
@pytest.mark.parametrize(
    "member",
    [
        {"member": {"reference": "Organization/kyotaku"}},
        {"member": {"identifier": {"system": CARE_OFFICE_NO, "value": "0171200018"}}},
        {"member": {"reference": "Practitioner/cm-ito"}},
        {"member": {"reference": "Practitioner/cm-ito"}, "onBehalfOf": {"reference": "Organization/kyotaku"}},
    ],
)
def test_a_care_manager_does_not_keep_themselves_in_the_team(city: City, member: Body) -> None:
    person = city.resident()
    city.consent(person)
    team = city.team(person, "Organization/hosp", "Organization/kyotaku")
    one = city.created("hosp-ehr", prescription(person, MARK))
    own = city.created("care-plan-app", {**care_team(person), "participant": [member]})
    assert shown(city, "cm-ito", one, MARK, person) == DOORS
    without = {**care_team(person, "Organization/hosp"), "id": team["id"]}
    assert city.put("city-registry", f"/fhir/CareTeam/{team['id']}", without).status_code == 200
    for who in ("care-plan-app", "cm-ito"):
        assert shown(city, who, one, MARK, person) == NOTHING, who
    again = {**own, "participant": [member, member]}
    city.put("care-plan-app", f"/fhir/CareTeam/{own['id']}", again)
    assert shown(city, "cm-ito", one, MARK, person) == NOTHING


@pytest.mark.parametrize(
    ("system", "value", "seen"),
    [
        (MEDICAL_INSTITUTION_NO, "0112345688", DOORS),
        (MEDICAL_INSTITUTION_NO, "０１１２３４５６８８", DOORS),
        (MEDICAL_INSTITUTION_NO, "01-1234568-8", DOORS),
        (CARE_OFFICE_NO, "0112345688", NOTHING),  # a number means something in its own system alone
        (MEDICAL_INSTITUTION_NO, "0999999999", NOTHING),
        ("", "0112345688", NOTHING),
    ],
)
def test_a_member_may_be_named_by_its_number(city: City, person: str, system: str, value: str, seen: set[str]) -> None:
    city.consent(person)
    one = city.created("hosp-ehr", prescription(person, MARK))
    number = {"value": value, **({"system": system} if system else {})}
    named = {"type": "Organization", "identifier": number, "display": "どこか"}
    team = {**care_team(person), "participant": [{"member": named, "period": {"end": "2026-11-22"}}]}
    city.created("care-plan-app", team)
    assert shown(city, "clinic-emr", one, MARK, person) == seen
    city.clock.move(hours=12)
    assert shown(city, "clinic-emr", one, MARK, person) == NOTHING


def test_an_office_named_by_its_number_looks_after_the_person_and_so_do_its_people(city: City) -> None:
    person = city.resident()
    city.team(person, "Organization/hosp")
    city.consent(person)
    one = city.created("hosp-ehr", prescription(person, MARK))
    office = {"identifier": {"system": CARE_OFFICE_NO, "value": "0171200018"}}
    city.created("city-registry", {**care_team(person), "participant": [{"member": office}]})
    assert shown(city, "care-plan-app", one, MARK, person) == DOORS
    assert shown(city, "cm-ito", one, MARK, person) == DOORS
    behalf = {
        "member": {"reference": "Practitioner/cw-suzuki"},
        "onBehalfOf": {"identifier": {"system": CARE_OFFICE_NO, "value": "0171200018"}},
    }
    city.created("city-registry", {**care_team(person), "participant": [behalf]})
    assert shown(city, "cw-suzuki", one, MARK, person) == NOTHING  # she is named for an office where she does not work


def test_a_consent_is_revoked_and_never_deleted(city: City) -> None:
    person = city.resident()
    written = city.consent(person)
    response = city.delete("city-registry", f"/fhir/Consent/{written['id']}")
    assert response.status_code == 403
    assert "status inactive" in response.text
    assert city.get("city-registry", f"/fhir/Consent/{written['id']}").status_code == 200
