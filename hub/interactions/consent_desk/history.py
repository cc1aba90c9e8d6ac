"""What was done with a resident's consents: who took, changed or revoked which, when, and from which paper."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import itemgetter

from hub.store import consent_papers, fence, resources, search
from hub.store.database import Tx
from hub.store.sql import Row
from profiles import parse_query
from profiles.json import read_json
from profiles.resource import Json, Resource, as_object, as_text, objects, reference_of

_TOGETHER = timedelta(seconds=1)
_ENDED = ("inactive", "rejected", "entered-in-error")


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that was done with a consent: who did it where, when, for whom and from which paper."""

    consent: str
    what: str
    recorded: str
    organisation: str
    person: str = ""
    signer: str = ""
    signed: str = ""
    why: str = ""
    form: str = ""
    ends: bool = False


def history(tx: Tx, patient: str, consents: Collection[str], names: Mapping[str, str]) -> list[Event]:
    """Every version of these consents (ids) as an event, the last first; ``names`` are by reference.

    What a system wrote has no Provenance: then it is known when, and from which organisation.
    """
    with fence.lifted(tx):
        rows = [row for row in reversed(consent_papers.versions(tx, patient)) if row.id in consents]
        waiting = {row.id: _notes(tx, row.id, row.source) for row in rows}
    seen, events = set[str](), list[Event]()
    for row in rows:
        events.append(_event(row, row.id not in seen, _taken_with(row, waiting[row.id]), names))
        seen.add(row.id)
    return events[::-1]


def _notes(tx: Tx, consent_id: str, source: str) -> list[tuple[datetime, Resource]]:
    """The Provenances of a consent with the instants at which they were stored, the first first."""
    asked = parse_query("Provenance", [("target", f"Consent/{consent_id}")])
    found = (resources.own(tx, "Provenance", one, source) for one in search.own_ids(tx, asked, source, count=50))
    notes = [(one.recorded, as_object(read_json(one.body))) for one in found if one is not None and not one.deleted]
    return [(datetime.fromisoformat(recorded), note) for recorded, note in sorted(notes, key=itemgetter(0))]


def _taken_with(row: Row, notes: list[tuple[datetime, Resource]]) -> Resource | None:
    """The Provenance that was written with a version, taken off ``notes``.

    Its instant is that of the version, or just before it: a version is always later than the one before it.
    """
    recorded = datetime.fromisoformat(row.recorded)
    if notes and timedelta(0) <= recorded - notes[0][0] < _TOGETHER:
        return notes.pop(0)[1]
    return None


def _event(row: Row, is_first: bool, note: Resource | None, known: Mapping[str, str]) -> Event:
    body = as_object(read_json(row.body))
    ended = body.get("status") in _ENDED
    what = "取り消しを受け付けました" if ended else "登録しました" if is_first else "書き換えました"
    organisation = known.get(f"Organization/{row.source}", row.source)
    if note is None:
        return Event(row.id, what, row.recorded, organisation, ends=ended)
    agents = {_code(one.get("type")): as_object(one.get("who")) for one in objects(note.get("agent"))}
    paper = next((reference_of(one.get("what")) for one in objects(note.get("entity"))), "")
    return Event(
        row.id,
        what,
        row.recorded,
        organisation,
        as_text(agents.get("enterer", {}).get("display")),
        known.get(as_text(agents.get("author", {}).get("reference")), "代理の方"),
        as_text(note.get("occurredDateTime")),
        next((as_text(one.get("text")) for one in objects(note.get("reason"))), ""),
        paper.removeprefix("DocumentReference/"),
        ended,
    )


def _code(concept: Json) -> str:
    codings = objects(as_object(concept).get("coding"))
    return as_text(codings[0].get("code")) if codings else ""
