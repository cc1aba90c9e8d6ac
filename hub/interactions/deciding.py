"""The rules that decided, by their ids in the log, as what they were at that instant (CONSENT.md §9)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from hub.access.agreements import names, rule_of
from hub.access.compiled import read_record
from hub.access.explaining import READ_TABLE, name_of_consent
from hub.projections.agreement import sentence
from hub.store import disasters, emergencies, fence, resources
from hub.store.database import Tx
from hub.store.sql import Row
from profiles.json import read_json
from profiles.resource import as_object


@dataclass(frozen=True, slots=True)
class NamedRule:
    """``rule`` as the log has it, and what it is called; of a Consent, whose it is (``patient``) and its id."""

    rule: str
    name: str
    patient: str = ""
    consent: str = ""


def named_rules(tx: Tx, decided: Iterable[tuple[Sequence[str], str]]) -> dict[tuple[str, str], NamedRule]:
    """(rule, instant) → what it was then, for every (rules, instant) of a decision."""
    wanted = list(dict.fromkeys((rule, recorded) for rules, recorded in decided for rule in rules))
    if not wanted:
        return {}
    known, versions = names(tx), dict[str, Sequence[Row]]()
    found = {}
    for rule, recorded in wanted:
        kind, _, rest = rule.partition("/")
        id_, _, exception = rest.partition("#")
        if kind != "Consent":
            found[rule, recorded] = NamedRule(rule, _declared(tx, kind, id_, known) or rule)
            continue
        if id_ not in versions:
            with fence.lifted(tx):
                versions[id_] = resources.versions(tx, "Consent", id_)
        # They come newest first: the one of then is the first that was there already.
        then = next((row for row in versions[id_] if row.recorded <= recorded and row.body), None)
        found[rule, recorded] = NamedRule(rule, rule) if then is None else _consent(rule, then, exception, known)
    return found


def _consent(rule: str, row: Row, exception: str, known: Mapping[str, str]) -> NamedRule:
    record = read_record(row.patient, row.id, row.version, as_object(read_json(row.body)))
    if record is None:
        return NamedRule(rule, rule, row.patient, row.id)
    excepting = next((one for one in record.exceptions if one.number == exception), None)
    said = f"の例外{exception}『{sentence(rule_of(excepting), known)}』" if excepting else ""
    return NamedRule(rule, name_of_consent(record) + said, row.patient, row.id)


def _declared(tx: Tx, kind: str, id_: str, known: Mapping[str, str]) -> str:
    """What an emergency, a disaster or the city's table is called; "" for one that is not known."""
    if kind == "Emergency":
        emergency = emergencies.one(tx, id_)
        if emergency is not None:
            who = known.get(f"Practitioner/{emergency.person}", emergency.person)
            return f"{who}による緊急アクセスの宣言（{emergency.reason}）"
    if kind == READ_TABLE:
        return "市の共有の取り決め"
    if kind == "Disaster":
        disaster = disasters.one(tx, id_)
        if disaster is not None:
            return f"災害時の利用の宣言「{disaster.name}」"
    return ""
