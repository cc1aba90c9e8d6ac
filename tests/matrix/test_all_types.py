"""Every type of the CapabilityStatement: who is nobody, and who has no relation, learn nothing of any of them."""

import pytest

from hub.store.sql import Value, run
from tests.api.looking import NEVER_USED
from tests.hub_in_test import Body
from tests.matrix.actors import BY_ID
from tests.matrix.answer import Answer
from tests.matrix.world import World

pytestmark = [pytest.mark.promise("every-door-has-a-row"), pytest.mark.sqlite]
# The hub keeps these itself, for other readers: the table has rows of their own for them.
ELSEWHERE = frozenset({"AuditEvent", "SubscriptionTopic", "Subscription", "SearchParameter", "Patient"})
_COLUMNS = (
    "patient, source, publication, category, label_bits, clinical_date, withheld, also_about,"
    " version, recorded, deleted"
)


@pytest.fixture(scope="module")
def types(world: World) -> list[str]:
    """All types, of each of which the hospital has one about somebody whom the clinic does not look after."""
    statement: Body = world.city.client.get("/fhir/metadata").json()
    found = [one["type"] for one in statement["rest"][0]["resource"] if one["type"] not in ELSEWHERE]
    thing = world.thing("laboratory", "apart")
    for number, type_ in enumerate(found):
        _stored_as(world, thing.id, type_, number)
    return found


def _stored_as(world: World, id_: str, type_: str, number: int) -> None:
    """The hospital's observation once more, as if it were of this type: what access is decided by is all there."""
    body = f'{{"resourceType":"{type_}","id":"{_id(number)}"}}'.encode()
    copied = (
        f"INSERT INTO resource ({_COLUMNS}, directory, type, id, key, body)"  # noqa: S608 - our own names
        f" SELECT {_COLUMNS}, 0, :type, :new, :key, :body FROM resource WHERE type = 'Observation' AND id = :id"
    )
    values: dict[str, Value] = {"type": type_, "new": _id(number), "key": 10_000_000 + number, "body": body, "id": id_}
    world.city.store.lane.do(lambda tx: run(tx, copied, values))


def _id(number: int) -> str:
    return f"{number:04d}{'f' * 28}"


def asked(world: World, who: str, path: str) -> Answer:
    return world.send("GET", path, {"accept-encoding": "identity", **world.headers(BY_ID[who])})


def test_the_source_reads_each_of_them(world: World, types: list[str]) -> None:
    """So that what the others are not shown is there."""
    assert len(types) > 100
    for number, type_ in enumerate(types):
        assert asked(world, "hospital", f"/fhir/{type_}?_id={_id(number)}").text.count(_id(number)) > 1, type_


@pytest.mark.parametrize("below", ["", "/_history"])
def test_what_there_is_answers_as_what_never_was(world: World, types: list[str], below: str) -> None:
    for number, type_ in enumerate(types):
        hidden, never = (asked(world, "apart", f"/fhir/{type_}/{one}{below}") for one in (_id(number), NEVER_USED))
        assert hidden.status == 404, type_
        assert hidden == never, type_


def test_no_search_finds_or_counts_it(world: World, types: list[str]) -> None:
    for number, type_ in enumerate(types):
        here = f"/fhir/{type_}?_total=accurate&_id="
        hidden, never = (asked(world, "apart", f"{here}{one}").without(one) for one in (_id(number), NEVER_USED))
        assert '"total":0' in hidden.text, type_
        assert hidden == never, type_


def test_who_is_nobody_is_told_of_no_type(world: World, types: list[str]) -> None:
    for number, type_ in enumerate(types):
        hidden, never = (asked(world, "anonymous", f"/fhir/{type_}/{one}") for one in (_id(number), NEVER_USED))
        assert hidden.status == 401, type_
        assert hidden == never, type_
