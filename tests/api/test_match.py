"""Patient/$match: the secretariat looks for a person; nobody else does (FHIR R4, Patient operation)."""

from typing import Any

import pytest

from profiles import read_json, validate
from profiles.resource import as_object
from tests.fhir_answers import issues
from tests.hub_in_test import MR, Body, City, patient


def matched(city: City, resource: Body, **plain: Any) -> list[tuple[str, str, float]]:
    """(id, grade, score) of what the secretariat is shown."""
    parts: list[Body] = [{"name": "resource", "resource": resource}]
    parts += [
        {"name": name, "valueBoolean" if isinstance(value, bool) else "valueInteger": value}
        for name, value in plain.items()
    ]
    answer = city.post("sec-noda", "/fhir/Patient/$match", {"resourceType": "Parameters", "parameter": parts})
    assert answer.status_code == 200, answer.text
    bundle = as_object(read_json(answer.content))
    assert [one for one in validate(bundle, answer.content) if one.severity == "error"] == []
    found: Body = answer.json()
    assert found["total"] == len(found.get("entry", []))
    return [
        (one["resource"]["id"], one["search"]["extension"][0]["valueCode"], one["search"]["score"])
        for one in found.get("entry", [])
    ]


def test_a_number_with_the_same_birth_date_is_certain(city: City) -> None:
    hanako = city.resident()
    assert matched(city, patient()) == [(hanako, "certain", 1.0)]
    assert matched(city, {**patient(), "name": [{"text": "別 人"}]}) == [(hanako, "certain", 1.0)]


def test_a_number_with_another_birth_date_is_only_probable(city: City) -> None:
    hanako = city.resident()
    assert [one[:2] for one in matched(city, patient(birth="1941-05-01"))] == [(hanako, "probable")]
    assert matched(city, patient(birth="1941-05-01"), onlyCertainMatches=True) == []


def test_a_name_alone_is_never_certain(city: City) -> None:
    hanako = city.resident()
    unnumbered = {key: value for key, value in patient(name="山田　花子").items() if key != "identifier"}
    assert [one[:2] for one in matched(city, unnumbered)] == [(hanako, "probable")]
    assert [one[:2] for one in matched(city, {**unnumbered, "gender": "male"})] == [(hanako, "possible")]
    assert matched(city, {**unnumbered, "birthDate": "1940-05-02"}) == []
    assert matched(city, {**unnumbered, "name": [{"text": "山田 華子"}]}) == []


def test_the_likeliest_comes_first_and_no_more_than_asked(city: City) -> None:
    hanako, twin = city.resident(), city.resident("0000000002")
    assert [one[:2] for one in matched(city, patient())] == [(hanako, "certain"), (twin, "probable")]
    assert [one[0] for one in matched(city, patient(), count=1)] == [hanako]
    assert [one[0] for one in matched(city, patient(), onlyCertainMatches=True)] == [hanako]


def test_who_waits_on_the_desk_beside_somebody_is_possible(city: City) -> None:
    numbers: list[Body] = [{"system": MR, "value": value} for value in "78"]
    hanako = city.resident(identifier=[*patient()["identifier"], numbers[1]])
    disputed = patient(birth="1940-05-03", name="山田 花")
    city.created("hosp-ehr", {**disputed, "identifier": [*disputed["identifier"], numbers[0]]})
    other = city.resident(birth="1940-05-03", name="山田 花", identifier=[numbers[0]])
    assert other != hanako
    found = matched(city, patient(identifier=[numbers[1]]))
    assert [one[:2] for one in found] == [(hanako, "certain"), (other, "possible")]


def test_people_whose_record_the_municipality_has_not_are_not_shown(city: City) -> None:
    city.created("hosp-ehr", patient("0000000009"))
    assert matched(city, patient("0000000009")) == []


@pytest.mark.parametrize("who", ["city-registry", "hosp-ehr", "cm-ito", "dr-sato", "aud-kondo"])
def test_everybody_else_is_refused(city: City, who: str) -> None:
    hanako = city.resident()
    answer = city.post(who, "/fhir/Patient/$match", patient())
    assert answer.status_code == 403
    assert hanako not in answer.text
    assert city.post(who, "/fhir/Patient/$match", patient("0000000077")).content == answer.content


def test_what_is_asked_wrongly_is_refused(city: City) -> None:
    for body in ({"resourceType": "Parameters"}, {"resourceType": "Person"}, b""):
        issues(city.post("sec-noda", "/fhir/Patient/$match", body), 400)
    issues(city.post("sec-noda", "/fhir/Patient/$match?count=0", patient()), 400)
    assert city.post(None, "/fhir/Patient/$match", patient()).status_code == 401


def test_it_is_in_the_log_of_whoever_was_found(city: City) -> None:
    hanako = city.resident()
    matched(city, patient())
    [record] = city.log(interaction="operation:match")
    assert (record["person"], record["patient"], record["outcome"]) == ("sec-noda", hanako, "0")
    assert "山田" not in record["query"]
