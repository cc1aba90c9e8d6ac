"""介護認定情報: Observations of the 要介護状態区分 and of the two 自立度."""

from collections.abc import Iterator

from connectors.careplan.parse import Row
from connectors.careplan.to_fhir.elements import coded, concept, information_category
from connectors.careplan.to_fhir.record import Entry, Record
from profiles.canonical import LTC_ITEM
from profiles.resource import Json, Resource

_OBSERVATION_CATEGORY = "http://jpfhir.jp/fhir/core/CodeSystem/JP_SimpleObservationCategory_CS"
_APPLYING = "1"
_UNITS = {"区分支給限度基準額": "単位", "入所前月迄利用日数": "日", "入所累積利用日数": "日"}
# 要支援状態区分 of the 介護予防サービス・支援計画書 → 要介護状態区分; 地域支援事業 has no code there.
_SUPPORT_LEVELS = {"1": "12", "2": "13"}


def certification(
    row: Row, patient: Resource, record: Record, *, period: tuple[str, str], facts: tuple[str, ...]
) -> Iterator[Entry]:
    """The Observation of the 要介護状態区分, when the row says anything of it; ``facts`` are columns told beside it."""
    level = _level(row)
    components: list[Json] = [_component(row, name) for name in facts if row[name]]
    status = row.get("認定状況区分")
    if not (level or components or status):
        return
    observation: Resource = {
        "status": "preliminary" if status == _APPLYING else "final",
        **_about("care-level", "要介護状態区分", patient),
        "effectivePeriod": {"start": period[0], "end": period[1]},
        "component": components,
        "valueCodeableConcept": level,
    }
    if status:
        observation["note"] = [{"text": f"認定状況区分: {row.shown('認定状況区分')}"}]
    if not level:
        observation["dataAbsentReason"] = {"text": "要介護状態区分の記載なし"}
    yield record.put(row.line, observation)


def independence(row: Row, name: str, patient: Resource, record: Record, observed: str) -> Iterator[Entry]:
    """The Observation of one 日常生活自立度, when the row has it."""
    if row[name]:
        item = row.layout.column(name).codes
        yield record.put(
            row.line,
            {
                "status": "final",
                **_about(item, name, patient),
                "effectiveDateTime": observed,
                "valueCodeableConcept": concept(row, name),
            },
        )


def _about(item: str, text: str, patient: Resource) -> Resource:
    return {
        "category": [
            {"coding": [{"system": _OBSERVATION_CATEGORY, "code": "survey"}]},
            {"coding": [information_category("ltc-certification")]},
        ],
        "code": {"coding": [{"system": LTC_ITEM, "code": item, "display": text}], "text": text},
        "subject": patient,
    }


def _level(row: Row) -> Resource:
    """The 要介護状態区分, or the 要支援状態区分 in its codes."""
    support = row.get("要支援状態区分")
    if not support:
        return concept(row, "要介護状態区分") if row.get("要介護状態区分") else {}
    codings: list[Json] = [coded("support-level", support)]
    if support in _SUPPORT_LEVELS:
        codings.insert(0, coded("care-level", _SUPPORT_LEVELS[support]))
    return {"coding": codings, "text": row.shown("要支援状態区分")}


def _component(row: Row, name: str) -> Resource:
    column = row.layout.column(name)
    code: Resource = {"text": name}
    if column.form == "date":
        return {"code": code, "valueDateTime": row[name]}
    if column.codes:
        return {"code": code, "valueCodeableConcept": concept(row, name)}
    return {"code": code, "valueQuantity": {"value": int(row[name]), "unit": _UNITS[name]}}
