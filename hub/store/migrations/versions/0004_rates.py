"""limits of requests hold over all processes; the relations of one of an office's people are found by themselves"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Of no patient: ``about`` is what a request named, whether there is such a resident or not."""
    op.create_table(
        "rate",
        *(sa.Column(name, sa.String(), nullable=False) for name in ("until", "process", "caller", "about")),
        sa.Column("spent", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("until", "process", "caller", "about"),
    )
    op.create_index("relation_by_member", "relation", ["organisation", "person"])
