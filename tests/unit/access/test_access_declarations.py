"""CONSENT §4 rules 5 and 6, §6: who may declare an emergency; which emergencies and disasters a decision counts."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from consent import Disaster, Emergency, Period
from hub.access import disasters, emergencies
from hub.context import Caller, instant
from hub.store import disasters as stored_disasters
from hub.store import emergencies as stored_emergencies
from hub.store.city_tables import OrganisationRow
from hub.store.database import Tx
from hub.store.sql import add
from profiles.resource import Resource
from tests.unit.access.asking import DOCTOR, NOW, SYSTEM, store, stored_resource

HOUR = timedelta(hours=1)
READ = "read"


@pytest.mark.parametrize("profession", ["physician", "nurse", "paramedic"])
@pytest.mark.parametrize("kind", ["hospital", "clinic", "home-nursing", "fire-department"])
def test_these_declare(profession: str, kind: str) -> None:
    assert emergencies.may_declare(replace(DOCTOR, profession=profession, organisation_kind=kind))


@pytest.mark.parametrize(
    "caller",
    [
        SYSTEM,
        replace(DOCTOR, profession="care-manager"),
        replace(DOCTOR, profession=None),
        replace(DOCTOR, organisation_kind="pharmacy"),
        replace(DOCTOR, in_force=False),
    ],
)
def test_nobody_else_declares_or_is_let_in(caller: Caller) -> None:
    assert not emergencies.may_declare(caller)
    assert not counted(caller)


def test_an_emergency_is_one_person_s_in_one_role() -> None:
    assert emergencies.who(DOCTOR) == ("dr-sato", "hosp", "physician")
    assert emergencies.who(replace(SYSTEM, profession=None)) == ("", "hosp", "")


def declared(tx: Tx) -> None:
    """The doctor declared an emergency of hana's at nine."""
    row = {"patient": "hana", "id": "e1", "organisation": "hosp", "person": "dr-sato", "profession": "physician"}
    times = {"declared": instant(NOW - HOUR), "until": instant(NOW + HOUR)}
    stored_emergencies.put(tx, {**row, **times, "reason": "", "place": ""})


def counted(caller: Caller = DOCTOR, interaction: str = READ, patients: Sequence[str] | None = ("hana",)) -> object:
    """The emergencies that count for a question."""
    with store() as tx:
        declared(tx)
        return emergencies.counting(tx, caller, interaction, patients, NOW)


def test_an_emergency_counts_for_questions_about_the_patient() -> None:
    assert counted() == [Emergency("Emergency/e1", "hana", "hosp", "dr-sato", NOW + HOUR)]
    for patients in (("taro",), (), None):
        assert counted(patients=patients) == []
    assert counted(interaction="operation:export") == []


@pytest.mark.parametrize(("ahead", "counts"), [(timedelta(seconds=59), 1), (timedelta(seconds=61), 0)])
def test_one_declared_by_a_clock_that_runs_ahead_counts_for_a_minute(ahead: timedelta, counts: int) -> None:
    with store() as tx:
        row = {"patient": "hana", "id": "e1", "organisation": "hosp", "person": "dr-sato", "profession": "physician"}
        times = {"declared": instant(NOW + ahead), "until": instant(NOW + HOUR)}
        stored_emergencies.put(tx, {**row, **times, "reason": "", "place": ""})
        assert len(emergencies.counting(tx, DOCTOR, READ, ["hana"], NOW)) == counts


RESIDENTS = {"hana": ("雪見市北町１丁目", "city", 0), "taro": ("雪見市南町２丁目", "city", 0)}
ELSEWHERE = {"hana": ("雪見市北町１丁目", "hosp", 0), "taro": ("雪見市北町１丁目", "city", 1)}
"""By the resident: the address, whose record it is, and whether it is withheld."""


def flooded(tx: Tx, records: dict[str, tuple[str, str, int]] = RESIDENTS) -> None:
    """A disaster in force in the north of the city, in which the hospital helps."""
    city = {"id": "city", "kind": "municipality", "name": "雪見市", "starts": "", "ends": ""}
    add(tx, OrganisationRow, [{**city, "institution_number": "", "care_office_number": ""}])
    for patient, (address, source, withheld) in records.items():
        home: Resource = {"resourceType": "Patient", "address": [{"text": address}]}
        stored_resource(tx, patient, "Patient", patient, home, source=source, withheld=withheld)
    times = {"starts": instant(NOW - HOUR), "ends": instant(NOW + HOUR), "declared": "", "declared_by": ""}
    confirmed = {"confirmed": instant(NOW - HOUR), "confirmed_by": "", "ending": "", "ending_by": ""}
    flood = {"id": "d1", "name": "水害", **times, **confirmed, "ended": "", "ended_by": ""}
    stored_disasters.put(tx, flood, ["雪見市北町"], ["hosp"])


def reached(
    caller: Caller = DOCTOR,
    interaction: str = READ,
    patients: Sequence[str] | None = ("hana", "taro"),
    records: dict[str, tuple[str, str, int]] = RESIDENTS,
) -> list[Disaster]:
    """The disasters that count for a question."""
    with store() as tx:
        flooded(tx, records)
        return disasters.counting(tx, caller, interaction, patients, NOW)


def test_a_disaster_counts_for_those_asked_about_who_live_there() -> None:
    found = Disaster("Disaster/d1", frozenset({"hosp"}), frozenset({"hana"}), Period(NOW - HOUR, NOW + HOUR))
    assert reached() == [found]
    assert reached(patients=["taro"]) == [replace(found, residents=frozenset())]
    for patients in ((), None):
        assert reached(patients=patients) == []


def test_where_somebody_lives_is_what_the_municipality_s_record_says() -> None:
    assert [one.residents for one in reached(records=ELSEWHERE)] == [frozenset()]


@pytest.mark.parametrize("interaction", ["operation:export", "notification"])
def test_a_disaster_opens_nothing_that_leaves_by_itself_or_with_many(interaction: str) -> None:
    assert reached(interaction=interaction) == []


def test_a_disaster_opens_nothing_for_those_who_do_not_help() -> None:
    assert reached(replace(DOCTOR, helps=False)) == []
    assert reached(replace(DOCTOR, organisation="clinic")) == []
