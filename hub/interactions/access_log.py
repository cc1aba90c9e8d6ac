"""The access log as the auditor's page: the records, today's counts, and by what they can be narrowed (U4)."""

from dataclasses import dataclass
from datetime import datetime, time

from hub.access.decide import Grant
from hub.auth.seal import BrokenSeal, Seal
from hub.context import Context, instant
from hub.errors import Malformed
from hub.interactions.audit_review import AuditReview, LogPage
from hub.interactions.my_people import today
from hub.question import Shown
from hub.store import audit, registry
from hub.store.database import Tx
from hub.store.registry import JST
from hub.store.sql import Value


@dataclass(frozen=True, slots=True)
class AccessLogPage:
    """``log`` newest first; ``accesses`` and ``refusals`` are of ``today``; names by id of whom the city file knows."""

    log: LogPage
    next: str | None
    today: str
    accesses: int
    refusals: int
    organisations: dict[str, str]
    people: dict[str, str]


@dataclass(frozen=True, slots=True)
class AccessLog:
    """``GET /audit``: ``where`` as in ``AuditReview``; ``cursor`` is the sealed end of the page before."""

    where: tuple[tuple[str, Value], ...]
    cursor: str
    seal: Seal
    interaction: str = "search-type"
    type: str = "AuditEvent"

    @property
    def query(self) -> str:
        return AuditReview(self.where).query

    def patients(self, tx: Tx) -> tuple[str, ...]:
        return ()

    def answer(self, tx: Tx, grant: Grant, context: Context) -> Shown[AccessLogPage]:
        shown = AuditReview(self.where, self._opened(grant)).answer(tx, grant, context)
        log = shown.answer
        midnight = datetime.combine(today(context), time(), JST)
        accesses, refusals = audit.counts(tx, instant(midnight))
        page = AccessLogPage(
            log=log,
            next=self.seal.close(str(log.next), grant.caller.key, self.query) if log.next else None,
            today=today(context).isoformat(),
            accesses=accesses,
            refusals=refusals,
            organisations=registry.organisation_names(tx),
            people=registry.person_names(tx),
        )
        return Shown(page, {}, shown.reason)

    def _opened(self, grant: Grant) -> int | None:
        if not self.cursor:
            return None
        try:
            return int(self.seal.open(self.cursor, grant.caller.key, self.query))
        except BrokenSeal as error:
            raise Malformed("This page link is not yours, or not of this list.") from error
