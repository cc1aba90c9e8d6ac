"""A disaster tells nobody by itself: a subscription is about those whom its owner looks after (CONSENT.md §7)."""

import pytest

from hub.settings import Settings
from tests.api.disasters import HERE, declared, lives_at
from tests.hub_in_test import City, patient
from tests.receiver_in_test import ALLOWED, PATIENT_CHANGED, Post, Receiver, subscribed, subscription


@pytest.fixture
def hub_settings() -> Settings:
    return ALLOWED


def test_a_change_of_somebody_in_the_area_is_not_sent(city: City, there: Receiver, post: Post) -> None:
    own = city.resident("0000000001", **lives_at(HERE))
    stranger = city.resident("0000000002", name="鈴木 次郎", **lives_at(HERE))
    city.team(own, "Organization/clinic")
    city.consent(own)
    subscribed(city, post, "clinic-emr", subscription(there.url, PATIENT_CHANGED, content="id-only"))
    declared(city, "clinic")
    assert city.get("clinic-emr", f"/fhir/Patient/{stranger}").status_code == 200
    seen = len(there.all)
    for one, number, name in ((stranger, "0000000002", "鈴木 次郎"), (own, "0000000001", "山田 花子")):
        changed = {**patient(number, name=name), "id": one, "gender": "male", **lives_at(HERE)}
        assert city.put("city-registry", f"/fhir/Patient/{one}", changed).status_code == 200
    post.deliver()
    told = "".join(str(one.bundle) for one in there.all[seen:])
    assert own in told
    assert stranger not in told
