"""What is asked, and what its right answer is.  The letters are those of docs/performance.md."""

from collections.abc import Callable
from dataclasses import dataclass

import orjson
from city import MANAGERS, Residents
from load import Check, WrongAnswer, request

PARSE_EVERY = 20  # every answer's status and size are checked; of these each 20th is read in full
PAGE = 20
WHOLE = 100  # resources of a person whose whole record is asked for, at least

Answer = dict[str, object]


@dataclass(frozen=True, slots=True)
class Scenario:
    """One kind of request: ``ask`` makes the n-th, ``check`` knows its right answer.

    ``floor`` names the storage that it cannot do without (``floors.Storage``); ``goal`` is in answers a second, at 8
    connections on one process of a 2-core machine.
    """

    name: str
    what: str
    ask: Callable[[int], bytes]
    check: Check
    floor: str
    goal: float | None = None


def scenarios(people: Residents) -> list[Scenario]:
    """All that is measured."""
    bodies, hospital, manager = people.bodies, "hosp-ehr", MANAGERS[0]

    def post(path: str, body: bytes) -> bytes:
        return request("POST", path, people.token(hospital), body)

    def get(path: str, who: str = hospital) -> bytes:
        return request("GET", path, people.token(who))

    def mine(n: int) -> str:
        return people.mine[n % len(people.mine)]

    def known(n: int) -> int:
        return n % len(people.ids)

    def changed(n: int) -> bytes:
        return bodies.push(known(n), f"Patient/{people.ids[known(n)]}", version=n)

    return [
        Scenario(
            "A1",
            "push of 10, new person",
            lambda n: post("/fhir", bodies.push(people.another(), known=False)),
            checked(200, transaction_of_ten),
            "write 10",
            200,
        ),
        Scenario("A2", "push of 10, person changed", lambda n: post("/fhir", changed(n)), TEN, "write 10"),
        Scenario(
            "A3", "push of 10, person known", lambda n: post("/fhir", bodies.push(known(n))), TEN, "write 10", 220
        ),
        Scenario(
            "B",
            "create one Observation",
            lambda n: post("/fhir/Observation", bodies.result(f"Patient/{mine(n)}")),
            checked(201, lambda body: body["resourceType"] == "Observation" and bool(body["id"])),
            "write 1",
            900,
        ),
        Scenario(
            "C",
            "read one Patient",
            lambda n: get(f"/fhir/Patient/{people.ids[known(n)]}"),
            checked(200, lambda body: body["resourceType"] == "Patient"),
            "read 1",
            1500,
        ),
        Scenario(
            "D1",
            "20 Observations, sorted",
            lambda n: get(f"/fhir/Observation?patient=Patient/{mine(n)}&_sort=-date&_count={PAGE}"),
            checked(200, sorted_observations),
            "read 20",
            800,
        ),
        Scenario(
            "D2",
            "20 prescriptions",
            lambda n: get(f"/fhir/MedicationRequest?patient=Patient/{mine(n)}&_count={PAGE}"),
            checked(200, lambda body: len(entries_of(body)) == PAGE),
            "read 20",
            800,
        ),
        Scenario(
            "E",
            f"$everything, {WHOLE} and more",
            lambda n: get(f"/fhir/Patient/{mine(n)}/$everything?_count=200"),
            checked(200, lambda body: len(entries_of(body)) >= WHOLE),
            "read 100",
            160,
        ),
        Scenario(
            "F",
            "feed, 20 items, one person",
            lambda n: get(f"/feed?patient={mine(n)}&count={PAGE}", manager),
            checked(200, lambda body: page_of(body, set(people.mine), 1)),
            "read 20",
            800,
        ),
        Scenario(
            "F*",
            "feed, 20 items, all mine",
            lambda n: get(f"/feed?count={PAGE}", manager),
            checked(200, lambda body: page_of(body, set(people.mine), len(people.mine))),
            "read 20",
        ),
    ]


def checked(status: int, is_right: Callable[[Answer], bool]) -> Check:
    """A check of status, and now and then of the whole answer."""

    def check(found: int, body: bytes, place: int) -> None:
        if found != status or len(body) < 100:
            raise WrongAnswer(f"{found} {body[:500].decode(errors='replace')}")
        if place % PARSE_EVERY == 0 and not is_right(orjson.loads(body)):
            raise WrongAnswer(body[:500].decode(errors="replace"))

    return check


def entries_of(body: Answer) -> list[dict[str, dict[str, str]]]:
    entries = body["entry"]
    assert isinstance(entries, list)
    return entries


def transaction_of_ten(body: Answer) -> bool:
    statuses = [entry["response"]["status"][:3] for entry in entries_of(body)]
    return len(statuses) == 10 and statuses[0] in ("200", "201") and statuses[1:] == ["201"] * 9


TEN = checked(200, transaction_of_ten)


def sorted_observations(body: Answer) -> bool:
    dates = [entry["resource"]["effectiveDateTime"] for entry in entries_of(body)]
    return len(dates) == PAGE and dates == sorted(dates, reverse=True)


def page_of(body: Answer, patients: set[str], at_most: int) -> bool:
    items = body["items"]
    assert isinstance(items, list)
    about = {item["patient"]["id"] for item in items}
    return len(items) == PAGE and about <= patients and len(about) <= at_most and all(item["title"] for item in items)
