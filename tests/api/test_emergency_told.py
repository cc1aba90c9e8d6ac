"""That a system of the care team is told of an emergency as of anything else (CONSENT.md §6)."""

import pytest

from hub.settings import Settings
from tests.api.emergencies import declared, somebody
from tests.hub_in_test import City
from tests.receiver_in_test import ALLOWED, PATIENT_CHANGED, Post, Receiver, subscribed, subscription


@pytest.fixture
def hub_settings() -> Settings:
    return ALLOWED


@pytest.mark.promise("emergency-is-told-to-the-care-team")
@pytest.mark.parametrize(("system", "told"), [("care-plan-app", 1), ("clinic-emr", 0)])
def test_a_subscription_of_the_team_is_told_and_no_other(
    city: City, there: Receiver, post: Post, system: str, told: int
) -> None:
    _, name = somebody(city, "Organization/kyotaku")
    asked = subscription(there.url, PATIENT_CHANGED, "_type=Communication", content="full-resource")
    subscribed(city, post, system, asked)
    city.clock.move(seconds=1)
    declared(city, name=name)
    post.deliver()
    notices = [entry["resource"] for one in there.told for entry in one.bundle["entry"][1:]]
    assert len(notices) == told
    assert [one["recipient"][0]["reference"] for one in notices] == ["Organization/kyotaku"] * told
