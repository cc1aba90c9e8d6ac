"""Where a search looks, and under whose eyes."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

from hub.store.database import Tx
from hub.store.search.part import Part, bound, equal, named
from hub.store.sql import AT_MOST, Record, in_list, query

Judge: TypeAlias = Callable[[str], tuple[str, Record]]
"""What the caller may see, as SQL over ``v``: of the type ``Patient``, of all others (``*``), of all (``""``)."""


@dataclass(frozen=True, slots=True)
class Near:
    """Where the rows of a search stand: filed under ``patients``, or (``None``) under anybody whom the caller may know
    of.  Those are the patients of its relations, those about whom it published, and the directory.

    It only narrows where to look, so that a search costs what the caller's people have and not what the city has.
    What may be seen is the judge's to say.
    """

    organisation: str
    person: str = ""
    patients: tuple[str, ...] | None = None

    def of(self, column: str) -> Part:
        """That ``column`` is one of them."""
        if self.patients is None:
            return Part(f"{column} IN (SELECT patient FROM about)")  # noqa: S608
        return equal(column, self.patients)

    def some(self, tx: Tx, count: int) -> tuple[str, ...]:
        """Up to ``count`` of them, the directory among them."""
        about = self.everybody()
        statement = named(f"WITH {about.text} SELECT patient FROM about {AT_MOST}")  # noqa: S608 - our own text
        return tuple(row.patient for row in query(tx, statement, {**bound(about.values), "count": count}))

    def everybody(self) -> Part:
        """The common table ``about``: all whom the caller may know of."""
        text = """about (patient) AS (SELECT m.patient FROM relation m WHERE m.organisation = ?
            UNION SELECT m.patient FROM relation m WHERE m.person = ?
            UNION SELECT p.patient FROM published p WHERE p.source = ? UNION SELECT '')"""
        return Part(text, (self.organisation, self.person or "-", self.organisation))


@dataclass(frozen=True, slots=True)
class Asked:
    """Where a search looks, and who judges.  ``compartment``: only what is about that patient."""

    judge: Judge
    near: Near
    compartment: str = ""

    def hop(self) -> "Asked":
        """The same at the end of a hop: there it may be about anybody."""
        return replace(self, near=replace(self.near, patients=None), compartment="")


def filed_with(tx: Tx, patients: tuple[str, ...]) -> tuple[str, ...]:
    """These patients, and those under whom something that is about these as well is filed."""
    marks, values = in_list("p", patients)
    rows = query(tx, f"SELECT DISTINCT patient FROM also_about WHERE other IN ({marks})", values)  # noqa: S608
    return tuple(dict.fromkeys([*patients, *(row.patient for row in rows)]))
