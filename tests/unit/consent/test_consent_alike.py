"""Of residents whose only consents say the same, one is decided about: each gets what they would get alone (§4)."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consent import Asker, ConsentRecord, ConsentRule, Disaster, Emergency, Period, Policy, Relation, Scope, scope_for
from consent.period import ALWAYS
from consent.vocabulary import SPACES
from tests.unit.consent.strategies import ASKERS, EVERYBODY, EVERYTHING, NOW

RESIDENTS = tuple(f"resident-{number}" for number in range(8))
SHARED = Policy.from_rows(EVERYTHING, EVERYBODY, [])
PHYSICIAN = Asker("hosp", "hospital", "TREAT", True, "sato", "physician")
YESTERDAY, TOMORROW = NOW - timedelta(days=1), NOW + timedelta(days=1)
FORBIDS = ConsentRule("1", permits=False, purposes=frozenset({"TREAT"}))
PERMITS = ConsentRule("2", permits=True, organisations=frozenset({"hosp"}))
PLAIN = ConsentRecord(
    "Consent/1",
    "1",
    "",
    frozenset(SPACES),
    False,
    Period(YESTERDAY, YESTERDAY + timedelta(seconds=1)),
    ALWAYS,
    True,
    (),
)
SIGNED = st.sampled_from([PLAIN.signed, Period(TOMORROW, None), Period(YESTERDAY, YESTERDAY), Period(None, NOW)])
PERIODS = st.sampled_from(
    [ALWAYS, ALWAYS, Period(YESTERDAY, TOMORROW), Period(TOMORROW, None), Period(None, YESTERDAY)]
)
RULES = st.lists(st.sampled_from([FORBIDS, PERMITS]), max_size=2, unique=True).map(tuple)
RECORDS = st.builds(
    lambda spaces, revoked, signed, period, permits, rules, unreadable: replace(
        PLAIN,
        spaces=frozenset(spaces),
        revoked=revoked,
        signed=signed,
        period=period,
        permits=permits,
        exceptions=rules,
        unreadable=unreadable,
    ),
    st.lists(st.sampled_from(list(SPACES)), min_size=1, unique=True),
    st.sampled_from([False, False, True]),
    SIGNED,
    PERIODS,
    st.booleans(),
    RULES,
    st.sampled_from([None, None, None, "damaged"]),
)


def decided(
    asker: Asker,
    patients: Iterable[str],
    consents: Iterable[ConsentRecord],
    emergencies: Iterable[Emergency] = (),
    disasters: Iterable[Disaster] = (),
    related: Iterable[str] = RESIDENTS,
) -> Scope:
    scope = scope_for(
        asker,
        SHARED,
        patients=patients,
        relations=[Relation(patient, asker.organisation) for patient in related],
        consents=consents,
        emergencies=emergencies,
        disasters=disasters,
        now=NOW,
        token_allows=True,
    )
    assert isinstance(scope, Scope)
    return scope


def of(resident: str, *said: ConsentRecord) -> list[ConsentRecord]:
    return [replace(one, id=f"Consent/{resident}-{n}", patient=resident) for n, one in enumerate(said)]


@settings(max_examples=300, deadline=None)
@given(ASKERS, st.lists(RECORDS, min_size=1, max_size=3), st.data())
def test_together_each_is_decided_about_as_alone(asker: Asker, pool: list[ConsentRecord], data: st.DataObject) -> None:
    numbers = st.lists(st.sampled_from(range(len(pool))), max_size=2)
    consents = [
        record for resident in RESIDENTS for record in of(resident, *(pool[number] for number in data.draw(numbers)))
    ]
    emergencies = data.draw(
        st.sampled_from([(), (), (Emergency("e", "resident-1", asker.organisation, str(asker.person), TOMORROW),)])
    )
    disasters = data.draw(
        st.sampled_from([(), (), (Disaster("d", frozenset({asker.organisation}), frozenset(RESIDENTS[2:4]), ALWAYS),)])
    )
    related = data.draw(st.lists(st.sampled_from(RESIDENTS), min_size=1, unique=True))
    together = decided(asker, RESIDENTS, consents, emergencies, disasters, related)
    for resident in RESIDENTS:
        alone = decided(asker, (resident,), consents, emergencies, disasters, related)
        assert (together.of(resident), together.rules.get(resident)) == (alone.of(resident), alone.rules.get(resident))


@pytest.mark.parametrize(
    "other",
    [
        replace(PLAIN, spaces=frozenset({"medical"})),
        replace(PLAIN, permits=False),
        replace(PLAIN, revoked=True),
        replace(PLAIN, exceptions=(FORBIDS,)),
        replace(PLAIN, unreadable="damaged"),
        replace(PLAIN, signed=Period(TOMORROW, None)),
        replace(PLAIN, signed=Period(YESTERDAY, YESTERDAY)),
        replace(PLAIN, period=Period(TOMORROW, None)),
        replace(PLAIN, period=Period(None, YESTERDAY)),
    ],
)
def test_one_that_says_something_else_is_decided_about_by_itself(other: ConsentRecord) -> None:
    consents = [*of("resident-0", PLAIN), *of("resident-1", other), *of("resident-2", PLAIN), *of("resident-3", other)]
    scope = decided(PHYSICIAN, RESIDENTS[:4], consents)
    assert {frozenset(members) for members, _ in scope.groups} == {
        frozenset({"resident-0", "resident-2"}),
        frozenset({"resident-1", "resident-3"}),
    }
    for resident in RESIDENTS[:4]:
        assert all(rule.startswith(f"Consent/{resident}-0") for rule in scope.rules[resident])


def test_what_a_revoked_consent_forbade_is_over_and_what_an_unreadable_one_forbids_is_not() -> None:
    revoked = replace(PLAIN, revoked=True, exceptions=(FORBIDS,))
    consents = [*of("resident-0", revoked), *of("resident-1", replace(revoked, unreadable="damaged"))]
    for patients in (RESIDENTS[:2], RESIDENTS[1::-1]):
        scope = decided(PHYSICIAN, patients, consents)
        assert [len(scope.of(resident).denies) for resident in RESIDENTS[:2]] == [0, 1]


def test_of_several_it_counts_which_was_signed_last() -> None:
    earlier = Period(YESTERDAY - timedelta(days=9), YESTERDAY - timedelta(days=8))
    denies = replace(PLAIN, permits=False)
    consents = [
        *of("resident-0", replace(PLAIN, signed=earlier), denies),
        *of("resident-1", PLAIN, replace(denies, signed=earlier)),
    ]
    scope = decided(PHYSICIAN, RESIDENTS[:2], consents)
    assert [scope.basis(resident)[0] for resident in RESIDENTS[:2]] == ["own", "consent"]


def test_an_emergency_opens_for_one_of_those_who_said_the_same() -> None:
    consents = [record for resident in RESIDENTS[:3] for record in of(resident, PLAIN)]
    emergency = Emergency("Task/e", "resident-1", "hosp", "sato", TOMORROW)
    scope = decided(PHYSICIAN, RESIDENTS[:3], consents, [emergency])
    assert [scope.basis(resident)[0] for resident in RESIDENTS[:3]] == ["consent", "emergency", "consent"]
