"""People at their browsers, in the small city."""

from collections.abc import Mapping
from html.parser import HTMLParser
from urllib.parse import urlencode

import httpx2
from starlette.testclient import TestClient

from hub.store.sql import query, run
from tests.hub_in_test import Body, City

HERE = "http://127.0.0.1:8080"
CARE_MANAGER = "cm-ito/kyotaku/care-manager"
CARE_WORKER = "cw-suzuki/day/care-worker"
PHYSICIAN = "dr-sato/hosp/physician"
AUDITOR = "aud-kondo/city/auditor"
SECRETARIAT = "sec-noda/city/secretariat"
LEFT = "cw-left/day/care-worker"


class Browser:
    """One browser: it keeps its cookies, follows nothing by itself, and says where its forms come from."""

    def __init__(self, city: City, *, base: str = HERE, address: str = "127.0.0.1") -> None:
        self.base = base
        self.client = TestClient(
            city.client.app,
            base_url=base,
            client=(address, 50000),
            follow_redirects=False,
            raise_server_exceptions=False,
        )
        self.client.portal = city.client.portal  # one event loop for all who talk to the hub, as in a server

    def get(self, path: str, **headers: str) -> httpx2.Response:
        return self.client.get(path, headers=_named(headers))

    def post(self, path: str, fields: Mapping[str, str], *, origin: str | None = "", **headers: str) -> httpx2.Response:
        """A form; ``origin`` is the browser's own site, another one, or none."""
        sender = {} if origin is None else {"Origin": origin or self.base}
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        return self.client.post(path, content=urlencode(fields), headers={**form, **sender, **_named(headers)})

    def page(self, path: str) -> str:
        """The HTML of a page that must open."""
        response = self.get(path)
        assert response.status_code == 200, (path, response.status_code, response.text[:2000])
        return response.text

    @property
    def session(self) -> str:
        return self.client.cookies.get("renkei_session") or ""


def browser_of(city: City, role: str) -> Browser:
    """A browser in which this role is signed in."""
    browser = Browser(city)
    response = browser.post("/sign-in", {"role": role})
    assert response.status_code == 303, response.text
    return browser


def change(city: City, statement: str, **values: str | int) -> None:
    """Change the store as an operator at its console could."""
    city.store.lane.do(lambda tx: run(tx, statement, values))


def rows(city: City, statement: str, **values: str | int) -> list[Body]:
    """Rows of the store."""
    found = city.store.lane.do(lambda tx: query(tx, statement, values))
    return [dict(row._mapping) for row in found]


def looked_after(city: City, *members: str, number: str = "0000000001", name: str = "山田 花子") -> str:
    """A resident with a care team and consent for both spaces."""
    person = city.resident(number, name=name)
    city.team(person, *(members or ("Organization/hosp", "Practitioner/cm-ito")))
    city.consent(person)
    return person


def words(html: str) -> str:
    """The text of a page, as a person reads it."""
    reader = _Text()
    reader.feed(html)
    return " ".join(" ".join(reader.parts).split())


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


def _named(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}
