"""CONSENT.md §3, §4, §8 at every door: what one resident's rules show, to whom, and from which request on."""

from collections.abc import Callable

import pytest

from profiles.canonical import INFORMATION_CATEGORY, LABEL, PROFESSION, PROXY_LEGAL_BASIS
from tests.api.looking import DOORS, assert_unknown, prescription, shown
from tests.hub_in_test import Body, City, note, observation

PARTICIPATION = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
REASON = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
TEAM = ("Organization/hosp", "Organization/clinic", "Organization/day", "Practitioner/cm-ito")
MARK = "ヒミツマル錠"
NOTHING: set[str] = set()
# What a source keeps without any consent; of a person whose record is not shown, nothing is asked as a whole.
OWN = DOORS - {"handoff", "everything"}


def organisation(name: str, part: str = "IRCP") -> Body:
    role = {"coding": [{"system": PARTICIPATION, "code": part}]}
    return {"role": role, "reference": {"reference": f"Organization/{name}"}}


def profession(code: str) -> Body:
    return {"role": {"coding": [{"system": PROFESSION, "code": code}]}, "reference": {"display": code}}


def category(code: str) -> Body:
    return {"system": INFORMATION_CATEGORY, "code": code}


def labelled(*codes: str, system: str = LABEL) -> Body:
    return {"meta": {"security": [{"system": system, "code": code} for code in codes]}}


def prescribed(city: City, who: str = "hosp-ehr", **more: object) -> tuple[str, Body]:
    """A resident with a care team and a prescription, and no consent yet."""
    person = city.resident()
    city.team(person, *TEAM)
    return person, city.created(who, prescription(person, MARK, **more))


@pytest.mark.promise("own-data-stays-readable")
def test_without_consent_only_the_source_sees(city: City) -> None:
    person, one = prescribed(city)
    assert shown(city, "cm-ito", one, MARK, person) == NOTHING
    assert shown(city, "clinic-emr", one, MARK, person) == NOTHING
    assert shown(city, "hosp-ehr", one, MARK, person) == OWN


@pytest.mark.promise("hidden-answers-as-never-existed")
def test_with_consent_the_care_team_sees_at_every_door_and_strangers_at_none(city: City) -> None:
    person, one = prescribed(city)
    city.consent(person)
    for who in ("cm-ito", "clinic-emr", "care-plan-app", "cw-suzuki"):
        expected = NOTHING if who == "care-plan-app" else DOORS  # cm-ito is in the team, her organisation is not
        assert shown(city, who, one, MARK, person) == expected, who
    assert shown(city, "pharm-rx", one, MARK, person) == NOTHING


@pytest.mark.promise("revocation-works-on-the-next-request")
@pytest.mark.promise("own-data-stays-readable")
def test_revocation_works_at_every_door_on_the_next_request(city: City) -> None:
    person, one = prescribed(city)
    consent = city.consent(person)
    assert shown(city, "cm-ito", one, MARK, person) == DOORS
    city.clock.move(seconds=2)
    ended = {**consent, "status": "inactive", "dateTime": city.clock.now.isoformat()}
    assert city.put("city-registry", f"/fhir/Consent/{consent['id']}", ended).status_code == 200
    assert shown(city, "cm-ito", one, MARK, person) == NOTHING
    assert shown(city, "hosp-ehr", one, MARK, person) == OWN  # the source keeps reading its own


@pytest.mark.promise("revocation-works-on-the-next-request")
def test_a_later_consent_replaces_the_earlier_one_whole(city: City) -> None:
    person, one = prescribed(city)
    city.consent(person)
    city.clock.move(seconds=2)
    city.consent(person, root="deny")
    assert shown(city, "cm-ito", one, MARK, person) == NOTHING
    city.clock.move(seconds=2)
    city.consent(person, "team")
    assert shown(city, "cm-ito", one, MARK, person) == DOORS


@pytest.mark.promise("revocation-works-on-the-next-request")
def test_page_links_and_cursors_are_no_proof_of_a_right(city: City) -> None:
    person, _ = prescribed(city)
    consent = city.consent(person)
    for number in range(4):
        city.created("hosp-ehr", prescription(person, f"{MARK}{number}"))
    page = city.get("cm-ito", f"/fhir/MedicationRequest?patient={person}&_count=2").json()
    following = next(link["url"] for link in page["link"] if link["relation"] == "next")
    cursor = city.get("cm-ito", "/feed?count=2").json()["next"]
    assert MARK in city.get("cm-ito", following).text
    assert MARK in city.get("cm-ito", f"/feed?since={cursor}").text

    city.clock.move(seconds=2)
    ended = {**consent, "status": "rejected", "dateTime": city.clock.now.isoformat()}
    assert city.put("city-registry", f"/fhir/Consent/{consent['id']}", ended).status_code == 200
    later = city.get("cm-ito", following)
    assert (later.status_code, later.json().get("entry", [])) == (200, [])
    feed = city.get("cm-ito", f"/feed?since={cursor}")
    assert (feed.status_code, feed.json()["items"], feed.json()["more"]) == (200, [], False)
    for other in ("clinic-emr", "cw-suzuki"):  # and a link is its owner's alone
        assert city.get(other, following).status_code == 400
        assert city.get(other, f"/feed?since={cursor}").status_code == 400


@pytest.mark.promise("deny-wins")
@pytest.mark.parametrize(
    ("exceptions", "hidden_from", "shown_to"),
    [
        ([{"type": "deny", "actor": [organisation("day")]}], ["cw-suzuki"], ["cm-ito", "clinic-emr"]),
        ([{"type": "deny", "class": [category("prescription")]}], ["cw-suzuki", "cm-ito", "clinic-emr"], []),
        ([{"type": "deny", "class": [category("laboratory")]}], [], ["cw-suzuki", "cm-ito", "clinic-emr"]),
        (
            [{"type": "deny", "actor": [organisation("day")], "class": [category("prescription")]}],
            ["cw-suzuki"],
            ["cm-ito", "clinic-emr"],
        ),
        ([{"type": "deny", "actor": [organisation("hosp", "AUT")]}], ["cw-suzuki", "cm-ito", "clinic-emr"], []),
        ([{"type": "deny", "actor": [organisation("clinic", "AUT")]}], [], ["cw-suzuki", "cm-ito", "clinic-emr"]),
        ([{"type": "deny", "actor": [profession("care-manager")]}], ["cm-ito"], ["cw-suzuki", "clinic-emr"]),
        ([{"type": "deny", "purpose": [{"system": REASON, "code": "TREAT"}]}], ["clinic-emr"], ["cm-ito", "cw-suzuki"]),
        ([{"type": "deny", "dataPeriod": {"end": "2026-11-09"}}], [], ["cm-ito", "clinic-emr"]),
        ([{"type": "deny", "dataPeriod": {"end": "2026-11-10"}}], ["cm-ito", "clinic-emr"], []),
        ([{"type": "deny", "period": {"end": "2026-11-01"}}], [], ["cm-ito", "clinic-emr"]),
        # what cannot be read closes its space
        ([{"type": "deny", "class": [category("genome")]}], ["cm-ito", "clinic-emr"], []),
        ([{"type": "deny", "provision": [{"type": "permit"}]}], ["cm-ito", "clinic-emr"], []),
    ],
)  # fmt: skip
def test_exceptions_that_deny(city: City, exceptions: list[Body], hidden_from: list[str], shown_to: list[str]) -> None:
    person, one = prescribed(city)
    city.consent(person, exceptions=exceptions)
    for who in hidden_from:
        assert shown(city, who, one, MARK, person) == NOTHING, who
    for who in shown_to:
        assert shown(city, who, one, MARK, person) >= {"read", "history", "search", "feed"}, who


def test_a_root_that_denies_shows_to_the_profession_that_it_permits_alone(city: City) -> None:
    person, one = prescribed(city)
    city.consent(person, root="deny", exceptions=[{"type": "permit", "actor": [profession("care-worker")]}])
    assert shown(city, "cw-suzuki", one, MARK, person) >= DOORS - {"handoff"}
    assert shown(city, "cm-ito", one, MARK, person) == NOTHING
    assert shown(city, "clinic-emr", one, MARK, person) == NOTHING


def test_a_consent_holds_from_its_first_day_to_its_last(city: City) -> None:
    person, one = prescribed(city)
    consent = city.consent(person, provision={"type": "permit", "period": {"start": "2026-11-23", "end": "2026-11-24"}})
    seen = []
    for hours in (0, 12, 36, 24):  # noon of the 22nd, midnight and noon of the days after, the 25th
        city.clock.move(hours=hours)
        seen.append(bool(shown(city, "cm-ito", one, MARK, person)))
    assert seen == [False, True, True, False]
    assert consent["status"] == "active"


def test_one_space_opens_what_is_published_there_alone(city: City) -> None:
    person = city.resident()
    city.team(person, *TEAM)
    city.consent(person, "medical")
    both = city.created("hosp-ehr", observation(person))
    medical = city.created("clinic-emr", prescription(person, MARK))  # a clinic publishes these to the medical side
    assert city.get("cm-ito", f"/fhir/Observation/{both['id']}").status_code == 404
    assert city.get("clinic-emr", f"/fhir/Observation/{both['id']}").status_code == 200
    city.clock.move(seconds=2)
    city.consent(person)
    assert city.get("cm-ito", f"/fhir/Observation/{both['id']}").status_code == 200
    assert shown(city, "cm-ito", medical, MARK, person) == NOTHING
    assert shown(city, "hosp-ehr", medical, MARK, person) == DOORS


@pytest.mark.promise("every-label-must-be-cleared")
@pytest.mark.parametrize(
    ("labels", "clinic", "care"),
    [
        (labelled("R", system=CONFIDENTIALITY), DOORS, NOTHING),  # the physicians' row is cleared for R
        (labelled("V", system=CONFIDENTIALITY), NOTHING, NOTHING),
        (labelled("PSY"), NOTHING, NOTHING),
        (labelled("UNINFORMED"), DOORS, NOTHING),  # the resident has not been told: the medical side knows
        (labelled("UNDELIVERED"), DOORS, NOTHING),
        (labelled("SOURCE-ONLY"), NOTHING, NOTHING),
        (labelled("what-is-this"), NOTHING, NOTHING),
        ({"meta": {"security": [{"display": "秘"}]}}, NOTHING, NOTHING),
        (labelled("N", system=CONFIDENTIALITY), DOORS, DOORS),
    ],
)
def test_labels(city: City, labels: Body, clinic: set[str], care: set[str]) -> None:
    person, one = prescribed(city, **labels)
    city.consent(person)
    assert shown(city, "clinic-emr", one, MARK, person) == clinic
    assert shown(city, "cm-ito", one, MARK, person) == care
    assert shown(city, "hosp-ehr", one, MARK, person) == DOORS
    # what one may not see is not announced either
    for who, seen in (("clinic-emr", clinic), ("cm-ito", care)):
        told = [item["category"] for item in city.get(who, "/feed").json()["items"]]
        assert ("prescription" in told) == bool(seen)


@pytest.mark.promise("every-label-must-be-cleared")
def test_a_label_is_opened_to_the_person_whom_the_resident_names_and_to_nobody_else(city: City) -> None:
    person, one = prescribed(city, **labelled("PSY"))
    recipient = {"role": {"coding": [{"system": PARTICIPATION, "code": "IRCP"}]}}
    named = {**recipient, "reference": {"reference": "Practitioner/cm-ito"}}
    label = [{"system": LABEL, "code": "PSY"}]
    city.consent(person, exceptions=[{"type": "permit", "actor": [named], "securityLabel": label}])
    assert shown(city, "cm-ito", one, MARK, person) == DOORS
    assert shown(city, "cw-suzuki", one, MARK, person) == NOTHING


@pytest.mark.promise("every-label-must-be-cleared")
def test_a_label_that_comes_later_closes_the_past_too(city: City) -> None:
    person, one = prescribed(city)
    city.consent(person)
    assert shown(city, "cm-ito", one, MARK, person) == DOORS
    closed = {**one, "meta": labelled("PSY")["meta"]}
    assert city.put("hosp-ehr", f"/fhir/MedicationRequest/{one['id']}", closed).status_code == 200
    assert shown(city, "cm-ito", one, MARK, person) == NOTHING  # ``one`` is the version from before the label


def test_what_was_entered_in_error_is_shown_to_its_source_alone_and_so_is_its_past(city: City) -> None:
    person, one = prescribed(city)
    city.consent(person)
    wrong = {**one, "status": "entered-in-error"}
    assert city.put("hosp-ehr", f"/fhir/MedicationRequest/{one['id']}", wrong).status_code == 200
    assert shown(city, "cm-ito", one, MARK, person) == NOTHING
    assert [item["change"] for item in city.get("cm-ito", "/feed").json()["items"]] == ["new", "retracted"]


@pytest.mark.promise("of-two-residents-both-must-agree")
def test_a_resource_about_two_residents_needs_both_and_so_does_its_past(city: City) -> None:
    first, second = city.resident("0000000001"), city.resident("0000000002", name="山田 太郎")
    both = ("Organization/hosp", "Practitioner/cm-ito")
    city.team(first, *both)
    city.team(second, *both)
    city.consent(first)
    about = city.created("hosp-ehr", note(first, MARK, recipient=[{"reference": f"Patient/{second}"}]))
    assert shown(city, "cm-ito", about, MARK, first) == NOTHING
    consent = city.consent(second)
    assert shown(city, "cm-ito", about, MARK, first) == DOORS

    # The newest version is about one of them only; what was said of both stays closed to who may not read of both.
    now_one = {name: value for name, value in about.items() if name != "recipient"} | {
        "payload": [{"contentString": "別"}]
    }
    assert city.put("hosp-ehr", f"/fhir/Communication/{about['id']}", now_one).status_code == 200
    city.clock.move(seconds=2)
    ended = {**consent, "status": "inactive", "dateTime": city.clock.now.isoformat()}
    assert city.put("city-registry", f"/fhir/Consent/{consent['id']}", ended).status_code == 200
    assert city.get("cm-ito", f"/fhir/Communication/{about['id']}").status_code == 200
    assert shown(city, "cm-ito", about, MARK, first) == NOTHING


def _team_ended(city: City, person: str, team: Body) -> None:
    over = {**team, "period": {"end": "2026-11-21"}}
    assert city.put("city-registry", f"/fhir/CareTeam/{team['id']}", over).status_code == 200


def _team_taken_back(city: City, person: str, team: Body) -> None:
    over = {**team, "status": "entered-in-error"}
    assert city.put("city-registry", f"/fhir/CareTeam/{team['id']}", over).status_code == 200


def _team_deleted(city: City, person: str, team: Body) -> None:
    assert city.delete("city-registry", f"/fhir/CareTeam/{team['id']}").status_code == 204


def _team_without_her(city: City, person: str, team: Body) -> None:
    others = [one for one in team["participant"] if "cm-ito" not in one["member"]["reference"]]
    assert city.put("city-registry", f"/fhir/CareTeam/{team['id']}", {**team, "participant": others}).status_code == 200


@pytest.mark.promise("ended-relation-ends-on-the-next-request")
@pytest.mark.parametrize("end", [_team_ended, _team_taken_back, _team_deleted, _team_without_her])
def test_when_the_relation_ends_reading_ends(city: City, end: Callable[[City, str, Body], None]) -> None:
    person = city.resident()
    team = city.team(person, *TEAM)
    city.consent(person)
    one = city.created("hosp-ehr", prescription(person, MARK))
    assert shown(city, "cm-ito", one, MARK, person) == DOORS
    end(city, person, team)
    assert shown(city, "cm-ito", one, MARK, person) == NOTHING
    assert city.get("cm-ito", f"/feed?patient={person}").status_code == 404


@pytest.mark.promise("ended-relation-ends-on-the-next-request")
def test_the_relation_of_one_member_ends_on_its_day(city: City) -> None:
    person = city.resident()
    city.team(person, *TEAM, period={"start": "2026-11-01", "end": "2026-11-22"})
    city.consent(person)
    one = city.created("hosp-ehr", prescription(person, MARK))
    assert shown(city, "cm-ito", one, MARK, person) == DOORS
    city.clock.move(hours=12)  # midnight in Japan
    assert shown(city, "cm-ito", one, MARK, person) == NOTHING


@pytest.mark.promise("a-forged-consent-opens-nothing")
def test_a_proxy_consents_on_the_legal_basis_that_the_municipality_recorded(city: City) -> None:
    person, one = prescribed(city)
    proxy: Body = {"resourceType": "RelatedPerson", "patient": {"reference": f"Patient/{person}"}}
    daughter = city.created("city-registry", proxy)
    performer = [{"reference": f"RelatedPerson/{daughter['id']}"}]
    city.consent(person, performer=performer)
    assert shown(city, "cm-ito", one, MARK, person) == NOTHING
    basis = [{"url": PROXY_LEGAL_BASIS, "valueString": "成年後見人"}]
    known = city.created("city-registry", {**proxy, "extension": basis})
    city.clock.move(seconds=2)
    city.consent(person, performer=[{"reference": f"RelatedPerson/{known['id']}"}])
    assert shown(city, "cm-ito", one, MARK, person) == DOORS


def test_the_directory_is_open_to_every_member(city: City) -> None:
    for who in ("cm-ito", "pharm-rx", "hosp-ehr", "aud-kondo"):
        assert city.get(who, "/fhir/Organization/hosp").status_code == 200
        names = {one["resource"]["id"] for one in city.get(who, "/fhir/Practitioner?_count=50").json()["entry"]}
        assert "cm-ito" in names


@pytest.mark.promise("hidden-answers-as-never-existed")
def test_hidden_and_unknown_are_one_answer_also_for_a_deleted_one(city: City) -> None:
    person, one = prescribed(city)
    path = f"/fhir/MedicationRequest/{one['id']}"
    for who in ("cm-ito", "pharm-rx", "clinic-emr"):
        assert_unknown(city, who, path)
        assert_unknown(city, who, f"/fhir/Patient/{person}" if who == "pharm-rx" else path)
    assert city.delete("hosp-ehr", path).status_code == 204
    city.consent(person)
    assert_unknown(city, "cm-ito", path)
    assert city.get("hosp-ehr", path).status_code == 410
    for method in (city.client.put, city.client.delete):
        hidden = method(
            path, headers=city.headers("clinic-emr", content_type="application/fhir+json"), **_body(method, one)
        )
        assert hidden.status_code == 404


def _body(method: object, one: Body) -> Body:
    return {"json": {**one, "status": "stopped"}} if getattr(method, "__name__", "") == "put" else {}
