"""Pure: resources and records → what people read.  No database, no web, no clock.

``timeline``     one resource → one line of the timeline, and what changed between two versions
``handoff``      what is held about a person → 入院時情報提供書 (FHIR document) and its printable page
``audit_event``  one audit record → FHIR AuditEvent (IHE BALP) and one Japanese sentence
"""
