"""How the tables of patients lie on PostgreSQL: partitioned by hash of the patient (DESIGN §7).

A table whose primary key begins with the patient is a table of patients; there is no list to keep.  The migrations
say nothing of it: a table of patients that they create on PostgreSQL is made with its partitions, elsewhere plain.
"""

from sqlalchemy import Table, event
from sqlalchemy.engine import Connection

PARTITIONS = 8
"""Made with the table, and not changed afterwards.  More would cost whatever is looked up by id, in all of them."""


def is_of_patients(table: Table) -> bool:
    """Whether the primary key leads with the patient."""
    key = list(table.primary_key.columns)
    return bool(key) and key[0].name == "patient"


def is_partition(name: str) -> bool:
    """Whether a relation of this name is one of the partitions below a table."""
    return "_p" in name and name.rpartition("_p")[2].isdigit()


def make_with_tables() -> None:
    """From now on, a table of patients that is created on PostgreSQL is made with its partitions."""
    if not event.contains(Table, "before_create", _partition):
        event.listen(Table, "before_create", _partition)
        event.listen(Table, "after_create", _fill)


def _partition(table: Table, connection: Connection, **_: object) -> None:
    if connection.dialect.name == "postgresql" and is_of_patients(table):
        table.dialect_options["postgresql"]["partition_by"] = "HASH (patient)"


def _fill(table: Table, connection: Connection, **_: object) -> None:
    if connection.dialect.name == "postgresql" and is_of_patients(table):
        for number in range(PARTITIONS):
            part = f"FOR VALUES WITH (MODULUS {PARTITIONS}, REMAINDER {number})"
            connection.exec_driver_sql(f"CREATE TABLE {table.name}_p{number:02} PARTITION OF {table.name} {part}")
