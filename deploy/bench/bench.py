"""Measure one hub process: pushes, reads, feeds and searches, with the floors beside them.  See README.md.

python deploy/bench/bench.py [--quick] [--json FILE] [--only A,F] [--rounds 3] [--seconds 1.5] [--residents 200]
"""

import argparse
import asyncio
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson
import uvloop
from bodies import Bodies
from city import MANAGERS, Residents, Server, start_hello, start_hub
from floors import Storage
from load import Check, Round, WrongAnswer, measure, percentile, request

CONNECTIONS = (1, 8)
GOALS = {"A": 100.0, "F": 500.0}  # answers a second at 8 connections, on one process of a 2-core machine
PARSE_EVERY = 20  # every answer's status and size are checked; of these each 20th is read in full
PAGE = 20


@dataclass(frozen=True, slots=True)
class Scenario:
    """One kind of request: ``ask`` makes the n-th, ``check`` knows its right answer."""

    name: str
    what: str
    ask: Callable[[int], bytes]
    check: Check
    floor: str


@dataclass(frozen=True, slots=True)
class Result:
    """What was measured; times in ms, ``server_ms`` is the server's CPU time for one answer."""

    name: str
    what: str
    connections: int
    answers: int
    per_second: float
    lowest: float
    highest: float
    p50: float
    p95: float
    p99: float
    server_ms: float
    hello_ratio: float
    floor: str
    floor_ratio: float


def scenarios(people: Residents) -> list[Scenario]:
    """All that is measured, by the letters of the README."""
    bodies, hospital, manager = people.bodies, "hosp-ehr", MANAGERS[0]
    mine, fresh = people.mine, 500_000

    def post(path: str, body: bytes) -> bytes:
        return request("POST", path, people.token(hospital), body)

    def get(path: str) -> bytes:
        return request("GET", path, people.token(manager))

    def patient(n: int) -> str:
        return mine[n % len(mine)]

    return [
        Scenario(
            "A",
            "push of 10, person known",
            lambda n: post("/fhir", bodies.push(n % len(people.ids))),
            checked(200, transaction_of_ten),
            "write",
        ),
        Scenario(
            "A*",
            "push of 10, new person",
            lambda n: post("/fhir", bodies.push(fresh + n, known=False)),
            checked(200, transaction_of_ten),
            "write",
        ),
        Scenario(
            "B",
            "create one Observation",
            lambda n: post("/fhir/Observation", bodies.result(f"Patient/{patient(n)}")),
            checked(201, lambda body: body["resourceType"] == "Observation" and bool(body["id"])),
            "write",
        ),
        Scenario(
            "C",
            "read one Observation",
            lambda n: get(f"/fhir/{people.results[n % len(mine)]}"),
            checked(200, lambda body: body["resourceType"] == "Observation"),
            "read",
        ),
        Scenario(
            "F",
            "feed, 20 items, one person",
            lambda n: get(f"/feed?patient={patient(n)}&count={PAGE}"),
            checked(200, lambda body: page_of(body, {patient(n) for n in range(len(mine))}, 1)),
            "read",
        ),
        Scenario(
            "F*",
            "feed, 20 items, all mine",
            lambda n: get(f"/feed?count={PAGE}"),
            checked(200, lambda body: page_of(body, set(mine), len(mine))),
            "read",
        ),
        Scenario(
            "S",
            "search, 20 Observations",
            lambda n: get(f"/fhir/Observation?patient=Patient/{patient(n)}&_sort=-date&_count={PAGE}"),
            checked(200, searchset),
            "read",
        ),
    ]


def checked(status: int, is_right: Callable[[dict[str, object]], bool]) -> Check:
    """A check of status, and now and then of the whole answer."""

    def check(found: int, body: bytes, place: int) -> None:
        if found != status or len(body) < 100:
            raise WrongAnswer(f"{found} {body[:500].decode(errors='replace')}")
        if place % PARSE_EVERY == 0 and not is_right(orjson.loads(body)):
            raise WrongAnswer(body[:500].decode(errors="replace"))

    return check


def transaction_of_ten(body: dict[str, object]) -> bool:
    entries = body["entry"]
    assert isinstance(entries, list)
    statuses = [entry["response"]["status"][:3] for entry in entries]
    return len(statuses) == 10 and statuses[0] in ("200", "201") and statuses[1:] == ["201"] * 9


def page_of(body: dict[str, object], patients: set[str], at_most: int) -> bool:
    items = body["items"]
    assert isinstance(items, list)
    about = {item["patient"]["id"] for item in items}
    return len(items) == PAGE and about <= patients and len(about) <= at_most and all(item["title"] for item in items)


def searchset(body: dict[str, object]) -> bool:
    entries = body["entry"]
    assert isinstance(entries, list)
    dates = [entry["resource"]["effectiveDateTime"] for entry in entries]
    return 1 <= len(dates) <= PAGE and dates == sorted(dates, reverse=True)


def run(scenario: Scenario, hub: Server, connections: int, rounds: int, seconds: float, warm: float) -> list[Round]:
    """``rounds`` rounds after one that warms up."""
    found, first = [], 0
    for number, length in enumerate([warm, *[seconds] * rounds]):
        one = asyncio.run(
            measure(
                hub.port,
                hub.process.pid,
                scenario.ask,
                scenario.check,
                connections=connections,
                seconds=length,
                first=first,
            )
        )
        first += len(one.latencies)
        if number:
            found.append(one)
    return found


def summed(scenario: Scenario, connections: int, rounds: list[Round], floors: dict[str, float]) -> Result:
    """Medians of the rounds, and ratios: how many times slower than the floors."""
    rates = [len(one.latencies) / one.seconds for one in rounds]
    latencies = [latency for one in rounds for latency in one.latencies]
    rate = statistics.median(rates)
    floor = f"{scenario.floor}/c{connections}"
    return Result(
        scenario.name,
        scenario.what,
        connections,
        len(latencies),
        rate,
        min(rates),
        max(rates),
        *(percentile(latencies, share) for share in (0.5, 0.95, 0.99)),
        1000 * sum(one.server_cpu for one in rounds) / len(latencies),
        floors[f"hello/c{connections}"] / rate,
        floor,
        floors[floor] / rate,
    )


def floors_of(directory: Path, bodies: Bodies, seconds: float) -> dict[str, float]:
    """Answers, pushes and pages a second of the floors; with 8 connections 8 pushes share a commit, as in the lane."""
    found: dict[str, float] = {}
    hello = start_hello(directory)
    say = Scenario("hello", "", lambda n: request("GET", "/", "none"), said_hello, "")
    try:
        for connections in CONNECTIONS:
            rounds = run(say, hello, connections, 1, seconds, seconds / 2)
            found[f"hello/c{connections}"] = len(rounds[0].latencies) / rounds[0].seconds
    finally:
        hello.stop()
    storage = Storage(directory / "floor")
    pushes = [bodies.push(number) for number in range(50)]
    for connections in CONNECTIONS:
        found[f"write/c{connections}"] = storage.write(pushes, seconds, together=connections)
        found[f"read/c{connections}"] = storage.read(seconds)
    storage.close()
    return found


def said_hello(status: int, body: bytes, place: int) -> None:
    if (status, body) != (200, b"hello"):
        raise WrongAnswer(f"{status} {body!r}")


def table(results: Iterable[Result], floors: dict[str, float]) -> str:
    """What a person reads."""
    lines = ["", "floors, a second"]
    lines += [f"  {name:<9} {rate:9.0f}" for name, rate in floors.items()]
    lines += [
        "",
        f"{'':3}{'':28}{'conn.':>5}{'/s':>9}{'(min–max)':>16}{'p50 ms':>9}{'p95':>8}{'p99':>8}"
        f"{'CPU ms':>8}{'hello÷':>8}{'storage÷':>9}  goal",
    ]
    for one in results:
        goal = GOALS.get(one.name) if one.connections == max(CONNECTIONS) else None
        verdict = "" if goal is None else f"≥{goal:.0f} " + ("met" if one.per_second >= goal else "NOT MET")
        lines.append(
            f"{one.name:<3}{one.what:<28}{one.connections:>5}{one.per_second:9.1f}"
            f"{f'({one.lowest:.0f}–{one.highest:.0f})':>16}{one.p50:9.2f}{one.p95:8.2f}{one.p99:8.2f}"
            f"{one.server_ms:8.2f}{one.hello_ratio:8.1f}{one.floor_ratio:9.1f}  {verdict}"
        )
    return "\n".join(lines)


def main() -> int:
    """Exit status 1 when an answer was wrong."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--quick", action="store_true", help="a short run that only shows that all works")
    options.add_argument("--json", type=Path, help="write the results to this file")
    options.add_argument("--only", default="A,A*,B,C,F,F*,S", help="letters of scenarios, separated by commas")
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--seconds", type=float, default=1.5, help="length of a round")
    options.add_argument("--residents", type=int, default=200)
    chosen = options.parse_args()
    if chosen.quick:
        chosen.rounds, chosen.seconds, chosen.residents = 1, 0.2, 10
    uvloop.install()
    wanted = chosen.only.split(",")
    with tempfile.TemporaryDirectory(prefix="renkei-bench-") as name:
        directory = Path(name)
        bodies = Bodies(f"{int(time.time()):x}")
        floors = floors_of(directory, bodies, chosen.seconds)
        hub = start_hub(directory / "data")
        try:
            people = Residents(hub, directory / "data", bodies)
            began = time.monotonic()
            people.move_in(chosen.residents, pushes=3)
            print(f"{chosen.residents} residents moved in in {time.monotonic() - began:.1f} s", flush=True)
            results = []
            for scenario in scenarios(people):
                for connections in CONNECTIONS if scenario.name in wanted else ():
                    rounds = run(scenario, hub, connections, chosen.rounds, chosen.seconds, chosen.seconds / 2)
                    results.append(summed(scenario, connections, rounds, floors))
        except WrongAnswer as wrong:
            print(f"A wrong answer, so nothing was measured: {wrong}", file=sys.stderr)
            return 1
        finally:
            hub.stop()
    print(table(results, floors))
    if chosen.json:
        machine = {"cpus": os.cpu_count(), "python": platform.python_version(), "load": os.getloadavg()}
        found = {"machine": machine, "floors": floors, "results": [asdict(one) for one in results]}
        chosen.json.write_text(json.dumps(found, ensure_ascii=False, indent=1), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
