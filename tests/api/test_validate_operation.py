"""$validate: what a push would be told, without the push (FHIR R4, Resource operation)."""

import pytest

from tests.api.looking import NEVER_USED, assert_unknown
from tests.fhir_answers import issues, places
from tests.hub_in_test import Body, City, consent, note, observation, patient

JP_PATIENT = "http://jpfhir.jp/fhir/core/StructureDefinition/JP_Patient"


def asked(resource: Body | None = None, **plain: str) -> Body:
    """Parameters of $validate."""
    parts: list[Body] = [{"name": "resource", "resource": resource}] if resource else []
    parts += [{"name": name, "valueCode" if name == "mode" else "valueUri": value} for name, value in plain.items()]
    return {"resourceType": "Parameters", "parameter": parts}


def found(city: City, body: Body, path: str = "Observation/$validate", who: str = "hosp-ehr") -> list[Body]:
    """The issues of a $validate that must have been done."""
    return issues(city.post(who, f"/fhir/{path}", body), 200)


@pytest.fixture
def resident(city: City) -> str:
    who = city.resident()
    city.team(who, "Organization/hosp")
    city.consent(who)
    return who


def test_what_is_valid_is_said_to_be_and_nothing_is_stored(city: City, resident: str) -> None:
    for body in (observation(resident), asked(observation(resident)), asked(observation(resident), mode="create")):
        assert [one["severity"] for one in found(city, body) if one["severity"] == "error"] == []
    assert city.get("hosp-ehr", "/fhir/Observation?_total=accurate").json()["total"] == 0
    assert "Observation" not in city.get("hosp-ehr", f"/feed?patient={resident}").text


def test_it_finds_what_a_push_would_be_refused_for(city: City, resident: str) -> None:
    broken = {**observation(resident), "status": "finished", "nonsense": 1}
    pushed = issues(city.post("hosp-ehr", "/fhir/Observation", broken), 422)
    assert places(found(city, broken)) == places(pushed)
    assert "Observation.status" in places(pushed)


def test_a_profile_is_checked_as_if_it_were_claimed(city: City) -> None:
    unnumbered = {key: value for key, value in patient().items() if key != "identifier"}
    path = "Patient/$validate"
    assert places(found(city, asked(unnumbered), path)) == []
    assert places(found(city, asked(unnumbered, profile=JP_PATIENT), path)) == ["Patient.identifier"]
    in_url = found(city, unnumbered, f"{path}?profile={JP_PATIENT}")
    assert places(in_url) == ["Patient.identifier"]
    [unknown] = [one for one in found(city, asked(patient(), profile="http://x.test/P"), path) if "x.test" in str(one)]
    assert unknown["severity"] == "warning"


def test_with_a_mode_it_says_whether_this_caller_may(city: City, resident: str) -> None:
    laboratory = observation(resident)
    refused = found(city, asked(laboratory, mode="create"), who="city-registry")
    assert [one["code"] for one in refused if one["severity"] == "error"] == ["forbidden"]
    assert city.post("city-registry", "/fhir/Observation", laboratory).status_code == 403
    assert [one for one in found(city, asked(laboratory), who="city-registry") if one["severity"] == "error"] == []
    nobody = found(city, asked(observation(NEVER_USED), mode="create"))
    assert [one["code"] for one in nobody if one["severity"] == "error"] == ["not-found"]
    mine = found(city, asked(consent(resident, "medical"), mode="create"), "Consent/$validate")
    assert city.post("hosp-ehr", "/fhir/Consent", consent(resident, "medical")).status_code == 403
    assert [one["severity"] for one in mine] == ["error"]


def test_a_change_is_asked_of_ones_own_resource_alone(city: City, resident: str) -> None:
    stored = city.created("hosp-ehr", observation(resident))
    path = f"Observation/{stored['id']}/$validate"
    assert places(found(city, asked(stored, mode="update"), path)) == []
    assert places(found(city, asked(mode="delete"), path)) == []
    for body in (asked(stored, mode="update"), asked(mode="delete")):
        city.team(resident, "Organization/clinic")
        assert city.post("clinic-emr", f"/fhir/{path}", body).status_code == 404
    unknown = city.post("hosp-ehr", f"/fhir/Observation/{NEVER_USED}/$validate", asked(mode="delete"))
    assert unknown.status_code == 404
    agreed = city.created("city-registry", consent(resident, "medical"))
    kept = found(city, asked(mode="delete"), f"Consent/{agreed['id']}/$validate", "city-registry")
    assert [one["code"] for one in kept] == ["forbidden"], "a consent is revoked, not deleted"
    assert city.get("hosp-ehr", f"/fhir/Observation/{stored['id']}").json() == stored


def test_what_is_stored_is_checked_for_whoever_may_read_it(city: City, resident: str) -> None:
    stored = city.created("hosp-ehr", observation(resident))
    path = f"/fhir/Observation/{stored['id']}/$validate"
    main = "http://jpfhir.jp/fhir/core/StructureDefinition/JP_Observation_LabResult"
    assert "Observation.category" in places(issues(city.get("hosp-ehr", f"{path}?profile={main}"), 200))
    assert places(issues(city.post("hosp-ehr", path, asked(mode="profile", profile=main)), 200))
    assert city.get("cm-ito", path).status_code == 404
    assert_unknown(city, "cm-ito", path)
    assert city.get("aud-kondo", path).status_code == 403


def test_what_does_not_fit_together_is_refused(city: City, resident: str) -> None:
    good = observation(resident)
    for path, body in (
        ("Observation/$validate", asked(mode="create")),
        ("Observation/$validate", asked(good, mode="update")),
        ("Observation/$validate", asked(mode="delete")),
        ("Observation/$validate", asked(mode="profile")),
        ("Observation/$validate", asked(good, mode="upsert")),
        ("Observation/$validate", asked(good, colour="red")),
        ("Patient/$validate", good),
        ("Observation/$validate", b"{"),
        (f"Observation/{NEVER_USED}/$validate", {**good, "id": "another"}),
    ):
        issues(city.post("hosp-ehr", f"/fhir/{path}", body), 400)
    assert city.post("hosp-ehr", "/fhir/Observatoin/$validate", good).status_code == 404
    assert city.post(None, "/fhir/Observation/$validate", good).status_code == 401


def test_every_member_may_ask_and_it_is_in_the_log(city: City, resident: str) -> None:
    found(city, note(resident, "秘密"), "Communication/$validate", "day-app")
    found(city, note(resident, "秘密"), "Communication/$validate", "aud-kondo")
    [second, first] = city.log(interaction="operation:validate")
    assert (first["system"], second["person"], first["outcome"]) == ("day-app", "aud-kondo", "0")
    assert first["query"] == "Communication/$validate"
    assert "秘密" not in str(first)
