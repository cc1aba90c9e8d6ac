"""The store over several machines: what Citus, an extension of PostgreSQL, is to be told of the tables.

The tables of patients are spread by patient and lie together, so that whatever is asked of one patient is answered by
one node.  What the city file fills is small and stands on every node.  All else (the log, tokens, queues, the index of
identifiers) is of no one patient and stays where the hub connects.
"""

from collections.abc import Iterator

from sqlalchemy import Engine
from sqlalchemy.engine import Connection
from sqlmodel import SQLModel

from hub.store.database import UnsafeStore
from hub.store.partitions import is_of_patients
from hub.store.registry import CITY_FILE

FIRST = "resource"


def distributed() -> list[str]:
    """The tables that are spread by patient; the others lie beside the first."""
    names = sorted(table.name for table in SQLModel.metadata.sorted_tables if is_of_patients(table))
    return [FIRST, *(name for name in names if name != FIRST)]


def statements() -> list[str]:
    """What is to be run once, in this order, on an empty or a filled database."""
    beside = [
        f"SELECT create_distributed_table('{name}', 'patient', colocate_with => '{FIRST}')"
        for name in distributed()[1:]
    ]
    everywhere = [f"SELECT create_reference_table('{name}')" for name in sorted(CITY_FILE)]
    return [f"SELECT create_distributed_table('{FIRST}', 'patient')", *beside, *everywhere]


def distribute(engine: Engine) -> Iterator[str]:
    """Run the statements that were not run yet; gives each when it is done.  Raises ``UnsafeStore`` without Citus."""
    with engine.connect() as connection, connection.begin():
        if connection.exec_driver_sql("SELECT 1 FROM pg_extension WHERE extname = 'citus'").first() is None:
            raise UnsafeStore("This database has no extension citus. Install it on every node: CREATE EXTENSION citus")
        connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
        yield from tell(connection)


def tell(connection: Connection) -> Iterator[str]:
    """Run what Citus was not told before."""
    done = {row[0] for row in connection.exec_driver_sql("SELECT table_name::text FROM citus_tables")}
    for statement in statements():
        if statement.split("'")[1] not in done:
            connection.exec_driver_sql(statement)
            yield statement
