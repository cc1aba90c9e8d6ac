"""The access log: rows are only ever added (CONSENT.md, promise P6: in the log before the answer leaves)."""

from collections.abc import Sequence
from json import loads
from operator import attrgetter

import orjson

from hub.projections.audit_event import AuditRecord
from hub.store.database import Tx
from hub.store.sql import Row, Value, add_rows, first, in_list, query
from hub.store.tables import AuditRow


def put(tx: Tx, records: Sequence[AuditRecord]) -> None:
    """Append records; they are durable when the lane's commit is."""
    rows = [(*_plain(record), _listed(record.rules), _listed(record.what)) for record in records]
    add_rows(tx, AuditRow, (*_PLAIN, "rules", "what"), rows)


def _listed(texts: Sequence[str]) -> str:
    return orjson.dumps(texts).decode() if texts else "[]"


def find(tx: Tx, where: dict[str, Value], *, before: int | None = None, count: int = 50) -> Sequence[Row]:
    """Rows of the log, newest first.

    ``where`` holds equal-to filters by column, ``from``/``to`` bounds of ``recorded``, ``refused`` (1 or 0), and
    ``interactions`` (alternatives, separated by spaces); ``before`` is the sequence of the last row of the page before.
    """
    clauses, parameters = ["1 = 1"], {"count": count}
    names = {"patient", "organisation", "person", "system", "interaction", "outcome", "category", "id", "reason"}
    bound: dict[str, Value] = dict(parameters)
    for name, value in where.items():
        if name == "from":
            clauses.append("recorded >= :from_")
            bound["from_"] = value
        elif name == "to":
            clauses.append("recorded < :to_")
            bound["to_"] = value
        elif name == "refused":
            clauses.append("outcome <> '0'" if value else "outcome = '0'")
        elif name == "interactions":
            marks, alternatives = in_list("interaction_", str(value).split())
            clauses.append(f"interaction IN ({marks})")
            bound |= alternatives
        elif name in names:
            clauses.append(f"{name} = :{name}")
            bound[name] = value
        else:
            raise ValueError(f"the access log has no filter {name}")
    if before is not None:
        clauses.append("sequence < :before")
        bound["before"] = before
    statement = f"SELECT * FROM audit WHERE {' AND '.join(clauses)} ORDER BY sequence DESC LIMIT :count"  # noqa: S608
    return query(tx, statement, bound)


def counts(tx: Tx, since: str) -> tuple[int, int]:
    """How many records there are since an instant, and how many of them are refusals."""
    row = first(
        tx,
        """SELECT count(*) AS records, coalesce(sum(CASE WHEN outcome <> '0' THEN 1 ELSE 0 END), 0) AS refusals
             FROM audit WHERE recorded >= :since""",
        {"since": since},
    )
    assert row is not None
    return int(row.records), int(row.refusals)


def record_of(row: Row, site: str) -> AuditRecord:
    """A row of the log as the record that it was written from."""
    values = {name: row._mapping[name] for name in _PLAIN}
    return AuditRecord(**values, rules=tuple(loads(row.rules)), what=tuple(loads(row.what)), site=site)


_PLAIN = (
    "id", "recorded", "request_id", "interaction", "outcome", "reason", "purpose", "organisation", "organisation_name",
    "system", "person", "person_name", "profession", "token", "patient", "query", "address", "category",
)  # fmt: skip
_plain = attrgetter(*_PLAIN)
