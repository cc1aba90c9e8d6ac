"""The bundle and the report while they grow, and the two data types that every part of a notebook needs."""

from dataclasses import dataclass, field

from connectors.conversion import Unmapped
from connectors.jahis.identity import JAHIS_RECORD, RecordNames
from connectors.jahis.notebook import Note
from connectors.jahis.records import Record
from connectors.transaction import update, uuid_url
from profiles import category_name
from profiles.canonical import INFORMATION_CATEGORY
from profiles.resource import Json, Resource, objects

MEDICAL, PATIENT = "1", "2"
_PROGRESS_NOTE = "progress-note"
AUTHOR_NAME = {"1": "医療関係者", "2": "患者・家族", "8": "その他", "9": "不明"}


@dataclass(slots=True)
class Draft:
    """``subject`` is the Reference to the person; entries are conditional updates by the record's identifier."""

    subject: Resource
    names: RecordNames
    entries: list[Resource] = field(default_factory=list)
    unmapped: list[Unmapped] = field(default_factory=list)

    def add(self, resource: Resource, *words: str) -> None:
        """Add the resource that ``words`` name; its own identifiers stand behind that name."""
        value = self.names.name(*words)
        identifiers: list[Json] = [{"system": JAHIS_RECORD, "value": value}, *objects(resource.get("identifier"))]
        first: Resource = {"resourceType": resource["resourceType"], "identifier": identifiers}
        self.entries.append(
            update(first | resource | {"identifier": identifiers}, uuid_url(value), JAHIS_RECORD, value)
        )

    def leave(self, record: Record, why: str, *names: str) -> None:
        """Report the fields of ``record`` that hold something."""
        self.unmapped += [record.unmapped(name, why) for name in names if record.text(name)]

    def message(self, note: Note, topic: Resource, *words: str, sent: str, sender: Resource | None) -> None:
        """Add a Communication: a sentence for the care team's timeline (経過観察・申し送り)."""
        kind = {"system": INFORMATION_CATEGORY, "code": _PROGRESS_NOTE, "display": category_name(_PROGRESS_NOTE)}
        resource: Resource = {
            "resourceType": "Communication",
            "status": "completed",
            "category": [{"coding": [{**kind}]}],
            "subject": self.subject,
            "topic": topic,
            "payload": [{"contentString": note.text}],
        }
        if sent:
            resource["sent"] = sent
        if sender:
            resource["sender"] = sender
        self.add(resource, *words)

    def told_by(self, author: str, institution: Resource | None = None) -> Resource | None:
        """Who said it, by 作成者: the institution, the person, or nobody that could be named."""
        return {MEDICAL: institution, PATIENT: self.subject}.get(author)


def annotation(text: str, author: str = MEDICAL) -> Resource:
    """An Annotation that names the kind of its author."""
    return {"authorString": AUTHOR_NAME.get(author, AUTHOR_NAME["9"]), "text": text}
