"""Giving every change of a push its id, its person, and references that mean something here.

FHIR R4 §3.1.0.11.2 (transaction: ids, ``urn:uuid``, conditional references) and DESIGN §3.  Reads only:
what it finds is written down by the write path.
"""

import re
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qsl

from hub.context import Caller, Context
from hub.draft import Bound, Change, Draft, Version, Written
from hub.errors import Conflict, Gone, Invalid, Malformed, Problem, Stale, not_found
from hub.identity import residents
from hub.identity.match import Person, key, person
from hub.store import relations, resources, search
from hub.store.database import Tx
from profiles import parse_query
from profiles.compartment import patients_of, subject_by_number
from profiles.json import read_json
from profiles.references import references, rewrite, target_type
from profiles.resource import Resource, as_object, as_text, objects


@dataclass(frozen=True, slots=True)
class Resident:
    """The person of a pushed Patient: the hub's id, what the push says of them, the doubts."""

    patient: str
    person: Person
    doubts: tuple[tuple[str, str], ...]


@dataclass(slots=True)
class Binding:
    """All of a push, bound; ``absent`` are the deletions of what is not there, with their places in the push.

    ``gone`` are the (type, id) that the push deletes: nothing that it creates is found there.
    """

    bounds: list[Bound] = field(default_factory=list)
    residents: list[Resident] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    absent: dict[int, Change] = field(default_factory=dict)
    gone: set[tuple[str, str]] = field(default_factory=set)

    def answer(self, written: Iterable[Written]) -> tuple[Written, ...]:
        """What became of every change of the push, in its order: what was to be deleted and is not there is gone."""
        answers = list(written)
        for place, change in sorted(self.absent.items()):
            answers.insert(place, Written(204, change.type, "", "", "", b""))
        return tuple(answers)


def bind(tx: Tx, caller: Caller, draft: Draft, context: Context) -> Binding:
    """Ids first, then references: an entry may point to one that comes later.

    Raises ``Invalid`` for references that cannot be resolved, ``Malformed`` for an entry named twice,
    ``Conflict``/``Stale`` for conditions with several matches, ``NotFound`` for an id that is not the caller's.
    """
    binding = Binding()
    found: dict[int, Placed] = {}
    for place in _in_order(draft.changes):
        one = _place(tx, caller, draft.changes[place], context, binding)
        if one is None:
            binding.absent[place] = draft.changes[place]
        else:
            found[place] = one
    placed = [found[place] for place in sorted(found)]
    _refuse_twice(placed, caller)
    here = _Here(tx, caller, binding, placed)
    resolve = _resolver(here, f"{context.base_url}/fhir/")
    problems: list[Problem] = []
    for change, id_, previous, is_found in placed:
        where = f"Bundle.entry[{change.place}].resource" if draft.interaction == "transaction" else change.type
        rewritten, unknown = _rewritten(change, id_, here, resolve, where)
        problems += unknown
        about = _patients(rewritten, previous)
        binding.bounds.append(Bound(change, id_, rewritten, previous, about, is_found))
    if problems:
        raise Invalid("Some references cannot be resolved.", reason="unresolvable", problems=problems)
    return binding


Placed = tuple[Change, str, Version | None, bool]
_RANKS = {"DELETE": 0, "POST": 1, "PUT": 2, "PATCH": 2}


def _in_order(changes: Sequence[Change]) -> Iterable[int]:
    """The places of the changes, deletions first, then creations (FHIR R4 §3.1.0.11.2)."""
    return sorted(range(len(changes)), key=lambda place: _RANKS[changes[place].method])


def _place(tx: Tx, caller: Caller, change: Change, context: Context, binding: Binding) -> Placed | None:
    """Where a change goes; ``None`` for the deletion of what is not there."""
    id_, previous, found = _target(tx, caller, change, binding)
    if change.method == "DELETE":
        if previous is None:
            return None
        binding.gone.add((change.type, id_))
    if change.amend is not None:
        change = _amended(change, previous)
    if change.type == "Patient" and change.resource is not None and not found:
        id_ = _resident(tx, caller, change, id_, context, binding)
        previous = resources.own(tx, "Patient", id_, caller.organisation)
    id_ = id_ or context.resource_id()
    if change.full_url:
        binding.names[change.full_url] = f"{change.type}/{id_}"
    return change, id_, previous, found


def _amended(change: Change, previous: Version | None) -> Change:
    """A PATCH with its content: what is current, changed.  Raises ``NotFound``, ``Gone`` and what ``amend`` raises."""
    if previous is None:
        raise not_found("not-own")
    if previous.deleted:
        raise Gone("This resource was deleted.", reason="own")
    assert change.amend is not None
    resource, findings = change.amend(as_object(read_json(previous.body)))
    return replace(change, resource=resource, findings=findings)


def _target(tx: Tx, caller: Caller, change: Change, binding: Binding) -> tuple[str, Version | None, bool]:
    """The id that the change names, its own current version, and whether ``ifNoneExist`` matched."""
    if change.id:
        previous = resources.own(tx, change.type, change.id, caller.organisation)
        if previous is None and not (change.type == "Patient" and change.method == "PUT"):
            raise not_found("not-own")
        _check_version(change, previous)
        return change.id, previous, False
    if change.condition is not None:
        matches = own_matches(tx, caller, change.type, change.condition, beyond=len(binding.gone))
        if change.method == "POST":
            matches = [id_ for id_ in matches if (change.type, id_) not in binding.gone]
        if len(matches) > 1:
            raise Stale(f"{len(matches)} of your {change.type} match the condition; it must be at most one.")
        _refuse_another(tx, caller, change, matches)
        if matches:
            previous = resources.own(tx, change.type, matches[0], caller.organisation)
            _check_version(change, previous)
            return matches[0], previous, change.method == "POST"
        _check_version(change, None)
    earlier = (
        resources.known_as(tx, caller.organisation, change.full_url) if change.full_url.startswith("http") else None
    )
    if earlier is not None and earlier.startswith(f"{change.type}/"):
        id_ = earlier.partition("/")[2]
        return id_, resources.own(tx, change.type, id_, caller.organisation), False
    return "", None, False


def _refuse_another(tx: Tx, caller: Caller, change: Change, matches: Sequence[str]) -> None:
    """Raises ``Malformed`` for a conditional update whose body is another of the caller's own (FHIR R4 §3.1.0.4.3).

    An id that is the client's alone is not heeded, as in a create.
    """
    said = as_text(change.resource.get("id")) if change.method == "PUT" and change.resource is not None else ""
    if said and said not in matches and resources.own(tx, change.type, said, caller.organisation):
        raise Malformed(f"The body has the id of another {change.type} than the one that the condition means.")


def _check_version(change: Change, previous: Version | None) -> None:
    current = {previous.version} if previous is not None else set()
    if previous is not None and not previous.deleted:
        current.add("*")
    if change.if_match and change.if_match not in current:
        raise Stale(f"This {change.type} has changed since the version that If-Match names. Read it again.")


def own_matches(tx: Tx, caller: Caller, type_: str, condition: Sequence[tuple[str, str]], beyond: int = 0) -> list[str]:
    """Ids of the caller's own resources that a condition matches: never anybody else's (TRUST T-081).

    Two of them and as many as ``beyond``, when there are so many.
    """
    try:
        parsed = parse_query(type_, list(condition))
    except ValueError as error:
        raise Malformed(f"The condition on {type_} cannot be read: {error}") from error
    if not parsed.conditions:
        raise Malformed(f"The condition on {type_} names no search parameter.")
    return search.own_ids(tx, parsed, caller.organisation, count=2 + beyond)


def _resident(tx: Tx, caller: Caller, change: Change, id_: str, context: Context, binding: Binding) -> str:
    """Which resident a pushed Patient is: the named one, the matched one, or a new one."""
    assert change.resource is not None
    who = person(change.resource, caller.organisation)
    if not who.keys:
        where = Problem("error", "required", "Patient.identifier", "A Patient needs an identifier to be recognised by.")
        raise Invalid("This Patient has no identifier.", problems=[where])
    matched = residents.resolve(tx, who, caller.organisation)
    if id_ and not relations.of_caller_to(tx, caller.organisation, None, id_):
        raise not_found("no-relation")
    other = matched.patient if id_ and matched.patient != id_ else None
    # Of somebody else's Patient the caller is told nothing: ``residents.record`` shows the two to the secretariat.
    if other is not None and resources.own(tx, "Patient", other, caller.organisation) is not None:
        raise Conflict("The identifiers of this Patient belong to another one of yours.", reason="identity")
    patient = id_ or matched.patient or context.new_id()
    binding.residents.append(Resident(patient, who, matched.doubts))
    return patient


def _refuse_twice(placed: Sequence[Placed], caller: Caller) -> None:
    """No entry may write what another one writes or finds (FHIR R4 §3.1.0.11.2): which would be the last?"""
    seen: dict[Hashable, bool] = {}
    for change, id_, previous, found in placed:
        things: dict[Hashable, str] = {(change.type, id_): f"changes the same {change.type}"}
        if change.full_url:
            things[change.full_url] = "has the same fullUrl"
        if change.condition is not None and previous is None:
            things[change.type, frozenset(change.condition)] = "has the same condition"
        if change.type == "Patient" and change.resource is not None and not found:
            things |= dict.fromkeys(person(change.resource, caller.organisation).keys, "is the same person")
        for thing, text in things.items():
            if thing in seen and not (found and seen[thing]):
                where = f"Bundle.entry[{change.place}]"
                text = f"An entry before this one {text}."
                raise Malformed(text, problems=[Problem("error", "structure", where, text)])
            seen[thing] = found


@dataclass(frozen=True, slots=True)
class _Here:
    """What a reference can mean: what the caller has in the store, and what it pushes now."""

    tx: Tx
    caller: Caller
    binding: Binding
    placed: Sequence[Placed]

    def related(self, patient: str) -> bool:
        """Whether the caller looks after the patient, or registers them with this push."""
        caller = self.caller
        registered = any(resident.patient == patient for resident in self.binding.residents)
        return registered or bool(relations.of_caller_to(self.tx, caller.organisation, caller.person, patient))

    def looked_after(self, patient: str) -> bool:
        """Whether the caller looks or looked after the patient by the word of others: a first contact is its own."""
        rows = relations.of_caller_to(self.tx, self.caller.organisation, self.caller.person, patient)
        return any(not row.pending for row in rows)

    def patient(self, system: str, value: str) -> str | None:
        """The one patient of this number whom the caller knows: by a number that it pushed itself, or by one of others.

        To a first contact a number of others answers as one that nobody has (docs/decisions/0004-identity.md).
        """
        number = key(system, value, self.caller.organisation)
        links = residents.links(self.tx, [number])
        own = {link.patient for link in links if link.source == self.caller.organisation}
        own |= {resident.patient for resident in self.binding.residents if number in resident.person.keys}
        known = {patient for patient in own if self.related(patient)}
        if not own:
            known = {link.patient for link in links if self.looked_after(link.patient)}
        return known.pop() if len(known) == 1 else None

    def matches(self, type_: str, pairs: list[tuple[str, str]]) -> set[str]:
        """Ids of the caller's own: as they will be when this push is stored."""
        gone = self.binding.gone
        stored = own_matches(self.tx, self.caller, type_, pairs, beyond=len(gone))
        pushed = self._pushed(type_, pairs[0][1]) if len(pairs) == 1 and pairs[0][0] == "identifier" else set()
        return {id_ for id_ in stored if (type_, id_) not in gone} | pushed

    def _pushed(self, type_: str, number: str) -> set[str]:
        system, value = _number(number)
        wanted = key(system, value, "")
        return {
            id_
            for change, id_, _, is_found in self.placed
            if change.type == type_ and change.resource is not None and not is_found
            for one in objects(change.resource.get("identifier"))
            if key(as_text(one.get("system")) if system else "", as_text(one.get("value")), "") == wanted
        }


def _resolver(here: _Here, base: str) -> Callable[[str, str], str | None]:
    """How a reference of an entry (with its fullUrl) reads here; ``None`` for what cannot be resolved."""
    known: dict[str, str | None] = {}
    tx, caller, binding = here.tx, here.caller, here.binding

    def resolve(reference: str, full_url: str) -> str | None:
        if reference in binding.names:
            return binding.names[reference]
        ours = reference.startswith(base)
        reference = reference.removeprefix(base)
        if reference.startswith("#"):
            return reference
        if reference.startswith("urn:uuid:"):
            return None
        if "?" in reference:
            type_, _, condition = reference.partition("?")
            return _by_condition(here, type_, condition)
        absolute = _absolute(reference, "" if ours or full_url.startswith(base) else full_url)
        if absolute is not None:
            ours_now = binding.names.get(absolute) or resources.known_as(tx, caller.organisation, absolute)
            if ours_now is not None or target_type(absolute) == "Patient":
                return ours_now
            return absolute
        if target_type(reference) == "Patient" and not reference.startswith("http"):
            return reference if here.related(reference.partition("/")[2].partition("/")[0]) else None
        return reference

    def once(reference: str, full_url: str) -> str | None:
        name = f"{full_url}\n{reference}"
        if name not in known:
            known[name] = resolve(reference, full_url)
        return known[name]

    return once


def _absolute(reference: str, full_url: str) -> str | None:
    """A relative reference read against the base of its entry's fullUrl (FHIR R4 §3.1.0.11.2.1)."""
    if reference.startswith(("http://", "https://")):
        return reference
    if not full_url.startswith(("http://", "https://")):
        return None
    base = full_url.rsplit("/", 2)[0]
    return f"{base}/{reference}"


def _number(written: str) -> tuple[str, str]:
    """(system, value) of ``system|value`` or ``value``, its escapes undone (FHIR R4 §3.1.1.4.0.1)."""
    *system, value = re.split(r"(?<!\\)\|", written, maxsplit=1)
    plain = (re.sub(r"\\([\\$,|])", r"\1", part) for part in (system[0] if system else "", value))
    return next(plain), next(plain)


def _by_condition(here: _Here, type_: str, condition: str) -> str | None:
    pairs = parse_qsl(condition, keep_blank_values=True)
    if type_ == "Patient" and len(pairs) == 1 and pairs[0][0] == "identifier":
        patient = here.patient(*_number(pairs[0][1]))
        return None if patient is None else f"Patient/{patient}"
    matches = here.matches(type_, pairs)
    return f"{type_}/{matches.pop()}" if len(matches) == 1 else None


def _rewritten(
    change: Change, id_: str, here: _Here, resolve: Callable[[str, str], str | None], where: str
) -> tuple[Resource | None, list[Problem]]:
    if change.resource is None:
        return None, []
    resource, unknown = change.resource, set[str]()
    if (number := subject_by_number(resource)) is not None:
        element, system, value = number
        patient = here.patient(system, value)
        if patient is None:
            text = "The number of this person cannot be resolved."
            return None, [Problem("error", "not-found", f"{where}.{element}", text)]
        resource = {**resource, element: {"reference": f"Patient/{patient}", **as_object(resource[element])}}

    def resolved(reference: str) -> str | None:
        found = resolve(reference, change.full_url)
        if found is None:
            unknown.add(reference)
        return found

    rewritten = rewrite({**resource, "id": id_}, resolved)
    if not unknown:
        return rewritten, []
    return rewritten, [
        Problem("error", "not-found", f"{where}.{path}", f"The reference {holder['reference']} cannot be resolved.")
        for path, holder in references(change.resource)
        if holder["reference"] in unknown
    ]


def _patients(resource: Resource | None, previous: Version | None) -> tuple[str, ...]:
    if resource is None:
        return (previous.facts.patient,) if previous is not None and previous.facts.patient else ()
    return tuple(reference.partition("/")[2] for reference in patients_of(resource) if reference.startswith("Patient/"))
