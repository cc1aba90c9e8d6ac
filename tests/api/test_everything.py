"""$everything: one person whole, under the caller's own rules, page by page (FHIR R4, Patient operation)."""

from urllib.parse import quote

import pytest

from hub.interactions.everything import SLICE
from profiles import read_json, validate
from profiles.resource import as_object
from tests.api.looking import NEVER_USED, assert_unknown, prescription
from tests.fhir_answers import issues, link
from tests.hub_in_test import Body, City, entry, note, observation, transaction

TEAM = ("Organization/hosp", "Organization/kyotaku", "Organization/pharm")


def entries(bundle: Body, mode: str = "match") -> list[str]:
    """``Type/id`` of the entries of a mode, in their order."""
    found = [one for one in bundle.get("entry", []) if one["search"]["mode"] == mode]
    assert all(one["fullUrl"].endswith(f"{one['resource']['resourceType']}/{one['resource']['id']}") for one in found)
    return [f"{one['resource']['resourceType']}/{one['resource']['id']}" for one in found]


def everything(city: City, who: str, patient: str, query: str = "") -> Body:
    answer = city.get(who, f"/fhir/Patient/{patient}/$everything{query}")
    assert answer.status_code == 200, answer.text
    found: Body = answer.json()
    return found


def problem(patient: str) -> Body:
    """A diagnosis of the hospital, which its city shares with the medical side only."""
    return {"resourceType": "Condition", "subject": {"reference": f"Patient/{patient}"}, "code": {"text": "高血圧症"}}


@pytest.fixture
def chart(city: City) -> tuple[str, list[str]]:
    """A resident with a care team, both consents, and some of everything: (id, what the hospital may see)."""
    patient = city.resident()
    team = city.team(patient, *TEAM)
    city.consent(patient)
    made = [city.created("hosp-ehr", observation(patient, 7 + day, number=str(day))) for day in range(3)]
    made += [
        city.created("hosp-ehr", prescription(patient, "アムロジピン")),
        city.created("care-plan-app", note(patient)),
    ]
    made.append(city.created("hosp-ehr", problem(patient)))
    return patient, [f"{one['resourceType']}/{one['id']}" for one in (team, *made)]


def test_all_that_is_current_comes_and_the_patient_first(city: City, chart: tuple[str, list[str]]) -> None:
    patient, seen = chart
    answer = city.get("hosp-ehr", f"/fhir/Patient/{patient}/$everything")
    bundle = as_object(read_json(answer.content))
    assert [one for one in validate(bundle, answer.content) if one.severity == "error"] == []
    found: Body = answer.json()
    assert entries(found)[0] == f"Patient/{patient}"
    assert set(entries(found)[1:]) == set(seen)
    assert found["total"] == len(seen) + 1
    assert link(found, "next") == ""
    assert [one["resource"] for one in found["entry"] if one["resource"]["resourceType"] == "Observation"] == [
        city.get("hosp-ehr", f"/fhir/{one}").json() for one in sorted(seen) if one.startswith("Observation")
    ]


def test_each_caller_gets_what_their_own_rules_show(city: City, chart: tuple[str, list[str]]) -> None:
    patient, seen = chart
    manager = set(entries(everything(city, "cm-ito", patient)))
    assert manager < {f"Patient/{patient}", *seen}
    assert not any(one.startswith("Condition") for one in manager), "problems are of the medical space alone"
    for one in (f"Patient/{patient}", *seen):
        assert (city.get("cm-ito", f"/fhir/{one}").status_code == 200) == (one in manager), one


@pytest.mark.promise("hidden-answers-as-never-existed")
def test_a_hidden_person_and_nobody_are_the_same(city: City, chart: tuple[str, list[str]]) -> None:
    patient, _ = chart
    assert city.get("clinic-emr", f"/fhir/Patient/{patient}/$everything").status_code == 404
    assert_unknown(city, "clinic-emr", f"/fhir/Patient/{patient}/$everything")
    assert city.get(None, f"/fhir/Patient/{patient}/$everything").status_code == 401
    assert city.get("aud-kondo", f"/fhir/Patient/{patient}/$everything").status_code == 403
    assert city.get("day-app", f"/fhir/Patient/{patient}/$everything").status_code == 403, "its scopes are narrower"


def test_what_is_deleted_retracted_or_closed_is_left_out(city: City, chart: tuple[str, list[str]]) -> None:
    patient, seen = chart
    gone, withdrawn, labelled = [one for one in seen if one.startswith("Observation")]
    city.delete("hosp-ehr", f"/fhir/{gone}")
    for one, change in (
        (withdrawn, {"status": "entered-in-error"}),
        (labelled, {"meta": {"security": [{"system": "https://renkei.example/fhir/CodeSystem/label", "code": "HIV"}]}}),
    ):
        stored = city.get("hosp-ehr", f"/fhir/{one}").json()
        assert city.put("hosp-ehr", f"/fhir/{one}", {**stored, **change}).status_code == 200
    city.team(patient, "Organization/clinic")
    assert not {gone, withdrawn, labelled} & set(entries(everything(city, "clinic-emr", patient)))
    assert {withdrawn, labelled} <= set(entries(everything(city, "hosp-ehr", patient))), "its source sees its own"


@pytest.mark.promise("revocation-works-on-the-next-request")
def test_revocation_works_on_the_next_page(city: City, chart: tuple[str, list[str]]) -> None:
    patient, _ = chart
    city.team(patient, "Organization/clinic")
    first = everything(city, "clinic-emr", patient, "?_count=2")
    city.clock.move(minutes=1)
    city.consent(patient, status="inactive")
    assert city.client.get(link(first, "next"), headers=city.headers("clinic-emr")).status_code == 404


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_pages_show_everything_once(city: City, chart: tuple[str, list[str]], count: int) -> None:
    patient, seen = chart
    url, found = f"/fhir/Patient/{patient}/$everything?_count={count}", list[str]()
    while url:
        page = city.client.get(url, headers=city.headers("hosp-ehr")).json()
        assert 0 < len(entries(page)) <= count
        assert "total" not in page
        found += entries(page)
        url = link(page, "next")
    assert found == entries(everything(city, "hosp-ehr", patient))
    assert len(found) == len(seen) + 1


def test_a_page_link_is_of_one_caller_and_one_question(city: City, chart: tuple[str, list[str]]) -> None:
    patient, _ = chart
    url = link(everything(city, "hosp-ehr", patient, "?_count=2"), "next")
    assert city.client.get(url, headers=city.headers("hosp-ehr")).status_code == 200
    for who, changed in (
        ("city-registry", url),
        ("hosp-ehr", url.replace("_count=2", "_count=3")),
        ("hosp-ehr", url[:-4] + "AAAA"),
        ("hosp-ehr", url.replace(patient, NEVER_USED)),
    ):
        assert city.client.get(changed, headers=city.headers(who)).status_code in (400, 404), changed


def test_it_is_narrowed_by_type_day_and_time(city: City) -> None:
    patient = city.resident()
    city.team(patient, "Organization/hosp")
    city.consent(patient)
    old = city.created("hosp-ehr", observation(patient, number="1", effectiveDateTime="2025-03-31"))
    city.clock.move(hours=1)
    since = "2026-11-22T12:30:00+09:00"
    new = city.created("hosp-ehr", observation(patient, number="2"))
    of = {"old": f"Observation/{old['id']}", "new": f"Observation/{new['id']}"}

    def shown(query: str) -> set[str]:
        found = entries(everything(city, "hosp-ehr", patient, query))
        return {name for name, one in of.items() if one in found} | (
            {"patient"} if f"Patient/{patient}" in found else set()
        )

    assert shown("") == {"patient", "old", "new"}
    assert shown("?_type=Observation") == {"old", "new"}
    assert shown("?_type=Patient,CareTeam") == {"patient"}
    assert shown("?_type=CareTeam&_type=Observation") == {"old", "new"}
    assert shown("?start=2025-04") == {"patient", "new"}
    assert shown("?end=2025-03") == {"patient", "old"}
    assert shown("?start=2025&end=2025") == {"patient", "old"}
    assert shown(f"?_since={quote(since)}") == {"new"}


def test_what_is_asked_wrongly_is_refused_and_named(city: City, chart: tuple[str, list[str]]) -> None:
    patient, _ = chart
    for query, name in (
        ("_cuont=5", "_cuont"),
        ("_count=0", "_count"),
        ("_count=many", "_count"),
        ("_count=1&_count=2", "_count"),
        ("_type=Observatoin", "_type"),
        ("start=yesterday", "start"),
        ("end=2026-02-30", "end"),
        ("_since=now", "_since"),
    ):
        [issue] = issues(city.get("hosp-ehr", f"/fhir/Patient/{patient}/$everything?{query}"), 400)
        assert issue["expression"] == [name]


def test_it_is_asked_by_post_too(city: City, chart: tuple[str, list[str]]) -> None:
    patient, _ = chart
    url = f"/fhir/Patient/{patient}/$everything"
    parameters: Body = {
        "resourceType": "Parameters",
        "parameter": [{"name": "_type", "valueCode": "Observation"}, {"name": "_count", "valueInteger": 2}],
    }
    posted = city.post("hosp-ehr", url, parameters).json()
    asked = everything(city, "hosp-ehr", patient, "?_type=Observation&_count=2")
    assert entries(posted) == entries(asked)
    assert link(posted, "next") == link(asked, "next") != ""
    assert entries(city.post("hosp-ehr", url, b"").json()) == entries(everything(city, "hosp-ehr", patient))
    assert city.post(None, url, parameters).status_code == 401


def test_the_institutions_that_are_named_come_along(city: City) -> None:
    patient = city.resident()
    city.team(patient, *TEAM)
    city.consent(patient)
    city.created("hosp-ehr", observation(patient, performer=[{"reference": "Organization/hosp"}]))
    found = everything(city, "hosp-ehr", patient)
    assert entries(found, "include") == [f"Organization/{one.partition('/')[2]}" for one in sorted(TEAM)]
    assert entries(everything(city, "hosp-ehr", patient, "?_type=Observation"), "include") == []
    assert found["total"] == len(entries(found))


@pytest.mark.promise("of-two-residents-both-must-agree")
def test_what_is_about_two_comes_with_each_of_them(city: City) -> None:
    first, second = city.resident(), city.resident("0000000002", name="佐々木 一郎")
    for one in (first, second):
        city.team(one, "Organization/hosp", "Organization/kyotaku")
        city.consent(one)
    both = [city.created("hosp-ehr", note(first, recipient=[{"reference": f"Patient/{second}"}])) for _ in range(3)]
    city.created("hosp-ehr", note(first))
    own = city.created("hosp-ehr", note(second))
    shared, alone = {f"Communication/{one['id']}" for one in both}, f"Communication/{own['id']}"

    def notes(patient: str, query: str = "?_type=Communication&_count=1") -> list[str]:
        url, found = f"/fhir/Patient/{patient}/$everything{query}", list[str]()
        while url:
            page = city.client.get(url, headers=city.headers("cm-ito")).json()
            found += entries(page)
            url = link(page, "next")
        return found

    assert notes(second) == sorted({*shared, alone})
    assert len(notes(first)) == 4
    assert shared < set(notes(first))
    everybody = entries(city.get("cm-ito", "/fhir/Patient/$everything?_type=Communication").json())
    assert len(everybody) == len(set(everybody)) == 5

    notes(second, "?_type=Communication")
    whose = [(one["patient"], both[0]["meta"]["versionId"] in one["what"]) for one in city.log()[:2]]
    assert sorted(whose) == sorted([(first, True), (second, True)])
    city.consent(first, root="deny", dateTime="2026-11-22T12:00:01+09:00")
    assert notes(second) == [alone]


def test_of_everybody_whom_one_looks_after(city: City) -> None:
    people = {city.resident(f"000000000{number}", name=f"山田 {number}") for number in range(4)}
    mine = sorted(people)[:3]
    for one in people:
        city.consent(one)
        city.created("city-registry", note(one))
    for one in mine:
        city.team(one, "Organization/kyotaku")
    city.clock.move(minutes=1)
    city.consent(mine[1], status="inactive")

    url, found = "/fhir/Patient/$everything?_count=2", list[str]()
    while url:
        page = city.client.get(url, headers=city.headers("cm-ito")).json()
        assert len(entries(page)) <= 2
        found += entries(page)
        url = link(page, "next")
    assert found == [one for who in (mine[0], mine[2]) for one in entries(everything(city, "cm-ito", who))]
    assert len(found) == 6
    assert entries(everything(city, "cm-ito", mine[0])) == found[:3]
    assert entries(city.get("cm-ito", "/fhir/Patient/$everything").json()) == found


def test_what_was_shown_is_in_the_log(city: City, chart: tuple[str, list[str]]) -> None:
    patient, _ = chart
    found = everything(city, "hosp-ehr", patient, "?_count=3")
    [record] = city.log(interaction="operation:everything")
    assert (record["patient"], record["outcome"], record["reason"]) == (patient, "0", "consent")
    assert record["query"] == f"Patient/{patient}/$everything?_count=3"
    for one in found["entry"]:
        assert one["resource"]["meta"]["versionId"] in record["what"]
    answer = city.get("aud-kondo", f"/fhir/AuditEvent/{record['id']}")
    event = answer.json()
    assert validate(event, answer.content) == []
    versions = [one for entity in event["entity"] for one in entity.get("detail", []) if one["type"] == "version"]
    assert {one["valueString"] for one in versions} == {one["resource"]["meta"]["versionId"] for one in found["entry"]}
    city.get("clinic-emr", f"/fhir/Patient/{patient}/$everything")
    [refused, _] = city.log(interaction="operation:everything")
    assert (refused["patient"], refused["outcome"], refused["what"]) == (patient, "8", "[]")


def test_a_long_one_is_read_in_slices(city: City) -> None:
    patient = city.resident()
    city.team(patient, "Organization/hosp")
    city.consent(patient)
    many = [entry(note(patient, f"{number}")) for number in range(SLICE + 20)]
    assert city.post("hosp-ehr", "/fhir", transaction(*many)).status_code == 200
    found = everything(city, "hosp-ehr", patient, "?_count=1000")
    assert len(set(entries(found))) == len(entries(found)) == SLICE + 22
    assert link(found, "next") == ""
    assert len(entries(everything(city, "hosp-ehr", patient))) == 200
    assert len(city.log(interaction="operation:everything")) == 3
