"""Giving every change of a push its id, its person, and references that mean something here.

FHIR R4 §3.1.0.11.2 (transaction: ids, ``urn:uuid``, conditional references) and DESIGN §3.  Reads only:
what it finds is written down by the write path.
"""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from hub.context import Caller, Context
from hub.draft import Bound, Change, Draft, Version, Written
from hub.errors import Conflict, Invalid, Malformed, Problem, Stale, not_found
from hub.identity import residents
from hub.identity.match import Person, key, person
from hub.store import relations, resources, search
from hub.store.database import Tx
from profiles import parse_query
from profiles.compartment import patients_of
from profiles.references import references, rewrite, target_type
from profiles.resource import Resource


@dataclass(frozen=True, slots=True)
class Resident:
    """The person of a pushed Patient: the hub's id, what the push says of them, the doubts."""

    patient: str
    person: Person
    doubts: tuple[tuple[str, str], ...]


@dataclass(slots=True)
class Binding:
    """All of a push, bound; ``absent`` are the deletions of what is not there, with their places in the push."""

    bounds: list[Bound] = field(default_factory=list)
    residents: list[Resident] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    absent: dict[int, Change] = field(default_factory=dict)

    def answer(self, written: Iterable[Written]) -> tuple[Written, ...]:
        """What became of every change of the push, in its order: what was to be deleted and is not there is gone."""
        answers = list(written)
        for place, change in self.absent.items():
            answers.insert(place, Written(204, change.type, "", "", "", b""))
        return tuple(answers)


def bind(tx: Tx, caller: Caller, draft: Draft, context: Context) -> Binding:
    """Ids first, then references: an entry may point to one that comes later.

    Raises ``Invalid`` for references that cannot be resolved, ``Malformed`` for an entry named twice,
    ``Conflict``/``Stale`` for conditions with several matches, ``NotFound`` for an id that is not the caller's.
    """
    binding = Binding()
    binding.absent = {
        place: change
        for place, change in enumerate(draft.changes)
        if change.method == "DELETE" and change.condition and not own_matches(tx, caller, change.type, change.condition)
    }
    places = [place for place in range(len(draft.changes)) if place not in binding.absent]
    placed = [_place(tx, caller, draft.changes[place], context, binding) for place in places]
    _refuse_twice(placed, caller)
    resolve = _resolver(tx, caller, binding, f"{context.base_url}/fhir/")
    problems: list[Problem] = []
    for position, (change, id_, previous, found) in zip(places, placed, strict=True):
        where = f"Bundle.entry[{position}].resource" if draft.interaction == "transaction" else change.type
        rewritten, unknown = _rewritten(change, id_, resolve, where)
        problems += unknown
        about = _patients(rewritten, previous)
        binding.bounds.append(Bound(change, id_, rewritten, previous, about, found))
    if problems:
        raise Invalid("Some references cannot be resolved.", reason="unresolvable", problems=problems)
    return binding


Placed = tuple[Change, str, Version | None, bool]


def _place(tx: Tx, caller: Caller, change: Change, context: Context, binding: Binding) -> Placed:
    id_, previous, found = _target(tx, caller, change)
    if change.type == "Patient" and change.resource is not None and not found:
        id_ = _resident(tx, caller, change, id_, context, binding)
        previous = resources.own(tx, "Patient", id_, caller.organisation)
    id_ = id_ or context.resource_id()
    if change.full_url:
        binding.names[change.full_url] = f"{change.type}/{id_}"
    return change, id_, previous, found


def _target(tx: Tx, caller: Caller, change: Change) -> tuple[str, Version | None, bool]:
    """The id that the change names, its own current version, and whether ``ifNoneExist`` matched."""
    if change.id:
        previous = resources.own(tx, change.type, change.id, caller.organisation)
        if previous is None and not (change.type == "Patient" and change.method == "PUT"):
            raise not_found("not-own")
        _check_version(change, previous)
        return change.id, previous, False
    if change.condition is not None:
        matches = own_matches(tx, caller, change.type, change.condition)
        if len(matches) > 1:
            raise Stale(f"{len(matches)} of your {change.type} match the condition; it must be at most one.")
        if matches:
            previous = resources.own(tx, change.type, matches[0], caller.organisation)
            _check_version(change, previous)
            return matches[0], previous, change.method == "POST"
    earlier = (
        resources.known_as(tx, caller.organisation, change.full_url) if change.full_url.startswith("http") else None
    )
    if earlier is not None and earlier.startswith(f"{change.type}/"):
        id_ = earlier.partition("/")[2]
        return id_, resources.own(tx, change.type, id_, caller.organisation), False
    return "", None, False


def _check_version(change: Change, previous: Version | None) -> None:
    current = {previous.version} if previous is not None else set()
    if previous is not None and not previous.deleted:
        current.add("*")
    if change.if_match and change.if_match not in current:
        raise Stale(f"{change.type}/{change.id} has changed since the version that If-Match names. Read it again.")


def own_matches(tx: Tx, caller: Caller, type_: str, condition: Sequence[tuple[str, str]]) -> list[str]:
    """Ids of the caller's own resources that a condition matches: never anybody else's (TRUST T-081)."""
    try:
        parsed = parse_query(type_, list(condition))
    except ValueError as error:
        raise Malformed(f"The condition on {type_} cannot be read: {error}") from error
    if not parsed.conditions:
        raise Malformed(f"The condition on {type_} names no search parameter.")
    return search.own_ids(tx, type_, parsed, caller.organisation, count=2)


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
    for position, (change, id_, previous, found) in enumerate(placed):
        things: dict[Hashable, str] = {(change.type, id_): f"changes the same {change.type}"}
        if change.full_url:
            things[change.full_url] = "has the same fullUrl"
        if change.condition is not None and previous is None:
            things[change.type, frozenset(change.condition)] = "has the same condition"
        if change.type == "Patient" and change.resource is not None and not found:
            things |= dict.fromkeys(person(change.resource, caller.organisation).keys, "is the same person")
        for thing, text in things.items():
            if thing in seen and not (found and seen[thing]):
                where = f"Bundle.entry[{position}]"
                text = f"An entry before this one {text}."
                raise Malformed(text, problems=[Problem("error", "structure", where, text)])
            seen[thing] = found


def _resolver(tx: Tx, caller: Caller, binding: Binding, base: str) -> Callable[[str, str], str | None]:
    """How a reference of an entry (with its fullUrl) reads here; ``None`` for what cannot be resolved."""
    known: dict[str, str | None] = {}

    def related(patient: str) -> bool:
        here = any(resident.patient == patient for resident in binding.residents)
        return here or bool(relations.of_caller_to(tx, caller.organisation, None, patient))

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
            return _by_condition(tx, caller, type_, condition, related)
        absolute = _absolute(reference, "" if ours or full_url.startswith(base) else full_url)
        if absolute is not None:
            here = binding.names.get(absolute) or resources.known_as(tx, caller.organisation, absolute)
            if here is not None or target_type(absolute) == "Patient":
                return here
            return absolute
        if target_type(reference) == "Patient" and not reference.startswith("http"):
            return reference if related(reference.partition("/")[2].partition("/")[0]) else None
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


def _by_condition(tx: Tx, caller: Caller, type_: str, condition: str, related: Callable[[str], bool]) -> str | None:
    pairs = parse_qsl(condition, keep_blank_values=True)
    if type_ == "Patient" and len(pairs) == 1 and pairs[0][0] == "identifier":
        system, _, value = pairs[0][1].partition("|")
        links = residents.links(tx, [key(system, value, caller.organisation)])
        own = [link.patient for link in links if link.source == caller.organisation]
        known = {patient for patient in own or [link.patient for link in links] if related(patient)}
        return f"Patient/{known.pop()}" if len(known) == 1 else None
    matches = own_matches(tx, caller, type_, pairs)
    return f"{type_}/{matches[0]}" if len(matches) == 1 else None


def _rewritten(
    change: Change, id_: str, resolve: Callable[[str, str], str | None], where: str
) -> tuple[Resource | None, list[Problem]]:
    if change.resource is None:
        return None, []
    unknown: set[str] = set()

    def resolved(reference: str) -> str | None:
        found = resolve(reference, change.full_url)
        if found is None:
            unknown.add(reference)
        return found

    rewritten = rewrite({**change.resource, "id": id_}, resolved)
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
