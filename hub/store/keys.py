"""Keys of versions: each version that becomes current has its own, for ever (``resource.key``)."""

from hub.store.database import Tx
from hub.store.sql import add, first, on_postgresql, run
from hub.store.tables import Position

BLOCK = 1024
"""How many keys the sequence of PostgreSQL gives at once; more than a push may have entries."""


def take(tx: Tx, count: int) -> int:
    """The first of ``count`` new keys, which follow one another."""
    if on_postgresql(tx):
        # The sequence goes on by a block: writers do not wait for one another, and keys need not be without holes.
        assert count <= BLOCK
        block = first(tx, "SELECT nextval('resource_key') AS value", {})
        assert block is not None
        return int(block.value)
    if not run(tx, "UPDATE position SET value = value + :count WHERE name = 'resource'", {"count": count}):
        add(tx, Position, [{"name": "resource", "value": count}])
    row = first(tx, "SELECT value FROM position WHERE name = 'resource'", {})
    assert row is not None
    return int(row.value) - count + 1
