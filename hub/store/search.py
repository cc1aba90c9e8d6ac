"""A parsed search → SQL under the access predicate (CONSENT.md §5: never fetch, then drop).

Every condition is a lookup in an index table or a comparison on the row itself; the predicate of
the caller's scope is part of the same WHERE, so totals and pages count only what is visible.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import count as counter
from typing import TypeAlias

from hub.store.database import Tx
from hub.store.sql import AT_MOST, Record, Row, Value, add, query
from hub.store.tables import SearchDate, SearchText, SearchToken
from profiles.search import (
    Condition,
    DateValue,
    IndexRow,
    Query,
    ReferenceValue,
    StringValue,
    TokenValue,
    parameters_of,
)

Place: TypeAlias = list[Value]
"""The sort keys of a row: where it stands in the order of its search."""

_RANGE = {  # FHIR R4 §3.1.1.4.7: the indexed range i.low..i.high against the searched one
    "eq": "i.low >= :{v}l AND i.high <= :{v}h",
    "gt": "i.high > :{v}h",
    "ge": "(i.high > :{v}h OR (i.low >= :{v}l AND i.high <= :{v}h))",
    "lt": "i.low < :{v}l",
    "le": "(i.low < :{v}l OR (i.low >= :{v}l AND i.high <= :{v}h))",
    "sa": "i.low >= :{v}h",
    "eb": "i.high <= :{v}l",
    "ap": "i.low < :{v}h AND i.high > :{v}l",
}
_INSTANT = {
    "eq": "(r.recorded >= :{v}l AND r.recorded < :{v}h)",
    "ne": "NOT (r.recorded >= :{v}l AND r.recorded < :{v}h)",
    "gt": "r.recorded >= :{v}h",
    "ge": "r.recorded >= :{v}l",
    "lt": "r.recorded < :{v}l",
    "le": "r.recorded < :{v}h",
    "sa": "r.recorded >= :{v}h",
    "eb": "r.recorded < :{v}l",
    "ap": "(r.recorded >= :{v}l AND r.recorded < :{v}h)",
}
_OF_PATIENT = frozenset({"patient", "subject", "beneficiary"})  # the row itself says whose it is: no index rows
_ON_ROW = {"_id": "r.id", "_lastUpdated": "r.recorded"}
_TABLE = {
    "token": "search_token",
    "uri": "search_token",
    "date": "search_date",
    "string": "search_text",
    "reference": "search_text",
}


def put(tx: Tx, rows: Iterable[tuple[Record, IndexRow]]) -> None:
    """Add index rows; ``Record`` says whose: patient, type, id, source."""
    tokens: dict[tuple[Value, ...], Record] = {}
    dates: dict[tuple[Value, ...], Record] = {}
    texts: dict[tuple[Value, ...], Record] = {}
    for place, row in rows:
        name = {**place, "parameter": row.parameter}
        if row.kind == "date":
            _keep(dates, {**name, "low": row.low, "high": row.high})
        elif row.kind == "reference":
            if not (row.parameter in _OF_PATIENT and row.target == f"Patient/{place['patient']!s}"):
                _keep(texts, {**name, "text": row.target, "written": ""})
        elif row.kind == "string":
            _keep(texts, {**name, "text": row.text, "written": row.code})
        else:
            _keep(tokens, {**name, "code": row.code, "system": row.system})
    add(tx, SearchToken, list(tokens.values()))
    add(tx, SearchDate, list(dates.values()))
    add(tx, SearchText, list(texts.values()))


def _keep(rows: dict[tuple[Value, ...], Record], record: Record) -> None:
    rows[tuple(record.values())] = record


def find(
    tx: Tx,
    type_: str,
    parsed: Query,
    predicate: str,
    parameters: Record,
    *,
    count: int,
    after: Place | None = None,
) -> list[Row]:
    """Up to ``count`` rows of ``resource`` that match and that ``predicate`` (over ``r``) admits, in the query's order.

    ``after`` is the place of the last row of the page before: pages go on from a row, not from a number of rows,
    so that what is written or deleted between two pages shifts nothing.
    """
    where, bound = _where(type_, parsed, predicate, parameters)
    keys, sorting = _keys(type_, parsed)
    bound |= sorting
    if after is not None:
        where += f" AND {_beyond(keys, after, bound)}"
    columns = ", ".join(f"{one.text} AS key{position}" for position, one in enumerate(keys))
    order = ", ".join(f"key{position} {one.direction} NULLS LAST" for position, one in enumerate(keys))
    statement = f"SELECT r.*, {columns} FROM resource r WHERE {where} ORDER BY {order} {AT_MOST}"  # noqa: S608
    return list(query(tx, statement, {**bound, "count": count}))


def own_ids(tx: Tx, type_: str, parsed: Query, source: str, *, count: int) -> list[str]:
    """Up to ``count`` ids of what ``source`` published and that matches.

    Nearly always it is an identifier that is asked for, with every push: one look into the index tells.
    """
    own: dict[str, Value] = {"own": source}
    identifier = _identifier(parsed)
    if identifier is None:
        return [row.id for row in find(tx, type_, parsed, "r.source = :own", own, count=count)]
    rows = query(
        tx,
        f"""SELECT DISTINCT id FROM search_token WHERE type = :type AND parameter = 'identifier' AND code = :code
               AND system = :system AND source = :own {AT_MOST}""",  # noqa: S608
        {**own, "type": type_, "code": identifier.code, "system": identifier.system, "count": count},
    )
    return [row.id for row in rows]


def _identifier(parsed: Query) -> TokenValue | None:
    """The one identifier, with system and value, that is all that is asked for; else none."""
    match parsed.conditions:
        case (Condition("identifier", _, "", (TokenValue(system, code) as value,)),) if system and code:
            return value
    return None


def place_of(row: Row) -> Place:
    """Where a row that ``find`` gave stands in its order."""
    return [value for name, value in row._mapping.items() if name.startswith("key")]


def total(tx: Tx, type_: str, parsed: Query, predicate: str, parameters: Record) -> int:
    """How many match and are visible."""
    where, bound = _where(type_, parsed, predicate, parameters)
    return int(query(tx, f"SELECT count(*) AS n FROM resource r WHERE {where}", bound)[0].n)  # noqa: S608


def patient_records(tx: Tx, where: str, parameters: Record) -> Sequence[Row]:
    """The Patient records under a predicate over ``r``."""
    return query(tx, f"SELECT r.* FROM resource r WHERE r.type = 'Patient' AND r.deleted = 0 AND {where}", parameters)  # noqa: S608


def patients_named(parsed: Query) -> tuple[str, ...] | None:
    """The patients to whom the search is limited, or ``None`` when it names none."""
    for condition in parsed.conditions:
        targets = [
            target
            for value in condition.values
            if isinstance(value, ReferenceValue)
            for target in value.targets
            if target.startswith("Patient/")
        ]
        if condition.parameter in _OF_PATIENT and targets and not condition.modifier:
            return tuple(target.removeprefix("Patient/") for target in targets)
    return None


def _where(type_: str, parsed: Query, predicate: str, parameters: Record) -> tuple[str, dict[str, Value]]:
    names = (f"q{number}" for number in counter())
    bound: dict[str, Value] = {**parameters, "type_": type_}
    patients = patients_named(parsed) if type_ != "Patient" else None
    near = ""
    clauses = ["r.type = :type_", "r.deleted = 0", f"({predicate})"]
    if patients is not None:
        near = f"i.patient IN ({_bind(names, bound, patients)}) AND "
        clauses.append(f"r.patient IN ({_bind(names, bound, patients)})")
    for condition in parsed.conditions:
        clauses.append(_clause(condition, type_, near, names, bound))
    return " AND ".join(clauses), bound


def _bind(names: Iterable[str], bound: dict[str, Value], values: Iterable[Value]) -> str:
    marks = []
    for value, name in zip(values, names, strict=False):
        bound[name] = value
        marks.append(f":{name}")
    return ", ".join(marks)


def _clause(condition: Condition, type_: str, near: str, names: Iterable[str], bound: dict[str, Value]) -> str:
    if condition.modifier == "missing":
        return _missing(condition, type_, near, names, bound)
    if condition.parameter in _ON_ROW:
        alternatives = [_on_row(value, names, bound) for value in condition.values]
        return f"({' OR '.join(alternatives)})" if condition.modifier != "not" else f"NOT ({' OR '.join(alternatives)})"
    alternatives = [_on_index(condition, value, type_, near, names, bound) for value in condition.values]
    joined = f"({' OR '.join(alternatives)})"
    return f"NOT {joined}" if condition.modifier == "not" else joined


def _missing(condition: Condition, type_: str, near: str, names: Iterable[str], bound: dict[str, Value]) -> str:
    value = condition.values[0]
    absent = isinstance(value, TokenValue) and value.code == "true"
    if condition.parameter in _ON_ROW:
        return "0 = 1" if absent else "1 = 1"
    indexed = _lookup(condition, type_, "1 = 1", near, names, bound, negated=absent)
    if condition.parameter not in _OF_PATIENT:
        return indexed
    return f"(r.patient = '' AND {indexed})" if absent else f"(r.patient <> '' OR {indexed})"


def _on_row(value: object, names: Iterable[str], bound: dict[str, Value]) -> str:
    if isinstance(value, DateValue):
        name = _name(names)
        bound[f"{name}l"], bound[f"{name}h"] = value.low, value.high
        return _INSTANT[value.prefix].format(v=name)
    assert isinstance(value, TokenValue)
    return f"r.id = {_bind(names, bound, [value.code])}"


def _on_index(
    condition: Condition, value: object, type_: str, near: str, names: Iterable[str], bound: dict[str, Value]
) -> str:
    negated = False
    if isinstance(value, TokenValue):
        test = f"i.code = {_bind(names, bound, [value.code])}" if value.code else "1 = 1"
        if value.system is not None:
            test += f" AND i.system = {_bind(names, bound, [value.system])}"
    elif isinstance(value, DateValue):
        name = _name(names)
        bound[f"{name}l"], bound[f"{name}h"] = value.low, value.high
        negated = value.prefix == "ne"
        test = _RANGE["eq" if negated else value.prefix].format(v=name)
    elif isinstance(value, ReferenceValue):
        patients = [target.removeprefix("Patient/") for target in value.targets if target.startswith("Patient/")]
        if patients and condition.parameter in _OF_PATIENT:
            return f"r.patient IN ({_bind(names, bound, patients)})"
        test = f"i.text IN ({_bind(names, bound, value.targets)})"
    else:
        assert isinstance(value, StringValue)
        test = _text_test(condition.modifier, value, names, bound)
    return _lookup(condition, type_, test, near, names, bound, negated=negated)


def _text_test(modifier: str, value: StringValue, names: Iterable[str], bound: dict[str, Value]) -> str:
    if modifier == "exact":
        return f"i.written = {_bind(names, bound, [value.exact])}"
    escaped = value.text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    pattern = f"%{escaped}%" if modifier == "contains" else f"{escaped}%"
    return f"i.text LIKE {_bind(names, bound, [pattern])} ESCAPE '\\'"


def _lookup(
    condition: Condition,
    type_: str,
    test: str,
    near: str,
    names: Iterable[str],
    bound: dict[str, Value],
    *,
    negated: bool,
) -> str:
    table = _TABLE[condition.kind]
    parameter = _bind(names, bound, [condition.parameter])
    found = f"SELECT i.id FROM {table} i WHERE {near}i.type = :type_ AND i.parameter = {parameter} AND {test}"  # noqa: S608
    if type_ != "Patient":
        return f"r.id {'NOT IN' if negated else 'IN'} ({found})"
    # A Patient has one record for each source: the match must be in the record that is shown.
    same = f"{found} AND i.id = r.id AND i.source = r.source"
    return f"NOT EXISTS ({same})" if negated else f"(r.id IN ({found}) AND EXISTS ({same}))"


@dataclass(frozen=True, slots=True)
class _Key:
    """One sort key: an expression over ``r``, rows without a value last."""

    text: str
    descending: bool = False

    @property
    def direction(self) -> str:
        return "DESC" if self.descending else "ASC"


def _keys(type_: str, parsed: Query) -> tuple[list[_Key], dict[str, Value]]:
    """The keys of the query's order; at last, and without ``_sort``, by what was made last: there nothing moves."""
    keys, bound = [], dict[str, Value]()
    kinds = {"date": ("search_date", "low"), "string": ("search_text", "text"), "token": ("search_token", "code")}
    kind_of = {parameter.name: parameter.kind for parameter in parameters_of(type_)}
    for position, (name, descending) in enumerate(parsed.sort):
        if name in _ON_ROW:
            keys.append(_Key(_ON_ROW[name], descending))
        else:
            table, column = kinds.get(kind_of[name], ("search_text", "text"))
            bound[f"o{position}"] = name
            extreme = "max" if descending else "min"
            lookup = (
                f"(SELECT {extreme}(i.{column}) FROM {table} i WHERE i.patient = r.patient AND i.type = r.type"  # noqa: S608
                f" AND i.id = r.id AND i.source = r.source AND i.parameter = :o{position})"
            )
            keys.append(_Key(lookup, descending))
    return [*keys, _Key("r.id", descending=True), _Key("r.source")], bound


def _beyond(keys: Sequence[_Key], place: Place, bound: dict[str, Value]) -> str:
    """Rows that stand after ``place``: equal in some first keys, and beyond in the next."""
    equal, ways = "", []
    for position, (key, value) in enumerate(zip(keys, place, strict=True)):
        if value is None:  # the last of all: only other rows without a value can follow
            equal += f"{key.text} IS NULL AND "
            continue
        bound[f"p{position}"] = value
        further = f"{key.text} {'<' if key.descending else '>'} :p{position}"
        ways.append(f"({equal}({further} OR {key.text} IS NULL))")
        equal += f"{key.text} = :p{position} AND "
    return f"({' OR '.join(ways)})"


def _name(names: Iterable[str]) -> str:
    return next(iter(names))
