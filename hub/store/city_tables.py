"""The tables that the city file fills: who belongs to the network, and what is shared."""

from sqlmodel import Field, SQLModel


class City(SQLModel, table=True):
    __tablename__ = "city"
    id: str = Field(primary_key=True)
    name: str
    base_url: str
    demo_sign_in: int
    explain_hidden: int
    document: str
    applied: str
    version: str


class OrganisationRow(SQLModel, table=True):
    __tablename__ = "organisation"
    id: str = Field(primary_key=True)
    kind: str
    name: str
    institution_number: str
    care_office_number: str
    starts: str
    ends: str


class PersonRow(SQLModel, table=True):
    __tablename__ = "person"
    id: str = Field(primary_key=True)
    name: str
    kana: str


class RoleRow(SQLModel, table=True):
    __tablename__ = "role"
    person: str = Field(primary_key=True)
    organisation: str = Field(primary_key=True)
    profession: str = Field(primary_key=True)
    starts: str
    ends: str


class SystemRow(SQLModel, table=True):
    __tablename__ = "system"
    id: str = Field(primary_key=True)
    organisation: str
    scopes: str
    purpose: str
    profession: str | None = None
    strict: int = 0
    enabled: int = 1
    jwks: str
