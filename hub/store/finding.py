"""People by what is known of them: for the desks that look for one resident."""

from collections.abc import Sequence

from hub.store.database import Tx
from hub.store.sql import AT_MOST, Record, Row, query


def said_to_be(tx: Tx, name: str, birth_date: str, count: int) -> Sequence[Row]:
    """Up to ``count`` of whom anybody says this name (folded) and birth date; "" asks for any: patient."""
    asked: Record = {"name": name, "birth_date": birth_date}
    where = " AND ".join(f"{column} = :{column}" for column, value in asked.items() if value)
    if not where:
        return []
    statement = f"SELECT DISTINCT patient FROM patient_name WHERE {where} ORDER BY patient {AT_MOST}"  # noqa: S608
    return query(tx, statement, {**{one: value for one, value in asked.items() if value}, "count": count})
