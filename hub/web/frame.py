"""What stands around every page: the city, who is signed in, where they can go, and whether this is a demonstration."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from hub.access.decide import Grant
from hub.access.emergencies import may_declare
from hub.context import Caller, Context
from hub.interactions import desk, why
from hub.interactions.care_team_desk import keepers
from hub.interactions.consent_desk import desk as consents
from hub.interactions.disaster import declare as disaster
from hub.question import Question, Shown
from hub.store import registry, reviews
from hub.store.database import Tx

T = TypeVar("T")

AUDITORS = frozenset({"auditor", "municipal-officer"})


@dataclass(frozen=True, slots=True)
class Tab:
    """A page that stands in the navigation of those who work with it."""

    path: str
    name: str
    fits: Callable[[Caller], bool]


_TABS = (
    Tab("/people", "担当している方", lambda caller: home(caller) == "/people"),
    Tab("/emergency", "緊急アクセス", may_declare),
    Tab("/disaster/people", "災害時の支援", lambda caller: caller.helps and disaster.may_help(caller)),
    Tab("/desk", "事務局", lambda caller: home(caller) == "/desk"),
    Tab("/care-teams", "支援チーム", keepers.keeps),
    Tab("/access-record", "ご本人の記録", lambda caller: home(caller) == "/desk"),
    Tab("/reviews", "確認", disaster.may_look),
    Tab("/disaster", "災害", disaster.may_look),
    Tab("/why", "見られる理由", why.asks_now),
    Tab("/audit", "アクセスの記録", lambda caller: home(caller) == "/audit"),
)
_CONSENTS = "/consents", "同意の受付"


@dataclass(frozen=True, slots=True)
class Frame:
    """``demo``: anybody can be anybody here, and every page says so.  ``caller`` is none when nobody is signed in.

    ``takes_consents`` depends on the city's policy, and not on the role alone.  ``wait`` and ``alarms``: how many cases
    an officer has to look at, on any page.
    """

    city: str = ""
    demo: bool = False
    caller: Caller | None = None
    takes_consents: bool = False
    wait: int = 0
    alarms: int = 0

    @property
    def tabs(self) -> list[tuple[str, str]]:
        """(path, name) of the pages that the caller's role has."""
        own = [(tab.path, tab.name) for tab in _TABS if self.caller and tab.fits(self.caller)]
        return [*own, _CONSENTS] if self.takes_consents else own


def home(caller: Caller) -> str:
    """The page on which a role begins its work."""
    return home_of(caller.profession or "")


def home_of(profession: str) -> str:
    """The same, by profession."""
    if profession in AUDITORS:
        return "/audit"
    if profession == "paramedic":
        return "/emergency"
    return "/desk" if profession in desk.PROFESSIONS else "/people"


def frame_of(tx: Tx, caller: Caller | None) -> Frame:
    """The frame as the city file in force says it."""
    city = registry.city(tx)
    if city is None:
        return Frame(caller=caller)
    takes = caller is not None and caller.in_force and consents.takes_consents(tx, caller)
    wait, alarms = reviews.how_many_wait(tx) if caller is not None and disaster.is_officer(caller) else (0, 0)
    return Frame(city.name, bool(city.demo_sign_in), caller, takes, wait, alarms)


@dataclass(frozen=True, slots=True)
class Framed(Generic[T]):
    """A question whose answer comes with the frame of its page, from the same transaction."""

    question: Question[T]

    @property
    def interaction(self) -> str:
        return self.question.interaction

    @property
    def type(self) -> str:
        return self.question.type

    @property
    def query(self) -> str:
        return self.question.query

    def patients(self, tx: Tx) -> tuple[str, ...] | None:
        return self.question.patients(tx)

    def answer(self, tx: Tx, grant: Grant, context: Context) -> Shown[tuple[Frame, T]]:
        shown = self.question.answer(tx, grant, context)
        return shown.saying((frame_of(tx, grant.caller), shown.answer))
