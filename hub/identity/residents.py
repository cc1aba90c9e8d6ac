"""Finding and keeping who a resident is, as each source says it (DESIGN §3)."""

from collections.abc import Iterable, Sequence

from hub.context import Caller, Context, instant
from hub.identity.match import Key, Link, Match, Person, match
from hub.store import identity, relations
from hub.store.database import Tx


def resolve(tx: Tx, pushed: Person, source: str) -> Match:
    """The resident whom the pushed identifiers name, and the doubts on the way."""
    known = links(tx, pushed.keys)
    foreign = {link.key for link in known if link.source != source}
    apart = frozenset(patient for one in foreign for patient in identity.unlinked(tx, source, one.system, one.value))
    return match(pushed, known, source, apart)


def links(tx: Tx, keys: Iterable[Key]) -> list[Link]:
    """The stored links of these keys, in the keys' order: one for each source that knows the key."""
    return [
        Link(one, row.patient, row.source, row.birth_date, row.sex)
        for one in keys
        for row in identity.links(tx, one.system, one.value, one.issuer)
    ]


def record(
    tx: Tx, patient: str, pushed: Person, doubts: Sequence[tuple[str, str]], caller: Caller, context: Context
) -> None:
    """Link what this source has not linked before, keep what it says of the person, and queue every doubt."""
    now, known = instant(context.now), links(tx, pushed.keys)
    mine = {link.key for link in known if link.source == caller.organisation}
    new = [one for one in pushed.keys if one not in mine]
    place = {"patient": patient, "source": caller.organisation}
    said = {"birth_date": pushed.birth_date, "sex": pushed.sex, "linked": now, **place}
    identity.link(tx, [{"system": one.system, "value": one.value, "issuer": one.issuer, **said} for one in new])
    identity.note(tx, [_event(patient, one, identity.LINK, caller.organisation, caller, now) for one in new])
    says = pushed.birth_date, pushed.sex, sorted(pushed.names)
    if new or not identity.states(tx, patient, caller.organisation, *says):
        identity.restate(tx, patient, caller.organisation, *says)
    disputed = [(link.patient, "identifiers name two people") for link in known if link.patient != patient]
    for other, why in [*doubts, *disputed, *_namesakes(tx, patient, pushed)]:
        identity.queue(tx, patient, other, why, now)


def unlink(tx: Tx, patient: str, key: Key, source: str, caller: Caller, context: Context) -> bool:
    """Take an identifier that ``source`` linked away from a resident; false when it was not linked.

    From now on it does not lead there any more.  With its last identifier goes the source's first contact, also one
    that was confirmed, and with that its right to read and to publish about the resident (DESIGN §3).  What a care
    team gives it stays, and so does the event.
    """
    if not identity.unlink(tx, patient, source, key.system, key.value, key.issuer):
        return False
    identity.note(tx, [_event(patient, key, identity.UNLINK, source, caller, instant(context.now))])
    if not identity.is_linked(tx, patient, source):
        identity.forget_names(tx, patient, source)
        relations.end_first_contact(tx, patient, source)
    return True


def relink(tx: Tx, patient: str, key: Key, source: str, caller: Caller, context: Context) -> bool:
    """Give back a link that ``unlink`` took away; false when it did not.  The source's next push restates the rest."""
    if patient not in identity.unlinked(tx, source, key.system, key.value):
        return False
    now = instant(context.now)
    said = {"birth_date": "", "sex": "", "linked": now, "patient": patient, "source": source}
    identity.link(tx, [{"system": key.system, "value": key.value, "issuer": key.issuer, **said}])
    identity.note(tx, [_event(patient, key, identity.LINK, source, caller, now)])
    relations.first_contact(tx, patient, source, now[:10])
    return True


def _event(patient: str, key: Key, action: str, source: str, caller: Caller, now: str) -> dict[str, str]:
    by = caller.person or caller.system or ""
    what = {"system": key.system, "value": key.value, "action": action}
    return {"patient": patient, "source": source, "by": by, "recorded": now, **what}


def _namesakes(tx: Tx, patient: str, pushed: Person) -> list[tuple[str, str]]:
    """Others with the same name (or kana), birth date and sex: candidates, never a merge."""
    if not pushed.birth_date or not pushed.sex:
        return []
    rows = identity.namesakes(tx, patient, pushed.birth_date, pushed.sex)
    return [(row.patient, "same name, birth date and sex") for row in rows if row.name in pushed.names]
