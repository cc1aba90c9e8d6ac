"""The demo city as the builder sees it: the parts of ``city.toml`` and ``catalogue.toml`` that the pushes need."""

from typing import Literal

from pydantic import BaseModel, ConfigDict


def _kebab(name: str) -> str:
    return name.replace("_", "-")


class Facts(BaseModel):
    """A table of a TOML file: keys in kebab-case, unknown keys refused, values as written."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=_kebab, populate_by_name=True)


class Partly(BaseModel):
    """A table of which only some keys matter here."""

    model_config = ConfigDict(frozen=True, extra="ignore", alias_generator=_kebab, populate_by_name=True)


class Identifiers(Partly):
    """The 10-digit numbers of an organisation, ``""`` for none."""

    medical_institution: str = ""
    care_office: str = ""


class Organisation(Partly):
    """A member institution."""

    id: str
    name: str
    kind: str
    identifiers: Identifiers = Identifiers()


class Role(Partly):
    """What a person is, and where."""

    organisation: str
    profession: str


class Person(Partly):
    """A professional; a person in a care team belongs to it through the first role."""

    id: str
    name: str
    roles: tuple[Role, ...]


class System(Partly):
    """A client application that pushes for its organisation."""

    id: str
    organisation: str


class City(Partly):
    """Who there is."""

    organisation: tuple[Organisation, ...]
    person: tuple[Person, ...]
    system: tuple[System, ...]

    def organisation_of(self, name: str) -> Organisation:
        """The organisation with this id; raises ``KeyError``."""
        return {one.id: one for one in self.organisation}[name]

    def person_of(self, name: str) -> Person:
        """The person with this id; raises ``KeyError``."""
        return {one.id: one for one in self.person}[name]

    def system_of(self, organisation: str) -> str:
        """The id of the system that pushes for the organisation; raises ``KeyError``."""
        return {one.organisation: one.id for one in self.system}[organisation]


class Medicine(Facts):
    """A product; ``yj`` is its YJ code, ``""`` when it is sent without one."""

    name: str
    unit: str
    yj: str = ""
    form: Literal["internal", "external"] = "internal"


class Usage(Facts):
    """How a medicine is taken; ``jami`` is the 16-digit code, ``""`` when it is sent as text alone."""

    text: str
    times: int
    jami: str = ""
    as_needed: bool = False


class Lab(Facts):
    """A laboratory test; ``low`` and ``high`` are its reference range where it is the same for everybody."""

    name: str
    unit: str
    loinc: str
    ucum: str = ""
    jlac10: str = ""
    specimen: str = "血清"
    low: str = ""
    high: str = ""


class Catalogue(Facts):
    """What the residents' records name by short names."""

    medicines: dict[str, Medicine]
    usages: dict[str, Usage]
    labs: dict[str, Lab]
    telephones: dict[str, str]
