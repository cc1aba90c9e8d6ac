"""Measure a hub: pushes, reads, searches and feeds, with the floors beside them.  docs/performance.md explains.

python deploy/bench/bench.py [--quick] [--only A1,F] [--rounds 3] [--seconds 1.5] [--sizes 3000,10000]
                             [--minutes 10] [--database-url postgresql://… --workers 2] [--json FILE]
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
from dataclasses import asdict, dataclass, field
from pathlib import Path

import predicate
import uvloop
from bodies import Bodies
from city import MANAGERS, PEOPLE_OF_ONE_MANAGER, Residents, Server, start_hello, start_hub
from floors import storage_floors, together
from footprint import memory, on_disk
from load import Round, WrongAnswer, measure, percentile, request
from predicate import Cost
from scenarios import Scenario, scenarios

CONNECTIONS = (1, 8)
PUSHES = 3  # of ten resources, for each resident that is no manager's


@dataclass(frozen=True, slots=True)
class Result:
    """What was measured; times in ms, ``server_ms`` is the server's processor time for one answer.

    ``share`` is the rate as a part of the floor: the bare web answer and the bare storage, one after the other.
    """

    name: str
    what: str
    resources: int
    connections: int
    answers: int
    per_second: float
    lowest: float
    highest: float
    p50: float
    p95: float
    p99: float
    server_ms: float
    share: float
    goal: float | None


@dataclass(slots=True)
class Report:
    """All of a run."""

    machine: dict[str, object] = field(default_factory=dict)
    floors: dict[str, float] = field(default_factory=dict)
    footprint: dict[str, float] = field(default_factory=dict)
    results: list[Result] = field(default_factory=list)
    predicate: list[Cost] = field(default_factory=list)


def run(
    ask: Scenario, hub: Server, connections: int, rounds: int, seconds: float, first: int
) -> tuple[list[Round], int]:
    """``rounds`` rounds after one that warms up; the number of the next request."""
    found = []
    for number, length in enumerate([seconds / 2, *[seconds] * rounds]):
        load = measure(
            hub.port, hub.process.pid, ask.ask, ask.check, connections=connections, seconds=length, first=first
        )
        one = asyncio.run(load)
        first += len(one.latencies)
        if number:
            found.append(one)
    return found, first


def summed(ask: Scenario, connections: int, rounds: list[Round], floors: dict[str, float], resources: int) -> Result:
    """Medians of the rounds, and the part of the floor that they reach."""
    rates = [len(one.latencies) / one.seconds for one in rounds]
    latencies = [latency for one in rounds for latency in one.latencies]
    floor = together(floors[f"hello/c{connections}"], floors[f"{ask.floor}/c{connections}"])
    return Result(
        ask.name,
        ask.what,
        resources,
        connections,
        len(latencies),
        statistics.median(rates),
        min(rates),
        max(rates),
        percentile(latencies, 0.5),
        percentile(latencies, 0.95),
        percentile(latencies, 0.99),
        1000 * sum(one.server_cpu for one in rounds) / len(latencies),
        statistics.median(rates) / floor,
        ask.goal if connections == max(CONNECTIONS) else None,
    )


def floors_of(directory: Path, bodies: Bodies, seconds: float) -> dict[str, float]:
    """Answers a second of the bare web server, and writes and reads a second of the bare storage."""
    found: dict[str, float] = {}
    hello = start_hello(directory)
    say = Scenario("hello", "", lambda n: request("GET", "/", "none"), said_hello, "")
    try:
        for connections in CONNECTIONS:
            rounds, _ = run(say, hello, connections, 1, seconds, 0)
            found[f"hello/c{connections}"] = len(rounds[0].latencies) / rounds[0].seconds
    finally:
        hello.stop()
    pushes = [bodies.push(number) for number in range(50)]
    for connections in CONNECTIONS:
        alone = storage_floors(directory / f"floor-{connections}", pushes, seconds / 2, connections)
        found |= {f"{name}/c{connections}": rate for name, rate in alone.items()}
    return found


def said_hello(status: int, body: bytes, place: int) -> None:
    if (status, body) != (200, b"hello"):
        raise WrongAnswer(f"{status} {body!r}")


def table(report: Report) -> str:
    """What a person reads."""
    lines = ["", "floors, a second"]
    lines += [f"  {name:<12} {rate:9.0f}" for name, rate in report.floors.items()]
    lines += ["", "footprint", *(f"  {name:<34} {value:11.1f}" for name, value in report.footprint.items())]
    lines += [
        "",
        f"{'':3}{'':28}{'stored':>9}{'conn.':>6}{'/s':>9}{'(min–max)':>16}{'p50 ms':>9}{'p95':>8}{'p99':>8}"
        f"{'CPU ms':>8}{'of floor':>9}  goal",
    ]
    for one in report.results:
        verdict = "" if one.goal is None else f"≥{one.goal:.0f} " + ("met" if one.per_second >= one.goal else "NOT MET")
        lines.append(
            f"{one.name:<3}{one.what:<28}{one.resources:>9}{one.connections:>6}{one.per_second:9.1f}"
            f"{f'({one.lowest:.0f}–{one.highest:.0f})':>16}{one.p50:9.2f}{one.p95:8.2f}{one.p99:8.2f}"
            f"{one.server_ms:8.2f}{one.share:9.2f}  {verdict}"
        )
    cost = [predicate.table(report.predicate)] if report.predicate else []
    return "\n".join([*lines, *growth(report.results), *cost])


def growth(results: list[Result]) -> list[str]:
    """How much slower each is in the largest store than in the smallest, if there were several."""
    sizes = sorted({one.resources for one in results})
    if len(sizes) < 2:
        return []
    of = {(one.name, one.connections, one.resources): one for one in results}
    lines = ["", f"growth, {sizes[0]} → {sizes[-1]} resources (time of an answer, ×)"]
    for name, connections, size in of:
        last = of.get((name, connections, sizes[-1]))
        if size == sizes[0] and last is not None:
            lines.append(f"  {name:<3} c{connections}  {of[name, connections, size].per_second / last.per_second:5.2f}")
    return lines


def arguments() -> argparse.Namespace:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--quick", action="store_true", help="a short run that only shows that all works")
    options.add_argument("--json", type=Path, help="write the results to this file")
    options.add_argument("--only", default="A1,A2,A3,B,C,D1,D2,E,F,F*,P", help="letters, separated by commas")
    options.add_argument("--connections", default="1,8", help="numbers, separated by commas")
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--seconds", type=float, default=1.5, help="length of a round")
    options.add_argument("--sizes", default="10000", help="resources in the store when it is measured, one or several")
    options.add_argument("--database-url", default="", help="measure on this PostgreSQL database, which is filled")
    options.add_argument("--workers", type=int, default=1)
    options.add_argument("--minutes", type=int, default=0, help="then load by turns, the memory each minute; no P")
    chosen = options.parse_args()
    if chosen.quick:
        chosen.rounds, chosen.seconds, chosen.sizes = 1, 0.2, "5200"
    return chosen


def measured(hub: Server, directory: Path, bodies: Bodies, chosen: argparse.Namespace, report: Report) -> Residents:
    """Fill the store to each size, and measure there; gives the people in it."""
    people = Residents(hub, directory, bodies, chosen.database_url)
    report.footprint["memory idle, MB"] = memory(hub.process.pid)
    first = 0
    for size in (int(one) for one in chosen.sizes.split(",")):
        began = time.monotonic()
        mine = PEOPLE_OF_ONE_MANAGER * (12 * 9 + 3)
        people.move_in(PEOPLE_OF_ONE_MANAGER + max(0, size - mine) // (PUSHES * 9 + 3), PUSHES)
        print(f"{size} resources after {time.monotonic() - began:.1f} s", flush=True)
        if not chosen.database_url and not report.results:
            stored = on_disk(directory)
            report.footprint["store, bytes a resource"] = stored / people.resources
            report.footprint["store, × the bytes of the JSON"] = stored / people.sent
        for one in scenarios(people):
            for connections in (int(each) for each in chosen.connections.split(",")):
                if one.name in chosen.only.split(","):
                    rounds, first = run(one, hub, connections, chosen.rounds, chosen.seconds, first)
                    report.results.append(summed(one, connections, rounds, report.floors, size))
    report.footprint["memory after, MB"] = memory(hub.process.pid)
    asks = [one for one in scenarios(people) if one.name in chosen.only.split(",")]
    for minute in range(1, chosen.minutes + 1):
        first = endured(hub, asks, first)
        report.footprint[f"memory after {minute} more min, MB"] = memory(hub.process.pid)
        print(f"{minute} of {chosen.minutes} minutes", flush=True)
    return people


def endured(hub: Server, asks: list[Scenario], first: int) -> int:
    """A minute of load of all kinds by turns; the number of the next request."""
    for one in asks:
        _, first = run(one, hub, max(CONNECTIONS), 1, 40 / len(asks), first)  # and half of that before it
    return first


def main() -> int:
    """Exit status 1 when an answer was wrong."""
    chosen = arguments()
    uvloop.install()
    report = Report({"cpus": os.cpu_count(), "python": platform.python_version(), "load": os.getloadavg()})
    with tempfile.TemporaryDirectory(prefix="renkei-bench-") as name:
        directory = Path(name)
        bodies = Bodies(f"{int(time.time()):x}")
        report.floors = floors_of(directory, bodies, chosen.seconds)
        hub = start_hub(directory / "data", chosen.database_url, chosen.workers)
        try:
            people = measured(hub, directory / "data", bodies, chosen, report)
            reader = people.token(MANAGERS[0])
        except WrongAnswer as wrong:
            print(f"A wrong answer, so nothing was measured: {wrong}", file=sys.stderr)
            return 1
        finally:
            hub.stop()
        if "P" in chosen.only.split(",") and not chosen.database_url and not chosen.minutes:
            report.predicate = predicate.costs(directory / "data", reader, people.mine, 40 if chosen.quick else 400)
    print(table(report))
    if chosen.json:
        chosen.json.write_text(json.dumps(asdict(report), ensure_ascii=False, indent=1), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
