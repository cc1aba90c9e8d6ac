"""$status and $events of a Subscription (Subscriptions R5 Backport): how it stands, and its events once more."""

from collections.abc import Sequence
from dataclasses import dataclass

from hub.access.caller import authenticate
from hub.access.decide import Grant
from hub.context import Context, Credential
from hub.errors import not_found
from hub.interactions.notification import events_of, happened_of, standing_of, tell
from hub.interactions.read import visible
from hub.notify.messages import Event, Standing
from hub.notify.reading import stored
from hub.notify.subscribed import CONTENTS
from hub.question import Shown
from hub.read_path import show
from hub.store import subscriptions
from hub.store.database import Tx
from hub.store.sql import Row

MOST_EVENTS = 100
"""Events that one answer has at most; who wants more asks from the next number on."""


@dataclass(frozen=True, slots=True)
class Status:
    """``Subscription/$status``, or of one (``alone``): for those who may read it.  ``ids``, ``statuses`` narrow it."""

    ids: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    alone: bool = False
    interaction: str = "operation:subscription-status"
    type: str = "Subscription"

    @property
    def query(self) -> str:
        return f"Subscription/{self.ids[0]}/$status" if self.alone else "Subscription/$status"

    def patients(self, tx: Tx) -> tuple[str, ...]:
        return ()

    def answer(self, tx: Tx, grant: Grant, context: Context) -> Shown[list[Standing]]:
        if self.alone:
            visible(tx, grant, self.type, self.ids[0])
        rows = subscriptions.of_organisation(tx, grant.caller.organisation, self.ids)
        wanted = [row for row in rows if self.alone or not self.statuses or row.status in self.statuses]
        if self.alone and not wanted:
            raise not_found()
        return Shown([_standing(tx, row, context) for row in wanted], {}, "own")


def _standing(tx: Tx, row: Row, context: Context) -> Standing:
    waiting, oldest = subscriptions.waiting(tx, row.id)
    subscribed = stored(bytes(row.body), context.base_url, context.nearby)
    return standing_of(row, subscribed, waiting=waiting, oldest=oldest)


@dataclass(frozen=True, slots=True)
class Again:
    """Events of one subscription, as they may be told now, and how much of each is asked for."""

    standing: Standing
    events: Sequence[Event]
    content: str


def events_again(
    tx: Tx, credential: Credential, id_: str, since: int, until: int, content: str, context: Context
) -> Again:
    """The events ``since`` … ``until`` (numbers, both included) for the system that subscribed, judged anew.

    Raises ``NotFound`` for everybody else, and what authenticating raises.
    """
    caller = authenticate(tx, credential, context)
    [standing] = show(tx, caller, Status((id_,), alone=True), context).answer
    row = subscriptions.get(tx, id_)
    if row is None or row.system != caller.system:
        raise not_found("not-own")
    subscribed = stored(bytes(row.body), context.base_url, context.nearby)
    rows = subscriptions.events_between(tx, id_, since, until, MOST_EVENTS)
    told = tell(tx, caller, id_, subscribed, happened_of(rows), context)
    # A hint, which may ask for less than was subscribed for, and not for more.
    asked = CONTENTS.index(content) if content in CONTENTS else len(CONTENTS)
    return Again(standing, events_of(rows, told), CONTENTS[min(asked, CONTENTS.index(subscribed.content))])
