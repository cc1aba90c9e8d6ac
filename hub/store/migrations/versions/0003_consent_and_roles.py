"""consent and roles, complete: emergencies, disasters, the review queue"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _emergencies()
    _disasters()
    _reviews()


def _emergencies() -> None:
    texts = ("organisation", "person", "profession", "reason", "place", "declared", "until")
    op.create_table(
        "emergency",
        *_texts("patient", "id", *texts),
        sa.PrimaryKeyConstraint("patient", "id"),
    )
    op.create_index("emergency_by_person", "emergency", ["person", "declared"], unique=False)
    op.create_table(
        "emergency_stop",
        *_texts("person", "raised", "organisation", "allowed", "allowed_by"),
        sa.PrimaryKeyConstraint("person", "raised"),
    )


def _disasters() -> None:
    declared = ("declared", "declared_by", "confirmed", "confirmed_by")
    ended = ("ending", "ending_by", "ended", "ended_by")
    op.create_table(
        "disaster",
        *_texts("id", "name", "areas", "organisations", "starts", "ends", *declared, *ended),
        sa.PrimaryKeyConstraint("id"),
    )


def _reviews() -> None:
    opened = ("kind", "subject", "text", "opened", "organisation", "person")
    op.create_table(
        "review_case",
        *_texts("patient", "id", *opened, "finding", "note", "closed", "closed_by"),
        sa.PrimaryKeyConstraint("patient", "id"),
    )
    op.create_index("review_case_by_time", "review_case", ["closed", "opened"], unique=False)


def _texts(*names: str) -> "list[sa.Column[str]]":
    return [sa.Column(name, sa.String(), nullable=False) for name in names]
