"""Why somebody could see, or could not: of an entry of the log, and as the rules stand now."""

import pytest

from tests.api.pages_city import (
    AUDITOR,
    CARE_MANAGER,
    CARE_WORKER,
    SECRETARIAT,
    Browser,
    browser_of,
    change,
    looked_after,
    words,
)
from tests.hub_in_test import City, note, observation

OFFICER = "off-murata/city/municipal-officer"
CATEGORY = "https://renkei.example/fhir/CodeSystem/information-category"
LABEL = "https://renkei.example/fhir/CodeSystem/label"
SECRET = "膝の痛みが続きます。"


@pytest.fixture
def person(city: City) -> str:
    """A resident of whom the hospital published; the care manager looked, the care worker was refused."""
    person = looked_after(city, "Organization/hosp", "Practitioner/cm-ito")
    city.created("hosp-ehr", note(person, SECRET))
    city.created("hosp-ehr", observation(person))
    browser_of(city, CARE_MANAGER).page(f"/people/{person}")
    browser_of(city, CARE_WORKER).get(f"/people/{person}")
    return person


def denying(person: str, city: City) -> None:
    """From now on, the care manager is not to see the hospital's results."""
    city.clock.move(seconds=1)
    deny = {
        "type": "deny",
        "actor": [
            {
                "role": {
                    "coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "code": "IRCP"}]
                },
                "reference": {"reference": "Practitioner/cm-ito"},
            }
        ],
        "class": [{"system": CATEGORY, "code": "laboratory"}],
    }
    city.consent(person, exceptions=[deny])


def event(city: City, person: str, outcome: str) -> str:
    (row,) = city.log(interaction="page", patient=person, outcome=outcome)
    return str(row["id"])


def asked(browser: Browser, person: str, who: str, category: str, **more: str) -> str:
    fields = {"patient": person, "who": who, "category": category, **more}
    return words(browser.page("/why?" + "&".join(f"{name}={value}" for name, value in fields.items())))


# -- of what is in the log


def test_a_look_is_explained_with_the_consent_that_decided(city: City, person: str) -> None:
    officer = browser_of(city, OFFICER)
    id_ = event(city, person, "0")
    assert f'href="/why/{id_}"' in officer.page(f"/audit/{id_}")
    html = officer.page(f"/why/{id_}")
    text = words(html)
    assert "見られた理由 2026-11-22 12:00 試験居宅介護支援事業所の介護支援専門員 伊藤 美和 が" in text
    assert "判断した時：2026年11月22日（日）12:00 目的：介護・生活の支援 理由の符号： consent" in text
    assert "7 この人か機関は、いま支援チームに入っているか 入っています" in text
    assert "12 ここまでのどれにも止められない ご本人の同意と市の共有の取り決めにより、お見せしました。" in text
    assert "決め手となったもの： 2026年11月22日の同意（医療の場と介護の場） Consent/" in text
    assert SECRET not in html
    assert "山田" not in html


def test_the_consent_is_told_as_it_was_then_and_linked_for_the_consent_desk(city: City, person: str) -> None:
    then = event(city, person, "0")
    denying(person, city)
    html = browser_of(city, "cd-mori/city/consent-desk").page(f"/why/{then}")
    assert f'href="/consents/{person}"' in html
    assert "例外" not in html


def test_a_refusal_ends_at_the_rule_that_decided(city: City, person: str) -> None:
    text = words(browser_of(city, SECRETARIAT).page(f"/why/{event(city, person, '8')}"))
    assert "見られなかった理由" in text
    assert "7 この人か機関は、いま支援チームに入っているか この方の支援チームに、利用者もその所属機関も" in text
    assert "8 市の取り決め" not in text
    assert "いまはどうかを調べる" in text


def test_what_is_no_decision_is_said_to_be_none(city: City, person: str) -> None:
    (written, *_) = city.log(interaction="create", patient=person)
    text = words(browser_of(city, OFFICER).page(f"/why/{written['id']}"))
    assert "見る・見ないの判断ではない記録" in text
    assert "決まりの順に" not in text


def test_the_auditor_reads_reasons_of_the_whole_log_the_desk_those_of_residents(city: City, person: str) -> None:
    auditor, desk = browser_of(city, AUDITOR), browser_of(city, SECRETARIAT)
    (signed_in, *_) = city.log(interaction="sign-in")
    for id_ in (event(city, person, "0"), event(city, person, "8")):
        assert auditor.get(f"/why/{id_}").status_code == 200
        assert "いまはどうか" not in auditor.page(f"/why/{id_}")
        assert desk.get(f"/why/{id_}").status_code == 200
    assert auditor.get(f"/why/{signed_in['id']}").status_code == 200
    assert desk.get(f"/why/{signed_in['id']}").status_code == 404
    assert desk.get("/why/nothing").status_code == 404
    looks = city.log(interaction="operation:why", patient=person, outcome="0")
    assert {(row["person"], row["reason"]) for row in looks} == {("aud-kondo", "why"), ("sec-noda", "why")}


@pytest.mark.promise("why-is-told-to-those-who-answer-for-it")
@pytest.mark.parametrize("role", [CARE_MANAGER, CARE_WORKER])
def test_staff_are_not_told_why(city: City, person: str, role: str) -> None:
    browser, id_ = browser_of(city, role), event(city, person, "8")
    for path in (f"/why/{id_}", "/why", f"/why?patient={person}&who={role}&category=laboratory"):
        assert browser_of(city, SECRETARIAT).get(path).status_code == 200
        refused = browser.get(path)
        assert refused.status_code == 403
        assert "このページは使えません" in refused.text
        last = city.log()[0]
        assert (last["interaction"], last["reason"], last["outcome"]) == ("operation:why", "not-for-role", "8")
    assert "見られる理由" not in browser.page("/people")


# -- as of now


def test_what_somebody_may_see_now_counted_and_step_by_step(city: City, person: str) -> None:
    desk = browser_of(city, SECRETARIAT)
    text = asked(desk, person, CARE_MANAGER, "laboratory")
    assert "試験市立病院が出した 1件は 見られます" in text
    assert "12 ここまでのどれにも止められない" in text
    assert city.get("cm-ito", f"/fhir/Observation?patient={person}").json()["total"] == 1

    denying(person, city)
    text = asked(desk, person, CARE_MANAGER, "laboratory")
    assert "試験市立病院が出した 1件は 見られません" in text
    assert "10 ご本人が「見せない」と決めた情報か ご本人が見せないと決めた情報のため、お見せしません。" in text
    assert "の例外1『伊藤 美和（試験居宅介護支援事業所）に、「検体検査」を見せません。』" in text
    assert city.get("cm-ito", f"/fhir/Observation?patient={person}").json()["total"] == 0
    assert "見られます" in asked(desk, person, CARE_MANAGER, "progress-note").partition("件は")[2]


@pytest.mark.parametrize(
    ("who", "category", "rule"),
    [
        (CARE_WORKER, "laboratory", "7 この人か機関は、いま支援チームに入っているか この方の支援チームに"),
        ("dr-sato/hosp/physician", "laboratory", "3 その人の機関が、自分で出した情報か 利用者の所属機関が自ら登録した"),
        ("cw-left/day/care-worker", "laboratory", "2 職務と、機関の参加は有効か 利用者の職務"),
        (AUDITOR, "laboratory", "その職務（監査）は、アクセスの記録だけを読み、住民の方の情報は読みません。"),
    ],
)
def test_each_rule_says_that_it_decided(city: City, person: str, who: str, category: str, rule: str) -> None:
    assert rule in asked(browser_of(city, OFFICER), person, who, category)


@pytest.mark.promise("why-is-told-to-those-who-answer-for-it")
def test_a_system_is_explained_as_it_is_registered(city: City, person: str) -> None:
    desk = browser_of(city, SECRETARIAT)
    city.team(person, "Organization/kyotaku")
    path = f"/fhir/Observation?patient={person}"
    text = asked(desk, person, "system/care-plan-app", "laboratory", purpose="TREAT")
    assert "試験居宅介護支援事業所のシステム「care-plan-app」は、検体検査を" in text
    assert "介護支援専門員として、登録された目的と操作の範囲で読みます。" in text
    assert "目的：介護・生活の支援" in text, "a system's purpose is registered"
    assert "試験市立病院が出した 1件は 見られます" in text
    assert city.get("care-plan-app", path).json()["total"] == 1

    city.clock.move(seconds=1)
    city.consent(person, root="deny")
    text = asked(desk, person, "system/care-plan-app", "laboratory")
    assert "試験市立病院が出した 1件は 見られません" in text
    assert "8 市の取り決めと、ご本人の同意が、この情報を開いているか" in text
    assert city.get("care-plan-app", path).json()["total"] == 0
    (row, *_) = city.log(interaction="operation:why", patient=person)
    assert "who=system/care-plan-app&" in row["query"]


@pytest.mark.parametrize(
    ("system", "category", "said"),
    [
        ("hosp-ehr", "laboratory", "3 その人の機関が、自分で出した情報か 利用者の所属機関が自ら登録した"),
        ("clinic-emr", "laboratory", "7 この人か機関は、いま支援チームに入っているか この方の支援チームに"),
        ("pharm-rx", "progress-note", "8 市の取り決めと、ご本人の同意が、この情報を開いているか 市の共有の取り決めで"),
        ("pharm-rx", "progress-note", "職種の登録がないので、自分の機関が出した情報だけを読みます。"),
        ("day-app", "progress-note", "1 操作の許可の範囲に入っているか このシステムに認められた操作の範囲にない"),
        ("day-app", "laboratory", "試験市立病院が出した 1件は 見られます"),
    ],
)
def test_each_rule_says_that_it_decided_for_a_system(
    city: City, person: str, system: str, category: str, said: str
) -> None:
    city.team(person, "Organization/pharm", "Organization/day")
    assert said in asked(browser_of(city, OFFICER), person, f"system/{system}", category)


def test_a_system_out_of_use_cannot_be_chosen_and_says_so(city: City, person: str) -> None:
    desk = browser_of(city, SECRETARIAT)
    assert '<option value="system/clinic-emr">' in desk.page(f"/why?patient={person}")
    change(city, "UPDATE system SET enabled = 0 WHERE id = 'clinic-emr'")
    html = desk.page(f"/why?patient={person}")
    assert '<option value="system/clinic-emr" disabled>' in html
    assert "システム「clinic-emr」（止めているため、何も読めません）" in html
    for system in ("clinic-emr", "no-such"):
        assert desk.get(f"/why?patient={person}&who=system/{system}&category=acp").status_code == 400


def test_a_look_of_a_system_leads_to_the_same_question_as_of_now(city: City, person: str) -> None:
    city.get("hosp-ehr", f"/fhir/Observation?patient={person}")
    (row, *_) = city.log(interaction="search-type", patient=person, organisation="hosp")
    html = browser_of(city, SECRETARIAT).page(f"/why/{row['id']}")
    assert f'href="/why?patient={person}&amp;who=system%2Fhosp-ehr' in html


def test_no_content_and_for_the_officer_no_name(city: City, person: str) -> None:
    for role in (OFFICER, SECRETARIAT):
        html = browser_of(city, role).page(f"/why?patient={person}&who={CARE_MANAGER}&category=progress-note")
        assert SECRET not in html
        assert ("山田" in html) == (role == SECRETARIAT)
    (look, *_) = city.log(interaction="operation:why", patient=person)
    assert (look["person"], look["category"]) == ("sec-noda", "progress-note")


def test_what_there_is_not_is_said_to_be_not_there(city: City, person: str) -> None:
    desk = browser_of(city, SECRETARIAT)
    assert "この種類の情報は、ハブにまだありません" in asked(desk, person, CARE_MANAGER, "acp")
    assert "どちらも選んでください" in words(desk.page(f"/why?patient={person}&who={CARE_MANAGER}"))
    assert desk.get("/why?patient=nobody").status_code == 404
    assert desk.get(f"/why?patient={person}&who=no/such/role&category=acp").status_code == 400
    assert desk.get(f"/why?patient={person}&who={CARE_MANAGER}&category=secrets").status_code == 400


def test_the_resident_is_chosen_by_name_or_number(city: City, person: str) -> None:
    desk = browser_of(city, SECRETARIAT)
    found = desk.post("/why", {"number": "011234-0000000001"})
    assert found.headers["location"] == f"/why?patient={person}"
    assert browser_of(city, AUDITOR).post("/why", {"number": "011234-0000000001"}).status_code == 403


def test_an_auditor_does_not_learn_what_there_is(city: City, person: str) -> None:
    auditor = browser_of(city, AUDITOR)
    assert auditor.get(f"/why?patient={person}&who={CARE_MANAGER}&category=laboratory").status_code == 403
    assert "見られる理由" not in words(auditor.page("/audit")).partition("サインアウト")[0]


# -- what staff may be told


LINE = "この方の一部の情報は、ご本人の意思により表示していません。"


@pytest.mark.promise("staff-are-told-one-line-at-most")
def test_by_default_staff_are_told_nothing(city: City, person: str) -> None:
    denying(person, city)
    assert LINE not in browser_of(city, CARE_MANAGER).page(f"/people/{person}")


@pytest.mark.promise("staff-are-told-one-line-at-most")
def test_where_the_city_allows_it_they_are_told_one_line_whatever_the_reason_and_the_number(
    city: City, person: str
) -> None:
    change(city, "UPDATE city SET explain_hidden = 1")
    browser = browser_of(city, CARE_MANAGER)
    assert LINE not in browser.page(f"/people/{person}"), "nothing is hidden"
    denying(person, city)
    browser.page(f"/people/{person}")
    one = browser.page(f"/people/{person}")
    assert one.count(LINE) == 1
    for _ in range(20):
        city.created("hosp-ehr", observation(person))
    assert browser.page(f"/people/{person}") == one

    city.clock.move(seconds=1)
    city.consent(person, "team", root="deny")
    refused_whole = browser.page(f"/people/{person}")
    assert refused_whole.count(LINE) == 1
    assert "検体検査" not in refused_whole


def test_what_others_than_the_resident_keep_back_is_not_told(city: City, person: str) -> None:
    change(city, "UPDATE city SET explain_hidden = 1")
    browser = browser_of(city, CARE_MANAGER)
    city.created("hosp-ehr", note(person, meta={"security": [{"system": LABEL, "code": "UNINFORMED"}]}))
    condition = {"resourceType": "Condition", "subject": {"reference": f"Patient/{person}"}, "code": {"text": "高血圧"}}
    city.created("hosp-ehr", condition)
    assert LINE not in browser.page(f"/people/{person}"), "a label, and what the city does not share"
    never_asked = city.resident("0000000002", name="鈴木 一郎")
    city.team(never_asked, "Organization/hosp", "Practitioner/cm-ito")
    city.created("hosp-ehr", note(never_asked))
    assert LINE not in browser.page(f"/people/{never_asked}"), "nobody ever said no"
