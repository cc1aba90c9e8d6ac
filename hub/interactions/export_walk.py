"""The walk of an export: person by person, so many rows at a time, each judged by the rules of now.

Counting and delivering take the same walk, so that what is counted is what is delivered, as long as no rule changes
in between (docs/decisions/0013-export-streams-under-the-rules-of-now.md).
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import orjson

from hub.access.decide import Grant
from hub.interactions.read import further_of_past
from hub.store import exports, resources
from hub.store.database import Tx
from hub.store.exports import DELETED, File, Job, Place
from hub.store.sql import Row

PEOPLE = 25
"""People in one piece, at most: the rules of each of them are read, which takes as long as twenty of their rows."""
PIECES = 40
"""Full pieces in one file, after which the next person begins another: a file is soon sent, under a living token."""
_DIRECTORY = ""  # what belongs to no patient stands before all patients


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a file: the row that it shows, and the current one of the walk, which may be newer than the job."""

    type: str
    row: Row
    current: Row

    def rendered(self, grant: Grant) -> bytes:
        """Its bytes: the resource as it is sent, or a Bundle that says that it is deleted."""
        if self.type != DELETED:
            return grant.redacted(self.row, self.current)
        entry = {"request": {"method": "DELETE", "url": f"{self.row.type}/{self.row.id}"}}
        return orjson.dumps({"resourceType": "Bundle", "type": "transaction", "entry": [entry]})


def people(tx: Tx, job: Job, members: Sequence[str], place: Place | None, last: str | None = None) -> list[str]:
    """Whose resources the piece after ``place`` holds, in order; ``members`` of the group of a group's export."""
    at = place[0] if place else ""
    under_way = [at] if place and place[1] else []
    match job.level:
        case "system":
            start = [_DIRECTORY] if place is None else under_way
            following = exports.residents_after(tx, at, PEOPLE)
        case "Patient":
            start = under_way
            following = exports.related_after(tx, job.organisation, at, PEOPLE)
        case "Group":
            start = under_way
            beyond = bisect_right(members, at)
            following = list(members[beyond : beyond + PEOPLE])
    return (start + [one for one in following if last is None or one <= last])[:PEOPLE]


def piece(
    tx: Tx,
    grant: Grant,
    job: Job,
    members: Sequence[str],
    whose: Sequence[str],
    types: Sequence[str],
    place: Place | None,
    count: int,
    *,
    bodies: bool = True,
) -> tuple[list[Line], Place | None]:
    """The lines of the next ``count`` rows of these people, and the place to go on from; none when there is no more.

    Without ``bodies`` they can be counted, and not rendered.
    """
    predicate, parameters = grant.predicate("r", patient_records=True)
    shared = set(grant.asked) != set(whose) - {_DIRECTORY}  # else nothing about them is filed under others
    rows = exports.walk(tx, whose, types, place, predicate, parameters, count, shared=shared, bodies=bodies)
    lines = [line for row in rows if _has_its_place(tx, job, members, row) for line in _lines(tx, grant, job, row)]
    if len(rows) == count:
        end = rows[-1]
        return lines, (end.person, end.type, end.id, end.source)
    return lines, (whose[-1], "", "", "") if len(whose) == PEOPLE else None


def _has_its_place(tx: Tx, job: Job, members: Sequence[str], row: Row) -> bool:
    """Whether a row is given here: once, with whom it is filed under or, when the walk never meets them, another."""
    if row.person == row.patient:
        return True
    about = (row.patient, *resources.further_patients(tx, row.type, row.id))
    match job.level:
        case "system":
            return False
        case "Patient":
            met = exports.related(tx, job.organisation, about)
        case "Group":
            met = set(about) & set(members)
    return bool(row.patient not in met and row.person == min(met))


def _lines(tx: Tx, grant: Grant, job: Job, row: Row) -> Iterator[Line]:
    """What one current row gives as of the job's moment: itself, an earlier version, a deletion, or nothing."""
    if job.since and row.recorded < job.since:
        return
    admitted = row.body is not None
    if row.recorded > job.moment:
        past = _visible_past(tx, grant, row, job.moment) if admitted and not row.deleted else None
        if past is not None and past.recorded >= job.since:
            yield Line(row.type, past, row)
    elif not row.deleted:
        if admitted:
            yield Line(row.type, row, row)
        elif job.since and row.withheld and _visible_past(tx, grant, row, job.since) is not None:
            yield Line(DELETED, row, row)  # withdrawn, as entered in error: who holds a copy must hear of it
    elif admitted and job.since and not _still_there(tx, row):
        yield Line(DELETED, row, row)


def _visible_past(tx: Tx, grant: Grant, row: Row, moment: str) -> Row | None:
    past = exports.as_of(tx, row, moment)
    if past is None or past.deleted or not grant.permits(past, further_of_past(past)).permit:
        return None
    return past


def _still_there(tx: Tx, row: Row) -> bool:
    """Of a Patient every source has its record: when one is deleted, the person may still be there."""
    return row.type == "Patient" and any(not one.deleted for one in resources.current(tx, row.type, row.id))


def tallied(files: Sequence[File], lines: Sequence[Line], most: int) -> tuple[File, ...]:
    """The files with these lines added; one that has ``most`` ends with the person whom it ended in."""
    filed = list(files)
    newest = {file.type: number for number, file in enumerate(filed)}
    for (type_, patient), of_one in groupby(lines, key=lambda line: (line.type, line.current.person)):
        number = newest.get(type_)
        if number is None or (filed[number].count >= most and filed[number].last != patient):
            after = filed[number].last if number is not None else None
            newest[type_] = number = len(filed)
            filed.append(File(type_, after, None, 0))
        filed[number] = replace(filed[number], last=patient, count=filed[number].count + len(list(of_one)))
    return tuple(filed)


def closed(files: Sequence[File]) -> tuple[File, ...]:
    """The files when all is counted: the newest of each type is open at its end."""
    newest = {file.type: number for number, file in enumerate(files)}
    return tuple(replace(file, last=None) if newest[file.type] == number else file for number, file in enumerate(files))
