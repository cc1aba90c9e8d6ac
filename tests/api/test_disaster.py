"""A disaster opens the disaster set of an area's residents, by two officers and for a time (CONSENT.md §4, §7)."""

from typing import Any

import pytest

from profiles.canonical import LABEL
from tests.api.disasters import (
    ELSEWHERE,
    HERE,
    OFFICER,
    SECOND,
    act,
    declare,
    declared,
    end,
    lives_at,
)
from tests.api.disasters import fields as form_of
from tests.api.emergencies import allergy
from tests.api.exporting import exported
from tests.api.pages_city import AUDITOR, PHYSICIAN, SECRETARIAT, browser_of, change, rows, words
from tests.hub_in_test import Body, City, consent, note, observation, patient

CLINIC = "clinic-emr"


@pytest.fixture
def resident(city: City) -> str:
    """Somebody in the area of whom the hospital knows an allergy; the clinic has nothing to do with them."""
    return _resident(city, "0000000001", HERE)


def _resident(city: City, number: str, address: str, **more: Any) -> str:
    one = city.resident(number, **lives_at(address), **more)
    city.team(one, "Organization/hosp")
    return one


def _allergy(city: City, person: str, **more: object) -> str:
    return f"/fhir/AllergyIntolerance/{city.created('hosp-ehr', allergy(person, **more))['id']}"


def _status(city: City, path: str, who: str = CLINIC) -> int:
    return city.get(who, path).status_code


@pytest.mark.promise("a-disaster-takes-two-officers")
def test_one_officer_opens_nothing_and_two_do(city: City, resident: str) -> None:
    path, first, second = _allergy(city, resident), browser_of(city, OFFICER), browser_of(city, SECOND)
    id_ = declare(city, first)
    assert _status(city, path) == 404
    refused = act(first, id_, "confirm")
    assert refused.status_code == 403
    assert _status(city, path) == 404

    assert act(second, id_, "confirm").status_code == 303
    assert _status(city, path) == 200
    assert _status(city, path, "pharm-rx") == 404  # it does not help in this one
    acts = [(row["interaction"], row["person"], row["outcome"], row["reason"]) for row in city.log(organisation="city")]
    declared_and_confirmed = [one for one in acts if one[0].startswith("operation:disaster")]
    assert declared_and_confirmed == [
        ("operation:disaster-confirm", "off-chiba", "0", "officer"),
        ("operation:disaster-confirm", "off-murata", "8", "same-officer"),
        ("operation:disaster-declare", "off-murata", "0", "officer"),
    ]


@pytest.mark.promise("a-disaster-takes-two-officers")
def test_it_ends_by_two_officers_and_at_once(city: City, resident: str) -> None:
    path, id_ = _allergy(city, resident), declared(city)
    first, second = browser_of(city, OFFICER), browser_of(city, SECOND)
    assert act(first, id_, "end").headers["location"] == "/disaster?done=end-wish"
    assert act(first, id_, "end").status_code == 403
    assert _status(city, path) == 200
    assert act(first, id_, "go-on").status_code == 303
    assert act(second, id_, "end").headers["location"] == "/disaster?done=end-wish"
    assert act(first, id_, "go-on").status_code == 403
    assert _status(city, path) == 200

    assert act(first, id_, "end").headers["location"] == "/disaster?done=end"
    assert _status(city, path) == 404
    assert act(first, id_, "end").status_code == 409


@pytest.mark.promise("a-disaster-ends-by-itself")
def test_it_begins_and_ends_by_the_clock(city: City, resident: str) -> None:
    path = _allergy(city, resident)
    declared(city, starts=1, hours=2)
    seen = []
    for _ in range(6):
        seen.append(_status(city, path))
        city.clock.move(minutes=59, seconds=59)
        seen.append(_status(city, path))
        city.clock.move(seconds=1)
    assert seen == [404, 404, 200, 200, 200, 200, 404, 404, 404, 404, 404, 404]


def test_a_clock_that_is_set_back_opens_nothing(city: City, resident: str) -> None:
    path, _ = _allergy(city, resident), declared(city, starts=-5)
    assert _status(city, path) == 200
    city.clock.move(minutes=-2)
    assert _status(city, path) == 404


@pytest.mark.promise("a-disaster-opens-its-area-and-set-only")
def test_who_lives_elsewhere_is_not_opened(city: City, resident: str) -> None:
    elsewhere = _resident(city, "0000000002", ELSEWHERE, name="鈴木 次郎")
    unknown = city.resident("0000000003", name="高橋 三郎")
    city.team(unknown, "Organization/hosp")
    paths = [_allergy(city, one) for one in (resident, elsewhere, unknown)]
    declared(city)
    assert [_status(city, path) for path in paths] == [200, 404, 404]
    nothing = city.get(CLINIC, "/fhir/AllergyIntolerance/never-used")
    hidden = city.get(CLINIC, paths[1])
    assert hidden.json()["issue"] == nothing.json()["issue"]


def test_who_moves_away_is_closed_at_once(city: City, resident: str) -> None:
    path, _ = _allergy(city, resident), declared(city)
    assert _status(city, path) == 200
    moved = {**patient(), "id": resident, **lives_at(ELSEWHERE)}
    assert city.put("city-registry", f"/fhir/Patient/{resident}", moved).status_code == 200
    assert _status(city, path) == 404


def test_where_somebody_lives_is_what_the_municipality_says(city: City) -> None:
    elsewhere = _resident(city, "0000000001", ELSEWHERE)
    city.created("hosp-ehr", {**patient(), **lives_at(HERE)})
    path, _ = _allergy(city, elsewhere), declared(city)
    assert _status(city, path) == 404


@pytest.mark.promise("a-disaster-opens-its-area-and-set-only")
def test_only_the_disaster_set_is_opened(city: City, resident: str) -> None:
    told = city.created("hosp-ehr", note(resident))
    lab = city.created("hosp-ehr", observation(resident))
    path, _ = _allergy(city, resident), declared(city)
    assert _status(city, path) == _status(city, f"/fhir/Patient/{resident}") == 200
    assert _status(city, f"/fhir/Communication/{told['id']}") == 404
    assert _status(city, f"/fhir/Observation/{lab['id']}") == 404
    everything = city.get(CLINIC, f"/fhir/Patient/{resident}/$everything").json()["entry"]
    assert {one["resource"]["resourceType"] for one in everything} == {
        "Patient",
        "AllergyIntolerance",
        "CareTeam",
        "Organization",
    }


LABELLED = {"meta": {"security": [{"system": LABEL, "code": "HIV"}]}}
WITHHELD = {"meta": {"security": [{"system": LABEL, "code": "SOURCE-ONLY"}]}}
MISTAKEN = {
    "verificationStatus": {
        "coding": [
            {
                "system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification",
                "code": "entered-in-error",
            }
        ]
    },
    "clinicalStatus": None,
}


def test_the_order_of_rules_holds(city: City, resident: str) -> None:
    """What its source withholds stays closed (rule 4); labels and the resident's own rules come after (10, 11)."""
    mistaken: Body = {name: value for name, value in allergy(resident, **MISTAKEN).items() if value}
    withheld, wrong = _allergy(city, resident, **WITHHELD), city.created("hosp-ehr", mistaken)
    labelled = _allergy(city, resident, **LABELLED)
    deny = {"type": "deny", "actor": [_recipient("clinic")]}
    city.created("city-registry", consent(resident, "medical", when=city.clock.now, exceptions=[deny]))
    declared(city)
    assert _status(city, labelled) == 200
    assert _status(city, withheld) == 404
    assert _status(city, f"/fhir/AllergyIntolerance/{wrong['id']}") == 404


def _recipient(organisation: str) -> Body:
    role = {"system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "code": "IRCP"}
    return {"role": {"coding": [role]}, "reference": {"reference": f"Organization/{organisation}"}}


def test_a_resource_of_two_people_needs_both(city: City, resident: str) -> None:
    other = _resident(city, "0000000002", ELSEWHERE, name="鈴木 次郎")
    near = _resident(city, "0000000003", HERE, name="高橋 三郎")
    paths = [_allergy(city, resident, asserter={"reference": f"Patient/{one}"}) for one in (near, other)]
    declared(city)
    assert [_status(city, path) for path in paths] == [200, 404]
    assert city.get(CLINIC, f"/fhir/AllergyIntolerance?patient={resident}").json()["total"] == 1


def test_whoever_asks_for_all_their_people_names_nobody(city: City, resident: str) -> None:
    _allergy(city, resident)
    declared(city)
    found = city.get(CLINIC, "/fhir/AllergyIntolerance").json()
    assert found["total"] == 0
    assert city.get(CLINIC, f"/fhir/AllergyIntolerance?patient={resident}").json()["total"] == 1
    assert city.get(CLINIC, "/fhir/Patient?name=山田").json()["total"] == 0


def test_nothing_leaves_in_bulk(city: City, resident: str) -> None:
    path, _ = _allergy(city, resident), declared(city)
    city.team(resident, "Organization/clinic", period={"end": "2026-11-01"})
    assert _status(city, path) == 200
    assert exported(city, CLINIC, "Patient/$export?_type=AllergyIntolerance") == []


def test_a_system_that_reads_for_nobody_reads_nothing_more(city: City, resident: str) -> None:
    """Without a profession a system reads what its own organisation published (§2), also in a disaster."""
    path, _ = _allergy(city, resident), declared(city, "pharm", "clinic")
    assert _status(city, path) == 200
    assert _status(city, path, "pharm-rx") == 404


def test_a_protected_address_is_in_no_area(city: City, resident: str) -> None:
    hidden = _resident(
        city,
        "0000000002",
        HERE,
        name="佐々木 明美",
        meta={"security": [{"system": LABEL, "code": "ADDRESS-PROTECTED"}]},
    )
    paths = [_allergy(city, one) for one in (resident, hidden)]
    declared(city)
    assert [_status(city, path) for path in paths] == [200, 404]


def test_it_gives_no_right_to_write(city: City, resident: str) -> None:
    declared(city)
    assert _status(city, f"/fhir/Patient/{resident}") == 200
    told = [city.post(CLINIC, "/fhir/Communication", note(one)) for one in (resident, "0" * 32)]
    assert [one.status_code for one in told] == [422, 422]
    assert city.post("hosp-ehr", "/fhir/Communication", note(resident)).status_code == 201


@pytest.mark.promise("a-disaster-access-is-logged-as-one")
def test_every_access_by_it_is_logged_as_one(city: City, resident: str) -> None:
    path, id_ = _allergy(city, resident), declared(city)
    assert _status(city, path) == 200
    assert city.get(CLINIC, f"/fhir/AllergyIntolerance?patient={resident}").status_code == 200
    logged = [
        (row["purpose"], row["reason"], row["rules"]) for row in city.log(organisation="clinic", patient=resident)
    ]
    assert logged == [("DISASTER", "disaster", f'["Disaster/{id_}"]')] * 2
    assert _status(city, path, "hosp-ehr") == 200
    assert city.log(organisation="hosp", patient=resident)[0]["purpose"] == "TREAT"


def test_a_declaration_that_waits_is_withdrawn_by_who_made_it(city: City) -> None:
    first, second = browser_of(city, OFFICER), browser_of(city, SECOND)
    id_ = declare(city, first)
    assert act(second, id_, "withdraw").status_code == 403
    assert act(first, id_, "end").status_code == 409
    assert act(first, id_, "withdraw").status_code == 303
    assert act(second, id_, "confirm").status_code == 409
    assert "取り下げました" in words(first.page("/disaster"))
    confirmed = declared(city)
    assert act(first, confirmed, "withdraw").status_code == 409
    assert act(first, "nobody", "end").status_code == 404
    assert act(first, confirmed, "burn").status_code == 400


def test_one_that_nobody_confirmed_in_time_is_over(city: City) -> None:
    id_ = declare(city, browser_of(city, OFFICER), hours=2)
    city.clock.move(hours=2)
    second = browser_of(city, SECOND)
    assert act(second, id_, "confirm").status_code == 409
    assert "二人目がないまま、時が過ぎました" in words(second.page("/disaster"))


WRONG = {
    "no name": {"name": " "},
    "no area": {"areas": " \n"},
    "nobody helps": {"organisations": ""},
    "somebody unknown helps": {"organisations": "clinic nobody"},
    "no end": {"ends": ""},
    "an end that is no date": {"ends": "tomorrow"},
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_what_is_missing_is_not_declared(city: City, wrong: dict[str, str]) -> None:
    first = browser_of(city, OFFICER)
    assert first.post("/disaster", {**form_of(city), **wrong}).status_code == 400
    assert rows(city, "SELECT id FROM disaster") == []
    assert first.post("/disaster", form_of(city)).status_code == 303


@pytest.mark.parametrize(("hours", "status"), [(14 * 24, 303), (14 * 24 + 1, 400), (0, 400), (-1, 400)])
def test_it_has_an_end_and_not_a_far_one(city: City, hours: float, status: int) -> None:
    assert browser_of(city, OFFICER).post("/disaster", form_of(city, hours=hours)).status_code == status


@pytest.mark.parametrize("who", [AUDITOR, SECRETARIAT, PHYSICIAN])
def test_nobody_else_declares(city: City, who: str) -> None:
    browser = browser_of(city, who)
    assert browser.post("/disaster", form_of(city)).status_code == 403
    assert browser.get("/disaster/new").status_code == 403
    assert browser.get("/disaster").status_code == (200 if who == AUDITOR else 403)
    waiting = declare(city, browser_of(city, OFFICER))
    assert act(browser, waiting, "confirm").status_code == 403
    assert ("operation:disaster-declare", "8") in [(row["interaction"], row["outcome"]) for row in city.log()]


def test_an_officer_whose_role_has_ended_decides_nothing(city: City) -> None:
    second, id_ = browser_of(city, SECOND), declare(city, browser_of(city, OFFICER))
    change(city, "UPDATE role SET ends = '2026-11-01' WHERE person = 'off-chiba'")
    assert act(second, id_, "confirm").status_code == 403


def test_a_form_of_another_site_declares_nothing(city: City) -> None:
    first = browser_of(city, OFFICER)
    assert first.post("/disaster", form_of(city), origin="https://elsewhere.example").status_code == 403
    assert rows(city, "SELECT id FROM disaster") == []


def test_after_the_end_nothing_is_left_open(city: City, resident: str) -> None:
    path, id_ = _allergy(city, resident), declared(city, areas=[ELSEWHERE, "098-1234"])
    assert _status(city, path) == 200
    end(city, id_)
    assert _status(city, path) == 404
