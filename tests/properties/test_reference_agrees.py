"""Three answers to every question are one: the engine's, a query's, and that of the rules written down twice.

CONSENT.md §4; DESIGN §5.  The cities are random (``tests/reference/strategies.py``), the second text of the rules
shares no code with the first (``tests/reference/decision.py``), the queries run in real stores of both kinds, on
consents that went through their compiled rows.
"""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from sqlalchemy import Engine

from consent import Decision, Facts, Refusal, Scope
from hub.runtime import open_store
from hub.store.database import Tx
from tests.hub_in_test import store_place
from tests.reference import stored
from tests.reference.decision import City, decide
from tests.reference.reading import HL7, OURS, SPACES
from tests.reference.smallest import smallest
from tests.reference.spoiling import SPOILINGS, Json, concept
from tests.reference.strategies import EVERYTHING, KNOWN, QUESTIONS, Question, consent, question
from tests.unit.consent.case import Case, cases, facts_of

FEW, MANY = 150, 3_500  # cities, of some 31 cases each
LEAST = {  # the share that each reason has at least, in a thousand cases
    **{"scope": 10, "not-in-force": 15, "own": 80, "withheld-by-source": 25, "directory": 10, "emergency": 5},
    **{"disaster": 5, "no-relation": 80, "not-shared": 80, "no-consent": 80, "role": 5, "resident-denied": 5},
    **{"label": 10, "consent": 40},
}
# A city is made small by ``smallest``: what Hypothesis draws is its seed.
SEEDS_ONLY = settings(phases=[Phase.generate], suppress_health_check=list(HealthCheck), deadline=None)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory, store_kind: str) -> Iterator[Engine]:
    store = open_store(store_place(tmp_path_factory.mktemp("reference")))
    yield store.engine
    store.lane.close()


def test_every_reason_and_every_way_of_being_unreadable_is_among_the_cases() -> None:
    """What agrees on nothing proves nothing."""
    reasons, spoilings = Counter[str](), Counter[str]()
    for seed in range(1_000):
        made = question(Random(seed))
        spoilings.update(made.spoilings)
        for asker in made.askers:
            city = City(made.case(asker))
            reasons.update(decide(city, resource)[1] for resource in made.resources)
    shares = {reason: count * 1_000 / reasons.total() for reason, count in reasons.items()}
    assert not {reason: shares.get(reason) for reason, least in LEAST.items() if shares.get(reason, 0) < least}
    assert set(reasons) == set(LEAST)
    assert not {name: spoilings[name] for name in SPOILINGS if spoilings[name] < 3}


@pytest.mark.promise("unreadable-denies")
@pytest.mark.parametrize("name", SPOILINGS)
def test_each_way_of_being_unreadable_is_one(name: str) -> None:
    """A consent that opens both spaces to everybody opens nothing after it; for the engine and for the reference."""
    opens = consent(Random(0), "hana") | {"status": "active", "dateTime": "2026-01-01", "provision": {"type": "permit"}}
    opens["category"] = [concept(f"{OURS}/space", space) for space in SPACES]
    opens["scope"] = concept(f"{HL7}/consentscope", "patient-privacy")
    opens.pop("policyRule", None)
    everybody = {"profession": ["*"], "organisation-kind": ["*"], "spaces": SPACES}
    content: Json = {
        **{"now": "2026-11-20T10:00:00+09:00", "known": KNOWN, "consents": [opens]},
        "policy": {"publish": EVERYTHING, "read": [everybody]},
        "asker": {"organisation": "hosp", "organisation-kind": "hospital", "profession": "nurse", "purpose": "TREAT"},
        "relations": [{"patient": "hana", "organisation": "hosp"}],
        "resource": {"patients": ["hana"], "source": "clinic", "source-kind": "clinic", "category": "allergy"},
    }
    content["resource"] = as_json(content["resource"]) | {"reference": "AllergyIntolerance/1"}
    assert answers(content) == ((True, "consent"), (True, "consent"))
    SPOILINGS[name](opens)
    assert answers(content) == ((False, "no-consent"), (False, "no-consent"))


def test_the_reference_decides_every_case_file() -> None:
    registry = json.loads(
        (Path(__file__).parents[1] / "cases/consent/tables/registry.json").read_text(encoding="utf-8")
    )
    for name, case in cases():
        if "resource" in case.content:
            content = {**case.content, "policy": case.table(), "known": registry}
            expected = case.expected["permit"], case.expected["reason"]
            assert decide(City(content), as_json(content["resource"])) == expected, name


@pytest.mark.promise("one-decision-in-every-form")
def test_engine_query_and_reference_agree(engine: Engine) -> None:
    assert agreeing(engine, settings(SEEDS_ONLY, max_examples=FEW)) >= 2_000


@pytest.mark.slow
@pytest.mark.promise("one-decision-in-every-form")
def test_engine_query_and_reference_agree_a_hundred_thousand_times(engine: Engine) -> None:
    """On other cities at every run; a failure tells the seed."""
    assert agreeing(engine, settings(SEEDS_ONLY, max_examples=MANY, derandomize=False, database=None)) >= 100_000


def agreeing(engine: Engine, examples: settings) -> int:
    """How many cases were asked, of all of which the answers agreed."""
    cases = 0

    @examples
    @given(QUESTIONS)
    def every_answer_is_one(made: Question) -> None:
        nonlocal cases
        with engine.connect() as tx, tx.begin() as nothing_is_kept:
            deleted = [bool(resource.get("deleted")) for resource in made.resources]
            stored.put(tx, [facts_of(resource) for resource in made.resources], deleted)
            stored.put_consents(tx, Case(made.city))
            for asker in made.askers:
                one_asker_is_answered_alike(tx, made.case(asker), made.resources)
                cases += len(made.resources)
            nothing_is_kept.rollback()

    every_answer_is_one()
    return cases


def one_asker_is_answered_alike(tx: Tx, content: Json, resources: Sequence[Json]) -> None:
    case, city = Case(content), City(content)
    decisions = [decide(city, resource) for resource in resources]
    scope = case.scope()
    for resource, decision in zip(resources, decisions, strict=True):
        if engine_says(scope, facts_of(resource)) != decision:
            pytest.fail(explained(content, resource))
        assert is_told_at_once(scope, facts_of(resource))
    kept = case.scope(stored.read_consents(tx, case))
    assert kept == scope, "a consent that was compiled and kept says something else"
    permitted = {number for number, (permit, _) in enumerate(decisions) if permit}
    if isinstance(kept, Scope):
        organisation = str(as_json(content["asker"])["organisation"])
        assert stored.found(tx, kept) == permitted
        assert stored.found_within_the_fence(tx, kept, organisation) == permitted
        assert stored.records_found(tx, kept) == shown_records(resources, permitted, kept.organisation)
    else:
        assert not permitted


def is_told_at_once(scope: Scope | Refusal, facts: Facts) -> bool:
    """Where one rule alone opens what others published of a resident, it is the one that decided."""
    if isinstance(scope, Refusal) or len(facts.patients) != 1:
        return True
    decision, sole = scope.admits(facts), scope.sole_rule(facts.patients[0])
    return decision.reason != "consent" or sole is None or decision.rules == (sole,)


def shown_records(resources: Sequence[Json], permitted: set[int], organisation: str) -> set[int]:
    """Of a Patient the municipality's record, else the own, else one that is the only one (DESIGN §3)."""
    shown = set()
    for number in permitted:
        record = resources[number]
        if record["reference"] != "Patient/hana":
            continue
        others = [
            place
            for place, one in enumerate(resources)
            if one["reference"] == "Patient/hana" and one["source"] != record["source"] and not one.get("deleted")
        ]
        of_city = [place for place in others if resources[place]["source-kind"] == "municipality"]
        if record["source-kind"] == "municipality":
            shown.add(number)
        elif record["source"] == organisation:
            shown |= set() if permitted.intersection(of_city) else {number}
        elif not others:
            shown.add(number)
    return shown


def engine_says(scope: Scope | Refusal, facts: Facts) -> tuple[bool, str]:
    decision = Decision(False, scope.reason) if isinstance(scope, Refusal) else scope.admits(facts)
    return decision.permit, decision.reason


def answers(case: Json) -> tuple[tuple[bool, str], tuple[bool, str]]:
    """What engine and reference say of a case file."""
    return engine_says(Case(case).scope(), Case(case).facts()), decide(City(case), as_json(case["resource"]))


def explained(content: Json, resource: Json) -> str:
    """A smallest case file in which engine and reference differ."""

    def differ(case: Json) -> bool:
        said, expected = answers(case)
        return said != expected

    small = smallest({**content, "resource": resource}, differ)
    said, expected = answers(small)
    return f"The engine says {said}, the reference {expected}:\n{json.dumps(small, ensure_ascii=False, indent=2)}"


def as_json(value: object) -> Json:
    assert isinstance(value, dict)
    return value
