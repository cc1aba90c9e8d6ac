"""search by type (FHIR R4 §3.1.1): under the caller's predicate, so that nothing hidden is counted."""

from dataclasses import dataclass
from json import dumps, loads

from hub.access.decide import Grant
from hub.auth.seal import BrokenSeal, Seal
from hub.context import Context
from hub.errors import Malformed, Problem
from hub.read_path import Shown, by_patient
from hub.store import resources
from hub.store import search as store
from hub.store.database import Tx
from profiles import BadParameter, Query, UnknownParameter, parse_query


@dataclass(frozen=True, slots=True)
class Page:
    """One page: ids and resources as stored, the total when it is known, the sealed next page (or none)."""

    type: str
    entries: tuple[tuple[str, bytes], ...]
    total: int | None
    next: str | None


@dataclass(frozen=True, slots=True)
class Search:
    """``GET Type?…``; ``asked`` is the URL's query without its cursor, in its order."""

    type: str
    parsed: Query
    asked: str
    seal: Seal
    interaction: str = "search-type"

    @property
    def query(self) -> str:
        return f"{self.type}?{self.asked}"

    def patients(self, tx: Tx) -> tuple[str, ...] | None:
        if self.type == "Patient":
            return None
        named = store.patients_named(self.parsed)
        return None if named is None else resources.with_further(tx, named)

    def answer(self, tx: Tx, grant: Grant, context: Context) -> Shown[Page]:
        predicate, parameters = grant.predicate("r", patient_records=self.type == "Patient")
        count = self.parsed.count
        after = self._after(grant)
        rows = store.find(tx, self.type, self.parsed, predicate, parameters, count=count + 1, after=after)
        page, more = rows[:count], len(rows) > count
        total = len(page) if after is None and not more else None
        if total is None and (self.parsed.total or not count):
            total = store.total(tx, self.type, self.parsed, predicate, parameters)
        entries = tuple((row.id, grant.redacted(row)) for row in page)
        following = self.seal.close(dumps(store.place_of(page[-1])), *self._bound_to(grant)) if more and page else None
        return Shown(Page(self.type, entries, total, following), by_patient(page), "consent")

    def _after(self, grant: Grant) -> store.Place | None:
        if self.parsed.cursor is None:
            return None
        try:
            place: store.Place = loads(self.seal.open(self.parsed.cursor, *self._bound_to(grant)))
        except BrokenSeal as error:
            raise Malformed("This page link is not yours, or not of this search. Start the search again.") from error
        return place

    def _bound_to(self, grant: Grant) -> tuple[str, ...]:
        return grant.caller.key, self.type, self.asked


def parse(type_: str, pairs: list[tuple[str, str]]) -> Query:
    """The query of a URL.  Raises ``Malformed`` that names the parameter, and the nearest one that there is."""
    try:
        return parse_query(type_, pairs)
    except UnknownParameter as error:
        hint = f" Did you mean {error.nearest}?" if error.nearest else ""
        text = f"{type_} has no search parameter {error.name!r}.{hint}"
        raise Malformed(text, problems=[Problem("error", "not-supported", error.name, text)]) from error
    except BadParameter as error:
        text = f"{error.name}: {error.problem}"
        raise Malformed(text, problems=[Problem("error", "value", error.name, text)]) from error
