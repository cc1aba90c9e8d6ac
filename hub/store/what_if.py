"""What a what-if is computed from (CONSENT.md §9): a patient's facts in counts, and who could meet them."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from hub.context import instant
from hub.store.database import Tx
from hub.store.registry import JST
from hub.store.sql import Row, Value, in_list, query

_FACTS = "source, publication, category, label_bits, withheld, directory"
_IN_FORCE = """r.starts <= :today AND (r.ends = '' OR r.ends >= :today)
   AND o.starts <= :today AND (o.ends = '' OR o.ends >= :today)"""


def counted(tx: Tx, patient: str, days: Iterable[str], references: Collection[str]) -> Sequence[Row]:
    """How many current resources of a patient, and of nobody else, have the same facts: these facts and ``n``.

    Nothing is told apart but what a rule can tell apart: ``days`` are those at which a rule's period begins, or after
    which it has ended (any of the days between two of them stands for all), ``references`` what rules name.
    """
    bound: dict[str, Value] = {f"d{place}": day for place, day in enumerate(sorted(days))}
    begun = " + ".join(f"CASE WHEN clinical_date >= :{name} THEN 1 ELSE 0 END" for name in bound)
    span = f"CASE WHEN clinical_date IS NOT NULL THEN {begun or 0} ELSE -1 END"
    marks, named = in_list("r", sorted(references))
    reference = f"CASE WHEN type || '/' || id IN ({marks}) THEN type || '/' || id ELSE '' END"
    statement = f"""
        SELECT {_FACTS}, reference, min(clinical_date) AS clinical_date, count(*) AS n
          FROM (SELECT {_FACTS}, clinical_date, {span} AS span, {reference} AS reference
                  FROM resource WHERE patient = :patient AND deleted = 0 AND also_about = 0) AS facts
         GROUP BY {_FACTS}, reference, span"""  # noqa: S608 - our own names and binds
    return query(tx, statement, {**bound, **named, "patient": patient})


def shared(tx: Tx, patient: str) -> Sequence[Row]:
    """The current resources that are about a patient and about others, one by one, without their bodies."""
    columns = f"r.patient, r.type, r.id, r.clinical_date, {', '.join(f'r.{name}' for name in _FACTS.split(', '))}"
    same = "a.patient = r.patient AND a.type = r.type AND a.id = r.id AND a.source = r.source"
    return query(
        tx,
        f"""SELECT {columns} FROM resource r WHERE r.patient = :patient AND r.deleted = 0 AND r.also_about > 0
             UNION
            SELECT {columns} FROM also_about a JOIN resource r ON {same} WHERE a.other = :patient AND r.deleted = 0""",  # noqa: S608
        {"patient": patient},
    )


def roles(tx: Tx, organisations: Collection[str], persons: Collection[str], now: datetime) -> Sequence[Row]:
    """The roles in force at these organisations, and wherever these persons work: person, profession, organisation."""
    here, bound = in_list("o", sorted(organisations))
    these, named = in_list("p", sorted(persons))
    return query(
        tx,
        f"""SELECT r.person, r.profession, r.organisation, o.kind
              FROM role r JOIN organisation o ON o.id = r.organisation
             WHERE (r.organisation IN ({here})
                    OR r.organisation IN (SELECT organisation FROM role WHERE person IN ({these}))) AND {_IN_FORCE}
             ORDER BY r.organisation, r.profession, r.person""",  # noqa: S608
        {**bound, **named, "today": now.astimezone(JST).date().isoformat()},
    )


def systems(tx: Tx, organisations: Collection[str], now: datetime) -> Sequence[Row]:
    """The systems in use at these organisations that read as a profession: id, profession, purpose, organisation."""
    here, bound = in_list("o", sorted(organisations))
    return query(
        tx,
        f"""SELECT s.id, s.profession, s.purpose, s.organisation, o.kind
              FROM system s JOIN organisation o ON o.id = s.organisation
             WHERE s.organisation IN ({here}) AND s.enabled = 1 AND s.profession IS NOT NULL
               AND o.starts <= :today AND (o.ends = '' OR o.ends >= :today)
             ORDER BY s.organisation, s.id""",  # noqa: S608
        {**bound, "today": now.astimezone(JST).date().isoformat()},
    )


def emergencies(tx: Tx, patient: str, now: datetime) -> Sequence[Row]:
    """The emergencies in force for a patient, whosever they are."""
    return query(
        tx,
        "SELECT * FROM emergency WHERE patient = :patient AND until > :now",
        {"patient": patient, "now": instant(now)},
    )
