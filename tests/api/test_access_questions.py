"""What a resident asks about an access becomes a case for the municipality, and the answer stands beside the entry."""

import pytest

from hub.store import reviews
from tests.api.pages_city import CARE_MANAGER, SECRETARIAT, Browser, browser_of, looked_after, rows, words
from tests.hub_in_test import City

QUESTION = "この日は会っていません。なぜ見たのですか。"


@pytest.fixture
def person(city: City) -> str:
    person = looked_after(city)
    browser_of(city, CARE_MANAGER).page(f"/people/{person}")
    return person


@pytest.fixture
def entry(city: City, person: str) -> str:
    """The page of the care manager's look."""
    (seen,) = city.log(interaction="page", patient=person, outcome="0")
    return f"/access-record/{person}/entries/{seen['id']}"


@pytest.fixture
def desk(city: City) -> Browser:
    return browser_of(city, SECRETARIAT)


def test_a_question_opens_a_case_and_its_answer_stands_beside_the_entry(
    city: City, desk: Browser, person: str, entry: str
) -> None:
    event = entry.rpartition("/")[2]
    assert "市の担当者に届ける" in desk.page(entry)
    asked = desk.post(entry, {"text": f" {QUESTION} "})
    assert (asked.status_code, asked.headers["location"]) == (303, f"{entry}?done=asked")
    (case,) = rows(city, "SELECT * FROM review_case")
    assert (case["kind"], case["subject"], case["text"]) == ("question", f"AuditEvent/{event}", QUESTION)
    assert (case["patient"], case["person"], case["finding"]) == (person, "sec-noda", "")
    (act,) = city.log(interaction="operation:ask-about-access")
    assert (act["patient"], act["what"], act["outcome"]) == (person, f'["AuditEvent/{event}"]', "0")

    shown = words(desk.page(f"{entry}?done=asked"))
    assert "質問を届けました" in shown
    assert f"質問 {QUESTION} 2026年11月22日 12:00 確かめています" in shown
    assert "市の担当者に届ける" not in shown
    assert desk.post(entry, {"text": "もう一度"}).status_code == 409

    city.store.lane.do(
        lambda tx: reviews.close(
            tx,
            reviews.waiting(tx, 1)[0],
            "answered",
            "計画の見直しのためでした。",
            "2026-11-22T04:00:00.000Z",
            "off-murata",
        )
    )
    for path in (f"/access-record/{person}", entry):
        assert "お答えしました 計画の見直しのためでした。 2026年11月22日 13:00" in words(desk.page(path))
    assert "計画の見直しのためでした。" in desk.page(f"/access-record/{person}/print")
    assert desk.post(entry, {"text": "まだわかりません。"}).status_code == 303
    assert len(rows(city, "SELECT * FROM review_case")) == 2


@pytest.mark.parametrize("text", ["", "  ", "あ" * 1001])
def test_a_question_has_words_and_an_end(city: City, desk: Browser, entry: str, text: str) -> None:
    assert desk.post(entry, {"text": text}).status_code == 400
    assert desk.post(entry, {"text": "あ" * 1000}).status_code == 303
    assert [row["outcome"] for row in city.log(interaction="operation:ask-about-access")] == ["0", "4"]


def test_a_question_is_about_an_entry_of_this_resident(city: City, desk: Browser, person: str, entry: str) -> None:
    other = looked_after(city, number="0000000002", name="鈴木 一郎")
    assert desk.post(entry.replace(person, other), {"text": QUESTION}).status_code == 404
    assert desk.post(f"/access-record/{person}/entries/nothing", {"text": QUESTION}).status_code == 404
    assert rows(city, "SELECT * FROM review_case") == []


def test_who_does_not_stand_at_the_desk_asks_nothing(city: City, desk: Browser, entry: str) -> None:
    refused = browser_of(city, CARE_MANAGER).post(entry, {"text": QUESTION})
    assert refused.status_code == 403
    assert "このページは使えません" in refused.text
    assert desk.post(entry, {"text": QUESTION}, origin="https://elsewhere.test").status_code == 403
    assert rows(city, "SELECT * FROM review_case") == []
    assert [row["reason"] for row in city.log(interaction="operation:ask-about-access")] == [
        "cross-site",
        "not-for-role",
    ]
    assert desk.post(entry, {"text": QUESTION}).status_code == 303
