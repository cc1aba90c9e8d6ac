"""CONSENT §8: what is kept of a consent beside it says the same as the resource, and goes with it."""

from collections.abc import Callable
from itertools import count
from typing import TypeVar, cast

import pytest

from consent import ConsentRecord, compile_consent
from consent.compiled import READER, closed
from hub.access import compiled
from hub.draft import Bound, Change, Facts, Version, Written
from hub.projections.version import Outcome
from hub.store import consents as stored
from hub.store.database import Tx
from hub.store.sql import query, run
from profiles.canonical import PROXY_LEGAL_BASIS
from profiles.resource import Resource
from tests.unit.access.asking import store, stored_resource
from tests.unit.consent.strategies import Json
from tests.unit.consent.test_consent_reading import consent

T = TypeVar("T")
SIGNED = cast("Resource", consent(provision={"type": "permit", "period": {"start": "2026-04-01", "end": "2027-03-31"}}))
SINCE: Resource = {"extension": [{"url": "http://city.test/since"}]}
GUARDIAN: Resource = {"extension": [{"url": "http://city.test/since"}, {"url": PROXY_LEGAL_BASIS}]}
CLOSED = closed("Consent/c1", "v7", "hana", compiled.CORRUPT)


def version(
    type_: str = "Consent",
    patient: str = "hana",
    category: str = "consent",
    publication: str = "municipality/consent",
    withheld: int = 0,
) -> Version:
    facts = Facts(patient, "city", publication, category, 0, None, withheld, 0, 0)
    return Version(facts, type_, "c1", "v7", "", 0, b"")


def written(
    new: Version, resource: Resource | None = SIGNED, before: Version | None = None, *, is_new: bool = True
) -> Outcome:
    bound = Bound(Change("POST", new.type), new.id, resource, before, ("hana",))
    return Outcome(bound, new, Written(201, new.type, new.id, "v7", "", b""), is_new, before)


def kept(tx: Tx) -> list[tuple[str, str]]:
    """Of whom what is kept."""
    rows = query(tx, "SELECT 'consent' AS what, patient FROM consent UNION SELECT 'proxy', patient FROM proxy", {})
    return sorted((row.what, row.patient) for row in rows)


def records(tx: Tx) -> list[ConsentRecord]:
    return compiled.records(tx, stored.of(tx, ["hana"], READER))


def do_in(tx: Tx) -> compiled.Do:
    turns = count(1)

    def do(work: Callable[[Tx], T]) -> T:
        assert next(turns) < 20, "it comes to no end"
        return work(tx)

    return do


# -- with a write


@pytest.mark.parametrize(
    ("outcome", "found"),
    [
        (written(version()), [("consent", "hana")]),
        (written(version(), is_new=False), []),
        (written(version(category="acp")), []),
        (written(version("Composition")), []),
        (written(version("RelatedPerson"), GUARDIAN), [("proxy", "hana")]),
        (written(version("RelatedPerson", category="emergency-contact"), GUARDIAN), [("proxy", "hana")]),
        (written(version("RelatedPerson", publication="hospital/emergency-contact"), GUARDIAN), []),
        (written(version("RelatedPerson", withheld=1), GUARDIAN), []),
        (written(version("RelatedPerson"), SINCE), []),
        (written(version("RelatedPerson"), {}), []),
        (written(version(), cast("Resource", {**SIGNED, **GUARDIAN})), [("consent", "hana")]),
    ],
)
def test_what_is_written_is_kept_where_it_says_who_may_see(outcome: Outcome, found: list[tuple[str, str]]) -> None:
    with store() as tx:
        compiled.keep(tx, [outcome])
        assert kept(tx) == found


@pytest.mark.parametrize(("type_", "resource"), [("Consent", SIGNED), ("RelatedPerson", GUARDIAN)])
def test_what_is_deleted_or_moved_is_kept_of_nobody_else(type_: str, resource: Resource) -> None:
    what = {"Consent": "consent", "RelatedPerson": "proxy"}[type_]
    of_hana, of_taro = version(type_), version(type_, "taro")
    with store() as tx:
        compiled.keep(tx, [written(of_hana, resource)])
        compiled.keep(tx, [written(of_taro, resource, of_hana)])
        assert kept(tx) == [(what, "taro")]
        compiled.keep(tx, [written(version("Observation", "taro"), {})])
        assert kept(tx) == [(what, "taro")], "another resource of the same id"
        compiled.keep(tx, [written(of_taro, None, of_taro), written(of_hana, resource)])
        assert kept(tx) == [(what, "hana")], "and what comes after it in the same push"


# -- what is kept says the same


@pytest.mark.parametrize(
    "resource",
    [
        SIGNED,
        consent(),
        consent(status="inactive"),
        consent(provision={"type": "deny"}, policyRule=None),
        consent(modifierExtension=[]),
        consent(performer=[{"reference": "RelatedPerson/guardian"}], dateTime="2026-04-01T09:00:00.123456+09:00"),
        consent(status="draft"),
    ],
)
def test_a_row_says_what_the_resource_says(resource: Json) -> None:
    record = compile_consent(resource)
    with store() as tx:
        stored_resource(tx, "hana", "Consent", "c1", cast("Resource", resource), category="consent")
        assert records(tx) == ([record] if record else [])
        stored.put(tx, compiled.consent_row("hana", "c1", "v7", cast("Resource", resource)))
        assert records(tx) == ([record] if record else [])


def test_the_row_of_a_draft_says_nothing() -> None:
    row = compiled.consent_row("hana", "c1", "v7", {"status": "draft"})
    said = {name: value for name, value in row.items() if value not in ("", 0, "[]")}
    assert said == {"patient": "hana", "id": "c1", "version": "v7", "reader": READER}


def test_a_consent_is_of_whom_it_is_filed_under() -> None:
    record = compiled.read_record("taro", "c9", "v3", SIGNED)
    assert record is not None
    assert (record.patient, record.id, record.version) == ("taro", "Consent/c9", "v3")
    assert compiled.read_record("taro", "c9", "v3", {"status": "draft"}) is None


# -- what is damaged closes


@pytest.mark.parametrize(
    "damage",
    [
        "spaces = 'team everybody'",
        "permits = 2",
        "revoked = 2",
        "exceptions = '[{'",
        "starts = 'tomorrow'",
        "unreadable = x'FF'",
        "proxies = x'FF'",
    ],
)
def test_a_row_that_the_hub_cannot_have_written_closes_all(damage: str) -> None:
    with store() as tx:
        stored_resource(tx, "hana", "Consent", "c1", SIGNED, category="consent")
        stored.put(tx, compiled.consent_row("hana", "c1", "v7", SIGNED))
        run(tx, f"UPDATE consent SET {damage}", {})  # noqa: S608 - our own texts
        assert records(tx) == [CLOSED]


def test_a_consent_without_a_row_whose_bytes_cannot_be_read_closes_all() -> None:
    with store() as tx:
        stored_resource(tx, "hana", "Consent", "c1", SIGNED, category="consent")
        run(tx, "UPDATE resource SET body = :body", {"body": b"{"})
        assert records(tx) == [CLOSED]
        compiled.compile_missing(do_in(tx))
        assert kept(tx) == [("consent", "hana")]
        assert [(one.unreadable, one.spaces) for one in records(tx)] == [(CLOSED.unreadable, CLOSED.spaces)]


# -- what was stored before there were rows


@pytest.mark.parametrize("many", [201, 400, 1, 0])
def test_rows_are_made_of_all_that_was_stored_before(many: int) -> None:
    with store() as tx:
        for number in range(many):
            stored_resource(tx, "hana", "Consent", f"c{number:03d}", SIGNED, category="consent")
            stored_resource(tx, "hana", "RelatedPerson", f"r{number:03d}", GUARDIAN, publication="municipality/consent")
        stored_resource(tx, "hana", "RelatedPerson", "neighbour", {}, publication="municipality/emergency-contact")
        stored_resource(tx, "hana", "RelatedPerson", "son", GUARDIAN, publication="hospital/emergency-contact")
        compiled.compile_missing(do_in(tx))
        assert len(query(tx, "SELECT id FROM consent", {})) == many
        found = {row.id for row in query(tx, "SELECT id FROM proxy", {})}
        assert found == {f"r{number:03d}" for number in range(many)}
        assert stored.uncompiled(tx, READER, 1) == []


def test_rows_are_made_once_for_each_reader() -> None:
    with store() as tx:
        stored_resource(tx, "hana", "Consent", "c1", SIGNED, category="consent")
        compiled.compile_missing(do_in(tx))
        run(tx, "DELETE FROM consent", {})
        compiled.compile_missing(do_in(tx))
        assert kept(tx) == []
        stored.mark_compiled(tx, READER - 1)
        compiled.compile_missing(do_in(tx))
        assert kept(tx) == [("consent", "hana")]
