"""Members of a CareTeam as relations: within their own period and the team's, the later start and the earlier end."""

import pytest

from hub.projections.care_team import Member, Own, left, members, takes_members
from profiles.resource import Json, Resource

NOW = "2026-11-22T03:00:00.000Z"
DAY = "Organization/day"


def team(*periods: Resource, of: Resource | None = None, **more: str) -> Resource:
    """A team of period ``of`` with the day service once for each of ``periods``."""
    entries: list[Json] = [{"member": {"reference": DAY}, **({"period": one} if one else {})} for one in periods]
    return {"resourceType": "CareTeam", **({"period": of} if of else {}), "participant": entries, **more}


def span(start: str = "", end: str = "") -> Resource:
    return {name: value for name, value in (("start", start), ("end", end)) if value}


@pytest.mark.parametrize(
    ("own", "team_s", "starts", "ends"),
    [
        ((), (), "", ""),
        (("2026-01-01", "2026-12-31"), (), "2026-01-01", "2026-12-31"),
        ((), ("2026-01-01", "2026-12-31"), "2026-01-01", "2026-12-31"),
        (("2026-01-01",), ("2024-01-01", "2026-10-31"), "2026-01-01", "2026-10-31"),
        (("", "2028-01-31"), ("2027-01-01",), "2027-01-01", "2028-01-31"),
        (("2024-01-01", "2026-12-31"), ("2026-04-01", "2026-09-30"), "2026-04-01", "2026-09-30"),
        # A part of a date is all of what it says: both ends belong to it.
        (("2026-05", "2026"), ("2026-05-02", "2026-11"), "2026-05-02", "2026-11"),
        (("2026-05-01", "2026-05-31"), ("2026-05", "2026-05"), "2026-05-01", "2026-05-31"),
        (("2026-05-10",), ("2026-01-01", "2026-05-10"), "2026-05-10", "2026-05-10"),
        (("2026", "2026-10"), ("2025-12-31T18:00:00Z", "2026-10-31"), "2025-12-31T18:00:00Z", "2026-10"),
        # 9999 is how registers write "without end".
        (("2026-01-01", "9999-12-31"), ("", "2026-12-31"), "2026-01-01", "2026-12-31"),
        (("", "2026-12-31"), ("2026-01-01", "9999"), "2026-01-01", "2026-12-31"),
    ],
)
def test_a_member_belongs_to_the_team_within_both_periods(
    own: tuple[str, ...], team_s: tuple[str, ...], starts: str, ends: str
) -> None:
    starts = starts.replace("2025-12-31T18:00:00Z", "2026-01-01T03:00:00+09:00")
    assert members(team(span(*own), of=span(*team_s)), {}) == [Member("day", "", "", starts, ends)]


@pytest.mark.parametrize(
    ("own", "team_s"),
    [
        (("2026-02-01",), ("2024-01-01", "2026-01-31")),
        (("", "2026-12-31"), ("2027-01-01",)),
        (("2026-06",), ("", "2026-05-31")),
        (("2026-02-01", "2026-01-31"), ()),
        (("2026-05-10T09:00:01+09:00",), ("", "2026-05-10T00:00:00Z")),
        (("someday",), ()),
        (("", "someday"), ("2026-01-01",)),
        (("9999-01-01",), ()),
    ],
)
def test_who_belongs_to_it_at_no_time_is_no_member(own: tuple[str, ...], team_s: tuple[str, ...]) -> None:
    assert members(team(span(*own), of=span(*team_s)), {}) == []


def test_the_first_entry_counts_also_when_it_is_over_before_the_team_begins() -> None:
    assert members(team(span("", "2025-12-31"), {}, of=span("2026-01-01")), {}) == []


@pytest.mark.parametrize(
    ("own", "team_s"),
    [((), ()), ((), ("2024-01-01", "2026-12-31")), (("2026-01-01",), ("2024-01-01",)), (("", "2027"), ("", "2026"))],
)
def test_who_leaves_is_gone_and_the_period_of_the_team_is_not_made_theirs(
    own: tuple[str, ...], team_s: tuple[str, ...]
) -> None:
    done = left(team(span(*own), of=span(*team_s)), {("day", "")}, "2026-11-22", {})
    start = own[0] if own else ""
    assert done["participant"] == [{"member": {"reference": DAY}, "period": span(start, "2026-11-22")}]
    [member] = members(done, {})
    assert member.ends == "2026-11-22"


def test_who_would_begin_with_the_team_after_they_leave_never_was_a_member() -> None:
    gone = left(team({}, of=span("2027-01-01")), {("day", "")}, "2026-11-22", {})
    assert gone.get("participant", []) == []


@pytest.mark.parametrize(
    ("key", "has"),
    [
        (("office", ""), True),
        (("office", "staff"), True),
        (("office", "somebody who comes later"), True),
        (("", "staff"), True),
        (("elsewhere", "staff"), False),
        (("elsewhere", ""), False),
        (("", "stranger"), False),
    ],
)
def test_an_office_has_itself_and_its_people_but_not_what_they_do_elsewhere(key: tuple[str, str], has: bool) -> None:
    assert Own("office", frozenset({"staff"})).has(key) is has


@pytest.mark.parametrize(
    ("of", "status", "takes"),
    [
        ({}, "active", True),
        ({}, "", True),
        (span("2026-01-01"), "active", True),
        (span("2026-01-01", "9999-12-31"), "active", True),
        (span("2026-01-01", "2026-12-31"), "active", False),
        (span("2026-11-23"), "active", False),
        ({}, "proposed", False),
        ({}, "suspended", False),
        ({}, "inactive", False),
        ({}, "entered-in-error", False),
    ],
)
def test_a_new_member_joins_a_team_that_is_in_use_and_has_no_end(of: Resource, status: str, takes: bool) -> None:
    assert takes_members(team(of=of, **({"status": status} if status else {})), NOW) is takes
