"""The other doors of search: a person's compartment, several types, posted, lenient, in parts (FHIR R4 §3.1.1)."""

from itertools import count

import httpx2
import pytest

from tests.api.test_search_hops import encounter, reference
from tests.fhir_answers import ids, issues, link
from tests.hub_in_test import BASE_URL, NOON, Body, City, note, observation

pytestmark = pytest.mark.one_hub

NUMBERS = count(1)
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def person(city: City) -> str:
    """A resident whom the hospital and the clinic look after; it is noon."""
    city.clock.now = NOON
    resident = city.resident(f"{next(NUMBERS):010d}")
    city.team(resident, "Organization/hosp", "Organization/clinic")
    return resident


def bundle(city: City, path: str, *, who: str = "hosp-ehr", **headers: str) -> Body:
    answer = city.get(who, f"/fhir{path}", **headers)
    assert answer.status_code == 200, answer.text
    found: Body = answer.json()
    return found


def found(city: City, path: str, *, who: str = "hosp-ehr") -> set[str]:
    return set(ids(city.get(who, f"/fhir{path}")))


def posted(city: City, path: str, form: str, *, who: str = "hosp-ehr") -> httpx2.Response:
    headers = city.headers(who, content_type=FORM)
    return city.client.post(f"/fhir{path}", content=form.encode(), headers=headers)


def relationship(person: str, other: str) -> Body:
    """A list of things about two people."""
    return {
        "resourceType": "Provenance",
        "target": [{"reference": f"Patient/{person}"}, {"reference": f"Patient/{other}"}],
        "recorded": "2026-11-20T09:00:00+09:00",
        "agent": [{"who": {"reference": "Organization/hosp"}}],
    }


# -- the compartment of a person


def test_a_compartment_has_what_is_about_the_person(city: City, person: str) -> None:
    other = city.resident(f"{next(NUMBERS):010d}")
    city.team(other, "Organization/hosp")
    visit = city.created("hosp-ehr", encounter(person))
    stored = city.created("hosp-ehr", observation(person, encounter=reference(visit)))
    told = city.created("hosp-ehr", note(person))
    city.created("hosp-ehr", observation(other))
    here = f"/Patient/{person}"
    assert found(city, f"{here}/Observation") == {stored["id"]}
    assert found(city, f"{here}/Observation?status=final&encounter.status=finished") == {stored["id"]}
    assert found(city, f"{here}/Observation?status=amended") == set()
    assert found(city, f"{here}/*") == {visit["id"], stored["id"], told["id"]}
    assert found(city, f"{here}/*?_type=Encounter,Communication") == {visit["id"], told["id"]}
    assert found(city, f"{here}/Condition") == set()
    assert found(city, f"/Patient/{other}/Encounter") == set()
    assert found(city, "/Patient/nobody/*") == set()
    answer = bundle(city, f"{here}/*?_count=2")
    following = link(answer, "next")
    assert following.startswith(f"{BASE_URL}/fhir{here}/*?_count=2&_cursor=")
    assert len(ids(city.get("hosp-ehr", following))) == 1
    assert city.get("hosp-ehr", following.replace(person, other)).status_code == 400
    assert posted(city, f"{here}/Observation/_search", "status=final").json() == bundle(
        city, f"{here}/Observation?status=final"
    )
    assert city.get("hosp-ehr", f"/fhir{here}/Nonsense").status_code == 404
    assert city.get(None, f"/fhir{here}/Observation").status_code == 401


@pytest.mark.promise("hidden-answers-as-never-existed")
def test_a_compartment_is_no_way_round_the_rules(city: City, person: str) -> None:
    empty = city.get("clinic-emr", f"/fhir/Patient/{person}/*").json()
    city.created("hosp-ehr", observation(person))
    assert city.get("clinic-emr", f"/fhir/Patient/{person}/*").json() == empty
    assert (empty["total"], "entry" in empty) == (0, False)
    city.consent(person)
    assert len(found(city, f"/Patient/{person}/Observation", who="clinic-emr")) == 1


# -- what is about several people


def test_what_is_about_two_people_is_found_by_each(city: City, person: str) -> None:
    other = city.resident(f"{next(NUMBERS):010d}")
    city.team(other, "Organization/hosp", "Organization/clinic")
    stored = city.created("hosp-ehr", relationship(person, other))
    for one in (person, other):
        assert found(city, f"/Provenance?patient={one}") == {stored["id"]}, one
        assert found(city, f"/Provenance?target=Patient/{one}") == {stored["id"]}, one
        assert found(city, f"/Patient/{one}/Provenance") == {stored["id"]}, one
    assert found(city, f"/Provenance?patient={other}&patient={person}") == {stored["id"]}
    assert found(city, f"/Observation?patient={other}") == set()


@pytest.mark.promise("of-two-residents-both-must-agree")
def test_what_is_about_two_people_needs_the_consent_of_both(city: City, person: str) -> None:
    other = city.resident(f"{next(NUMBERS):010d}")
    city.team(other, "Organization/hosp", "Organization/clinic")
    told = {**note(person), "about": [], "recipient": [{"reference": f"Patient/{other}"}]}
    told.pop("about")
    stored = city.created("hosp-ehr", told)
    asked = (f"/Communication?patient={person}", f"/Communication?recipient=Patient/{other}", f"/Patient/{other}/*")
    city.consent(person)
    for path in asked:
        assert stored["id"] not in found(city, path, who="clinic-emr"), path
    city.consent(other)
    for path in asked:
        assert stored["id"] in found(city, path, who="clinic-emr"), path


# -- several types


def test_a_search_of_several_types(city: City, person: str) -> None:
    visit = city.created("hosp-ehr", encounter(person))
    stored = city.created("hosp-ehr", observation(person))
    told = city.created("hosp-ehr", note(person))
    three = {visit["id"], stored["id"], told["id"]}
    some = ",".join(three)
    assert found(city, f"?_id={some}") == three
    assert found(city, f"?_id={some}&_type=Observation,Encounter") == {visit["id"], stored["id"]}
    assert found(city, f"?_type=Observation,Encounter&patient={person}&status=final") == {stored["id"]}
    assert found(city, f"/?_id={some}") == three
    form = f"_id={some}&_type=Communication"
    assert ids(posted(city, "/_search", form)) == [told["id"]]
    order = [one["resource"]["id"] for one in bundle(city, f"?_id={some}&_sort=_lastUpdated")["entry"]]
    assert set(order) == three
    of_one = bundle(city, f"?_type=Observation,Encounter&_id={some}&_count=1")
    assert len(ids(city.get("hosp-ehr", link(of_one, "next")))) == 1
    one_type = bundle(city, f"?_type=Observation&_id={some}")
    assert ids(city.get("hosp-ehr", link(one_type, "self"))) == [stored["id"]]
    answer = bundle(city, f"?_id={some}&_count=1")
    assert link(answer, "next").startswith(f"{BASE_URL}/fhir?_id=")
    seen = [one["resource"]["id"] for one in answer["entry"]]
    while following := link(answer, "next"):
        answer = city.get("hosp-ehr", following).json()
        seen += [one["resource"]["id"] for one in answer.get("entry", [])]
    assert sorted(seen) == sorted(three)


def test_a_search_of_several_types_is_refused_where_it_must_be(city: City, person: str) -> None:
    assert city.get("hosp-ehr", "/fhir?_type=Observation,Nonsense").status_code == 400
    assert city.get("hosp-ehr", "/fhir/Observation?_type=Observation").status_code == 400
    assert city.get("aud-kondo", f"/fhir?_id={person}").status_code == 403
    assert city.get(None, "/fhir?_type=Observation").status_code == 401
    city.created("hosp-ehr", observation(person))
    for path in (f"?patient={person}&_type=Observation,Condition", f"?_id={person}"):
        assert found(city, path, who="clinic-emr") == set(), path


# -- how it is answered


@pytest.mark.promise("no-condition-is-dropped-silently")
def test_a_lenient_search_says_what_it_left_out(city: City, person: str) -> None:
    stored = city.created("hosp-ehr", observation(person))
    path = f"/Observation?patient={person}&colour=blue&status=final"
    [issue] = issues(city.get("hosp-ehr", f"/fhir{path}"), 400)
    assert "colour" in issue["diagnostics"]
    assert issues(city.get("hosp-ehr", f"/fhir{path}", prefer="handling=strict"), 400)
    answer = bundle(city, path, prefer="handling=lenient")
    match, outcome = answer["entry"]
    assert (match["resource"]["id"], match["search"]["mode"]) == (stored["id"], "match")
    assert outcome["search"]["mode"] == "outcome"
    assert outcome["resource"]["issue"][0]["expression"] == ["colour"]
    assert link(answer, "self") == f"{BASE_URL}/fhir/Observation?patient={person}&status=final"
    assert answer["total"] == 1
    assert city.get("hosp-ehr", f"/fhir{path}&date=x", prefer="handling=lenient").status_code == 400


def test_parts_of_resources_are_tagged_so(city: City, person: str) -> None:
    visit = city.created("hosp-ehr", encounter(person))
    stored = city.created("hosp-ehr", observation(person, encounter=reference(visit), note=[{"text": "長い"}]))
    base = f"/Observation?_id={stored['id']}"

    def shown(more: str) -> Body:
        [one] = [one for one in bundle(city, f"{base}&{more}")["entry"] if one["search"]["mode"] == "match"]
        resource: Body = one["resource"]
        return resource

    part = shown("_elements=value")
    assert part["valueQuantity"] == stored["valueQuantity"]
    assert {"note", "encounter", "effectiveDateTime"} & part.keys() == set()
    assert {"status", "code"} <= part.keys()  # mandatory
    assert [one["code"] for one in part["meta"]["tag"]] == ["SUBSETTED"]
    assert "note" not in shown("_summary=true")
    assert "SUBSETTED" in str(shown("_summary=text"))
    assert shown("_summary=data")["note"] == stored["note"]
    assert shown("_summary=false") == stored
    counted = bundle(city, f"/Observation?patient={person}&_summary=count")
    assert (counted["total"], "entry" in counted) == (1, False)
    along = bundle(city, f"{base}&_elements=code&_include=Observation:encounter")["entry"][1]
    assert along["resource"] == visit


def test_totals_are_exact_and_only_when_wanted(city: City, person: str) -> None:
    for _ in range(3):
        city.created("hosp-ehr", observation(person))
    base = f"/Observation?patient={person}&_count=2"
    assert "total" not in bundle(city, base)
    assert "total" not in bundle(city, f"{base}&_total=none")
    for total in ("accurate", "estimate"):
        assert bundle(city, f"{base}&_total={total}")["total"] == 3
        assert bundle(city, f"{base}&_total={total}", who="clinic-emr")["total"] == 0


# -- what there is to search by


def test_the_parameters_can_be_looked_up(city: City) -> None:
    answer = bundle(city, "/SearchParameter?base=Observation&code=code")
    [one] = [entry["resource"] for entry in answer["entry"] if entry["resource"]["code"] == "code"]
    assert (one["type"], "Observation" in one["base"]) == ("token", True)
    assert bundle(city, f"/SearchParameter/{one['id']}") == one
    assert [entry["resource"]["url"] for entry in bundle(city, f"/SearchParameter?url={one['url']}")["entry"]] == [
        one["url"]
    ]
    assert city.get("hosp-ehr", "/fhir/SearchParameter/nothing").status_code == 404
    assert city.get(None, "/fhir/SearchParameter").status_code == 401
