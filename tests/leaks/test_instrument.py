"""The suite's own tests: it takes out chance and nothing else, and no channel is blind."""

from dataclasses import replace

import pytest

from tests.leaks.asking import Asking
from tests.leaks.channels import CHANNELS, Channel
from tests.leaks.facts import OPEN, PLAIN, Fact
from tests.leaks.ground import BORN, DATE
from tests.leaks.worlds import Pair

pytestmark = [pytest.mark.sqlite, pytest.mark.usefixtures("hasty")]

LAST_THAT_LOOKS = "search-by-post"
LOOKING = CHANNELS[: [channel.id for channel in CHANNELS].index(LAST_THAT_LOOKS) + 1]
COMPARED = [channel for channel in CHANNELS if "version" not in channel.kinds]
"""``once-hidden`` asks for what two worlds of its own have; its facts differ in nothing but time."""


def test_only_what_the_hub_drew_or_sealed_is_taken_out(plain: Pair) -> None:
    world = plain.other
    world.ids.begin()
    answer = world.city.get("clinic-emr", "/fhir/Communication?_count=1").text
    drawn, sealed = world.ids(), next(reversed(world.seal.closed))
    hidden = plain.matters[OPEN.id].hidden[0]
    kept = f"{hidden} {world.people} {'0' * 32} 1dffff{'0' * 26} {'A' * 70} 2026-11-22T03:00:00.000Z {DATE} {BORN}"
    assert world.canonical(kept) == kept
    assert sealed in answer
    by_chance = f"{drawn} {drawn[:20]} {sealed}!"
    assert world.canonical(by_chance) == f"<id 1 of 32> <id 1 of 32> <sealed {len(sealed)}>!"


@pytest.mark.parametrize("channel", LOOKING, ids=lambda channel: channel.id)
def test_the_same_world_asked_twice_says_the_same(plain: Pair, channel: Channel) -> None:
    """Channels that change nothing: apart from chance there is nothing in an answer but the world."""
    told = []
    for _ in range(2):
        plain.one.ids.begin()
        asking = Asking(plain.one, plain.matters[OPEN.id])
        channel.ask(asking)
        told.append(asking.transcript)
    assert told[0] == told[1]


@pytest.mark.parametrize("channel", [one for one in COMPARED if one.asks], ids=lambda channel: channel.id)
def test_every_question_would_see_something_in_plain_view(plain: Pair, channel: Channel) -> None:
    """A question that can see nothing proves nothing: the table names each of these."""
    for asked in channel.asks:
        alone = replace(channel, asks=(asked,), script=None)
        sees = any(len(set(plain.ask(alone, fact))) == 2 for fact in PLAIN)
        assert sees is (bool(channel.sees) and asked not in channel.blind), asked


@pytest.mark.parametrize("fact", PLAIN, ids=lambda fact: fact.id)
@pytest.mark.parametrize("channel", COMPARED, ids=lambda channel: channel.id)
def test_what_is_in_plain_view_is_noticed(plain: Pair, channel: Channel, fact: Fact) -> None:
    """A channel through which one sees what is not hidden would show it if it were not hidden well."""
    without, with_ = plain.ask(channel, fact)
    assert (without != with_) is (fact.id in channel.sees)


def test_the_bisection_finds_a_day_that_is_in_plain_view_and_no_other(plain: Pair) -> None:
    [channel] = [one for one in CHANNELS if one.id == "bisection"]
    without, with_ = plain.ask(channel, OPEN)
    days = [
        {line.rpartition(" ")[2] for line in text.splitlines() if " gives the day " in line}
        for text in (without, with_)
    ]
    assert DATE in days[1] - days[0]
