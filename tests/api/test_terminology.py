"""Codes and definitions that the hub ships: $expand, $lookup, $validate-code, and the resources themselves."""

from urllib.parse import quote, urlsplit

import pytest

from hub.http.routes import FHIR
from hub.projections.definitions import TYPES, shipped
from profiles import read_json, validate
from profiles.canonical import BASE
from profiles.resource import as_object
from tests.fhir_answers import ids, issues, link
from tests.hub_in_test import Body, City

pytestmark = pytest.mark.one_hub

PROFESSIONS = f"{BASE}/ValueSet/profession"
GENDER = "http://hl7.org/fhir/administrative-gender"
ISSUES = "http://hl7.org/fhir/ValueSet/issue-type"


def expanded(city: City, query: str, path: str = "ValueSet/$expand") -> Body:
    """The expansion that a query gives, in a ValueSet that must be valid."""
    answer = city.get("hosp-ehr", f"/fhir/{path}?{query}")
    assert answer.status_code == 200, answer.text
    resource = as_object(read_json(answer.content))
    assert [one for one in validate(resource, answer.content) if one.severity == "error"] == []
    found: Body = answer.json()["expansion"]
    return found


def codes(expansion: Body) -> list[str]:
    return [one["code"] for one in expansion.get("contains", [])]


def told(city: City, path: str, body: Body | None = None) -> dict[str, object]:
    """The plain parameters of an answer."""
    answer = city.post("hosp-ehr", f"/fhir/{path}", body) if body else city.get("hosp-ehr", f"/fhir/{path}")
    assert answer.status_code == 200, answer.text
    return {
        one["name"]: value
        for one in answer.json()["parameter"]
        for key, value in one.items()
        if key.startswith("value")
    }


def test_a_value_set_is_expanded_in_japanese_or_english(city: City) -> None:
    found = expanded(city, f"url={PROFESSIONS}")
    assert found["total"] == len(found["contains"]) == 22
    assert found["contains"][0] == {"system": f"{BASE}/CodeSystem/profession", "code": "physician", "display": "医師"}
    english = expanded(city, f"url={PROFESSIONS}&displayLanguage=en-GB&includeDesignations=true")
    assert english["contains"][0]["display"] == "Physician"
    assert {one["value"] for one in english["contains"][0]["designation"]} == {"医師", "Physician"}
    assert expanded(city, "", "ValueSet/profession/$expand")["contains"] == found["contains"]
    assert expanded(city, f"url={PROFESSIONS}|1.0.0")["contains"] == found["contains"]


def test_it_is_filtered_by_words_and_by_what_stands_above(city: City) -> None:
    def having(text: str, url: str = PROFESSIONS) -> list[str]:
        return codes(expanded(city, f"url={url}&filter={quote(text)}"))

    assert having("介護") == ["care-manager", "care-worker", "municipal-care-staff"]
    assert having("ＣＡＲＥ manager") == ["care-manager"]
    assert having("獣医") == []
    assert "expired" in having("security", ISSUES), "it stands below security"
    assert "structure" not in having("security", ISSUES)


def test_it_comes_in_pages(city: City) -> None:
    whole = codes(expanded(city, f"url={ISSUES}"))
    pages = [expanded(city, f"url={ISSUES}&offset={at}&count=10") for at in range(0, 40, 10)]
    assert [code for page in pages for code in codes(page)] == whole
    assert [page["total"] for page in pages] == [len(whole)] * 4
    assert {"name": "offset", "valueInteger": 10} in pages[1]["parameter"]
    assert codes(expanded(city, f"url={ISSUES}&count=0")) == []


def test_a_code_is_looked_up(city: City) -> None:
    found = told(city, f"CodeSystem/$lookup?system={GENDER}&code=female")
    assert found["display"] == "Female"
    coding = {"system": f"{BASE}/CodeSystem/profession", "code": "nurse"}
    body: Body = {"resourceType": "Parameters", "parameter": [{"name": "coding", "valueCoding": coding}]}
    assert told(city, "CodeSystem/$lookup", body)["display"] == "看護師"
    answer = city.get("hosp-ehr", "/fhir/CodeSystem/$lookup?system=http://hl7.org/fhir/issue-type&code=expired").json()
    part = [{"name": "code", "valueCode": "parent"}, {"name": "value", "valueString": "security"}]
    assert {"name": "property", "part": part} in answer["parameter"]
    issues(city.get("hosp-ehr", f"/fhir/CodeSystem/$lookup?system={GENDER}&code=femail"), 404)
    issues(city.get("hosp-ehr", "/fhir/CodeSystem/$lookup?system=http://loinc.org&code=4548-4"), 404)
    issues(city.get("hosp-ehr", f"/fhir/CodeSystem/$lookup?system={GENDER}"), 400)


@pytest.mark.parametrize(
    ("path", "query", "right"),
    [
        ("ValueSet/$validate-code", f"url={PROFESSIONS}&code=nurse", True),
        ("ValueSet/$validate-code", f"url={PROFESSIONS}&code=nurse&system={BASE}/CodeSystem/profession", True),
        ("ValueSet/$validate-code", f"url={PROFESSIONS}&code=nurse&system={GENDER}", False),
        ("ValueSet/$validate-code", f"url={PROFESSIONS}&code=nurse&display=看護師", True),
        ("ValueSet/$validate-code", f"url={PROFESSIONS}&code=nurse&display=医師", False),
        ("ValueSet/administrative-gender/$validate-code", f"code=female&system={GENDER}", True),
        ("CodeSystem/$validate-code", f"url={GENDER}&code=female", True),
        ("CodeSystem/$validate-code", f"url={GENDER}&code=F", False),
        ("CodeSystem/administrative-gender/$validate-code", "code=other&display=Other", True),
    ],
)
def test_a_code_is_checked(city: City, path: str, query: str, right: bool) -> None:
    found = told(city, f"{path}?{query}")
    assert found["result"] is right
    assert ("message" in found) is not right


def test_of_several_codings_one_is_enough(city: City) -> None:
    concept = {"coding": [{"system": "http://x.test", "code": "1"}, {"system": GENDER, "code": "male"}]}
    given: list[Body] = [{"name": "url", "valueUri": "http://hl7.org/fhir/ValueSet/administrative-gender"}]
    body: Body = {
        "resourceType": "Parameters",
        "parameter": [*given, {"name": "codeableConcept", "valueCodeableConcept": concept}],
    }
    assert told(city, "ValueSet/$validate-code", body) == {"result": True, "display": "Male"}
    body["parameter"][1] = {"name": "coding", "valueCoding": {"system": GENDER, "code": "man"}}
    assert told(city, "ValueSet/$validate-code", body)["result"] is False


def test_what_the_hub_does_not_ship_is_not_found(city: City) -> None:
    for path in (
        "ValueSet/$expand?url=http://x.test/ValueSet/y",
        f"ValueSet/$expand?url={PROFESSIONS}&valueSetVersion=9",
        f"ValueSet/$expand?url={PROFESSIONS}|9",
        "ValueSet/nothing/$expand",
        "CodeSystem/$validate-code?url=http://loinc.org&code=1",
        "CodeSystem/nothing/$validate-code?code=1",
    ):
        issues(city.get("hosp-ehr", f"/fhir/{path}"), 404)
    for path in (
        "ValueSet/$expand",
        f"ValueSet/$expand?url={PROFESSIONS}&activeOnly=false",
        f"ValueSet/$expand?url={PROFESSIONS}&colour=red",
        f"ValueSet/profession/$expand?url={PROFESSIONS}",
        f"ValueSet/$validate-code?url={PROFESSIONS}",
    ):
        issues(city.get("hosp-ehr", f"/fhir/{path}"), 400)
    assert city.get(None, f"/fhir/ValueSet/$expand?url={PROFESSIONS}").status_code == 401


@pytest.mark.parametrize("type_", sorted(TYPES))
def test_every_definition_is_read_and_found_by_its_url(city: City, type_: str) -> None:
    assert shipped()[type_]
    for id_, resource in list(shipped()[type_].items())[:12]:
        answer = city.get("hosp-ehr", f"/fhir/{type_}/{id_}")
        stored = as_object(read_json(answer.content))
        assert stored == resource
        assert [one for one in validate(stored, answer.content) if one.severity == "error"] == []
        if "url" in resource:
            assert ids(city.get("hosp-ehr", f"/fhir/{type_}?url={resource['url']}")) == [id_]
    assert city.get("hosp-ehr", f"/fhir/{type_}/nothing").status_code == 404
    assert city.get(None, f"/fhir/{type_}/{next(iter(shipped()[type_]))}").status_code == 401


def test_those_of_members_stand_behind_those_of_the_hub(city: City) -> None:
    mine = [
        city.created("hosp-ehr", {"resourceType": "NamingSystem", "name": f"Own{number}", "status": "active",
                                  "kind": "identifier", "date": "2026-11-01",
                                  "uniqueId": [{"type": "uri", "value": f"http://hosp.test/{number}"}]})["id"]
        for number in range(3)
    ]  # fmt: skip
    whole = ids(city.get("clinic-emr", "/fhir/NamingSystem"))
    assert whole[:4] == list(shipped()["NamingSystem"])
    assert set(whole[4:]) == set(mine)
    for count in (1, 2, 3, 4, 5, 6):
        url, found = f"/fhir/NamingSystem?_count={count}", list[str]()
        while url:
            page = city.client.get(url, headers=city.headers("clinic-emr"))
            assert len(ids(page)) <= count
            found += ids(page)
            url = link(page.json(), "next")
        assert found == whole, count
    total = city.get("clinic-emr", "/fhir/NamingSystem?_count=2&_total=accurate").json()["total"]
    assert total == 7
    assert ids(city.get("clinic-emr", "/fhir/NamingSystem?name=own1")) == [mine[1]]
    assert ids(city.get("clinic-emr", "/fhir/NamingSystem?name=kaigo")) == ["kaigo-insurer-no", "kaigo-insured-no"]


def test_every_operation_that_is_mounted_is_claimed_and_defined(city: City) -> None:
    statement = city.client.get("/fhir/metadata").json()["rest"][0]
    claimed = {("", one["name"], one["definition"]) for one in statement.get("operation", [])}
    for resource in statement["resource"]:
        claimed |= {(resource["type"], one["name"], one["definition"]) for one in resource.get("operation", [])}
    mounted = {tuple(door.path.replace("/{id}", "").split("/")[2:]) for door in FHIR if door.interaction == "operation"}
    wanted = {(place[0] if place[1:] else "", place[-1].lstrip("$")) for place in mounted}
    general = {name for type_, name in wanted if type_ == "{type}"}
    assert {(type_, name) for type_, name, _ in claimed if name not in general} == {
        one for one in wanted if one[0] != "{type}"
    }
    assert {name for type_, name, _ in claimed if type_ == "Observation"} == general
    for _, name, definition in claimed:
        if definition.startswith(BASE):
            [found] = city.get("hosp-ehr", f"/fhir/OperationDefinition?url={definition}").json()["entry"]
            assert found["resource"]["code"] == name
            assert urlsplit(definition).path.endswith(found["resource"]["id"])


def test_who_asked_is_in_the_log(city: City) -> None:
    city.get("aud-kondo", f"/fhir/ValueSet/$expand?url={PROFESSIONS}&filter=x")
    [record, *_] = city.log(interaction="operation:expand")
    assert (record["person"], record["patient"], record["outcome"]) == ("aud-kondo", None, "0")
    assert record["query"] == f"ValueSet/$expand?url={PROFESSIONS}&filter=x"
    city.get("day-app", "/fhir/CodeSystem/space")
    assert city.log()[0]["outcome"] == "8", "the scopes of day-app do not cover CodeSystem"
