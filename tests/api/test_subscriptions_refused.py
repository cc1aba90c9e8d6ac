"""What the hub does not do with a Subscription is refused when it is asked for, each with its place (T-166)."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hub.settings import Settings
from tests.hub_in_test import Body, City, small_city
from tests.receiver_in_test import ADMISSIONS, BACKPORT, PATIENT_CHANGED, classic, subscription

CASES = json.loads((Path(__file__).parent.parent / "cases/subscriptions/targets.json").read_text("utf-8"))
HERE = "https://hooks.example/in"
FILTER = f"{BACKPORT}/backport-filter-criteria"


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory, store_kind: str) -> Iterator[City]:
    with small_city(tmp_path_factory.mktemp("hub"), Settings(notify_every=0)) as hub:
        yield hub


def with_channel(**channel: Any) -> Body:
    return classic(HERE, "Observation", channel=channel)


REFUSED: dict[str, tuple[Body, str]] = {
    "unknown topic": (subscription(HERE, f"{PATIENT_CHANGED}x"), "criteria"),
    "unknown filter": (subscription(HERE, PATIENT_CHANGED, "colour=red"), "criteria"),
    "filter of another topic": (subscription(HERE, ADMISSIONS, "category=laboratory"), "criteria"),
    "type of another topic": (subscription(HERE, ADMISSIONS, "Observation?code=x"), "criteria"),
    "filter on an unknown type": (subscription(HERE, PATIENT_CHANGED, "_type=Observation,Nothing"), "criteria"),
    "filter on an unknown parameter": (subscription(HERE, PATIENT_CHANGED, "Observation?colour=red"), "criteria"),
    "no content level": (classic(HERE, PATIENT_CHANGED, "application/fhir+json"), "channel.payload"),
    "unknown content level": (subscription(HERE, PATIENT_CHANGED, content="all"), "channel.payload"),
    "content level of no topic": (subscription(HERE, "Observation"), "channel.payload"),
    "XML": (classic(HERE, "Observation", "application/fhir+xml"), "channel.payload"),
    "text": (classic(HERE, "Observation", "text/plain"), "channel.payload"),
    "websocket": (with_channel(type="websocket"), "channel.type"),
    "email": (with_channel(type="email"), "channel.type"),
    "unknown type": (classic(HERE, "Nothing?code=x"), "criteria"),
    "no criteria": (classic(HERE, "x"), "criteria"),
    "unknown parameter": (classic(HERE, "Observation?colour=red"), "criteria"),
    "bad value": (classic(HERE, "Observation?date=yesterday"), "criteria"),
    "sorting": (classic(HERE, "Observation?_sort=date"), "criteria"),
    "page": (classic(HERE, "Observation?_count=1"), "criteria"),
    "header with a line break": (with_channel(header=["X-A: 1\r\nHost: other"]), "channel.header"),
    "header without a name": (with_channel(header=[": 1"]), "channel.header"),
    "header with letters of no header": (with_channel(header=["X-A: 一"]), "channel.header"),
    "host": (with_channel(header=["Host: other"]), "channel.header"),
    "length": (with_channel(header=["Content-Length: 1"]), "channel.header"),
    "proxy": (with_channel(header=["Proxy-Authorization: x"]), "channel.header"),
    "too many headers": (with_channel(header=[f"X-{number}: 1" for number in range(11)]), "channel.header"),
    "unknown extension": (
        with_channel(extension=[{"url": "http://x.example/when", "valueString": "at night"}]),
        "channel",
    ),
    "extension of R5": (
        with_channel(
            extension=[
                {
                    "url": "http://hl7.org/fhir/5.0/StructureDefinition/extension-Subscription.content",
                    "valueCode": "empty",
                }
            ]
        ),
        "channel",
    ),
    "heartbeat too quick": (
        subscription(HERE, PATIENT_CHANGED, extension=[("heartbeat-period", "valueUnsignedInt", 1)]),
        "channel",
    ),
    "timeout too long": (
        subscription(HERE, PATIENT_CHANGED, extension=[("timeout", "valueUnsignedInt", 3600)]),
        "channel",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_not_done_is_refused_at_its_place(city: City, case: str) -> None:
    asked, place = REFUSED[case]
    answer = city.post("care-plan-app", "/fhir/Subscription", asked)
    assert answer.status_code == 422, answer.text
    found = {where for issue in answer.json()["issue"] for where in issue.get("expression", [])}
    assert f"Subscription.{place}" in {where.partition("[")[0] for where in found}, answer.text


@pytest.mark.parametrize(("endpoint", "why"), CASES["refused"], ids=[why for _, why in CASES["refused"]])
def test_an_endpoint_that_is_none_is_refused(city: City, endpoint: str, why: str) -> None:
    answer = city.post("care-plan-app", "/fhir/Subscription", classic(endpoint, "Observation"))
    assert answer.status_code == 422, answer.text
    assert "169.254" not in answer.text


@pytest.mark.parametrize(
    "asked",
    [
        classic(HERE, "Observation"),
        classic(HERE, "Observation?patient=x&code=http://loinc.org|4548-4", "application/fhir+json"),
        with_channel(header=["Authorization: Bearer x", "X-Key: y"]),
        subscription(HERE, PATIENT_CHANGED),
        subscription(HERE, ADMISSIONS, "patient=Patient/x", "Encounter?status=finished", content="empty"),
        subscription(HERE, PATIENT_CHANGED, extension=[("timeout", "valueUnsignedInt", 60)]),
    ],
)
def test_what_is_done_is_taken(city: City, asked: Body) -> None:
    made = city.created("care-plan-app", asked)
    assert made["status"] == "requested"
    claimed = city.created("care-plan-app", {**asked, "status": "active", "error": "none"})
    assert (claimed["status"], "error" in claimed) == ("requested", False)
    off = city.put("care-plan-app", f"/fhir/Subscription/{made['id']}", {**made, "status": "off"})
    assert off.json()["status"] == "off"


def test_a_transaction_with_a_subscription_is_judged_the_same(city: City) -> None:
    def push(asked: Body) -> Body:
        entry = {"resource": asked, "request": {"method": "POST", "url": "Subscription"}}
        return {"resourceType": "Bundle", "type": "transaction", "entry": [entry]}

    assert city.post("care-plan-app", "/fhir", push(classic("https://10.0.0.1/in", "Observation"))).status_code == 422
    answer = city.post("care-plan-app", "/fhir", push(with_channel(header=["Authorization: Bearer s3cret"])))
    assert answer.status_code == 200
    where = answer.json()["entry"][0]["response"]["location"]
    assert city.get("care-plan-app", f"/fhir/{where}").json()["channel"]["header"] == ["Authorization: ***"]
