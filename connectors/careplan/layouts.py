"""The tables of the standard (ケアプランデータ連携 標準仕様 4.1版) as data: read from the CSV files beside this one.

``layouts.csv`` has every column of every kind of file, under the standard's own name; ``codes.csv`` the code tables;
``service_kinds.csv`` the サービス種類コード.  Where two columns of a kind have one name in the standard, ours says
which is meant.
"""

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

# CSVバージョン values are looked up, never compared: 202407 (4.1版) came after 202504 (4.0版).
VERSIONS = frozenset({"201910", "202003", "202208", "202407", "202504"})
# The standard's own examples of the 介護予防 forms have this one, its list of versions does not.
VERSIONS_OF_EXAMPLES = frozenset({"202404"})
PLANNED, PERFORMED = "UPPLAN", "UPJSK"
_NAME = re.compile(r"(?:.*[/\\])?([A-Z0-9]+(?:_SUB[12]?)?)_[0-9][0-9A-Z_]*\.(?:CSV|TXT)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Column:
    """One column: ``form`` is a name in ``forms.py``; ``unmapped`` says why the value goes nowhere."""

    number: int
    name: str
    form: str
    required: bool
    unmapped: str

    @property
    def codes(self) -> str:
        """The name of its code table, ``""`` when it has none."""
        return self.form.removeprefix("code:") if self.form.startswith("code:") else ""


@dataclass(frozen=True, slots=True)
class Layout:
    """One kind of file and its columns, in order."""

    kind: str
    columns: tuple[Column, ...]

    @property
    def deletes(self) -> bool:
        """Whether its rows name what to delete."""
        return self.kind.startswith("DLT")

    def column(self, name: str) -> Column:
        """The column of that name."""
        return next(column for column in self.columns if column.name == name)


@dataclass(frozen=True, slots=True)
class ServiceKind:
    """One サービス種類: its name, and how it reaches the person: v3-ActCode HH, AMB or IMP, or ``equipment``."""

    display: str
    reach: str


@cache
def layouts() -> Mapping[str, Layout]:
    """Every layout by its kind (``UP1KYO`` …)."""
    columns: dict[str, list[Column]] = {}
    for row in _table("layouts"):
        column = Column(int(row["number"]), row["name"], row["form"], row["required"] == "*", row["unmapped"])
        columns.setdefault(row["kind"], []).append(column)
    return {kind: Layout(kind, tuple(its)) for kind, its in columns.items()}


@cache
def codes(table: str) -> Mapping[str, str]:
    """Code → Japanese text of one code table."""
    return {row["code"]: row["display"] for row in _table("codes") if row["table"] == table}


@cache
def service_kinds() -> Mapping[str, ServiceKind]:
    """The サービス種類 by its two characters."""
    return {row["kind"]: ServiceKind(row["display"], row["class"]) for row in _table("service_kinds")}


def kind_of_name(file_name: str | None) -> str:
    """The kind that a file name states (``UP1KYO_0300000100_43_…CSV``), ``""`` when it states none."""
    found = _NAME.fullmatch(file_name or "")
    kind = found[1].upper() if found else ""
    return kind if kind in layouts() else ""


@cache
def kinds_with(columns: int) -> tuple[Layout, ...]:
    """The layouts with that many columns."""
    return tuple(layout for layout in layouts().values() if len(layout.columns) == columns)


def _table(name: str) -> list[dict[str, str]]:
    text = files("connectors.careplan").joinpath(f"{name}.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))
