"""Handing over the management of care: shown before it is done, done at once, undone whole."""

from itertools import count

import pytest

from tests.api.pages_city import AUDITOR, CARE_MANAGER, browser_of, words
from tests.api.team_desk import NEW_MANAGER, TeamDesk, forms, outcome, patient_of, reads, said, told
from tests.hub_in_test import NOON, Body, City, care_team, note

pytestmark = pytest.mark.one_hub
NUMBERS = count(8_200_000_001)
OLD, NEW = "kyotaku/", "tonari/"


@pytest.fixture
def resident(city: City) -> str:
    """Somebody whom one office of care managers looks after, as an office and by name; it is noon."""
    city.clock.now = NOON
    person = city.resident(f"{next(NUMBERS):010d}", name="山田 花子")
    city.team(person, "Organization/hosp", "Organization/kyotaku", "Practitioner/cm-ito")
    city.consent(person)
    return person


@pytest.fixture
def one(city: City, resident: str) -> Body:
    """What the hospital told the team."""
    return told(city, resident)


@pytest.fixture
def desk(city: City, resident: str) -> TeamDesk:
    return TeamDesk(city, resident)


@pytest.mark.promise("hand-over-has-no-gap-and-no-overlap")
def test_at_midnight_the_one_ceases_to_read_and_the_other_begins(city: City, desk: TeamDesk, one: Body) -> None:
    assert outcome(desk.hand_over(OLD, NEW)) == "done=hand-over"
    city.clock.move(hours=11, minutes=59)
    assert (reads(city, "cm-ito", one), reads(city, "cm-ueda", one)) == (True, False)
    city.clock.move(minutes=1)  # midnight in Japan
    assert (reads(city, "cm-ito", one), reads(city, "cm-ueda", one)) == (False, True)
    assert reads(city, "dr-sato", one)


@pytest.mark.promise("hand-over-has-no-gap-and-no-overlap")
def test_who_comes_outlasts_the_team_that_the_other_leaves(city: City) -> None:
    city.clock.now = NOON
    person = city.resident(f"{next(NUMBERS):010d}")
    city.team(person, "Organization/hosp")
    bounded = {"start": "2025-12-01", "end": "2026-11-22"}
    office = care_team(person, "Organization/kyotaku", period={"start": "2025-12-01"})
    city.created("city-registry", {**office, "period": bounded})
    city.consent(person)
    one = told(city, person)
    desk = TeamDesk(city, person)
    assert outcome(desk.hand_over(OLD, NEW)) == "done=hand-over"
    assert (reads(city, "cm-ito", one), reads(city, "cm-ueda", one)) == (True, False)
    city.clock.move(hours=12)
    assert (reads(city, "cm-ito", one), reads(city, "cm-ueda", one)) == (False, True)


def test_on_the_same_day_both_read(city: City, desk: TeamDesk, one: Body) -> None:
    desk.hand_over(OLD, NEW, "2026-11-23", "same")
    city.clock.move(hours=12)
    assert (reads(city, "cm-ito", one), reads(city, "cm-ueda", one)) == (True, True)
    city.clock.move(hours=24)
    assert (reads(city, "cm-ito", one), reads(city, "cm-ueda", one)) == (False, True)


def test_the_summary_says_who_leaves_who_comes_and_saves_nothing(
    city: City, desk: TeamDesk, resident: str, one: Body
) -> None:
    text = words(desk.summary(OLD, "tonari/cm-ueda").text)
    old, new = (
        "試験居宅介護支援事業所（2026年11月22日まで）",
        "試験となり居宅介護支援事業所 上田 直子（2026年11月23日から）",
    )
    assert f"引き継ぎ {old} → {new}" in text
    gone = text.partition("読めなくなる")[2].partition("読めるようになる")[0]
    assert "伊藤 美和" in gone
    assert "引き継ぎのあとも残る" not in text
    city.clock.move(hours=13)
    assert reads(city, "cm-ito", one)
    assert not reads(city, "cm-ueda", one)


def test_it_is_one_version_of_the_team_told_to_both_and_printed_in_a_line(
    city: City, desk: TeamDesk, resident: str, one: Body
) -> None:
    desk.hand_over(OLD, "tonari/cm-ueda")
    (team,) = [
        entry["resource"] for entry in city.get("city-registry", f"/fhir/CareTeam?patient={resident}").json()["entry"]
    ]
    history = city.get("city-registry", f"/fhir/CareTeam/{team['id']}/_history").json()
    assert len(history["entry"]) == 2
    line = words(desk.page()).partition("ケアマネジメントの担当")[2].partition("支援チーム")[0]
    assert "試験居宅介護支援事業所（2026年11月22日まで）" in line
    assert "→ 試験となり居宅介護支援事業所 上田 直子（2026年11月23日から）" in line
    assert _newest(city, "cm-ito", resident) == "care-team"
    city.clock.move(hours=12)
    assert _newest(city, "cm-ueda", resident) == "care-team"
    assert city.get("cm-ito", f"/feed?patient={resident}").status_code == 404


def test_who_goes_on_reading_by_another_relation_is_not_said_to_stop(
    city: City, desk: TeamDesk, resident: str, one: Body
) -> None:
    """The office as a whole is in the team too: only the relation of one of its people ends."""
    text = words(desk.summary("kyotaku/cm-ito", NEW).text)
    assert "読めなくなる" not in text
    assert "下の「引き継ぎのあとも残る」関係で、そのあとも、ほかの機関の情報を読めます。" in text
    ending = words(desk.page())
    assert ending.count("ほかの関係（このページの別の行）で、まだ読めます") == 1, "of the person, by the office"
    assert "伊藤 美和さんは、別の行の関係で、まだ読めます。 そのほかの方は、きょうのままなら" in ending
    assert ending.count("きょうのままなら、いまから読めなくなります") == 2, "the hospital, and the rest of the office"
    desk.hand_over("kyotaku/cm-ito", NEW)
    city.clock.move(hours=13)
    assert reads(city, "cm-ito", one)
    whole = words(TeamDesk(city, resident).summary(OLD, NEW, "2026-11-23").text)
    assert "読めなくなる" in whole


def test_a_care_manager_is_told_that_a_relation_may_be_out_of_their_sight(city: City, resident: str) -> None:
    mine = TeamDesk(city, resident, CARE_MANAGER)
    assert outcome(mine.add("tonari/cm-ueda")) == "done=add"
    assert "このページに見えない関係（ほかの機関が記録したもの）がなければ、いまから読めなくなります" in words(
        mine.page()
    )


def test_lines_of_managers_are_joined_where_one_follows_the_other(city: City, desk: TeamDesk, resident: str) -> None:
    desk.end("/cm-ito", "2026-11-22")
    desk.add("tonari/cm-ueda", "2026-12-24")
    line = words(desk.page()).partition("ケアマネジメントの担当")[2].partition("支援チーム")[0]
    assert "上田 直子（2026年12月24日から）" in line
    assert "→" not in line


def test_what_was_taken_back_already_is_said_kindly(city: City, desk: TeamDesk, resident: str) -> None:
    done = desk.add("tonari/cm-ueda")
    assert outcome(desk.undo(done)) == "done=undo"
    again = desk.undo(done)
    assert outcome(again) == "said=undone"
    assert "もう元に戻してあるか" in words(desk.browser.page(again))


def _newest(city: City, who: str, person: str) -> str:
    return str(city.get(who, f"/feed?patient={person}").json()["items"][-1]["category"])


def test_it_is_undone_whole(city: City, desk: TeamDesk, one: Body) -> None:
    done = desk.hand_over(OLD, NEW)
    assert outcome(desk.undo(done)) == "done=undo"
    city.clock.move(hours=12)
    assert (reads(city, "cm-ito", one), reads(city, "cm-ueda", one)) == (True, False)


def test_a_relation_that_was_a_first_contact_is_handed_over_with_the_rest(city: City) -> None:
    city.clock.now = NOON
    person = city.resident(f"{next(NUMBERS):010d}")
    city.team(person, "Organization/hosp")
    city.consent(person)
    one = told(city, person)
    city.created("care-plan-app", patient_of(city, person))
    desk = TeamDesk(city, person)
    desk.settle("kyotaku", "confirm")
    assert reads(city, "cm-ito", one)

    done = desk.hand_over(OLD, NEW)
    city.clock.move(hours=12)
    assert (reads(city, "cm-ito", one), reads(city, "cm-ueda", one)) == (False, True)
    city.clock.now = NOON
    desk.undo(done)
    city.clock.move(hours=12)
    assert (reads(city, "cm-ito", one), reads(city, "cm-ueda", one)) == (True, False)


def test_a_care_manager_hands_over_what_is_theirs_and_sees_what_is_not(city: City) -> None:
    city.clock.now = NOON
    resident = city.resident(f"{next(NUMBERS):010d}")
    city.team(resident, "Organization/hosp", "Practitioner/cm-ito")
    city.consent(resident)
    one = told(city, resident)
    mine = TeamDesk(city, resident, CARE_MANAGER)
    nothing = mine.summary(OLD, NEW)
    assert outcome(nothing.headers["location"]) == "said=nobody"
    assert "変えられるのは、出した機関だけです" in words(mine.page())

    city.created("care-plan-app", patient_of(city, resident))
    TeamDesk(city, resident).settle("kyotaku", "confirm")
    summary = words(mine.summary(OLD, NEW).text)
    assert "引き継ぎのあとも残る" in summary
    assert "試験市役所が記録" in summary.partition("引き継ぎのあとも残る")[2]
    assert "このページも開けません" not in summary, "the relation that the city recorded stays"
    assert outcome(mine.hand_over(OLD, NEW)) == "done=hand-over"
    city.clock.move(hours=12)
    assert reads(city, "cm-ueda", one)
    assert reads(city, "cm-ito", one)  # by what the municipality recorded


@pytest.mark.promise("every-relation-can-be-ended")
def test_the_municipality_ends_what_two_offices_say_of_one_another_alone(city: City) -> None:
    city.clock.now = NOON
    person = city.resident(f"{next(NUMBERS):010d}")
    team = city.team(person, "Organization/hosp", "Organization/kyotaku")
    city.consent(person)
    one = told(city, person)
    TeamDesk(city, person, CARE_MANAGER).add(NEW)
    TeamDesk(city, person, NEW_MANAGER).add(OLD)
    alone = {**care_team(person, "Organization/hosp"), "id": team["id"]}
    assert city.put("city-registry", f"/fhir/CareTeam/{team['id']}", alone).status_code == 200
    assert (reads(city, "cm-ito", one), reads(city, "cm-ueda", one)) == (True, True)
    desk = TeamDesk(city, person)
    assert outcome(desk.end(NEW)) == "done=end"
    assert (reads(city, "cm-ito", one), reads(city, "cm-ueda", one)) == (True, False)
    assert outcome(desk.end(OLD)) == "done=end"
    assert (reads(city, "cm-ito", one), reads(city, "cm-ueda", one)) == (False, False)


@pytest.fixture
def left_behind(city: City) -> tuple[str, Body]:
    """Somebody whom an office handed over in its own team, and looks after no longer; what the hospital told."""
    city.clock.now = NOON
    person = city.resident(f"{next(NUMBERS):010d}")
    city.team(person, "Organization/hosp")
    city.consent(person)
    one = told(city, person)
    city.created("care-plan-app", patient_of(city, person))
    TeamDesk(city, person).settle("kyotaku", "confirm")
    assert outcome(TeamDesk(city, person, CARE_MANAGER).hand_over(OLD, NEW)) == "done=hand-over"
    text = words(TeamDesk(city, person).page())
    assert "変えられるのは、出した機関だけです" in text, "until midnight the office can put it right itself"
    city.clock.move(hours=12, minutes=1)
    assert (reads(city, "cm-ito", one), reads(city, "cm-ueda", one)) == (False, True)
    return person, one


@pytest.mark.promise("every-relation-can-be-ended")
def test_the_municipality_ends_what_an_office_left_behind_and_takes_that_back(
    city: City, left_behind: tuple[str, Body]
) -> None:
    person, one = left_behind
    desk = TeamDesk(city, person)
    assert "もう担当していない試験居宅介護支援事業所が出したチームのものです" in words(desk.page())
    forged = {**desk.hidden("ends", member=NEW), "version": "0"}
    assert outcome(said(desk.post("ends", {**forged, "last": "2026-11-23"}))) == "said=stale"
    done = desk.end(NEW, last="2026-11-23")
    assert outcome(done) == "done=end"
    assert not reads(city, "cm-ueda", one)
    assert outcome(desk.undo(done)) == "done=undo"
    assert reads(city, "cm-ueda", one)

    planned = desk.end(NEW, last="2026-11-30")
    assert reads(city, "cm-ueda", one)
    city.clock.move(days=8)
    assert not reads(city, "cm-ueda", one)
    assert outcome(TeamDesk(city, person).undo(planned)) == "done=undo"
    assert reads(city, "cm-ueda", one)
    ends = city.log(patient=person, interaction="operation:care-team-end", person="sec-noda")
    done_by_the_desk = [(row["what"], row["reason"]) for row in ends if row["outcome"] == "0"]
    assert done_by_the_desk == [('["Organization/tonari"]', "desk")] * 2


@pytest.mark.promise("every-relation-can-be-ended")
def test_the_municipality_hands_on_what_an_office_left_behind(city: City, left_behind: tuple[str, Body]) -> None:
    person, one = left_behind
    desk = TeamDesk(city, person)
    assert "引き継ぎのあとも残る" not in words(desk.summary(NEW, OLD, "2026-11-23").text)
    done = desk.hand_over(NEW, OLD, "2026-11-23")
    city.clock.move(days=1)
    assert (reads(city, "cm-ito", one), reads(city, "cm-ueda", one)) == (True, False)
    assert "市の事務局" not in words(TeamDesk(city, person).page()).partition("終わったもの")[0]
    city.clock.move(days=-1)
    desk.undo(done)
    city.clock.move(days=1)
    assert (reads(city, "cm-ito", one), reads(city, "cm-ueda", one)) == (False, True)


@pytest.mark.promise("only-the-source-changes-its-own")
def test_what_an_office_left_behind_is_changed_by_the_municipality_alone(
    city: City, left_behind: tuple[str, Body]
) -> None:
    person, one = left_behind
    fields = {**TeamDesk(city, person).hidden("ends", member=NEW), "last": "2026-11-23"}
    undo = f"end:{fields['origin']}/tonari/:2026-11-23"
    new = TeamDesk(city, person, "cm-ueda/tonari/care-manager")
    assert new.post("ends", fields).status_code == 403
    assert new.post("undo", {"undo": undo}).status_code == 404
    old = TeamDesk(city, person, CARE_MANAGER)
    assert [old.post("ends", fields).status_code, old.post("undo", {"undo": undo}).status_code] == [404, 404]
    # Where the office looks after the resident again, it is theirs again.
    TeamDesk(city, person).add("kyotaku/", starts="2026-11-23")
    again = TeamDesk(city, person)
    assert again.post("ends", fields).status_code == 403
    assert again.post("undo", {"undo": undo}).status_code == 404
    assert reads(city, "cm-ueda", one)


def test_what_changed_after_the_summary_is_not_overwritten(city: City, desk: TeamDesk, one: Body) -> None:
    form = next(form for form in forms(desk.summary(OLD, NEW).text) if form.action.endswith("/hand-over"))
    desk.add("day/")
    assert outcome(desk.post("hand-over", form.fields).headers["location"]) == "said=stale"
    city.clock.move(hours=12)
    assert (reads(city, "cm-ito", one), reads(city, "cm-ueda", one)) == (True, False)


@pytest.mark.parametrize(
    ("leaving", "coming", "last", "because"),
    [
        (OLD, OLD, "2026-11-22", "same"),
        (OLD, "kyotaku/cm-ito", "2026-11-22", "same"),
        (OLD, NEW, "2026-11-21", "past"),
        (NEW, OLD, "2026-11-22", "nobody"),
        (OLD, NEW, "someday", "day"),
    ],
)
def test_what_cannot_be_handed_over_is_explained(
    desk: TeamDesk, leaving: str, coming: str, last: str, because: str
) -> None:
    assert outcome(desk.summary(leaving, coming, last).headers["location"]) == f"said={because}"


def test_care_is_managed_by_those_whose_work_it_is(desk: TeamDesk) -> None:
    assert desk.summary(OLD, "hosp/").status_code == 400
    assert desk.summary("hosp/", NEW).status_code == 400


def test_it_reads_well_in_the_log(city: City, desk: TeamDesk, resident: str) -> None:
    desk.hand_over(OLD, NEW)
    text = words(browser_of(city, AUDITOR).page(f"/audit?kind=care-team&patient={resident}"))
    assert "のケアマネジメントの担当を引き継ぎました" in text
    [row] = city.log(patient=resident, interaction="operation:care-team-hand-over")
    assert "Organization/kyotaku" in row["what"]
    assert "Organization/tonari" in row["what"]


def test_who_comes_back_comes_back(city: City, desk: TeamDesk, one: Body) -> None:
    desk.hand_over(OLD, NEW)
    city.clock.move(hours=21)
    again = TeamDesk(city, desk.here.rpartition("/")[2])
    assert outcome(again.hand_over(NEW, OLD, "2026-11-23")) == "done=hand-over"
    city.clock.move(hours=15)  # midnight of the 24th
    assert (reads(city, "cm-ito", one), reads(city, "cm-ueda", one)) == (True, False)


def test_a_note_of_the_new_office_is_its_own(city: City, desk: TeamDesk, resident: str, one: Body) -> None:
    desk.hand_over(OLD, NEW)
    own = city.created("care-plan-app", note(resident, "引き継ぎの申し送りです。"))
    city.clock.move(hours=12)
    assert reads(city, "cm-ito", own)  # what an organisation published itself
    assert reads(city, "cm-ueda", own)
