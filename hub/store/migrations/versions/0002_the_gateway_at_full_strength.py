"""the gateway at full strength: search of every R4 parameter, operations, export, subscriptions"""

from collections.abc import Mapping
from typing import TypeAlias

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _search_index()
    _subscriptions()
    _sequences()
    _exports()
    op.create_index(op.f("ix_retry_recorded"), "retry", ["recorded"], unique=False)
    op.add_column("city", sa.Column("version", sa.String(), nullable=False, server_default=""))
    # What was written when, of everybody: the history of a type and of everything.
    op.create_index("resource_by_recorded", "resource", ["recorded"], unique=False)
    op.create_index("history_by_recorded", "history", ["recorded"], unique=False)


def _sequences() -> None:
    """On PostgreSQL writers do not wait for one another's counters (hub/store/keys.py)."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE SEQUENCE resource_key INCREMENT BY 1024")


def _exports() -> None:
    op.create_table(
        "export_job",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("organisation", sa.String(), nullable=False),
        sa.Column("system", sa.String(), nullable=False),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column("group_id", sa.String(), nullable=False),
        sa.Column("request", sa.String(), nullable=False),
        sa.Column("types", sa.String(), nullable=False),
        sa.Column("since", sa.String(), nullable=False),
        sa.Column("moment", sa.String(), nullable=False),
        sa.Column("expires", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("files", sa.String(), nullable=False),
        sa.Column("finished", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("export_job_by_caller", "export_job", ["organisation", "system"], unique=False)
    op.create_index(op.f("ix_export_job_expires"), "export_job", ["expires"], unique=False)
    # An export walks through the patients of an organisation in their order.
    op.drop_index("relation_by_organisation", table_name="relation")
    op.create_index("relation_by_organisation", "relation", ["organisation", "patient"], unique=False)


def _subscriptions() -> None:
    """What is told to whom.  A message leaves the outbox when it is in the queues: nothing marks it as delivered."""
    with op.batch_alter_table("outbox") as table:
        table.drop_column("delivered")
    op.execute("UPDATE outbox SET kind = 'updated' WHERE kind = 'written'")
    texts = ("system", "organisation", "status", "error", "headers", "ends", "asked", "began")
    op.create_table(
        "subscription",
        sa.Column("id", sa.String(), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in texts),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("queued", "numbered", "done")),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("heartbeat", "failures")),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("failing_since", "due", "beat")),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("leased", "holder")),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "notification",
        sa.Column("subscription", sa.String(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("patient", "kind", "type", "id")),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("version", "recorded")),
        sa.Column("number", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("subscription", "position"),
    )


_Type: TypeAlias = "sa.String | sa.BigInteger | sa.Double[float]"


def _search_index() -> None:
    """The index of search anew.  Its rows are made after this, in slices (hub/store/reindex.py)."""
    for old in ("search_token", "search_date", "search_text"):
        op.drop_table(old)
    # SQLite puts a new column last, behind the body, where reading it would walk through every page of the body.
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    with op.batch_alter_table("resource", recreate="always" if is_sqlite else "never") as table:
        column = sa.Column("key", sa.BigInteger(), nullable=True)
        table.add_column(column, insert_before="body" if is_sqlite else None)
    op.create_index("resource_by_key", "resource", ["patient", "key"], unique=True)
    unindexed = sa.text("key IS NULL")
    op.create_index("resource_unindexed", "resource", ["patient"], sqlite_where=unindexed, postgresql_where=unindexed)
    op.create_index("also_about_by_other", "also_about", ["other"], unique=False)
    op.create_table(
        "published",
        sa.Column("patient", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("patient", "source"),
        sqlite_with_rowid=False,
    )
    op.create_index("published_by_source", "published", ["source", "patient"], unique=False)
    op.execute("INSERT INTO published (patient, source) SELECT DISTINCT patient, source FROM resource")
    _index_table("search_token", {"code": sa.String(), "system": sa.BigInteger()})
    _index_table("search_date", {"low": sa.BigInteger(), "high": sa.BigInteger()}, with_ends=True)
    _index_table("search_string", {"text": sa.String(), "written": sa.String()})
    _index_table("search_reference", {"target": sa.String()})
    op.create_index("search_reference_by_target", "search_reference", ["target", "parameter", "resource"], unique=False)
    span: dict[str, _Type] = {"low": sa.Double(), "high": sa.Double()}
    code: dict[str, _Type] = {"code": sa.String(), "system": sa.BigInteger()}
    _index_table("search_number", {**span, **code})
    code2: dict[str, _Type] = {"code2": sa.String(), "system2": sa.BigInteger()}
    _index_table("search_composite", {**code, **code2, **span, "text": sa.String()})
    op.create_table(
        "search_identifier",
        sa.Column("parameter", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("system", sa.BigInteger(), nullable=False),
        sa.Column("patient", sa.String(), nullable=False),
        sa.Column("resource", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("parameter", "code", "system", "patient", "resource"),
        sqlite_with_rowid=False,
    )


def _index_table(name: str, values: Mapping[str, _Type], *, with_ends: bool = False) -> None:
    op.create_table(
        name,
        sa.Column("patient", sa.String(), nullable=False),
        sa.Column("parameter", sa.Integer(), nullable=False),
        *(sa.Column(column, kind, nullable=False) for column, kind in values.items()),
        sa.Column("resource", sa.BigInteger(), nullable=False),
        *([sa.Column("ends", sa.Integer(), nullable=False)] if with_ends else []),
        sa.PrimaryKeyConstraint("patient", "parameter", *values, "resource"),
        sqlite_with_rowid=False,
    )
