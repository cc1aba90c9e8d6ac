"""The shortest whole story: a result is pushed, a care manager sees it, consent is revoked, it is gone."""

from tests.hub_in_test import City, observation


def test_a_pushed_result_is_seen_under_consent_and_gone_when_it_is_revoked(city: City) -> None:
    person = city.resident()
    city.team(person, "Organization/hosp", "Practitioner/cm-ito")
    consent = city.consent(person)
    result = city.created("hosp-ehr", observation(person))

    assert city.get("cm-ito", f"/fhir/Observation/{result['id']}").status_code == 200
    feed = city.get("cm-ito", "/feed").json()
    assert [item["category"] for item in feed["items"]] == ["care-team", "laboratory"]

    city.clock.move(seconds=1)
    revoked = {**consent, "status": "inactive", "dateTime": city.clock.now.isoformat()}
    assert city.put("city-registry", f"/fhir/Consent/{consent['id']}", revoked).status_code == 200
    assert city.get("cm-ito", f"/fhir/Observation/{result['id']}").status_code == 404
    assert city.get("cm-ito", "/feed").json()["items"] == []
    assert city.get("hosp-ehr", f"/fhir/Observation/{result['id']}").status_code == 200
