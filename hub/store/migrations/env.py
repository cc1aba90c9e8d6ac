"""Alembic's entry: runs the migrations on the connection that it is given."""

from alembic import context
from sqlmodel import SQLModel

from hub.store import tables

assert tables.ResourceRow.__tablename__ in SQLModel.metadata.tables  # importing the module declared them

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=SQLModel.metadata, transaction_per_migration=False)
context.run_migrations()
