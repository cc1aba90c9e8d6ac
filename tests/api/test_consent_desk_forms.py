"""The consent desk's forms: what is missing is said kindly and nothing typed is lost; the copy; other takers."""

import pytest

from tests.api.consent_desk import (
    BOUNDARY,
    PAPER,
    PDF,
    base_of,
    desk_of,
    drafted,
    ended,
    hidden,
    hidden_link,
    known,
    registered,
    saved,
    send,
)
from tests.api.pages_city import CARE_MANAGER, PHYSICIAN, Browser, browser_of, rows, words
from tests.hub_in_test import City, note, observation

pytestmark = pytest.mark.one_hub
TEN = 10 * 1024 * 1024


@pytest.fixture
def desk(city: City, person: str) -> Browser:
    """After ``person``, with whom the clock is put right."""
    return desk_of(city)


def typed(browser: Browser, patient: str, fields: dict[str, str], scan: tuple[str, bytes] | None = None) -> str:
    """The form as it is shown again after something was missing."""
    response = send(browser, f"/consents/{patient}/new", fields, scan)
    assert response.status_code == 303, response.text
    location = response.headers["location"]
    if "/drafts/" in location:
        location = browser.get(location).headers["location"]
    assert location.startswith(f"/consents/{patient}/new?draft=")
    return browser.page(location)


# -- what is missing, and what is wrong


def test_what_is_missing_is_said_and_what_was_typed_stays(city: City, desk: Browser, person: str) -> None:
    html = typed(desk, person, {"action": "check", "x1-who": "Organization/day", "since": "2027-01-01"})
    text = words(html)
    for said in (
        "署名したのがどなたかを選んでください。",
        "用紙に書かれた署名の日を入れてください。",
        "どの場の同意か、一つ以上選んでください。",
        "「参加する」か「参加しない」かを選んでください。",
        "「見せない」か「見せる」かを選んでください。使わない行は、すべて空にしてください。",
        "署名のある用紙を読み取ったファイルを付けてください。",
    ):
        assert said in text
    assert '<option value="Organization/day" selected>' in html
    assert 'name="since" value="2027-01-01"' in html
    assert 'aria-invalid="true" aria-describedby="signed-problem"' in html


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"signed": "2026-11-23"}, "署名の日が、いまより先です。"),
        ({"signed": "2026-11-22", "signed-time": "12:01"}, "署名の日が、いまより先です。"),
        ({"signed": "昨日"}, "署名の日の書き方を確かめてください。"),
        ({"since": "2027-02-01", "until": "2027-01-01"}, "終わりの日が、始まりの日より前です。"),
        ({"until": "2026-11-21"}, "もう終わった同意は登録できません。"),
        ({"x1-type": "deny"}, "一つ以上を選んでください。"),
        ({"x1-type": "deny", "x1-who": "Organization/nobody"}, "この中から選び直してください。"),
        ({"x2-type": "deny", "x2-category": "consent"}, "この中から選び直してください。"),
        (
            {"signer": "new", "proxy-name": "山田 次郎", "proxy-relationship": "長男"},
            "根拠のない署名では登録できません。",
        ),
        ({"signer": "RelatedPerson/nobody"}, "署名したのがどなたかを選んでください。"),
    ],
)
def test_what_cannot_be_is_said(city: City, desk: Browser, person: str, fields: dict[str, str], said: str) -> None:
    assert said in words(typed(desk, person, {**PAPER, **fields}, ("a.pdf", PDF)))


def test_a_relative_without_a_legal_basis_is_not_offered(city: City, desk: Browser, person: str) -> None:
    relative = {
        "resourceType": "RelatedPerson",
        "patient": {"reference": f"Patient/{person}"},
        "name": [{"text": "山田 三郎"}],
    }
    city.created("city-registry", relative)
    assert "山田 三郎" not in desk.page(f"/consents/{person}/new")


@pytest.mark.parametrize(
    ("scan", "said"),
    [
        (("同意書.pdf", b"MZ\x90\x00 no paper at all"), "PDF・PNG・JPEG のどれかにしてください。"),
        (("同意書.pdf", b""), "用紙のファイルが空です（0バイト）。"),
        (("form.html", b"<html>%PDF-"), "PDF・PNG・JPEG のどれかにしてください。"),
        (("同意書.pdf", b"%PDF-" + b"x" * TEN), "10メガバイトまでにしてください"),
        (("同意書.pdf", b"%PDF-" + b"x" * 4 * TEN), "10メガバイトまでにしてください"),
    ],
)
def test_a_file_that_is_no_scanned_paper_is_not_taken(
    city: City, desk: Browser, person: str, scan: tuple[str, bytes], said: str
) -> None:
    html = typed(desk, person, dict(PAPER), scan)
    assert said in words(html)
    assert '<input type="date" id="signed" name="signed" value="2026-11-22"' in html
    draft = hidden(html, "draft")
    right = send(desk, f"/consents/{person}/new", {**PAPER, "draft": draft}, ("a.jpg", b"\xff\xd8\xff\xe0 photo"))
    assert "a.jpg" in words(desk.page(right.headers["location"]))


def test_the_file_stays_while_the_rest_is_put_right(city: City, desk: Browser, person: str) -> None:
    html = typed(desk, person, {**PAPER, "root": ""}, ("同意書.pdf", PDF))
    assert "付いているファイル：同意書.pdf" in words(html)
    draft = hidden(html, "draft")
    review = send(desk, f"/consents/{person}/new", {**PAPER, "draft": draft}, None).headers["location"]
    assert saved(desk, review).status_code == 303
    (kept,) = rows(city, "SELECT scan, scan_size FROM consent_draft WHERE id = :id", id=draft)
    assert (bytes(kept["scan"]), kept["scan_size"]) == (b"", len(PDF)), "the paper is stored once"


def test_rows_are_added_without_script_and_none_is_lost(city: City, desk: Browser, person: str) -> None:
    html = desk.page(f"/consents/{person}/new")
    assert html.count("<summary>例外 ") == 3
    fields = {**PAPER, "action": "add", "rows": "3", "x3-type": "deny", "x3-category": "acp"}
    html = typed(desk, person, fields, ("同意書.pdf", PDF))
    assert html.count("<summary>例外 ") == 6
    assert '<option value="acp" selected>' in html
    assert "付いているファイル" in html
    assert "確かめてください。</strong>" not in html, "adding a row complains of nothing"


def test_a_body_that_is_no_form_is_refused(city: City, desk: Browser, person: str) -> None:
    path = f"/consents/{person}/new"
    assert desk.post(path, PAPER).status_code == 400
    assert send(desk, path, PAPER, boundary="another").status_code == 400
    assert send(desk, path, PAPER, boundary="x" * 300).status_code == 400
    assert send(desk, path, {**PAPER, "why": "x" * 70_000}).status_code == 400
    assert send(desk, path, {**PAPER, "why": "\0"}).status_code == 400
    cut = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="why"\r\n\r\nx'
    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}", "Origin": desk.base}
    assert desk.client.post(path, content=cut.encode(), headers=headers).status_code == 400
    assert send(desk, path, PAPER, ("a.pdf", b"%PDF-" + b"x" * (64 * 1024 * 1024))).status_code == 413
    assert desk.client.post(path, content=b"x", headers={**headers, "Content-Encoding": "gzip"}).status_code == 415
    assert send(desk, f"{path}?draft=x", {**PAPER, "draft": "nobodys"}).status_code == 404


def test_a_draft_is_over_after_a_working_day(city: City, desk: Browser, person: str) -> None:
    review = drafted(desk, person)
    city.clock.move(hours=7, minutes=59)
    assert desk_of(city).get(review).status_code == 200
    city.clock.move(minutes=1)
    assert desk_of(city).get(review).status_code == 404


def test_markup_in_what_was_typed_is_text(city: City, desk: Browser, person: str) -> None:
    html = typed(desk, person, {"action": "check", "proxy-name": "<script>alert(1)</script>"})
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


# -- revoking, writing anew


def test_a_revocation_needs_who_and_a_day_that_can_be_and_what_was_typed_stays(
    city: City, desk: Browser, person: str
) -> None:
    registered(desk, person)
    consent = hidden_link(desk.page(f"/consents/{person}"), f"/consents/{person}/revoke/")
    html = desk.page(desk.get(ended(desk, person, consent, signed="2026-11-20", signer="")).headers["location"])
    assert "取り消しの日が、同意の日より前です。" in words(html)
    assert "取り消しを申し出たのがどなたかを選んでください。" in words(html)
    assert 'name="signed" value="2026-11-20"' in html
    assert 'name="why" value="ご本人の希望"' in html
    html = desk.page(desk.get(ended(desk, person, consent, signed="")).headers["location"])
    assert "用紙に書かれた申し出の日を入れてください。" in words(html)
    assert "署名の日" not in words(html)
    assert 'name="why" value="ご本人の希望"' in html
    for day in ("2026-11-23", "昨日", "0001-01-01"):
        html = desk.page(desk.get(ended(desk, person, consent, signed=day)).headers["location"])
        assert "申し出の日" in words(html).partition("確かめてください。")[2].partition("1 申し出た方")[0], day
    assert desk.get(f"/consents/{person}/revoke/nothing").status_code == 404


def test_nobody_has_to_give_a_reason_to_revoke(city: City, desk: Browser, person: str) -> None:
    registered(desk, person)
    consent = hidden_link(desk.page(f"/consents/{person}"), f"/consents/{person}/revoke/")
    assert saved(desk, ended(desk, person, consent, why="")).headers["location"].endswith("?done=revoked")
    assert "理由：" not in words(desk.page(f"/consents/{person}"))


def test_a_consent_is_written_anew_from_what_it_says(city: City, desk: Browser, person: str) -> None:
    fields = {**PAPER, "team": "", "no-emergency": "1", "x1-type": "deny", "x1-who": "profession/nurse"}
    registered(desk, person, fields)
    consent = hidden_link(desk.page(f"/consents/{person}"), f"/consents/{person}/revoke/")
    html = desk.page(f"/consents/{person}/new?from={consent}")
    assert '<option value="profession/nurse" selected>' in html
    assert 'name="medical" value="1" checked' in html
    assert 'name="team" value="1">' in html
    assert 'name="no-emergency" value="1" checked' in html
    assert 'name="signed" value=""' in html, "the new paper has a day of its own"


@pytest.mark.parametrize("refused", [True, False])
def test_who_revokes_a_no_to_emergencies_is_told_that_it_ends_too(desk: Browser, person: str, refused: bool) -> None:
    registered(desk, person, {**PAPER, **({"no-emergency": "1"} if refused else {})})
    consent = hidden_link(desk.page(f"/consents/{person}"), f"/consents/{person}/revoke/")
    told = "取り消すと、それも終わり、救急のときには、決められた範囲が見られるようになります。"
    assert (told in desk.page(f"/consents/{person}/revoke/{consent}")) is refused
    assert (told in desk.page(ended(desk, person, consent))) is refused


# -- the resident's copy


def test_the_residents_copy_says_what_was_agreed_who_sees_what_and_how_to_revoke(
    city: City, desk: Browser, person: str
) -> None:
    city.team(person, "Organization/hosp", "Practitioner/cm-ito")
    city.created("hosp-ehr", note(person))
    before = words(desk.page(f"/consents/{person}/copy"))
    assert "同意はありません。医療側の場と介護側の場では、ほかの機関が出した情報は共有されません。" in before
    registered(desk, person, {**PAPER, "x1-type": "deny", "x1-category": "laboratory"})
    text = words(desk.page(f"/consents/{person}/copy"))
    assert "お名前 山田 花子 様" in text
    assert "だれにも、「検体検査」を見せません。" in text
    seen = text.partition("試験居宅介護支援事業所（居宅介護支援）の介護支援専門員")[2].partition("試験市立病院")[0]
    assert "経過観察・申し送り 1件" in seen
    assert "いつでも変えられ、いつでもやめられます。" in text
    assert "担当 森 幸子" in text
    assert "救急や災害のときには、命を守るのに必要な情報が、「見せない」と決めたものも含めて、" in text


def test_the_copy_of_a_refused_space_and_of_refused_emergencies_does_not_contradict_itself(
    city: City, desk: Browser, person: str
) -> None:
    registered(desk, person, {**PAPER, "signed": "2026-11-20"})
    refusing = {"team": "1", "medical": "", "root": "deny", "no-emergency": "1", "signed": "2026-11-21"}
    registered(desk, person, {**PAPER, **refusing})
    text = words(desk.page(f"/consents/{person}/copy"))
    assert "医療側の場に参加し、市の取り決めのとおりに情報を共有することに同意します。" in text
    assert "介護側の場に参加しません。そこでは、ほかの機関が出した情報を、共有しません。" in text
    assert "医療側の場と介護側の場に参加し" not in text
    assert "救急のときに例外として見られるのは、緊急連絡先と、人生の最終段階の希望だけです。" in text
    assert "救急や災害のときには" not in text
    page = words(desk.page(f"/consents/{person}"))
    assert "医療側の場 ：いま有効です。 介護側の場 ： 2026年11月21日の同意に置き換わりました 。" in page


def test_the_copy_of_a_revocation_says_when_who_asked_and_who_received_it(
    city: City, desk: Browser, person: str
) -> None:
    registered(desk, person, {**PAPER, "signed": "2026-11-20"})
    consent = hidden_link(desk.page(f"/consents/{person}"), f"/consents/{person}/revoke/")
    city.clock.move(minutes=5)
    saved(desk, ended(desk, person, consent, signed="2026-11-21", why=""))
    text = words(desk.page(f"/consents/{person}/copy"))
    assert "取り消されています。2026年11月21日に取り消しの申し出（ご本人）があり、" in text
    assert "2026年11月22日 12:05に試験市役所（担当 森 幸子）が受け付けました。" in text
    assert "2026年11月20日の用紙、署名：ご本人、受付：試験市役所" in text
    assert "理由はいりません" in text


def test_the_copy_of_what_the_municipality_revoked_for_others_is_no_paper_of_its_own(
    city: City, desk: Browser, person: str
) -> None:
    known(city, person)
    registered(browser_of(city, PHYSICIAN), person, {**PAPER, "signed": "2026-11-20"})
    consent = hidden_link(desk.page(f"/consents/{person}"), f"/consents/{person}/revoke/")
    saved(desk, ended(desk, person, consent, signed="2026-11-21"))
    page = words(desk.page(f"/consents/{person}"))
    assert "2026年11月21日の取り消し 医療側の場と介護側の場の同意を取り消します。" in page
    assert "医療側の場 ： 2026年11月21日の取り消しに置き換わりました 。" in page
    text = words(desk.page(f"/consents/{person}/copy"))
    assert "参加しません" not in text, "it was taken back, not refused"
    assert "2026年11月21日に取り消しの申し出（ご本人）があり、" in text


# -- organisations that take consents themselves


@pytest.mark.promise("signed-form-is-for-its-taker-and-the-municipality")
def test_an_organisation_takes_the_consents_of_those_whom_it_looks_after(
    city: City, desk: Browser, person: str
) -> None:
    city.team(person, "Organization/hosp", "Practitioner/cm-ito")
    city.created("hosp-ehr", observation(person))
    known(city, person)
    doctor = browser_of(city, PHYSICIAN)
    registered(doctor, person)
    text = words(doctor.page(f"/consents/{person}"))
    assert "受付：試験市立病院" in text
    assert "試験市立病院 佐藤 健 が、同意を登録しました" in text
    consent = hidden_link(doctor.page(f"/consents/{person}"), f"/consents/{person}/revoke/")
    form = hidden_link(doctor.page(f"/consents/{person}"), f"/consents/{person}/forms/")

    # The municipality sees it and its paper; another organisation of the same team sees neither.
    assert "受付：試験市立病院" in words(desk.page(f"/consents/{person}"))
    assert desk.get(f"/consents/{person}/forms/{form}").content == PDF
    manager = browser_of(city, CARE_MANAGER)
    assert "お預かりした同意は、まだありません。" in words(manager.page(f"/consents/{person}"))
    assert manager.get(f"/consents/{person}/forms/{form}").status_code == 404
    assert manager.get(f"/consents/{person}/revoke/{consent}").status_code == 404
    assert city.get("cm-ito", f"/fhir/DocumentReference/{form}").status_code == 404


def test_an_organisation_neither_favours_itself_nor_names_proxies(city: City, person: str) -> None:
    doctor = browser_of(city, PHYSICIAN)
    known(city, person)
    html = doctor.page(f"/consents/{person}/new")
    assert "はじめての代理の方" not in html
    favour = {**PAPER, "root": "deny", "x1-type": "permit", "x1-who": "Practitioner/dr-sato"}
    assert "市の同意受付でだけ登録できます。" in words(typed(doctor, person, favour, ("a.pdf", PDF)))
    proxy = {
        **PAPER,
        "signer": "new",
        "proxy-name": "山田 次郎",
        "proxy-relationship": "長男",
        "proxy-basis": "成年後見人",
    }
    assert "署名したのがどなたかを選んでください。" in words(typed(doctor, person, proxy, ("a.pdf", PDF)))


def test_nobody_takes_the_consent_of_somebody_whom_they_do_not_look_after(city: City, person: str) -> None:
    doctor, manager = browser_of(city, PHYSICIAN), browser_of(city, CARE_MANAGER)
    known(city, person)
    assert base_of(doctor, person)
    for path in ("", "/new", "/copy", "/forms/x", "/revoke/x", "/drafts/x"):
        assert manager.get(f"/consents/{person}{path}").status_code == 404, path
    assert send(manager, f"/consents/{person}/new", PAPER).status_code == 404
    assert "見つかりません" in words(manager.post("/consents", {"number": person}).text)


def test_another_organisations_paper_is_not_a_way_to_other_documents(city: City, desk: Browser, person: str) -> None:
    scan = {"resourceType": "Binary", "contentType": "application/pdf", "data": "JVBERi0="}
    stored = city.created("hosp-ehr", {**scan, "securityContext": {"reference": f"Patient/{person}"}})
    report = {
        "resourceType": "DocumentReference",
        "status": "current",
        "subject": {"reference": f"Patient/{person}"},
        "content": [{"attachment": {"contentType": "application/pdf", "url": f"Binary/{stored['id']}"}}],
    }
    other = city.created("hosp-ehr", report)
    assert desk.get(f"/consents/{person}/forms/{other['id']}").status_code == 404
