"""People by what is known of them: for the desks that look for one resident."""

from collections.abc import Sequence

from hub.store.database import Tx
from hub.store.sql import AT_MOST, Record, Row, query


def said_by(tx: Tx, source: str, name: str, birth_date: str, count: int) -> Sequence[Row]:
    """Up to ``count`` of whom ``source`` says this name (folded) and birth date; "" asks for any: patient."""
    return _said(tx, "n.source = :source", {"source": source}, name, birth_date, count)


def said_of_theirs(tx: Tx, organisation: str, person: str, name: str, birth_date: str, count: int) -> Sequence[Row]:
    """The same, whoever says it, among those to whom the organisation or the person has, or had, a relation.

    How many others bear the name changes nothing of it.
    """
    near = """EXISTS (SELECT 1 FROM relation t WHERE t.patient = n.patient
                AND (t.organisation = :organisation OR t.person = :person))"""
    return _said(tx, near, {"organisation": organisation, "person": person}, name, birth_date, count)


def _said(tx: Tx, where: str, values: Record, name: str, birth_date: str, count: int) -> Sequence[Row]:
    asked = {column: value for column, value in (("name", name), ("birth_date", birth_date)) if value}
    if not asked:
        return []
    said = " AND ".join(f"n.{column} = :{column}" for column in asked)
    statement = f"SELECT DISTINCT n.patient FROM patient_name n WHERE {said} AND {where} ORDER BY n.patient {AT_MOST}"  # noqa: S608
    return query(tx, statement, {**asked, **values, "count": count})
