"""The person: Patient, and the long-term care insurance Coverage (利用者補足情報)."""

import re
from collections.abc import Iterator

from connectors.careplan.parse import Row
from connectors.careplan.to_fhir.certification import certification
from connectors.careplan.to_fhir.elements import information_category
from connectors.careplan.to_fhir.record import Entry, Origin, patient_entry
from profiles.canonical import ACT_CODE, JP_CORE, KAIGO_INSURER_NO, NAME_REPRESENTATION
from profiles.resource import Json, Resource

_GENDER = {"1": "male", "2": "female"}
_SPACES = re.compile(r"[ \u3000]+")


def supplement(rows: list[Row], origin: Origin) -> Iterator[Entry]:
    """UPHOSOKU: Patient, Coverage and the 要介護状態区分."""
    for row in rows:
        yield patient(row)
        yield _coverage(row, origin)
        yield from certification(
            row,
            origin.patient(row),
            origin.lasting("Observation", row, "supplement", row["限度額適用開始年月日"], "care-level"),
            period=(row["限度額適用開始年月日"], row["限度額適用終了年月日"]),
            facts=(
                "認定日",
                "要介護状態変更日",
                "区分支給限度基準額",
                "入所前月迄利用日数",
                "入所累積利用日数",
                "前回要介護状態区分",
            ),
        )


def patient(row: Row) -> Entry:
    """The Patient of a row that introduces the person (UPHOSOKU, UPKIHON)."""
    lines: list[Json] = [row.get(name) for name in ("利用者住所１", "利用者住所２", "利用者住所") if row.get(name)]
    address: Resource = {"text": " ".join(str(line) for line in lines), "line": lines}
    return patient_entry(
        row,
        {
            "meta": {"profile": [f"{JP_CORE}/JP_Patient"]},
            "name": [_name(row["利用者氏名"], "IDE"), _name(row["利用者氏名フリガナ"], "SYL")],
            "gender": _GENDER.get(row["利用者性別"], ""),
            "birthDate": row["利用者生年月日"],
            "telecom": [
                telecom("phone", row["利用者電話番号"]),
                telecom("fax", row.get("利用者Fax番号")),
            ],
            "address": [{**address, "postalCode": row.get("利用者郵便番号")}],
        },
    )


def telecom(system: str, value: str) -> Resource:
    """A ContactPoint, ``{}`` without a value."""
    return {"system": system, "value": value} if value else {}


def _name(written: str, representation: str) -> Resource:
    """A JP_HumanName: ``text`` has half-width spaces; family and given only where a space parts them."""
    parts: list[Json] = [*_SPACES.split(written)]
    if not written:
        return {}
    name: Resource = {
        "extension": [{"url": NAME_REPRESENTATION, "valueCode": representation}],
        "use": "usual",
        "text": " ".join(str(part) for part in parts),
    }
    if len(parts) == 2:
        name |= {"family": parts[0], "given": [parts[1]]}
    return name


def _coverage(row: Row, origin: Origin) -> Entry:
    insurer: Resource = {"system": KAIGO_INSURER_NO, "value": row["保険者番号"]}
    start, end = row["限度額適用開始年月日"], row["限度額適用終了年月日"]
    return origin.lasting("Coverage", row, "coverage", start).put(
        row.line,
        {
            "meta": {"tag": [information_category("ltc-certification")]},
            "status": "active",
            "type": {"coding": [{"system": ACT_CODE, "code": "LTC"}], "text": "介護保険"},
            "subscriberId": row["被保険者番号"],
            "beneficiary": origin.patient(row),
            "period": {"start": start, "end": end},
            "payor": [{"type": "Organization", "identifier": insurer, "display": f"保険者 {row['保険者番号']}"}],
        },
    )
