"""All tables on one page.

Every table that holds patient data leads its key with the patient, so that PostgreSQL can partition
by it (DESIGN §7).  Instants are texts of ``hub.context.instant``: their order is time's order.
The facts by which access is decided (CONSENT.md §1) stand on every row that can be shown:
see ``Facts``; ``hub/access/filter.py`` writes the one predicate over these columns.
"""

from sqlalchemy import BigInteger, Index, Integer, LargeBinary, text
from sqlmodel import Field, SQLModel

from hub.store import access_tables, city_tables, index_tables  # noqa: F401 - they declare their tables

AUTO = BigInteger().with_variant(Integer, "sqlite")


class Facts(SQLModel):
    """What a decision is given about one row; stamped at write."""

    patient: str = Field(primary_key=True)
    source: str
    publication: str
    category: str
    label_bits: int = 0
    clinical_date: str | None = None
    withheld: int = 0
    directory: int = 0
    also_about: int = 0


class ResourceRow(Facts, table=True):
    """The current version of every resource; ``body`` holds its bytes as they are sent.

    ``key`` is of this version alone: the rows of the search index name it.  None: they are still to be made.
    """

    __tablename__ = "resource"
    __table_args__ = (
        Index("resource_by_id", "type", "id"),
        Index("resource_by_time", "patient", "type", "recorded"),
        Index("resource_by_key", "patient", "key", unique=True),
        Index("resource_unindexed", "patient", sqlite_where=text("key IS NULL"), postgresql_where=text("key IS NULL")),
        Index("resource_by_recorded", "recorded"),
    )
    type: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    source: str = Field(primary_key=True)
    version: str
    recorded: str
    deleted: int = 0
    key: int | None = Field(default=None, sa_type=BigInteger)
    body: bytes = Field(sa_type=LargeBinary)


class HistoryRow(Facts, table=True):
    """Versions that are no longer current.  Rows are only ever added."""

    __tablename__ = "history"
    __table_args__ = (Index("history_by_id", "type", "id"), Index("history_by_recorded", "recorded"))
    type: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    source: str = Field(primary_key=True)
    version: str = Field(primary_key=True)
    recorded: str
    deleted: int = 0
    body: bytes = Field(sa_type=LargeBinary)


class AlsoAbout(SQLModel, table=True):
    """A further patient of a resource about several (CONSENT.md §4: every one of them must admit it)."""

    __tablename__ = "also_about"
    __table_args__ = (Index("also_about_by_other", "other"),)
    patient: str = Field(primary_key=True)
    type: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    source: str = Field(primary_key=True)
    other: str = Field(primary_key=True)


class TimelineRow(Facts, table=True):
    """One thing that became known about a patient (DESIGN §6, the feed item)."""

    __tablename__ = "timeline"
    __table_args__ = (
        Index("timeline_by_position", "position", unique=False),
        Index("timeline_by_resource", "patient", "type", "id"),
    )
    patient: str = Field(primary_key=True)
    position: int = Field(primary_key=True, sa_type=BigInteger)
    event: str
    type: str
    id: str
    version: str
    superseded: int = 0
    scene: str
    change: str
    occurred: str
    recorded: str
    organisation_name: str
    organisation_kind: str
    author_profession: str | None = None
    author_name: str | None = None
    title: str
    text: str
    changed: str = ""
    link: str | None = None


class Position(SQLModel, table=True):
    """Counters that must have no holes and no races: one row each, advanced inside the transaction."""

    __tablename__ = "position"
    name: str = Field(primary_key=True)
    value: int = Field(sa_type=BigInteger)


class AuditRow(SQLModel, table=True):
    """One access, refusal, push, sign-in or token.  ``hub.projections.audit_event`` renders it as FHIR."""

    __tablename__ = "audit"
    __table_args__ = (
        Index("audit_by_patient", "patient", "recorded"),
        Index("audit_by_time", "recorded"),
        Index(
            "audit_of_disasters",
            "recorded",
            sqlite_where=text("reason = 'disaster'"),
            postgresql_where=text("reason = 'disaster'"),
        ),
    )
    sequence: int | None = Field(default=None, primary_key=True, sa_type=AUTO)
    id: str
    recorded: str
    request_id: str
    interaction: str
    outcome: str
    reason: str
    rules: str
    purpose: str
    organisation: str
    organisation_name: str
    system: str | None = None
    person: str | None = None
    person_name: str
    profession: str | None = None
    token: str
    patient: str | None = None
    category: str = ""
    what: str
    query: str
    address: str


class OutboxRow(SQLModel, table=True):
    """What must be told to others after the commit, in the commit."""

    __tablename__ = "outbox"
    sequence: int | None = Field(default=None, primary_key=True, sa_type=AUTO)
    patient: str
    kind: str
    reference: str
    recorded: str


class SubscriptionRow(SQLModel, table=True):
    """How a Subscription is served (``hub/store/subscriptions.py``); ``headers`` are its owner's secrets."""

    __tablename__ = "subscription"
    id: str = Field(primary_key=True)
    system: str
    organisation: str
    status: str
    error: str
    headers: str
    heartbeat: int
    ends: str
    asked: str
    began: str
    queued: int = Field(sa_type=BigInteger)
    numbered: int = Field(sa_type=BigInteger)
    done: int = Field(sa_type=BigInteger)
    failures: int
    failing_since: str
    due: str
    beat: str
    leased: str
    holder: str


class NotificationRow(SQLModel, table=True):
    """An event in the queue of a subscription, with its number once it was told.  Of a change, only its names."""

    __tablename__ = "notification"
    subscription: str = Field(primary_key=True)
    position: int = Field(primary_key=True, sa_type=BigInteger)
    patient: str
    kind: str
    type: str
    id: str
    version: str
    recorded: str
    number: int | None = Field(default=None, sa_type=BigInteger)


class Retry(SQLModel, table=True):
    """The first answer to an Idempotency-Key, kept in the commit of the write that it answered, for some days."""

    __tablename__ = "retry"
    caller: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    request_hash: str
    recorded: str = Field(index=True)
    body: bytes = Field(sa_type=LargeBinary)


class KnownAs(SQLModel, table=True):
    """The absolute URL under which a source pushed a resource, so that its later bundles can refer to it."""

    __tablename__ = "known_as"
    source: str = Field(primary_key=True)
    url: str = Field(primary_key=True)
    reference: str


class PatientIdentifier(SQLModel, table=True):
    """An identifier as ``source`` linked it: two sources may mean two people by the same number.

    ``issuer`` is the source for numbers that only it gives out, else empty.
    """

    __tablename__ = "patient_identifier"
    system: str = Field(primary_key=True)
    value: str = Field(primary_key=True)
    issuer: str = Field(primary_key=True)
    source: str = Field(primary_key=True)
    patient: str = Field(index=True)
    birth_date: str
    sex: str
    linked: str


class PatientName(SQLModel, table=True):
    """Folded name and kana of a source's record: only ever used to find candidates."""

    __tablename__ = "patient_name"
    patient: str = Field(primary_key=True)
    source: str = Field(primary_key=True)
    name: str = Field(primary_key=True, index=True)
    birth_date: str = Field(index=True)
    sex: str


class Candidate(SQLModel, table=True):
    """Two patients who may be one: for the secretariat to decide, never merged by the hub."""

    __tablename__ = "candidate"
    patient: str = Field(primary_key=True)
    other: str = Field(primary_key=True)
    why: str
    recorded: str
    decision: str = ""
    decided: str = ""
    decided_by: str = ""


class IdentityEvent(SQLModel, table=True):
    """Every link and unlink of an identifier, with who did it."""

    __tablename__ = "identity_event"
    __table_args__ = (Index("identity_event_by_identifier", "system", "value", "source"),)
    sequence: int | None = Field(default=None, primary_key=True, sa_type=AUTO)
    patient: str
    system: str
    value: str
    action: str
    source: str
    by: str
    recorded: str


class RelationRow(SQLModel, table=True):
    """Who looks after whom: members of care teams, and first contacts that wait to be confirmed."""

    __tablename__ = "relation"
    __table_args__ = (
        Index("relation_by_organisation", "organisation", "patient"),
        Index("relation_by_member", "organisation", "person"),
        Index("relation_by_person", "person"),
    )
    patient: str = Field(primary_key=True)
    origin: str = Field(primary_key=True)
    organisation: str = Field(primary_key=True)
    person: str = Field(primary_key=True)
    role: str = ""
    starts: str = ""
    ends: str = ""
    pending: int = 0


class Seen(SQLModel, table=True):
    """How far a person has read one patient's timeline."""

    __tablename__ = "seen"
    patient: str = Field(primary_key=True)
    person: str = Field(primary_key=True)
    position: int = Field(sa_type=BigInteger)


class Token(SQLModel, table=True):
    """A living access token or page session; only the SHA-256 of the secret is stored.

    ``proved`` is the instant at which a person last used a factor of sign-in, "" where none was.
    """

    __tablename__ = "token"
    fingerprint: str = Field(primary_key=True)
    kind: str
    system: str | None = None
    person: str | None = None
    organisation: str
    profession: str | None = None
    scopes: str
    purpose: str
    issued: str
    expires: str = Field(index=True)
    proved: str = ""


class FailedSignIn(SQLModel, table=True):
    """How often a client failed to sign in from an address, since the instant of the first of these failures."""

    __tablename__ = "failed_sign_in"
    client: str = Field(primary_key=True)
    address: str = Field(primary_key=True)
    since: str = Field(index=True)
    failures: int


class RateRow(SQLModel, table=True):
    """How often a caller asked in the minute that ends at ``until``, as one process counted it (``hub/rates.py``).

    ``about`` is the id of the resident whom the requests named, "" for all of them.
    """

    __tablename__ = "rate"
    until: str = Field(primary_key=True)
    process: str = Field(primary_key=True)
    caller: str = Field(primary_key=True)
    about: str = Field(primary_key=True)
    spent: int


class AssertionUse(SQLModel, table=True):
    """A client assertion that was accepted once (RFC 7523 §3: jti against replay)."""

    __tablename__ = "assertion_use"
    issuer: str = Field(primary_key=True)
    jti: str = Field(primary_key=True)
    expires: str = Field(index=True)


class ExportJob(SQLModel, table=True):
    """A Bulk Data export of one system: how far it has counted, and from which patient to which its files reach."""

    __tablename__ = "export_job"
    __table_args__ = (Index("export_job_by_caller", "organisation", "system"),)
    id: str = Field(primary_key=True)
    organisation: str
    system: str
    level: str
    group_id: str
    request: str
    types: str
    since: str
    moment: str
    expires: str = Field(index=True)
    place: str
    files: str
    finished: int = 0
