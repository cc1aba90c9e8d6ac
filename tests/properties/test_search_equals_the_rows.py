"""What a search finds is what its conditions say of the rows of each resource, on random stores (FHIR R4 §3.1.1.4)."""

from collections.abc import Iterable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, create_engine
from sqlalchemy.pool import StaticPool
from sqlmodel import SQLModel

from hub.store import search, tables
from hub.store.database import Tx
from hub.store.search import Asked, Near
from hub.store.sql import Record, add, run
from profiles.search import (
    Condition,
    DateRow,
    DateValue,
    IndexRow,
    Parameter,
    Query,
    ReferenceRow,
    ReferenceValue,
    StringRow,
    StringValue,
    TokenRow,
    TokenValue,
    Value,
    parameter,
    patients_named,
)
from profiles.search.query import Modifier
from profiles.search.values import Prefix

PATIENTS = ("", "p1", "p2")
SEEN = "v.withheld = 0"
CODES, TEXTS, DAYS = ("a", "b", "ab"), ("", "ア", "アイ", "イ"), (0, 10, 20)


PREFIXES: tuple[Prefix, ...] = ("eq", "ne", "gt", "ge", "lt", "le", "sa", "eb", "ap")


def named(type_: str, name: str) -> Parameter:
    found = parameter(type_, name)
    assert found is not None
    return found


CODE, DATE, STRING, ENCOUNTER, SUBJECT = (
    named("Observation", name) for name in ("code", "date", "value-string", "encounter", "subject")
)
Resource = tuple[str, bool, tuple[IndexRow, ...]]
"""The patient under whom it is filed, whether it may be seen, its rows."""


def spans() -> st.SearchStrategy[tuple[int, int]]:
    return st.tuples(st.sampled_from(DAYS), st.sampled_from((10, 20))).map(lambda one: (one[0], one[0] + one[1]))


def rows() -> st.SearchStrategy[tuple[IndexRow, ...]]:
    one: st.SearchStrategy[IndexRow] = st.one_of(
        st.builds(TokenRow, st.just(CODE.number), st.sampled_from(CODES), st.sampled_from((0, 7, 8))),
        spans().map(lambda span: DateRow(DATE.number, *span)),
        st.sampled_from(TEXTS[1:]).map(lambda text: StringRow(STRING.number, text, text)),
        st.sampled_from(("Encounter/1", "Encounter/2")).map(lambda target: ReferenceRow(ENCOUNTER.number, target)),
    )
    return st.lists(one, min_size=1, max_size=5, unique=True).map(tuple)


def conditions() -> st.SearchStrategy[Condition]:
    def of(
        parameter: Parameter, modifiers: Iterable[Modifier], values: st.SearchStrategy[Value]
    ) -> st.SearchStrategy[Condition]:
        several = st.lists(values, min_size=1, max_size=2, unique=True).map(tuple)
        return st.builds(
            Condition, st.just("Observation"), st.just(()), st.just(parameter), st.sampled_from([*modifiers]), several
        )

    prefixes = st.sampled_from(PREFIXES)
    tokens = st.builds(TokenValue, st.sampled_from((None, 0, 7)), st.sampled_from(CODES))
    dates = st.builds(lambda prefix, span: DateValue(prefix, *span), prefixes, spans())
    strings = st.sampled_from(TEXTS[1:]).map(lambda text: StringValue(text, text))
    encounters = st.sampled_from(("Encounter/1", "Encounter/2")).map(lambda one: ReferenceValue((one,)))
    people = st.sampled_from(PATIENTS[1:]).map(lambda one: ReferenceValue((f"Patient/{one}",)))
    absent: st.SearchStrategy[Value] = st.sampled_from(("true", "false")).map(lambda code: TokenValue(None, code))
    missing = st.sampled_from((CODE, DATE, STRING, ENCOUNTER)).flatmap(lambda one: of(one, ("missing",), absent))
    return st.one_of(
        of(CODE, ("", "not"), tokens),
        of(DATE, ("",), dates),
        of(STRING, ("", "exact", "contains"), strings),
        of(ENCOUNTER, ("",), encounters),
        of(SUBJECT, ("",), people),
        missing.map(lambda one: Condition(one.type, one.links, one.parameter, one.modifier, one.values[:1])),
    )


queries = st.builds(
    lambda all_of, order, count_: Query(("Observation",), tuple((one,) for one in all_of), order, count_),
    st.lists(conditions(), max_size=2),
    st.sampled_from(((), ((DATE, False),), ((DATE, True),), ((STRING, False), (CODE, True)))),
    st.integers(1, 4),
)
seen = st.sampled_from((True, True, True, False))
stores = st.lists(st.tuples(st.sampled_from(PATIENTS), seen, rows()), min_size=3, max_size=7)


# -- what the words mean, said once more and as simply as possible


def holds(condition: Condition, resource: Resource) -> bool:
    patient, _, all_rows = resource
    if condition.parameter is SUBJECT:
        return any(f"Patient/{patient}" in one.targets for one in condition.values if isinstance(one, ReferenceValue))
    mine = [row for row in all_rows if row.parameter == condition.parameter.number]
    if condition.modifier == "missing":
        [value] = condition.values
        assert isinstance(value, TokenValue)
        return (not mine) == (value.code == "true")
    found = any(matches(row, value, condition.modifier) for row in mine for value in condition.values)
    return found != (condition.modifier == "not")


def matches(row: IndexRow, value: Value, modifier: str) -> bool:
    if isinstance(row, TokenRow) and isinstance(value, TokenValue):
        return row.code == value.code and value.system in (None, row.system)
    if isinstance(row, StringRow) and isinstance(value, StringValue):
        if modifier == "exact":
            return row.written == value.exact
        return value.text in row.text if modifier == "contains" else row.text.startswith(value.text)
    if isinstance(row, ReferenceRow) and isinstance(value, ReferenceValue):
        return row.target in value.targets
    assert isinstance(row, DateRow)
    assert isinstance(value, DateValue)
    equal = value.low <= row.low and row.high <= value.high
    return {
        "eq": equal,
        "ne": not equal,
        "gt": row.high > value.high,
        "ge": equal or row.high > value.high,
        "lt": row.low < value.low,
        "le": equal or row.low < value.low,
        "sa": row.low >= value.high,
        "eb": row.high <= value.low,
        "ap": row.low < value.high and row.high > value.low,
    }[value.prefix]


def sort_key(query: Query, resource: Resource, place: int) -> tuple[tuple[bool, object], ...]:
    """Values first, then what has none; what was made last comes first."""
    keys: list[tuple[bool, object]] = []
    for one, descending in query.sort:
        mine = [row for row in resource[2] if row.parameter == one.number]
        values = [row.low if isinstance(row, DateRow) else ranked(row) for row in mine]
        extreme = max if descending and one.kind != "string" else min
        value = extreme(values) if values else 0
        keys.append((not values, -value if descending else value))
    return (*keys, (False, -place))


def ranked(row: IndexRow) -> int:
    if isinstance(row, TokenRow):
        return sorted(CODES).index(row.code)
    assert isinstance(row, StringRow)
    return sorted(TEXTS).index(row.text)


# -- the store


@pytest.fixture
def memory() -> Iterator[Engine]:
    """An empty store in memory: the statements are the same."""
    engine = create_engine("sqlite://", poolclass=StaticPool)
    SQLModel.metadata.create_all(engine)
    yield engine
    engine.dispose()


def stored(tx: Tx, resources: Iterable[Resource]) -> None:
    for table in ("resource", "published", *(name for name in SQLModel.metadata.tables if name.startswith("search_"))):
        run(tx, f"DELETE FROM {table}", {})  # noqa: S608
    for place, (patient, is_seen, all_rows) in enumerate(resources):
        row: Record = {
            **{"patient": patient, "type": "Observation", "id": f"{place:03}", "source": "hosp", "version": "1"},
            **{
                "recorded": "",
                "publication": "",
                "category": "",
                "withheld": int(not is_seen),
                "key": place,
                "body": b"",
            },
            **{"label_bits": 0, "clinical_date": None, "directory": 0, "also_about": 0, "deleted": 0},
        }
        add(tx, tables.ResourceRow, [row])
        run(tx, "INSERT INTO published VALUES (:patient, 'hosp') ON CONFLICT DO NOTHING", {"patient": patient})
        search.put(tx, [(patient, place, all_rows)])


def searched(tx: Tx, query: Query) -> tuple[list[int], int]:
    """The places of what is found, page by page, and the total."""
    asked = Asked(lambda kind: (SEEN, {}), Near("hosp", "", patients_named(query)))
    found: list[int] = []
    after = None
    while page := search.find(tx, query, asked, count=query.count, after=after):
        found += [int(row.id) for row in page]
        after = search.place_of(page[-1])
    return found, search.total(tx, query, asked)


def test_a_search_finds_what_its_conditions_say_in_the_order_that_they_ask(memory: Engine) -> None:
    @settings(max_examples=80)
    @given(stores, st.lists(queries, min_size=12, max_size=12))
    def on_any_store(resources: list[Resource], asked: list[Query]) -> None:
        with memory.connect() as tx, tx.begin():
            stored(tx, resources)
            for query in asked:
                found, total = searched(tx, query)
                wanted = [
                    place
                    for place, one in enumerate(resources)
                    if one[1] and all(holds(condition, one) for (condition,) in query.conditions)
                ]
                wanted.sort(key=lambda place: sort_key(query, resources[place], place))
                assert found == wanted
                assert total == len(wanted)

    on_any_store()


def test_every_prefix_on_every_pair_of_ranges(memory: Engine) -> None:
    ranges = [(low, low + length) for low in DAYS for length in (5, 10, 20)]
    resources: list[Resource] = [("p1", True, (DateRow(DATE.number, *one),)) for one in ranges]
    with memory.connect() as tx, tx.begin():
        stored(tx, resources)
        for prefix in PREFIXES:
            for one in ranges:
                condition = Condition("Observation", (), DATE, "", (DateValue(prefix, *one),))
                found, _ = searched(tx, Query(("Observation",), ((condition,),), count=50))
                wanted = [place for place, resource in enumerate(resources) if holds(condition, resource)]
                assert sorted(found) == wanted, (prefix, one)
