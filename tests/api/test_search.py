"""search (FHIR R4 §3.1.1): what is found, in what order, page by page, and what is refused."""

import json
from itertools import count
from urllib.parse import quote, urlencode

import httpx2
import pytest

from profiles.canonical import KAIGO_INSURED_NO
from tests.fhir_answers import ids, link
from tests.hub_in_test import BASE_URL, City, note, observation, patient

pytestmark = pytest.mark.one_hub

NUMBERS = count(1)
LOINC = "http://loinc.org"
CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"


def found(city: City, query: str, *, who: str = "hosp-ehr", type_: str = "Observation") -> list[str]:
    """The ids of the first page of a search, which must succeed."""
    return ids(city.get(who, f"/fhir/{type_}?{query}"))


def refused(city: City, query: str, *, type_: str = "Observation") -> str:
    """The sentence of the 400 that a query gets."""
    answer = city.get("hosp-ehr", f"/fhir/{type_}?{query}")
    assert answer.status_code == 400, answer.text
    assert answer.json()["resourceType"] == "OperationOutcome"
    return str(answer.json()["issue"][0]["diagnostics"])


# -- what is found


def test_a_search_set_says_what_it_is(city: City, person: str) -> None:
    stored = city.created("hosp-ehr", observation(person))
    answer = city.get("hosp-ehr", f"/fhir/Observation?patient={person}")
    assert answer.headers["Content-Type"] == "application/fhir+json; charset=utf-8"
    assert answer.json() == {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": 1,
        "link": [{"relation": "self", "url": f"{BASE_URL}/fhir/Observation?patient={person}"}],
        "entry": [
            {
                "fullUrl": f"{BASE_URL}/fhir/Observation/{stored['id']}",
                "resource": stored,
                "search": {"mode": "match"},
            }
        ],
    }
    nothing = city.get("hosp-ehr", "/fhir/Observation?_id=none").json()
    assert (nothing["total"], "entry" in nothing) == (0, False)


def test_each_parameter_finds_what_it_names_and_nothing_else(city: City, person: str) -> None:
    other = city.resident(f"{next(NUMBERS):010d}")
    city.team(other, "Organization/hosp")
    mine = city.created("hosp-ehr", observation(person, number="S-1"))
    city.created("hosp-ehr", observation(other, number="S-2"))
    vital = [{"coding": [{"system": CATEGORY, "code": "vital-signs"}]}]
    pressure = {"coding": [{"system": LOINC, "code": "85354-9"}]}
    second = city.created(
        "hosp-ehr", observation(person, category=vital, code=pressure, status="preliminary", number="S-3")
    )
    both = {mine["id"], second["id"]}
    for query, wanted in {
        f"_id={mine['id']}": {mine["id"]},
        f"_id={mine['id']},{second['id']}": both,
        "identifier=http://hosp.test/obs|S-1": {mine["id"]},
        "identifier=S-1": {mine["id"]},
        "identifier=http://other.test/|S-1": set(),
        f"patient={person}": both,
        f"patient=Patient/{person}": both,
        f"subject=Patient/{person}": both,
        f"subject:Patient={person}": both,
        f"patient={BASE_URL}/fhir/Patient/{person}": both,
        f"patient={person}&category=laboratory": {mine["id"]},
        f"patient={person}&category={CATEGORY}|vital-signs": {second["id"]},
        f"patient={person}&category=laboratory,vital-signs": both,
        f"patient={person}&category=laboratory&category=vital-signs": set(),
        f"patient={person}&code={LOINC}|4548-4": {mine["id"]},
        f"patient={person}&code=|4548-4": set(),
        f"patient={person}&code={LOINC}|": both,
        f"patient={person}&code:not={LOINC}|4548-4": {second["id"]},
        f"patient={person}&status=preliminary": {second["id"]},
        f"patient={person}&status=final,preliminary": both,
        f"patient={person}&status=amended": set(),
        "patient=nobody": set(),
    }.items():
        assert set(found(city, query)) == wanted, query


DAY, NIGHT = "2026-11-20T09:00:00+09:00", "2026-11-20T00:30:00+09:00"  # both on 20 November, in UTC on two days


DATES = {
    "2026-11-20": True,
    "2026-11": True,
    "2026": True,
    "eq2026-11-20": True,
    "2026-11-19": False,
    "ne2026-11-20": False,
    "ne2026-11-19": True,
    "ge2026-11-20": True,
    "ge2026-11-21": False,
    "gt2026-11-20": False,
    "gt2026-11-19": True,
    "le2026-11-20": True,
    "le2026-11-19": False,
    "lt2026-11-20": False,
    "lt2026-11-21": True,
    "sa2026-11-19": True,
    "sa2026-11-20": False,
    "eb2026-11-21": True,
    "eb2026-11-20": False,
    "ap2026-11-20": True,
    "ge2026-11-20&date=lt2026-11-21": True,
    "ge2026-11-01&date=lt2026-11-20": False,
}


@pytest.mark.parametrize("written", [DAY, NIGHT, "2026-11-20"])
def test_dates_are_compared_in_japanese_time(city: City, person: str, written: str) -> None:
    stored = city.created("hosp-ehr", observation(person, effectiveDateTime=written))
    for date, hit in DATES.items():
        assert found(city, f"patient={person}&date={date}") == ([stored["id"]] if hit else []), date


def test_a_time_of_day_finds_to_the_minute(city: City, person: str) -> None:
    stored = city.created("hosp-ehr", observation(person, effectiveDateTime=DAY))
    assert found(city, f"patient={person}&date={quote('2026-11-20T09:00+09:00')}") == [stored["id"]]
    assert found(city, f"patient={person}&date=2026-11-20T00:00:00Z") == [stored["id"]]
    assert found(city, f"patient={person}&date=ge2026-11-20T00:00:01Z") == []


def test_last_updated_is_when_the_hub_took_it(city: City, person: str) -> None:
    first = city.created("hosp-ehr", observation(person))
    city.clock.move(hours=1)
    second = city.created("hosp-ehr", observation(person))
    later = first["meta"]["lastUpdated"].replace("03:00:00", "03:30:00")
    assert found(city, f"patient={person}&_lastUpdated=gt{later}") == [second["id"]]
    assert found(city, f"patient={person}&_lastUpdated=lt{later}") == [first["id"]]
    assert len(found(city, f"patient={person}&_lastUpdated=2026-11-22")) == 2
    assert found(city, f"patient={person}&_lastUpdated=2026-11-21") == []
    assert found(city, f"patient={person}&_lastUpdated={first['meta']['lastUpdated']}") == [first["id"]]


def test_who_measured_it_may_be_the_resident(city: City, person: str) -> None:
    itself = city.created("hosp-ehr", observation(person, performer=[{"reference": f"Patient/{person}"}]))
    city.created("hosp-ehr", observation(person, performer=[{"reference": "Organization/hosp"}]))
    assert found(city, f"performer=Patient/{person}") == [itself["id"]]
    assert found(city, f"patient={person}&performer:Patient={person}") == [itself["id"]]


def test_missing_says_whether_there_is_a_value(city: City, person: str) -> None:
    with_number = city.created("hosp-ehr", observation(person, number="M-1"))
    without = city.created("hosp-ehr", observation(person))
    everything = {with_number["id"], without["id"]}
    for query, wanted in {
        "identifier:missing=true": {without["id"]},
        "identifier:missing=false": {with_number["id"]},
        "date:missing=true": set(),
        "patient:missing=false": everything,
        "subject:missing=false": everything,
        "patient:missing=true": set(),
        "_id:missing=true": set(),
        "_lastUpdated:missing=false": everything,
    }.items():
        assert set(found(city, f"patient={person}&{query}")) == wanted, query


def test_a_deleted_resource_and_an_old_version_are_not_found(city: City, person: str) -> None:
    stored = city.created("hosp-ehr", observation(person, number="D-1"))
    place = f"/fhir/Observation/{stored['id']}"
    city.put("hosp-ehr", place, {**stored, "identifier": [{"system": "http://hosp.test/obs", "value": "D-2"}]})
    assert found(city, "identifier=D-1") == []
    assert found(city, "identifier=D-2") == [stored["id"]]
    city.delete("hosp-ehr", place)
    assert found(city, "identifier=D-2") == []


def test_nothing_hidden_is_found_counted_or_sorted_by(city: City, person: str) -> None:
    city.created("hosp-ehr", observation(person, number="H-1"))
    for query in (f"patient={person}", "identifier=H-1", f"patient={person}&_count=0", "_sort=-date&_total=accurate"):
        bundle = city.get("clinic-emr", f"/fhir/Observation?{query}").json()
        assert (bundle["total"], bundle.get("entry", []), link(bundle, "next")) == (0, [], ""), query


# -- people


def test_a_person_is_found_by_what_would_be_shown_of_them(city: City, person: str) -> None:
    number = f"{next(NUMBERS):010d}"
    shown = city.resident(number, name="髙橋 さくら", birth="1938-02-03")
    city.team(shown, "Organization/hosp")
    own = patient(number, name="高橋 桜", birth="1938-02-03")
    assert city.created("hosp-ehr", own)["id"] == shown
    text = {"name": "高橋", "identifier": f"{KAIGO_INSURED_NO}|011234-{number}", "_id": shown}
    for name, value in text.items():  # no consent yet: the hospital sees its own record
        bundle = city.get("hosp-ehr", f"/fhir/Patient?{urlencode({name: value})}").json()
        assert [one["resource"]["name"][0]["text"] for one in bundle["entry"]] == ["高橋 桜"], name
    assert found(city, urlencode({"name": "髙橋"}), type_="Patient") == []
    city.consent(shown)
    assert found(city, urlencode({"name": "髙橋"}), type_="Patient") == [shown]
    assert found(city, urlencode({"name": "高橋"}), type_="Patient") == []  # its own record is no longer what is shown
    assert found(city, f"_id={shown}", who="clinic-emr", type_="Patient") == []


@pytest.mark.parametrize(
    "written", ["011234-0000009001", "０１１２３４－０００００09001", "11234-9001", "011234-00000-09001"]
)
def test_an_insurance_number_is_found_however_it_is_written(city: City, person: str, written: str) -> None:
    if found(city, "identifier=011234-0000009001", type_="Patient", who="city-registry") == []:
        city.resident("0000009001")
    value = urlencode({"identifier": f"{KAIGO_INSURED_NO}|{written}"})
    assert len(found(city, value, type_="Patient", who="city-registry")) == 1


def test_names_are_found_by_their_beginning_in_any_kana_and_width(city: City, person: str) -> None:
    resident = city.resident(f"{next(NUMBERS):010d}", name="ワタナベ はなこ")
    for text in ("ワタナベ", "わたなべ", "ﾜﾀﾅﾍﾞ", "ワタナ"):
        assert resident in found(city, urlencode({"name": text}), type_="Patient", who="city-registry"), text
    assert found(city, urlencode({"name": "タナベ"}), type_="Patient", who="city-registry") == []
    assert found(city, urlencode({"name:contains": "タナベ"}), type_="Patient", who="city-registry") == [resident]
    assert found(city, urlencode({"family:exact": "ワタナベ"}), type_="Patient", who="city-registry") == [resident]
    assert found(city, urlencode({"family:exact": "わたなべ"}), type_="Patient", who="city-registry") == []
    for wildcard in ("%", "_", "*", "\\"):
        assert found(city, urlencode({"name": wildcard}), type_="Patient", who="city-registry") == [], wildcard


# -- POST _search


def posted(city: City, form: str, query: str = "", **headers: str) -> httpx2.Response:
    sent = {"content_type": "application/x-www-form-urlencoded", **headers}
    return city.client.post(
        f"/fhir/Observation/_search{query}", content=form.encode(), headers=city.headers("hosp-ehr", **sent)
    )


def test_a_posted_search_is_the_same_search(city: City, person: str) -> None:
    for day in ("2026-11-01", "2026-11-03", "2026-11-02"):
        city.created("hosp-ehr", observation(person, effectiveDateTime=day))
    query = f"patient={person}&category={quote(CATEGORY + '|laboratory')}&_count=2&_sort=-date"
    asked = city.get("hosp-ehr", f"/fhir/Observation?{query}")
    for answer in (posted(city, query), posted(city, "&".join(query.split("&")[1:]), f"?patient={person}")):
        assert answer.content == asked.content
    assert len(asked.json()["entry"]) == 2


def test_a_posted_search_is_refused_as_any_other(city: City, person: str) -> None:
    assert posted(city, "pateint=1").status_code == 400
    assert posted(city, "code=%ff%fe").status_code == 400
    assert posted(city, json.dumps({"patient": person}), content_type="application/json").status_code == 415
    assert posted(city, "code=" + "x" * 70_000).status_code == 413


# -- what is refused


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("pateint=1", "Did you mean patient?"),
        ("subjekt=1", "Did you mean subject?"),
        ("_lastupdated=2026", "Did you mean _lastUpdated?"),
        ("_sort=dat", "Did you mean date?"),
        ("_sort=-daet", "Did you mean date?"),
        ("zzzzqqqq=1", "no search parameter 'zzzzqqqq'"),
        ("_has:Provenance:target=x", "_has"),
        ("_has:Provenance:patient:agent=x", "never names"),
        ("subject:Patient.nmae=x", "Did you mean name?"),
        ("code.name=x", "no reference"),
        ("subject.general-practitioner.organization.partof.name=x", "more than 3"),
        ("_include=Observation:code", "no reference"),
        ("_include=Observation", "is not such as"),
        ("_filter=x", "_filter"),
        ("date=yesterday", "is not a date"),
        ("date=2026-13-01", "is not a date"),
        ("date=xx2026-11-01", "is not a date"),
        ("patient=a/b/c", "is not a reference"),
        ("_count=-1", "_count"),
        ("_count=many", "_count"),
        ("_count=1&_count=2", "once"),
        ("_total=guess", "_total"),
        ("status:exact=final", ":exact is not supported"),
        ("status=", "has no value"),
        ("status=final,", "empty alternative"),
        ("identifier:missing=perhaps", "true or false"),
        ("subject:Organization=x", "subject names"),
        ("code=" + ",".join(["x"] * 101), "more than 100"),
        ("identifier=" + "x" * 5000, "characters"),
        ("_sort=" + ",".join(["date"] * 30), "_sort"),
        ("code=%00", "U+0000"),
        ("code=%ff", "cannot be read"),
    ],
)
def test_what_is_not_understood_is_refused_and_named(city: City, query: str, words: str) -> None:
    assert words in refused(city, query)


@pytest.mark.parametrize(
    "text", ["' OR 1=1 --", "'; DROP TABLE resource; --", "%", "_", "\\", "a|b|c", "$x", "((((", "*"]
)
def test_no_value_is_read_as_anything_but_a_value(city: City, person: str, text: str) -> None:
    city.created("hosp-ehr", observation(person))
    for name in ("identifier", "code", "status", "_id", "category"):
        assert found(city, urlencode({name: text})) == [], name
    assert len(found(city, f"patient={person}")) == 1


def test_other_spaces_than_the_callers_are_searched_for_nobody(city: City, person: str) -> None:
    told = city.created("hosp-ehr", note(person))
    assert found(city, f"patient={person}", type_="Communication") == [told["id"]]
    assert found(city, f"patient={person}", type_="Communication", who="clinic-emr") == []
