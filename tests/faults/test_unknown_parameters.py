"""A condition that the hub does not know narrows nothing silently (TRUST T-078): it is refused, or said to be left out.

What changes or sends something is never done under a condition that was left out, whatever the client prefers.
"""

from itertools import count
from urllib.parse import quote

import httpx2
import pytest

from tests.api.exporting import kick_off
from tests.fhir_answers import ids, issues, link
from tests.hub_in_test import Body, City, entry, observation, transaction
from tests.receiver_in_test import PATIENT_CHANGED, classic, subscription

pytestmark = [pytest.mark.one_hub, pytest.mark.promise("no-condition-is-dropped-silently")]
NUMBERS = count(1)
SYSTEM = "http://hosp.test/obs"
UNKNOWN = (
    "nonsense=1",
    "codes=4548-4",
    "_filter=status eq final",
    "_query=all",
    "_list=1",
    "_text=x",
    "_content=x",
    "status:foo=final",
    "code:not-in-any=x",
    "date=xx2026",
    "subject:Robot=1",
    "subject.nonsense=1",
    "subject:Patient.nonsense.name=1",
    "_has:Encounter:subject:nonsense=1",
    "_has:Nonsense:subject:status=1",
)


@pytest.fixture
def stored(city: City, person: str) -> Body:
    """A result with a number of its own."""
    return city.created("hosp-ehr", observation(person, number=f"U-{next(NUMBERS)}"))


def number(stored: Body) -> str:
    return f"identifier={SYSTEM}|{stored['identifier'][0]['value']}"


@pytest.mark.parametrize("wrong", UNKNOWN)
def test_a_search_is_refused_at_every_door(city: City, person: str, stored: Body, wrong: str) -> None:
    asked = quote(wrong, safe="=:")
    for path in (
        f"Observation?{number(stored)}&{asked}",
        f"Patient/{person}/Observation?{asked}",
        f"?_type=Observation&{asked}",
    ):
        answer = city.get("hosp-ehr", f"/fhir{'' if path.startswith('?') else '/'}{path}")
        assert issues(answer, 400), path
        assert stored["id"] not in answer.text
    form = {"content_type": "application/x-www-form-urlencoded"}
    headers = city.headers("hosp-ehr", **form)
    assert city.client.post("/fhir/Observation/_search", content=asked, headers=headers).status_code == 400
    batch = {**transaction(), "type": "batch", "entry": [{"request": {"method": "GET", "url": f"Observation?{asked}"}}]}
    [one] = city.post("hosp-ehr", "/fhir", batch).json()["entry"]
    assert one["response"]["status"].startswith("400")


def test_a_lenient_search_says_what_it_left_out_and_shows_no_more_than_one_may_see(
    city: City, person: str, stored: Body
) -> None:
    city.team(person, "Practitioner/cm-ito")  # who may not: nobody has agreed to anything
    lenient = {"prefer": "handling=lenient"}
    answer = city.get("hosp-ehr", f"/fhir/Observation?{number(stored)}&nonsense=1", **lenient)
    assert [one["resource"]["resourceType"] for one in answer.json()["entry"]] == ["Observation", "OperationOutcome"]
    assert "nonsense" not in link(answer.json(), "self")
    assert "nonsense" in answer.json()["entry"][1]["resource"]["issue"][0]["diagnostics"]
    hidden = city.get("cm-ito", f"/fhir/Observation?{number(stored)}&nonsense=1", **lenient)
    assert stored["id"] not in hidden.text


@pytest.mark.parametrize("wrong", ["nonsense=1", "status:foo=final", "_filter=x", "subject.nonsense=1"])
@pytest.mark.parametrize("handling", ["strict", "lenient"])
def test_nothing_is_changed_under_a_condition_that_is_not_known(
    city: City, person: str, stored: Body, wrong: str, handling: str
) -> None:
    where, prefer = f"{number(stored)}&{wrong}", f"handling={handling}"
    changed = {**stored, "status": "amended"}
    patch = {"content_type": "application/json-patch+json", "prefer": prefer}
    status = b'[{"op":"replace","path":"/status","value":"amended"}]'
    answers: list[httpx2.Response] = [
        city.put("hosp-ehr", f"/fhir/Observation?{where}", changed, prefer=prefer),
        city.client.patch(f"/fhir/Observation?{where}", content=status, headers=city.headers("hosp-ehr", **patch)),
        city.delete("hosp-ehr", f"/fhir/Observation?{where}", prefer=prefer),
        city.post("hosp-ehr", "/fhir/Observation", observation(person), if_none_exist=where, prefer=prefer),
        city.post("hosp-ehr", "/fhir", transaction(entry(changed, "PUT", f"Observation?{where}")), prefer=prefer),
        city.post("hosp-ehr", "/fhir", transaction({"request": {"method": "DELETE", "url": f"Observation?{where}"}})),
        city.post("hosp-ehr", "/fhir", transaction(entry(observation(person), ifNoneExist=where)), prefer=prefer),
    ]
    assert {one.status_code for one in answers} <= {400, 422}, [one.text for one in answers]
    assert city.get("hosp-ehr", f"/fhir/Observation/{stored['id']}").json() == stored
    assert ids(city.get("hosp-ehr", f"/fhir/Observation?patient={person}")) == [stored["id"]]


@pytest.mark.parametrize("wrong", ["nonsense=1", "status:foo=final", "_filter=x"])
def test_nothing_is_sent_under_a_condition_that_is_not_known(city: City, person: str, wrong: str) -> None:
    there = "https://receiver.example/there"
    for asked in (classic(there, f"Observation?{wrong}"), subscription(there, PATIENT_CHANGED, wrong)):
        assert city.post("hosp-ehr", "/fhir/Subscription", asked).status_code in (400, 422)
    for path in (f"Patient/$export?{wrong}", f"Patient/$export?_typeFilter=Observation?{quote(wrong)}"):
        assert kick_off(city, "hosp-ehr", path).status_code == 400, path
    for path in (f"/fhir/Patient/{person}/$everything?{wrong}", f"/feed?patient={person}&{wrong}"):
        assert city.get("hosp-ehr", path).status_code == 400, path
