"""Small random worlds: a policy, a caller, consents as FHIR JSON, relations, and resources to ask for."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from hypothesis import strategies as st

from consent import (
    LABELS,
    Asker,
    Disaster,
    Emergency,
    Facts,
    Known,
    Period,
    Policy,
    Refusal,
    Relation,
    Scope,
    read_consent,
    scope_for,
)
from consent.vocabulary import (
    ACT_REASON_SYSTEM,
    CATEGORY_SYSTEM,
    CONSENT_SCOPE_SYSTEM,
    LABEL_SYSTEM,
    PARTICIPATION_SYSTEM,
    PROFESSION_SYSTEM,
    SPACE_SYSTEM,
    SPACES,
)

NOW = datetime.fromisoformat("2026-11-20T10:00:00+09:00")
ORGANISATIONS = {"hosp": "hospital", "clinic": "clinic", "kyotaku": "care-management"}
KINDS = [*ORGANISATIONS.values(), "*"]
PEOPLE = ["sato", "abe"]
PROFESSIONS = ["physician", "nurse", "care-manager", "paramedic"]
CATEGORIES = ["prescription", "problem", "laboratory", "acp", "progress-note"]
PURPOSES = ["TREAT", "CAREMGT", "ETREAT", "DISASTER"]
PATIENTS = ["hana", "taro"]
DAYS = ["2026-05-10", "2026-08-22", "2026-11-01", "2026-11-20"]
REFERENCES = ["Observation/1", "Condition/2"]
KNOWN = Known(frozenset(ORGANISATIONS), frozenset(PEOPLE), frozenset({("hana", "guardian")}))

Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class World:
    """Everything that one decision is given."""

    asker: Asker
    policy: Policy
    consents: tuple[Json, ...]
    relations: tuple[Relation, ...]
    emergencies: tuple[Emergency, ...]
    disasters: tuple[Disaster, ...]
    resources: tuple[Facts, ...]

    def scope(self) -> Scope | Refusal:
        records = [read_consent(consent, KNOWN) for consent in self.consents]
        return scope_for(
            self.asker,
            self.policy,
            patients=PATIENTS,
            relations=self.relations,
            consents=[record for record in records if record],
            emergencies=self.emergencies,
            disasters=self.disasters,
            now=NOW,
            token_allows=True,
        )

    def admitted(self) -> list[bool]:
        scope = self.scope()
        return [isinstance(scope, Scope) and scope.admits(facts).permit for facts in self.resources]


def some(words: list[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(words), min_size=1, max_size=2, unique=True)


def codings(system: str, words: list[str]) -> st.SearchStrategy[list[Json]]:
    return some(words).map(lambda codes: [{"system": system, "code": code} for code in codes])


def concept(system: str, code: str) -> Json:
    return {"coding": [{"system": system, "code": code}]}


def actor(role: tuple[str, str], reference: str) -> Json:
    target = {"display": role[1]} if role[0] == PROFESSION_SYSTEM else {"reference": reference}
    return {"role": concept(*role), "reference": target}


ACTORS = st.sampled_from(
    [
        *(actor((PARTICIPATION_SYSTEM, "IRCP"), f"Organization/{one}") for one in ORGANISATIONS),
        *(actor((PARTICIPATION_SYSTEM, "IRCP"), f"Practitioner/{one}") for one in PEOPLE),
        *(actor((PARTICIPATION_SYSTEM, "AUT"), f"Organization/{one}") for one in ORGANISATIONS),
        *(actor((PROFESSION_SYSTEM, one), "") for one in PROFESSIONS),
    ]
)
PERIODS: st.SearchStrategy[Json] = st.sampled_from(
    [{"start": "2026-01-01"}, {"end": "2026-11-19"}, {"start": "2026-11-21"}, {"start": "2026-11-20", "end": "2026-11"}]
)
DATA_PERIODS: st.SearchStrategy[Json] = st.sampled_from(
    [{"start": "2026-08"}, {"end": "2026-08-22"}, {"start": "2026-05-10", "end": "2026-05-10T23:00:00+09:00"}]
)
DATA = some(REFERENCES).map(lambda refs: [{"meaning": "instance", "reference": {"reference": one}} for one in refs])
CLOSING_LABELS = sorted(LABELS - {"UNKNOWN-LABEL"})


def provisions(types: list[str]) -> st.SearchStrategy[Json]:
    optional: dict[str, st.SearchStrategy[object]] = {
        "period": PERIODS,
        "actor": st.lists(ACTORS, min_size=1, max_size=2),
        "class": codings(CATEGORY_SYSTEM, CATEGORIES),
        "purpose": codings(ACT_REASON_SYSTEM, PURPOSES),
        "securityLabel": codings(LABEL_SYSTEM, CLOSING_LABELS),
        "dataPeriod": DATA_PERIODS,
        "data": DATA,
    }
    return st.fixed_dictionaries({"type": st.sampled_from(types)}, optional=optional)


@st.composite
def consents(draw: st.DrawFn) -> Json:
    patient = draw(st.sampled_from(["hana", *PATIENTS]))
    root: Json = {"type": draw(st.sampled_from(["permit", "permit", "permit", "deny"]))}
    nested = draw(st.lists(provisions(["permit", "deny"]), max_size=2))
    if nested:
        root["provision"] = nested
    if draw(st.sampled_from([False, False, False, True])):
        root["period"] = draw(PERIODS)
    spaces = draw(st.sampled_from([list(SPACES), list(SPACES), *([space] for space in SPACES)]))
    return {
        "resourceType": "Consent",
        "id": f"c{draw(st.integers(1, 999))}",
        "status": draw(st.sampled_from(["active"] * 9 + ["inactive", "draft"])),
        "scope": concept(CONSENT_SCOPE_SYSTEM, "patient-privacy"),
        "category": [concept(SPACE_SYSTEM, space) for space in spaces],
        "patient": {"reference": f"Patient/{patient}"},
        "performer": [{"reference": f"Patient/{patient}"}],
        "dateTime": draw(
            st.sampled_from(
                ["2026-01-01", "2026-01-02", "2026-03-01T09:00:00+09:00", "2026-03-01", "2026-03-02", "2026-12"]
            )
        ),
        "provision": root,
    }


READ_ROWS = st.fixed_dictionaries(
    {
        "profession": some([*PROFESSIONS[:3], "*"]),
        "organisation-kind": some(KINDS),
        "spaces": some(list(SPACES)),
        "exclude": st.lists(st.sampled_from(CATEGORIES), max_size=1),
        "labels": st.lists(st.sampled_from(["HIV", "R", "V", "WELFARE"]), max_size=3),
    }
)
PUBLISH_ROWS = st.fixed_dictionaries(
    {
        "publisher": st.sampled_from(KINDS),
        "category": st.sampled_from([*CATEGORIES, "*"]),
        "space": st.sampled_from(SPACES),
    }
)
# Most worlds share everything with everybody, so that the residents' own rules decide.
EVERYBODY = [{"profession": "*", "organisation-kind": "*", "spaces": list(SPACES), "labels": ["HIV", "R"]}]
EVERYTHING = [{"publisher": "*", "category": "*", "space": space} for space in SPACES]
POLICIES = st.builds(
    Policy.from_rows,
    st.just(EVERYTHING) | st.just(EVERYTHING) | st.lists(PUBLISH_ROWS, min_size=1, max_size=8),
    st.just(EVERYBODY) | st.just(EVERYBODY) | st.lists(READ_ROWS, min_size=1, max_size=3),
    st.just([]),
)
TIMES = st.sampled_from([Period(), Period(end=NOW), Period(start=NOW), Period(NOW + timedelta(seconds=1), None)])
RELATIONS = st.builds(
    Relation,
    st.sampled_from(PATIENTS),
    st.sampled_from([*ORGANISATIONS, None]),
    st.sampled_from([None, None, *PEOPLE]),
    TIMES,
    st.sampled_from([False, False, False, True]),
)
EMERGENCIES = st.builds(
    Emergency,
    st.just("emergency"),
    st.sampled_from(PATIENTS),
    st.sampled_from(list(ORGANISATIONS)),
    st.sampled_from(PEOPLE),
    st.sampled_from([NOW, NOW + timedelta(minutes=5)]),
)
DISASTERS = st.builds(
    Disaster,
    st.just("disaster"),
    st.frozensets(st.sampled_from(list(ORGANISATIONS)), max_size=2),
    st.frozensets(st.sampled_from(PATIENTS), max_size=2),
    TIMES,
)
ASKERS = st.builds(
    lambda organisation, person, profession, purpose: Asker(
        organisation, ORGANISATIONS[organisation], purpose, True, person, profession
    ),
    st.sampled_from(["hosp", "hosp", "hosp", *ORGANISATIONS]),
    st.sampled_from([*PEOPLE, None]),
    st.sampled_from(["physician", "physician", "nurse", "nurse", *PROFESSIONS, None]),
    st.sampled_from([*PURPOSES * 3, "AUDIT"]),
)
PATIENTS_OF_ONE = [*[("hana",)] * 6, *[("hana", "taro")] * 3, ("taro",), ("taro",), ("taro", "stranger"), ()]


@st.composite
def resources(draw: st.DrawFn) -> Facts:
    source = draw(st.sampled_from(["clinic", "clinic", "clinic", "kyotaku", *ORGANISATIONS]))
    patients = draw(st.sampled_from(PATIENTS_OF_ONE))
    return Facts(
        patients=patients,
        source=source,
        source_kind=ORGANISATIONS[source],
        category=draw(st.sampled_from([*CATEGORIES * 3, "other"])),
        reference=draw(st.sampled_from(REFERENCES)),
        labels=frozenset(
            draw(st.lists(st.sampled_from(["HIV", "R", "V", *sorted(LABELS)]), max_size=2))
            if draw(st.booleans())
            else ()
        ),
        clinical_date=draw(st.sampled_from([*DAYS, None])),
        withheld=draw(st.sampled_from([False] * 19 + [True])),
        directory=draw(st.booleans()),
    )


@st.composite
def worlds(draw: st.DrawFn) -> World:
    asker = draw(ASKERS)
    near = [Relation(patient, asker.organisation) for patient in draw(some(PATIENTS))]
    made = draw(st.lists(consents(), min_size=1, max_size=4))
    return World(
        asker,
        draw(POLICIES),
        tuple({**consent, "id": f"c{number}"} for number, consent in enumerate(made, 1)),
        (*draw(st.lists(RELATIONS, max_size=4)), *near),
        tuple(draw(st.lists(EMERGENCIES, max_size=1))),
        tuple(draw(st.lists(DISASTERS, max_size=1))),
        tuple(_distinct(draw(st.lists(resources(), min_size=4, max_size=12)))),
    )


def _distinct(resources: list[Facts]) -> list[Facts]:
    """The same resources as rows with different keys, so that further patients belong to one of them."""
    found: dict[tuple[str, str, tuple[str, ...]], Facts] = {}
    for facts in resources:
        found.setdefault((facts.source, facts.reference, facts.patients[:1]), facts)
    return list(found.values())
