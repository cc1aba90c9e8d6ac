"""Row-level security, the second fence: what a forgotten predicate would have shown is not there (TRUST T-055)."""

from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import TypeAlias

import psycopg
import pytest

from hub.access.decide import Grant
from hub.auth import fingerprint
from hub.context import Context, Credential
from hub.question import Shown
from hub.read_path import read
from hub.store.database import Tx
from hub.store.sql import query
from tests.hub_in_test import City, note, observation, store_place

pytestmark = pytest.mark.postgresql
Session: TypeAlias = "psycopg.Connection[tuple[object, ...]]"
FENCED = (
    *("resource", "history", "timeline", "also_about"),
    *(f"search_{kind}" for kind in ("token", "date", "string", "reference", "number", "composite", "identifier")),
)
UNFENCED = {
    # Deciding reads these before there is a grant: who looks after whom, what was consented, what was declared.
    *("relation", "consent", "proxy", "emergency"),
    # The way in finds by these whom a push means, and the desk shows them: there is no grant of a patient.
    *("patient_identifier", "patient_name", "identity_event", "candidate", "published"),
    # The log and the work that it leaves, for those who answer for all: auditors, the consent desk, the review.
    *("audit", "consent_draft", "review_case"),
    # The hub's own queues and marks: that something happened, never what.
    *("outbox", "notification", "seen"),
}
"""What names a patient and is not fenced; docs/decisions/0017-row-level-security.md says so of each kind."""


@dataclass(frozen=True)
class Forgetful:
    """A question that forgets its predicate: every row of a table."""

    table: str
    patient: str | None = None
    interaction: str = "read"
    type: str = "*"
    query: str = "forgetful"

    def patients(self, tx: Tx) -> tuple[str, ...] | None:
        return None if self.patient is None else (self.patient,)

    def answer(self, tx: Tx, grant: Grant, context: Context) -> Shown[set[str]]:
        return Shown({row.patient for row in query(tx, f"SELECT patient FROM {self.table}", {})}, {})  # noqa: S608


@pytest.fixture
def people(city: City, store_kind: str) -> tuple[str, str]:
    """Two residents of whom the hospital published; only the first has the care manager in the team."""
    near, far = city.resident("0000000001"), city.resident("0000000002", name="鈴木 一郎")
    city.team(near, "Organization/hosp", "Organization/kyotaku")
    city.team(far, "Organization/hosp")
    for one in (near, far):
        city.consent(one)
        city.created("hosp-ehr", observation(one))
        changed = city.created("hosp-ehr", note(one, "はじめ"))
        city.put(
            "hosp-ehr", f"/fhir/Communication/{changed['id']}", {**changed, "payload": [{"contentString": "あと"}]}
        )
    return near, far


def asked(city: City, who: str, question: Forgetful) -> set[str]:
    credential = Credential(fingerprint(city.token(who)))
    context = Context(city.clock(), "r", lambda: "i", "http://hub.test")
    return city.store.lane.do(lambda tx: read(tx, credential, question, context).answer)


@pytest.fixture
def session(city: City, people: tuple[str, str]) -> Iterator[Session]:
    """A session of the hub's own role, beside the hub."""
    with closing(psycopg.connect(store_place(city.keys).database_url, autocommit=True)) as connection:
        yield connection


@pytest.mark.promise("database-fences-what-a-query-forgot")
@pytest.mark.parametrize("table", FENCED)
def test_a_forgotten_predicate_shows_nobody_beyond_the_grant(city: City, people: tuple[str, str], table: str) -> None:
    near, far = people
    everybody = asked(city, "hosp-ehr", Forgetful(table)) - {""}
    assert asked(city, "care-plan-app", Forgetful(table, near)) - {""} <= {near}
    assert asked(city, "care-plan-app", Forgetful(table, far)) - {""} == set()
    if table != "also_about":
        assert everybody == {near, far}, "its own publications stay readable"
        assert asked(city, "care-plan-app", Forgetful(table)) - {""} == {near}


@pytest.mark.promise("database-fences-what-a-query-forgot")
def test_a_session_that_says_nothing_sees_no_patient(people: tuple[str, str], session: Session) -> None:
    near, _ = people
    for name in with_parts(session, FENCED):
        assert session.execute(f"SELECT * FROM {name}".encode()).fetchall() == [], name  # noqa: S608
    assert session.execute(b"SELECT count(*) FROM relation").fetchone() != (0,), "the fence is not an empty store"
    session.execute(b"SELECT set_config('renkei.reach', %s, false)", [near])
    assert {row[0] for row in session.execute(b"SELECT patient FROM resource").fetchall()} == {near}
    changed = session.execute(b"UPDATE resource SET withheld = 1 WHERE patient <> %s", [near])
    assert changed.rowcount == 0, "what cannot be seen cannot be changed"


@pytest.mark.promise("database-fences-what-a-query-forgot")
def test_whatever_names_a_patient_is_fenced_but_for_a_list(session: Session) -> None:
    found = session.execute(
        b"""SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity, NOT c.relispartition FROM pg_class c
             WHERE c.relkind IN ('r', 'p') AND c.relnamespace = current_schema()::regnamespace
               AND EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'patient')"""
    ).fetchall()
    assert {name for name, _, is_whole in found if is_whole} == {*FENCED, *UNFENCED}
    assert {name for name, fenced, _ in found if fenced} == with_parts(session, FENCED)


def with_parts(session: Session, tables: Iterable[str]) -> set[str]:
    """These tables and their partitions."""
    parts = "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = ANY(%s::regclass[])"
    return {*tables, *(str(row[0]) for row in session.execute(parts.encode(), [list(tables)]))}
