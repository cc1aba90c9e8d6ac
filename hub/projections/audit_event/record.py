"""What is written down of every access, refusal, push, sign-in and token."""

from typing import NamedTuple


class AuditRecord(NamedTuple):
    """One event.  It holds no clinical value, no secret and no whole token.

    ``recorded``      FHIR instant
    ``interaction``   FHIR's code (``read``, ``search-type``, ``transaction``, …), ``operation:<name>``, or one of
                      ``feed``, ``page``, ``ingest``, ``token``, ``sign-in``, ``sign-out``, ``refusal``;
                      any other word is recorded as an operation of that name
    ``outcome``       ``0`` success, ``4`` minor, ``8`` serious, ``12`` major failure (audit-event-outcome)
    ``reason``        the reason code of the decision (CONSENT §4), or the kind of the error
    ``rules``         the rules that decided: ``Consent/c1/_history/4``, ``policy:read:3``
    ``purpose``       purpose of use (v3-ActReason)
    ``organisation``, ``system``, ``person``, ``patient``   ids in the hub; ``system`` is the client's
    ``token``         the last 32 characters, or the ``jti``, of the token that was used or issued
    ``what``          versioned references of what was shown or written, or, of many at once, their versions by type
                      (``Observation?versions=a,b``); of an emergency, the id of its grant
    ``query``         the request as it was asked (``Observation?patient=…``), without secrets
    ``address``       the client's IP address
    ``site``          the hub's base URL
    ``category``      the information category of what it is about, when it is one
    """

    id: str
    recorded: str
    request_id: str
    interaction: str
    outcome: str
    reason: str
    rules: tuple[str, ...]
    purpose: str
    organisation: str
    organisation_name: str
    system: str | None
    person: str | None
    person_name: str
    profession: str | None
    token: str
    patient: str | None
    what: tuple[str, ...]
    query: str
    address: str
    site: str
    category: str = ""

    @property
    def succeeded(self) -> bool:
        return self.outcome == "0" and self.interaction != "refusal"
