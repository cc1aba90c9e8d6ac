"""The access log, for the municipality (U4): who saw whose what, when, by which rule.  No clinical content."""

from dataclasses import dataclass

from hub.access.decide import Grant
from hub.context import Context
from hub.errors import not_found
from hub.projections.audit_event import AuditRecord
from hub.question import Shown
from hub.store import audit
from hub.store.database import Tx
from hub.store.sql import Value


@dataclass(frozen=True, slots=True)
class LogPage:
    """Records newest first, and where the next page starts (the ``before`` of the next question)."""

    records: list[AuditRecord]
    next: int | None


@dataclass(frozen=True, slots=True)
class AuditReview:
    """Filters by column (``patient``, ``organisation``, ``person``, ``outcome``, ``from``, ``to`` …)."""

    where: tuple[tuple[str, Value], ...] = ()
    before: int | None = None
    count: int = 50
    interaction: str = "search-type"
    type: str = "AuditEvent"

    @property
    def query(self) -> str:
        return "AuditEvent?" + "&".join(f"{name}={value!s}" for name, value in self.where)

    def patients(self, tx: Tx) -> tuple[str, ...]:
        return ()

    def answer(self, tx: Tx, grant: Grant, context: Context) -> Shown[LogPage]:
        rows = audit.find(tx, dict(self.where), before=self.before, count=self.count + 1)
        page = rows[: self.count]
        records = [audit.record_of(row, context.base_url) for row in page]
        following = int(page[-1].sequence) if len(rows) > self.count else None
        return Shown(LogPage(records, following), {}, "audit")


@dataclass(frozen=True, slots=True)
class AuditRead:
    """One event by its id."""

    id: str
    interaction: str = "read"
    type: str = "AuditEvent"

    @property
    def query(self) -> str:
        return f"AuditEvent/{self.id}"

    def patients(self, tx: Tx) -> tuple[str, ...]:
        return ()

    def answer(self, tx: Tx, grant: Grant, context: Context) -> Shown[AuditRecord]:
        rows = audit.find(tx, {"id": self.id}, count=1)
        if not rows:
            raise not_found()
        return Shown(audit.record_of(rows[0], context.base_url), {}, "audit")
