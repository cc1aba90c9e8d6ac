"""Who lives in an area: the beginning of an address as the municipality writes it, or a postal code."""

import pytest

from hub.access.area import lives_in
from profiles.canonical import LABEL
from profiles.resource import Json, Resource

HOME: Resource = {"text": "北海道雪見市北町１丁目２番地", "postalCode": "098-1234"}
IN_PARTS: Resource = {"state": "北海道", "city": "雪見市", "line": ["北町１丁目", "２番地"]}


def resident(*homes: Resource, **more: Json) -> Resource:
    return {"resourceType": "Patient", "address": list(homes), **more}


@pytest.mark.parametrize("home", [HOME, IN_PARTS, {**IN_PARTS, "state": ""}], ids=["whole", "in parts", "no state"])
@pytest.mark.parametrize(
    ("area", "within"),
    [
        ("雪見市 北町", True),
        ("雪見市", True),
        ("雪見市　北町1丁目", True),
        ("雪見市北町１", True),
        ("北町", False),  # another town may have one, too
        ("見市", False),
        ("雪見市南町", False),
        ("雪見市北町２", False),
        (" ", False),
    ],
)
def test_the_beginning_of_an_address(home: Resource, area: str, within: bool) -> None:
    assert lives_in(resident(home), [area]) is within


def test_the_prefecture_may_stand_before_it() -> None:
    for home in (HOME, IN_PARTS):
        assert lives_in(resident(home), ["北海道雪見市"])
        assert not lives_in(resident(home), ["青森県雪見市"])
    assert lives_in(resident({"text": "〒098-1234 北海道雪見市北町"}), ["雪見市北町"])


@pytest.mark.parametrize(
    ("text", "area"), [("和歌山県雪見市", "雪見市"), ("京都府雪見市", "雪見市"), ("東京都雪見市", "雪見市")]
)
def test_every_prefecture_is_known(text: str, area: str) -> None:
    assert lives_in(resident({"text": text}), [area])


def test_a_town_that_is_called_like_a_prefecture_stays_in_the_address() -> None:
    assert lives_in(resident({"text": "東京都北海道町１丁目"}), ["北海道町"])
    assert not lives_in(resident({"text": "雪見市北海道町１丁目"}), ["雪見市町"])


def test_a_district_stands_between_the_city_and_the_line() -> None:
    assert lives_in(resident({"city": "雪見郡", "district": "氷川町", "line": ["北１条"]}), ["雪見郡氷川町北"])


@pytest.mark.parametrize("text", ["雪見市北町10丁目", "雪見市北町１０番地"])
def test_a_number_is_not_cut(text: str) -> None:
    assert not lives_in(resident({"text": text}), ["雪見市北町1"])
    assert lives_in(resident({"text": text}), ["雪見市北町10"])


@pytest.mark.parametrize(
    ("area", "within"),
    [("098-1234", True), ("０９８１２３４", True), ("〒098-1234", True), ("098-1235", False), ("098", False)],
)
def test_a_postal_code(area: str, within: bool) -> None:
    assert lives_in(resident(HOME), [area]) is within
    assert not lives_in(resident({"text": "雪見市北町"}), [area])


def test_one_home_in_one_area_is_enough() -> None:
    moved: Resource = {"text": "雪見市南町", "use": "temp"}
    assert lives_in(resident(HOME, moved), ["雪見市東町", "雪見市南町"])
    assert not lives_in(resident(HOME, moved), ["雪見市東町"])
    for not_home in ("old", "billing"):
        assert not lives_in(resident({**HOME, "use": not_home}, moved), ["雪見市北町"])


def test_nothing_is_known_of_an_address_that_is_missing_or_odd() -> None:
    odd: list[Resource] = [
        resident(),
        resident({}),
        resident({"text": 1, "line": "雪見市北町"}),
        {"address": "雪見市北町"},
    ]
    assert not any(lives_in(one, ["雪見市北町", "098-1234"]) for one in odd)


def test_a_protected_address_is_in_no_area() -> None:
    protected: Resource = {"security": [{"system": LABEL, "code": "ADDRESS-PROTECTED"}]}
    assert lives_in(resident(HOME), ["雪見市"])
    assert not lives_in(resident(HOME, meta=protected), ["雪見市", "098-1234"])
