"""The worlds of the suite, and the comparison of what they answer."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.leaks import ground
from tests.leaks.asking import Asking, Matter
from tests.leaks.channels import Channel
from tests.leaks.facts import Fact
from tests.leaks.world import World, world
from tests.receiver_in_test import receiver


@dataclass(frozen=True, slots=True)
class Pair:
    """Two worlds that are asked the same in the same order; ``matters`` are named as the second one knows them."""

    one: World
    other: World
    matters: dict[str, Matter]

    def ask(self, channel: Channel, fact: Fact) -> tuple[str, str]:
        """What the channel says about a fact in each."""
        matter = self.matters[fact.id]
        return _told(self.one, channel, matter), _told(self.other, channel, matter)


def _told(world: World, channel: Channel, matter: Matter) -> str:
    world.ids.begin()
    world.receiver.all.clear()
    asking = Asking(world, matter)
    channel.ask(asking)
    return asking.transcript


def make(world: World, wanted: tuple[Fact, ...], *, present: bool) -> dict[str, Matter]:
    """Fill a world: the ground, then each wanted fact or what stands instead of it, then the revocation."""
    world.ids.begin()
    ground.lay(world, [who for who in ground.PEOPLE if who in {"open", "revoked", *(fact.id for fact in wanted)}])
    matters = {}
    for fact in wanted:
        world.ids.begin()
        things = fact.put(world) if present else fact.instead(world)
        visit = world.kept.get(f"visit of {fact.id}", "x")
        matters[fact.id] = Matter(fact, world.people.get(fact.id, ""), tuple(things), visit)
    world.ids.begin()
    ground.begin(world)
    ground.revoke(world)
    world.ids.settle()
    return matters


@contextmanager
def pair(directory: Path, *wanted: Fact) -> Iterator[Pair]:
    """A world without the wanted facts, and one with them."""
    with ExitStack() as stack:
        there = stack.enter_context(receiver())
        places = [directory / "without", directory / "with"]
        for place in places:
            place.mkdir(parents=True)
        one, other = (stack.enter_context(world(place, there)) for place in places)
        make(one, wanted, present=False)
        yield Pair(one, other, make(other, wanted, present=True))
