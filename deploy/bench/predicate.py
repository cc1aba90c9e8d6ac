"""What the predicate costs: the same search by a reader with consent, and by one from whom nothing is hidden.

In one process, on the store that the hub has left, turn by turn, so that what else the machine does falls on both.
"""

import gc
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import perf_counter

from hub.access import decide
from hub.access.caller import authenticate
from hub.access.decide import Grant
from hub.app import new_id, now
from hub.auth import fingerprint
from hub.auth.seal import Seal
from hub.context import Context, Credential
from hub.interactions.search import Page, Search, parse
from hub.projections.rows import record
from hub.read_path import read
from hub.runtime import open_store
from hub.store import audit
from hub.store.database import Tx
from hub.store.sql import Value

GOAL = 1.25
QUESTIONS = {
    "20 Observations, sorted": "Observation?patient=Patient/{mine}&_sort=-date&_count=20",
    "20 prescriptions": "MedicationRequest?patient=Patient/{mine}&_count=20",
    "count of Observations": "Observation?patient=Patient/{mine}&_summary=count",
    "20 Observations, all mine": "Observation?_sort=-date&_count=20",
}


@dataclass(frozen=True, slots=True)
class Cost:
    """Medians of one search in ms, under the predicate and under none, and of the ratio of each pair.

    ``whole`` is the ratio of the whole way out: with reading the rules, deciding, and the reason for the log.
    """

    what: str
    filtered_ms: float
    unfiltered_ms: float
    ratio: float
    whole: float


class Open(Grant):
    """Everything may be seen, and nothing is decided: what a search would cost without any rule."""

    def predicate(self, alias: str, *, patient_records: bool = False) -> tuple[str, dict[str, Value]]:
        return "1 = 1", {}


def costs(data: Path, token: str, mine: Sequence[str], rounds: int) -> list[Cost]:
    """For each question; ``token`` is that of a reader who looks after ``mine``."""
    store = open_store(data)
    context = Context(now(), "bench", new_id, "http://127.0.0.1")
    credential, seal = Credential(fingerprint(token)), Seal(store.secret)

    def question(template: str, place: int) -> Search:
        type_, _, asked = template.format(mine=mine[place % len(mine)]).partition("?")
        pairs = [(name, value) for name, _, value in (one.partition("=") for one in asked.split("&"))]
        return Search(f"/{type_}", parse(type_, pairs), asked, seal)

    def measure(tx: Tx, what: str, template: str) -> Cost:
        searches, wholes = [], []
        for place in range(-rounds // 4, rounds):
            one = question(template, place)
            caller = authenticate(tx, credential, context)
            grant = decide.read(tx, caller, one.interaction, one.type, one.patients(tx), context)
            free = Open(grant.caller, grant.scope, grant.patients, grant.asked, grant.related)
            ways: list[Callable[[], object]] = [
                partial(one.answer, tx, grant, context),
                partial(one.answer, tx, free, context),
                partial(read, tx, credential, one, context),
                partial(_unfiltered, tx, credential, one, free, context),
            ]
            times = _times(ways, reverse=bool(place % 2))
            if place >= 0:  # the first ones warm up
                searches.append(times[:2])
                wholes.append(times[2] / times[3])
        filtered, unfiltered = (statistics.median(one) * 1000 for one in zip(*searches, strict=True))
        ratio = statistics.median(first / second for first, second in searches)
        return Cost(what, filtered, unfiltered, ratio, statistics.median(wholes))

    try:
        gc.disable()
        return [store.lane.do(partial(measure, what=what, template=template)) for what, template in QUESTIONS.items()]
    finally:
        gc.enable()
        store.lane.close()


def table(found: Sequence[Cost]) -> str:
    """What a person reads."""
    lines = ["", f"predicate: the same search by consent and without any rule (goal: ≤ {GOAL} ×)"]
    for one in found:
        verdict = "met" if one.ratio <= GOAL else "NOT MET"
        lines.append(
            f"  {one.what:<28}{one.filtered_ms:7.2f} ms{one.unfiltered_ms:9.2f} ms{one.ratio:7.2f} ×  {verdict}"
            f"   (with deciding and the log {one.whole:.2f} ×)"
        )
    return "\n".join(lines)


def _unfiltered(tx: Tx, credential: Credential, question: Search, grant: Grant, context: Context) -> Page:
    """The way out without its second step: nothing is decided, everything is shown, it is in the log all the same."""
    caller = authenticate(tx, credential, context)
    question.patients(tx)
    shown = question.answer(tx, grant, context)
    rows = [
        record(caller, context, interaction=question.interaction, patient=patient, what=what, query=question.query)
        for patient, what in (shown.patients or {"": ()}).items()
    ]
    audit.put(tx, rows)
    return shown.answer


def _times(ways: Sequence[Callable[[], object]], *, reverse: bool) -> list[float]:
    """Seconds of each, asked in turn, in one order and the other.

    All have been asked once before: else the first would pay for what the processor fetches for all of them.
    """
    for way in ways:
        way()
    found = [0.0] * len(ways)
    for place in sorted(range(len(ways)), reverse=reverse):
        began = perf_counter()
        ways[place]()
        found[place] = perf_counter() - began
    return found
