"""row-level security on the numbers by which a resident is searched for"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The policy of the search index (0003) on its identifiers: the number leads there, and there are no parts."""
    if op.get_bind().dialect.name != "postgresql":
        return
    reach = "(SELECT current_setting('renkei.reach', true))"
    organisation = "(SELECT current_setting('renkei.organisation', true))"
    within = f"{reach} = '*' OR ({reach} <> '' AND patient IN (SELECT unnest(string_to_array({reach}, ','))))"
    within += f" OR (patient = '' AND {organisation} <> '')"
    mine = f"SELECT 1 FROM published p WHERE p.patient = search_identifier.patient AND p.source = {organisation}"  # noqa: S608
    op.execute("DROP POLICY IF EXISTS reach ON search_identifier")  # so that it can be applied once more
    op.execute(f"CREATE POLICY reach ON search_identifier USING ({within} OR EXISTS ({mine}))")
    op.execute("ALTER TABLE search_identifier ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE search_identifier FORCE ROW LEVEL SECURITY")
