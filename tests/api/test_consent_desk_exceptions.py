"""The consent desk's exceptions by label, by purpose and of single records: entered, shown before, printed, kept."""

import re
from collections.abc import Mapping

import pytest

from tests.api.consent_desk import PAPER, desk_of, drafted, hidden, known, registered, saved, send
from tests.api.looking import NEVER_USED
from tests.api.pages_city import PHYSICIAN, Browser, browser_of, words
from tests.hub_in_test import Body, City, note, observation

pytestmark = pytest.mark.one_hub

OURS = "https://renkei.example/fhir/CodeSystem"
OBSERVATION_CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
ACT_REASON = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
PSY = {"security": [{"system": f"{OURS}/label", "code": "PSY"}]}
CARE_MANAGERS = {"x1-type": "deny", "x1-who": "profession/care-manager"}
ELSEWHERE = "dr-hayashi/clinic/physician"
NOT_THERE = "もう選べない記録がありました。"


@pytest.fixture
def desk(city: City, person: str) -> Browser:
    """After ``person``, with whom the clock is put right."""
    return desk_of(city)


@pytest.fixture
def shared(city: City, person: str) -> list[str]:
    """Two notes of the hospital, of which a care manager sees what is open."""
    city.team(person, "Organization/hosp", "Organization/day", "Practitioner/cm-ito")
    return [str(city.created("hosp-ehr", note(person, text))["id"]) for text in ("ひみつの話", "お変わりありません。")]


def provisions(city: City, person: str) -> list[Body]:
    """The exceptions of the consent that was stored last."""
    bundle = city.get("city-registry", f"/fhir/Consent?patient={person}&_sort=-_lastUpdated").json()
    found: list[Body] = bundle["entry"][0]["resource"]["provision"]["provision"]
    return found


def listed(browser: Browser, person: str, fields: Mapping[str, str], row: int = 1) -> str:
    """The form after the list of single records was asked for."""
    response = send(browser, f"/consents/{person}/new", {**PAPER, **fields, "action": f"records-{row}"}, None)
    assert response.headers["location"].endswith(f"&records={row}#x{row}-records")
    return browser.page(response.headers["location"].partition("#")[0])


def offered(html: str) -> dict[str, str]:
    """The single records that can be ticked: reference → the words beside it."""
    return dict(re.findall(r'<label for="x\d+-record-([^"]+)">([^<]*)</label>', html))


def ticked(html: str) -> set[str]:
    """The boxes that are ticked in the rows of exceptions."""
    return set(re.findall(r'type="checkbox" id="[^"]+" name="(x\d+-[^"]+)" value="1" checked', html))


def another(city: City) -> str:
    """Another resident whom the hospital looks after."""
    person = city.resident("0000778001", name="北 二郎")
    city.team(person, "Organization/hosp")
    return person


# -- entered, printed, kept


@pytest.mark.promise("a-consent-can-be-written-as-it-was-meant")
def test_all_that_a_consent_may_say_is_entered_printed_and_kept(
    city: City, desk: Browser, person: str, shared: list[str]
) -> None:
    fields = {
        **CARE_MANAGERS,
        "x1-label-PSY": "1",
        "x1-label-R": "1",
        "x1-purpose-CAREMGT": "1",
        "x1-purpose-COC": "1",
        "x1-after": "2026-01-01",
        "x1-before": "2026-12-31",
        "x2-type": "deny",
        f"x2-record-Communication/{shared[0]}": "1",
    }
    registered(desk, person, {**PAPER, **fields})
    by_label, single = provisions(city, person)
    assert by_label["securityLabel"] == [
        {"system": f"{OURS}/label", "code": "PSY"},
        {"system": CONFIDENTIALITY, "code": "R"},
    ]
    assert by_label["purpose"] == [{"system": ACT_REASON, "code": code} for code in ("CAREMGT", "COC")]
    assert by_label["dataPeriod"] == {"start": "2026-01-01", "end": "2026-12-31"}
    data = [{"meaning": "instance", "reference": {"reference": f"Communication/{shared[0]}"}}]
    assert single == {"type": "deny", "data": data}

    said = (
        "すべての介護支援専門員に、2026年1月1日から2026年12月31日までの日付の精神科の情報、"
        "慎重に扱う情報（R）を見せません（目的が介護・生活の支援・連携の調整のとき）。",
        f"だれにも、指定した1件の情報（試験市立病院の経過観察・申し送り、2026年11月21日、番号の末尾{shared[0][-6:]}）"
        "を見せません。",
    )
    for page in ("", "/copy"):
        text = words(desk.page(f"/consents/{person}{page}"))
        assert [one for one in said if one not in text] == [], page

    consent = re.findall(r"/new\?from=([^\"]+)", desk.page(f"/consents/{person}"))[0]
    html = desk.page(f"/consents/{person}/new?from={consent}")
    assert ticked(html) == {name for name in fields if "label-" in name or "purpose-" in name or "record-" in name}
    assert "書ききれない例外" not in html
    city.clock.move(minutes=1)
    before = provisions(city, person)
    registered(desk, person, {**PAPER, **again(html)})
    assert provisions(city, person) == before


def again(html: str) -> dict[str, str]:
    """The exceptions of a form as a browser would send them unchanged."""
    dates = dict(re.findall(r'<input type="date" id="[^"]+" name="(x[^"]+)" value="([^"]+)"', html))
    selects = re.findall(r'<select id="[^"]+" name="(x[^"]+)"[^>]*>(.*?)</select>', html, re.DOTALL)
    chosen = {name: re.findall(r'value="([^"]*)" selected', options) for name, options in selects}
    return dates | {name: one[0] for name, one in chosen.items() if one} | dict.fromkeys(ticked(html), "1")


def test_what_finds_no_row_is_not_dropped_in_silence(city: City, desk: Browser, person: str) -> None:
    classes = [{"system": f"{OURS}/information-category", "code": code} for code in ("laboratory", "acp")]
    actors = [
        {"role": {"coding": [{"system": f"{OURS}/profession", "code": code}]}, "reference": {"display": code}}
        for code in ("nurse", "pharmacist", "dietitian", "clerk", "coordinator", "dentist", "physician", "care-worker")
    ]
    many = {"type": "deny", "class": classes, "actor": actors}
    stored = city.consent(person, exceptions=[many, many])
    html = desk.page(f"/consents/{person}/new?from={stored['id']}")
    assert html.count("<summary>例外 ") == 19
    assert "行が足りずに書ききれない例外が1つあります" in words(html)


# -- what is shown before it is saved is what happens


@pytest.mark.promise("what-if-is-what-happens")
def test_the_change_of_a_single_record_is_shown_and_is_what_happens(
    city: City, desk: Browser, person: str, shared: list[str]
) -> None:
    city.consent(person)
    city.clock.move(minutes=1)
    fields = {**PAPER, **CARE_MANAGERS, f"x1-record-Communication/{shared[0]}": "1"}
    review = drafted(desk, person, fields)
    lost = words(desk.page(review)).partition("見られなくなる")[2]
    assert "試験居宅介護支援事業所（居宅介護支援）の介護支援専門員 経過観察・申し送り 1件" in lost
    assert "介護職" not in lost
    saved(desk, review)
    assert [city.get("cm-ito", f"/fhir/Communication/{one}").status_code for one in shared] == [404, 200]
    assert city.get("cw-suzuki", f"/fhir/Communication/{shared[0]}").status_code == 200


@pytest.mark.promise("what-if-is-what-happens")
def test_the_change_by_a_label_is_shown_and_is_what_happens(
    city: City, desk: Browser, person: str, shared: list[str]
) -> None:
    marked = city.created("hosp-ehr", note(person, "眠れない", meta=PSY))
    city.consent(person)
    city.clock.move(minutes=1)
    assert city.get("cm-ito", f"/fhir/Communication/{marked['id']}").status_code == 404
    fields = {**PAPER, "x1-type": "permit", "x1-who": "Practitioner/cm-ito", "x1-label-PSY": "1"}
    review = drafted(desk, person, fields)
    gained = words(desk.page(review)).partition("見られるようになる")[2].partition("見られなくなる")[0]
    assert gained.count("件") == 1
    assert "介護支援専門員" in gained
    assert "経過観察・申し送り 1件" in gained
    saved(desk, review)
    assert city.get("cm-ito", f"/fhir/Communication/{marked['id']}").status_code == 200
    assert city.get("cw-suzuki", f"/fhir/Communication/{marked['id']}").status_code == 404


@pytest.mark.promise("what-if-is-what-happens")
def test_the_change_for_a_purpose_is_shown_and_is_what_happens(
    city: City, desk: Browser, person: str, shared: list[str]
) -> None:
    city.consent(person)
    city.clock.move(minutes=1)
    review = drafted(desk, person, {**PAPER, **CARE_MANAGERS, "x1-purpose-COC": "1"})
    lost = words(desk.page(review)).partition("見られなくなる")[2]
    assert "経過観察・申し送り（目的が連携の調整のとき） 2件" in lost
    saved(desk, review)
    path = f"/fhir/Communication/{shared[0]}"
    assert city.get("cm-ito", path).status_code == 200
    assert city.get("cm-ito", path, x_purpose_of_use="COC").status_code == 404


# -- what the list of single records tells


@pytest.mark.promise("the-desk-names-records-without-their-content")
def test_the_list_tells_kind_source_and_day_and_nothing_else(
    city: City, desk: Browser, person: str, shared: list[str]
) -> None:
    html = listed(desk, person, {"x1-category": "progress-note"})
    assert offered(html) == {
        f"Communication/{one}": f"試験市立病院の経過観察・申し送り、2026年11月21日、番号の末尾{one[-6:]}"
        for one in shared
    }
    assert "ひみつの話" not in html
    assert 'value="2026-11-22"' in html, "what was typed stays"
    (row, *_) = city.log(person="cd-mori", interaction="page")
    assert (row["patient"], row["query"]) == (person, "consents/new/records")


@pytest.mark.promise("the-desk-names-records-without-their-content")
def test_what_is_marked_kept_back_or_shared_with_nobody_is_not_in_the_list(
    city: City, desk: Browser, person: str, shared: list[str]
) -> None:
    for meta in (PSY, *({"security": [{"system": f"{OURS}/label", "code": one}]} for one in ("SOURCE-ONLY", "V"))):
        city.created("hosp-ehr", note(person, meta=meta))
    city.created("hosp-ehr", note(person, status="entered-in-error"))
    vital = [{"coding": [{"system": OBSERVATION_CATEGORY, "code": "vital-signs"}]}]
    city.created("hosp-ehr", observation(person, category=vital))  # which the table publishes to nobody
    city.created("hosp-ehr", note(another(city)))
    html = listed(desk, person, {"x1-source": "hosp"})
    assert offered(html).keys() == {f"Communication/{one}" for one in shared}


@pytest.mark.parametrize(
    ("fields", "count"),
    [
        ({"x1-source": "hosp"}, 3),
        ({"x1-category": "laboratory"}, 1),
        ({"x1-category": "laboratory", "x1-source": "clinic"}, 0),
        ({"x1-source": "hosp", "x1-after": "2026-11-21"}, 2),
        ({"x1-source": "hosp", "x1-before": "2026-11-20"}, 1),
    ],
)
def test_the_list_has_what_the_exception_speaks_of(
    city: City, desk: Browser, person: str, shared: list[str], fields: dict[str, str], count: int
) -> None:
    city.created("hosp-ehr", observation(person))
    html = listed(desk, person, fields)
    assert len(offered(html)) == count
    assert ("ここに並べられるものの中にはありません。" in words(html)) == (count == 0)


def test_a_long_list_says_that_it_is_not_whole(city: City, desk: Browser, person: str) -> None:
    entries = [{"resource": note(person), "request": {"method": "POST", "url": "Communication"}} for _ in range(101)]
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    assert city.post("hosp-ehr", "/fhir", bundle).status_code == 200
    html = listed(desk, person, {"x1-category": "progress-note"})
    assert len(offered(html)) == 100
    assert "新しい100件までを並べました。" in words(html)


@pytest.mark.promise("the-desk-names-records-without-their-content")
def test_a_record_that_may_not_be_named_is_like_one_that_never_was(
    city: City, desk: Browser, person: str, shared: list[str]
) -> None:
    marked = city.created("hosp-ehr", note(person, meta=PSY))
    others = city.created("hosp-ehr", note(another(city)))
    answers = []
    for one in (str(marked["id"]), str(others["id"]), NEVER_USED):
        fields = {**PAPER, **CARE_MANAGERS, f"x1-record-Communication/{one}": "1"}
        review = drafted(desk, person, fields)
        html = desk.page(desk.get(review).headers["location"])
        assert NOT_THERE in words(html)
        draft = hidden(html, "draft")
        answers.append(html.replace(draft, "").replace(one, ""))
        assert desk.post(review, {"mark": "x", "action": "save"}).status_code == 422
    assert answers[0] == answers[1] == answers[2]


def test_another_taker_chooses_from_what_it_sees_itself(
    city: City, desk: Browser, person: str, shared: list[str]
) -> None:
    told = city.created("hosp-ehr", observation(person))
    city.team(person, "Organization/clinic")
    for system in ("hosp-ehr", "clinic-emr"):
        known(city, person, system)
    doctor = browser_of(city, ELSEWHERE)
    assert offered(listed(doctor, person, {"x1-source": "hosp"})) == {}, "there is no consent"
    assert len(offered(listed(browser_of(city, PHYSICIAN), person, {"x1-source": "hosp"}))) == 3
    hidden_ = {**PAPER, **CARE_MANAGERS, f"x1-record-Observation/{told['id']}": "1"}
    review = drafted(doctor, person, hidden_)
    assert NOT_THERE in words(doctor.page(doctor.get(review).headers["location"]))
    city.consent(person)
    assert len(offered(listed(doctor, person, {"x1-source": "hosp"}))) == 3


def test_what_an_earlier_paper_names_is_kept_whatever_has_become_of_it(
    city: City, desk: Browser, person: str, shared: list[str]
) -> None:
    marked = city.created("hosp-ehr", note(person, "眠れない", meta=PSY))
    reference = f"Communication/{marked['id']}"
    single = {"type": "deny", "data": [{"meaning": "instance", "reference": {"reference": reference}}]}
    stored = city.consent(person, exceptions=[single])
    city.clock.move(minutes=1)
    html = desk.page(f"/consents/{person}/new?from={stored['id']}")
    assert offered(html) == {reference: "前の用紙で指定した情報（ここに種類などは出ません）"}
    registered(desk, person, {**PAPER, **again(html)})
    assert provisions(city, person) == [single]
    text = words(desk.page(f"/consents/{person}/copy"))
    assert "だれにも、指定した1件の情報を見せません。" in text
