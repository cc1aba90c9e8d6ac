"""A retried push has one effect and the first answer (draft-ietf-httpapi-idempotency-key-header)."""

from dataclasses import asdict
from json import dumps, loads

from hub.context import Caller, Context, instant
from hub.draft import Draft, Written
from hub.errors import Conflict
from hub.projections.rows import record
from hub.store import audit, outbox, resources
from hub.store.database import Tx
from profiles import Issue


class KeyReused(Conflict):
    """The same Idempotency-Key with another request."""

    status, code = 422, "business-rule"


def earlier(tx: Tx, caller: Caller, draft: Draft, context: Context) -> tuple[Written, ...] | None:
    """The first answer under the draft's key, or none.  Raises ``KeyReused`` when the request is another."""
    row = outbox.earlier_answer(tx, caller.key, draft.key) if draft.key else None
    if row is None:
        return None
    if row.request_hash != draft.request_hash:
        raise KeyReused("This Idempotency-Key was used for another request. Take a new key.", reason="key-reused")
    answer = tuple(_written(tx, one) for one in loads(row.body))
    what = tuple(one.location for one in answer)
    audit.put(tx, [record(caller, context, interaction=draft.interaction, what=what, query="replay", reason="replay")])
    return answer


def remember(tx: Tx, caller: Caller, draft: Draft, answer: tuple[Written, ...], context: Context) -> None:
    """Keep the answer, without the resources themselves: they are stored as versions."""
    if not draft.key:
        return
    kept = [{**one._asdict(), "findings": [asdict(issue) for issue in one.findings], "body": ""} for one in answer]
    outbox.remember_answer(
        tx,
        {
            "caller": caller.key,
            "key": draft.key,
            "request_hash": draft.request_hash,
            "recorded": instant(context.now),
            "body": dumps(kept).encode(),
        },
    )


def _written(tx: Tx, kept: dict[str, object]) -> Written:
    findings = kept["findings"]
    assert isinstance(findings, list)
    status, type_, id_, version = kept["status"], str(kept["type"]), str(kept["id"]), str(kept["version"])
    assert isinstance(status, int)
    row = resources.find_version(tx, type_, id_, version)
    body = bytes(row.body) if row is not None else b""
    return Written(status, type_, id_, version, str(kept["recorded"]), body, tuple(Issue(**one) for one in findings))
