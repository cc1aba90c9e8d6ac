"""The decision (CONSENT §4): the facts about a caller and some patients → the ``Scope`` of what they may see."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import lru_cache

from consent.model import NOBODY, Asker, ConsentRecord, ConsentRule, Disaster, Emergency, Match, Relation
from consent.period import local_day
from consent.policy import Policy, Publications, Reading
from consent.scope import Opening, Override, PatientScope, Refusal, Scope
from consent.standing import Said, Standing, said, standing
from consent.vocabulary import (
    AUDIT,
    DISASTER_SET,
    EMERGENCY_PURPOSE,
    EMERGENCY_SET,
    EMERGENCY_SET_RECENT,
    NEVER_FORBIDDEN,
    RECENT_DAYS,
    SPACES,
)


def scope_for(
    asker: Asker,
    policy: Policy,
    *,
    patients: Iterable[str],
    relations: Iterable[Relation],
    consents: Iterable[ConsentRecord],
    emergencies: Iterable[Emergency],
    disasters: Iterable[Disaster],
    now: datetime,
    token_allows: bool,
) -> Scope | Refusal:
    """What ``asker`` may see of ``patients`` at ``now``; of any other patient only its own publications.

    ``token_allows``: whether the token's scopes cover the type and the action asked for (rule 1).
    Facts about patients who are not in ``patients`` are passed over.
    """
    if not token_allows:
        return Refusal("scope")
    if not asker.in_force:
        return Refusal("not-in-force")
    if asker.purpose == AUDIT or asker.profession == "auditor":
        return Scope(now, "", Publications(), NOBODY, NOBODY, (), {})

    reading, published, shared = _role(policy, asker.profession, asker.organisation_kind)
    related = {relation.patient for relation in relations if relation.relates(asker, now)}
    mine = [one for one in emergencies if _is_of(one, asker) and now < one.until]
    helping = disasters if asker.profession else ()  # without one, a system reads what its organisation published (§2)
    ours = [one for one in helping if asker.organisation in one.organisations and one.period.covers(now)]
    records: defaultdict[str, list[ConsentRecord]] = defaultdict(list)
    for record in consents:
        records[record.patient].append(record)

    groups: dict[PatientScope, list[str]] = {}
    rules: dict[str, tuple[str, ...]] = {}
    alike: dict[Said, tuple[list[str], list[str]]] = {}  # with the same consent: who they are, its rules without its id
    people = dict.fromkeys(one for one in patients if one)
    by_consent_alone = len(people) > 1 and not mine and not ours
    for patient in people:
        of_patient = records[patient]
        same = said(of_patient, now) if by_consent_alone and patient in related else None
        if same in alike:
            members, places = alike[same]
            members.append(patient)
            rules[patient] = tuple([of_patient[0].id + place for place in places])
            continue
        view = _View(asker, now, standing(of_patient, now))
        overrides = tuple(view.overrides(patient, mine, ours))
        if patient in related:
            scope = view.related(overrides, published, reading.cleared)
        elif overrides:
            scope = PatientScope(overrides=overrides)
        else:
            continue
        groups.setdefault(scope, []).append(patient)
        rules[patient] = tuple(view.rules)
        if same is not None:
            alike[same] = groups[scope], [rule.removeprefix(of_patient[0].id) for rule in view.rules]
    return Scope(
        now,
        asker.organisation,
        shared,
        reading.excluded,
        reading.cleared,
        tuple((frozenset(members), scope) for scope, members in groups.items()),
        rules,
    )


def emergency_refusals(asker: Asker, consents: Iterable[ConsentRecord], now: datetime) -> list[tuple[str, Match]]:
    """What a resident has forbidden ``asker`` in an emergency (§3.6): the ids of the exceptions, and what they match.

    ``consents``: all of this one resident's.
    """
    return list(_forbidding(standing(consents, now), asker, now))


@lru_cache(maxsize=256)
def _role(
    policy: Policy, profession: str | None, kind: str
) -> tuple[Reading, Mapping[str, Publications], Publications]:
    """What a role reads, what is published into its spaces, and all of that together."""
    reading = policy.reading(profession, kind)
    published = {space: policy.published[space] for space in SPACES if space in reading.spaces}
    return reading, published, Publications().union(*published.values())


@dataclass(slots=True)
class _View:
    """One resident's consents as one caller meets them; ``rules`` collects the ids of what is used."""

    asker: Asker
    now: datetime
    standing: Standing
    rules: list[str] = field(default_factory=list)

    def related(
        self, overrides: tuple[Override, ...], published: Mapping[str, Publications], cleared: frozenset[str]
    ) -> PatientScope:
        """What a member of the care team may see, whose role reads what is ``published`` by space."""
        return PatientScope(
            True,
            overrides,
            tuple(self._openings(published)),
            tuple(self._closings(published)),
            tuple(self._denies()),
            tuple(self._label_permits(cleared)),
        )

    def overrides(
        self, patient: str, emergencies: Iterable[Emergency], disasters: Iterable[Disaster]
    ) -> Iterator[Override]:
        """Rules 5 and 6, from the emergencies and disasters that are the caller's and in force."""
        for emergency in emergencies:
            if emergency.patient == patient:
                yield from self._emergency(self._number(emergency.id))
        for disaster in disasters:
            if patient in disaster.residents:
                yield Override("disaster", self._number(disaster.id), Match(categories=DISASTER_SET))

    def _emergency(self, rule: int) -> Iterator[Override]:
        """The emergency set, without what the resident has forbidden (§3.6)."""
        forbidden = tuple(match for _, match in _forbidding(self.standing, self.asker, self.now))
        recent = local_day(self.now - timedelta(days=RECENT_DAYS))
        if forbidden:
            yield Override("emergency", rule, Match(categories=NEVER_FORBIDDEN))
        yield Override("emergency", rule, Match(categories=EMERGENCY_SET), forbidden)
        yield Override("emergency", rule, Match(categories=EMERGENCY_SET_RECENT, clinical_from=recent), forbidden)

    def _openings(self, published: Mapping[str, Publications]) -> Iterator[Opening]:
        """Rule 8: what opens the spaces that the role reads."""
        for space, publications in published.items():
            record = self.standing.opening.get(space)
            if record is None:
                continue
            if record.permits:
                yield Opening(self._number(record.id), publications)
                continue
            for exception in record.exceptions:
                if exception.permits and exception.applies(self.asker, self.now):
                    yield Opening(self._number(_id(record, exception)), publications, exception.match)

    def _closings(self, published: Mapping[str, Publications]) -> Iterator[tuple[int, Publications]]:
        """Rule 8: the consents that leave a space closed."""
        for space, publications in published.items():
            opening, latest = self.standing.opening.get(space), self.standing.latest.get(space)
            if latest and not (opening and opening.permits):
                yield self._number(latest.id), publications

    def _denies(self) -> Iterator[tuple[int, Match]]:
        """Rule 10: the deny exceptions of any consent in force."""
        for record in self.standing.in_force:
            for exception in record.exceptions:
                if not exception.permits and exception.applies(self.asker, self.now):
                    yield self._number(_id(record, exception)), exception.match

    def _label_permits(self, cleared: frozenset[str]) -> Iterator[tuple[int, str, Match]]:
        """Rule 11: the permit exceptions that name the caller and a label for which the role is not cleared."""
        for record in dict.fromkeys(self.standing.undisputed):
            for exception in record.exceptions:
                if exception.permits and exception.names(self.asker) and exception.applies(self.asker, self.now):
                    for label in sorted(exception.match.labels - cleared):
                        yield self._number(_id(record, exception)), label, replace(exception.match, labels=NOBODY)

    def _number(self, rule: str) -> int:
        if rule not in self.rules:
            self.rules.append(rule)
        return self.rules.index(rule)


def _forbidding(standing: Standing, asker: Asker, now: datetime) -> Iterator[tuple[str, Match]]:
    """The deny exceptions for the purpose of an emergency that are about the caller now."""
    for record in standing.in_force:
        for exception in record.exceptions:
            named = not exception.permits and EMERGENCY_PURPOSE in exception.purposes
            if named and exception.concerns(asker, now):
                yield _id(record, exception), exception.match


def _id(record: ConsentRecord, exception: ConsentRule) -> str:
    return f"{record.id}#{exception.number}"


def _is_of(emergency: Emergency, asker: Asker) -> bool:
    return (emergency.organisation, emergency.person) == (asker.organisation, asker.person)
