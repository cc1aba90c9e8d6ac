"""The consent desk: find, register, look before saving, save, and the FHIR that comes of it."""

from functools import partial
from uuid import uuid4

import pytest

from hub.auth import fingerprint
from hub.context import Context, Credential
from hub.interactions.consent_desk.save import draft_of, load, settle
from hub.write_path import write
from tests.api.consent_desk import CONSENT_DESK, PAPER, PDF, desk_of, drafted, ended, hidden, registered, saved, send
from tests.api.pages_city import (
    AUDITOR,
    CARE_MANAGER,
    PHYSICIAN,
    SECRETARIAT,
    Browser,
    browser_of,
    words,
)
from tests.hub_in_test import BASE_URL, Body, City, note, observation, patient
from tests.hub_in_test import consent as written

pytestmark = pytest.mark.one_hub


@pytest.fixture
def desk(city: City, person: str) -> Browser:
    """After ``person``, with whom the clock is put right."""
    return desk_of(city)


@pytest.fixture
def shared(city: City, person: str) -> str:
    """Somebody whom the hospital and a care manager look after; the hospital has a result, and there is no consent."""
    city.team(person, "Organization/hosp", "Practitioner/cm-ito")
    result = city.created("hosp-ehr", observation(person))
    told = city.created("hosp-ehr", note(person))
    assert result["id"] != told["id"]
    return str(told["id"])


def consents(city: City, patient: str) -> list[Body]:
    bundle = city.get("city-registry", f"/fhir/Consent?patient={patient}").json()
    return [one["resource"] for one in bundle.get("entry", [])]


# -- finding


def test_a_resident_is_found_by_exactly_what_the_citys_record_says(city: City, desk: Browser) -> None:
    tome = city.resident("0000777001", name="高橋 トメ", birth="1938-02-03")
    number = "011234-0000777001"
    asked: list[dict[str, str]] = [
        {"name": "高橋　トメ"},
        {"born": "1938-02-03", "name": "高橋トメ"},
        {"number": number},
        {"number": tome},
    ]
    for fields in asked:
        text = desk.post("/consents", fields).text
        assert f"/consents/{tome}" in text, fields
    for fields in (
        {"name": "髙橋 トメ"},
        {"name": "高橋"},
        {"name": "高橋 トメ", "born": "1938-02-04"},
        {"number": "9"},
    ):
        response = desk.post("/consents", fields)
        assert response.status_code == 200
        assert "この条件に合う方は見つかりません。" in words(response.text)
    assert "一つ以上を入れてください" in words(desk.post("/consents", {"name": " "}).text)
    found = [row for row in city.log(patient=tome, person="cd-mori") if row["interaction"] == "page"]
    assert found, "who was shown is in the log"
    assert not any("高橋" in row["query"] for row in found)


def test_whom_the_city_does_not_know_is_not_at_its_desk(city: City, desk: Browser) -> None:
    other = str(city.created("hosp-ehr", patient("0000777002", name="北 一"))["id"])
    assert "見つかりません" in words(desk.post("/consents", {"name": "北 一"}).text)
    unknown, hidden_ = desk.get("/consents/nobody"), desk.get(f"/consents/{other}")
    assert unknown.status_code == hidden_.status_code == 404
    assert words(unknown.text).partition("番号")[0] == words(hidden_.text).partition("番号")[0]


# -- registering


def test_a_paper_becomes_a_consent_with_its_form_and_who_signed(city: City, desk: Browser, person: str) -> None:
    fields = {
        **PAPER,
        "no-emergency": "1",
        "until": "2027-12-31",
        "x1-type": "deny",
        "x1-who": "Organization/day",
        "x1-category": "laboratory",
        "x1-source": "hosp",
        "x1-before": "2025-03-31",
        "x2-type": "permit",
        "x2-who": "profession/nurse",
        "x2-since": "2026-12-01",
    }
    registered(desk, person, fields)
    (consent,) = consents(city, person)
    assert consent["provision"] == {
        "type": "permit",
        "period": {"end": "2027-12-31"},
        "provision": [
            {
                "type": "deny",
                "actor": [
                    {
                        "role": {"coding": [{"system": PARTICIPATION, "code": "IRCP"}]},
                        "reference": {"reference": "Organization/day"},
                    },
                    {
                        "role": {"coding": [{"system": PARTICIPATION, "code": "AUT"}]},
                        "reference": {"reference": "Organization/hosp"},
                    },
                ],
                "class": [{"system": f"{OURS}/information-category", "code": "laboratory"}],
                "dataPeriod": {"end": "2025-03-31"},
            },
            {
                "type": "permit",
                "period": {"start": "2026-12-01"},
                "actor": [
                    {
                        "role": {"coding": [{"system": f"{OURS}/profession", "code": "nurse"}]},
                        "reference": {"display": "nurse"},
                    }
                ],
            },
            {
                "type": "deny",
                "purpose": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "ETREAT"}],
            },
        ],
    }
    assert [one["coding"][0]["code"] for one in consent["category"]] == ["medical", "team"]
    assert consent["organization"] == [{"reference": "Organization/city", "display": "試験市役所"}]
    form = city.get("city-registry", f"/fhir/{consent['sourceReference']['reference']}").json()
    scan = city.get("city-registry", f"/fhir/{form['content'][0]['attachment']['url']}").json()
    assert scan["contentType"] == "application/pdf"
    (told,) = city.get("city-registry", f"/fhir/Provenance?target=Consent/{consent['id']}").json()["entry"]
    agents = {one["type"]["coding"][0]["code"]: one["who"]["reference"] for one in told["resource"]["agent"]}
    assert agents == {
        "author": f"Patient/{person}",
        "enterer": "Practitioner/cd-mori",
        "custodian": "Organization/city",
    }
    assert told["resource"]["signature"][0]["who"]["reference"] == f"Patient/{person}"
    assert told["resource"]["entity"][0]["what"]["reference"] == f"DocumentReference/{form['id']}"

    text = words(desk.page(f"/consents/{person}"))
    assert "医療側の場と介護側の場に参加し" in text
    assert "試験デイサービスに、試験市立病院が出した2025年3月31日までの日付の「検体検査」を見せません。" in text
    assert "すべての看護師に、すべての情報を見せます（2026年12月1日からのあいだ）。" in text
    assert "救急のときも、例外としての閲覧を認めません" in text
    assert "森 幸子 が、同意を登録しました" in text
    opened = desk.get(f"/consents/{person}/forms/{form['id']}")
    assert opened.content == PDF
    assert opened.headers["content-disposition"].startswith("attachment;")


PARTICIPATION = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
OURS = "https://renkei.example/fhir/CodeSystem"


def test_a_new_proxy_signs_on_a_legal_basis(city: City, desk: Browser, person: str, shared: str) -> None:
    proxy = {
        "signer": "new",
        "proxy-name": "山田 次郎",
        "proxy-kana": "ヤマダ ジロウ",
        "proxy-relationship": "長男",
        "proxy-basis": "成年後見人",
    }
    review = drafted(desk, person, {**PAPER, **proxy})
    assert "山田 次郎（長男、成年後見人）" in words(desk.page(review))
    saved(desk, review)
    (consent,) = consents(city, person)
    reference = consent["performer"][0]["reference"]
    assert reference.startswith("RelatedPerson/")
    assert city.get("dr-sato", f"/fhir/{reference}").status_code == 404, "no list of relatives has the proxy"
    assert city.get("cm-ito", f"/fhir/Communication/{shared}").status_code == 200, "it is a consent that counts"
    assert f'value="{reference}"' in desk.page(f"/consents/{person}/new"), "known by the next paper"


# -- looking before saving


@pytest.mark.promise("what-was-shown-is-what-is-saved")
@pytest.mark.promise("what-if-is-what-happens")
def test_nothing_counts_before_save_and_what_was_shown_is_what_happens(
    city: City, desk: Browser, person: str, shared: str
) -> None:
    review = drafted(desk, person)
    text = words(desk.page(review))
    assert "見られるようになる" in text
    assert "試験居宅介護支援事業所（居宅介護支援）の介護支援専門員" in text
    assert "経過観察・申し送り 1件" in text
    assert consents(city, person) == []
    assert city.get("cm-ito", f"/fhir/Communication/{shared}").status_code == 404

    saved(desk, review)
    assert city.get("cm-ito", f"/fhir/Communication/{shared}").status_code == 200
    again = words(desk.page(drafted(desk, person)))
    assert "新しく見られるようになる人は、いません。 見られなくなる 見られなくなる人は、いません。" in again


def test_a_form_of_earlier_date_than_the_one_in_force_is_said_to_change_nothing(
    city: City, desk: Browser, person: str
) -> None:
    registered(desk, person)
    text = words(desk.page(drafted(desk, person, {**PAPER, "signed": "2026-11-01", "root": "deny"})))
    assert "医療側の場には、この用紙より日付の新しい同意があります。" in text


def test_two_clicks_on_save_have_one_effect(city: City, desk: Browser, person: str) -> None:
    review = drafted(desk, person)
    fields = {"mark": hidden(desk.page(review), "mark"), "action": "save"}
    first, second = desk.post(review, fields), desk.post(review, fields)
    assert first.headers["location"] == second.headers["location"] == f"/consents/{person}?done=registered"
    assert len(consents(city, person)) == 1
    assert desk.get(review).headers["location"] == f"/consents/{person}?done=already"


def test_two_clicks_at_the_same_moment_have_one_effect(city: City, desk: Browser, person: str) -> None:
    review = drafted(desk, person)
    mark, draft = hidden(desk.page(review), "mark"), review.rpartition("/")[2]
    who, do = Credential(fingerprint(desk.session), kind="session"), city.store.lane.do
    context = Context(city.clock.now, "test", lambda: uuid4().hex, BASE_URL)
    both = [do(lambda tx: load(tx, who, person, draft, mark, context)) for _ in range(2)]  # neither knows of the other
    for one in both:
        push = draft_of(one, context)
        do(partial(settle, credential=who, reviewed=one, context=context))
        do(partial(write, credential=who, draft=push, context=context))
    assert len(consents(city, person)) == 1


@pytest.mark.promise("what-was-shown-is-what-is-saved")
@pytest.mark.promise("who-was-faster-is-not-overwritten")
def test_another_change_meanwhile_is_told_and_shown_anew(city: City, desk: Browser, person: str, shared: str) -> None:
    review = drafted(desk, person)
    fields = {"mark": hidden(desk.page(review), "mark"), "action": "save"}
    city.consent(person)
    response = desk.post(review, fields)
    assert response.status_code == 412
    text = words(response.text)
    assert "ほかの人がこの方の同意を変えました" in text
    assert "新しく見られるようになる人は、いません。" in text, "the difference is to what there is now"
    assert len(consents(city, person)) == 1
    again = {"mark": hidden(response.text, "mark"), "action": "save"}
    assert desk.post(review, again).status_code == 303
    assert len(consents(city, person)) == 2


def test_a_change_while_the_form_was_open_is_told_before_saving(city: City, desk: Browser, person: str) -> None:
    opened = hidden(desk.page(f"/consents/{person}/new"), "base")
    city.consent(person)
    response = send(desk, f"/consents/{person}/new", {**PAPER, "base": opened})
    assert "ほかの人がこの方の同意を変えました" in words(desk.page(response.headers["location"]))


@pytest.mark.promise("what-was-shown-is-what-is-saved")
def test_a_draft_that_was_changed_in_another_window_is_not_saved_from_the_old_page(
    city: City, desk: Browser, person: str
) -> None:
    review = drafted(desk, person)
    fields = {"mark": hidden(desk.page(review), "mark"), "action": "save"}
    draft = review.rpartition("/")[2]
    send(desk, f"/consents/{person}/new", {**PAPER, "root": "deny", "draft": draft}, None)
    assert desk.post(review, fields).status_code == 412
    assert consents(city, person) == []


def test_what_was_typed_can_be_thrown_away(city: City, desk: Browser, person: str) -> None:
    review = drafted(desk, person)
    assert saved(desk, review, action="discard").headers["location"] == f"/consents/{person}?done=discarded"
    assert desk.get(review).status_code == 404
    assert consents(city, person) == []


# -- revoking


@pytest.mark.promise("revocation-works-on-the-next-request")
def test_a_revocation_is_shown_before_it_works_and_works_on_the_next_request(
    city: City, desk: Browser, person: str, shared: str
) -> None:
    registered(desk, person)
    (consent,) = consents(city, person)
    path = f"/fhir/Communication/{shared}"
    review = ended(desk, person, consent["id"])
    text = words(desk.page(review))
    assert "見られなくなる 試験居宅介護支援事業所（居宅介護支援）の介護支援専門員" in text
    assert city.get("cm-ito", path).status_code == 200
    assert saved(desk, review).headers["location"].endswith("done=revoked")
    assert city.get("cm-ito", path).status_code == 404
    assert city.get("dr-sato", path).status_code == 200, "its own"
    (after,) = consents(city, person)
    assert (after["id"], after["status"]) == (consent["id"], "inactive")
    text = words(desk.page(f"/consents/{person}"))
    assert "同意の取り消しを受け付けました" in text
    assert "理由：ご本人の希望" in text

    city.clock.move(minutes=1)
    registered(desk, person)
    assert city.get("cm-ito", path).status_code == 200, "a new paper of the same day counts"


def test_a_consent_that_another_organisation_took_is_revoked_by_the_municipality(
    city: City, desk: Browser, person: str, shared: str
) -> None:
    taken = written(person, "medical", "team", when=city.clock.now)
    theirs = city.taken("hosp-ehr", {**taken, "organization": [{"reference": "Organization/hosp"}]})
    assert city.get("cm-ito", f"/fhir/Communication/{shared}").status_code == 200
    city.clock.move(minutes=1)
    assert saved(desk, ended(desk, person, str(theirs["id"]))).status_code == 303
    assert city.get("cm-ito", f"/fhir/Communication/{shared}").status_code == 404


# -- rights


@pytest.mark.parametrize("role", [AUDITOR, SECRETARIAT])
def test_the_desk_is_for_those_who_take_consents(city: City, person: str, role: str) -> None:
    browser = browser_of(city, role)
    assert browser.get("/consents").status_code == 403
    assert browser.get(f"/consents/{person}").status_code == 403
    assert browser.post("/consents", {"name": "山田 花子"}).status_code == 403
    assert send(browser, f"/consents/{person}/new", PAPER).status_code == 403
    refused = [row["reason"] for row in city.log(outcome="8", person=role.partition("/")[0])]
    assert set(refused) == {"not-for-role"}
    assert len(refused) >= 4


def test_the_draft_is_nobody_elses(city: City, desk: Browser, person: str, shared: str) -> None:
    review = drafted(desk, person)
    mark = hidden(desk.page(review), "mark")
    other = browser_of(city, CARE_MANAGER)
    assert other.get(review).status_code == 404
    assert other.post(review, {"mark": mark, "action": "save"}).status_code == 404
    assert other.post(review, {"mark": mark, "action": "discard"}).status_code == 404
    assert saved(desk, review).status_code == 303


def test_every_act_is_in_the_log_and_reads_well(city: City, desk: Browser, person: str) -> None:
    registered(desk, person)
    written = [row for row in city.log(patient=person) if row["query"] == "operation:consent-register"]
    assert {(row["interaction"], row["person"]) for row in written} == {("create", "cd-mori")}
    assert city.log(patient=person, interaction="operation:consent-draft")[0]["person"] == "cd-mori"
    text = words(browser_of(city, AUDITOR).page(f"/audit?kind=consents&patient={person}"))
    assert f"森 幸子 が 住民 {person[:8]}…さんの、同意の用紙の内容を入力しました。" in text


def test_another_site_registers_nothing(city: City, desk: Browser, person: str) -> None:
    evil = "https://evil.example"
    assert send(desk, f"/consents/{person}/new", PAPER, origin=evil).status_code == 403
    review = drafted(desk, person)
    fields = {"mark": hidden(desk.page(review), "mark"), "action": "save"}
    assert desk.post(review, fields, origin=evil).status_code == 403
    assert consents(city, person) == []
    assert CONSENT_DESK.startswith(city.log(reason="cross-site")[0]["person"])


def test_a_physician_has_the_tab_where_the_policy_lets_the_hospital_write_consents(city: City, person: str) -> None:
    assert 'href="/consents"' in browser_of(city, PHYSICIAN).page("/people")
    assert 'href="/consents"' not in browser_of(city, SECRETARIAT).page("/desk")
