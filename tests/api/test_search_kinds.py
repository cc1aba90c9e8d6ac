"""Each kind of search parameter at the door, with its modifiers and prefixes (FHIR R4 §3.1.1.4, §3.1.1.5)."""

from itertools import count
from urllib.parse import urlencode

import pytest

from profiles.canonical import BASE, KAIGO_INSURED_NO
from tests.api.test_search_hops import encounter, reference
from tests.fhir_answers import ids, issues
from tests.hub_in_test import BASE_URL, Body, City, observation, patient

pytestmark = pytest.mark.one_hub

NUMBERS = count(1)
UCUM = "http://unitsofmeasure.org"
LOINC = "http://loinc.org"
CARE_LEVEL = f"{BASE}/ValueSet/care-level"


def asked(city: City, type_: str, base: str, table: dict[str, set[str]], who: str = "hosp-ehr") -> None:
    """Every condition of the table, beside ``base``, finds just what stands there."""
    for condition, wanted in table.items():
        names = [(name, value) for name, _, value in (one.partition("=") for one in f"{base}&{condition}".split("&"))]
        query = urlencode(names)
        assert set(ids(city.get(who, f"/fhir/{type_}?{query}"))) == wanted, condition


def created(city: City, resource: Body, who: str = "hosp-ehr") -> str:
    return str(city.created(who, resource)["id"])


def test_quantities_to_the_precision_that_was_written(city: City, person: str) -> None:
    low, high = (created(city, observation(person, value)) for value in (7.2, 10))
    text = created(city, {**observation(person), "valueQuantity": {"value": 7.2, "unit": "点"}})
    both = {low, high}
    table = {
        f"value-quantity=7.2|{UCUM}|%": {low},
        "value-quantity=7.2||%": {low},
        "value-quantity=7.2": {low, text},
        "value-quantity=7": {low, text},
        "value-quantity=7.0": set(),
        f"value-quantity=ne7.2|{UCUM}|%": {high},
        f"value-quantity=gt7.2|{UCUM}|%": {high},
        f"value-quantity=ge7.2|{UCUM}|%": both,
        f"value-quantity=lt10|{UCUM}|%": {low},
        f"value-quantity=le10.00|{UCUM}|%": both,
        f"value-quantity=sa9|{UCUM}|%": {high},
        f"value-quantity=eb9|{UCUM}|%": {low},
        f"value-quantity=ap9.5|{UCUM}|%": {high},
        f"value-quantity=7.2|{UCUM}|mg": set(),
        "value-quantity=7.2||点": {text},
        f"value-quantity=7.2|{UCUM}|%,10|{UCUM}|%": both,
        "value-quantity:missing=true": set(),
        "combo-value-quantity=7.2||%": {low},
    }
    asked(city, "Observation", f"patient={person}", table)


def test_two_values_of_one_element(city: City, person: str) -> None:
    """Composite: the pressure that is high must be the systolic one."""

    def part(code: str, value: float) -> Body:
        unit = {"value": value, "unit": "mm[Hg]", "system": UCUM, "code": "mm[Hg]"}
        return {"code": {"coding": [{"system": LOINC, "code": code}]}, "valueQuantity": unit}

    pressure = {"coding": [{"system": LOINC, "code": "85354-9"}]}
    plain = observation(person, code=pressure)
    plain.pop("valueQuantity")
    normal = created(city, {**plain, "component": [part("8480-6", 120), part("8462-4", 80)]})
    high = created(city, {**plain, "component": [part("8480-6", 180), part("8462-4", 120)]})
    sugar = created(city, observation(person, 6.5))
    table = {
        "component-code-value-quantity=8480-6$gt140": {high},
        "component-code-value-quantity=8462-4$120": {high},
        "component-code-value-quantity=8480-6$120": {normal},
        f"component-code-value-quantity={LOINC}|8480-6$120|{UCUM}|mm[Hg]": {normal},
        "code-value-quantity=4548-4$lt7": {sugar},
        "code-value-quantity=4548-4$gt7": set(),
        "combo-code-value-quantity=8480-6$gt100": {normal, high},
        "combo-code-value-quantity=4548-4$6.5,8480-6$180": {sugar, high},
        "combo-code=8480-6": {normal, high},
        "component-code:missing=false": {normal, high},
    }
    asked(city, "Observation", f"patient={person}", table)
    [issue] = issues(city.get("hosp-ehr", f"/fhir/Observation?patient={person}&code-value-quantity=4548-4"), 400)
    assert "code-value-quantity" in issue["diagnostics"]


def test_texts_of_codes_and_types_of_identifiers(city: City, person: str) -> None:
    mine = observation(person, code={"coding": [{"system": LOINC, "code": "4548-4", "display": "ヘモグロビンＡ１ｃ"}]})
    kind = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "FILL"}]}
    numbered = [{"system": "http://hosp.test/obs", "value": "K-1", "type": kind}]
    one = created(city, {**mine, "identifier": numbered})
    other = created(city, observation(person))
    table = {
        "code:text=ヘモグロビンa1c": {one},
        "code:text=HbA1c": {other},
        "code:text=ロビン": set(),
        "code:not=4548-4": set(),
        "identifier:of-type=http://terminology.hl7.org/CodeSystem/v2-0203|FILL|K-1": {one},
        "identifier:of-type=http://terminology.hl7.org/CodeSystem/v2-0203|PLAC|K-1": set(),
        "identifier=http://hosp.test/obs|K-1": {one},
        "identifier=http://hosp.test/obs|": {one},
        "identifier:not=K-1": {other},
        "_tag:missing=true": {one, other},
        "_source=" + f"{BASE_URL}/fhir/Organization/hosp": {one, other},
        "_source=" + f"{BASE_URL}/fhir/Organization/clinic": set(),
    }
    asked(city, "Observation", f"patient={person}", table)


def test_what_a_resource_says_of_itself(city: City, person: str) -> None:
    profile, tag = "http://hosp.test/StructureDefinition/lab", {"system": "http://hosp.test/tags", "code": "pilot"}
    label = {"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}
    tagged = created(city, {**observation(person), "meta": {"profile": [profile], "tag": [tag], "security": [label]}})
    plain = created(city, observation(person))
    table = {
        "_tag=pilot": {tagged},
        "_tag:not=http://hosp.test/tags|pilot": {plain},
        "_security=R": {tagged},
        f"_profile={profile}": {tagged},
        "_profile:below=http://hosp.test/": {tagged},
        "_profile:missing=true": {plain},
    }
    asked(city, "Observation", f"patient={person}", table)
    asked(city, "", f"_id={tagged},{plain}", {"_tag=pilot": {tagged}})


def test_references_by_number_and_by_kind(city: City, person: str) -> None:
    visit = city.created("hosp-ehr", encounter(person))
    by_number = {"identifier": {"system": "http://hosp.test/staff", "value": "007"}}
    mine = created(city, observation(person, encounter=reference(visit), performer=[by_number]))
    other = created(city, observation(person, performer=[{"reference": "Organization/hosp"}]))
    table = {
        f"encounter={visit['id']}": {mine},
        f"encounter=Encounter/{visit['id']}": {mine},
        f"encounter:Encounter={visit['id']}": {mine},
        f"encounter={BASE_URL}/fhir/Encounter/{visit['id']}": {mine},
        "encounter:missing=true": {other},
        "performer:identifier=http://hosp.test/staff|007": {mine},
        "performer:identifier=007": {mine},
        "performer:Organization=hosp": {other},
        "performer:Practitioner=hosp": set(),
    }
    asked(city, "Observation", f"patient={person}", table)


def test_numbers_and_addresses_of_the_web(city: City, person: str) -> None:
    risk = {
        "resourceType": "RiskAssessment",
        "status": "final",
        "subject": {"reference": f"Patient/{person}"},
        "prediction": [{"probabilityDecimal": 0.25}],
    }
    one = created(city, risk)
    table = {
        "probability=0.25": {one},
        "probability=gt0.2": {one},
        "probability=lt0.2": set(),
        "probability=0.3": {one},
    }
    asked(city, "RiskAssessment", f"patient={person}", table)
    answers = {
        "resourceType": "QuestionnaireResponse",
        "status": "completed",
        "questionnaire": "http://hosp.test/Questionnaire/frailty|2",
        "subject": {"reference": f"Patient/{person}"},
    }
    filled = created(city, answers)
    table = {
        "questionnaire=http://hosp.test/Questionnaire/frailty": {filled},
        "questionnaire=http://hosp.test/Questionnaire/frailty|2": {filled},
        "questionnaire=http://hosp.test/Questionnaire/frailty|3": set(),
    }
    asked(city, "QuestionnaireResponse", f"patient={person}", table)


def test_people_by_their_names_and_numbers(city: City) -> None:
    number = f"{next(NUMBERS):010d}"
    name = {"family": "齋藤", "given": ["みなみ"], "text": "齋藤　みなみ"}
    resident = created(city, {**patient(number), "name": [name]}, "city-registry")
    table = {
        "name=齋藤": {resident},
        "name=齋藤みなみ": {resident},
        "name=ﾐﾅﾐ": {resident},
        "name:contains=ナミ": {resident},
        "given:exact=みなみ": {resident},
        "given:exact=ミナミ": set(),
        "family=斎藤": set(),
        f"identifier={KAIGO_INSURED_NO}|011234-{number}": {resident},
        "birthdate=1940": {resident},
        "birthdate=gt1940-05": set(),
        "deceased=false": {resident},
        "gender=female,male": {resident},
        "gender:not=female": set(),
    }
    asked(city, "Patient", f"_id={resident}", table, "city-registry")


def test_codes_of_a_value_set(city: City, person: str) -> None:
    """``:in`` and ``:not-in``, of the value sets that the hub ships."""
    final, amended, unknown = (
        created(city, observation(person, status=status)) for status in ("final", "amended", "unknown")
    )
    statuses = "http://hl7.org/fhir/ValueSet/observation-status"
    table = {
        f"status:in={statuses}": {final, amended, unknown},
        f"status:in={statuses}|4.0.1": {final, amended, unknown},
        f"status:not-in={statuses}": set(),
        f"code:not-in={CARE_LEVEL}": {final, amended, unknown},
        f"code:in={CARE_LEVEL}": set(),
    }
    asked(city, "Observation", f"patient={person}", table)
    level = {"coding": [{"system": CARE_LEVEL.replace("ValueSet", "CodeSystem"), "code": "23"}]}
    measured = created(city, observation(person, code=level))
    table = {
        f"code:in={CARE_LEVEL}": {measured},
        f"code:in={CARE_LEVEL},{statuses}": {measured},
        f"code:not-in={CARE_LEVEL}": {final, amended, unknown},
    }
    asked(city, "Observation", f"patient={person}", table)
    city.consent(person)
    asked(city, "Patient", f"_id={person}", {f"_has:Observation:patient:code:in={CARE_LEVEL}": {person}})


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("code:in=http://example.org/ValueSet/x", "is not a value set of this hub"),
        ("code:in=http://hl7.org/fhir/ValueSet/observation-status|3.0", "is not a value set of this hub"),
        ("code:in=http://hl7.org/fhir/ValueSet/all-types", "has more than 100 codes"),
        ("identifier:in=http://hl7.org/fhir/ValueSet/observation-status", "the modifier :in is not supported"),
        ("code:below=http://loinc.org|1", "the modifier :below is not supported"),
        ("code:above=http://loinc.org|1", "the modifier :above is not supported"),
        ("_text=x", "no search parameter '_text'"),
        ("_content=x", "no search parameter '_content'"),
        ("_filter=status eq final", "no search parameter '_filter'"),
        ("date=<2026-11-03", "is not a date such as 2026-11-20, ge2026-11"),
    ],
)
def test_what_is_not_searched_by_is_refused_and_said(city: City, person: str, condition: str, said: str) -> None:
    name, _, value = condition.partition("=")
    answer = city.get("hosp-ehr", f"/fhir/Observation?{urlencode([('patient', person), (name, value)])}")
    [issue] = issues(answer, 400)
    assert said in issue["diagnostics"]
    assert issue["expression"] == [name]
