"""CONSENT §3.4: the secretariat is told of each consent that cannot be read, once while the case is open."""

from collections.abc import Sequence
from typing import cast

import pytest
import structlog

from consent.compiled import closed
from hub.access import unreadable
from hub.access.compiled import CORRUPT
from hub.context import Caller
from hub.draft import Bound, Change, Facts, Version, Written
from hub.projections.version import Outcome
from hub.store import reviews
from hub.store.database import Tx
from hub.store.sql import Row, query
from profiles.resource import Resource
from tests.unit.access.asking import DOCTOR, REQUEST, SYSTEM, store, stored_resource
from tests.unit.consent.test_consent_reading import consent

DAMAGED = closed("Consent/c1", "v7", "hana", CORRUPT)


def cases(tx: Tx) -> Sequence[Row]:
    return query(tx, "SELECT * FROM review_case ORDER BY id", {})


def written(
    tx: Tx, *, type_: str = "Consent", category: str = "consent", is_new: bool = True, id_: str = "c1"
) -> Outcome:
    """What a write comes to, after which a consent of hana's is stored."""
    body = cast("Resource", consent(id=id_, modifierExtension=[], provision={"type": "permit"}))
    stored_resource(tx, "hana", type_, id_, body, category=category)
    facts = Facts("hana", "city", f"municipality/{category}", category, 0, None, 0, 0, 0)
    version = Version(facts, type_, id_, "v7", "", 0, b"")
    answer = Written(201, type_, id_, "v7", "", b"")
    return Outcome(Bound(Change("POST", type_), id_, body, None, ("hana",)), version, answer, is_new, None)


@pytest.mark.parametrize(("caller", "person"), [(DOCTOR, "dr-sato"), (SYSTEM, "")])
def test_who_wrote_what_cannot_be_read_is_in_the_case(caller: Caller, person: str) -> None:
    with store() as tx:
        unreadable.tell(tx, [written(tx)], caller, REQUEST)
        (case,) = cases(tx)
    assert (case.patient, case.id, case.kind, case.subject) == ("hana", "a new id", "unreadable-consent", "Consent/c1")
    assert case.text == "Consent.modifierExtension is not understood in a rule"
    assert (case.opened, case.organisation, case.person) == ("2026-11-20T01:00:00.000Z", "hosp", person)
    assert (case.finding, case.note, case.closed, case.closed_by) == ("", "", "", "")


def test_what_is_not_a_consent_now_written_opens_no_case() -> None:
    with store() as tx:
        others = [
            written(tx, is_new=False),
            written(tx, type_="Composition", id_="c2"),
            written(tx, category="acp", id_="c3"),
        ]
        unreadable.tell(tx, others, DOCTOR, REQUEST)
        unreadable.tell(tx, [], DOCTOR, REQUEST)
        assert cases(tx) == []


def test_only_what_was_written_and_cannot_be_read_opens_a_case() -> None:
    with store() as tx:
        readable = cast("Resource", consent(provision={"type": "permit"}))
        one = written(tx)
        other = written(tx, id_="c2")
        stored_resource(tx, "hana", "Consent", "c3", readable, category="consent")
        good = other._replace(version=other.version._replace(id="c3"))
        unreadable.tell(tx, [one, good], DOCTOR, REQUEST)
        assert [case.subject for case in cases(tx)] == ["Consent/c1"]


def test_a_case_is_opened_again_only_after_it_was_closed() -> None:
    with store() as tx:
        outcome = written(tx)
        reviews.put(tx, case_of("c1", ""))
        unreadable.tell(tx, [outcome], DOCTOR, REQUEST)
        assert len(cases(tx)) == 1
        assert reviews.close(tx, cases(tx)[0], "justified", "", "2026-11-20T00:30:00.000Z", "officer")
        unreadable.tell(tx, [outcome], DOCTOR, REQUEST)
        assert len(cases(tx)) == 2


def case_of(consent: str, closed: str) -> dict[str, str]:
    words = dict.fromkeys(("text", "opened", "organisation", "person", "finding", "note", "closed_by"), "")
    return {
        "patient": "hana",
        "id": f"case of {consent}",
        "kind": unreadable.CASE,
        "subject": f"Consent/{consent}",
        "closed": closed,
        **words,
    }


def test_a_damaged_row_is_a_case_once_and_in_the_log() -> None:
    with store() as tx, structlog.testing.capture_logs() as log:
        unreadable.found(tx, [DAMAGED, closed("Consent/c2", "v8", "hana", "it says nothing")], REQUEST)
        unreadable.found(tx, [DAMAGED], REQUEST)
        (case,) = cases(tx)
        later = closed("Consent/c1", "v9", "hana", CORRUPT)
        unreadable.found(tx, [later], REQUEST)
        assert len(cases(tx)) == 2
    assert (case.id, case.subject, case.text, case.organisation, case.person) == ("v7", "Consent/c1", CORRUPT, "", "")
    event = {"event": "a consent row cannot be read", "log_level": "error", "request": "request 1"}
    assert log == [{**event, "consent": "Consent/c1"}] * 2
