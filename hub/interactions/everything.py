"""$everything: all that is current about a person and that the caller may see (FHIR R4, an operation on Patient).

In pieces: one lane job reads at most ``SLICE`` resources of one person, is judged by the rules as they then stand, and
has its own record in the log.  So nobody waits behind somebody's thousands of resources.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from json import dumps, loads
from typing import TypeAlias

from hub.access.decide import Grant
from hub.auth.seal import BrokenSeal, Seal
from hub.context import Caller, Context
from hub.errors import Malformed, NotFound
from hub.interactions.read import visible
from hub.question import Shown
from hub.store import everything, relations, resources
from hub.store.database import Tx
from hub.store.everything import Narrowing, Place
from hub.store.sql import Row

SLICE = 250
START: Place = ("", "", "")
"""Before the Patient record itself, which comes first."""
_AFTER_RECORD: Place = ("0", "", "")  # before the name of every type
_REFERRED = re.compile(
    rb'"reference":"((?:Organization|Practitioner|PractitionerRole|Location|HealthcareService)/[^"/|?#]+)"'
)
_MOST_REFERRED = 100

Entry: TypeAlias = tuple[str, bytes]
"""``Type/id``, and the resource's bytes as they are stored."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Resources in their order, the directory's that they name, and the sealed place to go on from (or none)."""

    entries: list[Entry]
    included: list[Entry]
    next: str | None


@dataclass(frozen=True, slots=True)
class Everything:
    """A piece of what there is of the person ``id``, from ``place`` on.

    ``asked`` is the whole question as it was put (``Patient/x/$everything?…``, without a cursor).  ``alone``: it is
    about this person alone, who must be there; else a person who may not be shown is passed over.
    """

    id: str
    narrowing: Narrowing
    count: int
    asked: str
    cursor: str
    seal: Seal
    alone: bool = True
    interaction: str = "operation:everything"
    type: str = "*"

    @property
    def query(self) -> str:
        return self.asked

    def patients(self, tx: Tx) -> tuple[str, ...]:
        return resources.around(tx, (self.id,))

    def answer(self, tx: Tx, grant: Grant, context: Context) -> Shown[Piece]:
        after = opened(self.seal, self.cursor, grant.caller, self.asked)[1] if self.cursor else START
        try:
            record, _ = visible(tx, grant, "Patient", self.id)
        except NotFound:
            if self.alone:
                raise
            return Shown(Piece([], [], None), {})
        first = [record] if after == START and self._wants(record) else []
        predicate, parameters = grant.predicate("r")
        room = self.count - len(first)
        place = _AFTER_RECORD if after == START else after
        shared = len(grant.asked) > 1  # else nobody shares anything with this person
        found = everything.rows_of(tx, self.id, self.narrowing, predicate, parameters, place, room + 1, shared=shared)
        rows, more = found[:room], len(found) > room
        entries = [(f"Patient/{self.id}", grant.redacted(record)) for record in first]
        entries += [(f"{row.type}/{row.id}", grant.redacted(row)) for row in rows]
        if more:
            place = (rows[-1].type, rows[-1].id, rows[-1].source) if rows else _AFTER_RECORD
        following = closed(self.seal, grant.caller, self.asked, self.id, place) if more else None
        included = [
            row
            for type_, ids in self._referred(entries)
            for row in everything.directory_rows(tx, type_, ids, predicate, parameters)
        ]
        piece = Piece(entries, [(f"{row.type}/{row.id}", grant.redacted(row)) for row in included], following)
        told = {self.id: compact([*first, *rows, *included])}
        for other in {row.patient for row in rows} - {self.id}:
            told[other] = compact([row for row in rows if row.patient == other])
        return Shown(piece, told, rows=rows or [record])

    def _wants(self, record: Row) -> bool:
        types, since = self.narrowing.types, self.narrowing.since
        return (not types or "Patient" in types) and (not since or record.recorded >= since)

    def _referred(self, entries: Sequence[Entry]) -> Iterable[tuple[str, list[str]]]:
        """What the entries name of the directory, by type; so much as is cheap, and of the types that are wanted."""
        named = {match for _, body in entries for match in _REFERRED.findall(body)}
        wanted = [one.decode().partition("/") for one in sorted(named)[:_MOST_REFERRED]]
        for type_, group in groupby(wanted, key=lambda one: one[0]):
            if not self.narrowing.types or type_ in self.narrowing.types:
                yield type_, [id_ for _, _, id_ in group]


def people_of(tx: Tx, caller: Caller) -> tuple[str, ...]:
    """Everybody to whom the caller has a relation, in force or not: each piece is judged for itself."""
    rows = relations.of_caller(tx, caller.organisation, caller.person)
    return tuple(sorted({row.patient for row in rows}))


def compact(rows: Sequence[Row]) -> tuple[str, ...]:
    """What was shown, for the log: of each type the versions, ``Observation?versions=a,b``.

    A version's name is unique in the store; ``Type/id/_history/version`` for each of hundreds would be three times
    as long, in every record of every $everything.
    """
    by_type: dict[str, list[str]] = {}
    for row in rows:
        by_type.setdefault(row.type, []).append(row.version)
    return tuple(f"{type_}?versions={','.join(versions)}" for type_, versions in by_type.items())


def closed(seal: Seal, caller: Caller, asked: str, patient: str, place: Place) -> str:
    """The sealed cursor that goes on with ``patient`` after ``place``, for this caller and question alone."""
    return seal.close(dumps([patient, *place]), caller.key, asked)


def opened(seal: Seal, cursor: str, caller: Caller, asked: str) -> tuple[str, Place]:
    """The patient and the place of a cursor.  Raises ``Malformed`` for one of somebody else, or of another question."""
    try:
        patient, type_, id_, source = loads(seal.open(cursor, caller.key, asked))
    except BrokenSeal as error:
        raise Malformed("This page link is not yours, or not of this question. Start again.") from error
    return patient, (type_, id_, source)
