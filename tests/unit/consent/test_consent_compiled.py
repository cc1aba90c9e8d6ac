"""CONSENT §8: what is kept of a consent is what it says, no more, no less; whom it names is asked each time."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consent import ANYTHING, ConsentRecord, Known, compile_consent, read_consent
from consent.compiled import closed, moment_as_text, period_from_texts, rules_as_text, rules_from_text
from consent.period import ALWAYS, Period
from tests.unit.consent.case import Case, cases
from tests.unit.consent.strategies import KNOWN, PERIODS, Json, actor, consents, provisions
from tests.unit.consent.test_consent_reading import AUTHOR, RECIPIENT, UNREADABLE, consent, with_exception


def resources_of(case: Case) -> list[Json]:
    written = case.content.get("consents", [])
    assert isinstance(written, list)
    return written


NOBODY = Known(frozenset(), frozenset(), frozenset())


def compiled(resource: Json) -> ConsentRecord:
    record = compile_consent(resource)
    assert record is not None
    return record


def kept(record: ConsentRecord) -> ConsentRecord:
    """The record after its exceptions and its moments were texts."""

    def through(period: Period) -> Period:
        return period_from_texts(moment_as_text(period.start), moment_as_text(period.end))

    rules = rules_from_text(rules_as_text(record.exceptions))
    return replace(record, exceptions=rules, period=through(record.period), signed=through(record.signed))


@settings(max_examples=100, deadline=None)
@given(consents(), st.lists(provisions(["permit", "deny"]), min_size=1, max_size=3), PERIODS)
def test_what_is_kept_is_what_was_read(resource: Json, exceptions: list[Json], period: Json) -> None:
    resource["provision"] = {"type": "permit", "provision": exceptions, "period": period}
    record = compile_consent(resource)
    assert record is None or kept(record) == record


def test_every_consent_of_the_cases_is_kept_as_it_was_read() -> None:
    resources = [resource for _, case in cases() for resource in resources_of(case)]
    found = [record for resource in resources if (record := compile_consent(resource))]
    assert len(found) > 50
    assert [kept(record) for record in found] == found


@pytest.mark.parametrize("resource", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_what_cannot_be_read_stays_unreadable(resource: Json) -> None:
    record = compiled(resource)
    assert kept(record) == record


def test_a_text_says_nothing_that_tests_nothing() -> None:
    record = compiled(consent(provision={"type": "permit", "provision": [{"type": "deny"}]}))
    assert rules_as_text(record.exceptions) == '[{"number":"1","permits":false}]'


@pytest.mark.parametrize(
    ("changed", "stranger"),
    [
        ({"actor": [actor(RECIPIENT, "Organization/gone")]}, "Organization/gone"),
        ({"actor": [actor(RECIPIENT, "Practitioner/gone")]}, "Practitioner/gone"),
        ({"actor": [actor(AUTHOR, "Organization/gone")]}, "Organization/gone"),
    ],
)
def test_whom_it_names_is_asked_of_the_registry_of_now(changed: Json, stranger: str) -> None:
    known = Known({"gone"}, {"gone"}, frozenset())
    readable = compiled(with_exception(**changed))
    assert readable.known_by(known) is readable
    unread = readable.known_by(NOBODY)
    assert unread.unreadable
    assert stranger in unread.unreadable
    assert (unread.permits, unread.period) == (False, ALWAYS)
    (rule,) = unread.exceptions
    assert rule == rule.for_everybody()


def test_a_permit_for_a_stranger_closes_the_space() -> None:
    record = compiled(with_exception(type="permit", actor=[actor(RECIPIENT, "Organization/gone")]))
    assert record.permits
    unread = record.known_by(NOBODY)
    assert (unread.permits, unread.exceptions) == (False, ())


def test_a_proxy_is_asked_of_the_registry_of_now() -> None:
    record = compiled(consent(performer=[{"reference": "RelatedPerson/guardian"}], provision={"type": "permit"}))
    assert record.proxies == {"guardian"}
    assert record.known_by(Known((), (), {("hana", "guardian")})) is record
    for others in ({("taro", "guardian")}, {("hana", "neighbour")}, set[tuple[str, str]]()):
        assert not record.known_by(Known((), (), others)).permits


def test_one_that_names_nobody_does_not_depend_on_who_is_known() -> None:
    record = compiled(consent(provision={"type": "permit", "provision": [{"type": "deny"}]}))
    assert not record.names_somebody
    assert record.known_by(NOBODY) is record


def test_reading_at_once_is_compiling_and_asking() -> None:
    resource = consent()
    assert read_consent(resource, KNOWN) == compiled(resource).known_by(KNOWN)


@pytest.mark.parametrize(
    "text",
    [
        *("", "{}", "[1]", "[{}]", '["1"]', '[{"number":"1","permits":"no"}]', '[{"permits":false,"number":"1"}]'),
        '[{"number":"1","permits":false,"organisations":"hosp"}]',
        '[{"number":"1","permits":false,"persons":1}]',
        '[{"number":"1","permits":false,"unless":"dr-sato"}]',
        '[{"number":"1","permits":false,"ends":"2026-11-22T12:00:00"}]',
    ],
)
def test_a_text_that_is_not_what_was_kept_is_no_rule(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        rules_from_text(text)


@pytest.mark.parametrize("moment", ["tomorrow", "2026-11-22", "2026-11-22T12:00:00"])
def test_a_text_that_is_no_moment_is_no_end_of_a_period(moment: str) -> None:
    for start, end in ((moment, ""), ("", moment)):
        with pytest.raises(ValueError, match=r".+"):
            period_from_texts(start, end)


def test_what_can_no_longer_be_read_denies_all_that_a_resident_can_deny() -> None:
    record = closed("Consent/c1", "v7", "hana", "damaged")
    assert (record.id, record.version, record.patient, record.unreadable) == ("Consent/c1", "v7", "hana", "damaged")
    assert (record.spaces, record.permits, record.revoked) == (frozenset({"medical", "team"}), False, False)
    assert (record.signed, record.period, record.proxies) == (ALWAYS, ALWAYS, frozenset())
    (rule,) = record.exceptions
    assert (rule.number, rule.permits, rule.purposes) == ("1", False, frozenset({"ETREAT"}))
    assert rule == replace(rule.for_everybody(), period=ALWAYS, match=ANYTHING)
