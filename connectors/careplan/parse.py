"""CSV text → typed rows, or ``ConversionError`` with the place.

The CSV of the standard: commas, CRLF (LF is taken too), no header row; free text between quotes keeps its commas and
newlines, and a quote inside is doubled.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn

from connectors.careplan.forms import CellError, read
from connectors.careplan.layouts import (
    PERFORMED,
    PLANNED,
    Layout,
    codes,
    kind_of_name,
    kinds_with,
    layouts,
)
from connectors.conversion import ConversionError, SourceContext, Unmapped, position

_CELL = re.compile(r'"(?P<quoted>[^"]*(?:""[^"]*)*)"|(?P<bare>[^",\r\n]*)')
_STOP = re.compile(r",|\r\n|\n|\r|\Z")
_NEWLINE = re.compile(r"\r\n|\n|\r")


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell as written, the line it starts on and its offset in the text."""

    written: str
    line: int
    offset: int


@dataclass(frozen=True, slots=True)
class Row:
    """One record: ``row["長期目標"]`` is the value of that column, ``""`` when blank."""

    layout: Layout
    line: int
    values: dict[str, str]

    def __getitem__(self, name: str) -> str:
        return self.values[name]

    @property
    def kind(self) -> str:
        """The kind of file that the row belongs to."""
        return self.layout.kind

    @property
    def insured(self) -> str:
        """The person: ``insurer-insured``, the value of the system KAIGO_INSURED_NO."""
        return f"{self['保険者番号']}-{self['被保険者番号']}"

    def get(self, name: str) -> str:
        """The value of a column that not every kind has."""
        return self.values.get(name, "")

    def shown(self, name: str) -> str:
        """The value as a person reads it: the text of a code, else as it is."""
        table = self.layout.column(name).codes
        return codes(table).get(self[name], "") if table else self[name]


@dataclass(frozen=True, slots=True)
class _Text:
    """The whole text, and how it was encoded: columns count the bytes that the sender sent."""

    text: str
    encoding: str

    def refuse(self, problem: str, offset: int) -> NoReturn:
        before = self.text[:offset].encode(self.encoding)
        line, column = position(before, len(before))
        raise ConversionError(problem, line, column)


def rows(text: str, encoding: str, source: SourceContext) -> tuple[list[Row], list[Unmapped]]:
    """Every row of the file, and the report of the cells that go nowhere or need a remark.

    The kind of a row is the file name's when the number of columns agrees, else what the number of columns says.
    Raises ``ConversionError``.
    """
    whole = _Text(text, encoding)
    named = kind_of_name(source.file_name)
    found: list[Row] = []
    report: list[Unmapped] = []
    version = ""
    for cells in _records(whole):
        layout = _layout(whole, cells, named, source)
        row = Row(layout, cells[0].line, {})
        for column, cell in zip(layout.columns, cells, strict=True):
            try:
                value = read(column, cell.written)
            except CellError as error:
                whole.refuse(str(error), cell.offset)
            row.values[column.name] = value.text
            why = column.unmapped if value.text and column.unmapped else value.remark
            if why:
                report.append(Unmapped(f"line {cell.line}, field {column.number}", column.name, value.text, why))
        version = version or row["CSVバージョン"]
        if row["CSVバージョン"] != version:
            whole.refuse(f"CSVバージョン {row['CSVバージョン']} after {version}: a file has one", cells[0].offset)
        found.append(row)
    if not found:
        whole.refuse("the file has no rows", 0)
    if named and all(row.kind != named for row in found):
        whole.refuse(f"the file name says {named}: no row has its {len(layouts()[named].columns)} columns", 0)
    return found, report


def _records(whole: _Text) -> Iterator[list[Cell]]:
    text, at, line = whole.text, 0, 1
    record: list[Cell] = []
    while at < len(text) or record:
        found = _CELL.match(text, at)
        if found is None or (found["quoted"] is None and text.startswith('"', at)):
            whole.refuse("the quote is not closed", at)
        stop = _STOP.match(text, found.end())
        if stop is None:
            whole.refuse("a quote stands in the middle of a cell", found.end())
        quoted = found["quoted"]
        record.append(Cell(found["bare"] if quoted is None else quoted.replace('""', '"'), line, at))
        line += len(_NEWLINE.findall(found.group()))
        at = stop.end()
        if stop.group() == ",":
            continue
        line += 1
        if len(record) > 1 or record[0].written:
            yield record
        record = []


def _layout(whole: _Text, cells: list[Cell], named: str, source: SourceContext) -> Layout:
    choices = {layout.kind: layout for layout in kinds_with(len(cells))}
    if named in choices:
        return choices[named]
    deletes = any(layout.deletes for layout in choices.values())
    if not choices or (named and deletes):
        expected = f"{named} has {len(layouts()[named].columns)}" if named else "no kind of file has that many"
        whole.refuse(f"{len(cells)} columns: {expected}", cells[0].offset)
    if PLANNED in choices:
        kind = _planned_or_performed(cells, source)
        if not kind:
            whole.refuse("planned (UPPLAN) or performed (UPJSK)? The file name has to say it", cells[0].offset)
        return choices[kind]
    if len(choices) > 1:
        whole.refuse(f"{len(cells)} columns delete: the file name has to say what (DLT…)", cells[0].offset)
    return next(iter(choices.values()))


def _planned_or_performed(cells: list[Cell], source: SourceContext) -> str:
    """By who wrote the row: the office that planned it, or the office that did it; ``""`` when it does not show."""
    numbers = {column.name: cells[column.number - 1].written for column in layouts()[PLANNED].columns}
    planner, provider = numbers["プラン担当業者コード"], numbers["サービス事業者コード"]
    writer = numbers["更新業者コード"] or source.care_office_number or ""
    if not writer or planner == provider:
        return ""
    return {planner: PLANNED, provider: PERFORMED}.get(writer, "")
