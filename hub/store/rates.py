"""What each process counted of the running minute, so that a limit of requests holds over all of them (TRUST T-138)."""

from collections.abc import Mapping
from json import dumps

from hub.rates import Key
from hub.store.database import Tx
from hub.store.sql import on_postgresql, query, run


def exchange(tx: Tx, process: str, until: str, news: Mapping[Key, int]) -> dict[Key, int]:
    """Tell the others what this process counted in the minute that ends at ``until``; gives what they did.

    The embedded store has one process, and nobody to tell.
    """
    if not on_postgresql(tx):
        return {}
    counted = [{"caller": caller, "about": about, "spent": spent} for (caller, about), spent in news.items()]
    run(tx, _TELL, {"until": until, "process": process, "counted": dumps(counted)})
    rows = query(tx, _HEAR, {"until": until, "process": process})
    return {(row.caller, row.about): row.spent for row in rows}


_TELL = """
INSERT INTO rate (until, process, caller, about, spent)
SELECT :until, :process, caller, about, spent
  FROM json_to_recordset(:counted::json) AS counted (caller text, about text, spent integer)
    ON CONFLICT (until, process, caller, about) DO UPDATE SET spent = excluded.spent
"""
_HEAR = """
SELECT caller, about, sum(spent) AS spent FROM rate WHERE until = :until AND process <> :process GROUP BY caller, about
"""
