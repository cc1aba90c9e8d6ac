"""Search (FHIR R4 §3.1.1) of a type, of a person's compartment, of the system: under the caller's predicate.

So nothing hidden is found, counted, sorted by, followed or brought along.
"""

from dataclasses import dataclass, replace
from json import dumps, loads
from typing import Literal, NamedTuple, TypeAlias

from hub.access import decide
from hub.access.decide import Grant
from hub.auth.seal import BrokenSeal, Seal
from hub.context import Caller, Context
from hub.errors import Malformed, Problem, Refused
from hub.question import Shown, by_patient
from hub.store import fence, relations, resources
from hub.store import search as store
from hub.store.database import Tx
from hub.store.sql import MANY, Record, Row
from profiles import RESOURCE_TYPES, BadParameter, Query, UnknownParameter, parse_query
from profiles.search import Condition, TokenValue, patients_named

Mode: TypeAlias = Literal["match", "include"]


class Entry(NamedTuple):
    """One resource of a page: why it is there, and its bytes as stored."""

    type: str
    id: str
    mode: Mode
    body: bytes


@dataclass(frozen=True, slots=True)
class Page:
    """One page; the total when it is known, the sealed next page (or none).

    ``cut``: more would have come along with the matches than may.
    """

    entries: tuple[Entry, ...]
    total: int | None
    next: str | None
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Search:
    """``GET Type?…``, ``GET Patient/id/Type?…`` (with ``compartment``), ``GET ?_type=…``.

    ``path`` is that of the URL below ``/fhir``, ``asked`` its query without the cursor, in its order.
    """

    path: str
    parsed: Query
    asked: str
    seal: Seal
    compartment: str = ""

    @property
    def interaction(self) -> str:
        return "search-type" if len(self.parsed.types) == 1 else "search-system"

    @property
    def type(self) -> str:
        return self.parsed.types[0] if self.parsed.types else "*"

    @property
    def query(self) -> str:
        return f"{self.path.removeprefix('/')}?{self.asked}"

    def patients(self, tx: Tx) -> tuple[str, ...]:
        named = self._named()
        return () if named is None or self._is_of_all() else resources.around(tx, named)

    def answer(self, tx: Tx, grant: Grant, context: Context) -> Shown[Page]:
        if not self._is_of_all():
            return self._found(tx, grant, context)
        with fence.lifted(tx):  # whose rules are needed is known before there is a grant
            wider = self._of_all(tx, grant.caller, context)
            with fence.reaching(tx, wider.caller.organisation, wider.reach):
                return self._found(tx, wider, context)

    def _found(self, tx: Tx, grant: Grant, context: Context) -> Shown[Page]:
        parsed = allowed(self.parsed, grant)
        asked = self._looks(tx, grant)
        count = 0 if parsed.summary == "count" else parsed.count
        after = self._after(grant)
        rows = store.find(tx, parsed, asked, count=count + 1, after=after) if count else []
        page, more = rows[:count], len(rows) > count
        total = len(page) if count and after is None and not more else None
        if total is None and (parsed.total != "none" or not count):
            total = store.total(tx, parsed, asked)
        along = self._along(tx, parsed, page, grant, context)
        entries = [*_entries(page, "match", grant), *_entries(along.rows, "include", grant)]
        following = self.seal.close(dumps(store.place_of(page[-1])), *self._bound_to(grant)) if more and page else None
        shown = [*page, *along.rows]
        return Shown(Page(tuple(entries), total, following, along.cut), by_patient(shown), rows=shown, grant=grant)

    def _is_of_all(self) -> bool:
        """Whether the rules of all decide whom the caller looks after."""
        return self._named() is None or self._goes_further()

    def _goes_further(self) -> bool:
        """Whether there is a chain: what it leads to may be about anybody."""
        return any(one.links for alternatives in self.parsed.conditions for one in alternatives)

    def _of_all(self, tx: Tx, caller: Caller, context: Context) -> Grant:
        """The grant for a search that names nobody.

        Whose organisation looks after thousands is decided about those who may be found, when they are few.
        """
        ends_here = not self._goes_further() and not self.parsed.includes
        among = None
        if ends_here and relations.are_many(tx, caller.organisation, caller.person):
            near = store.Near(caller.organisation, caller.person or "")
            found = store.whose(tx, self.parsed, near, count=MANY)
            among = resources.with_further(tx, found) if len(found) < MANY else None
        return decide.read(tx, caller, self.interaction, self.type, None, context, among=among)

    def _named(self) -> tuple[str, ...] | None:
        """The patients to whom the search is limited, or ``None``."""
        if self.compartment:
            return (self.compartment,)
        if self.parsed.types == ("Patient",):
            return _ids(self.parsed)
        return patients_named(self.parsed)

    def _looks(self, tx: Tx, grant: Grant) -> store.Asked:
        named = self._named()
        # With nobody else's rules read there is nothing that is about others as well.
        patients = named if named is None or grant.asked == named else store.filed_with(tx, named)
        return asked_by(grant, patients, self.compartment)

    def _along(self, tx: Tx, parsed: Query, page: list[Row], grant: Grant, context: Context) -> store.Included:
        if not parsed.includes or not page:
            return store.Included()
        known = None if self._is_of_all() else self.patients(tx)

        def by_rules_of(patients: frozenset[str] | None) -> store.Asked:
            """By this grant, unless something is about somebody whose rules it does not know."""
            if known is None or patients is None or patients <= {*known, ""}:
                return asked_by(grant)
            about = resources.around(tx, tuple(sorted(patients - {""})))
            wider = decide.read(tx, grant.caller, self.interaction, self.type, about, context)
            return asked_by(wider)

        eyes = store.Eyes(by_rules_of, grant.covers, limited=known is not None)
        with fence.lifted(tx):  # what comes along may be about others, each judged by the rules of theirs
            return store.included(tx, parsed.includes, page, eyes)

    def _after(self, grant: Grant) -> store.Place | None:
        if self.parsed.cursor is None:
            return None
        try:
            place: store.Place = loads(self.seal.open(self.parsed.cursor, *self._bound_to(grant)))
        except BrokenSeal as error:
            raise Malformed("This page link is not yours, or not of this search. Start the search again.") from error
        return place

    def _bound_to(self, grant: Grant) -> tuple[str, ...]:
        return grant.caller.key, self.path, self.asked


def asked_by(grant: Grant, patients: tuple[str, ...] | None = None, compartment: str = "") -> store.Asked:
    """A look under the grant's predicate at what is filed under ``patients``, or under anybody (``None``)."""
    near = store.Near(grant.caller.organisation, grant.caller.person or "", patients)
    return store.Asked(_judge(grant), near, compartment)


def parse(type_: str, pairs: list[tuple[str, str]], *, lenient: bool = False) -> Query:
    """The query of a URL; ``type_`` "" is for all types.

    Raises ``Malformed`` that names the parameter, and the nearest one that there is.  A ``lenient`` search leaves out
    what it does not know.
    """
    try:
        parsed = parse_query(type_, pairs, lenient=lenient)
    except UnknownParameter as error:
        hint = f" Did you mean {error.nearest}?" if error.nearest else ""
        text = f"{type_ or 'A search of all types'} has no search parameter {error.name!r}.{hint}"
        raise Malformed(text, problems=[Problem("error", "not-supported", error.name, text)]) from error
    except BadParameter as error:
        text = f"{error.name}: {error.problem}"
        raise Malformed(text, problems=[Problem("error", "value", error.name, text)]) from error
    for one in parsed.types:
        if one not in RESOURCE_TYPES:
            text = f"_type: {one} is not a resource type of FHIR R4"
            raise Malformed(text, problems=[Problem("error", "value", "_type", text)])
    return parsed


def _ids(parsed: Query) -> tuple[str, ...] | None:
    """The ids that a search of Patients asks for: each is filed under itself."""
    for alternatives in parsed.conditions:
        match alternatives:
            case (Condition(links=(), modifier="", parameter=one, values=values),) if one.name == "_id":
                return tuple(value.code for value in values if isinstance(value, TokenValue))
    return None


def _judge(grant: Grant) -> store.Judge:
    def judged(type_: str) -> tuple[str, Record]:
        if type_ == "*":
            return grant.predicate("v")
        records, values = grant.predicate("v", patient_records=True)
        if type_ == "Patient":
            return records, values
        plain, more = grant.predicate("v")
        return f"({plain}) AND (v.type <> 'Patient' OR ({records}))", {**values, **more}

    return judged


def allowed(parsed: Query, grant: Grant) -> Query:
    """The search without the ways over types that the token does not cover.

    Raises ``Refused`` when it is for such a type itself, or when no way of a condition is left.
    """
    for type_ in parsed.types[1:]:
        _refuse_unless(grant.covers(type_), type_)
    if not any(one.links for alternatives in parsed.conditions for one in alternatives):
        return parsed
    conditions = []
    for alternatives in parsed.conditions:
        ways = tuple(one for one in alternatives if all(grant.covers(link.type) for link in one.links))
        _refuse_unless(bool(ways), alternatives[0].links[-1].type if alternatives[0].links else "")
        conditions.append(ways)
    return replace(parsed, conditions=tuple(conditions))


def _refuse_unless(covered: bool, type_: str) -> None:
    if not covered:
        raise Refused(f"The token's scopes do not cover searching {type_}.", reason="scope")


def _entries(rows: list[Row], mode: Mode, grant: Grant) -> list[Entry]:
    return [Entry(row.type, row.id, mode, grant.redacted(row)) for row in rows]
