"""history of one resource (FHIR R4 §3.1.0.8): every version that the caller may see."""

from dataclasses import dataclass

from hub.access.decide import Grant
from hub.context import Context
from hub.interactions.read import further_of_past, patients_of_current, visible
from hub.read_path import Shown
from hub.store import resources
from hub.store.database import Tx


@dataclass(frozen=True, slots=True)
class PastVersion:
    """One version: its bytes (none where it is the deletion), its source's interaction and time."""

    body: bytes
    version: str
    recorded: str
    method: str


@dataclass(frozen=True, slots=True)
class History:
    """``GET Type/id/_history``: newest first."""

    type: str
    id: str
    interaction: str = "history-instance"

    @property
    def query(self) -> str:
        return f"{self.type}/{self.id}/_history"

    def patients(self, tx: Tx) -> tuple[str, ...]:
        return patients_of_current(tx, self.type, self.id)

    def answer(self, tx: Tx, grant: Grant, context: Context) -> Shown[list[PastVersion]]:
        current, permit = visible(tx, grant, self.type, self.id)
        rows = [
            row
            for row in resources.versions(tx, self.type, self.id)
            if row.source == current.source and grant.permits(row, further_of_past(row)).permit
        ]
        oldest = rows[-1].version if rows else ""
        versions = [
            PastVersion(
                b"" if row.deleted else grant.redacted(row, current),
                row.version,
                row.recorded,
                "DELETE" if row.deleted else "POST" if row.version == oldest else "PUT",
            )
            for row in rows
        ]
        what = tuple(f"{self.type}/{self.id}/_history/{version.version}" for version in versions)
        return Shown(versions, {current.patient: what}, permit.reason, permit.rules, current.category)
