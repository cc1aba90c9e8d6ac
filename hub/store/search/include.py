"""``_include`` and ``_revinclude`` (FHIR R4 §3.1.1.5.4): what the matches refer to, and what refers to them.

Everything that comes along is judged like a match; what may not be seen is left out as if it were not there.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from hub.store.database import Tx
from hub.store.search import index_row
from hub.store.search.find import COLUMNS
from hub.store.search.near import Asked
from hub.store.search.part import Part, all_of, bound, equal, named
from hub.store.search.statement import rows, view
from hub.store.sql import AT_MOST, Row, query
from profiles.search import Include, Parameter, parameters_of

ROUNDS = 5
AT_ONCE = 1000
"""At most so many resources come along with one page."""

_RELATIVE = re.compile(r"([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})")


@dataclass(frozen=True, slots=True)
class Eyes:
    """Who judges what comes along: ``asked`` by the rules of these patients, or of ``None``, which are everybody's.

    ``limited``: rather by those of the patients whom it is about.  ``covers``: whether a type may be asked for at all.
    """

    asked: Callable[[frozenset[str] | None], Asked]
    covers: Callable[[str], bool]
    limited: bool


@dataclass(slots=True)
class Included:
    """The rows that come along, each once; ``cut`` when there was more than may come."""

    rows: list[Row] = field(default_factory=list)
    cut: bool = False


def included(tx: Tx, includes: Sequence[Include], matches: Sequence[Row], eyes: Eyes) -> Included:
    """What the ``includes`` bring along with ``matches`` (rows of ``find``)."""
    found = Included()
    seen = {(row.type, row.id) for row in matches}
    new, wanted = list(matches), list(includes)
    for _ in range(ROUNDS):
        more: list[Row] = []
        for one in wanted:
            for row in _brought(tx, one, new, eyes):
                if (row.type, row.id) not in seen and eyes.covers(row.type):
                    seen.add((row.type, row.id))
                    more.append(row)
        room = AT_ONCE - len(found.rows)
        found.rows += more[:room]
        found.cut = len(more) > room
        new, wanted = more[:room], [one for one in wanted if one.iterate]
        if found.cut or not new or not wanted:
            return found
    found.cut = True
    return found


def _brought(tx: Tx, one: Include, start: Sequence[Row], eyes: Eyes) -> Iterator[Row]:
    if one.reverse:
        yield from _referring(tx, one, [row for row in start if one.target in ("", row.type)], eyes)
    else:
        yield from _referred(tx, one, [row for row in start if one.source in ("", row.type)], eyes)


def _referred(tx: Tx, one: Include, start: Sequence[Row], eyes: Eyes) -> Iterator[Row]:
    """What these rows refer to."""
    by_type: dict[str, dict[str, None]] = {}
    for target in _targets(tx, one, start):
        relative = _RELATIVE.fullmatch(target)
        if relative and one.target in ("", relative[1]):
            by_type.setdefault(relative[1], {})[relative[2]] = None
    for type_, ids in by_type.items():
        yield from _seen(tx, "{} r", all_of([equal("r.type", (type_,)), equal("r.id", tuple(ids))]), type_, eyes)


def _targets(tx: Tx, one: Include, start: Sequence[Row]) -> Iterator[str]:
    for type_ in dict.fromkeys(row.type for row in start):
        mine = [row for row in start if row.type == type_]
        parameters = _references(type_, one.parameter)
        if any(parameter.of_patient for parameter in parameters):
            yield from (f"Patient/{row.patient}" for row in mine if row.patient)
        tests = all_of(
            [
                equal("i.patient", tuple(dict.fromkeys(row.patient for row in mine))),
                equal("i.parameter", tuple(number for parameter in parameters for number in parameter.numbers)),
                equal("i.resource", tuple(row.key for row in mine)),
            ]
        )
        text = f"SELECT DISTINCT i.target FROM search_reference i WHERE {tests.text} ORDER BY i.target"  # noqa: S608
        yield from (row.target for row in query(tx, named(text), bound(tests.values)))


def _references(type_: str, parameter: Parameter | None) -> list[Parameter]:
    known = [one for one in parameters_of(type_) if one.kind == "reference"]
    return known if parameter is None else [one for one in known if one.number == parameter.number]


def _referring(tx: Tx, one: Include, start: Sequence[Row], eyes: Eyes) -> Iterator[Row]:
    """What refers to these rows."""
    if not start:
        return
    of_type = [equal("r.type", (one.source,))] if one.source else []
    named_so = equal("i.target", tuple(f"{row.type}/{row.id}" for row in start))
    joined = Part("r.patient = i.patient AND r.key = i.resource")
    tests = [named_so, joined, *([index_row.numbers(one.parameter)] if one.parameter else of_type)]
    # CROSS: from the references to what has them, not through all of a type.
    yield from _seen(tx, "search_reference i CROSS JOIN {} r", all_of(tests), one.source, eyes)
    people = tuple(row.id for row in start if row.type == "Patient")
    if people and (one.parameter is None or one.parameter.of_patient):
        yield from _seen(tx, "{} r", all_of([equal("r.patient", people), *of_type]), one.source, eyes)


def _seen(tx: Tx, source: str, tests: Part, type_: str, eyes: Eyes) -> Sequence[Row]:
    """Of the rows of ``source`` (which joins a table or view of resources) those that may be seen."""
    patients = None
    if eyes.limited:
        whose = f"SELECT DISTINCT r.patient FROM {source.format('resource')} WHERE {tests.text}"  # noqa: S608
        patients = frozenset(row.patient for row in query(tx, named(whose), bound(tests.values)))
    shown = source.format(view([type_] if type_ else []))
    text = f"SELECT DISTINCT {COLUMNS} FROM {shown} WHERE {tests.text} ORDER BY r.type, r.id {AT_MOST}"  # noqa: S608
    return rows(tx, Part(text, tests.values), eyes.asked(patients), count=AT_ONCE + 1)
