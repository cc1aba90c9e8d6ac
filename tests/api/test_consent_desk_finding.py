"""CONSENT.md §5 at the consent desk: who is found there, and what finding nobody tells to somebody curious."""

import pytest

from tests.api.consent_desk import (
    PAPER,
    base_of,
    desk_of,
    drafted,
    ended,
    hidden,
    hidden_link,
    registered,
    saved,
    send,
)
from tests.api.pages_city import CARE_MANAGER, PHYSICIAN, browser_of, words
from tests.hub_in_test import City, patient

NUMBER = "0000777333"
ASKED = ({"name": "高橋 トメ", "born": "1938-02-03"}, {"name": "高橋トメ"}, {"number": f"011234-{NUMBER}"})
TWO_WAYS = "この機関のシステムが送った患者の基本情報"


@pytest.fixture
def tome(city: City, person: str) -> str:
    """Somebody whom the hospital and a care manager look after, known to the city alone; nobody has consented."""
    resident = city.resident(NUMBER, name="高橋 トメ", birth="1938-02-03")
    city.team(resident, "Organization/hosp", "Practitioner/cm-ito")
    return resident


def own_record(city: City, name: str = "髙橋 とめ") -> None:
    """What the hospital wrote down itself; it gives the same number and birth date."""
    pushed = patient(NUMBER, name=name, birth="1938-02-03")
    kana = {"url": "http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation", "valueCode": "SYL"}
    names = [*pushed["name"], {"text": "タカハシ トメ", "extension": [kana]}]
    assert city.post("hosp-ehr", "/fhir/Patient", {**pushed, "name": names}).status_code == 201


@pytest.mark.parametrize(
    "fields", [{"name": "髙橋 とめ"}, {"name": "タカハシ トメ", "born": "1938-02-03"}, {"number": f"011234-{NUMBER}"}]
)
def test_without_consent_somebody_is_found_by_the_organisations_own_record(
    city: City, tome: str, fields: dict[str, str]
) -> None:
    own_record(city)
    doctor = browser_of(city, PHYSICIAN)
    found = words(doctor.post("/consents", fields).text)
    assert "1人 髙橋 とめ 88歳" in found
    form = words(doctor.page(f"/consents/{tome}/new"))
    assert "髙橋 とめ さん タカハシ トメ 1938年2月3日生まれ" in form, "what to compare with the paper"
    registered(doctor, tome)
    (row,) = [row for row in city.log(patient=tome, person="dr-sato") if row["query"].startswith("consents?")]
    assert (row["reason"], row["query"]) == ("own", f"consents?{'&'.join(f'{one}=' for one in fields)}")


@pytest.mark.promise("hidden-answers-as-never-existed")
@pytest.mark.parametrize("fields", ASKED)
def test_what_only_others_wrote_down_matches_nobody(city: City, tome: str, fields: dict[str, str]) -> None:
    """Two worlds: the same question is right in one, and in the other about nobody at all."""
    doctor, nobody = browser_of(city, PHYSICIAN), {"name": "高橋 ヌシ", "born": "1938-02-04", "number": "011234-99"}
    right, wrong = doctor.post("/consents", fields), doctor.post("/consents", {one: nobody[one] for one in fields})
    told = right.text
    for one, value in fields.items():
        told = told.replace(value, nobody[one])
    assert (right.status_code, told) == (wrong.status_code, wrong.text)
    assert "見つかりません" in words(right.text)
    assert TWO_WAYS in words(right.text)
    assert TWO_WAYS not in words(desk_of(city).post("/consents", {"name": "北 一"}).text)


def test_how_many_others_bear_the_name_changes_nothing(city: City, tome: str) -> None:
    own_record(city, name="佐藤 清")
    doctor = browser_of(city, PHYSICIAN)
    before = doctor.post("/consents", {"name": "佐藤 清"}).text
    for number in range(70):
        city.resident(f"0000778{number:03d}", name="佐藤 清", birth="1938-02-03")
    assert doctor.post("/consents", {"name": "佐藤 清"}).text == before
    assert f"/consents/{tome}" in before


def test_a_refusal_of_the_name_leaves_the_own_record(city: City, tome: str) -> None:
    own_record(city)
    city.consent(tome)
    doctor = browser_of(city, PHYSICIAN)
    assert "高橋 トメ" in words(doctor.page(f"/consents/{tome}/new")), "the city's, while it is shared"
    city.clock.move(seconds=1)
    city.consent(tome, root="deny")
    assert "見つかりません" in words(doctor.post("/consents", {"name": "高橋 ヌシ", "born": "1938-02-03"}).text)
    assert "1人 髙橋 とめ" in words(doctor.post("/consents", {"number": f"011234-{NUMBER}"}).text)


# -- no name to compare


def test_no_form_is_shown_without_a_name_to_compare(city: City, tome: str) -> None:
    doctor = browser_of(city, PHYSICIAN)
    page = doctor.page(f"/consents/{tome}")
    assert "市の同意受付にお願いしてください。" in words(page)
    assert f"/consents/{tome}/new" not in page
    assert f"/consents/{tome}/copy" not in page
    answers = [doctor.get(f"/consents/{tome}/{one}") for one in ("new", "copy", "revoke/x")]
    answers.append(send(doctor, f"/consents/{tome}/new", PAPER))
    for answer in answers:
        assert answer.status_code == 403
        assert "別の方の同意にしてしまうおそれがあります。市の同意受付にお願いしてください。" in words(answer.text)
        assert "トメ" not in answer.text
    refused = city.log(person="dr-sato", reason="no-name")
    assert len(refused) == len(answers)
    assert not city.get("city-registry", f"/fhir/Consent?patient={tome}").json().get("entry")


def test_whom_one_does_not_look_after_is_unknown_all_the_same(city: City, tome: str) -> None:
    other = city.resident("0000777334", name="南 二")
    doctor = browser_of(city, PHYSICIAN)
    for path in ("", "/new", "/copy"):
        assert doctor.get(f"/consents/{other}{path}").status_code == 404
        assert doctor.get(f"/consents/nobody{path}").status_code == 404


def test_a_draft_is_not_saved_once_the_name_is_gone(city: City, tome: str) -> None:
    agreed = city.consent(tome)
    doctor = browser_of(city, PHYSICIAN)
    review = drafted(doctor, tome)
    mark = hidden(doctor.page(review), "mark")
    city.clock.move(seconds=1)
    city.put("city-registry", f"/fhir/Consent/{agreed['id']}", {**agreed, "status": "inactive"})
    assert doctor.get(review).status_code == 403
    assert doctor.post(review, {"mark": mark, "action": "save"}).status_code == 403
    assert len(city.get("city-registry", f"/fhir/Consent?patient={tome}").json()["entry"]) == 1


def test_who_revokes_the_last_consent_is_told_that_it_was_done(city: City, tome: str) -> None:
    city.consent(tome)
    city.clock.move(seconds=1)
    doctor = browser_of(city, PHYSICIAN)
    registered(doctor, tome)
    assert "ご本人の控えを印刷してお渡しください。" in words(doctor.page(f"/consents/{tome}?done=registered"))
    consent = hidden_link(doctor.page(f"/consents/{tome}"), f"/consents/{tome}/revoke/")
    review = ended(doctor, tome, consent)
    fields = {"mark": hidden(doctor.page(review), "mark"), "action": "save"}
    for _ in range(2):  # the second click finds that it was done
        response = doctor.post(review, fields)
        assert response.headers["location"] == f"/consents/{tome}?done=revoked"
    text = words(doctor.page(f"/consents/{tome}?done=revoked"))
    assert (
        "同意を取り消しました。つぎの操作から、もう見られません。ご本人の控えは、市の同意受付でお渡しします。" in text
    )
    assert "トメ" not in text
    assert doctor.get(review).headers["location"] == f"/consents/{tome}?done=already"


def test_the_municipality_has_its_own_record(city: City, tome: str) -> None:
    desk = desk_of(city)
    own_record(city)
    assert "1人 高橋 トメ" in words(desk.post("/consents", {"number": f"011234-{NUMBER}"}).text)
    assert "見つかりません" in words(desk.post("/consents", {"name": "佐藤 清"}).text)
    assert base_of(desk, tome)
    assert saved(desk, drafted(desk, tome)).status_code == 303
    assert browser_of(city, CARE_MANAGER).post("/consents", {"name": "高橋 トメ"}).text.count(f"/consents/{tome}") == 1
