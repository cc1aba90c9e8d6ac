"""The tables of what opens and closes access besides the city file: consents, emergencies, disasters, their review."""

from sqlalchemy import Index, LargeBinary, text
from sqlmodel import Field, SQLModel


class ConsentRow(SQLModel, table=True):
    """What one current Consent says, so that a decision reads no resource (CONSENT.md §8).

    Written with the version that it is of; with another one in ``resource``, or made by another ``reader``, it does not
    count.  ``spaces`` is empty for what is no rule (a draft).  Moments are exact, "" is without a bound;
    ``exceptions`` is a text of ``consent.compiled``, ``proxies`` the ids of RelatedPersons.  ``named`` is 1 when it
    depends on who is known.
    """

    __tablename__ = "consent"
    __table_args__ = (
        Index(
            "consent_to_look_at",
            "patient",
            sqlite_where=text("unreadable <> '' OR named = 1"),
            postgresql_where=text("unreadable <> '' OR named = 1"),
        ),
    )
    patient: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    version: str
    reader: int
    spaces: str
    permits: int
    revoked: int
    signed_from: str
    signed_to: str
    starts: str
    ends: str
    exceptions: str
    proxies: str
    named: int
    unreadable: str


class ProxyRow(SQLModel, table=True):
    """A RelatedPerson whom the municipality recorded with a legal basis to consent for the patient (CONSENT.md §3).

    With another version in ``resource`` it does not count.
    """

    __tablename__ = "proxy"
    patient: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    version: str


class EmergencyRow(SQLModel, table=True):
    """An emergency access (CONSENT.md §6): who declared it for whom, why, and until when it lasts."""

    __tablename__ = "emergency"
    __table_args__ = (Index("emergency_by_person", "person", "declared"),)
    patient: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    organisation: str
    person: str
    profession: str
    reason: str
    place: str
    declared: str
    until: str


class EmergencyStop(SQLModel, table=True):
    """Somebody declared for too many people at once: no further ones until an officer allows (CONSENT.md §6)."""

    __tablename__ = "emergency_stop"
    person: str = Field(primary_key=True)
    raised: str = Field(primary_key=True)
    organisation: str
    allowed: str = ""
    allowed_by: str = ""


class DisasterRow(SQLModel, table=True):
    """A disaster declaration (CONSENT.md §7).  ``areas`` and ``organisations`` are JSON arrays of texts.

    In force from ``confirmed`` (the second officer) and ``starts``, until ``ends`` or ``ended`` (again a second one).
    """

    __tablename__ = "disaster"
    id: str = Field(primary_key=True)
    name: str
    areas: str
    organisations: str
    starts: str
    ends: str
    declared: str
    declared_by: str
    confirmed: str = ""
    confirmed_by: str = ""
    ending: str = ""
    ending_by: str = ""
    ended: str = ""
    ended_by: str = ""


class ReviewCase(SQLModel, table=True):
    """Something that the municipality is to look at: an emergency access, an alarm, a resident's question.

    ``subject`` says of what ("Emergency/x", "AuditEvent/y", "Consent/z"), ``finding`` is empty while it is open.
    ``patient`` is empty for what is about no one resident.
    """

    __tablename__ = "review_case"
    __table_args__ = (Index("review_case_by_time", "closed", "opened"),)
    patient: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    kind: str
    subject: str
    text: str
    opened: str
    organisation: str
    person: str
    finding: str = ""
    note: str = ""
    closed: str = ""
    closed_by: str = ""


class ConsentDraft(SQLModel, table=True):
    """What somebody at a desk typed of a paper consent and has not saved yet, with the scanned paper.

    ``caller`` typed it, and nobody else sees it.  ``concerns`` is the Consent that is to be revoked ("" when one is
    registered), ``fields`` a JSON object of texts, ``base`` stands for the resident's consents when the form was
    opened.  ``saved`` is the instant at which it became a Consent, else empty.
    """

    __tablename__ = "consent_draft"
    patient: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    caller: str
    concerns: str
    fields: str
    base: str
    made: str
    expires: str
    saved: str
    scan_name: str
    scan_type: str
    scan_size: int
    scan: bytes = Field(sa_type=LargeBinary)
