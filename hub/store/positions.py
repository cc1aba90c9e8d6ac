"""Places on the timeline, in an order that no reader can pass too early (TRUST T-117 to T-122).

A place is a number; a cursor is the number of the last item that was read.  The embedded store has one writer at a
time: it counts, and what is committed stands in order.  PostgreSQL has many.  There a plain counter loses items:
who reads up to 11 while 10 is not committed yet never sees 10.  So a place is made of the number of its transaction
and of the item's turn within it, and nobody reads at or beyond the oldest transaction that still runs.

Such numbers begin anew in a restored database and are given out again after a failover.  Whoever connects compares
the server with the one that the timeline was last written on, and lets the places go on far beyond the old ones:
no cursor ever has to be thrown away.
"""

from datetime import datetime, timedelta

from hub.store.database import Tx
from hub.store.sql import Row, add, first, on_postgresql, run
from hub.store.tables import Position

TIMELINE, CLUSTER, BRANCH = "timeline", "timeline cluster", "timeline branch"

ITEM_BITS = 20  # a million items in one transaction; leaves 43 bits for transactions, at 1,000 a second 278 years
LOST_AT_MOST = 1 << 48  # the places of 268 million transactions, which a restored backup may lack


def take(tx: Tx, count: int) -> int:
    """The first of ``count`` new places, which follow one another."""
    if on_postgresql(tx):
        return _number(tx, _TAKE, count)
    if not run(tx, "UPDATE position SET value = value + :count WHERE name = 'timeline'", {"count": count}):
        add(tx, Position, [{"name": TIMELINE, "value": count}])
    return horizon(tx) - count


def horizon(tx: Tx) -> int:
    """The first place that may still be filled: all below are as they will stay."""
    if on_postgresql(tx):
        return _number(tx, _HORIZON, 0)
    row = _row(tx, TIMELINE)
    return 1 if row is None else int(row.value) + 1


def settled(tx: Tx, now: datetime) -> datetime:
    """An instant up to ``now``: what is committed from now on, and not seen yet, is not recorded before it.

    What is written has the instant of its turn, which is later than the beginning of its transaction.  The embedded
    store has no other transaction.  Of PostgreSQL's the ages are asked, so that its clock need not be the hub's.
    """
    if not on_postgresql(tx):
        return now
    oldest = first(tx, _OLDEST, {})
    assert oldest is not None
    return now - timedelta(seconds=oldest.seconds)


def go_on(tx: Tx) -> None:
    """On PostgreSQL, at each new connection: see to it that new places stand after all that were ever given out."""
    server = first(tx, _SERVER, {})
    assert server is not None
    if _same(tx, server):
        return
    run(tx, "SELECT pg_advisory_xact_lock(hashtext('timeline places'))", {})
    if _same(tx, server):
        return
    newest = first(tx, "SELECT max(position) AS position FROM timeline", {})
    last = int(newest.position) if newest and newest.position is not None else 0
    base = last + LOST_AT_MOST - (server.xid << ITEM_BITS) if last else 0
    for name, value in ((TIMELINE, base), (CLUSTER, server.cluster), (BRANCH, server.branch)):
        run(tx, _SET, {"name": name, "value": value})


def _same(tx: Tx, server: Row) -> bool:
    cluster, branch = _row(tx, CLUSTER), _row(tx, BRANCH)
    return bool(cluster and branch and (cluster.value, branch.value) == (server.cluster, server.branch))


def _row(tx: Tx, name: str) -> Row | None:
    return first(tx, "SELECT value FROM position WHERE name = :name", {"name": name})


def _number(tx: Tx, statement: str, count: int) -> int:
    row = first(tx, statement, {"count": count} if count else {})
    assert row is not None
    return int(row.place)


# The turn within the transaction is kept in a setting of the transaction, which a rollback to a savepoint takes back.
_TAKE = f"""
SELECT p.value + (pg_current_xact_id()::text::bigint << {ITEM_BITS}) - :count + set_config('renkei.turn',
       (coalesce(nullif(current_setting('renkei.turn', true), ''), '0')::bigint + :count)::text, true)::bigint AS place
  FROM position p WHERE p.name = 'timeline'
"""  # noqa: S608
_HORIZON = f"""
SELECT p.value + (pg_snapshot_xmin(pg_current_snapshot())::text::bigint << {ITEM_BITS}) AS place
  FROM position p WHERE p.name = 'timeline'
"""  # noqa: S608
_OLDEST = """
SELECT coalesce(max(extract(epoch FROM clock_timestamp() - xact_start)), 0)::float8 AS seconds
  FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
_SERVER = """
SELECT s.system_identifier AS cluster, pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS xid,
       ('x' || lpad(substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8), 16, '0'))::bit(64)::bigint AS branch
  FROM pg_control_system() s
"""
_SET = """
INSERT INTO position (name, value) VALUES (:name, :value) ON CONFLICT (name) DO UPDATE SET value = excluded.value
"""
