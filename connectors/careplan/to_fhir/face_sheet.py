"""介護予防 利用者基本情報: the face sheet, the two 自立度, the contacts; its day plan (SUB1) and illnesses (SUB2)."""

from collections.abc import Iterator
from dataclasses import dataclass

from connectors.careplan.parse import Row
from connectors.careplan.to_fhir.certification import certification, independence
from connectors.careplan.to_fhir.elements import columns, notes
from connectors.careplan.to_fhir.person import patient, telecom
from connectors.careplan.to_fhir.questionnaire import items, response
from connectors.careplan.to_fhir.record import Entry, Origin
from profiles.resource import Resource

_EMERGENCY_CONTACT: Resource = {"system": "http://terminology.hl7.org/CodeSystem/v2-0131", "code": "C"}
_CLINICAL_STATUS = "http://terminology.hl7.org/CodeSystem/condition-clinical"
_VERIFICATION_STATUS = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
# Both are still problems today; 03 その他 says nothing of it.
_ACTIVE_COURSES = ("01", "02")


_Group = tuple[str, str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class _Part:
    """What one QuestionnaireResponse holds: groups (link, title, columns), and the label that one answer gives it."""

    name: str
    groups: tuple[_Group, ...]
    label: str = ""
    labelled_by: str = ""


_CONSULTATION = (
    *("計画種類", "委託の有無", "相談方法", "相談方法(その他の内容)", "相談回数", "前回相談日", "同意日", "同意者氏名"),
    *(f"来所者(相談者){part}" for part in ("氏名", "続柄", "住所", "電話番号")),
)
_STATE = (
    *("利用者の現況", "利用者の現況(状況補足)", "前回の介護度"),
    *("基本チェックリスト記入結果", "基本チェックリスト記入日"),
)
_LIFE = (
    *("今までの生活", "１日の生活・すごし方(生活全般)", "趣味・楽しみ・特技", "友人・地域との関係"),
    *("現在利用している公的サービス", "現在利用している非公的サービス"),
)
_DISABILITY = (*(f"障害等認定({kind})" for kind in ("身障", "療育", "精神", "難病")), "障害等認定特記事項")
_ECONOMY = (*(f"経済状況({kind})" for kind in ("国民年金", "厚生年金", "障害年金", "生活保護")), "経済状況詳細")
# 生活保護 and the certificate of a mental disability are kept apart, so that their labels close nothing else.
# The links house and family-care are those of the items that the hub hands over at admission.
_PARTS = (
    _Part(
        "face-sheet",
        (
            ("consultation", "相談", _CONSULTATION),
            ("state", "本人の状況", _STATE),
            ("house", "住まい", ("居住形態", "自室の階数", "住宅改修の有無")),
            ("family-care", "家族", ("家族関係等の状況",)),
            ("life", "生活", _LIFE),
        ),
    ),
    _Part("disability", (("disability", "障害等認定", _DISABILITY),), "PSY", "障害等認定(精神)"),
    _Part("economy", (("economy", "経済状況", _ECONOMY),), "WELFARE", "経済状況(生活保護)"),
)


def face_sheet(rows: list[Row], origin: Origin) -> Iterator[Entry]:
    """UPKIHON → Patient, QuestionnaireResponse, Observation, RelatedPerson."""
    for row in rows:
        who, sheet = origin.patient(row), consultation_sheet(row, origin)
        yield patient(row)
        for part in _PARTS:
            label = part.label if part.labelled_by and row[part.labelled_by] == "1" else ""
            record = origin.record("QuestionnaireResponse", sheet, part.name)
            answers = [item for group in part.groups for item in items(row, *group)]
            yield from response(record, row, "face-sheet", who, answers, label)
        for name in ("障害高齢者の日常生活自立度", "認知症高齢者の日常生活自立度"):
            record = origin.record("Observation", sheet, row.layout.column(name).codes)
            yield from independence(row, name, who, record, row["相談日"])
        record = origin.record("Observation", sheet, "care-level")
        period = (row["認定有効期間開始日"], row["認定有効期間終了日"])
        yield from certification(row, who, record, period=period, facts=())
        yield from _contacts(row, origin)


def day(rows: list[Row], origin: Origin) -> Iterator[Entry]:
    """UPKIHON_SUB1 of one person and day → a QuestionnaireResponse with an item for each hour."""
    first = rows[0]
    hours = [
        items(row, f"hour-{number}", row["時間"], ("時間", "本人の生活状況", "介護者・家族の生活状況"))
        for number, row in enumerate(rows, 1)
    ]
    record = origin.record("QuestionnaireResponse", consultation_sheet(first, origin), "day")
    yield from response(record, first, "face-sheet", origin.patient(first), [item for one in hours for item in one])


def illnesses(rows: list[Row], origin: Origin) -> Iterator[Entry]:
    """UPKIHON_SUB2 of one person and day → a Condition for each row, as the care side has heard of it."""
    for number, row in enumerate(rows, 1):
        told = ("医療機関・医師名", "主治医・意見作成者フラグ", "医療機関・医師電話番号", "経過", "治療中の内容")
        condition: Resource = {
            "verificationStatus": {"coding": [{"system": _VERIFICATION_STATUS, "code": "unconfirmed"}]},
            "code": {"text": row["病名"]},
            "subject": origin.patient(row),
            "onsetString": row["年月日"],
            "recordedDate": row["相談日"],
            "note": notes(columns(row, *told)),
        }
        if row["経過"] in _ACTIVE_COURSES:
            condition["clinicalStatus"] = {"coding": [{"system": _CLINICAL_STATUS, "code": "active"}]}
        yield origin.record("Condition", consultation_sheet(row, origin), str(number)).put(row.line, condition)


def consultation_sheet(row: Row, origin: Origin) -> str:
    """The name of the face sheet of a day."""
    return origin.sheet(row, row["相談日"], "face-sheet")


def _contacts(row: Row, origin: Origin) -> Iterator[Entry]:
    for number in "1234":
        name, relation, address, phone = (
            row[f"{number} 緊急連絡先({part})"] for part in ("氏名", "続柄", "住所", "電話番号")
        )
        if name or relation or address or phone:
            yield origin.lasting("RelatedPerson", row, "contact", number).put(
                row.line,
                {
                    "active": True,
                    "patient": origin.patient(row),
                    "relationship": [{"coding": [_EMERGENCY_CONTACT], "text": "緊急連絡先"}, {"text": relation}],
                    "name": [{"text": name}],
                    "telecom": [telecom("phone", phone)],
                    "address": [{"text": address}],
                },
            )
