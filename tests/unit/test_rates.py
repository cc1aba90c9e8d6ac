"""Whom a URL names, and what a minute is."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl

import pytest

from hub.errors import TooMany
from hub.rates import Rates, residents

NAMED: dict[str, tuple[str, str, set[str]]] = {
    "nobody": ("/fhir/Observation", "code=x", set()),
    "an interaction is no id": ("/fhir/Patient/_search", "", set()),
    "an operation is no id": ("/fhir/Patient/$match", "", set()),
    "in the path": ("/fhir/Patient/a/_history/2", "", {"a"}),
    "of a batch": ("Patient/a", "", {"a"}),
    "a page": ("/people/a/handoff", "", {"a"}),
    "a value": ("/fhir/Observation", "patient=a", {"a"}),
    "several": ("/feed", "patient=a,Patient/b", {"a", "b"}),
    "with its type": ("/fhir/Observation", "subject:Patient=a", {"a"}),
    "by any other parameter": ("/fhir/Task", "owner=Patient/a", {"a"}),
    "another type": ("/fhir/Observation", "subject=Group/a", set()),
    "its id": ("/fhir/Patient", "_id=a", {"a"}),
    "another's id": ("/fhir/Observation", "_id=a", set()),
    "no id at all": ("/fhir/Patient/a b", "patient=a|b", set()),
}


@pytest.mark.parametrize("case", NAMED)
def test_a_url_names_residents_by_their_ids(case: str) -> None:
    path, query, named = NAMED[case]
    assert residents(path, parse_qsl(query)) == named


def test_a_minute_is_that_of_the_clock_whichever_way_it_is_set() -> None:
    rates, noon = Rates("one", 1, 0), datetime(2026, 11, 22, 3, tzinfo=UTC)
    for moment in (noon, noon + timedelta(seconds=60), noon - timedelta(days=1)):
        rates.spend("system/a", ["x"], 1, moment)
        with pytest.raises(TooMany) as refused:
            rates.spend("system/a", [], 1, moment + timedelta(seconds=59.5))
        assert (refused.value.limit, refused.value.retry_after) == ("client", 1)
        rates.spend("system/b", [], 1, moment)


def test_no_limit_counts_nothing() -> None:
    rates, noon = Rates("one", 0, 0), datetime(2026, 11, 22, 3, tzinfo=UTC)
    for _ in range(3):
        rates.spend("system/a", ["x"], 100, noon)
    assert (rates.policy, rates.minute(noon).news()) == ("", {})
