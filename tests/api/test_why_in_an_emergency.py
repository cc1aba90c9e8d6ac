"""What somebody would see who declared an emergency now, and what the resident keeps from that (CONSENT.md §3.6)."""

import pytest

from tests.api.emergencies import PARAMEDIC, allergy, cases, declared, relative, somebody
from tests.api.pages_city import CARE_MANAGER, SECRETARIAT, browser_of, words
from tests.hub_in_test import NOON, City, note, observation

pytestmark = pytest.mark.one_hub
AMBULANCE = f"{PARAMEDIC}/fire/paramedic"
CLINIC = "dr-hayashi/clinic/physician"
ETREAT = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "ETREAT"}
CATEGORY = "https://renkei.example/fhir/CodeSystem/information-category"
DENIED = (
    "5 この人の緊急時の利用が申告されていて、それで見られる情報か 申告しても、ご本人が、緊急時の利用でもお見せしない"
)


@pytest.fixture(autouse=True)
def noon(city: City) -> None:
    city.clock.now = NOON


@pytest.fixture
def person(city: City) -> str:
    """Somebody of whom the hospital published, and the city a relative."""
    person, _ = somebody(city)
    for one in (allergy(person), note(person), observation(person, effectiveDateTime="2026-08-01")):
        city.created("hosp-ehr", one)
    city.created("city-registry", relative(person))
    return person


def refusing(city: City, person: str, **more: object) -> None:
    """From now on the resident takes part, but not in an emergency."""
    city.clock.move(seconds=1)
    city.consent(person, exceptions=[{"type": "deny", "purpose": [ETREAT], **more}])


def asked(city: City, person: str, category: str, who: str = AMBULANCE, purpose: str = "ETREAT") -> str:
    html = browser_of(city, SECRETARIAT).page(f"/why?patient={person}&who={who}&category={category}&purpose={purpose}")
    return words(html)


def sees(city: City, person: str) -> bool:
    """Whether the ambulance sees the allergy now."""
    return bool(city.get(PARAMEDIC, f"/fhir/AllergyIntolerance?patient={person}").json()["total"])


@pytest.mark.promise("emergency-can-be-forbidden")
def test_the_emergency_can_be_asked_about_and_is_declared_by_nobody(city: City, person: str) -> None:
    assert "救急（緊急アクセスを宣言したら）" in browser_of(city, SECRETARIAT).page(f"/why?patient={person}")
    text = asked(city, person, "allergy")
    assert "試験市立病院が出した 1件は 見られます" in text
    assert "5 この人の緊急時の利用が申告されていて、それで見られる情報か 緊急アクセスを宣言すれば、緊急時に" in text
    assert "目的：救急" in text
    assert "いま緊急アクセスを宣言したら、どうなるかです。宣言はしていません。" in text
    assert "Emergency/" not in text
    assert not sees(city, person)
    assert cases(city, patient=person) == []
    assert city.log(interaction="operation:declare-emergency", patient=person) == []
    assert city.log(interaction="operation:why", patient=person)[0]["query"].endswith("purpose=ETREAT")
    assert "7 この人か機関は、いま支援チームに入っているか この方の" in asked(city, person, "allergy", purpose="")


@pytest.mark.promise("emergency-can-be-forbidden")
def test_the_residents_refusal_is_named_and_holds(city: City, person: str) -> None:
    refusing(city, person)
    text = asked(city, person, "allergy")
    assert "試験市立病院が出した 1件は 見られません" in text
    assert DENIED in text
    assert "緊急時の利用を断っているもの： 2026年11月22日の同意（医療の場と介護の場）の例外1" in text
    assert "見られます" in asked(city, person, "emergency-contact")
    declared(city, identifier=_number(city, person))
    assert not sees(city, person)
    (opened, *_) = city.log(interaction="operation:declare-emergency", patient=person)
    link = f"/why?patient={person}&amp;who=pm-hori%2Ffire%2Fparamedic&amp;category=&amp;purpose=ETREAT"
    assert link in browser_of(city, SECRETARIAT).page(f"/why/{opened['id']}")


@pytest.mark.promise("emergency-can-be-forbidden")
def test_a_refusal_of_one_category_is_named_for_that_alone(city: City, person: str) -> None:
    refusing(city, person, **{"class": [{"system": CATEGORY, "code": "problem"}]})
    text = asked(city, person, "allergy")
    assert "見られます" in text.partition("1件は")[2]
    assert "断っているもの" not in text


def test_what_no_emergency_opens_is_said_to_be_that(city: City, person: str) -> None:
    refusing(city, person)
    for category in ("progress-note", "laboratory"):
        text = asked(city, person, category)
        assert "申告しても、緊急時にお見せする情報ではありません" in text, category
        assert "断っているもの" not in text


def test_who_looks_after_them_sees_it_all_the_same_and_the_refusal_is_named(city: City, person: str) -> None:
    city.team(person, "Organization/clinic")
    city.created("hosp-ehr", observation(person))
    refusing(city, person)
    text = asked(city, person, "laboratory", CLINIC)
    assert text.count("試験市立病院が出した 1件は 見られます") == 2
    assert DENIED in text
    assert "申告しても、緊急時にお見せする情報ではありません" in text, "the other one is older than 90 days"
    assert text.count("12 ここまでのどれにも止められない") == 2
    own = asked(city, person, "allergy", "dr-sato/hosp/physician")
    assert "3 その人の機関が、自分で出した情報か 利用者の所属機関が自ら登録した" in own
    assert "断っているもの" not in own


@pytest.mark.parametrize(
    ("who", "said"),
    [
        (CARE_MANAGER, "この職種とこの機関は、緊急アクセスを宣言できません。"),
        ("system/clinic-emr", "システムは、緊急アクセスを宣言できません。"),
    ],
)
def test_who_may_not_declare_is_said_not_to(city: City, person: str, who: str, said: str) -> None:
    text = asked(city, person, "allergy", who)
    assert said in text
    assert "目的：救急" not in text
    assert "7 この人か機関は、いま支援チームに入っているか この方の" in text


def test_an_emergency_in_force_is_told_as_one(city: City, person: str) -> None:
    declared(city, identifier=_number(city, person))
    text = asked(city, person, "allergy", purpose="")
    assert "緊急時の利用が申告されているため、緊急時に必要な情報としてお見せします。" in text
    assert "堀 大地（試験市消防署）による緊急アクセスの宣言" in text
    assert "宣言はしていません" not in text


def _number(city: City, person: str) -> str:
    number: str = city.get("city-registry", f"/fhir/Patient/{person}").json()["identifier"][0]["value"]
    return number
