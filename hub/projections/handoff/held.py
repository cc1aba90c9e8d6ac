"""What the hub holds, as the handoff is given it, and in which words it is told."""

from collections.abc import Iterator
from dataclasses import dataclass

from hub.projections.describe import describe, members, notes
from hub.projections.forms import answers
from hub.projections.timeline import occurred_at
from hub.projections.wording import day, plain
from profiles.resource import Resource, as_text

LINE_LENGTH = 300

# Said behind a source's name that does not say it itself.
_KINDS = {
    "hospital": "病院", "clinic": "診療所", "dental-clinic": "歯科", "pharmacy": "薬局", "home-nursing": "訪問看護",
    "care-management": "居宅介護支援", "care-service": "介護サービス", "care-facility": "介護施設",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Held:
    """A resource that the reader of the handoff may see.

    ``category`` is its information category (DESIGN §4), ``source_name`` and ``source_kind`` are its source's name
    and organisation kind (DESIGN §1), ``recorded`` is the FHIR instant at which the hub stored it.
    """

    resource: Resource
    category: str
    source_name: str
    source_kind: str
    recorded: str

    @property
    def type(self) -> str:
        return as_text(self.resource.get("resourceType"))

    @property
    def reference(self) -> str:
        return f"{self.type}/{as_text(self.resource.get('id'))}"

    @property
    def moment(self) -> str:
        """The day in Japan of what it tells; of its recording, when it does not say."""
        return day(occurred_at(self.resource) or self.recorded)

    @property
    def source(self) -> str:
        kind = _KINDS.get(self.source_kind, "")
        return plain(self.source_name + (f"（{kind}）" if kind and kind not in self.source_name else ""))


def sentence(held: Held) -> Iterator[str]:
    """The resource as one line.  A form has none: its answers belong to the items that their links name."""
    if held.type == "QuestionnaireResponse":
        return
    said = describe(held.resource, held.category)
    line = f"{said.head}：{said.body}" if said.body else said.head
    yield plain(line + (f"（{said.more}）" if said.more else ""), LINE_LENGTH)


def body(held: Held) -> Iterator[str]:
    """The line without the kind of news, where the item's title has said it."""
    said = describe(held.resource, held.category)
    yield plain(said.body + (f" {said.more}" if said.more else ""), LINE_LENGTH)


def team(held: Held) -> Iterator[str]:
    """A line for each member of a care team."""
    return (plain(member, LINE_LENGTH) for member in members(held.resource))


def remarks(held: Held) -> Iterator[str]:
    """The remarks written on a plan."""
    return (plain(note, LINE_LENGTH) for note in notes(held.resource))


def form_or_sentence(held: Held) -> Iterator[str]:
    """A line for each answer of a form, else the resource as one line."""
    yield from sentence(held)
    yield from (plain(answer.text, LINE_LENGTH) for answer in answers(held.resource))


def named_answers(held: Held, code: str) -> Iterator[str]:
    """The answers of a form whose link names the item ``code``: ``house``, ``house.steps``."""
    return (plain(one.text, LINE_LENGTH) for one in answers(held.resource) if one.link.split(".")[0] == code)
