"""What applying a city file changes, and changing it: in one transaction, rights change with the next request."""

from hashlib import sha256
from json import dumps

from hub.city.directory import directory_versions
from hub.city.file import CityFile
from hub.city.watch import check_watch
from hub.context import Context, instant
from hub.draft import Version
from hub.projections.rows import index_rows, replaced_rows
from hub.store import registry, resources, search
from hub.store.database import Tx
from hub.store.sql import Record
from profiles.json import read_json
from profiles.resource import Resource, as_object

_NAMED_BY: dict[str, tuple[str, ...]] = {"role": ("person", "organisation", "profession")}  # the others by their id


def rows(file: CityFile, applied: str) -> dict[str, list[Record]]:
    """The registry's rows that a city file says, by table."""
    tables = _rows(file)
    said = dumps(tables, ensure_ascii=False, sort_keys=True)  # not only the policy: who there is decides as well
    tables["city"] = [{**tables["city"][0], "applied": applied, "version": sha256(said.encode()).hexdigest()}]
    return tables


def _rows(file: CityFile) -> dict[str, list[Record]]:
    city = file.city
    return {
        "city": [
            {
                "id": city.id,
                "name": city.name,
                "base_url": city.base_url,
                "demo_sign_in": int(city.demo_sign_in),
                "explain_hidden": int(city.explain_hidden),
                "document": dumps({"policy": dict(file.policy)}, ensure_ascii=False, sort_keys=True),
            }
        ],
        "organisation": [
            {
                "id": one.id,
                "kind": one.kind,
                "name": one.name,
                "institution_number": one.identifiers.medical_institution,
                "care_office_number": one.identifiers.care_office,
                "starts": one.from_.isoformat(),
                "ends": one.to.isoformat() if one.to else "",
            }
            for one in file.organisations
        ],
        "person": [{"id": one.id, "name": one.name, "kana": one.kana} for one in file.people],
        "role": [
            {
                "person": one.id,
                "organisation": role.organisation,
                "profession": role.profession,
                "starts": role.from_.isoformat(),
                "ends": role.to.isoformat() if role.to else "",
            }
            for one in file.people
            for role in one.roles
        ],
        "system": [
            {
                "id": one.id,
                "organisation": one.organisation,
                "scopes": one.scopes,
                "purpose": one.purpose,
                "profession": one.profession,
                "strict": int(one.strict),
                "enabled": int(one.enabled),
                "jwks": file.keys[one.id],
            }
            for one in file.systems
        ],
    }


def difference(tx: Tx, file: CityFile) -> list[str]:
    """One line for each thing that applying the file would add (+), change (~) or take away (-)."""
    lines = []
    for table, wanted in rows(file, "").items():
        key = _NAMED_BY.get(table, ("id",))
        old = {_key(row._mapping, key): dict(row._mapping) for row in registry.file_rows(tx, table)}
        new = {_key(row, key): row for row in wanted}
        for name, row in new.items():
            if name not in old:
                lines.append(f"+ {table} {name}")
            else:
                said = [column for column in row if column not in ("applied", "version")]
                changed = [column for column in said if old[name][column] != row[column]]
                if changed:
                    lines.append(f"~ {table} {name}: {', '.join(changed)}")
        lines += [f"- {table} {name}" for name in old if name not in new]
    return lines


def apply(tx: Tx, file: CityFile, context: Context) -> None:
    """Put the file in force: the registry's rows, and the directory as FHIR resources.

    Raises ``BadCityFile`` when by it nobody would be left who watches (``check_watch``).
    """
    check_watch(file, context.now)
    for table, wanted in rows(file, instant(context.now)).items():
        registry.replace_file_rows(tx, table, wanted)
    versions = directory_versions(file, context)
    before = {one.reference: resources.own(tx, one.type, one.id, one.facts.source) for one in versions}
    changed = [one for one in versions if _is_new(before[one.reference], one.body)]
    replaced = [old for one in changed if (old := before[one.reference]) is not None]
    first_key = resources.put(tx, changed, replaced)
    search.remove(tx, replaced_rows(replaced))
    search.put(tx, (("", key, index_rows(_resource(one), "")) for key, one in enumerate(changed, first_key)))


def _resource(version: Version) -> Resource:
    return as_object(read_json(version.body))


def _is_new(before: Version | None, body: bytes) -> bool:
    if before is None:
        return True
    old, new = (as_object(read_json(one)) for one in (before.body, body))
    return {**old, "meta": None} != {**new, "meta": None}


def _key(row: object, columns: tuple[str, ...]) -> str:
    assert hasattr(row, "__getitem__")
    return "/".join(str(row[column]) for column in columns)
