"""Questions about codes: expand, look up, check (FHIR R4 §4.8, §4.9).  Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from profiles.folding import fold_name
from profiles.terminology.concepts import CodeSystem, Concept, ValueSet, code_systems, value_sets


@dataclass(frozen=True, slots=True)
class Member:
    """A concept in a value set, with its system's URL."""

    system: str
    concept: Concept


@dataclass(frozen=True, slots=True)
class Checked:
    """Whether a code is there, what it is called (``""`` when it is not there), and what is wrong (``""``: nothing)."""

    result: bool
    display: str
    message: str


def code_system(url: str, version: str = "") -> CodeSystem | None:
    """The code system of a canonical URL (``url`` or ``url|version``); ``None`` when the hub ships no such."""
    url, _, written = url.partition("|")
    found = code_systems().get(url)
    return found if found is not None and (version or written) in ("", found.version) else None


def value_set(url: str, version: str = "") -> ValueSet | None:
    """The same for a value set."""
    url, _, written = url.partition("|")
    found = value_sets().get(url)
    return found if found is not None and (version or written) in ("", found.version) else None


def members(one: ValueSet, text: str = "") -> list[Member]:
    """The concepts of a value set, in their order; with ``text`` those in which each of its words is found.

    A word is looked for in the code and both names of the concept and of those above it in the hierarchy: who looks
    for a group finds what is in it.  Kana, width and case make no difference.
    """
    words = [fold_name(word) for word in text.split()]
    found = (Member(system, _concept(system, code)) for system, code in one.codes)
    return [one for one in found if not words or _has(one, words)]


def check_in_value_set(one: ValueSet, system: str, code: str, display: str = "") -> Checked:
    """Whether a value set has a code; without ``system``, whether it has it in any one system alone."""
    known = [(where, what) for where, what in one.codes if what == code and system in ("", where)]
    if not known:
        named = f"{system}#{code}" if system else code
        return Checked(False, "", f"The code {named} is not in the value set {one.url}.")
    if len(known) > 1:
        return Checked(False, "", f"The code {code} is in several systems of {one.url}: name the system.")
    return _called(_concept(*known[0]), display)


def check_in_code_system(one: CodeSystem, code: str, display: str = "") -> Checked:
    """Whether a code system has a code."""
    concept = one.concepts.get(code)
    if concept is None:
        lacking = "" if one.complete else " The hub knows only a part of this system."
        return Checked(False, "", f"The code {code} is not in the code system {one.url}.{lacking}")
    return _called(concept, display)


def children(one: CodeSystem, code: str) -> Iterator[str]:
    """The codes directly below a code."""
    return (child.code for child in one.concepts.values() if child.parent == code)


def _called(concept: Concept, display: str) -> Checked:
    names = {fold_name(concept.display), fold_name(concept.english)}
    if display and fold_name(display) not in names:
        return Checked(False, concept.display, f"{concept.code} is not called {display!r}, but {concept.display!r}.")
    return Checked(True, concept.display, "")


def _concept(system: str, code: str) -> Concept:
    known = code_systems()[system].concepts if system in code_systems() else {}
    return known.get(code) or Concept(code, code, code)


def _has(member: Member, words: list[str]) -> bool:
    texts = "\n".join(_texts(member.system, member.concept))
    return all(word in texts for word in words)


def _texts(system: str, concept: Concept) -> Iterator[str]:
    yield from map(fold_name, (concept.code, concept.display, concept.english))
    if concept.parent:
        yield from _texts(system, _concept(system, concept.parent))
