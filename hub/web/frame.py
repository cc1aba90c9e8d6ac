"""What stands around every page: the city, who is signed in, where they can go, and whether this is a demonstration."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from hub.access.decide import Grant
from hub.context import Caller, Context
from hub.interactions import desk
from hub.read_path import Question, Shown
from hub.store import registry
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
    Tab("/desk", "事務局", lambda caller: home(caller) == "/desk"),
    Tab("/audit", "アクセスの記録", lambda caller: home(caller) == "/audit"),
)


@dataclass(frozen=True, slots=True)
class Frame:
    """``demo``: anybody can be anybody here, and every page says so.  ``caller`` is none when nobody is signed in."""

    city: str = ""
    demo: bool = False
    caller: Caller | None = None

    @property
    def tabs(self) -> list[tuple[str, str]]:
        """(path, name) of the pages that the caller's role has."""
        return [(tab.path, tab.name) for tab in _TABS if self.caller and tab.fits(self.caller)]


def home(caller: Caller) -> str:
    """The page on which a role begins its work."""
    return home_of(caller.profession or "")


def home_of(profession: str) -> str:
    """The same, by profession."""
    if profession in AUDITORS:
        return "/audit"
    return "/desk" if profession in desk.PROFESSIONS else "/people"


def frame_of(tx: Tx, caller: Caller | None) -> Frame:
    """The frame as the city file in force says it."""
    city = registry.city(tx)
    return Frame(city.name, bool(city.demo_sign_in), caller) if city is not None else Frame(caller=caller)


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
        framed = frame_of(tx, grant.caller), shown.answer
        return Shown(framed, shown.patients, shown.reason, shown.rules, shown.category)
