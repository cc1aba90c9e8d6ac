"""What care teams gave in a store of an older hub, and do not give any more, goes when the store is opened."""

from collections.abc import Mapping, Sequence

import pytest
from typer.testing import CliRunner

from hub.cli.main import app
from hub.store.database import Tx
from hub.store.sql import Record, Row, add, query, run
from hub.store.tables import RelationRow
from tests.hub_in_test import Body, City, care_team, note

PROMISE = pytest.mark.promise("every-relation-can-be-ended")
OF_BEFORE = "0004"


def gave(city: City, patient: str, team: Body | str, *members: str, **more: str) -> None:
    """As an older hub wrote it: "hosp", or "kyotaku/cm-ito", with an origin or its CareTeam."""
    origin = team if isinstance(team, str) else f"CareTeam/{team['id']}"
    rows: list[Record] = []
    for one in members:
        organisation, _, person = one.partition("/")
        who: dict[str, str | int] = {"organisation": organisation, "person": person, "role": "", "pending": 0}
        rows.append({"patient": patient, "origin": origin, "starts": "", "ends": "", **who, **more})
    city.store.lane.do(lambda tx: add(tx, RelationRow, rows))


def relations(city: City, patient: str) -> set[tuple[str, str, str, str]]:
    """(organisation, person, starts, ends) of everybody who is or was related; the city registers its residents."""
    rows: Sequence[Row] = city.store.lane.do(
        lambda tx: query(tx, "SELECT * FROM relation WHERE patient = :patient", {"patient": patient})
    )
    known = [row for row in rows if (row.origin, row.organisation) != ("first-contact", "city")]
    return {(row.organisation, row.person, row.starts, row.ends) for row in known}


def opened_anew(city: City) -> None:
    """The store is brought to the newest shape, as from the one before."""

    def before(tx: Tx) -> None:
        run(tx, "UPDATE alembic_version SET version_num = :name", {"name": OF_BEFORE})

    city.store.lane.do(before)
    assert CliRunner().invoke(app, ["db", "migrate", *city.options]).exit_code == 0


@PROMISE
def test_relations_of_teams_that_are_no_longer_here_go_and_the_others_stay(city: City) -> None:
    person, other = city.resident(), city.resident("0000000002", name="川上 次郎", birth="1941-06-02")
    city.consent(person)
    city.team(person, "Organization/hosp", "Organization/city")
    one = city.created("hosp-ehr", note(person))
    moved, deleted = city.team(other, "Organization/clinic"), city.team(person, "Organization/day")
    assert city.delete("city-registry", f"/fhir/CareTeam/{deleted['id']}").status_code == 204
    gave(city, person, moved, "clinic", "/dr-hayashi")
    gave(city, person, deleted, "day")
    gave(city, person, "desk", "pharm")
    gave(city, other, "first-contact", "hosp")
    assert city.get("clinic-emr", f"/fhir/Communication/{one['id']}").status_code == 200

    opened_anew(city)
    assert city.get("clinic-emr", f"/fhir/Communication/{one['id']}").status_code == 404
    assert city.get("hosp-ehr", f"/fhir/Communication/{one['id']}").status_code == 200
    assert relations(city, person) == {(who, "", "", "") for who in ("hosp", "city", "pharm")}
    assert relations(city, other) == {("clinic", "", "", ""), ("hosp", "", "", "")}


@PROMISE
def test_what_an_office_gave_itself_goes_and_what_it_gave_others_stays(city: City) -> None:
    person = city.resident()
    city.team(person, "Organization/hosp", "Organization/kyotaku")
    own = city.created("care-plan-app", care_team(person, "Organization/day"))
    gave(city, person, own, "kyotaku", "kyotaku/cm-ito", "/cm-ito", "/dr-hayashi", "tonari/cm-ito")
    opened_anew(city)
    stay = {("hosp", ""), ("kyotaku", ""), ("day", ""), ("", "dr-hayashi"), ("tonari", "cm-ito")}
    assert relations(city, person) == {(*who, "", "") for who in stay}


@PROMISE
@pytest.mark.parametrize(
    ("team", "own", "left"),
    [
        ({}, ("", ""), [("", "")]),
        ({}, ("2024-01-01", "2026-11-30"), [("2024-01-01", "2026-11-30")]),
        ({"status": "proposed"}, ("", ""), []),
        ({"period": {"start": "2024-01-01", "end": "2026-10"}}, ("2023-01-01", ""), [("2024-01-01", "2026-10")]),
        ({"period": {"end": "2026-12-31"}}, ("", "2026-11-30"), [("", "2026-11-30")]),
        ({"period": {"end": "2026-11-21T15:00:00Z"}}, ("", ""), [("", "2026-11-22T00:00:00+09:00")]),
        ({"period": {"start": "2027-01-01"}}, ("", "2026-12-31"), []),
        ({"period": {"end": "9999-12-31"}}, ("2024-01-01", ""), [("2024-01-01", "")]),
    ],
)
def test_relations_hold_within_the_period_of_their_team(
    city: City, team: Mapping[str, object], own: tuple[str, str], left: list[tuple[str, str]]
) -> None:
    person = city.resident()
    stored = city.created("city-registry", {**care_team(person, "Practitioner/dr-hayashi"), **team})
    city.store.lane.do(lambda tx: run(tx, "DELETE FROM relation", {}))
    gave(city, person, stored, "clinic", starts=own[0], ends=own[1])
    opened_anew(city)
    assert relations(city, person) == {("clinic", "", *one) for one in left}
    opened_anew(city)
    assert relations(city, person) == {("clinic", "", *one) for one in left}
