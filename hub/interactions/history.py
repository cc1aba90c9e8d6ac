"""history of one resource (FHIR R4 §3.1.0.8): every version that the caller may see."""

from dataclasses import dataclass

from hub.access.decide import Grant
from hub.auth.seal import BrokenSeal, Seal
from hub.context import Context
from hub.errors import Malformed
from hub.interactions.read import further_of_past, patients_of_current, visible
from hub.question import Shown
from hub.store import history as store
from hub.store.database import Tx
from hub.store.sql import Row


@dataclass(frozen=True, slots=True)
class PastVersion:
    """One version: its bytes (none where it is the deletion), its source's interaction and time."""

    body: bytes
    version: str
    recorded: str
    method: str


@dataclass(frozen=True, slots=True)
class Span:
    """Which versions of a history are asked for: a page of ``count`` of those from ``since``, and of those that were
    current at some time of the period ``at`` (from, to); ``cursor`` is the sealed place where the page begins."""

    since: str = ""
    at: tuple[str, str] | None = None
    count: int = 50
    cursor: str = ""
    asked: str = ""


@dataclass(frozen=True, slots=True)
class Versions:
    """A page of a history, newest first, and the sealed place of the next one, or none."""

    shown: tuple[PastVersion, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class History:
    """``GET Type/id/_history``: newest first."""

    type: str
    id: str
    span: Span
    seal: Seal
    interaction: str = "history-instance"

    @property
    def query(self) -> str:
        return f"{self.type}/{self.id}/_history" + (f"?{self.span.asked}" if self.span.asked else "")

    def patients(self, tx: Tx) -> tuple[str, ...]:
        return patients_of_current(tx, self.type, self.id)

    def answer(self, tx: Tx, grant: Grant, context: Context) -> Shown[Versions]:
        current, permit = visible(tx, grant, self.type, self.id)
        bound_to = grant.caller.key, self.query
        before = successor = opened(self.seal, self.span.cursor, *bound_to)
        rows: list[Row] = []
        wanted = self.span.count + 1
        while len(rows) < wanted:
            found = store.versions(
                tx,
                self.type,
                self.id,
                current.source,
                since=self.span.since,
                before=before or store.NEWEST[0],
                count=wanted,
            )
            for row in found:
                before = row.recorded
                if not grant.permits(row, further_of_past(row)).permit:
                    continue
                if self._was_current(row, successor):
                    rows.append(row)
                successor = row.recorded  # for the caller: what is hidden has replaced nothing
            if len(found) < wanted:
                break
        page = rows[: self.span.count]
        following = self.seal.close(page[-1].recorded, *bound_to) if len(rows) > len(page) else None
        versions = tuple(self._past(tx, grant, row, current) for row in page)
        what = tuple(f"{self.type}/{self.id}/_history/{version.version}" for version in versions)
        shown = Versions(versions, following)
        return Shown(shown, {current.patient: what}, permit.reason, permit.rules, current.category)

    def _was_current(self, row: Row, successor: str) -> bool:
        if self.span.at is None:
            return True
        begin, end = self.span.at
        return bool(row.recorded < end) and (not successor or successor > begin)

    def _past(self, tx: Tx, grant: Grant, row: Row, current: Row) -> PastVersion:
        body = b"" if row.deleted else grant.redacted(row, current)
        method = "DELETE" if row.deleted else "POST" if is_first_shown(tx, grant, row) else "PUT"
        return PastVersion(body, row.version, row.recorded, method)


def is_first_shown(tx: Tx, grant: Grant, row: Row) -> bool:
    """Whether the caller may see no version before this one: for them, what was hidden began when it opened."""
    before, looked_at = row.recorded, 1
    while looked_at:
        older = store.versions(tx, row.type, row.id, row.source, since="", before=before, count=looked_at)
        if any(grant.permits(one, further_of_past(one)).permit for one in older):
            return False
        # The one before is nearly always shown as well; only where it is not, more are looked at.
        before, looked_at = (older[-1].recorded, 50) if older else ("", 0)
    return True


def opened(seal: Seal, cursor: str, *bound_to: str) -> str:
    """The place in a sealed cursor, "" for none.  Raises ``Malformed`` for another caller's or another history's."""
    if not cursor:
        return ""
    try:
        return seal.open(cursor, *bound_to)
    except BrokenSeal as error:
        raise Malformed("This page link is not yours, or not of this history. Start the history again.") from error
