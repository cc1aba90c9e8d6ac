"""``_include`` and ``_revinclude`` (FHIR R4 §3.1.1.5.4): what comes along is judged as every match is."""

from itertools import count

import pytest

from hub.store.search import AT_ONCE
from tests.api.test_search_hops import encounter, reference
from tests.fhir_answers import link
from tests.hub_in_test import BASE_URL, NOON, Body, City, entry, observation, transaction

pytestmark = pytest.mark.one_hub

NUMBERS = count(1)


@pytest.fixture
def person(city: City) -> str:
    """A resident whom the hospital and the clinic look after; it is noon."""
    city.clock.now = NOON
    resident = city.resident(f"{next(NUMBERS):010d}")
    city.team(resident, "Organization/hosp", "Organization/clinic")
    city.consent(resident)
    return resident


def bundle(city: City, query: str, *, who: str = "hosp-ehr") -> Body:
    answer = city.get(who, f"/fhir/{query}")
    assert answer.status_code == 200, answer.text
    found: Body = answer.json()
    return found


def along(city: City, query: str, *, who: str = "hosp-ehr") -> list[str]:
    """``Type/id`` of what came along with the matches, each once."""
    entries = bundle(city, query, who=who).get("entry", [])
    names = [
        f"{one['resource']['resourceType']}/{one['resource']['id']}"
        for one in entries
        if one["search"]["mode"] == "include"
    ]
    assert len(names) == len(set(names))
    assert [one["fullUrl"] for one in entries if one["search"]["mode"] == "include"] == [
        f"{BASE_URL}/fhir/{name}" for name in names
    ]
    return sorted(names)


def named(*resources: Body) -> list[str]:
    return sorted(f"{one['resourceType']}/{one['id']}" for one in resources)


def test_what_the_matches_refer_to_comes_along(city: City, person: str) -> None:
    visit = city.created("hosp-ehr", encounter(person, serviceProvider={"reference": "Organization/hosp"}))
    performer = [{"reference": "Organization/hosp"}]
    one = city.created("hosp-ehr", observation(person, encounter=reference(visit), performer=performer))
    city.created("hosp-ehr", observation(person, encounter=reference(visit)))
    shown = [f"Patient/{person}"]
    base = f"Observation?patient={person}"
    assert along(city, base) == []
    assert along(city, f"{base}&_include=Observation:encounter") == named(visit)
    assert along(city, f"{base}&_include=Observation:subject") == shown
    assert along(city, f"{base}&_include=Observation:patient") == shown
    assert along(city, f"{base}&_include=Observation:subject:Patient") == shown
    assert along(city, f"{base}&_include=Observation:subject:Group") == []
    assert along(city, f"{base}&_include=Observation:performer") == ["Organization/hosp"]
    everything = sorted([*named(visit), *shown, "Organization/hosp"])
    assert along(city, f"{base}&_include=*") == everything
    assert along(city, f"{base}&_include=Observation:*") == everything
    answer = bundle(city, f"{base}&_include=*&_count=1")
    assert len([one for one in answer["entry"] if one["search"]["mode"] == "match"]) == 1
    assert link(answer, "next")
    assert "total" not in answer
    assert bundle(city, f"{base}&_include=*&_id={one['id']}")["total"] == 1  # of the matches


def test_what_refers_to_the_matches_comes_along(city: City, person: str) -> None:
    visit, other = (city.created("hosp-ehr", encounter(person)) for _ in range(2))
    mine = city.created("hosp-ehr", observation(person, encounter=reference(visit)))
    base = f"Encounter?_id={visit['id']}"
    assert along(city, f"{base}&_revinclude=Observation:encounter") == named(mine)
    assert along(city, f"{base}&_revinclude=Condition:encounter") == []
    assert along(city, f"{base}&_revinclude=Observation:*") == named(mine)
    of_person = along(city, f"Patient?_id={person}&_revinclude=Observation:patient&_revinclude=Encounter:subject")
    assert of_person == named(mine, visit, other)
    assert set(named(mine, visit, other)) < set(along(city, f"Patient?_id={person}&_revinclude=*"))


def test_iterate_goes_on_from_what_came_along(city: City, person: str) -> None:
    whole = city.created("hosp-ehr", encounter(person))
    part = city.created("hosp-ehr", encounter(person, partOf=reference(whole)))
    smallest = city.created("hosp-ehr", encounter(person, partOf=reference(part)))
    stored = city.created("hosp-ehr", observation(person, encounter=reference(smallest)))
    base = f"Observation?_id={stored['id']}&_include=Observation:encounter"
    assert along(city, base) == named(smallest)
    assert along(city, f"{base}&_include:iterate=Encounter:part-of") == named(smallest, part, whole)
    upwards = f"Encounter?_id={whole['id']}&_revinclude:iterate=Encounter:part-of"
    assert along(city, upwards) == named(part, smallest)
    assert along(city, f"{upwards}&_revinclude:iterate=Observation:encounter") == named(part, smallest, stored)


def test_a_circle_ends(city: City, person: str) -> None:
    first = city.created("hosp-ehr", encounter(person))
    second = city.created("hosp-ehr", encounter(person, partOf=reference(first)))
    city.put("hosp-ehr", f"/fhir/Encounter/{first['id']}", {**first, "partOf": reference(second)})
    assert along(city, f"Encounter?_id={first['id']}&_include:iterate=Encounter:part-of") == named(second)


def test_more_than_may_come_is_said(city: City, person: str) -> None:
    chain: list[Body] = [city.created("hosp-ehr", encounter(person))]
    for _ in range(7):
        chain.append(city.created("hosp-ehr", encounter(person, partOf=reference(chain[-1]))))
    answer = bundle(city, f"Encounter?_id={chain[-1]['id']}&_include:iterate=Encounter:part-of")
    outcome = answer["entry"][-1]
    assert outcome["search"]["mode"] == "outcome"
    assert str(AT_ONCE) in outcome["resource"]["issue"][0]["diagnostics"]
    assert [one["search"]["mode"] for one in answer["entry"]] == ["match", *["include"] * 5, "outcome"]


def test_a_thousand_come_and_no_more(city: City, person: str) -> None:
    for _ in range(3):
        pushed = transaction(*(entry(observation(person)) for _ in range(350)))
        assert city.post("hosp-ehr", "/fhir", pushed).status_code == 200
    answer = bundle(city, f"Patient?_id={person}&_revinclude=Observation:subject")
    modes = [one["search"]["mode"] for one in answer["entry"]]
    assert (modes.count("include"), modes[-1]) == (AT_ONCE, "outcome")


@pytest.mark.promise("hidden-answers-as-never-existed")
def test_what_may_not_be_seen_does_not_come_along(city: City, person: str) -> None:
    stranger = city.resident(f"{next(NUMBERS):010d}")  # no consent: the clinic sees nothing of others
    city.team(stranger, "Organization/hosp", "Organization/clinic")
    before = city.created("hosp-ehr", observation(stranger))
    mine = city.created("clinic-emr", observation(stranger, derivedFrom=[reference(before)]))
    for query in ("_include=*", "_include=Observation:derived-from&_include=Observation:subject", "_revinclude=*"):
        assert along(city, f"Observation?_id={mine['id']}&{query}", who="clinic-emr") == [], query
        assert along(city, f"Observation?patient={stranger}&{query}", who="clinic-emr") == [], query
    city.consent(stranger)
    shown = along(city, f"Observation?_id={mine['id']}&_include=*", who="clinic-emr")
    assert shown == sorted([*named(before), f"Patient/{stranger}"])


@pytest.mark.promise("hidden-answers-as-never-existed")
def test_what_is_about_somebody_else_is_judged_by_their_rules(city: City, person: str) -> None:
    """A child's result is derived from the mother's: her consent decides whether that one comes along."""
    mother = city.resident(f"{next(NUMBERS):010d}")
    city.team(mother, "Organization/hosp", "Organization/clinic")
    before = city.created("hosp-ehr", observation(mother))
    city.created("hosp-ehr", observation(person, derivedFrom=[reference(before)]))
    asked = f"Observation?patient={person}&_include=Observation:derived-from"
    assert along(city, asked, who="clinic-emr") == []
    consent = city.consent(mother)
    assert along(city, asked, who="clinic-emr") == named(before)
    city.clock.move(seconds=1)
    revoked = {**consent, "status": "inactive", "dateTime": city.clock.now.isoformat()}
    assert city.put("city-registry", f"/fhir/Consent/{consent['id']}", revoked).status_code == 200
    assert along(city, asked, who="clinic-emr") == []


def test_what_came_along_is_in_the_log_of_its_person(city: City, person: str) -> None:
    visit = city.created("hosp-ehr", encounter(person))
    stored = city.created("hosp-ehr", observation(person, encounter=reference(visit)))
    bundle(city, f"Observation?_id={stored['id']}&_include=Observation:encounter")
    last = city.log(patient=person)[0]
    assert f"Encounter/{visit['id']}/_history/" in last["what"]
    assert f"Observation/{stored['id']}/_history/" in last["what"]
