"""The tables of what opens and closes access besides the city file: emergencies, disasters, and the review of both."""

from sqlalchemy import Index
from sqlmodel import Field, SQLModel


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
