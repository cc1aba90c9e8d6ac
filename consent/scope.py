"""What a caller may see now, as data (CONSENT §4).

``Scope.admits`` reads it for one resource, ``hub/access/filter.py`` writes it as SQL.  A scope is the rules
evaluated as far as they can be without a resource: the caller, the purpose and the instant are in it already,
what is left are tests on the stamped facts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from consent.model import ANYTHING, Facts, Match
from consent.policy import Publications
from consent.vocabulary import SOURCE_ONLY

Reason: TypeAlias = Literal[
    "scope",
    "not-in-force",
    "own",
    "withheld-by-source",
    "directory",
    "emergency",
    "disaster",
    "no-relation",
    "no-consent",
    "not-shared",
    "role",
    "resident-denied",
    "label",
    "consent",
]


@dataclass(frozen=True, slots=True)
class Decision:
    """The outcome for one resource: its reason code (§4) and the ids of the rules that decided."""

    permit: bool
    reason: Reason
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """The caller may see nothing at all, whatever the resource (rules 1 and 2)."""

    reason: Literal["scope", "not-in-force"]


# In what follows ``rule`` is the place of a rule's id in ``Scope.rules`` of the patient: so the scopes of
# patients whose consents say the same are equal, and "all my people" is few groups.


@dataclass(frozen=True, slots=True)
class Override:
    """An emergency or a disaster shows what matches, unless the resident has forbidden it."""

    reason: Literal["emergency", "disaster"]
    rule: int
    match: Match
    unless: tuple[Match, ...] = ()

    def shows(self, facts: Facts) -> bool:
        return self.match.matches(facts) and not any(match.matches(facts) for match in self.unless)


@dataclass(frozen=True, slots=True)
class Opening:
    """A consent opens a space: its root (``match`` is ANYTHING), or a permit exception under a root that denies."""

    rule: int
    publications: Publications
    match: Match = ANYTHING

    def opens(self, facts: Facts) -> bool:
        return (facts.source_kind, facts.category) in self.publications and self.match.matches(facts)


@dataclass(frozen=True, slots=True)
class PatientScope:
    """What the caller may see of one patient, apart from what its own organisation published."""

    related: bool = False
    overrides: tuple[Override, ...] = ()
    openings: tuple[Opening, ...] = ()
    closings: tuple[tuple[int, Publications], ...] = ()  # the consents that keep a space closed; for ``rules`` only
    denies: tuple[tuple[int, Match], ...] = ()
    label_permits: tuple[tuple[int, str, Match], ...] = ()  # a permit exception that names this label and the caller


UNRELATED = PatientScope()


@dataclass(frozen=True, slots=True)
class Scope:
    """What a caller may see now.  A patient in no group has no relation to the caller.

    ``organisation`` is empty when even its own publications are closed (an auditor reads no content).
    """

    now: datetime
    organisation: str
    shared: Publications  # published into a space that the role reads
    excluded: frozenset[str]  # categories that the role's row excludes
    cleared: frozenset[str]  # labels that the role is cleared for
    groups: tuple[tuple[frozenset[str], PatientScope], ...]
    rules: Mapping[str, tuple[str, ...]]  # by patient: ids of the rules, in the order in which the scope counts them

    def admits(self, facts: Facts) -> Decision:
        """Rules 3 to 12 of §4 for one resource; the first that decides, decides."""
        if self.organisation and facts.source == self.organisation:
            return Decision(True, "own")
        if facts.withheld or SOURCE_ONLY in facts.labels:
            return Decision(False, "withheld-by-source")
        if not facts.patients:
            return Decision(True, "directory") if facts.directory else Decision(False, "not-shared")
        decisions = [self._of_patient(patient, facts) for patient in facts.patients]
        for decision in decisions:
            if not decision.permit:
                return decision
        rules = dict.fromkeys(rule for decision in decisions for rule in decision.rules)
        return Decision(True, decisions[0].reason, tuple(rules))

    def of(self, patient: str) -> PatientScope:
        """What the caller may see of this patient."""
        return next((scope for patients, scope in self.groups if patient in patients), UNRELATED)

    def basis(self, patient: str) -> tuple[Reason, tuple[str, ...]]:
        """By what right the caller sees anything of a patient at all, and the rules that open it."""
        scope, names = self.of(patient), self.rules.get(patient, ())
        for override in scope.overrides:
            same = (one.rule for one in scope.overrides if one.reason == override.reason)
            return override.reason, tuple(names[rule] for rule in dict.fromkeys(same))
        opened = dict.fromkeys(opening.rule for opening in scope.openings)
        if scope.related and opened:
            return "consent", tuple(names[rule] for rule in opened)
        return "own", ()

    def sole_rule(self, patient: str) -> str | None:
        """The rule by which everything is shown that others published, where one alone opens anything."""
        scope = self.of(patient)
        if scope.overrides or scope.label_permits or not scope.related:
            return None
        rules = {opening.rule for opening in scope.openings}
        return self.rules[patient][rules.pop()] if len(rules) == 1 else None

    def _of_patient(self, patient: str, facts: Facts) -> Decision:
        scope = self.of(patient)
        names = self.rules.get(patient, ())
        publication = (facts.source_kind, facts.category)
        for override in scope.overrides:
            if override.shows(facts):
                return Decision(True, override.reason, (names[override.rule],))
        if not scope.related:
            return Decision(False, "no-relation")
        opened = [names[opening.rule] for opening in scope.openings if opening.opens(facts)]
        if not opened:
            if publication not in self.shared:
                return Decision(False, "not-shared")
            closing = dict.fromkeys(names[rule] for rule, closed in scope.closings if publication in closed)
            return Decision(False, "no-consent", tuple(closing))
        if facts.category in self.excluded:
            return Decision(False, "role")
        denied = [names[rule] for rule, match in scope.denies if match.matches(facts)]
        if denied:
            return Decision(False, "resident-denied", tuple(denied))
        for label in sorted(facts.labels - self.cleared):
            permitting = [
                names[rule] for rule, of, match in scope.label_permits if of == label and match.matches(facts)
            ]
            if not permitting:
                return Decision(False, "label")
            opened += permitting
        return Decision(True, "consent", tuple(dict.fromkeys(opened)))
