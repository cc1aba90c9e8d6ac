"""What the hub defines, as FHIR R4 resources: CodeSystem, ValueSet, NamingSystem, StructureDefinition.  Pure."""

from collections.abc import Iterator, Sequence

from profiles.canonical import BASE
from profiles.resource import Json, Resource
from profiles.tables import rows
from profiles.terminology.answer import Member, children
from profiles.terminology.concepts import CodeSystem, Concept, ValueSet, code_systems, value_sets

PUBLISHED = "2026-11-01"
"""The date of our own definitions; a change of theirs changes it, and their version."""
_R4_PUBLISHED = "2019-11-01"


def definitions_of_the_hub() -> Iterator[Resource]:
    """Every definition with its fixed id."""
    yield from map(code_system_resource, code_systems().values())
    yield from map(value_set_resource, value_sets().values())
    for row in rows("terminology/definitions.csv"):
        if row["type"] == "NamingSystem":
            yield _naming_system(row)
        elif row["type"] == "StructureDefinition":
            yield _extension(row)


def code_system_resource(one: CodeSystem) -> Resource:
    """A CodeSystem with all of its concepts, those below others inside them."""
    own: Resource = {"description": one.description, "valueSet": one.url.replace("/CodeSystem/", "/ValueSet/")}
    return {
        **_heading("CodeSystem", one),
        **(own if one.is_own else {}),
        "caseSensitive": True,
        "content": "complete" if one.complete else "fragment",
        "concept": [_concept(one, concept) for concept in one.concepts.values() if not concept.parent],
    }


def value_set_resource(one: ValueSet) -> Resource:
    """A ValueSet that lists its codes by system."""
    by_system: dict[str, list[Json]] = {}
    for system, code in one.codes:
        by_system.setdefault(system, []).append({"code": code})
    include: list[Json] = [{"system": system, "concept": codes} for system, codes in by_system.items()]
    return {**_heading("ValueSet", one), "compose": {"include": include}}


def expansion(
    one: ValueSet,
    found: Sequence[Member],
    *,
    asked: Sequence[tuple[str, str]],
    total: int,
    offset: int,
    identifier: str,
    now: str,
    language: str,
    designations: bool,
) -> Resource:
    """A ValueSet with a page of its expansion: a flat list of ``found``, which begins at ``offset`` of ``total``.

    ``asked`` are the parameters that shaped it, ``identifier`` a UUID, ``language`` the one of the names.
    """
    contains = [_contained(member, language, designations) for member in found]
    shaped: list[Json] = [_shaping(name, value) for name, value in asked]
    page: Resource = {
        "identifier": f"urn:uuid:{identifier}",
        "timestamp": now,
        "total": total,
        "offset": offset,
        **({"parameter": shaped} if shaped else {}),
        **({"contains": contains} if contains else {}),
    }
    return {**_heading("ValueSet", one), "expansion": page}


def looked_up(one: CodeSystem, concept: Concept, language: str) -> Resource:
    """The Parameters of ``CodeSystem/$lookup``: name, version, what it is called, what stands above and below."""
    found: list[Json] = [
        {"name": "name", "valueString": one.title},
        {"name": "version", "valueString": one.version},
        {"name": "display", "valueString": _name(concept, language)},
    ]
    if concept.english != concept.display:
        said: list[tuple[str, str]] = [("ja", concept.display), ("en", concept.english)]
        found += [{"name": "designation", "part": _parts(language=code, value=text)} for code, text in said]
    related = [("parent", concept.parent)] if concept.parent else []
    related += [("child", code) for code in children(one, concept.code)]
    found += [{"name": "property", "part": _parts(code=kind, value=code)} for kind, code in related]
    return {"resourceType": "Parameters", "parameter": found}


def _parts(**values: str) -> list[Json]:
    coded = ("code", "language")
    return [{"name": name, ("valueCode" if name in coded else "valueString"): value} for name, value in values.items()]


def _shaping(name: str, value: str) -> Json:
    is_number = name in ("offset", "count")
    return {"name": name, "valueInteger": int(value)} if is_number else {"name": name, "valueString": value}


def _contained(member: Member, language: str, designations: bool) -> Json:
    concept = member.concept
    found: Resource = {"system": member.system, "code": concept.code, "display": _name(concept, language)}
    if designations and concept.english != concept.display:
        found["designation"] = [
            {"language": "ja", "value": concept.display},
            {"language": "en", "value": concept.english},
        ]
    return found


def _name(concept: Concept, language: str) -> str:
    return concept.english if language.partition("-")[0] == "en" else concept.display


def _heading(kind: str, one: CodeSystem | ValueSet) -> Resource:
    return {
        "resourceType": kind,
        "id": one.id,
        "language": "ja" if one.is_own else "en",
        "url": one.url,
        "version": one.version,
        "name": one.name,
        "title": one.title,
        "status": "active",
        "experimental": False,
        "date": PUBLISHED if one.is_own else _R4_PUBLISHED,
        "publisher": "Renkei Hub" if one.is_own else "HL7 International",
    }


def _concept(system: CodeSystem, concept: Concept) -> Json:
    found: Resource = {"code": concept.code, "display": concept.display}
    if concept.english != concept.display:
        found["designation"] = [{"language": "en", "value": concept.english}]
    below: list[Json] = [_concept(system, system.concepts[code]) for code in children(system, concept.code)]
    return found | ({"concept": below} if below else {})


def _naming_system(row: dict[str, str]) -> Resource:
    return {
        "resourceType": "NamingSystem",
        "id": row["id"],
        "name": row["name"],
        "status": "active",
        "kind": "identifier",
        "date": PUBLISHED,
        "publisher": "Renkei Hub",
        "description": f"{row['title']}（{row['description']}）",
        "uniqueId": [{"type": "uri", "value": f"{BASE}/NamingSystem/{row['id']}", "preferred": True}],
    }


def _extension(row: dict[str, str]) -> Resource:
    url = f"{BASE}/StructureDefinition/{row['id']}"
    elements: list[Json] = [
        {"id": "Extension", "path": "Extension", "short": row["title"], "definition": row["description"]},
        {"id": "Extension.extension", "path": "Extension.extension", "max": "0"},
        {"id": "Extension.url", "path": "Extension.url", "fixedUri": url},
        {"id": "Extension.value[x]", "path": "Extension.value[x]", "min": 1, "type": [{"code": "string"}]},
    ]
    return {
        "resourceType": "StructureDefinition",
        "id": row["id"],
        "url": url,
        "version": "1.0.0",
        "name": row["name"],
        "title": row["title"],
        "status": "active",
        "date": PUBLISHED,
        "publisher": "Renkei Hub",
        "description": row["description"],
        "fhirVersion": "4.0.1",
        "kind": "complex-type",
        "abstract": False,
        "context": [{"type": "element", "expression": "RelatedPerson"}],
        "type": "Extension",
        "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Extension",
        "derivation": "constraint",
        "differential": {"element": elements},
    }
