"""The date by which a resource stands in a timeline."""

import pytest

from profiles import Resource, clinical_date, occurred
from profiles.rules.references import TYPES
from profiles.tables import rows


@pytest.mark.parametrize(
    ("resource", "written", "day"),
    [
        ({"resourceType": "MedicationRequest", "authoredOn": "2026-11-20"}, "2026-11-20", "2026-11-20"),
        (
            {
                "resourceType": "Observation",
                "effectiveDateTime": "2026-11-19T23:30:00Z",
                "issued": "2026-11-21T00:00:00Z",
            },
            "2026-11-19T23:30:00Z",
            "2026-11-20",
        ),
        ({"resourceType": "Observation", "effectiveTiming": {"event": ["2026-11-20"]}}, "2026-11-20", "2026-11-20"),
        (
            {"resourceType": "Encounter", "period": {"start": "2026-11-20T09:00:00+09:00"}},
            "2026-11-20T09:00:00+09:00",
            "2026-11-20",
        ),
        (
            {"resourceType": "Condition", "onsetPeriod": {"start": "2019-04"}, "recordedDate": "2026"},
            "2019-04",
            "2019-04-01",
        ),
        ({"resourceType": "Condition", "recordedDate": "2026"}, "2026", "2026-01-01"),
        ({"resourceType": "MedicationDispense", "whenPrepared": "2026-11-20"}, "2026-11-20", "2026-11-20"),
        ({"resourceType": "Condition", "onsetDateTime": "im Winter"}, "im Winter", None),
        ({"resourceType": "Condition"}, None, None),
        ({"resourceType": "Patient", "birthDate": "1940-02-01"}, None, None),
    ],
)
def test_when_it_happened(resource: Resource, written: str | None, day: str | None) -> None:
    assert occurred(resource) == written
    assert clinical_date(resource) == day


def test_the_table_names_types_that_exist() -> None:
    named = [row["type"] for row in rows("clinical_dates.csv")]

    assert set(named) <= TYPES
    assert len(named) == len(set(named))
