"""history of a type and of everything (FHIR R4 §3.1.0.8), for the municipality's auditors.

They see that something was written and when, never what: an auditor reads no clinical content (CONSENT.md §2).
"""

from dataclasses import dataclass
from json import dumps, loads

from hub.access.decide import Grant
from hub.auth.seal import Seal
from hub.context import Context
from hub.interactions.history import Span, opened
from hub.question import Shown
from hub.store import fence
from hub.store import history as store
from hub.store.database import Tx
from hub.store.sql import Row


@dataclass(frozen=True, slots=True)
class ChangeOf:
    """That a version was written: of what, by which method, when.  Nothing of its content."""

    type: str
    id: str
    version: str
    recorded: str
    method: str


@dataclass(frozen=True, slots=True)
class ChangePage:
    """A page, newest first, and the sealed place of the next one, or none."""

    changes: tuple[ChangeOf, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class Changes:
    """``GET Type/_history`` and, with the type ``*``, ``GET /_history``."""

    type: str
    span: Span
    seal: Seal

    @property
    def interaction(self) -> str:
        return "history-system" if self.type == "*" else "history-type"

    @property
    def query(self) -> str:
        path = "_history" if self.type == "*" else f"{self.type}/_history"
        return f"{path}?{self.span.asked}" if self.span.asked else path

    def patients(self, tx: Tx) -> tuple[str, ...]:
        return ()

    def answer(self, tx: Tx, grant: Grant, context: Context) -> Shown[ChangePage]:
        bound_to = grant.caller.key, self.query
        place = opened(self.seal, self.span.cursor, *bound_to)
        begin, end = self.span.at or ("", store.NEWEST[0])
        after: store.Place = tuple(loads(place)) if place else (end, "")
        type_ = "" if self.type == "*" else self.type
        with fence.lifted(tx):  # of everybody, but never what it was
            rows, following = store.changes(
                tx, type_, since=self.span.since, current_at=begin, after=after, count=self.span.count
            )
            changes = tuple(ChangeOf(row.type, row.id, row.version, row.recorded, _method(tx, row)) for row in rows)
        link = None if following is None else self.seal.close(dumps(following), *bound_to)
        return Shown(ChangePage(changes, link), {}, "audit")


def _method(tx: Tx, row: Row) -> str:
    if row.deleted:
        return "DELETE"
    return "POST" if store.is_first(tx, row.type, row.id, row.source, row.recorded) else "PUT"
