"""relations that care teams left behind, gave their own publishers, or gave for longer than they say, go"""

from json import loads

import sqlalchemy as sa
from alembic import op

from profiles.instants import EARLIEST, LATEST, in_japan, instants_of

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_TEAM = "r.type = 'CareTeam' AND r.deleted = 0 AND relation.origin = 'CareTeam/' || r.id"
_OF_TEAMS = "DELETE FROM relation WHERE origin LIKE 'CareTeam/%' AND"


def upgrade() -> None:
    """Rights are only taken away: what a team would give beyond what there is, it gives when it is written again."""
    if op.get_bind().dialect.name == "postgresql":
        # Row-level security shows no team to who does not say whom they look for, and then all relations would go.
        op.execute("SELECT set_config('renkei.reach', '*', true)")
    _of_no_team()
    _to_publishers()
    _by_their_teams()


def _of_no_team() -> None:
    """Of a team that was moved to somebody else, or that lost its subject."""
    op.execute(
        f"{_OF_TEAMS} NOT EXISTS (SELECT 1 FROM resource r WHERE r.patient = relation.patient AND {_TEAM})"  # noqa: S608
    )


def _to_publishers() -> None:
    """To the office that published the team itself, and its people; the municipality's teams may name its own."""
    staff = "relation.organisation = '' AND relation.person IN (SELECT person FROM role WHERE organisation = r.source)"
    op.execute(
        f"""{_OF_TEAMS} EXISTS (
              SELECT 1 FROM resource r WHERE r.patient = relation.patient AND {_TEAM}
                 AND NOT EXISTS (SELECT 1 FROM organisation o WHERE o.id = r.source AND o.kind = 'municipality')
                 AND (relation.organisation = r.source OR ({staff})))"""  # noqa: S608
    )


def _by_their_teams() -> None:
    """Of teams that are not in use; and the time before and after the period of a team."""
    tx = op.get_bind()
    given = f"SELECT relation.*, r.body FROM relation JOIN resource r ON r.patient = relation.patient AND {_TEAM}"  # noqa: S608
    shorter: list[dict[str, str]] = []
    none: list[dict[str, str]] = []
    for row in tx.execute(sa.text(given).execution_options(stream_results=True)).mappings():
        team = loads(bytes(row["body"]))
        period = team.get("period") or {}
        starts = max(row["starts"], in_japan(period.get("start", "")), key=_begin)
        ends = min(row["ends"], in_japan(period.get("end", "")), key=_over)
        place = {name: row[name] for name in ("patient", "origin", "organisation", "person")}
        if team.get("status") not in (None, "active") or _begin(starts) >= _over(ends):
            none.append(place)
        elif (starts, ends) != (row["starts"], row["ends"]):
            shorter.append({**place, "starts": starts, "ends": ends})
    here = "patient = :patient AND origin = :origin AND organisation = :organisation AND person = :person"
    if none:
        tx.execute(sa.text(f"DELETE FROM relation WHERE {here}"), none)  # noqa: S608
    if shorter:
        tx.execute(sa.text(f"UPDATE relation SET starts = :starts, ends = :ends WHERE {here}"), shorter)  # noqa: S608


def _begin(start: str) -> str:
    instants = instants_of(start) if not start.startswith("9999") else None
    return (instants[0] if instants else LATEST) if start else EARLIEST


def _over(end: str) -> str:
    if not end or end.startswith("9999"):
        return LATEST
    instants = instants_of(end)
    return instants[1] if instants else EARLIEST
