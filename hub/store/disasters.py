"""Disaster declarations (CONSENT.md §7): what two officers opened, for whom, until when.

A declaration opens something while it is confirmed, has begun and has neither run out nor been ended: that is asked
with the instant of each request, so nothing has to happen for it to end.
"""

from collections.abc import Sequence
from json import dumps, loads

from hub.store.access_tables import DisasterRow
from hub.store.database import Tx
from hub.store.sql import AT_MOST, Record, Row, add, first, query, run

IN_FORCE = "d.confirmed <> '' AND d.confirmed <= :now AND d.ended = '' AND d.starts <= :now AND d.ends > :now"
_NAMES = "instr(d.organisations, '\"' || {organisation} || '\"') > 0"
HELPS = f"""(SELECT count(*) FROM disaster d WHERE {IN_FORCE} AND {_NAMES.format(organisation="o.id")}) AS helps"""  # noqa: S608
"""A column beside an organisation ``o``: in how many disasters in force at ``:now`` it helps."""

_OPEN = "d.ended = '' AND d.ends > :now"


def areas(row: Row) -> tuple[str, ...]:
    """The areas of a declaration, as they were written."""
    return tuple(loads(row.areas))


def organisations(row: Row) -> tuple[str, ...]:
    """The ids of the organisations that help."""
    return tuple(loads(row.organisations))


def put(tx: Tx, disaster: Record, where: Sequence[str], helpers: Sequence[str]) -> None:
    """Keep a declaration (the other columns of ``DisasterRow``)."""
    lists = {"areas": _listed(where), "organisations": _listed(helpers)}
    add(tx, DisasterRow, [{**disaster, **lists}])


def in_force(tx: Tx, organisation: str, now: str) -> Sequence[Row]:
    """The disasters in force in which an organisation helps, the oldest first."""
    names = _NAMES.format(organisation=":organisation")
    statement = f"SELECT * FROM disaster d WHERE {IN_FORCE} AND {names} ORDER BY d.declared, d.id"  # noqa: S608
    return query(tx, statement, {"now": now, "organisation": organisation})


def standing(tx: Tx, now: str) -> Sequence[Row]:
    """All that wait for the second officer, are to come or are in force, the oldest first."""
    return query(tx, f"SELECT * FROM disaster d WHERE {_OPEN} ORDER BY d.declared, d.id", {"now": now})  # noqa: S608


def over(tx: Tx, now: str, count: int) -> Sequence[Row]:
    """Those that have run out, were ended or were withdrawn, the last declared first."""
    statement = f"SELECT * FROM disaster d WHERE NOT ({_OPEN}) ORDER BY d.declared DESC, d.id {AT_MOST}"  # noqa: S608
    return query(tx, statement, {"now": now, "count": count})


def one(tx: Tx, id_: str) -> Row | None:
    """A declaration by its id."""
    return first(tx, "SELECT * FROM disaster WHERE id = :id", {"id": id_})


def confirm(tx: Tx, id_: str, when: str, by: str) -> bool:
    """By the second officer; false when it waits no longer."""
    return _set(tx, "confirmed", id_, when, by, "confirmed = '' AND ended = '' AND ends > :when")


def end(tx: Tx, id_: str, when: str, by: str) -> bool:
    """At once, before its time; false when it was over."""
    return _set(tx, "ended", id_, when, by, "ended = '' AND ends > :when")


def ask_to_end(tx: Tx, id_: str, when: str, by: str) -> bool:
    """By the first officer; false when another did, or when it is not confirmed or over."""
    return _set(tx, "ending", id_, when, by, "confirmed <> '' AND ending = '' AND ended = '' AND ends > :when")


def go_on(tx: Tx, id_: str) -> bool:
    """Take the wish to end it back; false when there was none, or it was ended."""
    statement = "UPDATE disaster SET ending = '', ending_by = '' WHERE id = :id AND ending <> '' AND ended = ''"
    return bool(run(tx, statement, {"id": id_}))


def city_records(tx: Tx, municipality: str, after: str, count: int) -> Sequence[Row]:
    """The municipality's Patients after an id, in order: id, body."""
    return query(
        tx,
        f"""SELECT id, body FROM resource WHERE type = 'Patient' AND id > :after AND source = :source
               AND deleted = 0 AND withheld = 0 ORDER BY id {AT_MOST}""",  # noqa: S608
        {"after": after, "source": municipality, "count": count},
    )


def _set(tx: Tx, step: str, id_: str, when: str, by: str, where: str) -> bool:
    statement = f"UPDATE disaster SET {step} = :when, {step}_by = :by WHERE id = :id AND {where}"  # noqa: S608
    return bool(run(tx, statement, {"id": id_, "when": when, "by": by}))


def _listed(values: Sequence[str]) -> str:
    return dumps(list(values), ensure_ascii=False)
