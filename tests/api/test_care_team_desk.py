"""The care-team desk: what joining, leaving, confirming and refusing change at once, and how they are undone."""

from itertools import count

import pytest

from tests.api.pages_city import AUDITOR, CARE_MANAGER, PHYSICIAN, SECRETARIAT, browser_of, rows, words
from tests.api.team_desk import TeamDesk, outcome, patient_of, reads, told
from tests.hub_in_test import NOON, Body, City, note

pytestmark = pytest.mark.one_hub
NUMBERS = count(8_100_000_001)


@pytest.fixture
def resident(city: City) -> str:
    """Somebody whom the hospital and the care manager look after, who opened both spaces; it is noon."""
    city.clock.now = NOON
    person = city.resident(f"{next(NUMBERS):010d}", name="山田 花子")
    city.team(person, "Organization/hosp", "Practitioner/cm-ito")
    city.consent(person)
    return person


@pytest.fixture
def desk(city: City, resident: str) -> TeamDesk:
    return TeamDesk(city, resident)


@pytest.mark.promise("ended-relation-ends-on-the-next-request")
def test_who_joins_reads_and_who_leaves_does_not_read_on_the_next_request(
    city: City, desk: TeamDesk, resident: str
) -> None:
    one = told(city, resident)
    assert not reads(city, "cw-suzuki", one)
    done = desk.add("day/cw-suzuki", role="入浴の担当")
    assert outcome(done) == "done=add"
    assert reads(city, "cw-suzuki", one)
    text = words(desk.page())
    assert "鈴木 理恵 試験デイサービス 入浴の担当 2026年11月22日から" in text
    assert "試験市役所が記録" in text

    assert outcome(desk.end("day/cw-suzuki")) == "done=end"
    assert not reads(city, "cw-suzuki", one)
    assert reads(city, "dr-sato", one)
    assert "終わったもの（1件）" in words(desk.page())


def test_what_is_written_is_fhir_and_its_history_shows_every_step(city: City, desk: TeamDesk, resident: str) -> None:
    desk.add("day/cw-suzuki", role="入浴の担当")
    desk.end("day/cw-suzuki", "2026-12-24")
    [team] = _teams(city, resident)
    assert team["participant"][-1] == {
        "role": [{"text": "入浴の担当"}],
        "member": {"reference": "Practitioner/cw-suzuki", "display": "鈴木 理恵"},
        "onBehalfOf": {"reference": "Organization/day", "display": "試験デイサービス"},
        "period": {"start": "2026-11-22", "end": "2026-12-24"},
    }
    history = city.get("city-registry", f"/fhir/CareTeam/{team['id']}/_history").json()
    assert len(history["entry"]) == 3


def test_a_planned_end_is_the_end_of_its_day(city: City, desk: TeamDesk, resident: str) -> None:
    one = told(city, resident)
    desk.add("day/")
    assert outcome(desk.end("day/", "2026-11-23")) == "done=end"
    city.clock.move(hours=35, minutes=59)  # 23:59 of the 23rd in Japan
    assert reads(city, "cw-suzuki", one)
    city.clock.move(minutes=1)
    assert not reads(city, "cw-suzuki", one)


def test_who_is_to_begin_reads_from_that_day(city: City, desk: TeamDesk, resident: str) -> None:
    one = told(city, resident)
    desk.add("day/", "2026-11-24")
    assert "これから" in words(desk.page())
    assert not reads(city, "cw-suzuki", one)
    city.clock.move(hours=36)
    assert reads(city, "cw-suzuki", one)
    city.clock.now = NOON
    desk.end("day/")  # before it began: it never was
    assert "試験デイサービス 2026" not in words(desk.page())
    city.clock.move(hours=36)
    assert not reads(city, "cw-suzuki", one)


def test_joining_and_leaving_are_undone(city: City, desk: TeamDesk, resident: str) -> None:
    one = told(city, resident)
    done = desk.add("day/")
    assert outcome(desk.undo(done)) == "done=undo"
    assert not reads(city, "cw-suzuki", one)

    desk.add("day/")
    desk.end("day/", "2026-12-24")
    done = desk.end("day/")
    assert not reads(city, "cw-suzuki", one)
    assert outcome(desk.undo(done)) == "done=undo"
    assert reads(city, "cw-suzuki", one)
    assert "2026年12月24日まで" in words(desk.page())
    assert outcome(desk.undo(done)) == "said=undone"


def test_a_team_that_the_desk_began_is_undone_too(city: City) -> None:
    city.clock.now = NOON
    person = city.resident(f"{next(NUMBERS):010d}")
    city.consent(person)
    desk = TeamDesk(city, person)
    one = told(city, person)
    done = desk.add("day/")
    assert reads(city, "cw-suzuki", one)
    desk.undo(done)
    assert not reads(city, "cw-suzuki", one)
    assert [team["status"] for team in _teams(city, person)] == ["entered-in-error"]
    assert outcome(desk.add("day/")) == "done=add"
    assert reads(city, "cw-suzuki", one)


@pytest.mark.promise("who-was-faster-is-not-overwritten")
def test_what_somebody_else_changed_meanwhile_is_said_and_shown_anew(city: City, desk: TeamDesk, resident: str) -> None:
    desk.add("day/")
    adding, ending = desk.hidden("members"), desk.hidden("ends", member="day/")
    [team] = _teams(city, resident)
    others = [*team["participant"], {"member": {"reference": "Organization/clinic"}}]
    changed = city.put("city-registry", f"/fhir/CareTeam/{team['id']}", {**team, "participant": others})
    assert changed.status_code == 200

    assert outcome(desk.add("pharm/", base=adding["base"])) == "said=stale"
    gone = desk.end("day/", version=ending["version"])
    assert outcome(gone) == "said=stale"
    text = words(desk.browser.page(gone))
    assert "ほかの人が先に変えました" in text
    assert "試験クリニック" in text
    assert outcome(desk.add("pharm/")) == "done=add"
    assert outcome(desk.end("day/")) == "done=end"


def test_what_makes_no_sense_is_explained_and_changes_nothing(city: City, desk: TeamDesk, resident: str) -> None:
    [before] = _teams(city, resident)
    assert outcome(desk.add("hosp/")) == "said=member"
    assert outcome(desk.add("day/", "tomorrow")) == "said=day"
    assert (
        desk.post("members", {**desk.hidden("members"), "member": "nowhere/", "starts": "2026-11-22"}).status_code
        == 400
    )
    assert (
        desk.post("members", {**desk.hidden("members"), "member": "day/dr-sato", "starts": "2026-11-22"}).status_code
        == 400
    )
    desk.add("day/", "2026-11-01")
    assert outcome(desk.end("day/", "2026-10-31")) == "said=order"
    again = desk.hidden("ends", member="day/")
    desk.end("day/")
    assert outcome(_location(desk, {**again, "last": "2026-11-22"})) == "said=over"
    assert "もうこのチームにいます" in words(desk.browser.page(f"{desk.here}?said=member"))
    assert before["id"] == _teams(city, resident)[0]["id"]


def _location(desk: TeamDesk, fields: dict[str, str]) -> str:
    return str(desk.post("ends", fields).headers["location"])


@pytest.mark.promise("pending-reads-nothing")
def test_a_first_contact_reads_nothing_of_others_until_it_is_confirmed(
    city: City, desk: TeamDesk, resident: str
) -> None:
    one = city.created("hosp-ehr", note(resident))
    city.created("clinic-emr", patient_of(city, resident))
    own = city.created("clinic-emr", note(resident, "外来でお会いしました。"))
    path = f"/fhir/Communication/{one['id']}"
    assert city.get("clinic-emr", path).status_code == 404
    assert city.get("clinic-emr", f"/fhir/Communication/{own['id']}").status_code == 200
    assert "確かめ待ち 1件" in words(desk.page())

    done = desk.settle("clinic", "confirm")
    assert city.get("clinic-emr", path).status_code == 200
    assert "野田 恵子が確かめました" in words(desk.page())
    assert desk.undo(done).endswith("done=undo")
    assert city.get("clinic-emr", path).status_code == 404

    desk.settle("clinic", "confirm")
    assert outcome(desk.end("clinic/", "2026-11-30")) == "done=end"
    ended = desk.end("clinic/")
    assert city.get("clinic-emr", path).status_code == 404
    desk.undo(ended)
    assert city.get("clinic-emr", path).status_code == 200
    city.clock.move(days=9)
    assert city.get("clinic-emr", path).status_code == 404
    assert "確かめ待ち" not in words(TeamDesk(city, resident).page())


def test_a_refused_contact_waits_no_longer_until_that_is_undone(city: City, desk: TeamDesk, resident: str) -> None:
    one = city.created("hosp-ehr", note(resident))
    city.created("clinic-emr", patient_of(city, resident))
    done = desk.settle("clinic", "refuse")
    text = words(desk.page())
    assert "確かめ待ち" not in text
    assert "2026年11月22日に野田 恵子が断りました" in text
    assert "試験クリニック" not in words(browser_of(city, SECRETARIAT).page("/desk"))
    assert city.get("clinic-emr", f"/fhir/Communication/{one['id']}").status_code == 404
    city.created("clinic-emr", patient_of(city, resident))  # sending again does not make it wait again
    assert "確かめ待ち" not in words(desk.page())
    assert outcome(desk.settle("clinic", "confirm")) == "said=decided"

    desk.undo(done)
    assert "確かめ待ち 1件" in words(desk.page())
    assert outcome(desk.settle("clinic", "wait")) == "said=decided"
    assert outcome(desk.settle("clinic", "confirm")) == "done=confirm"
    assert city.get("clinic-emr", f"/fhir/Communication/{one['id']}").status_code == 200


def test_the_list_has_those_who_wait_first_and_finds_by_exact_name_or_number(city: City, resident: str) -> None:
    secretariat = browser_of(city, SECRETARIAT)
    city.created("clinic-emr", patient_of(city, resident))
    assert resident in secretariat.page("/care-teams")
    other = city.resident(f"{next(NUMBERS):010d}", name="川上 一郎", birth="1938-01-02")
    assert other not in secretariat.page("/care-teams")
    (number,) = rows(city, "SELECT value FROM patient_identifier WHERE patient = :p AND source = 'city'", p=other)
    for asked in ("川上 一郎", "川上一郎", number["value"], other):
        assert f"/care-teams/{other}" in secretariat.post("/care-teams", {"q": asked}).text, asked
    assert "いません" in secretariat.post("/care-teams", {"q": "川上"}).text

    manager = browser_of(city, CARE_MANAGER)
    mine = manager.page("/care-teams")
    assert f"/care-teams/{resident}" in mine
    assert mine.index(resident) < min(mine.index(one) for one in _not_waiting(mine))
    assert "いません" in manager.post("/care-teams", {"q": "川上 一郎"}).text


def _not_waiting(html: str) -> list[str]:
    """The links of the list behind the last resident for whom somebody waits."""
    rest = html.rpartition("確かめ待ち")[2].partition("</ul>")[0]
    return [f'href="{part.partition(chr(34))[0]}"' for part in rest.split('href="')[1:]] or ["</ul>"]


def test_every_act_and_every_look_is_in_the_residents_log(city: City, desk: TeamDesk, resident: str) -> None:
    desk.add("day/")
    desk.undo(desk.end("day/"))
    log = [(row["interaction"], row["reason"], row["person"]) for row in city.log(patient=resident)]
    for act in ("add", "end", "undo"):
        assert (f"operation:care-team-{act}", "desk", "sec-noda") in log
    assert ("page", "desk", "sec-noda") in log
    assert log.count(("patch", "own", "sec-noda")) == 3
    text = words(browser_of(city, AUDITOR).page(f"/audit?kind=care-team&patient={resident}"))
    assert f"野田 恵子 が 住民 {resident[:8]}…さんの支援チームに、機関か人を加えました。" in text


def test_the_team_hears_of_it_where_it_hears_of_everything(city: City, desk: TeamDesk, resident: str) -> None:
    desk.add("day/")
    feed = city.get("cm-ito", f"/feed?patient={resident}").json()
    assert [item["category"] for item in feed["items"]][-1] == "care-team"
    assert "試験デイサービス" in str(feed["items"][-1])


def test_a_persons_page_leads_to_the_team_for_those_who_keep_it(city: City, resident: str) -> None:
    link = f"/care-teams/{resident}"
    assert link in browser_of(city, CARE_MANAGER).page(f"/people/{resident}")
    assert link not in browser_of(city, PHYSICIAN).page(f"/people/{resident}")


def _teams(city: City, person: str) -> list[Body]:
    found = city.get("city-registry", f"/fhir/CareTeam?patient={person}").json()
    return [entry["resource"] for entry in found.get("entry", [])]
