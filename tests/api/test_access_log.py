"""The access log (T-088 … T-091, P6): every door writes before it answers, what is written, and what never is."""

import json
from pathlib import Path

import pytest

from hub.store.sql import query, run
from profiles import read_json, validate, write_json
from profiles.canonical import KAIGO_INSURED_NO
from profiles.resource import as_object
from tests.api.looking import NEVER_USED, prescription
from tests.hub_in_test import Body, City, consent, note, observation, patient, sign_in

ROOT = Path(__file__).parents[2]
FORMATS = ROOT.parent / "shared" / "formats"
NOTEBOOK = ROOT / "connectors/jahis/samples/dispensing.txt"
MARKS = ("ヒミツマル錠", "7.7777", "ないしょの申し送り", "雪谷 秘子", "秘密町九丁目", "0165-99-7777", "ノートの中身")


@pytest.fixture
def person(city: City) -> str:
    """A resident with something of everything that is secret, a care team, and a consent."""
    who = {
        **patient(name=MARKS[3]),
        "address": [{"text": MARKS[4]}],
        "telecom": [{"system": "phone", "value": MARKS[5]}],
    }
    person = str(city.created("city-registry", who)["id"])
    city.team(person, "Organization/hosp", "Organization/pharm", "Practitioner/cm-ito")
    city.consent(person)
    return person


def newest(city: City, count: int = 1) -> list[Body]:
    return city.log()[:count]


# -- every door


def test_a_write_is_one_event_a_resource(city: City, person: str) -> None:
    one = city.created("hosp-ehr", observation(person))
    here = f"Observation/{one['id']}"
    (row,) = newest(city)
    assert (row["interaction"], row["outcome"], row["patient"]) == ("create", "0", person)
    assert json.loads(row["what"]) == [f"{here}/_history/{one['meta']['versionId']}"]
    assert (row["organisation"], row["system"], row["purpose"]) == ("hosp", "hosp-ehr", "TREAT")
    assert (row["category"], row["address"]) == ("laboratory", "127.0.0.1")
    changed = city.put("hosp-ehr", f"/fhir/{here}", {**one, "status": "amended"})
    (row,) = newest(city)
    assert (row["interaction"], row["request_id"]) == ("update", changed.headers["x-request-id"])
    assert city.delete("hosp-ehr", f"/fhir/{here}").status_code == 204
    assert newest(city)[0]["interaction"] == "delete"


@pytest.mark.promise("every-access-has-its-reason")
def test_a_read_says_who_saw_which_version_and_by_which_rule(city: City, person: str) -> None:
    one = city.created("hosp-ehr", observation(person))
    version = f"Observation/{one['id']}/_history/{one['meta']['versionId']}"
    answer = city.get("cm-ito", f"/fhir/Observation/{one['id']}")
    (row,) = newest(city)
    assert (row["interaction"], row["outcome"], row["reason"], row["patient"]) == ("read", "0", "consent", person)
    assert json.loads(row["what"]) == [version]
    assert json.loads(row["rules"])[0].startswith("Consent/")
    assert (row["person"], row["person_name"], row["profession"]) == ("cm-ito", "伊藤 美和", "care-manager")
    assert row["request_id"] == answer.headers["x-request-id"]
    city.get("cm-ito", f"/fhir/{version}")
    assert newest(city)[0]["interaction"] == "vread"
    city.get("cm-ito", f"/fhir/Observation/{one['id']}/_history")
    assert (newest(city)[0]["interaction"], json.loads(newest(city)[0]["what"])) == ("history-instance", [version])
    city.get("hosp-ehr", f"/fhir/Observation/{one['id']}")
    assert newest(city)[0]["reason"] == "own"


@pytest.mark.parametrize("path", ["/fhir/Observation", "/feed?category=laboratory"])
def test_a_search_is_one_event_for_each_patient_in_its_answer(city: City, person: str, path: str) -> None:
    other = city.resident("0000000002", name="鈴木 次郎")
    city.team(other, "Organization/hosp", "Practitioner/cm-ito")
    city.consent(other)
    expected: dict[str, list[str]] = {}
    for who in (person, other, person):
        one = city.created("hosp-ehr", observation(who))
        expected.setdefault(who, []).append(f"Observation/{one['id']}/_history/{one['meta']['versionId']}")
    answer = city.get("cm-ito", path)
    rows = newest(city, 2)
    assert {row["patient"]: sorted(json.loads(row["what"])) for row in rows} == {
        who: sorted(what) for who, what in expected.items()
    }
    assert {row["request_id"] for row in rows} == {answer.headers["x-request-id"]}
    assert {row["interaction"] for row in rows} == {"feed" if path.startswith("/feed") else "search-type"}
    city.get("cm-ito", f"{path}{'&' if '?' in path else '?'}{'count' if 'feed' in path else '_count'}=1&" + (
        "change=retracted" if "feed" in path else f"_id={NEVER_USED}"))  # fmt: skip
    (row,) = newest(city)
    assert (row["patient"], json.loads(row["what"])) == (None, [])  # that nothing was found is written down too


def test_a_handoff_lists_everything_that_it_was_made_from(city: City, person: str) -> None:
    one = city.created("hosp-ehr", prescription(person, MARKS[0]))
    assert city.post("cm-ito", f"/fhir/Patient/{person}/$handoff", {}).status_code == 200
    (row,) = newest(city)
    assert (row["interaction"], row["patient"]) == ("operation:handoff", person)
    kinds = {what.partition("/")[0] for what in json.loads(row["what"])}
    assert kinds == {"Patient", "CareTeam", "MedicationRequest"}
    assert f"MedicationRequest/{one['id']}/_history/{one['meta']['versionId']}" in json.loads(row["what"])


def test_a_file_is_one_event_a_resource_too(city: City, person: str) -> None:
    headers = city.headers("pharm-rx", idempotency_key="k1")
    url = f"/ingest/jahis?patient=Patient/{person}"
    answer = city.client.post(url, content=NOTEBOOK.read_bytes(), headers=headers)
    written = len(answer.json()["entry"]) - 1
    rows = newest(city, written)
    assert {(row["interaction"], row["query"], row["patient"]) for row in rows} == {("create", "ingest", person)}
    city.client.post(url, content=NOTEBOOK.read_bytes(), headers=headers)
    (replay,) = newest(city)
    assert (replay["interaction"], replay["reason"], len(json.loads(replay["what"]))) == ("ingest", "replay", written)


def test_a_retried_write_is_logged_as_what_it_is(city: City, person: str) -> None:
    answers = [city.post("hosp-ehr", "/fhir/Observation", observation(person), idempotency_key="k1") for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    rows = newest(city, 2)
    assert [(row["interaction"], row["reason"]) for row in rows] == [("create", "replay"), ("create", "own")]
    assert rows[0]["what"] == rows[1]["what"]


@pytest.mark.promise("every-access-has-its-reason")
def test_every_refusal_is_written_with_its_reason(city: City, person: str) -> None:
    one = city.created("hosp-ehr", observation(person))
    stranger = city.resident("0000000002", name="鈴木 次郎")
    bad_consent = consent(person, "team", performer=[{"reference": "Organization/pharm"}])
    tries = [
        (city.get("clinic-emr", f"/fhir/Observation/{one['id']}"), 404, "read", "no-relation", person),
        (city.get("clinic-emr", f"/fhir/Observation/{NEVER_USED}"), 404, "read", "unknown", None),
        (city.get("cw-left", f"/fhir/Observation/{one['id']}"), 403, "read", "not-in-force", person),
        (city.get("day-app", f"/fhir/Patient/{person}"), 403, "read", "scope", person),
        (city.get("aud-kondo", f"/fhir/Observation/{one['id']}"), 403, "read", "not-for-role", person),
        (city.get("cm-ito", "/fhir/AuditEvent"), 403, "search-type", "not-for-role", None),
        (city.get("cm-ito", f"/feed?patient={stranger}"), 404, "feed", "no-relation", stranger),
        (
            city.post("clinic-emr", f"/fhir/Patient/{person}/$handoff", {}),
            404,
            "operation:handoff",
            "no-relation",
            person,
        ),
        (city.post("pharm-rx", "/fhir/Observation", observation(person)), 403, "create", "not-publishable", None),
        (city.post("pharm-rx", "/fhir/Consent", bad_consent), 403, "create", "performer-is-writer", None),
        (city.put("clinic-emr", f"/fhir/Observation/{one['id']}", one), 404, "update", "not-own", None),
        (city.delete("clinic-emr", f"/fhir/Observation/{one['id']}"), 404, "delete", "not-own", None),
    ]
    rows = {row["request_id"]: row for row in city.log() if row["outcome"] != "0"}
    for answer, status, interaction, reason, about in tries:
        row = rows[answer.headers["x-request-id"]]
        assert answer.status_code == status, answer.text
        found = (row["outcome"], row["interaction"], row["reason"], row["patient"], json.loads(row["what"]))
        assert found == ("8", interaction, reason, about, [])
    unknown = city.client.get("/feed", headers={"Authorization": "Bearer nothing"})
    row = next(row for row in city.log() if row["request_id"] == unknown.headers["x-request-id"])
    assert (row["outcome"], row["reason"], row["organisation"], row["person"]) == ("8", "token", "", None)


# -- what it is as FHIR


def test_the_log_is_read_as_audit_events_that_are_valid(city: City, person: str) -> None:
    one = city.created("hosp-ehr", observation(person))
    city.get("cm-ito", f"/fhir/Observation/{one['id']}")
    city.get("cm-ito", f"/fhir/Observation?patient={person}")
    city.put("hosp-ehr", f"/fhir/Observation/{one['id']}", {**one, "status": "amended"})
    city.delete("hosp-ehr", f"/fhir/Observation/{one['id']}")
    city.get("cm-ito", f"/fhir/Observation/{one['id']}")
    city.get("cm-ito", "/feed")
    city.post("cm-ito", f"/fhir/Patient/{person}/$handoff", {})
    sign_in(city, "hosp-ehr")
    bundle = city.get("aud-kondo", "/fhir/AuditEvent?_count=100").json()
    assert bundle["type"] == "searchset"
    events = [entry["resource"] for entry in bundle["entry"]]
    assert len(events) == len(city.log()) - 1  # and the look itself is the newest now
    for event in events:
        assert validate(event, write_json(event)) == []
    assert city.log()[0]["interaction"] == "search-type"
    single = city.get("aud-kondo", f"/fhir/AuditEvent/{events[0]['id']}")
    assert single.json() == events[0]
    assert city.get("aud-kondo", f"/fhir/AuditEvent/{NEVER_USED}").status_code == 404


@pytest.mark.skipif(not FORMATS.exists(), reason="the sample AuditEvents are not beside the repository")
@pytest.mark.parametrize("kind", ["read", "query", "create", "update", "delete"])
def test_events_have_the_structure_of_the_balp_samples(city: City, person: str, kind: str) -> None:
    one = city.created("hosp-ehr", observation(person))
    here = f"/fhir/Observation/{one['id']}"
    if kind == "read":
        city.get("cm-ito", here)
    if kind == "query":
        city.get("cm-ito", f"/fhir/Observation?patient={person}")
    if kind == "update":
        city.put("hosp-ehr", here, {**one, "status": "amended"})
    if kind == "delete":
        city.delete("hosp-ehr", here)
    event = city.get("aud-kondo", "/fhir/AuditEvent?_count=1").json()["entry"][0]["resource"]
    sample = as_object(read_json((FORMATS / f"auditevent-{kind}.json").read_bytes()))
    for member in ("type", "subtype", "action", "outcome"):
        assert event[member] == sample[member], member
    assert event["meta"]["profile"] == as_object(sample["meta"])["profile"]

    def agents(of: Body) -> set[tuple[str, str]]:
        codings = [one["type"]["coding"][0] for one in of["agent"]]
        return {(one["system"], one["code"]) for one in codings}

    def entities(of: Body) -> set[tuple[str, str]]:
        return {(one["type"]["code"], one.get("role", {}).get("code", "")) for one in of["entity"]}

    people = {pair for pair in agents(sample) if "ParticipationType" in pair[0]}
    assert agents(sample) - people <= agents(event)
    assert entities(event) == entities(sample)
    assert ("XrequestId", "") in entities(event)
    assert any("network" in agent for agent in event["agent"])


def test_the_auditor_narrows_the_log_and_pages_through_it(city: City, person: str) -> None:
    one = city.created("hosp-ehr", observation(person))
    for _ in range(3):
        city.get("cm-ito", f"/fhir/Observation/{one['id']}")
    city.get("clinic-emr", f"/fhir/Observation/{one['id']}")

    def found(asked: str) -> list[Body]:
        return [
            entry["resource"] for entry in city.get("aud-kondo", f"/fhir/AuditEvent?{asked}").json().get("entry", [])
        ]

    assert len(found("agent=Practitioner/cm-ito&subtype=read")) == 3
    assert [event["outcome"] for event in found(f"patient=Patient/{person}&outcome=8")] == ["8"]
    assert found("date=ge2026-11-23") == []
    assert found("date=lt2026-11-22") == []
    assert len(found("date=ge2026-11-22&subtype=create")) >= 3
    first = city.get("aud-kondo", f"/fhir/AuditEvent?patient={person}&_count=2").json()
    following = next(link["url"] for link in first["link"] if link["relation"] == "next")
    second = city.get("aud-kondo", following).json()
    ids = [entry["resource"]["id"] for page in (first, second) for entry in page["entry"]]
    assert len(ids) == len(set(ids)) == 4
    assert city.get("aud-kondo", "/fhir/AuditEvent?performer=x").status_code == 400
    assert city.get("cm-ito", following).status_code == 403


# -- what is never in it


def test_no_clinical_value_and_no_secret_is_in_any_row(city: City, person: str) -> None:
    known = [
        city.created("hosp-ehr", prescription(person, MARKS[0])),
        city.created("hosp-ehr", observation(person, 7.7777)),
        city.created("hosp-ehr", note(person, MARKS[2])),
    ]
    secret = sign_in(city, "hosp-ehr").json()["access_token"]
    for who in ("hosp-ehr", "cm-ito", "clinic-emr", "aud-kondo", "day-app"):
        for one in known:
            here = f"/fhir/{one['resourceType']}/{one['id']}"
            for path in (here, f"{here}/_history", f"/fhir/{one['resourceType']}", "/feed", f"/feed?patient={person}"):
                city.get(who, path)
            city.put(who, here, {**one, "note": [{"text": MARKS[6]}]})
        city.get(who, f"/fhir/Patient/{person}")
        city.post(who, f"/fhir/Patient/{person}/$handoff", {})
    city.post("hosp-ehr", "/fhir/Observation", observation(person, "ヒミツマル錠"))  # not valid
    city.post("hosp-ehr", "/fhir/Observation", b'{"resourceType": "Observation", "note": "' + MARKS[2].encode())
    headers = city.headers("pharm-rx", idempotency_key="k1")
    spoilt = NOTEBOOK.read_bytes() + "999,ノートの中身".encode("cp932")
    city.client.post(f"/ingest/jahis?patient=Patient/{person}", content=spoilt, headers=headers)
    unknown = {**patient(name=MARKS[3]), "identifier": [{"system": KAIGO_INSURED_NO, "value": "011234-0000000001"}]}
    city.post("clinic-emr", "/fhir/Patient", unknown)
    rows = city.log()
    assert len(rows) > 80
    written = json.dumps(rows, ensure_ascii=False, default=str)
    for mark in (*MARKS, "0000000001", secret, secret[-32:], city.token("hosp-ehr"), "アムロジピン", "HbA1c"):
        assert mark not in written, mark


def test_what_a_stranger_types_is_kept_and_is_never_read_as_anything_else(city: City, person: str) -> None:
    typed = '"}]<script>alert(1)</script>\r\nSet-Cookie: a=b \x1b[31m'
    answer = city.client.get("/fhir/Patient", params={"name": typed}, headers=city.headers("cm-ito"))
    assert answer.status_code == 200
    event = city.get("aud-kondo", "/fhir/AuditEvent?_count=1")
    assert "<script>" not in event.text
    assert "\x1b" not in event.text
    assert validate(event.json()["entry"][0]["resource"], write_json(event.json()["entry"][0]["resource"])) == []


# -- no record, no answer


@pytest.mark.promise("no-record-no-answer")
@pytest.mark.parametrize("how", ["ABORT", "ROLLBACK"])
def test_when_the_log_cannot_be_written_nothing_is_shown_and_nothing_is_stored(
    city: City, person: str, how: str
) -> None:
    one = city.created("hosp-ehr", prescription(person, MARKS[0]))
    here = f"/fhir/MedicationRequest/{one['id']}"
    sent = {"idempotency_key": "k1"}

    def ask() -> list[int]:
        answers = [
            city.get("cm-ito", here),
            city.get("cm-ito", f"{here}/_history"),
            city.get("cm-ito", f"{here}/_history/{one['meta']['versionId']}"),
            city.get("cm-ito", f"/fhir/MedicationRequest?patient={person}"),
            city.get("cm-ito", "/feed"),
            city.post("cm-ito", f"/fhir/Patient/{person}/$handoff", {}),
            city.get("aud-kondo", "/fhir/AuditEvent"),
            city.get("clinic-emr", here),
            city.post("hosp-ehr", "/fhir/Communication", note(person, MARKS[2]), **sent),
            city.put("hosp-ehr", here, {**one, "status": "stopped"}),
            city.client.post(
                f"/ingest/jahis?patient=Patient/{person}",
                content=NOTEBOOK.read_bytes(),
                headers=city.headers("pharm-rx", idempotency_key="k2"),
            ),
            sign_in(city, "hosp-ehr"),
        ]
        for answer in answers if down else ():
            assert person not in answer.text
            assert one["id"] not in answer.text
            assert "access_token" not in answer.text
            assert not any(mark in answer.text for mark in MARKS)
        return [answer.status_code for answer in answers]

    for who in ("cm-ito", "aud-kondo", "clinic-emr", "hosp-ehr", "pharm-rx"):
        city.token(who)
    broken, whole = _full_disk(city, how)
    city.store.lane.do(lambda tx: [run(tx, statement, {}) for statement in broken])
    before, down = _size(city), True
    assert set(ask()) <= {500, 503}
    assert _size(city) == before
    city.store.lane.do(lambda tx: [run(tx, statement, {}) for statement in whole])
    down = False
    assert ask() == [200, 200, 200, 200, 200, 200, 200, 404, 201, 200, 200, 200]


def _full_disk(city: City, how: str) -> tuple[list[str], list[str]]:
    """Statements after which the log takes nothing, as if the disk were full, and those that mend it."""
    if city.store.engine.dialect.name == "sqlite":
        trigger = f"CREATE TRIGGER down BEFORE INSERT ON audit BEGIN SELECT RAISE({how}, 'the disk is full'); END"
        return [trigger], ["DROP TRIGGER down"]
    fail = f"RAISE EXCEPTION 'full' USING ERRCODE = '{'disk_full' if how == 'ABORT' else 'io_error'}';"
    function = f"CREATE FUNCTION down() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {fail} END $$"
    trigger = "CREATE TRIGGER down BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION down()"
    return [function, trigger], ["DROP TRIGGER down ON audit", "DROP FUNCTION down"]


def _size(city: City) -> list[int]:
    tables = ("resource", "history", "timeline", "audit", "retry", "token", "outbox", "search_token")

    def count(table: str) -> int:
        counted = f"SELECT count(*) AS n FROM {table}"  # noqa: S608
        return int(city.store.lane.do(lambda tx: query(tx, counted, {}))[0].n)

    return [count(table) for table in tables]
