"""The audit record of one access or refusal: as FHIR (IHE BALP AuditEvent) and as a sentence for the auditor."""

from hub.projections.audit_event.fhir import audit_event
from hub.projections.audit_event.record import AuditRecord
from hub.projections.audit_event.sentence import explain

__all__ = ["AuditRecord", "audit_event", "explain"]
