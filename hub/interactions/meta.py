"""$meta of one resource (FHIR R4, Resource operation): what the labels are, without what they are on."""

from dataclasses import dataclass

from hub.access.decide import Grant
from hub.context import Context
from hub.interactions.read import Read
from hub.question import Shown
from hub.store.database import Tx
from profiles.json import read_json
from profiles.resource import Resource, as_object


@dataclass(frozen=True, slots=True)
class Meta:
    """``Type/id/$meta``: shown to whoever may read the resource."""

    type: str
    id: str
    interaction: str = "operation:meta"

    @property
    def query(self) -> str:
        return f"{self.type}/{self.id}/$meta"

    def patients(self, tx: Tx) -> tuple[str, ...]:
        return Read(self.type, self.id).patients(tx)

    def answer(self, tx: Tx, grant: Grant, context: Context) -> Shown[Resource]:
        shown = Read(self.type, self.id).answer(tx, grant, context)
        meta = as_object(read_json(shown.answer.body)).get("meta")
        found: Resource = {"resourceType": "Parameters", "parameter": [{"name": "return", "valueMeta": meta}]}
        return shown.saying(found)
