"""The care-team desk: for whom it opens, and what of others it neither changes nor shows."""

from itertools import count

import pytest

from tests.api.pages_city import (
    AUDITOR,
    CARE_MANAGER,
    CARE_WORKER,
    PHYSICIAN,
    Browser,
    browser_of,
    looked_after,
    words,
)
from tests.api.team_desk import NEW_MANAGER, TeamDesk, outcome, patient_of, reads, told
from tests.hub_in_test import NOON, City, care_team, note

pytestmark = pytest.mark.one_hub
NUMBERS = count(8_300_000_001)
CONSENT_DESK = "cd-mori/city/consent-desk"


@pytest.fixture
def resident(city: City) -> str:
    """Somebody whom the hospital and one care manager look after, and who consented; it is noon."""
    city.clock.now = NOON
    return looked_after(city, "Organization/hosp", "Practitioner/cm-ito", number=f"{next(NUMBERS):010d}")


def acts(browser: Browser, person: str) -> list[int]:
    """The answers to every act that the desk knows, and to its pages."""
    here = f"/care-teams/{person}"
    member = {"member": "day/", "starts": "2026-11-22", "base": "", "last": "2026-11-22", "origin": "desk"}
    hand_over = {"leaving": "kyotaku/", "coming": "tonari/", "last": "2026-11-22", "state": ""}
    contact = {"organisation": "clinic", "decision": "confirm"}
    return [
        browser.get(here).status_code,
        browser.get(f"{here}/hand-over?leaving=kyotaku/&coming=tonari/&last=2026-11-22").status_code,
        browser.post(f"{here}/members", member).status_code,
        browser.post(f"{here}/ends", member).status_code,
        browser.post(f"{here}/hand-over", hand_over).status_code,
        browser.post(f"{here}/contacts", contact).status_code,
        browser.post(f"{here}/undo", {"undo": "confirm:clinic:"}).status_code,
    ]


@pytest.mark.parametrize("role", [PHYSICIAN, CARE_WORKER, AUDITOR, CONSENT_DESK])
def test_others_get_the_kind_refusal_and_it_is_in_the_log(city: City, resident: str, role: str) -> None:
    browser = browser_of(city, role)
    before = words(TeamDesk(city, resident).page())
    assert browser.get("/care-teams").status_code == 403
    assert "いまの役割では使えないページです" in words(browser.get(f"/care-teams/{resident}").text)
    assert acts(browser, resident) == [403] * 7
    assert "/care-teams" not in browser.get("/people").text
    assert words(TeamDesk(city, resident).page()) == before
    refused = [row["interaction"] for row in city.log(patient=resident, outcome="8", person=role.partition("/")[0])]
    for act in ("care-team-add", "care-team-end", "care-team-hand-over", "care-team-undo", "desk-contact-confirm"):
        assert f"operation:{act}" in refused


@pytest.mark.promise("hidden-answers-as-never-existed")
def test_the_care_manager_of_another_resident_gets_nothing(city: City, resident: str) -> None:
    city.created("clinic-emr", patient_of(city, resident))
    stranger, mine = browser_of(city, NEW_MANAGER), TeamDesk(city, resident, CARE_MANAGER)
    assert acts(stranger, resident) == [404] * 7
    assert resident not in stranger.page("/care-teams")
    assert resident not in stranger.post("/care-teams", {"q": resident}).text.replace(
        f'value="{resident}"', ""
    ).replace(f"「{resident}」", "")
    hidden, unknown = stranger.get(f"/care-teams/{resident}").text, stranger.get("/care-teams/nobody").text
    assert words(hidden).partition("お問い合わせ")[0] == words(unknown).partition("お問い合わせ")[0]
    assert mine.browser.get(mine.here).status_code == 200
    assert city.log(patient=resident, interaction="operation:care-team-add", outcome="8", person="cm-ueda")


def test_a_resident_whom_there_is_not_is_not_found_by_the_secretariat(city: City) -> None:
    assert acts(TeamDesk(city, "nobody").browser, "nobody") == [404] * 7


def test_a_care_manager_keeps_the_team_of_whom_they_look_after(city: City, resident: str) -> None:
    one = told(city, resident)
    mine = TeamDesk(city, resident, CARE_MANAGER)
    done = mine.add("day/", role="通所")
    assert reads(city, "cw-suzuki", one)
    text = words(mine.page())
    assert "試験居宅介護支援事業所が記録" in text
    mine.undo(done)
    assert not reads(city, "cw-suzuki", one)
    mine.add("day/")
    mine.end("day/")
    assert not reads(city, "cw-suzuki", one)
    assert ("operation:care-team-end", "care-manager") in [
        (row["interaction"], row["reason"]) for row in city.log(patient=resident, person="cm-ito")
    ]


def test_the_care_manager_confirms_a_first_contact_too_but_not_their_own(city: City, resident: str) -> None:
    one = told(city, resident)
    city.created("clinic-emr", patient_of(city, resident))
    city.created("care-plan-app", patient_of(city, resident))
    mine = TeamDesk(city, resident, CARE_MANAGER)
    assert "ご自分の機関の連絡です" in words(mine.page())
    assert city.get("care-plan-app", f"/fhir/Communication/{one['id']}").status_code == 404
    assert outcome(mine.settle("kyotaku", "confirm")) == "said=own-contact"
    assert city.get("care-plan-app", f"/fhir/Communication/{one['id']}").status_code == 404
    assert city.get("clinic-emr", f"/fhir/Communication/{one['id']}").status_code == 404
    assert outcome(mine.settle("clinic", "confirm")) == "done=confirm"
    assert city.get("clinic-emr", f"/fhir/Communication/{one['id']}").status_code == 200
    assert "伊藤 美和が確かめました" in words(mine.page())
    assert outcome(TeamDesk(city, resident).settle("kyotaku", "confirm")) == "done=confirm"
    assert city.get("care-plan-app", f"/fhir/Communication/{one['id']}").status_code == 200


@pytest.mark.promise("only-the-source-changes-its-own")
def test_what_another_organisation_published_is_shown_and_not_changed(city: City, resident: str) -> None:
    one = told(city, resident)
    mine = TeamDesk(city, resident, CARE_MANAGER)
    mine.add("day/")
    fields = mine.hidden("ends", member="day/")

    desk = TeamDesk(city, resident)
    text = words(desk.page())
    assert "この関係は試験居宅介護支援事業所が出したチームのものです" in text
    forged = desk.post("ends", {**fields, "last": "2026-11-22"})
    assert forged.status_code == 403
    assert reads(city, "cw-suzuki", one)

    [theirs] = [
        entry["resource"] for entry in city.get("city-registry", f"/fhir/CareTeam?patient={resident}").json()["entry"]
    ]
    city_team = {"origin": f"CareTeam/{theirs['id']}", "member": "hosp/", "version": theirs["meta"]["versionId"]}
    assert mine.post("ends", {**city_team, "last": "2026-11-22"}).status_code == 403
    taken = f"team:{theirs['id']}:{theirs['meta']['versionId']}"
    assert mine.post("undo", {"undo": taken}).status_code == 404
    assert reads(city, "dr-sato", one)


def test_a_form_for_one_resident_changes_no_other(city: City, resident: str) -> None:
    other = looked_after(
        city, "Organization/hosp", "Practitioner/cm-ito", number=f"{next(NUMBERS):010d}", name="川上 一郎"
    )
    theirs = TeamDesk(city, other)
    theirs.add("day/")
    fields = theirs.hidden("ends", member="day/")
    desk = TeamDesk(city, resident)
    assert outcome(desk.post("ends", {**fields, "last": "2026-11-22"}).headers["location"]) == "said=over"
    team = fields["origin"].partition("/")[2]
    assert desk.post("undo", {"undo": f"team:{team}:{fields['version']}"}).status_code == 404
    assert "試験デイサービス 2026" in words(theirs.page()).replace("介護サービス ", "")


def test_of_others_teams_a_care_manager_sees_what_consent_shows(city: City) -> None:
    city.clock.now = NOON
    person = city.resident(f"{next(NUMBERS):010d}")
    city.team(person, "Organization/clinic", "Practitioner/cm-ito")
    mine = TeamDesk(city, person, CARE_MANAGER)
    assert "試験クリニック" not in _team_of(mine.page())
    assert "試験クリニック" in _team_of(TeamDesk(city, person).page())
    city.consent(person)
    assert "試験クリニック" in _team_of(mine.page())


def _team_of(html: str) -> str:
    """The relations on a page, without what can be chosen."""
    return html.partition('id="now"')[2].partition("</section>")[0]


@pytest.mark.promise("every-relation-can-be-ended")
def test_a_care_manager_adds_neither_themselves_nor_their_office(city: City, resident: str) -> None:
    mine, before = TeamDesk(city, resident, CARE_MANAGER), words(TeamDesk(city, resident).page())
    assert "試験居宅介護支援事業所" not in mine.page().partition('name="member"')[2].partition("</select>")[0]
    for member in ("kyotaku/", "kyotaku/cm-ito"):
        assert outcome(mine.add(member)) == "said=own-office"
    assert "ご自分の事業所とその職員は、市の事務局が加えます" in words(
        mine.browser.page(f"{mine.here}?said=own-office")
    )
    asked = mine.summary("tonari/", "kyotaku/")
    assert outcome(asked.headers["location"]) == "said=own-office"
    assert words(TeamDesk(city, resident).page()) == before


def test_the_team_of_whoever_no_longer_looks_after_does_not_count(city: City, resident: str) -> None:
    mine = TeamDesk(city, resident, CARE_MANAGER)
    TeamDesk(city, resident).end("/cm-ito")
    assert acts(mine.browser, resident) == [404] * 7
    late = {**care_team(resident, "Organization/day"), "name": "late"}
    assert city.post("care-plan-app", "/fhir/CareTeam", late).status_code in (404, 422)


def test_where_the_municipality_has_no_record_nobody_is_added(city: City) -> None:
    city.clock.now = NOON
    registered = {
        "identifier": [{"system": "http://hosp.test/id", "value": f"h-{next(NUMBERS)}"}],
        "name": [{"text": "客"}],
    }
    person = city.created("hosp-ehr", {"resourceType": "Patient", **registered, "birthDate": "1950-01-01"})["id"]
    city.created("hosp-ehr", note(person))
    desk = TeamDesk(city, person)
    text = words(desk.page())
    assert "まだ市の記録に登録されていない" in text
    assert "市の記録にない方" in text
    assert desk.post("members", {"member": "day/", "starts": "2026-11-22", "base": ""}).status_code in (404, 422, 503)
    assert outcome(desk.settle("hosp", "confirm")) == "done=confirm"
    assert outcome(desk.end("hosp/")) == "done=end"


def test_another_site_changes_nothing(city: City, resident: str) -> None:
    desk = TeamDesk(city, resident)
    fields = {**desk.hidden("members"), "member": "day/", "starts": "2026-11-22"}
    assert desk.browser.post(f"{desk.here}/members", fields, origin="https://evil.example").status_code == 403
    assert "試験デイサービス" not in _team_of(desk.page())
    assert desk.browser.post(f"{desk.here}/members", fields).status_code == 303
    assert "試験デイサービス" in _team_of(desk.page())
