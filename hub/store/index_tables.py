"""The tables of the search index.

A row names the version that it was made of (``resource.key``): when that is current no longer, the row finds nothing.
``parameter`` is the number of (type, parameter).  Searches ask for one patient, or for those whom the caller looks
after: so a key that begins with the patient serves both, and a second index over all patients is only there for what
is asked of nobody in particular.
"""

from sqlalchemy import BigInteger, Double, Index, PrimaryKeyConstraint
from sqlmodel import Field, SQLModel


class Published(SQLModel, table=True):
    """Which organisation has published about which patient, at any time: where a search for its own has to look."""

    __tablename__ = "published"
    __table_args__ = (Index("published_by_source", "source", "patient"), {"sqlite_with_rowid": False})
    patient: str = Field(primary_key=True)
    source: str = Field(primary_key=True)


class SearchToken(SQLModel, table=True):
    __tablename__ = "search_token"
    __table_args__ = ({"sqlite_with_rowid": False},)
    patient: str = Field(primary_key=True)
    parameter: int = Field(primary_key=True)
    code: str = Field(primary_key=True)
    system: int = Field(primary_key=True, sa_type=BigInteger)
    resource: int = Field(primary_key=True, sa_type=BigInteger)


class SearchIdentifier(SQLModel, table=True):
    """The tokens of ``identifier``: a push asks by them whether something is there, and knows of whom only then.

    The number comes first, the patient after it: nothing else tells so much, and one index is enough.
    """

    __tablename__ = "search_identifier"
    __table_args__ = (
        PrimaryKeyConstraint("parameter", "code", "system", "patient", "resource"),
        {"sqlite_with_rowid": False},
    )
    parameter: int
    code: str
    system: int = Field(sa_type=BigInteger)
    patient: str
    resource: int = Field(sa_type=BigInteger)


class SearchDate(SQLModel, table=True):
    """``ends``: 0 the only value that its version has, 1 the first of several, 2 the last, 3 one between them."""

    __tablename__ = "search_date"
    __table_args__ = ({"sqlite_with_rowid": False},)
    patient: str = Field(primary_key=True)
    parameter: int = Field(primary_key=True)
    low: int = Field(primary_key=True, sa_type=BigInteger)
    high: int = Field(primary_key=True, sa_type=BigInteger)
    resource: int = Field(primary_key=True, sa_type=BigInteger)
    ends: int = 0


class SearchString(SQLModel, table=True):
    """``text`` folded; ``written`` as it was written, empty when that is the same."""

    __tablename__ = "search_string"
    __table_args__ = ({"sqlite_with_rowid": False},)
    patient: str = Field(primary_key=True)
    parameter: int = Field(primary_key=True)
    text: str = Field(primary_key=True)
    written: str = Field(primary_key=True)
    resource: int = Field(primary_key=True, sa_type=BigInteger)


class SearchReference(SQLModel, table=True):
    """The second index answers who refers to something (``_has``, ``_revinclude``): that may be about anybody."""

    __tablename__ = "search_reference"
    __table_args__ = (
        Index("search_reference_by_target", "target", "parameter", "resource"),
        {"sqlite_with_rowid": False},
    )
    patient: str = Field(primary_key=True)
    parameter: int = Field(primary_key=True)
    target: str = Field(primary_key=True)
    resource: int = Field(primary_key=True, sa_type=BigInteger)


class SearchNumber(SQLModel, table=True):
    __tablename__ = "search_number"
    __table_args__ = ({"sqlite_with_rowid": False},)
    patient: str = Field(primary_key=True)
    parameter: int = Field(primary_key=True)
    low: float = Field(primary_key=True, sa_type=Double)
    high: float = Field(primary_key=True, sa_type=Double)
    code: str = Field(primary_key=True)
    system: int = Field(primary_key=True, sa_type=BigInteger)
    resource: int = Field(primary_key=True, sa_type=BigInteger)


class SearchComposite(SQLModel, table=True):
    __tablename__ = "search_composite"
    __table_args__ = ({"sqlite_with_rowid": False},)
    patient: str = Field(primary_key=True)
    parameter: int = Field(primary_key=True)
    code: str = Field(primary_key=True)
    system: int = Field(primary_key=True, sa_type=BigInteger)
    code2: str = Field(primary_key=True)
    system2: int = Field(primary_key=True, sa_type=BigInteger)
    low: float = Field(primary_key=True, sa_type=Double)
    high: float = Field(primary_key=True, sa_type=Double)
    text: str = Field(primary_key=True)
    resource: int = Field(primary_key=True, sa_type=BigInteger)
