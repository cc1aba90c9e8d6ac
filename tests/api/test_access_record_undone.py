"""What was tried and not done stands in the resident's record as that, and not as a look that was refused."""

from collections.abc import Callable

import pytest

from tests.api.pages_city import CARE_MANAGER, SECRETARIAT, Browser, browser_of, looked_after, words
from tests.api.team_desk import TeamDesk, outcome
from tests.hub_in_test import NOON, City

TRIED = "行われていません 試験市役所の事務局職員 野田 恵子"


@pytest.fixture
def person(city: City) -> str:
    city.clock.now = NOON
    return looked_after(city, "Organization/hosp", "Practitioner/cm-ito", "Organization/kyotaku")


@pytest.fixture
def desk(city: City, person: str) -> TeamDesk:
    return TeamDesk(city, person)


def told(browser: Browser, person: str, show: str = "undone") -> tuple[str, str]:
    """The page of the record, and the paper."""
    here = f"/access-record/{person}"
    return words(browser.page(f"{here}?show={show}")), words(browser.page(f"{here}/print?show={show}"))


def past(desk: TeamDesk) -> None:
    """The hand-over is looked at with a last day that has gone by, and then sent."""
    assert outcome(desk.summary("kyotaku/", "tonari/", "2026-11-01").headers["location"]) == "said=past"
    fields = {"leaving": "kyotaku/", "coming": "tonari/", "last": "2026-11-01", "state": "x"}
    assert outcome(desk.post("hand-over", fields).headers["location"]) == "said=past"


def same(desk: TeamDesk) -> None:
    fields = {"leaving": "kyotaku/", "coming": "kyotaku/", "last": "2026-11-22", "state": "x"}
    assert outcome(desk.post("hand-over", fields).headers["location"]) == "said=same"


def stale(desk: TeamDesk) -> None:
    assert outcome(desk.add("day/", base="other:1")) == "said=stale"


def order(desk: TeamDesk) -> None:
    desk.add("day/")
    assert outcome(desk.end("day/", "2026-11-01")) == "said=order"


def member(desk: TeamDesk) -> None:
    assert outcome(desk.add("hosp/")) == "said=member"


def day(desk: TeamDesk) -> None:
    assert outcome(desk.add("day/", starts="someday")) == "said=day"


def decided(desk: TeamDesk) -> None:
    assert outcome(desk.settle("clinic", "confirm")) == "said=decided"


@pytest.mark.promise("no-rule-is-invented")
@pytest.mark.parametrize(
    ("act", "tried", "because"),
    [
        (
            past,
            "ケアマネジメントの担当の引き継ぎを記録しようとしました。",
            "もう過ぎた日だったため、記録していません。",
        ),
        (past, "担当の引き継ぎで変わることを見ようとしました。", "もう過ぎた日だったため、記録していません。"),
        (
            same,
            "ケアマネジメントの担当の引き継ぎを記録しようとしました。",
            "引き継ぐ先が、それまでの担当と同じだったため",
        ),
        (stale, "支援チームに、機関か人を加えようとしました。", "ほかの人が先に変えていたため、記録していません。"),
        (order, "支援チームの担当の終わりを記録しようとしました。", "終わりの日が始まりの日より前だったため"),
        (member, "支援チームに、機関か人を加えようとしました。", "もう支援チームにいたため、記録していません。"),
        (day, "支援チームに、機関か人を加えようとしました。", "日付がないか、読めなかったため、記録していません。"),
        (decided, "はじめての連絡をした機関を確かめようとしました。", "もう決まっていたため、記録していません。"),
    ],
)
def test_a_mistake_at_the_care_team_desk_is_told_as_what_was_tried(
    city: City, desk: TeamDesk, person: str, act: Callable[[TeamDesk], None], tried: str, because: str
) -> None:
    act(desk)
    page, paper = told(desk.browser, person)
    assert f"{TRIED} {tried}" in page
    assert "これによって見られたものも、変わったものもありません。" in page
    assert "行われなかった操作（見られたものも、変わったものもありません）" in paper
    for text in (page, paper):
        assert because in text
        assert "お見せしていません" not in text
    refused = words(desk.browser.page(f"/access-record/{person}?show=refused"))
    assert "お断りしたもの 1件" not in refused
    assert "記録しようとしました" not in refused
    assert "加えようとしました" not in refused


def test_a_mistake_of_ones_own_contact_and_of_the_record_itself(city: City, desk: TeamDesk, person: str) -> None:
    mine = TeamDesk(city, person, CARE_MANAGER)
    assert outcome(mine.settle("kyotaku", "confirm")) == "said=own-contact"
    assert desk.browser.get(f"/access-record/{person}?from=tomorrow").status_code == 400
    page, _ = told(browser_of(city, SECRETARIAT), person)
    assert "はじめての連絡をした機関を確かめようとしました。" in page
    assert "自分の機関の連絡はほかの人が確かめる決まりのため、記録していません。" in page
    assert "この、アクセスの記録を見ようとしました。" in page
    assert "求め方に誤りがあったため、何も行っていません。" in page


def test_what_was_done_at_the_desk_is_told_by_its_name(city: City, desk: TeamDesk, person: str) -> None:
    desk.add("day/")
    page, paper = told(desk.browser, person, "people")
    for text in (page, paper):
        assert "支援チームに、機関か人を加えました。" in text
        assert "手続きをしました" not in text
