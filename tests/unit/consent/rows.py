"""Stored rows made from ``Facts``, and what the SQL predicate of a scope admits of them."""

from collections.abc import Sequence

from sqlcipher3 import dbapi2

from consent import SOURCE_ONLY, Facts, Refusal, Scope
from hub.access.filter import predicate
from hub.access.labels import bits

_TABLES = """
CREATE TABLE resource (
    number INTEGER, patient TEXT NOT NULL, type TEXT NOT NULL, id TEXT NOT NULL, source TEXT NOT NULL,
    publication TEXT NOT NULL, category TEXT NOT NULL, label_bits INTEGER NOT NULL, clinical_date TEXT,
    withheld INTEGER NOT NULL, directory INTEGER NOT NULL, also_about INTEGER NOT NULL);
CREATE TABLE also_about (patient TEXT, type TEXT, id TEXT, source TEXT, other TEXT);
"""


def admitted(scope: Scope | Refusal, resources: Sequence[Facts]) -> list[bool]:
    """For each resource, whether a query under the scope's predicate finds its row."""
    if isinstance(scope, Refusal):
        return [False for _ in resources]
    connection = dbapi2.connect(":memory:")
    try:
        connection.executescript(_TABLES)
        for number, facts in enumerate(resources):
            _store(connection, number, facts)
        made = predicate(scope, "r")
        found = connection.execute(f"SELECT r.number FROM resource r WHERE {made.sql}", made.parameters)  # noqa: S608
        numbers = {row[0] for row in found}
    finally:
        connection.close()
    return [number in numbers for number in range(len(resources))]


def _store(connection: dbapi2.Connection, number: int, facts: Facts) -> None:
    type_, _, id_ = facts.reference.partition("/")
    patient, *further = facts.patients or ("",)
    row = (
        *(number, patient, type_, id_, facts.source, f"{facts.source_kind}/{facts.category}", facts.category),
        *(bits(facts.labels), facts.clinical_date, facts.withheld or SOURCE_ONLY in facts.labels),
        *(facts.directory, len(further)),
    )
    connection.execute("INSERT INTO resource VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
    for other in further:
        also = (patient, type_, id_, facts.source, other)
        connection.execute("INSERT INTO also_about VALUES (?, ?, ?, ?, ?)", also)
