"""Distil the elements of every R4 type into ``elements.json``: names, types, lists, mandatory and summary elements.

Run by a developer, never by the hub: ``python -m profiles.definitions.distil_elements hl7.fhir.r4.core.tgz``.
"""

import json
import sys
import tarfile
from pathlib import Path

from profiles.definitions.elements import Elements
from profiles.resource import Resource, as_object, as_text, objects

# Every object may have them: they are not repeated in each row.
EVERYWHERE = frozenset({"id", "extension", "modifierExtension"})


def distil(package: Path) -> Elements:
    """The table of ``profiles.definitions.elements``."""
    table: Elements = {}
    with tarfile.open(package) as archive:
        for member in archive:
            content = archive.extractfile(member)
            if content and member.name.startswith("package/StructureDefinition-") and member.name.endswith(".json"):
                structure = as_object(json.load(content))
                if structure.get("derivation") != "constraint" and structure.get("kind") in (
                    "resource",
                    "complex-type",
                ):
                    _read(structure, table)
    return dict(sorted(table.items()))


def _read(structure: Resource, table: Elements) -> None:
    is_resource = structure.get("kind") == "resource"
    for element in objects(as_object(structure.get("snapshot")).get("element")):
        parent, _, name = as_text(element.get("path")).rpartition(".")
        if parent and (name not in EVERYWHERE or (is_resource and name == "id" and "." not in parent)):
            table.setdefault(parent, {})[name] = " ".join(filter(None, (_types(element), _marks(element))))


def _types(element: Resource) -> str:
    if reference := as_text(element.get("contentReference")):
        return reference.lstrip("#")
    codes = [as_text(one.get("code")).rpartition("/")[2] for one in objects(element.get("type"))]
    if codes in (["BackboneElement"], ["Element"]):
        return as_text(element.get("path"))
    return ",".join("string" if code == "System.String" else code for code in codes)


def _marks(element: Resource) -> str:
    many = "*" if element.get("max") != "1" else ""
    mandatory = "!" if element.get("min") else ""
    return many + mandatory + ("+" if element.get("isSummary") else "")


if __name__ == "__main__":
    lines = [
        f"{json.dumps(path)}:{json.dumps(row, separators=(',', ':'))}"
        for path, row in distil(Path(sys.argv[1])).items()
    ]
    target = Path(__file__).with_name("elements.json")
    target.write_text("{" + ",\n".join(lines) + "}\n", encoding="utf-8")
