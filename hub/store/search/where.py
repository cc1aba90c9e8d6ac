"""What a search asks of a resource, as SQL over its row: every hop is judged as the resource itself is (CONSENT.md §5).

A condition is a look into an index table that gives (patient, key) of versions, or a comparison on the row.
"""

from hub.store.search import index_row
from hub.store.search.near import Asked
from hub.store.search.on_row import column, instant_test
from hub.store.search.part import ALWAYS, NEVER, Part, all_of, any_of, equal, negated
from hub.store.search.statement import view
from profiles.search import Condition, DateValue, Link, Parameter, Query, ReferenceValue, TokenValue, Value
from profiles.search.query import Modifier

_COMMON = ("", "Resource")


def where(query: Query, asked: Asked) -> Part:
    """Everything that is asked of a row ``r`` that may be seen."""
    tests = []
    if query.types and not any(all(map(_implies_type, alternatives)) for alternatives in query.conditions):
        # Of several people an engine would rather go through all of a type than from each of them to what they have.
        several = asked.near.patients is not None and len(asked.near.patients) > 1
        tests.append(equal("(r.type || '')" if several else "r.type", query.types))
    if asked.near.patients is not None:
        tests.append(equal("r.patient", asked.near.patients))
    if asked.compartment:
        tests.append(_in_compartment(asked))
    for alternatives in query.conditions:
        ways = []
        for one in alternatives:
            holds = condition(one, "r", asked)
            is_guarded = len(query.types) != 1 and one.type not in _COMMON
            ways.append(all_of([equal("r.type", (one.type,)), holds]) if is_guarded else holds)
        tests.append(any_of(ways))
    return all_of(one for one in tests if one is not ALWAYS)


def leads_nowhere(query: Query, asked: Asked) -> bool:
    """Whether no patient and no condition says where to begin: then all that there is would be gone through."""
    return asked.near.patients is None and not any(all(map(_leads, alternatives)) for alternatives in query.conditions)


def _leads(one: Condition) -> bool:
    """Whether few rows can match, and an index has them."""
    on_row = not one.links and column(one.parameter, "r")
    return one.parameter.name == "_id" if on_row else one.modifier not in ("not", "missing")


def _implies_type(one: Condition, depth: int = 0) -> bool:
    """Whether the index alone answers this, by a parameter of one type: then what it names leads to the rows, and a
    test on the type would only lead away from there."""
    if depth < len(one.links):
        link = one.links[depth]
        return not link.reverse and link.parameter.type not in _COMMON
    of_type = one.parameter.type not in _COMMON and not one.parameter.of_patient
    return of_type and one.modifier not in ("not", "missing")


def _in_compartment(asked: Asked) -> Part:
    if asked.near.patients == (asked.compartment,):
        return ALWAYS
    same = " AND ".join(f"a.{name} = r.{name}" for name in ("patient", "type", "id", "source"))
    further = f"EXISTS (SELECT 1 FROM also_about a WHERE {same} AND a.other = ?)"  # noqa: S608
    return Part(f"(r.patient = ? OR {further})", (asked.compartment, asked.compartment))


def condition(one: Condition, alias: str, asked: Asked, depth: int = 0) -> Part:
    """One condition on the row under ``alias``, which ``depth`` hops have led to."""
    if depth < len(one.links):
        here = one.links[depth - 1].type if depth else one.type
        return _hop(one, one.links[depth], here, alias, asked, depth)
    if one.modifier == "missing":
        return _missing(one, alias, asked)
    holds = any_of(_value(one, value, alias, asked) for value in one.values)
    return negated(holds) if one.modifier == "not" else holds


def _value(one: Condition, value: Value, alias: str, asked: Asked) -> Part:
    own = column(one.parameter, alias)
    if own and isinstance(value, DateValue):
        return instant_test(value, own)
    if own and isinstance(value, TokenValue):
        return index_row.token(value, one.modifier, own)
    if one.parameter.of_patient and isinstance(value, ReferenceValue):
        return _of_patient(one, value, alias, asked)
    rows = _rows(one.parameter, one.modifier, index_row.test(one, value), asked)
    return _key_among(alias, rows) if one.modifier == "not" else _among(alias, rows)


def _of_patient(one: Condition, value: ReferenceValue, alias: str, asked: Asked) -> Part:
    """Filed under one of these patients, which the row itself says; or about them besides, which the index says."""
    patients = _patients(value)
    if alias == "r" and patients and asked.near.patients == patients:
        return ALWAYS
    besides = _among(alias, _rows(one.parameter, "", equal("i.target", value.targets), asked))
    return any_of([equal(f"{alias}.patient", patients), besides]) if patients else besides


def _patients(value: ReferenceValue) -> tuple[str, ...]:
    return tuple(target.removeprefix("Patient/") for target in value.targets if target.startswith("Patient/"))


def _missing(one: Condition, alias: str, asked: Asked) -> Part:
    value = one.values[0]
    absent = isinstance(value, TokenValue) and value.code == "true"
    if column(one.parameter, alias):
        return NEVER if absent else ALWAYS
    # A reference may be a number only, a code its text only.
    other: dict[str, Modifier] = {"reference": "identifier", "token": "text"}
    ways = ["", *([other[one.parameter.kind]] if one.parameter.kind in other else [])]
    found = [_rows(one.parameter, way, ALWAYS, asked) for way in ways]
    if not absent:
        there = any_of(_among(alias, rows) for rows in found)
        return any_of([Part(f"{alias}.patient <> ''"), there]) if one.parameter.of_patient else there
    gone = negated(any_of(_key_among(alias, rows) for rows in found))
    return all_of([Part(f"{alias}.patient = ''"), gone]) if one.parameter.of_patient else gone


def _rows(parameter: Parameter, modifier: str, test: Part, asked: Asked) -> Part:
    """The (patient, key) of the versions that have such an index row."""
    table = index_row.table_of(parameter, modifier)
    tests = [index_row.numbers(parameter), *([test] if test is not ALWAYS else [])]
    # What has an index over all patients tells of whom it is; all else is looked for where it can be.
    if asked.near.patients is not None or test is ALWAYS or table not in index_row.OVER_ALL:
        tests = [asked.near.of("i.patient"), *tests]
    found = all_of(tests)
    return Part(f"SELECT i.patient, i.resource FROM {table} i WHERE {found.text}", found.values)  # noqa: S608


def _among(alias: str, rows: Part) -> Part:
    """That the row's version is one of these."""
    return Part(f"({alias}.patient, {alias}.key) IN ({rows.text})", rows.values)


def _key_among(alias: str, rows: Part) -> Part:
    """The same, to be denied: to deny that a pair is in a list, SQLite reads the list from end to end."""
    return Part(f"{alias}.key IN (SELECT w.resource FROM ({rows.text}) AS w)", rows.values)  # noqa: S608


def _hop(one: Condition, link: Link, here: str, alias: str, asked: Asked, depth: int) -> Part:
    there = f"h{depth + 1}"
    beyond = condition(one, there, asked.hop(), depth + 1)
    of_type = ALWAYS if _implies_type(one, depth + 1) else equal(f"{there}.type", (link.type,))
    end = all_of(part for part in (of_type, beyond) if part is not ALWAYS)
    return _back(link, here, alias, there, end, asked) if link.reverse else _on(link, alias, there, end, asked)


def _on(link: Link, alias: str, there: str, end: Part, asked: Asked) -> Part:
    """To what this row refers to."""
    rows = f"FROM {view([link.type])} {there} WHERE {end.text}"
    targets = Part(f"i.target IN (SELECT '{link.type}/' || {there}.id {rows})", end.values)
    referring = _rows(link.parameter, "", targets, asked)
    if not link.parameter.of_patient or link.type != "Patient":
        return _among(alias, referring)
    people = f"SELECT x.patient, x.key FROM resource x WHERE x.type = ? AND x.patient IN (SELECT {there}.id {rows})"  # noqa: S608
    filed = Part(people, (link.parameter.type, *end.values))
    # A union of its own: SQLite uses no index for a pair that is among the rows of a compound.
    both = f"SELECT u.patient, u.key FROM ({filed.text} UNION {referring.text}) AS u"  # noqa: S608
    return _among(alias, Part(both, filed.values + referring.values))


def _back(link: Link, here: str, alias: str, there: str, end: Part, asked: Asked) -> Part:
    """To what refers to this row."""
    shown, near = view([link.type]), asked.hop().near.of("i.patient")
    joined = Part(f"{there}.patient = i.patient AND {there}.key = i.resource")
    # CROSS: from the references of those in question to what has them, not through all of a type.
    rows = f"FROM search_reference i CROSS JOIN {shown} {there} WHERE"
    if here in _COMMON:
        found = all_of([near, index_row.numbers(link.parameter), joined, end])
        return Part(f"{alias}.type || '/' || {alias}.id IN (SELECT i.target {rows} {found.text})", found.values)
    of_type = Part("i.target >= ? AND i.target < ?", (f"{here}/", f"{here}0"))  # 0 follows the slash
    found = all_of([near, index_row.numbers(link.parameter), of_type, joined, end])
    ids = Part(f"SELECT substr(i.target, {len(here) + 2}) {rows} {found.text}", found.values)
    if link.parameter.of_patient and here == "Patient":
        people = f"SELECT {there}.patient FROM {shown} {there} WHERE {end.text}"  # noqa: S608
        ids = Part(f"{people} UNION {ids.text}", end.values + ids.values)
    return Part(f"{alias}.id IN ({ids.text})", ids.values)
