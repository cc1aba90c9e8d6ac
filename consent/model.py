"""The facts that a decision is given (CONSENT §1): who asks, about what, and what the resident said."""

from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from consent.period import ALWAYS, Period
from consent.vocabulary import PURPOSES

NOBODY: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Facts:
    """What is stamped on one stored resource."""

    patients: tuple[str, ...]  # ids of the hub; empty when it is about no patient
    source: str  # id of the organisation that published it
    source_kind: str
    category: str
    reference: str  # "Observation/abc"
    labels: frozenset[str] = NOBODY
    clinical_date: str | None = None  # "YYYY-MM-DD" in local time
    withheld: bool = False  # entered in error
    directory: bool = False  # of a type that every member reads when it is about no patient


@dataclass(frozen=True, slots=True)
class Role:
    """What a person is at an organisation, and when."""

    profession: str
    organisation: str
    period: Period = ALWAYS


@dataclass(frozen=True, slots=True)
class Asker:
    """The caller.  A system has no ``person``; its ``profession`` is the one its registration names, if any."""

    organisation: str
    organisation_kind: str
    purpose: str
    in_force: bool
    person: str | None = None
    profession: str | None = None

    def __post_init__(self) -> None:
        if self.purpose not in PURPOSES:
            # A deny rule for a purpose must not be passed by a word that no rule knows.
            raise ValueError(f"{self.purpose!r} is not a purpose of use")


def roles_in_force(
    organisation: str, profession: str | None, membership: Period, roles: Iterable[Role], now: datetime
) -> bool:
    """Whether a person may act at ``now`` in this profession for this organisation (rule 2)."""
    return membership.covers(now) and any(
        role.organisation == organisation and role.profession == profession and role.period.covers(now)
        for role in roles
    )


@dataclass(frozen=True, slots=True)
class Relation:
    """A member of a patient's care team: an organisation, or one person (there or anywhere)."""

    patient: str
    organisation: str | None
    person: str | None = None
    period: Period = ALWAYS
    pending: bool = False  # a first contact that nobody confirmed

    def relates(self, asker: Asker, now: datetime) -> bool:
        """Whether it puts the caller, or the caller's organisation, into the care team at ``now`` (rule 7)."""
        if self.pending or not self.period.covers(now):
            return False
        if self.person:
            return self.person == asker.person and (not self.organisation or self.organisation == asker.organisation)
        return self.organisation == asker.organisation


@dataclass(frozen=True, slots=True)
class Emergency:
    """An emergency access (§6) that one person declared for one patient."""

    id: str
    patient: str
    organisation: str
    person: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Disaster:
    """A disaster declaration (§7): the organisations that help, the residents of the area, the time."""

    id: str
    organisations: frozenset[str]
    residents: frozenset[str]
    period: Period


@dataclass(frozen=True, slots=True)
class Known:
    """Whom a consent may name: ids of the registry, and (patient, RelatedPerson) recorded with a legal basis."""

    organisations: Container[str]
    persons: Container[str]
    proxies: Container[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Match:
    """Tests on a resource; all that are present must hold, within one the values are alternatives.

    ``undated`` is what a test of dates says of a resource whose clinical date is unknown: a deny
    exception matches it, a permit exception does not.
    """

    sources: frozenset[str] = NOBODY
    categories: frozenset[str] = NOBODY
    labels: frozenset[str] = NOBODY
    references: frozenset[str] = NOBODY
    clinical_from: str | None = None
    clinical_to: str | None = None
    undated: bool = False

    def matches(self, facts: Facts) -> bool:
        return (
            (not self.sources or facts.source in self.sources)
            and (not self.categories or facts.category in self.categories)
            and (not self.labels or not self.labels.isdisjoint(facts.labels))
            and (not self.references or facts.reference in self.references)
            and self._matches_date(facts.clinical_date)
        )

    def _matches_date(self, date: str | None) -> bool:
        if self.clinical_from is None and self.clinical_to is None:
            return True
        if date is None:
            return self.undated
        return (self.clinical_from is None or self.clinical_from <= date) and (
            self.clinical_to is None or date <= self.clinical_to
        )


ANYTHING = Match()


@dataclass(frozen=True, slots=True)
class ConsentRule:
    """One exception to the root of a consent: a nested provision after reading (§3)."""

    number: str  # its place among the provisions, from "1"
    permits: bool
    period: Period = ALWAYS
    organisations: frozenset[str] = NOBODY  # the recipients, together one field of alternatives
    persons: frozenset[str] = NOBODY
    professions: frozenset[str] = NOBODY
    purposes: frozenset[str] = NOBODY
    match: Match = ANYTHING  # authors, categories, labels, data and dataPeriod

    def strangers(self, known: Known) -> Iterator[str]:
        """Whom it names, as recipient or author, and the registry does not know."""
        for organisation in sorted(self.organisations | self.match.sources):
            if organisation not in known.organisations:
                yield f"Organization/{organisation}"
        for person in sorted(self.persons):
            if person not in known.persons:
                yield f"Practitioner/{person}"

    def for_everybody(self) -> "ConsentRule":
        """The rule without its actors: what is left of it when they cannot be read."""
        match = replace(self.match, sources=NOBODY)
        return replace(self, organisations=NOBODY, persons=NOBODY, professions=NOBODY, match=match)

    def names(self, asker: Asker) -> bool:
        """Whether the caller is one of the recipients that it lists."""
        return (
            asker.organisation in self.organisations
            or asker.person in self.persons
            or asker.profession in self.professions
        )

    def concerns(self, asker: Asker, now: datetime) -> bool:
        """Whether it is about this caller now, whatever the purpose."""
        for_all = not (self.organisations or self.persons or self.professions)
        return self.period.covers(now) and (for_all or self.names(asker))

    def applies(self, asker: Asker, now: datetime) -> bool:
        """Whether it is about this caller, now, for this purpose."""
        return self.concerns(asker, now) and (not self.purposes or asker.purpose in self.purposes)


@dataclass(frozen=True, slots=True)
class ConsentRecord:
    """One privacy consent after reading.  An unreadable one denies, and keeps only its deny exceptions.

    What it says is in it whole, so that it can be kept instead of the resource; whether it names anybody whom nobody
    knows depends on the registry of the moment: ``known_by``.
    """

    id: str  # "Consent/x"
    version: str
    patient: str
    spaces: frozenset[str]
    revoked: bool  # status inactive or rejected
    signed: Period  # all that its dateTime may mean
    period: Period
    permits: bool  # the type of the root provision
    exceptions: tuple[ConsentRule, ...]
    proxies: frozenset[str] = NOBODY  # ids of the RelatedPersons who signed it
    unreadable: str | None = None  # why; for the secretariat

    @property
    def names_somebody(self) -> bool:
        """Whether it depends on who is known."""
        named = (rule.organisations or rule.persons or rule.match.sources for rule in self.exceptions)
        return bool(self.proxies) or any(named)

    def known_by(self, known: Known) -> "ConsentRecord":
        """The consent as it reads with the registry of now: one that names a stranger cannot be read (§3.4)."""
        if not self.names_somebody:
            return self
        strangers = {rule.number: list(rule.strangers(known)) for rule in self.exceptions}
        problems = [
            f"Consent.performer: RelatedPerson/{one} is neither the patient nor a proxy on a legal basis"
            for one in sorted(self.proxies)
            if (self.patient, one) not in known.proxies
        ]
        problems += [f"provision {number}.actor: {one} is not known" for number, of in strangers.items() for one in of]
        if not problems:
            return self
        rules = [rule.for_everybody() if strangers[rule.number] else rule for rule in self.exceptions]
        return replace(self, exceptions=tuple(rules)).denying(problems)

    def denying(self, problems: Iterable[str]) -> "ConsentRecord":
        """The consent when this much of it cannot be read: it closes its space, and has no end."""
        return replace(
            self,
            period=ALWAYS,
            permits=False,
            exceptions=tuple(rule for rule in self.exceptions if not rule.permits),
            unreadable="; ".join([*([self.unreadable] if self.unreadable else []), *problems]),
        )
