"""Deletion records (DLT…): what the sender takes back (FHIR R4 §3.1.0.7.1, conditional delete).

A conditional delete takes back one resource.  A plan is told whole by its CarePlans, so those are deleted; what else
stands on the sheet is reported, with the identifier that all resources of the sheet carry.
"""

from collections.abc import Iterator

from connectors.careplan.parse import Row
from connectors.careplan.to_fhir.face_sheet import consultation_sheet
from connectors.careplan.to_fhir.first_table import PLAN_DAY
from connectors.careplan.to_fhir.month import performed_sheet, planned_sheet
from connectors.careplan.to_fhir.prevention import prevention_sheet
from connectors.careplan.to_fhir.record import RECORD, SHEET, Entry, Origin
from connectors.conversion import Unmapped
from connectors.transaction import by_identifier

# The CarePlans of a sheet; 第3表 is not deleted with the others.
_PLANS = {"DLT1KYO": ("1", "2"), "DLTYOBO": ("plan", "support")}
_LEFT = {
    "DLT1KYO": "第2表の目標とサービス",
    "DLTPLAN": "第6表の予定",
    "DLTJSK": "第6表の実績",
    "DLTKIHON": "利用者基本情報",
    "DLTYOBO": "介護予防サービス・支援計画書の目標、サービス、アセスメント",
}


def deletions(rows: list[Row], origin: Origin) -> Iterator[Entry]:
    """DLT1KYO, DLTYOBO → a DELETE of each CarePlan of the plan."""
    for row in rows:
        for name in _PLANS.get(row.kind, ()):
            url = f"CarePlan?{by_identifier(RECORD, f'{_sheet(row, origin)}:{name}')}"
            yield Entry(row.line, {"request": {"method": "DELETE", "url": url}})


def left(row: Row, origin: Origin) -> Unmapped:
    """The report of what the deletion of ``row`` leaves behind."""
    why = "a deletion takes back care plans only; these resources have this identifier, delete them one by one"
    return Unmapped(f"line {row.line}", _LEFT[row.kind], f"{SHEET}|{_sheet(row, origin)}", why)


def _sheet(row: Row, origin: Origin) -> str:
    match row.kind:
        case "DLT1KYO":
            return origin.sheet(row, row[PLAN_DAY])
        case "DLTPLAN":
            return planned_sheet(origin, row, row["削除対象年月"])
        case "DLTJSK":
            return performed_sheet(
                origin, row, row["削除対象年月"], row["サービス事業者コード"], row["サービス種類コード"]
            )
        case "DLTKIHON":
            return consultation_sheet(row, origin)
        case _:
            return prevention_sheet(row, origin)
