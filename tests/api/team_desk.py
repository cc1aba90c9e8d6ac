"""The care-team desk as people use it: a page, its forms, what is in their hidden fields."""

from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2

from tests.api.pages_city import SECRETARIAT, Browser, browser_of
from tests.hub_in_test import Body, City, note, patient

NEW_MANAGER = "cm-ueda/tonari/care-manager"


class Form:
    """A form of a page: where it goes, and its hidden fields."""

    def __init__(self, action: str) -> None:
        self.action = action
        self.fields: dict[str, str] = {}


def forms(html: str) -> Iterator[Form]:
    """The forms of a page, in order."""
    reader = _Forms()
    reader.feed(html)
    yield from reader.forms


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(values.get("action", "")))
        elif tag == "input" and values.get("type") == "hidden" and self.forms:
            self.forms[-1].fields[values["name"]] = values["value"]


class TeamDesk:
    """One keeper's desk, open at one resident's team."""

    def __init__(self, city: City, person: str, role: str = SECRETARIAT) -> None:
        self.browser: Browser = browser_of(city, role)
        self.here = f"/care-teams/{person}"

    def page(self) -> str:
        return self.browser.page(self.here)

    def hidden(self, act: str, **having: str) -> dict[str, str]:
        """The hidden fields of the first form for ``act`` that has these among them."""
        found = (form.fields for form in forms(self.page()) if form.action == f"{self.here}/{act}")
        return next(fields for fields in found if fields.items() >= having.items())

    def post(self, act: str, fields: dict[str, str]) -> httpx2.Response:
        return self.browser.post(f"{self.here}/{act}", fields)

    def add(self, member: str, starts: str = "2026-11-22", role: str = "", **changed: str) -> str:
        fields = {**self.hidden("members"), "member": member, "starts": starts, "role": role, **changed}
        return said(self.post("members", fields))

    def end(self, member: str, last: str = "2026-11-22", **changed: str) -> str:
        fields = {**self.hidden("ends", member=member), "last": last, **changed}
        return said(self.post("ends", fields))

    def settle(self, organisation: str, decision: str) -> str:
        return said(self.post("contacts", {"organisation": organisation, "decision": decision}))

    def summary(self, leaving: str, coming: str, last: str = "2026-11-22", begins: str = "next") -> httpx2.Response:
        asked = {"leaving": leaving, "coming": coming, "last": last, "begins": begins, "role": "担当ケアマネジャー"}
        return self.browser.get(f"{self.here}/hand-over?{urlencode(asked)}")

    def hand_over(self, leaving: str, coming: str, last: str = "2026-11-22", begins: str = "next") -> str:
        """See the summary, and save it."""
        summary = self.summary(leaving, coming, last, begins)
        assert summary.status_code == 200, (summary.status_code, summary.headers.get("location"))
        form = next(one for one in forms(summary.text) if one.action == f"{self.here}/hand-over")
        return said(self.post("hand-over", form.fields))

    def undo(self, done: str) -> str:
        """Take back what ``done`` (where the act led to) offers to."""
        fields = next(form.fields for form in forms(self.browser.page(done)) if form.action == f"{self.here}/undo")
        return said(self.post("undo", fields))


def said(response: httpx2.Response) -> str:
    """Where an act led to."""
    assert response.status_code == 303, (response.status_code, response.text)
    return response.headers["location"]


def outcome(location: str) -> str:
    """What the page there says of the act: "done=add", "said=stale"."""
    asked = parse_qs(urlsplit(location).query)
    return next(f"{name}={asked[name][0]}" for name in ("done", "said") if name in asked)


def told(city: City, person: str) -> Body:
    """Something of the hospital that the whole team may read."""
    city.created("hosp-ehr", patient_of(city, person))
    return city.created("hosp-ehr", note(person, "退院後の相談です。"))


def patient_of(city: City, person: str) -> Body:
    """The resident as another organisation registers them."""
    known: Body = city.get("city-registry", f"/fhir/Patient/{person}").json()
    return {**patient(), "identifier": known["identifier"], "name": known["name"]}


def reads(city: City, who: str, resource: Body) -> bool:
    """Whether a person reads a resource now; what they may not read answers as if it were not there."""
    status = city.get(who, f"/fhir/{resource['resourceType']}/{resource['id']}").status_code
    assert status in (200, 404), status
    return status == 200
