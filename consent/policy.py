"""The city's share table (CONSENT §2): who publishes what into which space, who reads it, who writes what."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from consent.vocabulary import (
    CATEGORIES,
    CLEARABLE,
    MEDICAL,
    NATIONAL_TAGS,
    ORGANISATION_KINDS,
    PROFESSIONS,
    SPACES,
    TEAM,
    UNPUBLISHED,
    WITHOUT_SPACE,
)

ANY = "*"


class PolicyError(ValueError):
    """A row of the share table that cannot be taken; names the table, the row (from 1) and what is wrong."""

    def __init__(self, table: str, row: int, problem: str) -> None:
        super().__init__(f"policy.{table}, row {row}: {problem}")
        self.table = table
        self.row = row
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Publications:
    """A set of (source kind, category): named pairs "kind/category", and categories that every kind publishes."""

    named: frozenset[str] = frozenset()
    by_all: frozenset[str] = frozenset()

    def __contains__(self, publication: tuple[str, str]) -> bool:
        kind, category = publication
        return category in self.by_all or f"{kind}/{category}" in self.named

    def union(self, *others: "Publications") -> "Publications":
        return Publications(
            self.named.union(*(other.named for other in others)), self.by_all.union(*(other.by_all for other in others))
        )

    def without(self, categories: frozenset[str]) -> "Publications":
        named = frozenset(pair for pair in self.named if pair.partition("/")[2] not in categories)
        return Publications(named, self.by_all - categories)


@dataclass(frozen=True, slots=True)
class ReadRow:
    """What people of these professions at these kinds of organisation read."""

    professions: frozenset[str]
    organisation_kinds: frozenset[str]
    spaces: frozenset[str]
    excluded: frozenset[str]
    cleared: frozenset[str]

    def is_for(self, profession: str, kind: str) -> bool:
        return _named(profession, self.professions) and _named(kind, self.organisation_kinds)


@dataclass(frozen=True, slots=True)
class Reading:
    """What one role reads: the rows for it taken together."""

    spaces: frozenset[str] = frozenset()
    excluded: frozenset[str] = frozenset()
    cleared: frozenset[str] = frozenset()


NOTHING = Reading()


@dataclass(frozen=True, slots=True, eq=False)  # as long as the table: what is kept about one knows it by itself
class Policy:
    """The share table in force.  What no row names is closed."""

    published: Mapping[str, Publications]  # by space
    read: tuple[ReadRow, ...]
    write: tuple[tuple[str, frozenset[str]], ...]  # (organisation kind or *, categories or *)

    @classmethod
    def from_rows(
        cls,
        publish: Iterable[Mapping[str, object]],
        read: Iterable[Mapping[str, object]],
        write: Iterable[Mapping[str, object]],
    ) -> "Policy":
        """The table from the rows of a city file (DESIGN §6).

        ``publish``: publisher, category, space; ``read``: profession, organisation-kind, spaces, exclude,
        labels; ``write``: kind, categories.  Other members are ignored.  Raises ``PolicyError``.
        """
        return cls(
            _published(publish),
            tuple(_read_row(_Row("read", number, row)) for number, row in enumerate(read, 1)),
            tuple(_write_row(_Row("write", number, row)) for number, row in enumerate(write, 1)),
        )

    def spaces_published(self, kind: str, category: str) -> frozenset[str]:
        """The spaces into which organisations of this kind publish this category."""
        return frozenset(space for space in SPACES if (kind, category) in self.published[space])

    def reading(self, profession: str | None, kind: str) -> Reading:
        """What a profession reads at a kind of organisation; nothing without a profession.

        The national tags are cleared exactly for those who read the medical space (§4).
        """
        if profession is None or profession in WITHOUT_SPACE:
            return NOTHING
        rows = [row for row in self.read if row.is_for(profession, kind)]
        spaces = frozenset[str]().union(*(row.spaces for row in rows))
        excluded = frozenset[str]().union(*(row.excluded for row in rows))
        cleared = frozenset[str]().union(*(row.cleared for row in rows))
        return Reading(spaces, excluded, cleared)

    def may_write(self, kind: str, category: str) -> bool:
        """Whether organisations of this kind may publish this category."""
        return any(of in (kind, ANY) and _named(category, categories) for of, categories in self.write)


def default_read_rows() -> list[dict[str, object]]:
    """The readers of §2 for a city that writes no table of its own: rows for ``Policy.from_rows``."""
    medical = [
        *("physician", "dentist", "pharmacist", "nurse", "public-health-nurse", "physical-therapist"),
        *("occupational-therapist", "speech-therapist", "dietitian", "dental-hygienist"),
    ]
    care_kinds = ["care-management", "care-service", "care-facility", "support-center"]
    return [
        _reader(medical, ["hospital", "clinic", "dental-clinic", "pharmacy", "home-nursing"], [MEDICAL, TEAM]),
        _reader(["care-manager", "social-worker", "care-worker"], care_kinds, [TEAM]),
        _reader([ANY], ["support-center"], [TEAM]),
        _reader(["municipal-care-staff"], ["municipality"], [TEAM]),
    ]


def _reader(professions: list[str], kinds: list[str], spaces: list[str]) -> dict[str, object]:
    return {"profession": professions, "organisation-kind": kinds, "spaces": spaces, "exclude": [], "labels": []}


def _named(word: str, words: frozenset[str]) -> bool:
    return word in words or ANY in words


@dataclass(frozen=True, slots=True)
class _Row:
    table: str
    number: int
    members: Mapping[str, object]

    def words(self, member: str, known: Iterable[str], *, needed: bool = True) -> frozenset[str]:
        """The words of a member, one or a list, each of which must be known."""
        value = self.members.get(member, [])
        words = [value] if isinstance(value, str) else value
        if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
            raise self.error(f"{member} must be a list of words")
        if needed and not words:
            raise self.error(f"{member} is missing")
        strange = sorted(set(words).difference(known))
        if strange:
            raise self.error(f"{member}: {strange[0]!r} is not known")
        return frozenset(words)

    def word(self, member: str, known: Iterable[str]) -> str:
        if not isinstance(self.members.get(member), str):
            raise self.error(f"{member} must be one word")
        (word,) = self.words(member, known)
        return word

    def error(self, problem: str) -> PolicyError:
        return PolicyError(self.table, self.number, problem)


def _published(rows: Iterable[Mapping[str, object]]) -> Mapping[str, Publications]:
    published = {space: Publications() for space in SPACES}
    for number, members in enumerate(rows, 1):
        row = _Row("publish", number, members)
        kind = row.word("publisher", ORGANISATION_KINDS | {ANY})
        category = row.word("category", CATEGORIES | {ANY})
        categories = CATEGORIES if category == ANY else frozenset({category})
        if kind == ANY:
            more = Publications(by_all=categories)
        else:
            more = Publications(named=frozenset(f"{kind}/{each}" for each in categories))
        space = row.word("space", SPACES)
        published[space] = published[space].union(more)
    return published


def _read_row(row: _Row) -> ReadRow:
    professions = row.words("profession", PROFESSIONS | {ANY})
    spaces = row.words("spaces", SPACES)
    cleared = row.words("labels", CLEARABLE | NATIONAL_TAGS, needed=False)
    if professions & WITHOUT_SPACE:
        raise row.error(f"{min(professions & WITHOUT_SPACE)} cannot read a space")
    if cleared & NATIONAL_TAGS and MEDICAL not in spaces:
        raise row.error(f"{min(cleared & NATIONAL_TAGS)} is cleared only for those who read the medical space")
    return ReadRow(
        professions,
        row.words("organisation-kind", ORGANISATION_KINDS | {ANY}),
        spaces,
        row.words("exclude", CATEGORIES, needed=False),
        cleared | NATIONAL_TAGS if MEDICAL in spaces else cleared,
    )


def _write_row(row: _Row) -> tuple[str, frozenset[str]]:
    kind = row.word("kind", ORGANISATION_KINDS | {ANY})
    return kind, row.words("categories", CATEGORIES | UNPUBLISHED | {ANY})
