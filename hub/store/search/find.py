"""A parsed search run under the caller's predicate (CONSENT.md §5: never fetch, then drop)."""

from collections.abc import Sequence
from dataclasses import replace

from hub.store.database import Tx
from hub.store.search import index_row
from hub.store.search.near import Asked, Near
from hub.store.search.order import LAST, Key, Place, beyond, from_on, keys_of, walked
from hub.store.search.part import Part, all_of, negated
from hub.store.search.statement import rows, view
from hub.store.search.where import leads_nowhere, where
from hub.store.sql import AT_MOST, Record, Row, query
from profiles.search import Condition, Parameter, Query, TokenValue

COLUMNS = (
    "r.patient, r.source, r.publication, r.category, r.label_bits, r.clinical_date, r.withheld, r.directory,"
    " r.also_about, r.type, r.id, r.version, r.key, r.body"
)
"""Of a row that is found: enough to show it, to write down why, and to look on from it."""
FEW = 255
"""People who are named in a statement."""


def find(tx: Tx, parsed: Query, asked: Asked, *, count: int, after: Place | None = None) -> list[Row]:
    """Up to ``count`` rows (``COLUMNS``) that match and that the caller may see, in the query's order.

    ``after`` is the place of the last row of the page before.
    """
    asked = _of_few(tx, parsed, asked)
    matches, shown = where(parsed, asked), view(parsed.types)
    date = walked(parsed, asked.near)
    if date is not None:
        return _walk(tx, date, matches, asked, parsed, count, after)
    keys = keys_of(parsed, asked.near)
    common = [key.common for key in keys if key.common is not None]
    ordered = _sorted if any(key.indexed for key in keys) else _plain
    return list(rows(tx, ordered(keys, matches, shown, after), asked, common, count=count))


def place_of(row: Row) -> Place:
    """Where a row that ``find`` gave stands in its order."""
    return [value for name, value in row._mapping.items() if name.startswith("sort")]


def total(tx: Tx, parsed: Query, asked: Asked) -> int:
    """How many match and are visible."""
    asked = _of_few(tx, parsed, asked)
    matches = where(parsed, asked)
    statement = f"SELECT count(*) AS n FROM {view(parsed.types)} r WHERE {matches.text}"  # noqa: S608
    return int(rows(tx, Part(statement, matches.values), asked)[0].n)


def whose(tx: Tx, parsed: Query, near: Near, *, count: int) -> list[str]:
    """Up to ``count`` patients, ordered, whose resources match, whoever may see them, of those near the caller."""
    asked = Asked(lambda kind: ("1 = 1", {}), near)
    matches = where(parsed, asked)
    found = f"SELECT DISTINCT r.patient FROM {view(parsed.types)} r WHERE r.patient <> '' AND {matches.text} {AT_MOST}"  # noqa: S608
    return sorted(row.patient for row in rows(tx, Part(found, matches.values), asked, count=count))


def own_ids(tx: Tx, parsed: Query, source: str, *, count: int) -> list[str]:
    """Up to ``count`` ids of what ``source`` published and that matches.

    Nearly always it is an identifier that is asked for, with every push: one look into the index tells.
    """
    identifier = _identifier(parsed)
    if identifier is None:
        asked = Asked(lambda kind: ("v.source = :own", {"own": source}), Near(source))
        return list(dict.fromkeys(row.id for row in find(tx, parsed, asked, count=count)))
    parameter, value = identifier
    found = query(
        tx,
        f"""SELECT DISTINCT r.id FROM search_identifier i CROSS JOIN resource r
             WHERE i.parameter = :parameter AND i.code = :code AND i.system = :system AND r.patient = i.patient
               AND r.key = i.resource AND r.source = :own AND r.deleted = 0 {AT_MOST}""",  # noqa: S608
        {"parameter": parameter, "code": value.code, "system": value.system, "own": source, "count": count},
    )
    return [row.id for row in found]


def _identifier(parsed: Query) -> tuple[int, TokenValue] | None:
    """The one identifier, with system and value, that is all that is asked for; else none."""
    match parsed.conditions:
        case ((Condition(links=(), modifier="", parameter=one, values=(TokenValue(int(system), code) as value,)),),):
            if one.name == "identifier" and one.kind == "token" and system and code:
                return one.number, value
    return None


def _of_few(tx: Tx, parsed: Query, asked: Asked) -> Asked:
    """Who knows of few people is asked about these, where nothing else says where to begin.

    So a page costs what they have, and not what the store has.  Who knows of many sees much of what there is, and
    finds a page among what was made last.
    """
    if not leads_nowhere(parsed, asked):
        return asked
    people = asked.near.some(tx, FEW + 1)
    return asked if len(people) > FEW else replace(asked, near=replace(asked.near, patients=people))


def _plain(keys: Sequence[Key], matches: Part, shown: str, after: Place | None, first: str = "") -> Part:
    """Every key is on the row itself: an index may have the order already."""
    names = [key.value.text for key in keys]
    columns = ", ".join(f"{name} AS sort{place}" for place, name in enumerate(names, 1 if first else 0))
    if after is not None:
        matches = all_of([matches, from_on(keys[0], names[0], after), beyond(keys, names, after)])
    text = f"SELECT {COLUMNS}, {first}{columns} FROM {shown} r WHERE {matches.text} {_order(keys, names)}"  # noqa: S608
    return Part(text, matches.values)


def _sorted(keys: Sequence[Key], matches: Part, shown: str, after: Place | None) -> Part:
    """Some keys are looked up: all that match are ordered by them."""
    names = [f"sort{place}" for place in range(len(keys))]
    columns = ", ".join(f"{key.value.text} AS {name}" for key, name in zip(keys, names, strict=True))
    looked_up = tuple(value for key in keys for value in key.value.values)
    joins = "".join(key.join for key in keys)
    found = f"SELECT {COLUMNS}, {columns} FROM {shown} r{joins} WHERE {matches.text}"  # noqa: S608
    rest = beyond(keys, names, after) if after is not None else Part("1 = 1")
    text = f"SELECT * FROM ({found}) AS found WHERE {rest.text} {_order(keys, names)}"  # noqa: S608
    return Part(text, looked_up + matches.values + rest.values)


def _walk(
    tx: Tx, date: Parameter, matches: Part, asked: Asked, parsed: Query, count: int, after: Place | None
) -> list[Row]:
    """One patient's resources by a date, along its index, as far as the page goes; those without the date come last."""
    descending, last = parsed.sort[0][1], LAST[0]
    shown, found = view(parsed.types), list[Row]()
    if after is None or after[0] is not None:
        dated = _dated(date, matches, shown, asked.near, [Key(Part("i.low"), descending), last], after)
        found, after = list(rows(tx, dated, asked, count=count)), None
    if len(found) < count:
        of_date = all_of([asked.near.of("i.patient"), index_row.numbers(date)])
        has = Part(f"r.key IN (SELECT i.resource FROM search_date i WHERE {of_date.text})", of_date.values)  # noqa: S608
        rest = _plain([last], all_of([matches, negated(has)]), shown, after[1:] if after else None, "NULL AS sort0, ")
        found += rows(tx, rest, asked, count=count - len(found))
    return found


def _dated(date: Parameter, matches: Part, shown: str, near: Near, keys: Sequence[Key], after: Place | None) -> Part:
    names = [key.value.text for key in keys]
    tests = [near.of("i.patient"), index_row.numbers(date)]
    tests += [Part(f"i.ends IN (0, {2 if keys[0].descending else 1})")]
    tests += [Part("r.patient = i.patient AND r.key = i.resource"), matches]
    if after is not None:
        tests += [from_on(keys[0], names[0], after), beyond(keys, names, after)]
    asked = all_of(tests)
    # CROSS: the index of dates leads, so that its order is the order of what comes.
    text = f"""SELECT {COLUMNS}, {names[0]} AS sort0, {names[1]} AS sort1 FROM search_date i CROSS JOIN {shown} r
                WHERE {asked.text} {_order(keys, names)}"""  # noqa: S608
    return Part(text, asked.values)


def _order(keys: Sequence[Key], names: Sequence[str]) -> str:
    order = ", ".join(key.order(name) for key, name in zip(keys, names, strict=True))
    return f"ORDER BY {order} {AT_MOST}"


def patient_records(tx: Tx, where: str, parameters: Record) -> Sequence[Row]:
    """The Patient records under a predicate over ``r``."""
    return query(tx, f"SELECT r.* FROM resource r WHERE r.type = 'Patient' AND r.deleted = 0 AND {where}", parameters)  # noqa: S608
