"""DV等支援措置 (CONSENT.md §5): a protected address is in no form of anything that others get."""

import pytest

from profiles.canonical import LABEL
from tests.hub_in_test import Body, City, observation, patient, transaction
from tests.hub_in_test import entry as put_in

STREET, POST_CODE, PHONE, NARRATIVE, INSIDE, BORN_AT = (
    "秘密町九丁目", "099-7777", "0165-99-7777", "物語の中の秘密町", "中に入れた秘密町", "生まれた秘密町",
)  # fmt: skip
MARKS = (STREET, POST_CODE, PHONE, NARRATIVE, INSIDE, BORN_AT, "秘密")
PROTECTED = {"security": [{"system": LABEL, "code": "ADDRESS-PROTECTED"}]}
READERS = ("cm-ito", "clinic-emr", "cw-suzuki", "dr-sato")


def resident(**more: object) -> Body:
    """A Patient whose address stands in every place where one can stand."""
    return {
        **patient(name="佐々木 明美"),
        "text": {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{NARRATIVE}</div>'},
        "contained": [{"resourceType": "Location", "id": "home", "address": {"text": INSIDE}}],
        "extension": [
            {"url": "http://hl7.org/fhir/StructureDefinition/patient-birthPlace", "valueAddress": {"text": BORN_AT}},
            {"url": "http://example.org/home", "valueReference": {"reference": "#home"}},
        ],
        "address": [{"text": STREET, "postalCode": POST_CODE, "line": [STREET], "city": "秘密市"}],
        "telecom": [{"system": "phone", "value": PHONE}],
        "contact": [
            {
                "name": {"text": "佐藤 弘子"},
                "telecom": [{"system": "phone", "value": PHONE}],
                "address": {"text": STREET},
            }
        ],
        **more,
    }


@pytest.fixture
def person(city: City) -> str:
    """A resident with a protected address, a care team and a consent to everything."""
    person = str(city.created("city-registry", resident(meta=PROTECTED))["id"])
    city.team(person, "Organization/hosp", "Organization/clinic", "Organization/day", "Practitioner/cm-ito")
    city.consent(person)
    return person


def versions(city: City, person: str) -> list[str]:
    history = city.get("city-registry", f"/fhir/Patient/{person}/_history").json()["entry"]
    return [str(one["resource"]["meta"]["versionId"]) for one in history]


def forms(city: City, who: str, person: str) -> list[str]:
    """Every form in which ``who`` gets the record."""
    paths = [
        f"/fhir/Patient/{person}",
        f"/fhir/Patient/{person}/_history",
        *(f"/fhir/Patient/{person}/_history/{version}" for version in versions(city, person)),
        "/fhir/Patient",
        f"/fhir/Patient?_id={person}",
        "/feed",
        f"/feed?patient={person}",
    ]
    answers = [city.get(who, path) for path in paths]
    answers.append(city.post(who, f"/fhir/Patient/{person}/$handoff", {}))
    request: Body = {"request": {"method": "GET", "url": f"Patient/{person}"}}
    answers.append(city.post(who, "/fhir", {"resourceType": "Bundle", "type": "batch", "entry": [request]}))
    assert {answer.status_code for answer in answers} == {200}
    return [answer.text for answer in answers]


@pytest.mark.promise("a-protected-address-is-in-no-answer")
@pytest.mark.parametrize("who", READERS)
def test_a_protected_address_is_in_no_form_of_the_record(city: City, person: str, who: str) -> None:
    for text in forms(city, who, person):
        assert not any(mark in text for mark in MARKS)
    record = city.get(who, f"/fhir/Patient/{person}").json()
    assert record["name"][0]["text"] == "佐々木 明美"  # who it is, they do see
    assert record["contact"] == [{"name": {"text": "佐藤 弘子"}}]


def test_the_municipality_sees_it(city: City, person: str) -> None:
    record = city.get("city-registry", f"/fhir/Patient/{person}").json()
    assert record["address"][0]["text"] == STREET
    assert NARRATIVE in record["text"]["div"]


def test_without_the_label_it_is_shown(city: City) -> None:
    person = str(city.created("city-registry", resident())["id"])
    city.team(person, "Practitioner/cm-ito")
    city.consent(person)
    assert city.get("cm-ito", f"/fhir/Patient/{person}").json()["address"][0]["text"] == STREET
    assert city.get("cm-ito", f"/fhir/Patient?address={STREET}").json()["total"] == 1


@pytest.mark.promise("a-protected-address-is-in-no-answer")
@pytest.mark.parametrize("who", READERS)
def test_a_search_by_address_or_phone_finds_nobody(city: City, person: str, who: str) -> None:
    for asked in (
        f"address={STREET}", "address:contains=秘密", "address:missing=false", f"address-postalcode={POST_CODE}",
        f"telecom={PHONE}", f"telecom=phone|{PHONE}", "telecom:missing=false",
    ):  # fmt: skip
        answer = city.get(who, f"/fhir/Patient?{asked}&_total=accurate")
        assert (answer.status_code, answer.json()["total"]) == (200, 0), asked
    assert city.get(who, "/fhir/Patient?name=佐々木").json()["total"] == 1


@pytest.mark.promise("a-protected-address-is-in-no-answer")
def test_sorting_by_the_address_tells_nothing(city: City, person: str) -> None:
    others = []
    for number, street in (("0000000002", "あ町"), ("0000000003", "ん町")):
        one = {**patient(number, name="鈴木 次郎"), "address": [{"text": street}]}
        others.append(str(city.created("city-registry", one)["id"]))
        city.team(others[-1], "Practitioner/cm-ito")
        city.consent(others[-1])

    def order(sort: str) -> list[str]:
        found = city.get("cm-ito", f"/fhir/Patient?_sort={sort}").json()["entry"]
        return [str(one["resource"]["id"]) for one in found]

    assert order("address")[-1] == order("-address")[-1] == person  # as somebody without an address


@pytest.mark.promise("a-protected-address-is-in-no-answer")
def test_protection_that_begins_now_covers_the_past(city: City) -> None:
    person = str(city.created("city-registry", resident())["id"])
    city.team(person, "Practitioner/cm-ito")
    city.consent(person)
    protected = {**resident(meta=PROTECTED), "id": person}
    assert city.put("city-registry", f"/fhir/Patient/{person}", protected).status_code == 200
    for text in forms(city, "cm-ito", person):
        assert not any(mark in text for mark in MARKS)
    assert city.get("cm-ito", f"/fhir/Patient?address={STREET}").json()["total"] == 0


@pytest.mark.promise("a-protected-address-is-in-no-answer")
def test_protection_that_has_ended_leaves_what_was_said_under_it_protected(city: City, person: str) -> None:
    moved = resident(
        id=person, address=[{"text": "新しい町"}], telecom=[], contact=[], contained=[], extension=[], text=None
    )
    kept = {name: value for name, value in moved.items() if value}
    assert city.put("city-registry", f"/fhir/Patient/{person}", kept).status_code == 200
    assert city.get("cm-ito", f"/fhir/Patient/{person}").json()["address"][0]["text"] == "新しい町"
    assert not any(mark in city.get("cm-ito", f"/fhir/Patient/{person}/_history").text for mark in MARKS)


def test_what_else_bears_the_label_is_closed(city: City, person: str) -> None:
    subject = {"reference": f"Patient/{person}"}
    sister: Body = {
        "resourceType": "RelatedPerson",
        "patient": subject,
        "address": [{"text": STREET}],
        "meta": PROTECTED,
    }
    one = city.created("city-registry", sister)
    for who in READERS:
        assert city.get(who, f"/fhir/RelatedPerson/{one['id']}").status_code == 404
        assert STREET not in city.get(who, "/feed").text


def test_a_sources_own_record_stays_its_own(city: City, person: str) -> None:
    """What the clinic wrote down itself it may read; nobody else gets it, and a push tells it nothing."""
    own = {**patient(name="佐々木 明美"), "address": [{"text": "クリニックの知る町"}]}
    full = "urn:uuid:0b1f6a5e-0000-4000-8000-000000000001"
    pushed = city.post(
        "clinic-emr",
        "/fhir",
        transaction(put_in(own, full_url=full), put_in(observation("x", subject={"reference": full}))),
    )
    assert pushed.status_code == 200, pushed.text
    assert not any(mark in pushed.text for mark in MARKS)
    created = city.post("clinic-emr", "/fhir/Patient", own)
    assert created.json()["address"] == [{"text": "クリニックの知る町"}]
    for who in READERS:
        for text in forms(city, who, person):
            assert not any(mark in text for mark in MARKS)
    assert "クリニックの知る町" not in city.get("cm-ito", f"/fhir/Patient/{person}").text


@pytest.mark.promise("a-protected-address-is-in-no-answer")
def test_a_refusal_and_the_log_do_not_tell_it_either(city: City, person: str) -> None:
    wrong = resident(id=person, meta=PROTECTED, gender="unclear")
    refused = city.put("city-registry", f"/fhir/Patient/{person}", wrong)
    assert refused.status_code == 422
    assert not any(mark in refused.text for mark in MARKS)
    for who in READERS:
        forms(city, who, person)
    log = city.get("aud-kondo", "/fhir/AuditEvent?_count=200").text
    assert not any(mark in log for mark in MARKS)
