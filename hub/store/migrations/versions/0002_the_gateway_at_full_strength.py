"""the gateway at full strength: search of every R4 parameter, operations, export, subscriptions"""

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
