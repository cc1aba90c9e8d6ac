"""What each operation takes and gives: the hub's OperationDefinitions (FHIR R4 §5.6).  Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from profiles.canonical import BASE
from profiles.resource import Json, Resource

PUBLISHED = "2026-11-01"
_HL7 = "http://hl7.org/fhir/OperationDefinition"


@dataclass(frozen=True, slots=True)
class Operation:
    """``types`` of resources that have it (``Resource`` for all), ``levels`` of ``system``, ``type``, ``instance``.

    ``takes`` and ``gives`` are one parameter a line: name, type, cardinality.  ``base`` is the standard's own.
    ``changes``: something is different afterwards.
    """

    id: str
    code: str
    title: str
    text: str
    types: tuple[str, ...]
    levels: frozenset[str]
    takes: str
    gives: str
    base: str = ""
    changes: bool = False

    @property
    def url(self) -> str:
        return f"{BASE}/OperationDefinition/{self.id}"


_CODING = "code code 0..1 | system uri 0..1 | display string 0..1 | coding Coding 0..1"
_CHECKED = "result boolean 1..1 | message string 0..1 | display string 0..1"

OPERATIONS = (
    Operation(
        "everything", "everything", "一人のすべて",
        "All that is current about a person and that the caller may see, the Patient first; of a type, of everybody"
        " whom the caller looks after. Pages of up to 1000 resources.",
        ("Patient",), frozenset({"type", "instance"}),
        "start date 0..1 | end date 0..1 | _since instant 0..1 | _type code 0..* | _count integer 0..1",
        "return Bundle 1..1", f"{_HL7}/Patient-everything",
    ),
    Operation(
        "match", "match", "同じ人を探す",
        "Who a record may be about, with a grade: for the municipality's secretariat.",
        ("Patient",), frozenset({"type"}),
        "resource Resource 1..1 | onlyCertainMatches boolean 0..1 | count integer 0..1",
        "return Bundle 1..1", f"{_HL7}/Patient-match",
    ),
    Operation(
        "declare-emergency", "declare-emergency", "緊急アクセスを宣言する",
        "Opens the emergency set of one person to a physician, nurse or paramedic for 60 minutes. The person is named"
        " by name, birth date or identifier, exactly; the care team is told, and the municipality reviews it.",
        ("Patient",), frozenset({"type"}),
        "name string 0..1 | birthDate date 0..1 | identifier Identifier 0..1 | reason string 1..1 | place string 1..1",
        "patient Reference 1..1 | until instant 1..1", changes=True,
    ),
    Operation(
        "handoff", "handoff", "入院時情報提供書", "A document Bundle, drafted from what the caller may see.",
        ("Patient",), frozenset({"instance"}), "", "return Bundle 1..1",
    ),
    Operation(
        "validate", "validate", "確かめる",
        "Whether a resource would be taken. Nothing is stored. With a mode, also whether the caller may write it.",
        ("Resource",), frozenset({"type", "instance"}),
        "resource Resource 0..1 | mode code 0..1 | profile uri 0..1", "return OperationOutcome 1..1",
        f"{_HL7}/Resource-validate",
    ),
    Operation(
        "meta", "meta", "資源の meta", "The profiles, tags and labels of a resource.",
        ("Resource",), frozenset({"instance"}), "", "return Meta 1..1", f"{_HL7}/Resource-meta",
    ),
    Operation(
        "expand", "expand", "値セットを開く", "The codes of a value set that the hub ships.",
        ("ValueSet",), frozenset({"type", "instance"}),
        "url uri 0..1 | valueSetVersion string 0..1 | filter string 0..1 | offset integer 0..1 | count integer 0..1"
        " | includeDesignations boolean 0..1 | displayLanguage code 0..1",
        "return ValueSet 1..1", f"{_HL7}/ValueSet-expand",
    ),
    Operation(
        "value-set-validate-code", "validate-code", "値セットのコードを確かめる", "Whether a code is in a value set.",
        ("ValueSet",), frozenset({"type", "instance"}),
        f"url uri 0..1 | valueSetVersion string 0..1 | {_CODING} | codeableConcept CodeableConcept 0..1",
        _CHECKED, f"{_HL7}/ValueSet-validate-code",
    ),
    Operation(
        "lookup", "lookup", "コードを引く", "What a code is called, and what stands above and below it.",
        ("CodeSystem",), frozenset({"type"}),
        "code code 0..1 | system uri 0..1 | version string 0..1 | coding Coding 0..1 | displayLanguage code 0..1",
        "name string 1..1 | version string 0..1 | display string 1..1", f"{_HL7}/CodeSystem-lookup",
    ),
    Operation(
        "code-system-validate-code", "validate-code", "コードを確かめる", "Whether a code is in a code system.",
        ("CodeSystem",), frozenset({"type", "instance"}),
        f"url uri 0..1 | version string 0..1 | {_CODING} | codeableConcept CodeableConcept 0..1",
        _CHECKED, f"{_HL7}/CodeSystem-validate-code",
    ),
)  # fmt: skip


def operation_of(type_: str, code: str) -> Operation | None:
    """The operation ``$code`` of a resource type, or of the system (``""``); ``None`` when it is not described here."""
    return next((one for one in OPERATIONS if one.code == code and _is_of(one, type_)), None)


def operation_definitions() -> Iterator[Resource]:
    """All of them as resources."""
    for one in OPERATIONS:
        parameters = [*_parameters(one.takes, "in"), *_parameters(one.gives, "out")]
        base: Resource = {"base": one.base} if one.base else {}
        yield {
            "resourceType": "OperationDefinition",
            "id": one.id,
            "url": one.url,
            "version": "1.0.0",
            "name": one.id.title().replace("-", ""),
            "title": one.title,
            "status": "active",
            "kind": "operation",
            "date": PUBLISHED,
            "publisher": "Renkei Hub",
            "description": one.text,
            "affectsState": one.changes,
            "code": one.code,
            **base,
            "resource": list(one.types),
            "system": "system" in one.levels,
            "type": "type" in one.levels,
            "instance": "instance" in one.levels,
            **({"parameter": parameters} if parameters else {}),
        }


def _is_of(one: Operation, type_: str) -> bool:
    return "system" in one.levels if not type_ else type_ in one.types or "Resource" in one.types


def _parameters(lines: str, use: str) -> Iterator[Json]:
    for line in filter(None, lines.split(" | ")):
        name, type_, cardinality = line.split()
        least, _, most = cardinality.partition("..")
        yield {"name": name, "use": use, "min": int(least), "max": most, "type": type_}
