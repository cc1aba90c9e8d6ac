"""What is of use for a time only: answers for retries, tokens, assertions, drafts, exports, counts of requests.

Resources and log stay.
"""

from datetime import datetime, timedelta

from hub.context import instant
from hub.store import exports
from hub.store.database import Tx
from hub.store.registry import CLOCK_GOES_WRONG
from hub.store.sql import AT_MOST, run

AT_ONCE = 500
"""Rows of one kind that one piece of work takes out."""
_OVER = {
    "retry": ("caller, key", "recorded < :before"),
    "token": ("fingerprint", "expires < :now"),
    "assertion_use": ("issuer, jti", "expires < :before_a_wrong_clock"),
    "consent_draft": ("patient, id", "expires < :now"),
    "rate": ("until, process, caller, about", "until < :now"),
}


def sweep(tx: Tx, now: datetime, keep_retries: timedelta) -> bool:
    """Take out what is over, in part when it is much; says whether there may be more."""
    wrong_clock = instant(now - CLOCK_GOES_WRONG)
    moments = {"now": instant(now), "before": instant(now - keep_retries), "before_a_wrong_clock": wrong_clock}
    taken = [exports.prune(tx, moments["now"], AT_ONCE)]
    for table, (key, over) in _OVER.items():
        bound = {name: moment for name, moment in moments.items() if over.endswith(f":{name}")}
        statement = f"DELETE FROM {table} WHERE ({key}) IN (SELECT {key} FROM {table} WHERE {over} {AT_MOST})"  # noqa: S608
        taken.append(run(tx, statement, {**bound, "count": AT_ONCE}))
    return AT_ONCE in taken
