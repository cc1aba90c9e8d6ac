"""consent and roles, complete: emergencies, disasters, the review queue"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _consents()
    _emergencies()
    _disasters()
    _reviews()
    _consent_drafts()
    _fence()


def _consents() -> None:
    """Empty: what is stored already is compiled when the store is opened, and counts as it is until then."""
    op.create_table(
        "consent",
        *_texts("patient", "id", "version"),
        *_numbers("reader"),
        *_texts("spaces"),
        *_numbers("permits", "revoked"),
        *_texts("signed_from", "signed_to", "starts", "ends", "exceptions", "proxies"),
        *_numbers("named"),
        *_texts("unreadable"),
        sa.PrimaryKeyConstraint("patient", "id"),
    )
    look_at = sa.text("unreadable <> '' OR named = 1")
    op.create_index("consent_to_look_at", "consent", ["patient"], sqlite_where=look_at, postgresql_where=look_at)
    op.create_table("proxy", *_texts("patient", "id", "version"), sa.PrimaryKeyConstraint("patient", "id"))


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
    # Who is declared for is named by name, and only by somebody who has just shown who they are.
    op.create_index(op.f("ix_patient_name_name"), "patient_name", ["name"], unique=False)
    op.add_column("token", sa.Column("proved", sa.String(), nullable=False, server_default=""))


def _disasters() -> None:
    declared = ("declared", "declared_by", "confirmed", "confirmed_by")
    ended = ("ending", "ending_by", "ended", "ended_by")
    op.create_table(
        "disaster",
        *_texts("id", "name", "areas", "organisations", "starts", "ends", *declared, *ended),
        sa.PrimaryKeyConstraint("id"),
    )
    of_disasters = sa.text("reason = 'disaster'")
    op.create_index(
        "audit_of_disasters", "audit", ["recorded"], sqlite_where=of_disasters, postgresql_where=of_disasters
    )


def _reviews() -> None:
    opened = ("kind", "subject", "text", "opened", "organisation", "person")
    op.create_table(
        "review_case",
        *_texts("patient", "id", *opened, "finding", "note", "closed", "closed_by"),
        sa.PrimaryKeyConstraint("patient", "id"),
    )
    op.create_index("review_case_by_time", "review_case", ["closed", "opened"], unique=False)


def _consent_drafts() -> None:
    typed = ("caller", "concerns", "fields", "base", "made", "expires", "saved")
    op.create_table(
        "consent_draft",
        *_texts("patient", "id", *typed, "scan_name", "scan_type"),
        *_numbers("scan_size"),
        sa.Column("scan", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("patient", "id"),
    )


def _texts(*names: str) -> "list[sa.Column[str]]":
    return [sa.Column(name, sa.String(), nullable=False) for name in names]


def _numbers(*names: str) -> "list[sa.Column[int]]":
    return [sa.Column(name, sa.Integer(), nullable=False) for name in names]


_OF_A_SOURCE = ("resource", "history", "timeline", "also_about")
_OF_THE_INDEX = ("token", "date", "string", "reference", "number", "composite")


def _fence() -> None:
    """Row-level security on what patients' rows hold (hub/store/fence.py).  A session that says nothing sees nothing.

    FORCE: it holds the owner of the tables too, as whom the hub connects.  The partitions have no policy of their own:
    nobody reads them but through their table.
    """
    if op.get_bind().dialect.name != "postgresql":
        return
    reach = "(SELECT current_setting('renkei.reach', true))"
    organisation = "(SELECT current_setting('renkei.organisation', true))"
    within = f"{reach} = '*' OR ({reach} <> '' AND patient IN (SELECT unnest(string_to_array({reach}, ','))))"
    within += f" OR (patient = '' AND {organisation} <> '')"  # the registry of the network is no patient's
    policies = dict.fromkeys(_OF_A_SOURCE, f"{within} OR source = {organisation}")
    for table in (f"search_{kind}" for kind in _OF_THE_INDEX):
        mine = f"SELECT 1 FROM published p WHERE p.patient = {table}.patient AND p.source = {organisation}"  # noqa: S608
        policies[table] = f"{within} OR EXISTS ({mine})"
    for table, policy in policies.items():
        op.execute(f"CREATE POLICY reach ON {table} USING ({policy})")
        parts = [f"{table}_p{number:02}" for number in range(8)]
        for fenced in (table, *parts):
            op.execute(f"ALTER TABLE {fenced} ENABLE ROW LEVEL SECURITY")
            op.execute(f"ALTER TABLE {fenced} FORCE ROW LEVEL SECURITY")
