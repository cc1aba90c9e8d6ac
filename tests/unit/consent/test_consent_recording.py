"""What may become of a recorded consent (CONSENT §3.2): an earlier one never comes back by writing over it."""

from dataclasses import replace
from datetime import datetime

import pytest

from consent import ConsentRecord, Period, is_new_word, may_follow, span
from consent.period import ALWAYS

NOW = datetime.fromisoformat("2026-11-20T10:00:00+09:00")
BOTH = frozenset({"medical", "team"})


def recorded(signed: str = "2026-11-20T09:00:00+09:00", spaces: frozenset[str] = BOTH) -> ConsentRecord:
    return ConsentRecord("Consent/c", "v1", "hana", spaces, False, span(signed), ALWAYS, permits=False, exceptions=())


@pytest.mark.parametrize(
    ("after", "why_not"),
    [
        (recorded(), None),
        (replace(recorded(), revoked=True), None),
        (replace(recorded(), permits=True), None),
        (None, "no-rule-any-more"),
        (replace(recorded(), patient="taro"), "another-resident"),
        (recorded(spaces=frozenset({"team"})), "fewer-spaces"),
        (recorded("2026-11-20T08:59:59+09:00"), "earlier-date"),
        (recorded("2026-11-19"), "earlier-date"),
        (recorded("2026-11-20"), None),  # it leaves open which is the later: then the stricter counts
        (recorded("2026-11-21"), None),
        (replace(recorded(), signed=ALWAYS), None),  # cannot be read, and closes
    ],
)
def test_what_may_be_written_over_a_consent(after: ConsentRecord | None, why_not: str | None) -> None:
    assert may_follow(recorded(), after, NOW) == why_not


def test_a_space_may_be_added() -> None:
    assert may_follow(recorded(spaces=frozenset({"team"})), recorded(), NOW) is None


@pytest.mark.parametrize("before", [recorded("2062-11-20").signed, ALWAYS])
def test_a_date_to_come_or_none_may_become_that_of_now(before: Period) -> None:
    slip = replace(recorded(), signed=before)
    assert may_follow(slip, recorded("2026-11-20"), NOW) is None
    assert may_follow(slip, recorded("2026-11-20T10:00:00+09:00"), NOW) is None
    assert may_follow(slip, recorded("2026-11-20T09:59:58+09:00"), NOW) == "earlier-date"
    assert may_follow(slip, recorded("2026-11-19"), NOW) == "earlier-date"


def test_the_same_again_and_the_end_of_it_are_no_new_word() -> None:
    ended = replace(recorded(), revoked=True, version="v2")
    assert not is_new_word(recorded(), replace(recorded(), version="v2"))
    assert not is_new_word(recorded(), ended)
    assert not is_new_word(ended, ended)


@pytest.mark.parametrize(
    "after",
    [
        replace(recorded(), permits=True),
        replace(recorded(), permits=True, revoked=True),
        replace(recorded(), proxies=frozenset({"taro"})),
        recorded("2026-11-21"),
        recorded(spaces=frozenset({"team"})),
    ],
)
def test_whatever_else_changes_is_a_new_word(after: ConsentRecord) -> None:
    assert is_new_word(recorded(), after)
    assert is_new_word(None, recorded())
    assert is_new_word(replace(recorded(), revoked=True), recorded())
