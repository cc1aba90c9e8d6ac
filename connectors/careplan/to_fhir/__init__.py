"""Rows of a file → entries of a transaction: one module for each form of the standard."""

from collections.abc import Callable, Iterator

from connectors.careplan.parse import Row
from connectors.careplan.to_fhir.deletion import deletions, left
from connectors.careplan.to_fhir.face_sheet import day, face_sheet, illnesses
from connectors.careplan.to_fhir.first_table import first_table
from connectors.careplan.to_fhir.month import performed, planned
from connectors.careplan.to_fhir.person import supplement
from connectors.careplan.to_fhir.prevention import prevention_plan, support_plan
from connectors.careplan.to_fhir.record import Entry, Origin, origin_of
from connectors.careplan.to_fhir.second_table import second_table
from connectors.careplan.to_fhir.third_table import third_table
from connectors.conversion import SourceContext, Unmapped
from profiles.resource import Resource, as_object, as_text

__all__ = ["entries"]

# Kind → what is made of the rows that have one person and one value in this column.
_FORMS: dict[str, tuple[Callable[[list[Row], Origin], Iterator[Entry]], str]] = {
    "UPHOSOKU": (supplement, "対象年月"),
    "UP1KYO": (first_table, "居宅サービス計画作成（変更）日"),
    "UP2KYO": (second_table, "居宅サービス計画作成（変更）日"),
    "UP3KYO": (third_table, "居宅サービス計画作成（変更）日"),
    "UPPLAN": (planned, "対象年月"),
    "UPJSK": (performed, "対象年月"),
    "UPKIHON": (face_sheet, "相談日"),
    "UPKIHON_SUB1": (day, "相談日"),
    "UPKIHON_SUB2": (illnesses, "相談日"),
    "UPYOBO": (prevention_plan, "計画作成(変更)日"),
    "UPYOBO_SUB": (support_plan, "計画作成(変更)日"),
    "DLT1KYO": (deletions, "居宅サービス計画作成（変更）日"),
    "DLTPLAN": (deletions, "削除対象年月"),
    "DLTJSK": (deletions, "削除対象年月"),
    "DLTKIHON": (deletions, "相談日"),
    "DLTYOBO": (deletions, "計画作成(変更)日"),
}
# A sheet is made once: a row that gives another day than the first is reported.
_MADE = {"UP2KYO": "居宅計画書作成年月日", "UP3KYO": "週間サービス計画表作成年月日", "UPPLAN": "作成年月日"}
_BILLING = "UPSIKYU"
_INTRODUCING = ("UPHOSOKU", "UPKIHON")


def entries(rows: list[Row], source: SourceContext) -> tuple[list[Resource], list[Unmapped]]:
    """The entries of the transaction, and what is not in it: billing, what a later row says again."""
    origin = origin_of(rows, source, frozenset(row.insured for row in rows if row.kind in _INTRODUCING))
    report = [_billing(row) for row in rows if row.kind == _BILLING]
    report += [left(row, origin) for row in rows if row.layout.deletes]
    kept: dict[str, Entry] = {}
    for (kind, *_), sheet in _sheets(rows).items():
        build, _column = _FORMS[kind]
        report += _made_on_another_day(sheet)
        for entry in build(sheet, origin):
            name = as_text(entry.content.get("fullUrl")) or as_text(as_object(entry.content["request"]).get("url"))
            earlier = kept.get(name)
            if earlier and earlier.content != entry.content:
                report.append(_said_again(earlier, entry))
            kept[name] = entry
    return [entry.content for entry in kept.values()], report


def _sheets(rows: list[Row]) -> dict[tuple[str, str, str], list[Row]]:
    sheets: dict[tuple[str, str, str], list[Row]] = {}
    for row in rows:
        if row.kind != _BILLING:
            sheets.setdefault((row.kind, row.insured, row[_FORMS[row.kind][1]]), []).append(row)
    return sheets


def _billing(row: Row) -> Unmapped:
    names = ("対象年月", "サービス事業所名", "サービスコード", "単位数", "回数／日数", "費用総額保険／事業対象分")
    value = " ".join(f"{name} {row[name]}" for name in names if row[name])
    return Unmapped(f"line {row.line}", "第7表（サービス利用票別表）", value, "billing only: no clinical information")


def _made_on_another_day(sheet: list[Row]) -> list[Unmapped]:
    name = _MADE.get(sheet[0].kind, "CSVバージョン")
    why = f"line {sheet[0].line}, of the same sheet, has {sheet[0][name]}: that one is used"
    return [Unmapped(f"line {row.line}", name, row[name], why) for row in sheet if row[name] != sheet[0][name]]


def _said_again(earlier: Entry, later: Entry) -> Unmapped:
    resource_type = as_text(as_object(earlier.content.get("resource")).get("resourceType"))
    return Unmapped(
        f"line {earlier.line}",
        resource_type,
        "",
        f"line {later.line} says the same thing otherwise: the later one is used",
    )
