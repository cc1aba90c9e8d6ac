"""links by source"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_COLUMNS = "system, value, issuer, source, patient, birth_date, sex, linked"


def upgrade() -> None:
    _with_key("system", "value", "issuer", "source")
    op.create_index("identity_event_by_identifier", "identity_event", ["system", "value", "source"], unique=False)


def downgrade() -> None:
    op.drop_index("identity_event_by_identifier", table_name="identity_event")
    # Of several links of a number only the first source's can stay.
    op.execute(
        "DELETE FROM patient_identifier WHERE EXISTS (SELECT 1 FROM patient_identifier i"
        " WHERE i.system = patient_identifier.system AND i.value = patient_identifier.value"
        " AND i.issuer = patient_identifier.issuer AND i.source < patient_identifier.source)"
    )
    _with_key("system", "value", "issuer")


def _with_key(*columns: str) -> None:
    """The table with another primary key: SQLite cannot change one in place."""
    op.drop_index(op.f("ix_patient_identifier_patient"), table_name="patient_identifier")
    op.rename_table("patient_identifier", "patient_identifier_before")
    names = _COLUMNS.split(", ")
    op.create_table(
        "patient_identifier",
        *(sa.Column(name, sa.String(), nullable=False) for name in names),
        sa.PrimaryKeyConstraint(*columns),
    )
    op.execute(f"INSERT INTO patient_identifier ({_COLUMNS}) SELECT {_COLUMNS} FROM patient_identifier_before")  # noqa: S608
    op.drop_table("patient_identifier_before")
    op.create_index(op.f("ix_patient_identifier_patient"), "patient_identifier", ["patient"], unique=False)
