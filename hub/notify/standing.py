"""The hub's own word on a Subscription: a new version with another ``status``, in the log, in the same commit."""

from hub.context import Caller, Context, instant
from hub.draft import Bound, Change
from hub.notify.accept import TYPE
from hub.projections.rows import record, replaced_rows, search_rows
from hub.projections.version import outcome
from hub.store import audit, resources, search, subscriptions
from hub.store.database import Tx
from hub.store.sql import Row
from profiles.json import read_json
from profiles.resource import Resource, as_object

INTERACTION = "notification-status"


def stand(tx: Tx, row: Row, status: str, error: str, owner: Caller, context: Context) -> None:
    """Let a subscription be ``status`` (active, error, off) from now on; ``error`` says why, "" for no trouble."""
    before = resources.own(tx, TYPE, row.id, row.organisation)
    if before is None or before.deleted:
        return
    resource: Resource = {**as_object(read_json(before.body)), "status": status}
    resource.pop("error", None)
    if error:
        resource["error"] = error
    changed = outcome(Bound(Change("PUT", TYPE, row.id), row.id, resource, before, ()), before.facts, context)
    if changed.is_new:
        key = resources.put(tx, [changed.version], [before])
        search.remove(tx, replaced_rows([before]))
        search.put(tx, search_rows([changed], key))
    subscriptions.stands(tx, row.id, status, error, instant(context.now) if status == "active" else "")
    said = record(
        owner,
        context,
        interaction=INTERACTION,
        what=(changed.written.location,),
        query=f"{TYPE}/{row.id}",
        reason=status,
    )
    audit.put(tx, [said])
