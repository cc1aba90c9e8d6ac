"""What an export gives is what its caller may see at the moment when it is given (CONSENT.md §5, §8; TRUST T-060)."""

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from hub.errors import Unauthenticated
from tests.api.changing import change_city
from tests.api.exporting import exported, fetched, ids, job, manifest, read_slowly
from tests.hub_in_test import BASE_URL, QUIET, Body, City, entry, note, observation, small_city, transaction

ONE_ROW = QUIET.model_copy(update={"export_slice": 1})
TEAM = ("Organization/hosp", "Organization/clinic", "Organization/kyotaku", "Practitioner/cm-ito")
NEVER_USED = "0" * 32


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[City]:
    """A hub that looks at one row at a time."""
    with small_city(tmp_path, ONE_ROW) as city:
        yield city


def person(city: City, number: str = "0000000001", name: str = "山田 花子") -> tuple[str, Body]:
    """A resident with a team, and the consent."""
    patient = city.resident(number, name=name)
    city.team(patient, *TEAM)
    return patient, city.consent(patient)


def revoke(city: City, consent: Body) -> None:
    city.clock.move(seconds=1)
    over = {**consent, "status": "inactive", "dateTime": city.clock.now.isoformat()}
    assert city.put("city-registry", f"/fhir/Consent/{consent['id']}", over).status_code == 200


@pytest.mark.promise("revocation-works-on-the-next-request")
def test_a_consent_that_is_revoked_closes_the_files_at_once(city: City) -> None:
    patient, consent = person(city)
    open_, still_open = person(city, "0000000002", "佐々木 一郎")
    closed = city.created("hosp-ehr", observation(patient))
    kept = city.created("hosp-ehr", observation(open_))
    own = city.created("care-plan-app", note(patient))
    told = manifest(city, "care-plan-app", job(city, "care-plan-app", "Patient/$export"))
    assert {closed["id"], kept["id"], own["id"], patient} <= ids(fetched(city, "care-plan-app", told))

    revoke(city, consent)
    seen = ids(fetched(city, "care-plan-app", told))
    assert {kept["id"], own["id"], open_} <= seen
    assert not {closed["id"], patient} & seen
    assert still_open["status"] == "active"


@pytest.mark.promise("revocation-works-on-the-next-request")
def test_a_consent_that_is_revoked_between_kick_off_and_counting_is_not_counted(city: City) -> None:
    patient, consent = person(city)
    city.created("hosp-ehr", observation(patient))
    place = job(city, "care-plan-app", "Patient/$export?_type=Observation")
    revoke(city, consent)
    assert manifest(city, "care-plan-app", place)["output"] == []


@pytest.mark.promise("revocation-works-on-the-next-request")
def test_a_consent_that_is_revoked_while_a_file_is_sent_is_not_in_the_rest_of_it(slow: City) -> None:
    patient, consent = person(slow)
    slow.post("hosp-ehr", "/fhir", transaction(*(entry(observation(patient, value)) for value in range(20))))
    told = manifest(slow, "care-plan-app", job(slow, "care-plan-app", "Patient/$export?_type=Observation"))
    assert told["output"][0]["count"] == 20
    lines = read_slowly(slow, "care-plan-app", told["output"][0]["url"], 5, lambda: revoke(slow, consent))
    assert 5 <= len(lines) < 20


def test_a_file_breaks_off_without_its_end_when_the_right_to_it_ends(slow: City) -> None:
    patient, _ = person(slow)
    slow.post("hosp-ehr", "/fhir", transaction(*(entry(observation(patient, value)) for value in range(20))))
    told = manifest(slow, "hosp-ehr", job(slow, "hosp-ehr", "Patient/$export?_type=Observation"))
    with pytest.raises(Unauthenticated):
        read_slowly(slow, "hosp-ehr", told["output"][0]["url"], 5, lambda: slow.clock.move(minutes=6))


@pytest.mark.promise("ended-relation-ends-on-the-next-request")
def test_a_relation_that_ends_closes_the_files(city: City) -> None:
    patient, _ = person(city)
    team = city.get("city-registry", f"/fhir/CareTeam?patient={patient}").json()["entry"][0]["resource"]
    city.created("hosp-ehr", observation(patient))
    told = manifest(city, "clinic-emr", job(city, "clinic-emr", "Patient/$export"))
    assert fetched(city, "clinic-emr", told)
    city.clock.move(seconds=1)
    ended = {**team, "period": {"end": "2026-11-21"}}
    assert city.put("city-registry", f"/fhir/CareTeam/{team['id']}", ended).status_code == 200
    assert fetched(city, "clinic-emr", told) == []


def test_a_group_that_may_no_longer_be_read_gives_nothing(city: City) -> None:
    patient, _ = person(city)
    members = [{"entity": {"reference": f"Patient/{patient}"}}]
    body: Body = {"resourceType": "Group", "type": "person", "actual": True, "member": members}
    group = city.created("care-plan-app", body)
    place = job(city, "care-plan-app", f"Group/{group['id']}/$export")
    told = manifest(city, "care-plan-app", place)
    assert ids(fetched(city, "care-plan-app", told), "Patient") == {patient}
    left = {**group, "member": [{**members[0], "inactive": True}]}
    assert city.put("care-plan-app", f"/fhir/Group/{group['id']}", left).status_code == 200
    assert fetched(city, "care-plan-app", told) == []
    assert city.delete("care-plan-app", f"/fhir/Group/{group['id']}").status_code == 204
    assert city.get("care-plan-app", place).status_code == 404
    assert city.get("care-plan-app", urlsplit(told["output"][0]["url"]).path).status_code == 404


@pytest.mark.promise("hidden-answers-as-never-existed")
def test_another_caller_finds_no_such_job(city: City) -> None:
    patient, _ = person(city)
    place = job(city, "hosp-ehr", "Patient/$export")
    file = urlsplit(manifest(city, "hosp-ehr", place)["output"][0]["url"]).path
    unknown = f"/fhir/$export/{NEVER_USED}"
    for who in ("clinic-emr", "city-registry"):
        for path, other in ((place, unknown), (file, f"{unknown}/{file.rpartition('/')[2]}")):
            hidden, never = city.get(who, path), city.get(who, other)
            assert hidden.status_code == never.status_code == 404
            assert hidden.content == never.content
        assert city.delete(who, place).content == city.delete(who, unknown).content
    assert city.get("hosp-ehr", file).status_code == 200
    assert patient


@pytest.mark.promise("every-label-must-be-cleared")
@pytest.mark.promise("of-two-residents-both-must-agree")
def test_labels_and_several_patients(city: City) -> None:
    first, _ = person(city)
    second = city.resident("0000000002", name="佐々木 一郎")
    city.team(second, *TEAM)
    confidential = {"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "V"}]}
    for_physicians = {"security": [{**confidential["security"][0], "code": "R"}]}
    secret = city.created("hosp-ehr", observation(first, 1, meta=confidential))
    cleared = city.created("hosp-ehr", observation(first, 2, meta=for_physicians))
    both = city.created("hosp-ehr", note(first, recipient=[{"reference": f"Patient/{second}"}]))

    assert ids(exported(city, "hosp-ehr", "Patient/$export")) >= {secret["id"], cleared["id"], both["id"]}
    seen = ids(exported(city, "clinic-emr", "Patient/$export"))
    assert cleared["id"] in seen
    assert not {secret["id"], both["id"]} & seen  # the second has consented to nothing
    assert not {secret["id"], cleared["id"]} & ids(exported(city, "care-plan-app", "Patient/$export"))
    city.consent(second)
    assert both["id"] in ids(exported(city, "clinic-emr", "Patient/$export"))


@pytest.mark.promise("of-two-residents-both-must-agree")
def test_what_is_about_several_comes_with_whom_it_is_about_once(slow: City) -> None:
    people = [person(slow, f"000000000{number}", f"試験 {number}")[0] for number in range(1, 4)]
    inside, other, outside = sorted(people)
    recipients = [{"reference": f"Patient/{one}"} for one in (other, inside)]
    made = [slow.created("hosp-ehr", note(outside, recipient=recipients)) for _ in range(2)]
    alone = slow.created("hosp-ehr", note(outside))
    members = [{"entity": {"reference": f"Patient/{one}"}} for one in (inside, other)]
    group: Body = {"resourceType": "Group", "type": "person", "actual": True, "member": members}
    path = f"Group/{slow.created('hosp-ehr', group)['id']}/$export?_type=Communication"
    wanted = {one["id"] for one in made}

    assert ids(exported(slow, "hosp-ehr", path)) == wanted
    assert ids(exported(slow, "hosp-ehr", "Patient/$export?_type=Communication")) == {*wanted, alone["id"]}
    told = slow.log(interaction="operation:export-file")
    assert {one["patient"] for one in told if made[0]["meta"]["versionId"] in one["what"]} == {outside, inside}

    slow.clock.move(seconds=1)
    since = slow.clock.now.isoformat().replace("+00:00", "Z")
    assert slow.delete("hosp-ehr", f"/fhir/Communication/{made[0]['id']}").status_code == 204
    told_gone = manifest(slow, "hosp-ehr", job(slow, "hosp-ehr", f"{path}&_since={since}"))
    [gone] = fetched(slow, "hosp-ehr", told_gone, "deleted")
    assert gone["entry"][0]["request"]["url"] == f"Communication/{made[0]['id']}"


@pytest.mark.promise("a-protected-address-is-in-no-answer")
def test_a_protected_address_leaves_in_no_file(city: City) -> None:
    hidden = "試験市秘密町1-2-3"
    protected = {"security": [{"system": "https://renkei.example/fhir/CodeSystem/label", "code": "ADDRESS-PROTECTED"}]}
    patient = city.resident(address=[{"text": hidden}], meta=protected)
    city.team(patient, *TEAM)
    city.consent(patient)
    for who, shown in (("clinic-emr", False), ("city-registry", True)):
        found = exported(city, who, "Patient/$export?_type=Patient")
        assert ids(found) == {patient}
        assert (hidden in json.dumps(found, ensure_ascii=False)) is shown


@pytest.mark.parametrize("secret_before", [False, True])
def test_the_version_of_then_is_given_when_both_it_and_the_one_of_now_are_open(city: City, secret_before: bool) -> None:
    patient, _ = person(city)
    label = {"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "V"}]}
    open_, closed = observation(patient), observation(patient, meta=label)
    id_ = city.created("hosp-ehr", closed if secret_before else open_)["id"]
    place = job(city, "clinic-emr", "Patient/$export?_type=Observation")
    city.clock.move(seconds=1)
    now = {**(open_ if secret_before else closed), "id": id_}
    assert city.put("hosp-ehr", f"/fhir/Observation/{id_}", now).status_code == 200
    assert city.get("clinic-emr", f"/fhir/Observation/{id_}").status_code == (200 if secret_before else 404)
    assert manifest(city, "clinic-emr", place)["output"] == []


@pytest.mark.promise("roles-are-read-now")
def test_a_system_that_is_switched_off_gets_nothing_more(city: City) -> None:
    person(city)
    place = job(city, "hosp-ehr", "Patient/$export")
    file = urlsplit(manifest(city, "hosp-ehr", place)["output"][0]["url"]).path
    registered = 'id = "hosp-ehr"\norganisation = "hosp"\nscopes = "system/*.cruds"'
    change_city(city, (registered, registered.replace("*.cruds", "Patient.rs")))
    assert city.get("hosp-ehr", file).status_code == 403


def test_the_log_tells_who_took_what_of_whom(city: City) -> None:
    first, _ = person(city)
    second, _ = person(city, "0000000002", "佐々木 一郎")
    result = city.created("hosp-ehr", observation(first))
    place = job(city, "clinic-emr", "Patient/$export?_type=Observation,Patient")
    told = manifest(city, "clinic-emr", place)
    [kicked_off] = city.log(interaction="operation:export")
    assert (kicked_off["query"], kicked_off["patient"]) == ("Patient/$export?_type=Observation,Patient", None)
    assert not city.log(interaction="operation:export-file")
    fetched(city, "clinic-emr", told)
    taken = city.log(interaction="operation:export-file")
    assert {(one["organisation"], one["system"], one["outcome"]) for one in taken} == {("clinic", "clinic-emr", "0")}
    assert {one["patient"] for one in taken} == {first, second}
    whats = [one["what"] for one in taken if one["patient"] == first]
    assert any(result["meta"]["versionId"] in what for what in whats)
    city.get("hosp-ehr", place)
    assert city.log(interaction="operation:export-status")[0]["outcome"] == "8"
    city.delete("clinic-emr", place)
    assert city.log(interaction="operation:export-cancel")[0]["outcome"] == "0"
    assert told["request"].startswith(BASE_URL)
