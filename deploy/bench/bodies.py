"""What the measured systems send: residents, their care teams and consents, and a hospital's pushes.

The content is drawn from a seed, so that every run sends the same; only identifiers carry the run's tag.
"""

import base64
from random import Random

import orjson

Json = dict[str, object]

HL7 = "http://terminology.hl7.org/CodeSystem"
OURS = "https://renkei.example/fhir"
HOSPITAL_NUMBER = "urn:oid:1.2.392.100495.20.3.51.10112345670"
INSURED_NUMBER = f"{OURS}/NamingSystem/kaigo-insured-no"
FAMILIES = "青木 石田 上野 岡本 川口 木下 久保 近藤 坂本 島田 杉山 関 高木 千葉 土屋 永井 野口 浜田 平野 松田".split()
GIVEN = "明 和子 清 幸子 茂 節子 勝 文子 進 洋子".split()
MEDICINES = (
    ("2171022F1029", "アムロジピン錠５ｍｇ"),
    ("2183005F1023", "プラバスタチンＮａ錠１０ｍｇ"),
    ("3969007F1024", "ピオグリタゾン錠１５ｍｇ"),
    ("1124023F1037", "ブロチゾラム錠０．２５ｍｇ"),
)
RESULTS = (  # LOINC, name, unit, lowest, highest, category
    ("4548-4", "ＨｂＡ１ｃ", "%", 5.0, 11.0, "laboratory"),
    ("2160-0", "クレアチニン", "mg/dL", 0.4, 3.0, "laboratory"),
    ("6301-6", "ＰＴ－ＩＮＲ", "1", 0.9, 4.0, "laboratory"),
    ("29463-7", "体重", "kg", 35.0, 90.0, "vital-signs"),
)


class Bodies:
    """The bodies of one run; ``tag`` makes its identifiers its own."""

    def __init__(self, tag: str, seed: int = 1) -> None:
        self._tag = tag
        self._random = Random(seed)  # noqa: S311 - content to measure with, no secret
        self._count = 0

    def registration(self, number: int, manager: str) -> bytes:
        """What the municipality sends of a resident: the person, the care team, the consent to share."""
        url = self._uuid()
        person = self._patient(number, {"system": INSURED_NUMBER, "value": f"019901-{number:010d}"})
        return self._transaction(
            self._entry(person, url, {}),
            self._entry(_care_team(url, manager), self._uuid(), {}),
            self._entry(_consent(url, refuses=number % 5 == 0), self._uuid(), {}),
        )

    def push(self, number: int, changed: str = "", *, known: bool = True, version: int = 0) -> bytes:
        """A hospital's transaction of ten: the resident, and nine things about this person.

        The resident by a condition; or, with ``changed`` ("Patient/id"), by an update with another telephone number.
        """
        url, value = changed or self._uuid(), f"{self._tag}-{number:06d}"
        insured: Json = {"system": INSURED_NUMBER, "value": f"019901-{number:010d}"}
        person = self._patient(number, {"system": HOSPITAL_NUMBER, "value": value}, *([insured] if known else []))
        request: Json = {"ifNoneExist": f"identifier={HOSPITAL_NUMBER}|{value}"}
        if changed:
            telephone: Json = {"system": "phone", "value": f"0165-01-{version % 10000:04d}", "use": "home"}
            person = {**person, "id": changed.partition("/")[2], "telecom": [telephone]}
            request = {"method": "PUT", "url": changed}
        about = [
            *(self._prescription(url) for _ in range(2)),
            *(self._result(url, kind) for kind in range(4)),
            self._problem(url),
            self._letter(url),
            self._visit(url),
        ]
        entries = [self._entry(one, self._uuid(), {}) for one in about]
        return self._transaction(self._entry(person, url if not changed else self._uuid(), request), *entries)

    def result(self, patient: str) -> bytes:
        """One observation about ``patient`` ("Patient/id")."""
        return orjson.dumps(self._result(patient, self._random.randrange(4)))

    def _transaction(self, *entries: Json) -> bytes:
        return orjson.dumps({"resourceType": "Bundle", "type": "transaction", "entry": entries})

    def _entry(self, resource: Json, url: str, request: Json) -> Json:
        return {
            "fullUrl": url,
            "resource": resource,
            "request": {"method": "POST", "url": resource["resourceType"], **request},
        }

    def _uuid(self) -> str:
        digits = f"{self._random.getrandbits(128):032x}"
        return f"urn:uuid:{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"

    def _identifier(self) -> list[Json]:
        self._count += 1
        return [{"system": "http://hosp.example/order", "value": f"{self._tag}-{self._count}"}]

    def _day(self) -> str:
        draw = self._random
        return f"{draw.choice((2024, 2025, 2026))}-{draw.randint(1, 9):02d}-{draw.randint(1, 28):02d}"

    def _patient(self, number: int, *identifiers: Json) -> Json:
        draw = Random(number)  # noqa: S311 - the same person whoever sends it
        family, given = draw.choice(FAMILIES), draw.choice(GIVEN)
        return {
            "resourceType": "Patient",
            "identifier": list(identifiers),
            "active": True,
            "name": [{"use": "official", "text": f"{family}　{given}", "family": family, "given": [given]}],
            "telecom": [{"system": "phone", "value": f"0165-00-{draw.randrange(10000):04d}", "use": "home"}],
            "gender": draw.choice(("male", "female")),
            "birthDate": f"{draw.randint(1925, 1960)}-{draw.randint(1, 12):02d}-{draw.randint(1, 28):02d}",
            "address": [
                {"use": "home", "text": f"北海道雪見市本町{draw.randint(1, 30)}番地", "postalCode": "096-0000"}
            ],
        }

    def _prescription(self, patient: str) -> Json:
        code, name = self._random.choice(MEDICINES)
        repeat = {"frequency": 1, "period": 1, "periodUnit": "d"}
        amount = {"value": 1, "unit": "錠", "system": "urn:oid:1.2.392.100495.20.2.101", "code": "TAB"}
        return {
            "resourceType": "MedicationRequest",
            "identifier": self._identifier(),
            "status": "active",
            "intent": "order",
            "medicationCodeableConcept": {
                "coding": [{"system": "urn:oid:1.2.392.100495.20.1.73", "code": code, "display": name}],
                "text": name,
            },
            "subject": {"reference": patient},
            "authoredOn": f"{self._day()}T09:30:00+09:00",
            "requester": {"display": "雪見市立総合病院　内科"},
            "dosageInstruction": [
                {
                    "text": "１日１回　朝食後　服用",
                    "timing": {"repeat": repeat, "code": {"text": "１日１回朝食後"}},
                    "doseAndRate": [{"doseQuantity": amount}],
                }
            ],
            "dispenseRequest": {
                "quantity": {**amount, "value": 28},
                "expectedSupplyDuration": {
                    "value": 28,
                    "unit": "日",
                    "system": "http://unitsofmeasure.org",
                    "code": "d",
                },
            },
        }

    def _result(self, patient: str, kind: int) -> Json:
        loinc, name, unit, low, high, category = RESULTS[kind]
        return {
            "resourceType": "Observation",
            "identifier": self._identifier(),
            "status": "final",
            "category": [{"coding": [{"system": f"{HL7}/observation-category", "code": category}]}],
            "code": {"coding": [{"system": "http://loinc.org", "code": loinc, "display": name}], "text": name},
            "subject": {"reference": patient},
            "effectiveDateTime": f"{self._day()}T{self._random.randint(8, 17):02d}:15:00+09:00",
            "valueQuantity": {
                "value": round(self._random.uniform(low, high), 1),
                "unit": unit,
                "system": "http://unitsofmeasure.org",
                "code": unit,
            },
        }

    def _problem(self, patient: str) -> Json:
        return {
            "resourceType": "Condition",
            "identifier": self._identifier(),
            "clinicalStatus": {"coding": [{"system": f"{HL7}/condition-clinical", "code": "active"}]},
            "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "I10"}], "text": "高血圧症"},
            "subject": {"reference": patient},
            "onsetDateTime": self._day(),
            "recordedDate": self._day(),
        }

    def _letter(self, patient: str) -> Json:
        text = "いつもお世話になっております。外来での経過と現在の処方、検査の結果をお知らせします。" * 3
        attachment = {"contentType": "text/plain", "data": base64.b64encode(text.encode()).decode(), "title": "紹介状"}
        return {
            "resourceType": "DocumentReference",
            "identifier": self._identifier(),
            "status": "current",
            "type": {"coding": [{"system": "http://loinc.org", "code": "57133-1"}], "text": "診療情報提供書"},
            "subject": {"reference": patient},
            "date": f"{self._day()}T12:00:00+09:00",
            "content": [{"attachment": attachment}],
        }

    def _visit(self, patient: str) -> Json:
        day = self._day()
        return {
            "resourceType": "Encounter",
            "identifier": self._identifier(),
            "status": "finished",
            "class": {"system": f"{HL7}/v3-ActCode", "code": "AMB", "display": "外来"},
            "subject": {"reference": patient},
            "period": {"start": f"{day}T09:00:00+09:00", "end": f"{day}T10:00:00+09:00"},
        }


def _care_team(patient: str, manager: str) -> Json:
    members: list[Json] = [
        {"member": {"reference": "Organization/hosp"}},
        {"member": {"reference": f"Practitioner/{manager}"}, "onBehalfOf": {"reference": "Organization/kyotaku"}},
    ]
    return {
        "resourceType": "CareTeam",
        "status": "active",
        "subject": {"reference": patient},
        "participant": members,
    }


def _consent(patient: str, *, refuses: bool) -> Json:
    """A consent to both spaces; ``refuses``: but what the hospital says of problems goes to no care manager."""
    recipient = {"coding": [{"system": f"{OURS}/CodeSystem/profession", "code": "care-manager"}]}
    exception = {
        "type": "deny",
        "actor": [{"role": recipient, "reference": {"display": "care-manager"}}],
        "class": [{"system": f"{OURS}/CodeSystem/information-category", "code": "problem"}],
    }
    return {
        "resourceType": "Consent",
        "status": "active",
        "scope": {"coding": [{"system": f"{HL7}/consentscope", "code": "patient-privacy"}]},
        "category": [{"coding": [{"system": f"{OURS}/CodeSystem/space", "code": one} for one in ("medical", "team")]}],
        "patient": {"reference": patient},
        "dateTime": "2026-04-01T10:00:00+09:00",
        "performer": [{"reference": patient}],
        "policyRule": {"coding": [{"system": f"{HL7}/v3-ActCode", "code": "OPTIN"}]},
        "provision": {"type": "permit", **({"provision": [exception]} if refuses else {})},
    }
