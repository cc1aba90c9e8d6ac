"""Bulk Data exports: a job is one row, and what it gives is read from the resources themselves, in bounded pieces.

Neither a file nor a list of what was found is kept: a job knows up to which place it has counted, and from which
person to which each of its files reaches (docs/decisions/0013-export-streams-under-the-rules-of-now.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from json import dumps, loads
from typing import Literal, TypeAlias

from hub.store.database import Tx
from hub.store.sql import AT_MOST, Record, Row, Value, add, first, in_list, query, run
from hub.store.tables import ExportJob

Level: TypeAlias = Literal["system", "Patient", "Group"]
Place: TypeAlias = tuple[str, str, str, str]
"""Where a row stands in the order of the walk: patient, type, id, source.  With no type: this patient is done."""

DELETED = "deleted"
"""The type of a file that lists what is no longer there."""


@dataclass(frozen=True, slots=True)
class File:
    """One file: a type, and the people from ``after`` (not included; none: the first) to ``last`` (none: the last).

    ``count`` is the number of its lines when they were counted.
    """

    type: str
    after: str | None
    last: str | None
    count: int


@dataclass(frozen=True, slots=True)
class Job:
    """One export, of one system of one organisation.

    ``moment`` is its transactionTime, ``since`` and ``expires`` are instants too; no ``types`` means all;
    ``place`` is up to where it has counted, ``finished`` that there is nothing left to count.
    """

    id: str
    organisation: str
    system: str
    level: Level
    group: str
    request: str
    types: tuple[str, ...]
    since: str
    moment: str
    expires: str
    place: Place | None = None
    files: tuple[File, ...] = ()
    finished: bool = False


def put(tx: Tx, job: Job) -> None:
    """Keep a new job."""
    columns: Record = {
        "id": job.id,
        "organisation": job.organisation,
        "system": job.system,
        "level": job.level,
        "group_id": job.group,
        "request": job.request,
        "types": " ".join(job.types),
        "since": job.since,
        "moment": job.moment,
        "expires": job.expires,
        **_progress(job),
    }
    add(tx, ExportJob, [columns])


def find(tx: Tx, id_: str, now: str) -> Job | None:
    """A job that has not expired at the instant ``now``."""
    row = first(tx, "SELECT * FROM export_job WHERE id = :id AND expires > :now", {"id": id_, "now": now})
    if row is None:
        return None
    place = loads(row.place)
    return Job(
        id=row.id,
        organisation=row.organisation,
        system=row.system,
        level=row.level,
        group=row.group_id,
        request=row.request,
        types=tuple(row.types.split()),
        since=row.since,
        moment=row.moment,
        expires=row.expires,
        place=tuple(place) if place else None,
        files=tuple(File(*one) for one in loads(row.files)),
        finished=bool(row.finished),
    )


def advance(tx: Tx, before: Job, after: Job) -> bool:
    """Keep how far a job has come; false when another worker has moved it meanwhile, or it was cancelled."""
    moved = run(
        tx,
        """UPDATE export_job SET place = :place, files = :files, finished = :finished
            WHERE id = :id AND place = :was AND finished = 0""",
        {**_progress(after), "id": before.id, "was": _progress(before)["place"]},
    )
    return moved == 1


def remove(tx: Tx, id_: str) -> None:
    """Forget a job; what was its files is nowhere."""
    run(tx, "DELETE FROM export_job WHERE id = :id", {"id": id_})


def prune(tx: Tx, now: str, count: int) -> int:
    """Forget up to ``count`` jobs that have expired; gives how many."""
    return run(
        tx,
        f"DELETE FROM export_job WHERE id IN (SELECT id FROM export_job WHERE expires <= :now {AT_MOST})",  # noqa: S608
        {"now": now, "count": count},
    )


def at_work(tx: Tx, organisation: str, system: str, now: str) -> int:
    """How many jobs of a system are not finished."""
    row = first(
        tx,
        """SELECT count(*) AS n FROM export_job
            WHERE organisation = :organisation AND system = :system AND finished = 0 AND expires > :now""",
        {"organisation": organisation, "system": system, "now": now},
    )
    return 0 if row is None else int(row.n)


def residents_after(tx: Tx, patient: str, count: int) -> list[str]:
    """Up to ``count`` patients of the whole city after one, in order."""
    rows = query(
        tx,
        f"SELECT DISTINCT id FROM resource WHERE type = 'Patient' AND id > :patient ORDER BY id {AT_MOST}",  # noqa: S608
        {"patient": patient, "count": count},
    )
    return [row.id for row in rows]


def related_after(tx: Tx, organisation: str, patient: str, count: int) -> list[str]:
    """Up to ``count`` patients after one to whom an organisation has a relation, in force or not, in order."""
    rows = query(
        tx,
        f"""SELECT DISTINCT patient FROM relation WHERE organisation = :organisation AND patient > :patient
             ORDER BY patient {AT_MOST}""",  # noqa: S608
        {"organisation": organisation, "patient": patient, "count": count},
    )
    return [row.patient for row in rows]


def related(tx: Tx, organisation: str, people: Sequence[str]) -> set[str]:
    """Those among ``people`` to whom an organisation has a relation, in force or not."""
    marks, bound = in_list("p", people)
    statement = f"SELECT patient FROM relation WHERE organisation = :organisation AND patient IN ({marks})"  # noqa: S608
    return {row.patient for row in query(tx, statement, {**bound, "organisation": organisation})}


def walk(
    tx: Tx,
    patients: Sequence[str],
    types: Sequence[str],
    place: Place | None,
    predicate: str,
    parameters: Record,
    count: int,
    *,
    shared: bool,
    bodies: bool,
) -> Sequence[Row]:
    """The next ``count`` rows of these patients (and types; none: all) after a place, deleted ones too.

    ``shared``: what is about several is there with each; ``person`` is the one whose row it is here, ``patient`` the
    one under whom it is filed.  Every row has its facts, and a ``body`` only where ``predicate`` (over ``r``) admits
    it; without ``bodies`` it is just not NULL.  The predicate stands among the columns and not in the WHERE, so that
    a piece ends after ``count`` rows however few of them may be shown.
    """
    marks, bound = in_list("w_p", patients)
    narrowed = ""
    if types:
        type_marks, type_bound = in_list("w_t", types)
        narrowed += f" AND r.type IN ({type_marks})"
        bound |= type_bound
    if place is not None and place[1]:
        narrowed += " AND ({person} <> :w_patient OR (r.type, r.id, r.source) > (:w_type, :w_id, :w_source))"
        bound |= dict(zip(("w_patient", "w_type", "w_id", "w_source"), place, strict=True))
    columns = f"""r.patient, r.source, r.publication, r.category, r.label_bits, r.clinical_date, r.withheld,
                  r.directory, r.also_about, r.type, r.id, r.version, r.recorded, r.deleted,
                  CASE WHEN {predicate} THEN {"r.body" if bodies else "1"} ELSE NULL END AS body"""
    same = " AND ".join(f"r.{name} = a.{name}" for name in ("patient", "type", "id", "source"))
    ways = (("r.patient", "resource r"), ("a.other", f"also_about a JOIN resource r ON {same}"))[: 1 + shared]
    found = " UNION ALL ".join(
        f"SELECT {person} AS person, {columns} FROM {table}"  # noqa: S608 - our own names and binds
        f" WHERE {person} IN ({marks}){narrowed.format(person=person)}"
        for person, table in ways
    )
    statement = f"{found} ORDER BY person, type, id, source {AT_MOST}"
    return query(tx, statement, {**parameters, **bound, "count": count})


def as_of(tx: Tx, row: Row, moment: str) -> Row | None:
    """The version of a resource that is no longer current, and was at an instant."""
    return first(
        tx,
        """SELECT * FROM history WHERE type = :type AND id = :id AND source = :source AND recorded <= :moment
            ORDER BY recorded DESC LIMIT 1""",
        {"type": row.type, "id": row.id, "source": row.source, "moment": moment},
    )


def _progress(job: Job) -> dict[str, Value]:
    files = [[one.type, one.after, one.last, one.count] for one in job.files]
    return {"place": dumps(job.place), "files": dumps(files), "finished": int(job.finished)}
