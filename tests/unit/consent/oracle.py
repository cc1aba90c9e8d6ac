"""The rules of CONSENT §3 and §4 written down a second time, as plainly as can be, for readable consents."""

from datetime import datetime

from consent import ConsentRecord, ConsentRule, Facts, read_consent
from consent.vocabulary import DISASTER_SET, EMERGENCY_SET, SPACES
from tests.unit.consent.strategies import KNOWN, NOW, World

RECENT = "2026-08-22"  # 90 days before NOW


def permits(world: World, facts: Facts) -> bool:
    """Whether the caller of the world may see the resource."""
    if world.asker.purpose != "AUDIT" and facts.source == world.asker.organisation:
        return True
    if facts.withheld or "SOURCE-ONLY" in facts.labels:
        return False
    if not facts.patients:
        return facts.directory
    return world.asker.purpose != "AUDIT" and all(_of_patient(world, facts, patient) for patient in facts.patients)


def _of_patient(world: World, facts: Facts, patient: str) -> bool:
    records = {space: _records(world, patient, space) for space in SPACES}
    in_force = [one for each in records.values() for one in each if _is_in_force(one, each)]
    hits = [
        rule for one in in_force for rule in one.exceptions if rule.concerns(world.asker, NOW) and _hits(rule, facts)
    ]
    if _in_emergency(world, facts, patient):
        forbidden = any(not rule.permits and "ETREAT" in rule.purposes for rule in hits)
        if not forbidden or facts.category in {"emergency-contact", "acp"}:
            return True
    if _in_disaster(world, facts, patient):
        return True
    if not any(one.relates(world.asker, NOW) for one in world.relations if one.patient == patient):
        return False
    reading = world.policy.reading(world.asker.profession, world.asker.organisation_kind)
    hits = [rule for rule in hits if not rule.purposes or world.asker.purpose in rule.purposes]
    shared = world.policy.spaces_published(facts.source_kind, facts.category) & reading.spaces
    speaking = {space: each[0] for space, each in records.items() if each and each[0] in in_force}
    exceptions = [rule for one in speaking.values() for rule in one.exceptions if rule.permits and rule in hits]
    named = {label for rule in exceptions if rule.names(world.asker) for label in rule.match.labels}
    return (
        any(one.permits or set(one.exceptions) & set(exceptions) for space, one in speaking.items() if space in shared)
        and facts.category not in reading.excluded
        and all(rule.permits for rule in hits)
        and facts.labels <= reading.cleared | named
    )


def _in_emergency(world: World, facts: Facts, patient: str) -> bool:
    recent = facts.category in {"laboratory", "vital-signs"} and (facts.clinical_date or "") >= RECENT
    caller = (patient, world.asker.organisation, world.asker.person)
    declared = [(one.patient, one.organisation, one.person) for one in world.emergencies if one.until > NOW]
    return caller in declared and (recent or facts.category in EMERGENCY_SET)


def _in_disaster(world: World, facts: Facts, patient: str) -> bool:
    return facts.category in DISASTER_SET and any(
        world.asker.organisation in one.organisations and patient in one.residents and one.period.covers(NOW)
        for one in world.disasters
    )


def _hits(rule: ConsentRule, facts: Facts) -> bool:
    match, date = rule.match, facts.clinical_date
    wrong_day = bool(date) and not (match.clinical_from or "0") <= (date or "") <= (match.clinical_to or "9")
    wrong = [
        match.sources and facts.source not in match.sources,
        match.categories and facts.category not in match.categories,
        match.labels and not match.labels & facts.labels,
        match.references and facts.reference not in match.references,
        wrong_day or (not date and rule.permits and (match.clinical_from or match.clinical_to)),
    ]
    return not any(wrong)


def _records(world: World, patient: str, space: str) -> list[ConsentRecord]:
    """The consents for a space, the latest first; of two with one date, the stricter first."""
    read = [record for consent in world.consents if (record := read_consent(consent, KNOWN))]
    found = [record for record in read if record.patient == patient and space in record.spaces]
    return sorted(found, key=lambda one: (_date(one), one.revoked, not one.permits, one.id), reverse=True)


def _date(record: ConsentRecord) -> datetime:
    date = record.signed.start if record.permits and not record.revoked else record.signed.end
    assert date
    return date


def _has_begun(record: ConsentRecord) -> bool:
    return record.signed.has_begun(NOW) and record.period.has_begun(NOW)


def _is_in_force(record: ConsentRecord, records: list[ConsentRecord]) -> bool:
    """Active, in its time, and not replaced by a later one whose own time has come."""
    if record.revoked or not _has_begun(record) or record.period.is_over(NOW):
        return False
    return not any(
        _date(other) > _date(record) and (other.revoked or other.period.is_over(NOW) or _has_begun(other))
        for other in records
    )
