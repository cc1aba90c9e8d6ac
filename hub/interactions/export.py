"""$export: all that a system may see, for it to take home (Bulk Data Access IG, STU 2).

A job moves when its caller asks how far it is: each time some pieces are counted, under the rules and the token of
that moment, so that any worker can go on with it and none has to be waited for.  Its files are not stored: each is
read from the resources while it is delivered, piece by piece, under the rules of then
(docs/decisions/0013-export-streams-under-the-rules-of-now.md).
"""

from dataclasses import dataclass, replace
from datetime import timedelta

from hub.access import decide
from hub.access.caller import authenticate
from hub.access.decide import Grant
from hub.auth.scopes import allows, read_scopes
from hub.context import Caller, Context, Credential, instant
from hub.errors import NOT_FOR_ROLE, Refused, TooMany, not_found
from hub.interactions import export_walk as walk
from hub.interactions.everything import compact
from hub.interactions.read import visible
from hub.question import Shown
from hub.store import exports, positions, resources
from hub.store.database import Tx
from hub.store.exports import DELETED, File, Job, Level, Place
from profiles.json import read_json
from profiles.resource import Resource, as_object, objects, reference_of

LIFETIME = timedelta(hours=24)
MOST_AT_WORK = 3
_RETRY = 60  # seconds


@dataclass(frozen=True, slots=True)
class KickOff:
    """``[Patient | Group/id]/$export``: a new job, when the caller may have one.  Gives its id."""

    level: Level
    group: str
    request: str
    asked: str
    types: tuple[str, ...] = ()
    since: str = ""
    interaction: str = "operation:export"
    type: str = "*"

    @property
    def query(self) -> str:
        return self.asked

    def patients(self, tx: Tx) -> tuple[str, ...]:
        return ()

    def answer(self, tx: Tx, grant: Grant, context: Context) -> Shown[str]:
        system = _exporting(grant.caller)
        if self.level == "system" and grant.caller.organisation_kind != "municipality":
            text = "The whole system is for the municipality alone; ask for Patient/$export or Group/id/$export."
            raise Refused(text, reason=NOT_FOR_ROLE)
        if self.group:
            _group(tx, grant, self.group)
        now = instant(context.now)
        if exports.at_work(tx, grant.caller.organisation, system, now) >= MOST_AT_WORK:
            text = f"{MOST_AT_WORK} exports of yours are under way. Fetch their status, or cancel one."
            raise TooMany(text, retry_after=_RETRY)
        job = Job(
            id=context.new_id(),
            organisation=grant.caller.organisation,
            system=system,
            level=self.level,
            group=self.group,
            request=self.request,
            types=self.types,
            since=self.since,
            moment=instant(positions.settled(tx, context.now)),
            expires=instant(context.now + LIFETIME),
        )
        exports.put(tx, job)
        return Shown(job.id, {}, "own")


@dataclass(frozen=True, slots=True)
class Export:
    """A job as its own caller sees it, and the members of its group as they are now."""

    job: Job
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Status:
    """The job ``id`` of the caller.  Raises ``NotFound`` for another's, an expired and an unknown one alike."""

    id: str
    interaction: str = "operation:export-status"
    type: str = "*"

    @property
    def query(self) -> str:
        return f"$export/{self.id}"

    def patients(self, tx: Tx) -> tuple[str, ...]:
        return ()

    def answer(self, tx: Tx, grant: Grant, context: Context) -> Shown[Export]:
        job = _own(tx, grant.caller, self.id, context)
        return Shown(Export(job, _members(tx, grant, job)), {}, "own")


@dataclass(frozen=True, slots=True)
class Cancel:
    """``DELETE`` of a job: what it would have given is nowhere, and asking for it is asking for nothing."""

    id: str
    interaction: str = "operation:export-cancel"
    type: str = "*"

    @property
    def query(self) -> str:
        return f"$export/{self.id}"

    def patients(self, tx: Tx) -> tuple[str, ...]:
        return ()

    def answer(self, tx: Tx, grant: Grant, context: Context) -> Shown[None]:
        exports.remove(tx, _own(tx, grant.caller, self.id, context).id)
        return Shown(None, {}, "own")


@dataclass(frozen=True, slots=True)
class Piece:
    """Some lines of a file, each with its line end, and the place to go on from (or none)."""

    body: bytes
    next: Place | None


@dataclass(frozen=True, slots=True)
class Deliver:
    """The lines of ``count`` rows of a file after ``place``: what the caller may see at this moment."""

    export: Export
    file: File
    place: Place | None
    count: int
    interaction: str = "operation:export-file"
    type: str = "*"

    @property
    def query(self) -> str:
        return f"$export/{self.export.job.id}/{self.export.job.files.index(self.file) + 1}"

    def patients(self, tx: Tx) -> tuple[str, ...]:
        return _around(tx, self._people(tx))

    def answer(self, tx: Tx, grant: Grant, context: Context) -> Shown[Piece]:
        job = _own(tx, grant.caller, self.export.job.id, context)
        # What is no longer there can be of any type.
        types = job.types if self.file.type == DELETED else (self.file.type,)
        lines, place = walk.piece(tx, grant, job, self.export.members, self._people(tx), types, self.place, self.count)
        lines = [line for line in lines if line.type == self.file.type]
        shown: dict[str, list[walk.Line]] = {}
        for line in lines:
            for patient in {line.row.patient, line.current.person}:
                shown.setdefault(patient, []).append(line)
        told = {patient: compact([line.row for line in of_one]) for patient, of_one in shown.items()}
        piece = Piece(b"".join(line.rendered(grant) + b"\n" for line in lines), place)
        return Shown(piece, told, rows=[line.row for line in lines if line.type != DELETED])

    def _people(self, tx: Tx) -> list[str]:
        return walk.people(tx, self.export.job, self.export.members, self.place, self.file.last)


def start_of(file: File) -> Place | None:
    """The place where a file begins."""
    return None if file.after is None else (file.after, "", "", "")


def count_on(tx: Tx, credential: Credential, export: Export, count: int, context: Context) -> Job:
    """Count the next ``count`` rows of a job; gives the job as it then is.

    Nothing is shown, so that nothing is logged; the rules are those under which it would be shown.
    """
    caller = authenticate(tx, credential, context)
    job = _own(tx, caller, export.job.id, context)
    if job.finished:
        return job
    whose = walk.people(tx, job, export.members, job.place)
    grant = decide.read(tx, caller, "operation:export", "*", _around(tx, whose), context)
    lines, place = walk.piece(tx, grant, job, export.members, whose, job.types, job.place, count, bodies=False)
    files = walk.tallied(job.files, lines, count * walk.PIECES)
    counted = replace(job, place=place, files=files) if place else replace(job, files=walk.closed(files), finished=True)
    return counted if exports.advance(tx, job, counted) else _own(tx, caller, job.id, context)


def _exporting(caller: Caller) -> str:
    """The caller's system.  Raises ``Refused``: a person looks at people one by one."""
    scopes = read_scopes(caller.scopes)
    if caller.system is None or not (allows(scopes, "*", "read") and allows(scopes, "*", "search-type")):
        raise Refused("An export is for a system with the scope system/*.rs.", reason="scope")
    return caller.system


def _own(tx: Tx, caller: Caller, id_: str, context: Context) -> Job:
    system, job = _exporting(caller), exports.find(tx, id_, instant(context.now))
    if job is None or (job.organisation, job.system) != (caller.organisation, system):
        raise not_found("unknown" if job is None else "not-yours")
    return job


def _members(tx: Tx, grant: Grant, job: Job) -> tuple[str, ...]:
    """The people in the group of a job, in order; the group must still be one that the caller may read."""
    group = _group(tx, grant, job.group) if job.group else {}
    named = (reference_of(one.get("entity")) for one in objects(group.get("member")) if one.get("inactive") is not True)
    return tuple(sorted({one.removeprefix("Patient/") for one in named if one.startswith("Patient/")}))


def _group(tx: Tx, grant: Grant, id_: str) -> Resource:
    row, permit = visible(tx, grant, "Group", id_)
    if row.deleted:
        raise not_found(permit.reason)
    return as_object(read_json(row.body))


def _around(tx: Tx, whose: list[str]) -> tuple[str, ...]:
    residents = [one for one in whose if one]
    return resources.around(tx, residents) if residents else ()
