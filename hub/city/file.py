"""Reading a city file: TOML, a share matrix in CSV, a JWKS for each system.  All of it is right, or none is taken."""

import csv
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from consent import Policy, PolicyError
from consent.vocabulary import ORGANISATION_KINDS, PROFESSIONS
from hub.auth import BadKeys, InvalidScope, read_jwks, read_scopes
from profiles import MalformedJson, read_json

Purpose = Literal["TREAT", "CAREMGT", "COC", "AUDIT"]


class BadCityFile(ValueError):
    """The file cannot be taken; the sentence names the table, the entry and what is wrong."""


class _Table(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=lambda name: name.replace("_", "-"), populate_by_name=True
    )


class Identifiers(_Table):
    medical_institution: str = Field(default="", pattern=r"^(\d{10})?$")
    care_office: str = Field(default="", pattern=r"^(\d{10})?$")


class Organisation(_Table):
    """A member institution, from a day, until a day when it has left."""

    id: str = Field(pattern=r"^[A-Za-z0-9\-.]{1,64}$")
    name: str
    kind: str
    identifiers: Identifiers = Identifiers()
    from_: date = Field(default=date(1900, 1, 1), alias="from")
    to: date | None = None


class Role(_Table):
    organisation: str
    profession: str
    from_: date = Field(alias="from")
    to: date | None = None


class Person(_Table):
    """A professional and the roles in which they work."""

    id: str = Field(pattern=r"^[A-Za-z0-9\-.]{1,64}$")
    name: str
    kana: str
    roles: tuple[Role, ...]


class System(_Table):
    """A client application of one organisation (a client of ``POST /oauth/token``)."""

    id: str = Field(pattern=r"^[A-Za-z0-9\-.]{1,64}$")
    organisation: str
    scopes: str
    purpose: Purpose = "TREAT"
    profession: str | None = None
    strict: bool = False
    enabled: bool = True
    jwks: str


class _City(_Table):
    id: str
    name: str
    base_url: str
    demo_sign_in: bool = False
    explain_hidden: bool = False


class _Read(_Table):
    profession: tuple[str, ...]
    organisation_kind: tuple[str, ...]
    spaces: tuple[str, ...]
    exclude: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()


class _Write(_Table):
    kind: str
    categories: tuple[str, ...]


class _Policy(_Table):
    publish: str
    read: tuple[_Read, ...] = ()
    write: tuple[_Write, ...] = ()


class _File(_Table):
    city: _City
    organisation: tuple[Organisation, ...] = ()
    person: tuple[Person, ...] = ()
    system: tuple[System, ...] = ()
    policy: _Policy


@dataclass(frozen=True, slots=True)
class CityFile:
    """A city file that is right: its tables, the policy as the engine reads it, every system's public keys."""

    city: _City
    organisations: tuple[Organisation, ...]
    people: tuple[Person, ...]
    systems: tuple[System, ...]
    policy: Mapping[str, list[dict[str, object]]]
    keys: Mapping[str, str]


def read_city(path: Path, keys: Path | None = None) -> CityFile:
    """The city file at ``path``.

    Files that it names are looked for beside it; key files in ``keys`` first, when that is given.
    Raises ``BadCityFile`` for the first thing that is not as it must be.
    """
    try:
        file = _File.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise BadCityFile(f"{path} cannot be read: {error.strerror}.") from error
    except tomllib.TOMLDecodeError as error:
        raise BadCityFile(f"{path} is not TOML: {error}.") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise BadCityFile(f"{path}: {place}: {first['msg']}.") from error
    _check_words(file)
    policy = _policy(file, path.parent)
    return CityFile(file.city, file.organisation, file.person, file.system, policy, _keys(file, path.parent, keys))


def _check_words(file: _File) -> None:
    """Every name is one that there is, and given once."""
    organisations = _once("organisation", (one.id for one in file.organisation))
    _once("person", (one.id for one in file.person))
    _once("system", (one.id for one in file.system))
    for organisation in file.organisation:
        if organisation.kind not in ORGANISATION_KINDS:
            raise BadCityFile(f"organisation {organisation.id}: the kind {organisation.kind!r} is not known.")
    for person in file.person:
        for role in person.roles:
            if role.organisation not in organisations:
                raise BadCityFile(f"person {person.id}: there is no organisation {role.organisation!r}.")
            if role.profession not in PROFESSIONS:
                raise BadCityFile(f"person {person.id}: the profession {role.profession!r} is not known.")
    for system in file.system:
        if system.organisation not in organisations:
            raise BadCityFile(f"system {system.id}: there is no organisation {system.organisation!r}.")
        if system.profession is not None and system.profession not in PROFESSIONS:
            raise BadCityFile(f"system {system.id}: the profession {system.profession!r} is not known.")
        try:
            read_scopes(system.scopes)
        except InvalidScope as error:
            raise BadCityFile(f"system {system.id}: {error}.") from error


def _once(table: str, names: Iterable[str]) -> set[str]:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise BadCityFile(f"{table} {name} is there twice.")
        seen.add(name)
    return seen


def _policy(file: _File, directory: Path) -> dict[str, list[dict[str, object]]]:
    matrix = directory / file.policy.publish
    try:
        lines = [line for line in matrix.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    except OSError as error:
        raise BadCityFile(f"policy.publish: {matrix} cannot be read: {error.strerror}.") from error
    publish: list[dict[str, object]] = [
        {name: row.get(name, "") for name in ("publisher", "category", "space")} for row in csv.DictReader(lines)
    ]
    read = [row.model_dump(mode="json", by_alias=True) for row in file.policy.read]
    write = [row.model_dump(mode="json", by_alias=True) for row in file.policy.write]
    try:
        Policy.from_rows(publish, read, write)
    except PolicyError as error:
        raise BadCityFile(f"{error}.") from error
    return {"publish": publish, "read": read, "write": write}


def _keys(file: _File, directory: Path, keys: Path | None) -> dict[str, str]:
    found = {}
    for system in file.system:
        places = [base / system.jwks for base in (keys, directory) if base is not None]
        place = next((one for one in places if one.exists()), None)
        if place is None:
            raise BadCityFile(f"system {system.id}: its key file {system.jwks} is not there.")
        text = place.read_bytes()
        try:
            read_jwks(read_json(text))
        except (MalformedJson, BadKeys) as error:
            raise BadCityFile(f"system {system.id}: {error}") from error
        found[system.id] = text.decode()
    return found
