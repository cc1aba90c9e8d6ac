"""A ``Scope`` as a SQL predicate: the same decision as ``Scope.admits``, for a query (CONSENT §4, §5).

The text has only what SQLite and PostgreSQL read alike (``instr`` is ``strpos`` there: ``hub.store.sql``).  It is
shaped by the scope, and every value is bound, so that callers of the same kind share one statement.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import zip_longest
from typing import NamedTuple

from consent import ANYTHING, Match, PatientScope, Publications, Scope
from hub.access.labels import ALL_BITS, bits
from hub.store.sql import MANY, in_list

ALWAYS, NEVER = "1 = 1", "0 = 1"
OF_CITY = "municipality/"
"""How a publication of the municipality begins."""
_COMMON = ("laboratory", "vital-signs", "prescription", "dispensing", "problem", "encounter", "daily-record")
"""Of these there is most, so they stand first."""
_ONE_BY_ONE = 8
"""Publications that are compared: a third of what it costs to look one up in the text of the others."""


class Predicate(NamedTuple):
    """A condition for a WHERE clause, never NULL, and the values of its ``:names``."""

    sql: str
    parameters: dict[str, str | int]


def predicate(scope: Scope, alias: str, prefix: str = "a") -> Predicate:
    """The rows under ``alias`` that the scope admits.

    A row has the columns of ``hub.store.tables.Facts`` and ``type`` and ``id``; its further patients stand in the
    table ``also_about``.  ``prefix`` starts the bind names: another one for each predicate of a statement.
    """
    kinds: list[tuple[str, PatientScope]] = []
    named: dict[str, str | int] = {f"{prefix}_own": scope.organisation or ""}
    for number, (people, one) in enumerate(scope.groups):
        if one.overrides or (one.related and one.openings):
            members, values = _members(f"{prefix}_{number}_", people)
            kinds.append((members, one))
            named.update(values)
    shape = _shape(tuple(kinds), alias, prefix, scope.excluded, ALL_BITS & ~bits(scope.cleared))
    return Predicate(shape.sql, shape.parameters | named)


def _members(prefix: str, patients: frozenset[str]) -> tuple[str, dict[str, str]]:
    """The test that somebody is one of them, without its column, and the values of its ``:names``.

    Filled up to a power of two: callers differ in how many people they have, statements in few lengths.
    """
    members = sorted(patients)
    if len(members) > MANY:
        marks, values = in_list(prefix, members)
        return f"IN ({marks})", values
    test, names = _test(prefix, 1 << (len(members) - 1).bit_length())
    return test, dict(zip_longest(names, members, fillvalue=members[-1]))


@lru_cache(maxsize=1024)
def _test(prefix: str, size: int) -> tuple[str, list[str]]:
    names = [f"{prefix}{place}" for place in range(size)]
    return _listed(names), names


@lru_cache(maxsize=512)
def _shape(
    groups: tuple[tuple[str, PatientScope], ...], alias: str, prefix: str, excluded: frozenset[str], uncleared: int
) -> Predicate:
    """The text for groups of people, each with the test that somebody is one of them, and the values that are not
    theirs: the same for all whose consents and roles say the same."""
    writer = _Writer(alias, prefix, excluded, uncleared)
    directory = f"{alias}.patient = '' AND {alias}.directory = 1"
    own = f"{alias}.source = :{prefix}_own AND {alias}.source <> ''"
    return Predicate(
        f"({own} OR ({alias}.withheld = 0 AND ({writer.people(groups)} OR ({directory}))))", writer.parameters
    )


def patient_record(scope: Scope, alias: str) -> Predicate:
    """The same for Patient resources: of each person only the record that stands (``Grant.standing``)."""
    mine, others = predicate(scope, alias), predicate(scope, "c", "c")
    another = (
        f"SELECT 1 FROM resource c WHERE c.type = 'Patient' AND c.id = {alias}.id"  # noqa: S608 - our own names
        f" AND c.deleted = 0 AND c.source <> {alias}.source"
    )
    stands = (
        f"{alias}.publication LIKE '{OF_CITY}%'"
        f" OR ({alias}.source = :own_ AND NOT EXISTS ({another} AND c.publication LIKE '{OF_CITY}%' AND {others.sql}))"
        f" OR ({alias}.source <> :own_ AND NOT EXISTS ({another}))"
    )
    own = {"own_": scope.organisation or ""}
    return Predicate(f"{mine.sql} AND ({stands})", {**mine.parameters, **others.parameters, **own})


@dataclass(slots=True)
class _Writer:
    row: str
    prefix: str
    excluded: frozenset[str]
    uncleared: int
    parameters: dict[str, str | int] = field(default_factory=dict)

    def people(self, groups: Iterable[tuple[str, PatientScope]]) -> str:
        """Every patient of the row admits it: the one under whom it is filed, and each of the further ones."""
        shown = [(members, self.patient(scope)) for members, scope in groups]
        if not shown:
            return NEVER
        row, also = self.row, f"{self.prefix}_also"
        same = " AND ".join(f"{also}.{key} = {row}.{key}" for key in ("patient", "type", "id", "source"))
        # With one group, its tests on the resource have been made already.
        further = shown if len(shown) > 1 else [(shown[0][0], ALWAYS)]
        # Counted, not "none that refuses": a further patient whose row were missing must not open the resource.
        admits = f"{same} AND {_admits(f'{also}.other', further)}"
        admitting = f"SELECT COUNT(*) FROM also_about {also} WHERE {admits}"  # noqa: S608 - our own names and binds
        every = f"({row}.also_about = 0 OR {row}.also_about = ({admitting}))"
        return f"({_admits(f'{row}.patient', shown)} AND {every})"

    def patient(self, scope: PatientScope) -> str:
        """Rules 5 to 12."""
        ways = [
            _all([self._match(override.match), *(f"NOT {self._match(match)}" for match in override.unless)])
            for override in scope.overrides
        ]
        if scope.related and scope.openings:
            ways.append(self._consented(scope))
        return _any(ways)

    def _consented(self, scope: PatientScope) -> str:
        """Rules 8 to 12."""
        closed = self.excluded.union(*(match.categories for _, match in scope.denies if _is_of_categories(match)))
        roots = [opening.publications for opening in scope.openings if opening.match == ANYTHING]
        opened = [self._published(Publications().union(*roots), closed)] if roots else []
        opened += [
            _all([self._published(opening.publications, closed), self._match(opening.match)])
            for opening in scope.openings
            if opening.match != ANYTHING
        ]
        denied = [f"NOT {self._match(match)}" for _, match in scope.denies if not _is_of_categories(match)]
        return _all([*self._labels(scope), _any(opened), *denied])

    def _published(self, publications: Publications, closed: frozenset[str]) -> str:
        """Rules 8 to 10: published into the space, not of a category that the role or the resident has closed."""
        allowed = publications.without(closed)
        listed = sorted(allowed.named, key=_rarity)
        ways = [f"{self.row}.publication = {self.bind(publication)}" for publication in listed[:_ONE_BY_ONE]]
        if rest := listed[_ONE_BY_ONE:]:
            # One text to look into: of an IN list SQLite would build a table anew at every execution.
            others = self.bind(f"|{'|'.join(rest)}|")
            ways.append(f"instr({others}, '|' || {self.row}.publication || '|') > 0")
        if allowed.by_all:
            ways.append(self._in("category", allowed.by_all))
        return _any(ways)

    def _labels(self, scope: PatientScope) -> Iterable[str]:
        """Rule 11: no label but those that the role is cleared for, or that an exception permits here."""
        permits: dict[int, list[Match]] = {}
        for _, label, match in scope.label_permits:
            permits.setdefault(bits([label]), []).append(match)
        yield self._without_label(self.uncleared & ~sum(permits))
        for bit, matches in permits.items():
            yield _any([self._without_label(bit), *(self._match(match) for match in matches)])

    def _without_label(self, mask: int) -> str:
        return f"({self.row}.label_bits & {self.bind(mask)}) = 0"

    def _match(self, match: Match) -> str:
        tests = []
        if match.sources:
            tests.append(self._in("source", match.sources))
        if match.categories:
            tests.append(self._in("category", match.categories))
        if match.labels:
            tests.append(f"({self.row}.label_bits & {self.bind(bits(match.labels))}) <> 0")
        if match.references:
            tests.append(_any([self._is(reference) for reference in sorted(match.references)]))
        if match.clinical_from is not None or match.clinical_to is not None:
            tests.append(self._dated(match))
        return _all(tests)

    def _is(self, reference: str) -> str:
        type_, _, id_ = reference.partition("/")
        return f"({self.row}.type = {self.bind(type_)} AND {self.row}.id = {self.bind(id_)})"

    def _dated(self, match: Match) -> str:
        date = f"{self.row}.clinical_date"
        tests = []
        if match.clinical_from is not None:
            tests.append(f"{date} >= {self.bind(match.clinical_from)}")
        if match.clinical_to is not None:
            tests.append(f"{date} <= {self.bind(match.clinical_to)}")
        within = _all(tests)
        return f"({date} IS NULL OR {within})" if match.undated else f"({date} IS NOT NULL AND {within})"

    def _in(self, column: str, values: frozenset[str]) -> str:
        return f"{self.row}.{column} {self._list(sorted(values))}"

    def _list(self, values: list[str]) -> str:
        return _listed([self.bind(value)[1:] for value in values])

    def bind(self, value: str | int) -> str:
        name = f"{self.prefix}{len(self.parameters)}"
        self.parameters[name] = value
        return f":{name}"


def _listed(names: list[str]) -> str:
    return f"= :{names[0]}" if len(names) == 1 else f"IN ({', '.join(f':{name}' for name in names)})"


def _is_of_categories(match: Match) -> bool:
    """Whether it matches whole categories: what of them is published need not be asked for at all."""
    return bool(match.categories) and match == Match(categories=match.categories, undated=match.undated)


def _rarity(publication: str) -> tuple[int, str]:
    category = publication.partition("/")[2]
    return _COMMON.index(category) if category in _COMMON else len(_COMMON), publication


def _admits(patient: str, groups: Iterable[tuple[str, str]]) -> str:
    return _any([f"({patient} {members} AND {tests})" for members, tests in groups])


def _all(tests: list[str]) -> str:
    """A conjunction that can stand beside AND, OR and NOT, as each of its tests can."""
    return tests[0] if len(tests) == 1 else f"({' AND '.join(tests)})" if tests else ALWAYS


def _any(tests: list[str]) -> str:
    """The same for a disjunction."""
    return tests[0] if len(tests) == 1 else f"({' OR '.join(tests)})" if tests else NEVER
