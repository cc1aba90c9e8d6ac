"""Chains and ``_has`` (FHIR R4 §3.1.1.4.17): every hop is seen with the caller's own eyes (CONSENT.md §5)."""

from itertools import count

import pytest

from tests.fhir_answers import ids, issues
from tests.hub_in_test import NOON, Body, City, observation, patient

pytestmark = pytest.mark.one_hub

NUMBERS = count(1)


@pytest.fixture
def person(city: City) -> str:
    """A resident whom the hospital and the clinic look after, and who consents to it; it is noon."""
    city.clock.now = NOON
    number = next(NUMBERS)
    resident = city.resident(f"{number:010d}", name=f"名{number} 花子", birth="1940-05-01")
    city.team(resident, "Organization/hosp", "Organization/clinic")
    city.consent(resident)
    return resident


def encounter(patient: str, status: str = "finished", **more: object) -> Body:
    return {
        "resourceType": "Encounter",
        "status": status,
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
        "subject": {"reference": f"Patient/{patient}"},
        **more,
    }


def reference(resource: Body) -> Body:
    return {"reference": f"{resource['resourceType']}/{resource['id']}"}


def found(city: City, query: str, *, who: str = "hosp-ehr") -> set[str]:
    return set(ids(city.get(who, f"/fhir/{query}")))


def test_a_chain_leads_to_what_a_reference_names(city: City, person: str) -> None:
    visit = city.created(
        "hosp-ehr", encounter(person, "in-progress", serviceProvider={"reference": "Organization/hosp"})
    )
    there = city.created("hosp-ehr", observation(person, encounter=reference(visit)))
    elsewhere = city.created("hosp-ehr", observation(person))
    both = {there["id"], elsewhere["id"]}
    name = city.get("hosp-ehr", "/fhir/Organization/hosp").json()["name"]
    for query, wanted in {
        "encounter.status=in-progress": {there["id"]},
        "encounter:Encounter.status=in-progress": {there["id"]},
        "encounter.status=finished": set(),
        f"encounter.service-provider.name={name}": {there["id"]},
        "encounter.service-provider.name=nobody": set(),
        f"encounter.patient.organization:missing=true&_id={there['id']},{elsewhere['id']}": {there["id"]},
        "patient.birthdate=1940-05-01": both,
        "subject:Patient.birthdate=lt1940": set(),
        f"subject:Patient._id={person}": both,
        "encounter.status:not=finished": {there["id"]},
    }.items():
        assert found(city, f"Observation?patient={person}&{query}") == wanted, query


def test_a_chain_finds_by_the_record_that_is_shown(city: City, person: str) -> None:
    """One person, two records: the hospital's own, and the city's once it may be seen."""
    number = f"{next(NUMBERS):010d}"
    resident = city.resident(number, name="髙橋 さくら")
    city.team(resident, "Organization/hosp")
    city.created("hosp-ehr", patient(number, name="高橋 桜"))
    stored = city.created("hosp-ehr", observation(resident))
    assert found(city, f"Observation?_id={stored['id']}&patient.name=高橋") == {stored["id"]}
    assert found(city, f"Observation?_id={stored['id']}&patient.name=髙橋") == set()
    city.consent(resident)
    assert found(city, f"Observation?_id={stored['id']}&patient.name=高橋") == set()
    assert found(city, f"Observation?_id={stored['id']}&patient.name=髙橋") == {stored["id"]}


def test_has_finds_what_is_referred_to(city: City, person: str) -> None:
    visit, other = (city.created("hosp-ehr", encounter(person)) for _ in range(2))
    city.created("hosp-ehr", observation(person, encounter=reference(visit), status="preliminary"))
    for query, wanted in {
        "_has:Observation:encounter:status=preliminary": {visit["id"]},
        "_has:Observation:encounter:status=final": set(),
        "_has:Observation:encounter:_has:Provenance:target:agent=x": set(),
        "_has:Observation:encounter:patient.birthdate=1940-05-01": {visit["id"]},
        "_has:Observation:encounter:status:not=final": {visit["id"]},
    }.items():
        assert found(city, f"Encounter?_id={visit['id']},{other['id']}&{query}") == wanted, query
    assert found(city, f"Patient?_id={person}&_has:Observation:patient:status=preliminary") == {person}
    assert found(city, f"Patient?_id={person}&_has:Observation:patient:status=amended") == set()
    assert found(city, f"Patient?_id={person}&_has:Observation:subject:encounter.status=finished") == {person}


def test_of_several_types_each_is_followed(city: City, person: str) -> None:
    visit = city.created("hosp-ehr", encounter(person))
    stored = city.created("hosp-ehr", observation(person, encounter=reference(visit)))
    both = "?_type=Observation,Condition"
    assert found(city, f"{both}&encounter.status=finished&patient={person}") == {stored["id"]}
    assert found(city, f"{both}&encounter.status=planned&patient={person}") == set()
    target = [{"reference": f"Encounter/{visit['id']}"}]
    agent = [{"who": {"reference": "Organization/hosp"}}]
    told = {"resourceType": "Provenance", "target": target, "recorded": "2026-11-20T09:00:00+09:00", "agent": agent}
    city.created("hosp-ehr", told)
    visits = f"?_type=Encounter,Procedure&_id={visit['id']}"
    assert found(city, f"{visits}&_has:Provenance:target:recorded=2026-11-20") == {visit["id"]}
    assert found(city, f"{visits}&_has:Provenance:target:recorded=2026-11-21") == set()


BATTERY = (
    "Observation?patient={p}&encounter.status=in-progress",
    "Observation?patient={p}&encounter.status=in-progress&_total=accurate&_count=0",
    "Observation?patient={p}&encounter.status:not=in-progress",
    "Observation?patient={p}&encounter.date=ge2026",
    "Observation?patient={p}&encounter.identifier=http://hosp.test/visit|SECRET",
    "Observation?patient={p}&encounter._has:Condition:encounter:code=HIV",
    "Observation?patient={p}&encounter.patient._id={p}",
    "Observation?patient={p}&encounter:missing=true",
    "Observation?patient={p}&_include=Observation:encounter",
    "Observation?patient={p}&_include=*&_include:iterate=*",
    "Observation?patient={p}&_revinclude=*&_revinclude:iterate=*",
    "Observation?patient={p}&_sort=date,status",
    "Patient?_id={p}&_has:Encounter:patient:status=in-progress",
    "Patient?_id={p}&_has:Condition:subject:code=HIV",
    "Patient?_id={p}&_has:Encounter:patient:identifier=SECRET",
    "Patient?_id={p}&_revinclude=Encounter:patient",
    "Patient?_id={p}&_revinclude=*",
    "Patient?_has:Condition:subject:code=HIV",
    "Encounter?patient={p}&_total=accurate",
    "Encounter?_has:Observation:encounter:status=final",
    "Encounter?identifier=http://hosp.test/visit|SECRET",
    "Condition?code=HIV",
    "Condition?code:text=秘密",
    "Condition?patient={p}&encounter.status=in-progress",
    "?_type=Encounter,Condition,Observation&patient={p}",
    "Patient/{p}/*?_total=accurate",
    "Patient/{p}/Condition?code=HIV",
)


@pytest.mark.promise("hidden-answers-as-never-existed")
def test_a_hidden_fact_changes_no_answer(city: City, person: str) -> None:
    """The bisection attack: whatever the clinic asks, the hospital's hidden visit and diagnosis tell it nothing."""
    visit = city.created("hosp-ehr", encounter(person))
    city.created("clinic-emr", observation(person, encounter=reference(visit)))

    def asked() -> list[bytes]:
        return [city.get("clinic-emr", f"/fhir/{query.format(p=person)}").content for query in BATTERY]

    before = asked()
    assert all(b'"Bundle"' in one for one in before)
    changed = {
        **visit,
        "status": "in-progress",
        "period": {"start": "2026-11-20"},
        "identifier": [{"system": "http://hosp.test/visit", "value": "SECRET"}],
    }
    assert city.put("hosp-ehr", f"/fhir/Encounter/{visit['id']}", changed).status_code == 200
    condition = {
        "resourceType": "Condition",
        "meta": {"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "V"}]},
        "code": {"coding": [{"system": "http://hosp.test/codes", "code": "HIV"}], "text": "秘密"},
        "subject": {"reference": f"Patient/{person}"},
        "encounter": reference(visit),
    }
    city.created("hosp-ehr", condition)
    for query, was, now in zip(BATTERY, before, asked(), strict=True):
        assert was == now, query
    # And what is hidden from the clinic is found by those who may know of it: the questions can tell.
    assert found(city, f"Patient?_id={person}&_has:Condition:subject:code=HIV") == {person}
    assert found(city, f"Encounter?patient={person}&status=in-progress") == {visit["id"]}


@pytest.mark.promise("a-token-is-good-for-its-scopes")
def test_the_token_must_cover_every_hop(city: City, person: str) -> None:
    visit = city.created("hosp-ehr", encounter(person))
    city.created("hosp-ehr", observation(person, encounter=reference(visit)))
    token = city.token("hosp-ehr", scopes="system/Observation.rs")

    def ask(path: str) -> int:
        return city.client.get(f"/fhir/{path}", headers={"Authorization": f"Bearer {token}"}).status_code

    assert ask(f"Observation?patient={person}&status=final") == 200
    assert ask(f"Observation?patient={person}&encounter.status=finished") == 403
    assert ask("Observation?encounter._has:Condition:encounter:code=x") == 403
    assert ask(f"?_type=Observation,Encounter&patient={person}") == 403
    assert ask(f"?patient={person}") in (400, 403)
    headers = {"Authorization": f"Bearer {token}"}
    with_visit = f"/fhir/Observation?patient={person}&_include=Observation:encounter&_include=Observation:subject"
    modes = [one["search"]["mode"] for one in city.client.get(with_visit, headers=headers).json()["entry"]]
    assert modes == ["match"]


def test_a_chain_that_cannot_be_is_refused(city: City) -> None:
    for query, words in {
        "code.name=x": "no reference",
        "subject:Location.name=x&subject:Practitioner.name=x": "subject names",
        "_has:Observation:encounter:status=final": "never names",
        "_has:Observation:encounter=x": "_has:Observation:patient:code",
        "subject.general-practitioner.organization.partof.partof.name=x": "more than 3",
    }.items():
        [issue] = issues(city.get("hosp-ehr", f"/fhir/Observation?{query}"), 400)
        assert words in issue["diagnostics"], query
