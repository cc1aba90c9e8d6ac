"""What JP Core and the clinical-core profiles require beyond R4, from ``jp_core.csv`` (FACTS §1.3, §2.4).

A row: a profile; the ``path`` of the element that it is about; the ``slice`` of its values, when it is not about all:
a system or the URL of an extension, ``system#code``, ``#code|code``, or how the system begins, with ``*``; below each
of them the element ``within``, or the slice of one, ``section#950``, where ``has`` or ``max`` is asked of it; and the
rule: ``min`` 1, ``max`` or ``one`` (how many), ``has`` (it must be there), ``is``
(what it must be, one of several), ``matches`` (its form), ``types`` (of a choice), ``targets`` (of a reference),
``first`` (what the first one must be).  With ``should`` before it a rule only warns.  ``of type`` marks the profile
that is meant for every resource of that type, whether it claims it or not.
"""

from functools import cache
from typing import Literal, TypeAlias

from profiles.canonical import JPFHIR
from profiles.issues import Issue
from profiles.resource import Json, Resource, as_object
from profiles.rules.requirements import Requirement, compile_row, is_there
from profiles.rules.surroundings import Check, Place, Rule, Surroundings, written
from profiles.tables import rows

Severity: TypeAlias = Literal["error", "warning"]
Asked: TypeAlias = tuple[Severity, tuple[str, ...]]
"""How severe it is, and the names of the profiles."""
NOTHING: Asked = ("error", ())


def profiles_asked(resource: Resource, kind: str, place: Place, around: Surroundings) -> Asked:
    """The profiles that a resource must conform to.

    Those that it claims: errors.  When it claims none, the one that is meant for its type: warnings, when strict
    errors.  A contained resource answers only for what it claims.  To claim the profile of another type is an error.
    """
    if "meta" in resource or around.claimed:
        named = as_object(resource.get("meta")).get("profile")
        claimed = [*(named if isinstance(named, list) else ()), *around.claimed]
        japanese = [profile_name(one) for one in claimed if isinstance(one, str) and one.startswith(JPFHIR)]
        if japanese:
            known = [name for name in dict.fromkeys(japanese) if name in requirements()]
            for name in known:
                if type_of(name) != kind:
                    around.error(place, "profile", f"{name} is a profile of {type_of(name)}; leave it out.")
            return "error", tuple(name for name in known if type_of(name) == kind)
    if around.inside:
        return NOTHING
    main = _meant_for().get(kind)
    return ("error" if around.strict else "warning", (main,)) if main else NOTHING


def is_known_profile(profile: str) -> bool:
    """Whether there is anything here that a profile requires, or it is one of R4 itself."""
    return profile_name(profile) in requirements() or profile.startswith("http://hl7.org/fhir/StructureDefinition/")


def profile_name(profile: str) -> str:
    """``JP_Patient`` of its canonical URL, which may name a version."""
    return profile.partition("|")[0].rpartition("/")[2]


def type_of(name: str) -> str:
    """The type of resource that a profile is about, which the names of JP Core begin with."""
    return name.split("_")[1]


@cache
def requirements() -> dict[str, tuple[Requirement, ...]]:
    """What each profile requires, by its name."""
    found: dict[str, list[Requirement]] = {}
    for row in rows("jp_core.csv"):
        found.setdefault(row["profile"], []).append(compile_row(row))
    return {profile: tuple(required) for profile, required in found.items()}


@cache
def _meant_for() -> dict[str, str]:
    return {row["of type"]: row["profile"] for row in rows("jp_core.csv") if row["of type"]}


def when_absent(profile: str, severity: Severity, required: Requirement) -> Rule:
    """The rule of an object that must have the element."""
    severity = "warning" if required.only_warns else severity
    text = f"{required.sentence} ({profile})"
    several = required.names if len(required.names) > 1 else frozenset()

    def check(value: Resource, place: Place, around: Surroundings) -> None:
        if required.name in value or is_there(value, required.name):
            return
        if several.isdisjoint(value) and several.isdisjoint(name[1:] for name in value if name[:1] == "_"):
            around.found.append(Issue(severity, written((place, required.name)), required.rule, text))

    return check


def when_present(profile: str, severity: Severity, required: Requirement, name: str, inner: Check | None) -> Check:
    """The check of an element: what there is to check of it anyhow, and what the profile requires of it."""
    severity = "warning" if required.only_warns else severity
    text = f"{required.sentence} ({profile})"
    broken = required.broken

    def check(value: Json, place: Place, around: Surroundings) -> None:
        if inner is not None:
            inner(value, place, around)
        if broken is not None:
            for where in broken(value, (place, name)):
                around.found.append(Issue(severity, written(where), required.rule, text))

    return check
