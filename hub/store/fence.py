"""The second fence: row-level security of PostgreSQL (docs/decisions/0017-row-level-security.md).

The first fence is the predicate that stands in every query of an answer.  Should one ever be forgotten, the database
itself shows no row of a patient whom the grant does not name, unless the caller's own organisation published it.  A
session that says nothing of its reach sees no patient at all.  The embedded store has no such thing: it has one user.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from hub.store.database import Tx
from hub.store.sql import first, on_postgresql

EVERYBODY = "*"
"""The reach of the hub's own work (the way in, deciding, what the sweeper does): ``hub.store.postgresql`` sets it."""

_REACH = "SELECT set_config('renkei.reach', :reach, true), set_config('renkei.organisation', :organisation, true)"


@contextmanager
def reaching(tx: Tx, organisation: str, patients: Collection[str]) -> Iterator[None]:
    """As long as the block runs, rows of other patients are not there, but for the organisation's own.

    An error ends the savepoint in which it is set, and the reach with it.
    """
    if not on_postgresql(tx):
        yield
        return
    first(tx, _REACH, {"reach": ",".join(sorted(patients)), "organisation": organisation})
    yield
    first(tx, _REACH, {"reach": EVERYBODY, "organisation": ""})


@contextmanager
def lifted(tx: Tx) -> Iterator[None]:
    """Within ``reaching``, for the few answers about what a caller may *not* see (a what-if, a reason, a count).

    Who uses it stands in a list of ``tests/architecture``: such an answer gives numbers and reasons, no content.
    """
    if not on_postgresql(tx):
        yield
        return
    before = first(
        tx,
        "SELECT current_setting('renkei.reach') AS reach, current_setting('renkei.organisation') AS organisation",
        {},
    )
    assert before is not None
    first(tx, _REACH, {"reach": EVERYBODY, "organisation": ""})
    yield
    first(tx, _REACH, {"reach": before.reach, "organisation": before.organisation})
