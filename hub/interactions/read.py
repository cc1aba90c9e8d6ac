"""read and vread (FHIR R4 §3.1.0.2, §3.1.0.3): one resource, current or at a version."""

from dataclasses import dataclass

from hub.access.decide import Grant, Permit
from hub.access.explaining import READ_TABLE
from hub.context import Context
from hub.errors import Gone, NotFound, not_found
from hub.question import Shown
from hub.store import resources
from hub.store.database import Tx
from hub.store.sql import Row
from profiles.compartment import patients_of
from profiles.json import read_json
from profiles.resource import as_object


@dataclass(frozen=True, slots=True)
class Found:
    """The bytes to send, and what the headers say of them."""

    body: bytes
    version: str
    recorded: str


@dataclass(frozen=True, slots=True)
class Read:
    """``GET Type/id`` and, with ``version``, ``GET Type/id/_history/version``."""

    type: str
    id: str
    version: str = ""

    @property
    def interaction(self) -> str:
        return "vread" if self.version else "read"

    @property
    def query(self) -> str:
        return f"{self.type}/{self.id}" + (f"/_history/{self.version}" if self.version else "")

    def patients(self, tx: Tx) -> tuple[str, ...]:
        return patients_of_current(tx, self.type, self.id)

    def answer(self, tx: Tx, grant: Grant, context: Context) -> Shown[Found]:
        current, permit = visible(tx, grant, self.type, self.id)
        row = current
        if self.version and self.version != current.version:
            row = self._past(tx, grant, current)
        if row.deleted:
            raise Gone("This resource was deleted.", reason=permit.reason)
        what = f"{self.type}/{self.id}/_history/{row.version}"
        return Shown(
            Found(grant.redacted(row, current), row.version, row.recorded),
            {row.patient: (what,)},
            permit.reason,
            permit.rules,
            row.category,
        )

    def _past(self, tx: Tx, grant: Grant, current: Row) -> Row:
        """An old version is shown when both it and the current one of its source may be (TRUST T-057)."""
        row = resources.find_version(tx, self.type, self.id, self.version)
        if row is None or row.source != current.source:
            raise not_found("unknown-version")
        permit = grant.permits(row, further_of_past(row))
        if not permit.permit:
            raise _hidden(permit)
        return row


def patients_of_current(tx: Tx, type_: str, id_: str) -> tuple[str, ...]:
    """Everybody whom a resource is about, as far as its current versions say."""
    rows = resources.current(tx, type_, id_)
    primary = {row.patient for row in rows if row.patient}
    further = resources.further_patients(tx, type_, id_) if any(row.also_about for row in rows) else ()
    return tuple(dict.fromkeys([*sorted(primary), *further]))


def further_of_past(row: Row) -> tuple[str, ...]:
    """The further patients of a version that is no longer current, as it names them itself."""
    if not row.also_about or row.deleted:
        return ()
    named = patients_of(as_object(read_json(row.body)))
    return tuple(one.partition("/")[2] for one in named if one.startswith("Patient/"))[1:]


def visible(tx: Tx, grant: Grant, type_: str, id_: str) -> tuple[Row, Permit]:
    """The current version that the caller may see.

    Of a Patient that is the first that may be shown of those that stand (``Grant.standing``).  Raises
    ``NotFound``: the same answer for hidden and for unknown; a deleted resource is known as deleted to its source
    alone.
    """
    rows = resources.current(tx, type_, id_)
    further = resources.further_patients(tx, type_, id_) if any(row.also_about for row in rows) else ()
    standing = grant.standing(rows) if type_ == "Patient" else rows
    judged = [(row, grant.permits(row, _whole(row, further))) for row in standing]
    for row, permit in judged:
        if permit.permit and (not row.deleted or row.source == grant.caller.organisation):
            return row, permit
    if judged:
        raise _hidden(judged[0][1])
    # Behind the second fence there is nothing to judge: it is about people whom the caller does not look after.
    raise not_found("no-relation") if grant.asked else not_found()


def _hidden(permit: Permit) -> NotFound:
    """The refusal of one resource, for the log with what decided it."""
    return not_found(permit.reason, (READ_TABLE,) if permit.reason == "role" else permit.rules)


def _whole(row: Row, further: tuple[str, ...]) -> tuple[str, ...]:
    """The further patients; one whose row is missing counts as somebody whom nobody looks after, as in a query."""
    return further if len(further) >= row.also_about else (*further, "")
