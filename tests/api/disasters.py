"""What the tests about disasters and reviews share: two officers, an area, and somebody who lives there."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import httpx2

from hub.store.registry import JST
from tests.api.pages_city import Browser, browser_of, rows
from tests.hub_in_test import Body, City

OFFICER, SECOND = "off-murata/city/municipal-officer", "off-chiba/city/municipal-officer"
AREA = "試験市 北町"
HERE = "北海道試験市北町１丁目２番地"
ELSEWHERE = "北海道試験市南町１丁目２番地"


def lives_at(address: str, code: str = "098-1234") -> Body:
    """The address of a resident, for ``city.resident``."""
    return {"address": [{"use": "home", "text": address, "postalCode": code}]}


def moment(when: datetime) -> str:
    """As a field of date and time has it."""
    return when.astimezone(JST).strftime("%Y-%m-%dT%H:%M")


def fields(
    city: City, *helpers: str, areas: Sequence[str] = (AREA,), starts: float = 0, hours: float = 24, name: str = "地震"
) -> dict[str, str]:
    """The form of a declaration that begins ``starts`` hours from now and lasts ``hours``."""
    begin = city.clock.now + timedelta(hours=starts)
    period = {"starts": moment(begin), "ends": moment(begin + timedelta(hours=hours))}
    return {"name": name, "areas": "\n".join(areas), "organisations": " ".join(helpers or ("clinic",)), **period}


def newest(city: City) -> str:
    """The id of the declaration that was made last and is not over."""
    return str(rows(city, "SELECT id FROM disaster WHERE ended = '' ORDER BY declared DESC")[0]["id"])


def declare(city: City, by: Browser, *helpers: str, **more: Any) -> str:
    """A declaration that must succeed, and waits; gives its id."""
    response = by.post("/disaster", fields(city, *helpers, **more))
    assert response.headers.get("location") == "/disaster?done=declare", response.text
    return newest(city)


def act(by: Browser, id_: str, step: str) -> httpx2.Response:
    return by.post(f"/disaster/{id_}", {"act": step})


def declared(city: City, *helpers: str, **more: Any) -> str:
    """A declaration that two officers made; gives its id."""
    id_ = declare(city, browser_of(city, OFFICER), *helpers, **more)
    assert act(browser_of(city, SECOND), id_, "confirm").status_code == 303
    return id_


def end(city: City, id_: str) -> None:
    """Two officers end it."""
    for who, done in ((OFFICER, "end-wish"), (SECOND, "end")):
        assert act(browser_of(city, who), id_, "end").headers["location"] == f"/disaster?done={done}"
