"""Forty lives: the shape of the residents' records in ``deploy/demo-city/residents``.

``by`` is the organisation that knows the fact and pushes it, ``author`` the person who wrote it.  Days are counted
from today: ``day = -1`` is yesterday.  Numbers that keep their digits (``"7.20"``) are written as text.
"""

from datetime import date
from typing import Literal

from pydantic import Field

from hub.demo.city import Facts

Line = tuple[str, int, str]


class Insurance(Facts):
    """Medical insurance (保険者番号 8 digits, 記号, 番号, 枝番), or public assistance by payer and recipient number."""

    insurer: str = ""
    symbol: str = ""
    number: str = ""
    branch: str = ""
    welfare_payer: str = ""
    welfare_number: str = ""


class Care(Facts):
    """Long-term care insurance: insured number, 要介護状態区分 and its days, the two 自立度, 主治医意見書."""

    insured: str
    level: str
    since: int
    until: int
    physical: str
    dementia: str
    opinion: str = ""


class Relative(Facts):
    """A relative; ``proxy`` is the legal basis on which he or she decides for the resident."""

    name: str
    kana: str
    relation: str
    phone: str
    key_person: bool = False
    lives_with: bool = False
    proxy: str = ""
    note: str = ""


class Former(Facts):
    """An organisation or person that has left the care team."""

    who: str
    since: int = Field(alias="from")
    until: int


class Fact(Facts):
    """Something that an organisation knows since a day."""

    by: str
    author: str = ""
    day: int
    at: str = "10:30"


class Problem(Facts):
    by: str
    name: str
    since: str
    icd10: str = ""
    key_number: str = ""
    label: str = ""


class Allergy(Facts):
    by: str
    substance: str
    kind: Literal["food", "medication", "environment"]
    reaction: str
    code: str = ""
    severe: bool = False


class Prescription(Fact):
    """Medicines as (name, amount a day, usage); ``dispensed`` when the pharmacy filled it on the same day."""

    days: int
    medicines: tuple[Line, ...]
    category: Literal["OHP", "IHP"] = "OHP"
    dispensed: bool = False
    memo: str = ""
    leftover: str = ""


class Injection(Fact):
    name: str
    dose: str
    unit: str
    text: str


class MedicationUse(Fact):
    medicine: str
    text: str


class Labs(Fact):
    at: str = "09:10"
    results: dict[str, str]


class Imaging(Fact):
    title: str
    text: str


class Vitals(Fact):
    systolic: int
    diastolic: int
    pulse: int
    temperature: str = ""
    spo2: int = 0
    respiration: int = 0
    weight: str = ""


class Stay(Facts):
    by: str
    author: str
    since: int = Field(alias="from")
    until: int | None = None
    reason: str


class Visit(Fact):
    reason: str
    home: bool = False


class Immunization(Fact):
    vaccine: str
    lot: str


class Device(Fact):
    name: str
    model: str = ""


class Daily(Fact):
    """A day's care: meals, toilet, bath."""

    at: str = "15:30"
    meal: str
    toilet: str
    bath: str


class Note(Fact):
    at: str = "16:40"
    text: str


class Document(Fact):
    """A document; its ``kind`` is its information category.  An update notice has a link and no text."""

    kind: Literal["clinical-document", "nursing-report", "service-plan", "update-notice"]
    title: str
    text: str = ""
    link: str = ""
    label: str = ""


class FaceSheet(Fact):
    household: str = ""
    house: str = ""
    family_care: str = ""
    wish_self: str = ""
    wish_family: str = ""
    history: str = ""
    care_points: str = ""


class Assessment(Fact):
    adl: dict[str, str]
    meal_form: str = ""
    communication: str = ""
    cognition: str = ""
    behaviour: str = ""
    sleep: str = ""
    skin: str = ""
    paralysis: str = ""
    treatment: str = ""


class Explanation(Fact):
    told: str
    received: str
    outlook: str
    cautions: str


class EmergencyPlan(Fact):
    """``hospital`` is the organisation to turn to."""

    expected: str
    action: str
    hospital: str
    wish: str


class Acp(Fact):
    """One talk about the last stage of life.  A later talk takes the place of an earlier one."""

    present: tuple[str, ...]
    place: str = ""
    cpr: str = ""
    intubation: str = ""
    tube_feeding: str = ""
    life_support: str = ""
    agent: str = ""
    joys: str = ""
    fears: str = ""


class Service(Facts):
    what: str
    kind: str
    office: str
    frequency: str


class Need(Facts):
    need: str
    long_goal: str
    short_goal: str
    services: tuple[Service, ...]


class Week(Facts):
    """A regular service: weekdays from 1 (Monday), times HHMM."""

    what: str
    days: tuple[int, ...]
    start: str
    end: str


class Plan(Facts):
    """The care plan that the care manager's software exports."""

    day: int
    author: str
    wish: str
    policy: str
    needs: tuple[Need, ...]
    week: tuple[Week, ...] = ()


class Rule(Facts):
    """A nested provision of a consent (CONSENT §3)."""

    type: Literal["permit", "deny"]
    organisations: tuple[str, ...] = ()
    persons: tuple[str, ...] = ()
    professions: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()
    data_until: int | None = None


class PrivacyConsent(Facts):
    """A consent to share; ``performer`` is a relative's name when not the resident signed."""

    spaces: tuple[Literal["medical", "team"], ...]
    day: int
    taken_by: str
    root: Literal["permit", "deny"] = "permit"
    status: Literal["active", "inactive"] = "active"
    since: int | None = Field(default=None, alias="from")
    until: int | None = None
    performer: str = ""
    exceptions: tuple[Rule, ...] = ()


class Life(Facts):
    """One resident.  ``numbers`` are patient numbers by organisation, ``consent_kind`` what the consents show."""

    id: str
    name: str
    kana: str
    born: date
    sex: Literal["male", "female"]
    address: str
    postal_code: str
    phone: str = ""
    label: str = ""
    consent_kind: str = "both"
    insurance: Insurance
    care: Care | None = None
    numbers: dict[str, str] = Field(default={})
    team: tuple[str, ...]
    team_ended: tuple[Former, ...] = ()
    services: tuple[str, ...] = ()
    family: tuple[Relative, ...] = ()
    problems: tuple[Problem, ...] = ()
    allergies: tuple[Allergy, ...] = ()
    prescriptions: tuple[Prescription, ...] = ()
    injections: tuple[Injection, ...] = ()
    medication_use: tuple[MedicationUse, ...] = ()
    labs: tuple[Labs, ...] = ()
    imaging: tuple[Imaging, ...] = ()
    vitals: tuple[Vitals, ...] = ()
    stays: tuple[Stay, ...] = ()
    visits: tuple[Visit, ...] = ()
    immunizations: tuple[Immunization, ...] = ()
    devices: tuple[Device, ...] = ()
    daily: tuple[Daily, ...] = ()
    notes: tuple[Note, ...] = ()
    documents: tuple[Document, ...] = ()
    face_sheet: FaceSheet | None = None
    assessments: tuple[Assessment, ...] = ()
    explanations: tuple[Explanation, ...] = ()
    emergency_plan: EmergencyPlan | None = None
    acp: tuple[Acp, ...] = ()
    plan: Plan | None = None
    consents: tuple[PrivacyConsent, ...] = ()
