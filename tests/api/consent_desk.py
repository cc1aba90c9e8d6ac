"""Somebody at the consent desk: the forms as a browser sends them."""

import re
from collections.abc import Mapping
from html import unescape

import httpx2

from tests.api.pages_city import Browser, browser_of
from tests.hub_in_test import City

CONSENT_DESK = "cd-mori/city/consent-desk"
BOUNDARY = "----form7MA4YWxkTrZu0gW"
PDF = b"%PDF-1.7\n" + b"signed by hand\n" * 20
SCAN = ("同意書.pdf", PDF)
# As a resident signs it who takes part in both.
PAPER = {"signer": "patient", "signed": "2026-11-22", "medical": "1", "team": "1", "root": "permit", "action": "check"}


def desk_of(city: City, role: str = CONSENT_DESK) -> Browser:
    """A browser of the consent desk."""
    return browser_of(city, role)


def known(city: City, person: str, system: str = "hosp-ehr") -> None:
    """The organisation of ``system`` has a record of its own of this resident, which says what the city's says."""
    citys = city.get("city-registry", f"/fhir/Patient/{person}").json()
    record = {name: value for name, value in citys.items() if name not in ("id", "meta")}
    assert city.post(system, "/fhir/Patient", record).json()["id"] == person


def send(
    browser: Browser,
    path: str,
    fields: Mapping[str, str],
    scan: tuple[str, bytes] | None = SCAN,
    *,
    origin: str = "",
    boundary: str = BOUNDARY,
) -> httpx2.Response:
    """A form with a file field, in which perhaps nothing is chosen."""
    name, data = scan or ("", b"")
    parts = [f'Content-Disposition: form-data; name="{one}"\r\n\r\n{value}'.encode() for one, value in fields.items()]
    file = f'Content-Disposition: form-data; name="scan"; filename="{name}"\r\nContent-Type: application/octet-stream'
    parts.append(file.encode() + b"\r\n\r\n" + data)
    marked = b"".join(b"--" + BOUNDARY.encode() + b"\r\n" + part + b"\r\n" for part in parts)
    body = marked + b"--" + BOUNDARY.encode() + b"--\r\n"
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}", "Origin": origin or browser.base}
    return browser.client.post(path, content=body, headers=headers)


def drafted(browser: Browser, patient: str, fields: Mapping[str, str] = PAPER) -> str:
    """The address of the review of a paper that has all it needs."""
    response = send(browser, f"/consents/{patient}/new", {"base": base_of(browser, patient), **fields})
    assert response.status_code == 303, response.text
    location = response.headers["location"]
    assert "/drafts/" in location
    return str(location)


def base_of(browser: Browser, patient: str) -> str:
    """What the form that is open now says of the resident's consents."""
    return hidden(browser.page(f"/consents/{patient}/new"), "base")


def hidden(html: str, name: str) -> str:
    """The value of a hidden field."""
    found = re.search(f'name="{name}" value="([^"]*)"', html)
    assert found, html[:2000]
    return unescape(found[1])


def hidden_link(html: str, start: str) -> str:
    """What follows ``start`` in the first link that begins so."""
    return html.partition(f'href="{start}')[2].partition('"')[0]


def saved(browser: Browser, review: str, *, action: str = "save") -> httpx2.Response:
    """Look at the review, and press its button."""
    page = browser.page(review)
    return browser.post(review, {"mark": hidden(page, "mark"), "action": action})


def registered(browser: Browser, patient: str, fields: Mapping[str, str] = PAPER) -> None:
    """A paper consent, from the form to the store."""
    response = saved(browser, drafted(browser, patient, fields))
    assert response.status_code == 303, response.text
    assert response.headers["location"] == f"/consents/{patient}?done=registered"


def ended(browser: Browser, patient: str, consent: str, **fields: str) -> str:
    """The address of the review of a revocation."""
    typed = {"signer": "patient", "signed": "2026-11-22", "why": "ご本人の希望", "action": "check", **fields}
    response = send(browser, f"/consents/{patient}/revoke/{consent}", typed, None)
    assert response.status_code == 303, response.text
    return str(response.headers["location"])
