"""Failed sign-ins of systems, counted so that guessing has an end (TRUST T-032)."""

from datetime import datetime, timedelta
from math import ceil

from hub.context import instant
from hub.store.database import Tx
from hub.store.sql import add, first, run
from hub.store.tables import FailedSignIn

ALLOWED = 20
WINDOW = timedelta(minutes=1)


def wait(tx: Tx, client: str, address: str, now: datetime) -> int:
    """Seconds until this client may try again from this address; 0 when it may now."""
    row = first(
        tx,
        """SELECT since FROM failed_sign_in
            WHERE client = :client AND address = :address AND failures >= :allowed AND since > :start""",
        {"client": client, "address": address, "allowed": ALLOWED, "start": instant(now - WINDOW)},
    )
    return 0 if row is None else max(1, ceil((datetime.fromisoformat(row.since) + WINDOW - now).total_seconds()))


def failed(tx: Tx, client: str, address: str, now: datetime) -> None:
    """Count a failure.  A minute after the first of them the count begins anew, so the table stays small."""
    run(tx, "DELETE FROM failed_sign_in WHERE since <= :start", {"start": instant(now - WINDOW)})
    place = {"client": client, "address": address}
    counted = "UPDATE failed_sign_in SET failures = failures + 1 WHERE client = :client AND address = :address"
    if not run(tx, counted, place):
        add(tx, FailedSignIn, [{**place, "since": instant(now), "failures": 1}])
