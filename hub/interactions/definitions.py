"""Reading what the hub itself defines (FHIR R4 §3.1.0.2): no resident's data, yet in the log like everything."""

from dataclasses import dataclass

from hub.access.decide import Grant
from hub.context import Context
from hub.errors import not_found
from hub.projections.definitions import body_of
from hub.question import Shown
from hub.store.database import Tx


@dataclass(frozen=True, slots=True)
class ReadDefinition:
    """``GET Type/id`` of a definition that the hub ships."""

    type: str
    id: str
    interaction: str = "read"

    @property
    def query(self) -> str:
        return f"{self.type}/{self.id}"

    def patients(self, tx: Tx) -> tuple[str, ...]:
        return ()

    def answer(self, tx: Tx, grant: Grant, context: Context) -> Shown[bytes]:
        body = body_of(self.type, self.id)
        if body is None:
            raise not_found()
        return Shown(body, {}, "directory", (), "directory")
