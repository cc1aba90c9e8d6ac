"""The table of channels (channels.toml): every way in which a hidden fact could come to light."""

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.leaks import reading, searching, telling, writing
from tests.leaks.asking import Asking
from tests.leaks.facts import FACTS, PLAIN, Fact

TABLE = Path(__file__).parent / "channels.toml"
_MODULES: dict[str, ModuleType] = {
    "reading": reading, "searching": searching, "telling": telling, "writing": writing,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Channel:
    """``asks`` are GETs of the asker; ``script`` is whatever else there is to do.  channels.toml says the rest."""

    id: str
    what: str
    asks: tuple[str, ...]
    script: Callable[[Asking], None] | None
    kinds: frozenset[str]
    only: frozenset[str]
    after: str
    sees: frozenset[str]
    blind: frozenset[str]

    def ask(self, asking: Asking) -> None:
        """All questions of the channel."""
        asking.get_all(*self.asks)
        if self.script is not None:
            self.script(asking)

    @property
    def facts(self) -> tuple[Fact, ...]:
        """The hidden facts about which the channel is asked."""
        return tuple(fact for fact in FACTS if fact.kind in self.kinds and (not self.only or fact.id in self.only))


def _channel(row: dict[str, Any]) -> Channel:
    module, _, function = row.get("script", "").partition(".")
    return Channel(
        id=row["id"],
        what=row["what"],
        asks=tuple(row.get("asks", ())),
        script=getattr(_MODULES[module], function) if module else None,
        kinds=frozenset(row.get("kinds", ("thing", "person"))),
        only=frozenset(row.get("only", ())),
        after=row.get("after", ""),
        sees=frozenset(row.get("sees", (fact.id for fact in PLAIN))),
        blind=frozenset(row.get("blind", ())),
    )


CHANNELS = tuple(_channel(row) for row in tomllib.loads(TABLE.read_text("utf-8"))["channel"])
