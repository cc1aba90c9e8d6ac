"""failed sign-ins"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "failed_sign_in",
        sa.Column("client", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("since", sa.String(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("client", "address"),
    )
    op.create_index(op.f("ix_failed_sign_in_since"), "failed_sign_in", ["since"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_failed_sign_in_since"), table_name="failed_sign_in")
    op.drop_table("failed_sign_in")
