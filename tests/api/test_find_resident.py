"""Looking for a resident at the desk: what is missing is said, what was typed stays, and no name is in an address."""

from urllib.parse import unquote

import pytest

from tests.api.pages_city import SECRETARIAT, browser_of, looked_after, words
from tests.hub_in_test import City

PAGES = pytest.mark.parametrize("page", ["/access-record", "/why"])
CONSENT_DESK = "cd-mori/city/consent-desk"
NOT_ONE = "お一人に決まりませんでした。"


@pytest.fixture(autouse=True)
def person(city: City) -> str:
    return looked_after(city, "Organization/hosp")


def missed(city: City, page: str, **typed: str) -> tuple[str, str]:
    """Where a search leads to that finds nobody, and the page there."""
    desk = browser_of(city, SECRETARIAT)
    answer = desk.post(page, {"name": "", "birth": "", "number": "", **typed})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"], desk.page(answer.headers["location"])


@PAGES
@pytest.mark.parametrize(
    ("typed", "said", "marked"),
    [
        ({}, "何も入っていません。", ["name", "birth"]),
        ({"name": " "}, "何も入っていません。", ["name", "birth"]),
        ({"name": "山田 花子"}, "生年月日が入っていません。", ["birth"]),
        ({"name": "山田 花子", "number": "1"}, "生年月日が入っていません。", ["birth"]),
        ({"birth": "1940-05-01"}, "お名前が入っていません。", ["name"]),
        ({"name": "山田 次郎", "birth": "1940-05-01"}, NOT_ONE, []),
        ({"number": "no"}, NOT_ONE, []),
    ],
)
def test_what_is_missing_is_said_and_marked(
    city: City, page: str, typed: dict[str, str], said: str, marked: list[str]
) -> None:
    _, html = missed(city, page, **typed)
    assert said in words(html)
    fields = {name: html.partition(f'id="{name}"')[2].partition(">")[0] for name in ("name", "birth", "number")}
    assert [name for name, field in fields.items() if 'aria-invalid="true"' in field] == marked
    for name, text in typed.items():
        assert f'value="{text.strip()}"' in fields[name], "what was typed stays"


@PAGES
def test_what_was_typed_is_in_no_address_and_no_log(city: City, page: str) -> None:
    typed = {"name": "山田 次郎 <b>", "birth": "1940-05-01", "number": "011234-0000000009"}
    location, html = missed(city, page, **typed)
    assert 'value="山田 次郎 &lt;b&gt;"' in html
    rows = [str(row) for row in city.log()]
    for text in typed.values():
        assert text not in unquote(location)
        assert not any(text in row for row in rows)
    looks = city.log(interaction="operation:find-resident")
    assert {row["patient"] for row in looks} == {None}


@PAGES
def test_the_address_opens_for_nobody_else(city: City, page: str) -> None:
    location, _ = missed(city, page, name="山田 次郎", birth="1940-05-01")
    other = browser_of(city, CONSENT_DESK)
    assert other.get(location).status_code == 400
    assert "山田" not in other.get(location).text
    assert browser_of(city, "cm-ito/kyotaku/care-manager").get(location).status_code == 403
    assert browser_of(city, SECRETARIAT).get(f"{page}?typed=invented").status_code == 400


@PAGES
def test_before_anything_was_typed_nothing_is_said(city: City, page: str) -> None:
    html = browser_of(city, SECRETARIAT).page(page)
    assert "入っていません" not in html
    assert NOT_ONE not in html
    assert "aria-invalid" not in html
